/*
 * entry.c - one block of a directory, and one entry of it.
 *
 * Comes from dir.c and index.c, the directory's lock is held.  Invariant: an entry is taken for one
 * only if it and its name lie within its block, by numbers that were read once: the block's bytes
 * may be changed by who writes the device itself.
 */
#include "fs/ext2/entry.h"

#include "abi/stat.h"
#include "fs/ext2/csum.h"
#include "fs/ext2/map.h"
#include "lib/string.h"

int ext2_bad_entry(struct inode *dir, uint64_t at, uint32_t offset)
{
	return sb_error(dir->sb, "directory %llu: block %llu, entry at %u", dir->ino + 0ULL,
			at + 0ULL, offset);
}

int ext2_dir_block(struct inode *dir, uint64_t at, struct meta *m)
{
	struct ext2_inode *ei = ext2_of(dir);
	uint64_t block;
	int err = ext2_block(ei, at, &block);

	m->data = NULL;
	if (!err && !block)
		err = sb_error(dir->sb, "directory %llu: a hole at block %llu", dir->ino + 0ULL,
			       at + 0ULL);
	if (!err)
		err = meta_read(dir->sb, block, m);
	if (!err && ext2_fs_of(dir)->csum && !ext2_dir_csum_good(ei, m->data)) {
		meta_put(m);
		m->data = NULL;
		err = sb_error(dir->sb, "directory %llu: checksum of block %llu", dir->ino + 0ULL,
			       at + 0ULL);
	}
	return err;
}

int ext2_dir_append(struct inode *dir, struct meta *m)
{
	struct ext2_fs *fs = ext2_fs_of(dir);
	int err = dir->size >= INT32_MAX ? -ENOSPC
					 : ext2_block_make(ext2_of(dir), dir->size >> fs->bits, m);

	if (err)
		return err;
	((struct ext2_dirent *)m->data)->rec_len = (uint16_t)dir->sb->block_size;
	dir->size += dir->sb->block_size;
	inode_dirty(dir);
	return 0;
}

uint8_t ext2_file_type(uint32_t mode)
{
	static const uint8_t types[16] = { [S_IFREG >> 12] = 1, [S_IFDIR >> 12] = 2,
					   [S_IFCHR >> 12] = 3, [S_IFBLK >> 12] = 4,
					   [S_IFIFO >> 12] = 5, [S_IFSOCK >> 12] = 6,
					   [S_IFLNK >> 12] = 7 };

	return types[mode >> 12 & 15];
}

void ext2_fill_entry(const struct ext2_fs *fs, struct ext2_dirent *e, const struct name *name,
		     uint32_t ino, uint32_t mode)
{
	e->inode = ino;
	e->name_len = (uint8_t)name->len;
	e->file_type = ext2_has(fs, INCOMPAT_FILETYPE) ? ext2_file_type(mode) : 0;
	memcpy(e->name, name->s, name->len);
}

/* A place for @len bytes of name in the block @data, which is @at; NULL: none; or err_ptr. */
static struct ext2_dirent *room_in_block(struct inode *dir, uint64_t at, char *data, uint32_t len)
{
	uint32_t want = EXT2_DIRENT_LEN(len), used;
	struct ext2_entry e;

	for (uint32_t i = 0; i < dir->sb->block_size; i += e.size) {
		struct ext2_dirent *found = (void *)(data + i), *behind;

		if (!ext2_read_entry(ext2_fs_of(dir), data, i, &e))
			return err_ptr(ext2_bad_entry(dir, at, i));
		used = e.ino ? EXT2_DIRENT_LEN(e.len) : 0;
		if (e.size - used < want)
			continue;
		if (!used)
			return found;
		behind = (void *)(data + i + used);
		behind->rec_len = (uint16_t)(e.size - used);
		found->rec_len = (uint16_t)used;
		return behind;
	}
	return NULL;
}

int ext2_add_in(struct inode *dir, uint64_t at, const struct name *name, uint32_t ino,
		uint32_t mode)
{
	struct ext2_dirent *e;
	struct meta m;
	int err = ext2_dir_block(dir, at, &m);

	if (err)
		return err;
	e = room_in_block(dir, at, m.data, name->len);
	if (e && !is_err(e)) {
		ext2_fill_entry(ext2_fs_of(dir), e, name, ino, mode);
		meta_dirty(&m);
	}
	meta_put(&m);
	return is_err(e) ? (int)ptr_err(e) : e != NULL;
}
