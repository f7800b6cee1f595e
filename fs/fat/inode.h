/* inode.h - files and directories as inodes. */
#pragma once

#include "fs/fat/fat.h"

/* fat_number - the st_ino of the entry at @place. */
uint64_t fat_number(struct fat_fs *fs, uint64_t place);
extern const struct inode_ops fat_inode_ops;
struct inode *fat_new_inode(struct superblock *sb) __must_check;
int fat_load(struct inode *inode) __must_check;
int fat_write_inode(struct inode *inode) __must_check;
void fat_evict(struct inode *inode);
uint64_t fat_blocks(const struct inode *inode);
