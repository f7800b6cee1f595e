/* ioctl.h - ioctl(2) of a block device. */
#pragma once

#include "fs/file.h"

/* bdev_ioctl - file_ops.ioctl.  bdev_commands - what its commands carry. */
long bdev_ioctl(struct file *f, uint32_t cmd, void *arg);
extern const struct ioctl_command bdev_commands[];
