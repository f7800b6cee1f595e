/*
 * io.h - a task asks a block device, and waits for the answer.
 */
#pragma once

#include <stdint.h>

#include "block/block.h"

/*
 * block_io - @op of @bytes at byte @at of @dev, from or to @buf in the linear map (NULL for
 * discard and zero), cut as the disk needs it; waits until all has ended.  A disk that cannot
 * zero is written zeros.  0 or -errno.  May sleep.
 * block_flush - what has been written is on stable storage: 0, -EIO.
 */
int block_io(struct block_device *dev, enum block_op op, uint64_t at, void *buf, uint64_t bytes,
	     unsigned int flags) __must_check;
int block_flush(struct block_device *dev) __must_check;
