/*
 * index.h - the index of a long directory (dir_index).
 */
#pragma once

#include "fs/ext2/ext2.h"

/*
 * ext2_index_find - the block of @dir in which @name is, if it is anywhere, by the index, into
 * *@at; again with the same @next, which begins as 0: the next one that may have it.  1: found; 0:
 * there are no more; -EUCLEAN: the index is not to be used.
 */
int ext2_index_find(struct inode *dir, const struct name *name, uint32_t *next, uint64_t *at);
/* ext2_index_add - as ext2_add, by the index; -EUCLEAN: it cannot be used, nothing was done. */
int ext2_index_add(struct inode *dir, const struct name *name, uint32_t ino, uint32_t mode);
/* ext2_index_make - a directory of one block, which is full, gets an index. */
int ext2_index_make(struct inode *dir);
