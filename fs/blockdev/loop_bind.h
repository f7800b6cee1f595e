/*
 * loop_bind.h - how a file gets behind a loop device, and away from it.
 */
#pragma once

#include <stdint.h>

#include "block/block.h"

struct file;

/* loop_ioctl - LOOP_* of @dev, which is open as @f, as file_ops.ioctl; -EINVAL: none of these. */
long loop_ioctl(struct block_device *dev, struct file *f, uint32_t cmd, void *arg);
/* loop_idle - block_ops.idle: nobody has it open any more. */
void loop_idle(struct block_disk *d);
