/*
 * tmpfs.h - a file system whose files are pages in RAM and whose directories are the dentry cache itself.
 */
#pragma once

#include <stdint.h>

#include "fs/vfs.h"

/*
 * tmpfs_create - an empty one, its root directory of mode @mode.  It takes up to half of RAM.
 * Return: the root's dentry with a reference (dentry->inode->sb is the file system), or err_ptr(-ENOMEM).
 */
struct dentry *tmpfs_create(uint32_t mode) __must_check;
