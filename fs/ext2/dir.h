/*
 * dir.h - names in a directory's blocks.
 */
#pragma once

#include "fs/ext2/ext2.h"

extern const struct file_ops ext2_dir_ops;

/* Where an entry was found: its block of the directory, held, and its place there. */
struct ext2_place {
	struct meta m;
	uint64_t at; /* block of the directory */
	uint32_t offset;
	uint32_t before; /* offset of the entry before it in the block; its own: it is the first */
};
/*
 * ext2_find - @name in @dir, whose lock is held: its inode's number, with *@p held (p->m is put by
 * the caller).  0: there is none; or -errno.
 */
int64_t ext2_find(struct inode *dir, const struct name *name, struct ext2_place *p) __must_check;
/* ext2_add - @name in @dir becomes @ino.  0, -ENOSPC, -EIO, -EUCLEAN. */
int ext2_add(struct inode *dir, const struct name *name, uint32_t ino, uint32_t mode) __must_check;
/* ext2_delete - the entry at @p goes.  ext2_set - it is @ino from now on. */
void ext2_delete(struct inode *dir, struct ext2_place *p);
void ext2_set(struct inode *dir, struct ext2_place *p, uint32_t ino, uint32_t mode);
/* ext2_dir_start - the first block of a new directory, with "." and "..". */
int ext2_dir_start(struct inode *dir, uint32_t parent) __must_check;
/* ext2_dir_empty - is it empty?  0, -ENOTEMPTY, or another error. */
int ext2_dir_empty(struct inode *dir) __must_check;
/* ext2_set_parent - its ".." is @parent from now on. */
int ext2_set_parent(struct inode *dir, uint32_t parent) __must_check;
