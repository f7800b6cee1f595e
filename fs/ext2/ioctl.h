/*
 * ioctl.h - file_ops.ioctl of files and directories.
 */
#pragma once

#include "fs/ext2/ext2.h"

extern const struct ioctl_command ext2_commands[];
long ext2_ioctl(struct file *f, uint32_t cmd, void *arg);
