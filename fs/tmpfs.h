/*
 * tmpfs.h - a file system whose files are pages in RAM and whose directories are the dentry cache
 * itself.
 */
#pragma once

#include <stdint.h>

#include "lib/util.h"

struct dentry;

/*
 * tmpfs_create - an empty one that calls itself @type, its root directory of mode @mode, with
 * mount(2)'s @options (cut up; may be NULL), which say more: size=, nr_blocks=, nr_inodes=, mode=,
 * uid=, gid=.  Without them it takes up to half of RAM.
 * Return: the root's dentry with a reference (dentry->inode->sb is the file system), or
 * err_ptr(-ENOMEM, -EINVAL).
 */
struct dentry *tmpfs_create(const char *type, uint32_t mode, char *options) __must_check;

/* tmpfs_init - the root file system, empty; and mount(2) knows the others.  Boot core. */
void tmpfs_init(void);
