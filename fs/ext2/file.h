/*
 * file.h - the operations of files and inodes.
 */
#pragma once

#include "fs/ext2/ext2.h"

extern const struct inode_ops ext2_ops;
extern const struct file_ops ext2_file_ops;
/* ext2_inode_evict - disk_ops.evict. */
void ext2_inode_evict(struct inode *inode);
