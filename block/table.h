/*
 * table.h - partition tables, read: GPT, and the MBR with its extended partitions.  Pure: what is
 * on the disk is anything, and comes by a callback; any context that this may sleep in, host too.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/util.h"

#define PARTITIONS_MAX	   255	/* the highest number there is, as on Linux */
#define PARTITION_UUID_LEN 37	/* with its NUL */
#define PARTITION_NAME_LEN 109	/* 36 UTF-16 units as UTF-8, with a NUL */
#define TABLE_BUFFER	   4096 /* bytes */

struct partition {
	uint32_t number;	 /* 1 .. PARTITIONS_MAX */
	bool cut;		 /* it is said to be longer, but the disk ends */
	uint64_t start, sectors; /* of 512 bytes, within the disk; sectors is not 0 */
	char uuid[PARTITION_UUID_LEN];
	char name[PARTITION_NAME_LEN];
};

/* The disk whose table is read. */
struct table_disk {
	uint32_t block;	 /* bytes of its blocks: a power of two, 512 .. 4096 */
	uint64_t blocks; /* how many it has */
	/*
	 * read - @n blocks, TABLE_BUFFER bytes at most, from block @at (all of them there), to
	 * @buf.  0 or -errno.
	 */
	int (*read)(void *arg, uint64_t at, uint32_t n, void *buf);
	void *arg;
	bool backup; /* a GPT whose first header is damaged is read by the one at the end (`gpt`) */
};

/*
 * table_read - the partitions of @disk into @found, PARTITIONS_MAX of them, each number once.
 * @buf: TABLE_BUFFER bytes, for what is read.
 * How many there are (0: no table, or none that is right), or the -errno of the first block's read.
 * Sources: UEFI specification, chapter "GUID Partition Table"; for the MBR what Linux reads.
 */
int table_read(const struct table_disk *disk, void *buf, struct partition *found) __must_check;
