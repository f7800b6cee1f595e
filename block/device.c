/*
 * device.c - the list of block devices: whole disks, each followed by its partitions.
 *
 * Invariant: a device in the list has a reference of the list's, and its disk is there: a partition
 * holds the whole disk, whose last reference releases the struct block_disk.
 */
#include "block/device.h"

#include "abi/errno.h"
#include "abi/stat.h"
#include "block/request.h"
#include "lib/string.h"
#include "log/panic.h"
#include "mm/slab.h"

static struct mutex blocks_lock = MUTEX_INIT(blocks_lock);
static struct list_node blocks = LIST_INIT(blocks); /* blocks_lock */
static const struct block_watcher *watcher;	    /* blocks_lock; set once */

void blocks_hold(void)
{
	mutex_lock(&blocks_lock);
}

void blocks_release(void)
{
	mutex_unlock(&blocks_lock);
}

struct block_device *blocks_first(void)
{
	mutex_assert_held(&blocks_lock);
	return list_first(&blocks, struct block_device, link);
}

struct block_device *blocks_next(struct block_device *dev)
{
	mutex_assert_held(&blocks_lock);
	return dev->link.next == &blocks ? NULL
					 : list_entry(dev->link.next, struct block_device, link);
}

static struct block_device *number_held(uint32_t number)
{
	struct block_device *dev;

	for (dev = blocks_first(); dev && dev->number != number; dev = blocks_next(dev))
		;
	return dev;
}

static struct block_device *name_held(const char *name)
{
	struct block_device *dev;

	for (dev = blocks_first(); dev && strcmp(dev->name, name); dev = blocks_next(dev))
		;
	return dev;
}

struct block_device *block_find(uint32_t number)
{
	struct block_device *dev;

	blocks_hold();
	dev = number_held(number);
	if (dev)
		block_get(dev);
	blocks_release();
	return dev;
}

struct block_device *block_find_name(const char *name)
{
	struct block_device *dev;

	blocks_hold();
	dev = name_held(name);
	if (dev)
		block_get(dev);
	blocks_release();
	return dev;
}

void block_put(struct block_device *dev)
{
	struct block_disk *d = dev->disk;

	if (!ref_put(&dev->refs))
		return;
	if (dev->part)
		block_put(d->whole);
	else if (d->ops->release)
		d->ops->release(d);
	kfree(dev);
}

void block_watch(const struct block_watcher *w)
{
	blocks_hold();
	watcher = w;
	for (struct block_device *dev = blocks_first(); dev; dev = blocks_next(dev))
		w->added(dev);
	blocks_release();
}

/* ---- coming and going ---- */

int block_add(struct block_disk *d)
{
	struct block_device *dev = kzalloc(sizeof(*dev));
	int err = 0;

	if (!dev)
		return -ENOMEM;
	queues_init(d);
	mutex_init(&d->scan_lock);
	d->whole = dev;
	d->dead = d->dying = d->changed = d->stopped = false;
	ref_init(&dev->refs);
	dev->disk = d;
	strlcpy(dev->name, d->name, sizeof(dev->name));
	dev->number = (uint32_t)dev_make(d->major, d->minor);
	dev->sectors = d->sectors;
	blocks_hold();
	if (name_held(dev->name) || number_held(dev->number)) {
		err = -EBUSY;
	} else {
		list_add_tail(&blocks, &dev->link);
		if (watcher)
			watcher->added(dev);
	}
	blocks_release();
	if (err)
		kfree(dev);
	return err;
}

/* Nobody finds @dev any more; its reference of the list's is the caller's.  blocks_lock held. */
static void unlist_device(struct block_device *dev)
{
	mutex_assert_held(&blocks_lock);
	WRITE_ONCE(dev->gone, true);
	list_del(&dev->link);
	if (watcher)
		watcher->removed(dev);
}

void block_remove(struct block_disk *d)
{
	struct block_device *whole = d->whole, *dev;

	block_get(whole);
	mutex_lock(&d->scan_lock);
	blocks_hold();
	/* Partitions stand behind their disk, and go first: the last of them each time. */
	while (dev = blocks_next(whole), dev && dev->disk == d) {
		unlist_device(dev);
		block_put(dev);
	}
	unlist_device(whole);
	blocks_release();
	WRITE_ONCE(d->dead, true);
	queues_end(d, d->ops->reset && !d->ops->reset(d));
	mutex_unlock(&d->scan_lock);
	block_put(whole);
	block_put(whole);
}

void block_resize(struct block_disk *d, uint64_t sectors)
{
	blocks_hold();
	d->sectors = sectors;
	WRITE_ONCE(d->whole->sectors, sectors);
	if (watcher && watcher->resized)
		watcher->resized(d->whole);
	blocks_release();
}

int block_scan(struct block_disk *d)
{
	return 0;
}
