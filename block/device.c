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
#include "lib/bitmap.h"
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

/* The end of a search: @dev, or NULL, is the caller's. */
static struct block_device *release_found(struct block_device *dev)
{
	if (dev)
		block_get(dev);
	blocks_release();
	return dev;
}

struct block_device *block_find(uint32_t number)
{
	blocks_hold();
	return release_found(number_held(number));
}

struct block_device *block_find_name(const char *name)
{
	blocks_hold();
	return release_found(name_held(name));
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
	store_release(&watcher, w);
	for (struct block_device *dev = blocks_first(); dev; dev = blocks_next(dev))
		w->added(dev);
	blocks_release();
}

/* ---- coming and going ---- */

/* Numbers for partitions that their disk has none left for, as Linux's: major 259. */
#define EXTRA_MAJOR  259
#define EXTRA_MINORS 4096
static uint64_t extra_minors[BITMAP_WORDS(EXTRA_MINORS)]; /* blocks_lock */

/* The number of partition @part of @d as a device; 0: there is none left. */
static uint32_t take_device_number(const struct block_disk *d, uint32_t part)
{
	size_t extra;

	if (part < d->minors)
		return (uint32_t)dev_make(d->major, d->minor + part);
	extra = bitmap_find_clear(extra_minors, EXTRA_MINORS, 1);
	if (extra == EXTRA_MINORS)
		return 0;
	bitmap_set(extra_minors, extra, 1);
	return (uint32_t)dev_make(EXTRA_MAJOR, (uint32_t)extra);
}

static void give_number_back(uint32_t number)
{
	if (dev_major(number) == EXTRA_MAJOR)
		bitmap_clear(extra_minors, dev_minor(number), 1);
}

int device_list(struct block_device *dev, struct block_device *next)
{
	mutex_assert_held(&blocks_lock);
	dev->number = take_device_number(dev->disk, dev->part);
	if (!dev->number)
		return -ENOSPC;
	if (name_held(dev->name) || number_held(dev->number)) {
		give_number_back(dev->number);
		return -EBUSY;
	}
	ref_init(&dev->refs);
	/* Before @next is behind what is before it. */
	list_insert(&dev->link, next ? next->link.prev : blocks.prev);
	if (watcher)
		watcher->added(dev);
	return 0;
}

void device_unlist(struct block_device *dev)
{
	mutex_assert_held(&blocks_lock);
	WRITE_ONCE(dev->gone, true);
	list_del(&dev->link);
	if (watcher)
		watcher->removed(dev);
	give_number_back(dev->number);
	block_put(dev);
}

void device_resized(struct block_device *dev)
{
	const struct block_watcher *w = load_acquire(&watcher);

	if (w)
		w->resized(dev);
}

int block_add(struct block_disk *d)
{
	struct block_device *dev = kzalloc(sizeof(*dev));
	int err;

	if (!dev)
		return -ENOMEM;
	queues_init(d);
	mutex_init(&d->scan_lock);
	d->whole = dev;
	d->dead = d->dying = d->changed = d->stopped = false;
	dev->disk = d;
	dev->read_only = d->read_only;
	strlcpy(dev->name, d->name, sizeof(dev->name));
	dev->sectors = d->sectors;
	blocks_hold();
	err = device_list(dev, NULL);
	blocks_release();
	if (err)
		kfree(dev);
	return err;
}

void block_remove(struct block_disk *d)
{
	struct block_device *whole = d->whole, *dev;

	block_get(whole); /* so that it is not released under the locks */
	mutex_lock(&d->scan_lock);
	blocks_hold();
	while (dev = blocks_next(whole), dev && dev->disk == d)
		device_unlist(dev);
	device_unlist(whole);
	blocks_release();
	WRITE_ONCE(d->dead, true);
	queues_end(d, d->ops->reset && !d->ops->reset(d));
	mutex_unlock(&d->scan_lock);
	block_put(whole);
}

void block_resize(struct block_disk *d, uint64_t sectors)
{
	blocks_hold();
	d->sectors = sectors;
	WRITE_ONCE(d->whole->sectors, sectors);
	blocks_release();
	device_resized(d->whole);
}
