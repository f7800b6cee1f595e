/*
 * inode.h - ext2's inodes in memory and on the disk.
 */
#pragma once

#include "fs/ext2/ext2.h"

/* disk_ops' own. */
struct inode *ext2_inode_alloc(struct superblock *sb);
int ext2_inode_load(struct inode *inode);
int ext2_inode_write(struct inode *inode);
uint64_t ext2_inode_blocks(const struct inode *inode);

/* ext2_inode_new - a new inode in @dir, with its number, entered in the icache; or err_ptr. */
struct inode *ext2_inode_new(struct inode *dir, const struct inode_new *what);
/* ext2_inode_raw - the block that holds @ino, and where in it: 0 or -errno. */
int ext2_inode_raw(struct superblock *sb, uint64_t ino, struct meta *m,
		   struct ext2_raw_inode **raw) __must_check;
/* ext2_link_is_fast - the target of the link lies in ei->block. */
bool ext2_link_is_fast(const struct ext2_inode *ei);
/* ext2_mask_flags - what of ei->flags a file of the kind @mode can have. */
uint32_t ext2_mask_flags(uint32_t mode, uint32_t flags);
/* ext2_flags_changed - ei->flags: what the VFS asks follows. */
void ext2_flags_changed(struct ext2_inode *ei);
