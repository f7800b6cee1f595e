/*
 * name.h - inode_ops of directories and links.
 */
#pragma once

#include "fs/ext2/ext2.h"

struct inode *ext2_lookup(struct inode *dir, const struct name *name);
struct inode *ext2_make(struct inode *dir, const struct name *name, const struct inode_new *what);
int ext2_link(struct inode *dir, const struct name *name, struct inode *what);
int ext2_remove(struct inode *dir, const struct name *name, struct inode *what);
int ext2_rename(struct inode *from, const struct name *old, struct inode *what, struct inode *to,
		const struct name *new_name, struct inode *over, bool exchange);
int ext2_readlink(struct inode *inode, char *buf, size_t size);
