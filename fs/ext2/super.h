/*
 * super.h - mounting an ext2, and what of it is common to all files.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct ext2_fs;
struct superblock;

extern const struct disk_ops ext2_disk_ops;
/* ext2_init - ext2, ext3 and ext4 can be mounted.  ext2_fill - disk_fs.fill. */
void ext2_init(void);
int ext2_fill(struct superblock *sb, char *options, bool silent);
/* ext2_is_block - can @block be a file's, by its number?  (It may lie among the tables still.) */
bool ext2_is_block(const struct ext2_fs *fs, uint64_t block);
