/*
 * ramdir.h - reading a directory that lives in the dentry cache.
 */
#pragma once

#include "fs/file.h"

/* The file operations of directories of SB_RAM file systems. */
extern const struct file_ops ram_dir_fops;
