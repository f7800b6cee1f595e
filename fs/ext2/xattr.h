/*
 * xattr.h - inode_ops of extended attributes.
 */
#pragma once

#include "fs/ext2/ext2.h"

long ext2_getxattr(struct inode *inode, const char *name, void *buf, size_t size);
long ext2_listxattr(struct inode *inode, char *buf, size_t size);
int ext2_setxattr(struct inode *inode, const char *name, const void *value, size_t size,
		  uint32_t flags);
/* ext2_xattr_evict - the block of attributes goes with its inode. */
void ext2_xattr_evict(struct ext2_inode *ei);
