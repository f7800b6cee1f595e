/*
 * name.c - what the VFS asks of a directory of ext2: look up, make, link, remove, rename.
 *
 * Comes from fs/name.c and dentry.c, with the locks of the directories held, and of what is removed
 * or replaced.  Order on the way: an inode counts a name before the name is there, and a name has
 * gone before it is not counted any more: a power cut leaves nothing that points to nothing.
 */
#include "abi/stat.h"
#include "fs/ext2/dir.h"
#include "fs/ext2/inode.h"
#include "fs/ext2/map.h"
#include "fs/ext2/name.h"
#include "lib/string.h"

static void touch(struct inode *inode)
{
	inode->ctime = vfs_now();
	inode_dirty(inode);
}

static void count_links(struct inode *inode, int n)
{
	WRITE_ONCE(inode->nlink, inode->nlink + (uint32_t)n);
	inode_dirty(inode);
}

static void drop_link(struct inode *inode)
{
	/* An image may show more names of an inode than it counts. */
	if (!inode->nlink)
		(void)sb_error(inode->sb, "inode %llu: more names than links", inode->ino + 0ULL);
	else
		WRITE_ONCE(inode->nlink, S_ISDIR(inode->mode) ? 0 : inode->nlink - 1);
	touch(inode);
}

static void drop_subdir(struct inode *dir)
{
	if (dir->nlink > 2) /* 1: it has so many that they are not counted (dir_nlink) */
		count_links(dir, -1);
}

struct inode *ext2_lookup(struct inode *dir, const struct name *name)
{
	struct ext2_place p;
	int64_t ino = ext2_find(dir, name, &p);
	struct inode *inode;

	if (ino <= 0)
		return ino ? err_ptr(ino) : NULL;
	meta_put(&p.m);
	/* Neither the root nor the directory itself has a name in it. */
	if (ino == (int64_t)dir->ino || ino == EXT2_ROOT_INO)
		return err_ptr(sb_error(dir->sb, "directory %llu: a name of inode %llu",
					dir->ino + 0ULL, ino + 0ULL));
	inode = inode_obtain(dir->sb, (uint64_t)ino);
	if (is_err(inode) && ptr_err(inode) == -ESTALE)
		return err_ptr(sb_error(dir->sb,
					"directory %llu: a name of inode %llu, which is free",
					dir->ino + 0ULL, ino + 0ULL));
	return inode;
}

struct inode *ext2_make(struct inode *dir, const struct name *name, const struct inode_new *what)
{
	bool is_dir = S_ISDIR(what->mode);
	struct inode *inode;
	int err = 0;

	if (is_dir && dir->nlink >= EXT2_LINK_MAX)
		return err_ptr(-EMLINK);
	inode = ext2_inode_new(dir, what);
	if (is_err(inode))
		return inode;
	if (is_dir) {
		inode->nlink = 2;
		err = ext2_dir_start(inode, (uint32_t)dir->ino);
	}
	if (!name)
		WRITE_ONCE(inode->nlink, 0);
	else if (!err)
		err = ext2_add(dir, name, (uint32_t)inode->ino, inode->mode);
	if (err) { /* it has got no name, and goes again */
		WRITE_ONCE(inode->nlink, 0);
		inode_dirty(inode);
		inode_put(inode);
		return err_ptr(err);
	}
	if (is_dir)
		count_links(dir, 1);
	return inode;
}

int ext2_link(struct inode *dir, const struct name *name, struct inode *what)
{
	int err;

	if (what->nlink >= EXT2_LINK_MAX)
		return -EMLINK;
	count_links(what, 1);
	err = ext2_add(dir, name, (uint32_t)what->ino, what->mode);
	if (err)
		count_links(what, -1);
	else
		touch(what);
	return err;
}

/* The place of @name, which is @what's. */
static int find_what(struct inode *dir, const struct name *name, const struct inode *what,
		     struct ext2_place *p)
{
	int64_t ino = ext2_find(dir, name, p);

	if (ino == (int64_t)what->ino)
		return 0;
	if (ino > 0)
		meta_put(&p->m);
	return ino < 0 ? (int)ino
		       : sb_error(dir->sb, "directory %llu: a name of inode %llu is not there",
				  dir->ino + 0ULL, what->ino + 0ULL);
}

int ext2_remove(struct inode *dir, const struct name *name, struct inode *what)
{
	struct ext2_place p;
	int err = S_ISDIR(what->mode) ? ext2_dir_empty(what) : 0;

	if (!err)
		err = find_what(dir, name, what, &p);
	if (err)
		return err;
	ext2_delete(dir, &p);
	meta_put(&p.m);
	if (S_ISDIR(what->mode))
		drop_subdir(dir);
	drop_link(what);
	return 0;
}

/* The name @name of @was in @dir is @now's from now on. */
static int set_name(struct inode *dir, const struct name *name, const struct inode *was,
		    const struct inode *now)
{
	struct ext2_place p;
	int err = find_what(dir, name, was, &p);

	if (err)
		return err;
	ext2_set(dir, &p, (uint32_t)now->ino, now->mode);
	meta_put(&p.m);
	return 0;
}

/* @what, which was in @from, is in @to: a directory says so itself. */
static int moved(struct inode *from, struct inode *to, struct inode *what)
{
	touch(what);
	if (!S_ISDIR(what->mode) || from == to)
		return 0;
	drop_subdir(from);
	count_links(to, 1);
	return ext2_set_parent(what, (uint32_t)to->ino);
}

static int exchange_names(struct inode *from, const struct name *old, struct inode *what,
			  struct inode *to, const struct name *new_name, struct inode *over)
{
	int err = set_name(from, old, what, over);

	if (!err)
		err = set_name(to, new_name, over, what);
	if (!err)
		err = moved(from, to, what);
	return err ? err : moved(to, from, over);
}

int ext2_rename(struct inode *from, const struct name *old, struct inode *what, struct inode *to,
		const struct name *new_name, struct inode *over, bool exchange)
{
	struct ext2_place p;
	int err;

	if (exchange)
		return exchange_names(from, old, what, to, new_name, over);
	err = over && S_ISDIR(over->mode) ? ext2_dir_empty(over) : 0;
	if (err)
		return err;
	if (!over && S_ISDIR(what->mode) && from != to && to->nlink >= EXT2_LINK_MAX)
		return -EMLINK;
	err = over ? set_name(to, new_name, over, what)
		   : ext2_add(to, new_name, (uint32_t)what->ino, what->mode);
	/* By now the old name may lie elsewhere: a block of the index was split. */
	if (!err)
		err = find_what(from, old, what, &p);
	if (err)
		return err;
	ext2_delete(from, &p);
	meta_put(&p.m);
	if (over && S_ISDIR(over->mode))
		drop_subdir(to);
	if (over)
		drop_link(over);
	return moved(from, to, what);
}

int ext2_readlink(struct inode *inode, char *buf, size_t size)
{
	struct ext2_inode *ei = ext2_of(inode);
	size_t n = min(size, (size_t)inode->size);
	uint64_t block;
	struct meta m;
	int err;

	if (ext2_link_is_fast(ei)) {
		memcpy(buf, ei->block, n);
		return (int)n;
	}
	err = ext2_block(ei, 0, &block);
	if (!err && !block)
		err = sb_error(inode->sb, "link %llu: a hole", inode->ino + 0ULL);
	if (!err)
		err = meta_read(inode->sb, block, &m);
	if (err)
		return err;
	memcpy(buf, m.data, n);
	meta_put(&m);
	return (int)n;
}
