/*
 * file.c - what can be done with ext2's files, and how one ends.
 *
 * Comes from the VFS by the tables of operations, which begin here; from icache.c when an inode has
 * neither a name nor a user any more.
 */
#include "fs/ext2/file.h"

#include "abi/stat.h"
#include "fs/ext2/alloc.h"
#include "fs/ext2/inode.h"
#include "fs/ext2/ioctl.h"
#include "fs/ext2/map.h"
#include "fs/ext2/name.h"
#include "fs/ext2/xattr.h"
#include "mm/slab.h"

#define CUT_TRIES 3 /* each waits for memory itself */

/* ---- the end ---- */

/* All of a file's blocks go; what cannot be found for want of memory is tried again. */
static void cut_all(struct ext2_inode *ei)
{
	int err, tries = 0;

	do
		err = ext2_cut(ei, 0);
	while (err == -ENOMEM && ++tries < CUT_TRIES);
	/* The inode goes all the same: only fsck can find its blocks. */
	if (err)
		sb_error(ei->inode.sb, "inode %llu: %llu sectors lost as it was removed: error %d",
			 ei->inode.ino + 0ULL, ei->blocks + 0ULL, -err);
}

void ext2_inode_evict(struct inode *inode)
{
	struct ext2_inode *ei = ext2_of(inode);
	bool has_blocks = S_ISREG(inode->mode) || S_ISDIR(inode->mode) ||
			  (S_ISLNK(inode->mode) && !ext2_link_is_fast(ei));

	if (inode->sb->flags & SB_RDONLY)
		return;
	mutex_lock(&ei->lock);
	if (has_blocks)
		cut_all(ei);
	ext2_xattr_evict(ei);
	ei->dtime = (uint32_t)vfs_now().sec;
	mutex_unlock(&ei->lock);
	if (inode->object)
		inode->object->size = 0;
	inode->size = 0;
	/* First without its blocks, then free: nobody shall find it as it was. */
	if (!ext2_inode_write(inode))
		ext2_free_inode(inode->sb, (uint32_t)inode->ino, S_ISDIR(inode->mode));
}

static void ext2_release(struct inode *inode)
{
	kfree(ext2_of(inode));
}

static int ext2_truncate(struct inode *inode, uint64_t size)
{
	struct ext2_inode *ei = ext2_of(inode);
	uint64_t was = inode_size(inode), mask = inode->sb->block_size - 1;
	int err;

	if (size > inode->sb->max_size)
		return -EFBIG;
	/* What lies behind the end must not become part of the file. */
	err = size > was && ei->cache.behind ? ext2_truncate(inode, was) : 0;
	err = err ?: cache_resize(&ei->cache, size);
	if (err)
		return err;
	if (size <= was) {
		mutex_lock(&ei->lock);
		err = ext2_cut(ei, (size + mask) >> ext2_fs_of(inode)->bits);
		mutex_unlock(&ei->lock);
		ei->cache.behind = err != 0;
	}
	inode->mtime = inode->ctime = vfs_now();
	inode_dirty(inode);
	/* So that the blocks which are free now are nobody's on the disk, too. */
	if (size <= was) {
		int written = inode_write_now(inode);

		err = err ? err : written;
	}
	return err;
}

const struct file_ops ext2_file_ops = {
	.read = cache_file_read,
	.write = cache_file_write,
	.seek = cache_file_seek,
	.ioctl = ext2_ioctl,
	.commands = ext2_commands,
	.mmap = cache_file_mmap,
	.fsync = cache_file_fsync,
};

const struct inode_ops ext2_ops = {
	.lookup = ext2_lookup,
	.make = ext2_make,
	.link = ext2_link,
	.remove = ext2_remove,
	.rename = ext2_rename,
	.readlink = ext2_readlink,
	.truncate = ext2_truncate,
	.getxattr = ext2_getxattr,
	.listxattr = ext2_listxattr,
	.setxattr = ext2_setxattr,
	.release = ext2_release,
};
