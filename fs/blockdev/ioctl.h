/*
 * ioctl.h - ioctl(2) of a block device, and what it shares with a loop device's requests.
 */
#pragma once

#include "block/block.h"
#include "fs/file.h"

/* bdev_ioctl - file_ops.ioctl.  bdev_commands - what its commands carry. */
long bdev_ioctl(struct file *f, uint32_t cmd, void *arg);
extern const struct ioctl_command bdev_commands[];
/*
 * bdev_discard - @len bytes from @from on of @dev are thrown away (BLOCK_DISCARD) or become zeros
 * (BLOCK_ZERO); its pages of them go.  0, -EOPNOTSUPP, -EIO, -EINTR.  May sleep.
 */
int bdev_discard(struct block_device *dev, enum block_op op, uint64_t from,
		 uint64_t len) __must_check;
