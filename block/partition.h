/*
 * partition.h - the partitions of a disk, as devices.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "block/block.h"

/*
 * block_scan - read the partition table of @d anew.  Partitions that are as they were stay the same
 * devices.  What the page cache has of the disk and has not written is not seen.  In a task, may
 * sleep.  0; -EBUSY: a partition is in use; -EIO: the table cannot be read; -ENOMEM.
 */
int block_scan(struct block_disk *d) __must_check;

/*
 * partition_add - number @part (from 1) of @d is @sectors from sector @start on, as BLKPG has it.
 * 0; -EBUSY: there is one of the number, or one overlaps; -EINVAL: not within the disk, not whole
 * blocks of it; -ENOMEM.
 * partition_del - it is no more: -ENXIO: there is none; -EBUSY: it is in use.
 * partition_resize - it has @sectors from now on: -ENXIO; -EINVAL: @start is not its own; -EBUSY:
 * then one overlaps.  In a task, may sleep.
 */
int partition_add(struct block_disk *d, uint32_t part, uint64_t start,
		  uint64_t sectors) __must_check;
int partition_del(struct block_disk *d, uint32_t part) __must_check;
int partition_resize(struct block_disk *d, uint32_t part, uint64_t start,
		     uint64_t sectors) __must_check;

/* partitions_configure - `gpt` on the command line: as table.h's backup.  Boot core. */
void partitions_configure(const char *cmdline);
