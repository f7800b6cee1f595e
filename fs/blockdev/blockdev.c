/*
 * blockdev.c - block devices as they come and go: their nodes in /dev, and the task that looks
 * after disks that do not answer.
 *
 * Comes from the block layer (struct block_watcher) with blocks_lock held.  Invariant: from added
 * to removed dev->node is there, unless memory was short; it keeps the device.
 */
#include "fs/blockdev/blockdev.h"

#include "block/device.h"
#include "block/late.h"
#include "block/partition.h"
#include "drivers/timer/timer.h"
#include "fs/bdev.h"
#include "fs/blockdev/file.h"
#include "fs/blockdev/loop_control.h"
#include "fs/blockdev/node.h"
#include "fs/blockdev/sysfs.h"
#include "fs/cache.h"
#include "fs/open.h"
#include "mm/slab.h"
#include "task/kernel_task.h"

/* What a device costs here and in block/, but for its files in /sys. */
#define NODE_CHARGE (sizeof(struct bdev_node) + sizeof(struct block_device) + CHARGE_SMALL)

/* block_watcher.added. */
static void node_added(struct block_device *dev)
{
	struct bdev_node *n = kzalloc(sizeof(*n));

	if (!dev->part) {
		WRITE_ONCE(dev->disk->read_ahead, READ_AHEAD_DEFAULT);
		bdev_new_sequence(dev);
	}
	if (!n) {
		pr_warn("%s: no memory for its node\n", dev->name);
		return;
	}
	block_get(dev);
	n->charge = charge_mine(NODE_CHARGE);
	n->dev = dev;
	n->node = (struct device){
		.name = dev->name, .number = dev->number, .mode = 0600, .block = true
	};
	dev->node = n;
	n->has_node = !dev_register(&n->node);
	bdev_sysfs_add(n);
}

static void node_removed(struct block_device *dev)
{
	struct bdev_node *n = dev->node;

	bdev_removed(dev);
	if (!n)
		return;
	bdev_sysfs_remove(n);
	if (n->has_node)
		dev_unregister(&n->node);
	dev->node = NULL;
	charge_drop(n->charge, NODE_CHARGE);
	kfree(n);
	block_put(dev);
}

static void node_resized(struct block_device *dev)
{
	if (dev->cache)
		cache_resize_device(dev);
}

/* ---- the task that looks after disks ---- */

static void look_after_disks(void *arg)
{
	for (;;) {
		block_wait_busy();
		/*
		 * An answer that is due after half a minute need not be missed to the moment.
		 * (No signal ever comes to such a task.)
		 */
		if (!sched_sleep_until(TIMER_MONOTONIC, timer_now_ns() + block_check_ns()))
			block_check_late();
	}
}

/* The first whole disk behind the first @skip of them, with a reference; NULL: no more. */
static struct block_device *disk_behind(unsigned int skip)
{
	struct block_device *dev;

	blocks_hold();
	for (dev = blocks_first(); dev; dev = blocks_next(dev))
		if (!dev->part && !skip--)
			break;
	if (dev)
		block_get(dev);
	blocks_release();
	return dev;
}

void blockdev_start(void)
{
	struct block_device *dev;
	struct task *t;
	unsigned int n = 0;

	/* No lock is held while a table is read: that may take as long as a disk likes. */
	for (; (dev = disk_behind(n)); n++) {
		if (block_scan(dev->disk))
			pr_warn("%s: its partition table cannot be read\n", dev->name);
		block_put(dev);
	}
	/* Nothing is late where there is no disk: loop devices have no time-out. */
	t = n ? task_create_kernel("blockd", look_after_disks, NULL) : NULL;
	if (t)
		task_wake(t);
	else if (n)
		pr_warn("no memory for the task that looks after disks\n");
}

void blockdev_init(void)
{
	static const struct block_watcher watcher = { .added = node_added,
						      .removed = node_removed,
						      .resized = node_resized };

	block_file_ops = &bdev_file_ops;
	bdev_sysfs_init();
	loop_init();
	block_watch(&watcher);
}
