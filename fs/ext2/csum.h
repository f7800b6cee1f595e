/*
 * csum.h - are the checksums right that an ext4 file system (metadata_csum) has on its blocks?
 * All are pure; what they are given lies in memory that is the file system's block or a copy.
 */
#pragma once

#include "fs/ext2/ext2.h"

/* Of the superblock; of the descriptor of @group; of inode @ino (fs->inode_size bytes at @raw). */
bool ext2_super_csum_good(const struct ext2_super *s);
bool ext2_desc_csum_good(const struct ext2_fs *fs, uint32_t group, const struct ext2_desc *d);
bool ext2_inode_csum_good(const struct ext2_fs *fs, uint64_t ino, const struct ext2_raw_inode *raw);
/* Of a block of a directory. */
bool ext2_dir_csum_good(const struct ext2_inode *ei, const void *data);
/* Of a block of extents that has room for @max of them, which was checked. */
bool ext2_extent_csum_good(const struct ext2_inode *ei, const struct ext4_extent_header *eh,
			   uint32_t max);
/* Of the block of attributes @block. */
bool ext2_xattr_csum_good(const struct ext2_fs *fs, uint64_t block, const void *data);
