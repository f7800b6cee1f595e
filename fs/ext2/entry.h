/*
 * entry.h - one block of a directory, and one entry of it.
 */
#pragma once

#include "fs/ext2/ext2.h"

/* What was read of an entry. */
struct ext2_entry {
	uint32_t ino, len; /* of its name */
	uint32_t size;	   /* up to the next one */
};

/* ext2_read_entry - the entry at @offset of the block @data; false: there can be none like that. */
static inline bool ext2_read_entry(const struct ext2_fs *fs, const void *data, uint32_t offset,
				   struct ext2_entry *e)
{
	const uint32_t *p = (const void *)((const char *)data + offset);
	uint32_t left = (1u << fs->bits) - offset;
	/* The entry before it may end four bytes before the block does: none has the size 0. */
	uint32_t word = likely(left >= EXT2_DIRENT_HEAD) ? READ_ONCE(p[1]) : 0;

	e->ino = READ_ONCE(p[0]);
	e->size = word & 0xffff;
	e->len = word >> 16;
	if (ext2_has(fs, INCOMPAT_FILETYPE))
		e->len &= 0xff;
	return likely(e->size >= EXT2_DIRENT_LEN(e->len) && !(e->size & 3) && e->size <= left &&
		      e->len <= EXT2_NAME_MAX);
}

/* ext2_bad_entry - sb_error, of an entry that there cannot be. */
int ext2_bad_entry(struct inode *dir, uint64_t at, uint32_t offset);
/* ext2_dir_block - block @at of a directory, its bytes checked as far as its checksum goes. */
int ext2_dir_block(struct inode *dir, uint64_t at, struct meta *m) __must_check;
/* ext2_dir_append - one block more, which has one entry that is unused; held in *@m. */
int ext2_dir_append(struct inode *dir, struct meta *m) __must_check;
/* ext2_add_in - @name into block @at of @dir, if there is room: 1; 0: there is none; or -errno. */
int ext2_add_in(struct inode *dir, uint64_t at, const struct name *name, uint32_t ino,
		uint32_t mode) __must_check;
/* ext2_fill_entry - all of an entry but rec_len. */
void ext2_fill_entry(const struct ext2_fs *fs, struct ext2_dirent *e, const struct name *name,
		     uint32_t ino, uint32_t mode);
/* ext2_file_type - an entry's file_type for S_IFMT of @mode. */
uint8_t ext2_file_type(uint32_t mode);
