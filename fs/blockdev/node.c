/*
 * node.c - what the nodes keep for each block device.
 */
#include "fs/blockdev/node.h"

#include "fs/bdev.h"

static uint64_t last_sequence; /* atomic */

void bdev_new_sequence(struct block_device *dev)
{
	WRITE_ONCE(dev->disk->whole->sequence,
		   __atomic_add_fetch(&last_sequence, 1, __ATOMIC_RELAXED));
}

uint32_t bdev_block_size(const struct block_device *dev)
{
	uint32_t set = READ_ONCE(dev->block_size), size = READ_ONCE(dev->disk->limits.logical);

	/* The largest, up to a page, of which the device is a multiple. */
	while (!set && size < PAGE_SIZE && !(bdev_bytes(dev) & size))
		size <<= 1;
	return set ? set : size;
}
