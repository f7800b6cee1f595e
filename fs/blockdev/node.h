/*
 * node.h - what the nodes keep for each block device: its name in /dev, its directory in /sys, and
 * the settings that programs change.
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
	uint64_t sequence;	  /* of the disk: BLKGETDISKSEQ.  Atomic */
	uint32_t block_size;	  /* BLKBSZGET, bytes; 0: as bdev_block_size says */
	uint32_t read_ahead;	  /* sectors of 512 bytes */
	/* sysfs.c's own; blocks_lock */
	struct sysfs_node *dir, *loop_dir, *links[3];
	struct bdev_fact *facts;
	struct charge *charge; /* of whose task has brought the device */
};

static inline struct bdev_node *bdev_node(const struct block_device *dev)
{
	return dev->node;
}

/* bdev_new_sequence - the disk of @dev is another one from now on (a loop device's file). */
void bdev_new_sequence(struct block_device *dev);
/* bdev_block_size - in bytes: what was set, or as Linux's buffers of it would be. */
uint32_t bdev_block_size(const struct block_device *dev);
