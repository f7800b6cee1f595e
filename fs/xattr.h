/*
 * xattr.h - extended attributes (xattr(7)): who may read and set which, and what the kernel reads
 * of them itself.
 */
#pragma once

#include "fs/inode.h"

/*
 * getxattr(2) and its kin, of @inode (a write has been found possible on its mount): the length
 * into @buf; @size 0: the length alone.  -ENODATA, -ERANGE, -EOPNOTSUPP, -EPERM, -EACCES and what
 * the file system says.  vfs_setxattr: @value NULL: it is removed.  All may sleep.
 */
long vfs_getxattr(struct inode *inode, const char *name, void *buf, size_t size) __must_check;
long vfs_listxattr(struct inode *inode, char *buf, size_t size) __must_check;
int vfs_setxattr(struct inode *inode, const char *name, const void *value, size_t size,
		 uint32_t flags) __must_check;
