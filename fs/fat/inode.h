/* inode.h - files and directories as inodes. */
#pragma once

#include "fs/fat/fat.h"

extern const struct inode_ops fat_inode_ops;
struct inode *fat_new_inode(struct superblock *sb) __must_check;
int fat_load(struct inode *inode) __must_check;
int fat_write_inode(struct inode *inode) __must_check;
void fat_evict(struct inode *inode);
uint64_t fat_blocks(const struct inode *inode);
