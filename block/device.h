/*
 * device.h - the list of block devices: disks come and go, and are found.
 */
#pragma once

#include "block/block.h"

/*
 * block_add - @d is there from now on.  Its partitions are looked for by block_scan (partition.h),
 * which reads it, and so works in a task only.  Boot, or in a task; may sleep.  0, -ENOMEM, -EBUSY
 * (name or number taken).
 * block_remove - it is not any more: what waits, and what is asked of it from now on, ends with
 * -EIO; what is in flight too, if the driver has reset, else when it ends.  May sleep.
 */
int block_add(struct block_disk *d) __must_check;
void block_remove(struct block_disk *d);
/*
 * block_resize - the disk, which its driver does not remove meanwhile, has @sectors from now on.
 * Waits for requests of what is behind the new end.  May sleep.
 */
void block_resize(struct block_disk *d, uint64_t sectors);

/*
 * block_find, block_find_name - by device number, or name, with a reference; or NULL.  May sleep.
 * block_get - another, for who has one.  block_put - one is given back; may
 * sleep, and releases a disk: not under blocks_hold.
 */
struct block_device *block_find(uint32_t number) __must_check;
struct block_device *block_find_name(const char *name) __must_check;
static inline void block_get(struct block_device *dev)
{
	ref_get(&dev->refs);
}
void block_put(struct block_device *dev);
/*
 * blocks_hold, blocks_release - between them no device comes or goes; blocks_first, blocks_next -
 * all of them, whole disks before their partitions.
 */
void blocks_hold(void);
void blocks_release(void);
struct block_device *blocks_first(void);
struct block_device *blocks_next(struct block_device *dev);

/*
 * block_watch - who makes nodes and files for what comes and goes (fs/); called with
 * blocks_lock held, but resized, which waits for requests: the device does not go meanwhile.  What
 * was there before it was set is told too.
 */
struct block_watcher {
	void (*added)(struct block_device *dev);
	void (*removed)(struct block_device *dev);
	void (*resized)(struct block_device *dev);
};
void block_watch(const struct block_watcher *w);

/* ---- for block/ alone; blocks_lock is held ---- */

/*
 * device_list - @dev is there from now on, before @next (NULL: the last), with a number of its own;
 * its first reference is the list's.  0, -EBUSY, -ENOSPC.
 * device_unlist - it is there no more.  device_resized - dev->sectors was changed; without the
 * lock, while it cannot go.
 */
int device_list(struct block_device *dev, struct block_device *next) __must_check;
void device_unlist(struct block_device *dev);
void device_resized(struct block_device *dev);
