/*
 * alloc.h - blocks and inodes that are free, or not any more.
 */
#pragma once

#include "abi/fs.h"
#include "fs/ext2/ext2.h"

/*
 * ext2_alloc_blocks - up to *@n (at least 1) blocks in a row, near @goal: the first, and how many
 * in *@n.  0: -ENOSPC or another error in *@err.
 */
uint64_t ext2_alloc_blocks(struct superblock *sb, uint64_t goal, uint32_t *n, int *err);
/* ext2_free_blocks - @n blocks from @block on; those of @meta are forgotten by the cache. */
int ext2_free_blocks(struct superblock *sb, uint64_t block, uint64_t n, bool meta);
/* ext2_alloc_inode - a number near @dir, which is in use from now on.  0: *@err. */
uint32_t ext2_alloc_inode(struct inode *dir, bool is_dir, int *err);
void ext2_free_inode(struct superblock *sb, uint32_t ino, bool is_dir);
/* ext2_trim - FITRIM: what is free in @range's bytes is discarded; range->len: how much was. */
int ext2_trim(struct superblock *sb, struct fstrim_range *range);
