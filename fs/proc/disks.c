/*
 * disks.c - /proc/partitions, /proc/diskstats, and the block devices of /proc/devices.
 *
 * Comes from proc.c, a device at a time, so that a thousand of them need no larger buffer than one;
 * one that comes or goes between two pieces may be left out, or be there twice, as on Linux.
 */
#include "fs/proc/disks.h"

#include "block/device.h"
#include "fs/proc/entry.h"

#define LOOP_MAJOR   7u
#define BLKEXT_MAJOR 259u /* of partitions that have no minor of their disk's */
#define NS_IN_MS     1000000u

/* The device behind the first @skip, blocks_lock held; NULL: no more. */
static struct block_device *device_behind(uint64_t skip)
{
	struct block_device *dev = blocks_first();

	while (dev && skip--)
		dev = blocks_next(dev);
	return dev;
}

static void put_partition(struct proc_text *t, const struct block_device *dev)
{
	uint64_t sectors = READ_ONCE(dev->sectors);

	if (sectors) /* a loop device without a file is none */
		proc_printf(t, "%4u  %7u %10lu %s\n", dev_major(dev->number),
			    dev_minor(dev->number), sectors >> 1, dev->name);
}

/* Linux's 20 fields; times in ms. */
static void put_stats(struct proc_text *t, const struct block_device *dev)
{
	const struct block_stats *s = &dev->stats;
	uint64_t queue_ns = 0;

	if (dev->part && !READ_ONCE(dev->sectors))
		return;
	proc_printf(t, "%4u %7u %s", dev_major(dev->number), dev_minor(dev->number), dev->name);
	for (int i = 0; i < 4; i++)
		queue_ns += READ_ONCE(s->ns[i]);
	for (int i = 0; i < 3; i++) {
		proc_printf(t, " %lu %lu %lu %lu", READ_ONCE(s->ios[i]), READ_ONCE(s->merges[i]),
			    READ_ONCE(s->sectors[i]), READ_ONCE(s->ns[i]) / NS_IN_MS);
		if (i == 1) /* between writes and discards, for what came later comes last */
			proc_printf(t, " %u %lu %lu",
				    READ_ONCE(s->in_flight[0]) + READ_ONCE(s->in_flight[1]),
				    READ_ONCE(s->busy_ns) / NS_IN_MS, queue_ns / NS_IN_MS);
	}
	proc_printf(t, " %lu %lu\n", READ_ONCE(s->ios[3]), READ_ONCE(s->ns[3]) / NS_IN_MS);
}

/* One device's line, by @put. */
static int put_next(struct proc_text *t, uint64_t *at,
		    void (*put)(struct proc_text *t, const struct block_device *dev))
{
	struct block_device *dev;

	blocks_hold();
	dev = device_behind(*at);
	if (dev)
		put(t, dev);
	blocks_release();
	++*at;
	return dev != NULL;
}

int show_partitions(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	size_t was = t->len;
	bool first = !*at;
	int more;

	if (first)
		proc_puts(t, "major minor  #blocks  name\n\n");
	more = put_next(t, at, put_partition);
	/* Without any disk not even the title, as on Linux. */
	if (first && !more)
		t->len = was;
	return more;
}

int show_diskstats(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	return put_next(t, at, put_stats);
}

/* Linux's names of drivers; those that are always there, whether they have a disk or not. */
static const struct driver {
	uint32_t major;
	const char *name;
	bool always;
} drivers[] = { { 1, "ramdisk", false },
		{ LOOP_MAJOR, "loop", true },
		{ 254, "virtblk", false },
		{ BLKEXT_MAJOR, "blkext", true } };

static const char *driver_name(uint32_t major)
{
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (drivers[i].major == major)
			return drivers[i].name;
	return "unknown";
}

/* The least major number from @from on that there is, or UINT32_MAX; blocks_lock held. */
static uint32_t next_major(uint32_t from)
{
	uint32_t least = UINT32_MAX;

	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (drivers[i].always && drivers[i].major >= from)
			least = min(least, drivers[i].major);
	for (struct block_device *dev = blocks_first(); dev; dev = blocks_next(dev))
		if (dev_major(dev->number) >= from)
			least = min(least, dev_major(dev->number));
	return least;
}

void put_block_devices(struct proc_text *t)
{
	blocks_hold();
	for (uint32_t m = 0; (m = next_major(m)) != UINT32_MAX; m++)
		proc_printf(t, "%3u %s\n", m, driver_name(m));
	blocks_release();
}
