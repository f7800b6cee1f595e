/*
 * node.h - what the nodes keep for each block device that is in the list of all: its name in /dev
 * and its directory in /sys.  One that is open may have none, when it has been taken out.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "block/block.h"
#include "fs/dev.h"

struct bdev_fact;
struct charge;
struct sysfs_node;

#define READ_AHEAD_DEFAULT 256u /* sectors of 512 bytes, as Linux's 128 KiB */

struct bdev_node {
	struct block_device *dev; /* held */
	struct device node;	  /* in /dev */
	bool has_node;		  /* false: somebody else has the name */
	/* sysfs.c's own; blocks_lock */
	struct sysfs_node *dir, *loop_dir, *links[3];
	struct bdev_fact *facts;
	struct charge *charge; /* of whose task has brought the device */
};

/* bdev_node - NULL: it has been taken out, or memory was short.  blocks_lock is held. */
static inline struct bdev_node *bdev_node(const struct block_device *dev)
{
	return dev->node;
}

/* bdev_new_sequence - the disk of @dev is another one from now on (a loop device's file). */
void bdev_new_sequence(struct block_device *dev);
/* bdev_block_size - in bytes: what was set, or as Linux's buffers of it would be. */
uint32_t bdev_block_size(const struct block_device *dev);
