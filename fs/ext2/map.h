/*
 * map.h - where a file's blocks are, and what is added to them and cut off.
 */
#pragma once

#include "fs/ext2/ext2.h"

extern const struct cache_ops ext2_cache_ops;
/*
 * ext2_block - the block of @ei that holds its block @at; 0 in *@block: a hole.  ext2_block_make -
 * what is a hole gets a block, zeros, for a directory or a link; *@m holds it.  0 or -errno.
 */
int ext2_block(struct ext2_inode *ei, uint64_t at, uint64_t *block) __must_check;
int ext2_block_make(struct ext2_inode *ei, uint64_t at, struct meta *m) __must_check;
/*
 * ext2_cut - all blocks from @from on (a number of the file's) are freed; ei->lock is held.  0, or
 * -EIO, -EUCLEAN, -ENOMEM: some are left, which the file still has: it may be called again.
 */
int ext2_cut(struct ext2_inode *ei, uint64_t from);
/* ext2_count_blocks - @n blocks more (fewer) are the file's; ei->lock is held. */
void ext2_count_blocks(struct ext2_inode *ei, int64_t n);
/* ext2_max_size - bytes that a file can have by its tables. */
uint64_t ext2_max_size(const struct ext2_fs *fs);
