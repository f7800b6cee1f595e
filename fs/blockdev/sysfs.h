/*
 * sysfs.h - block devices in /sys.
 */
#pragma once

#include <stdbool.h>

struct bdev_node;
struct block_device;

/* bdev_sysfs_init - the first mount of sysfs makes what there is.  Boot core. */
void bdev_sysfs_init(void);
/*
 * bdev_sysfs_add, bdev_sysfs_remove - the directory of @n comes, goes, once sysfs has been mounted;
 * blocks_lock held.  bdev_sysfs_bind - the loop device @dev has a file from now on, or has none any
 * more; blocks_lock is taken.
 */
void bdev_sysfs_add(struct bdev_node *n);
void bdev_sysfs_remove(struct bdev_node *n);
void bdev_sysfs_bind(struct block_device *dev, bool bound);
