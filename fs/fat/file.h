/* file.h - what a regular file has in its clusters. */
#pragma once

#include "fs/fat/fat.h"

extern const struct cache_ops fat_cache_ops;
extern const struct file_ops fat_file_fops;
int fat_truncate(struct inode *inode, uint64_t size) __must_check;
int fat_allocate(struct inode *inode, uint32_t mode, uint64_t from, uint64_t len) __must_check;
