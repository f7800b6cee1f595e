/*
 * super.h - mounting an ext2, and what of it is common to all files.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct superblock;

extern const struct disk_ops ext2_disk_ops;
/* ext2_init - ext2, ext3 and ext4 can be mounted.  ext2_fill - disk_fs.fill. */
void ext2_init(void);
int ext2_fill(struct superblock *sb, char *options, bool silent);
