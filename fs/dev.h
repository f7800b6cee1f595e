/*
 * dev.h - device nodes: which operations belong to a device number, and the nodes in /dev.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/file.h"
#include "fs/owner.h"

/* A device number as EL0 sees it (abi/stat.h's dev_make), for constants; @minor below 256. */
#define DEV(major, minor) ((uint32_t)(major) << 8 | (uint32_t)(minor))

/*
 * A character device, or the node of a block device.  Kept, not copied.  If it has an owner, what
 * its mmap returns has no operations of that owner's (object_anon): a mapping's object may outlive
 * the file.
 */
struct device {
	const char *name;   /* of its node in /dev; no slash in it */
	const char *driver; /* as /proc/devices names its major number; NULL: by its name */
	uint32_t number;    /* DEV(major, minor) */
	uint32_t mode;	    /* permissions of the node */
	const struct file_ops *ops;
	struct owner *owner;		      /* whose code ops is, NULL: the kernel's */
	bool block;			      /* the node is a block special file; no ops */
	bool late;			      /* dev.c's own: it came after boot, or may go */
	struct device *next, *next_by_number; /* dev.c's own */
	struct inode *nodes[2];		      /* devtmpfs.c's own: those that it has made, held */
};

/*
 * dev_register - make it known, with its node in /dev and devtmpfs.  At boot, before dev_populate,
 * a character device is there for good; any other until dev_unregister.  A node that somebody has
 * made already stays as it is.  0; -EBUSY: the number or the name is taken; -EINVAL: no name for a
 * node; -ENOMEM, -ENOSPC.  May sleep.
 */
int dev_register(struct device *dev) __must_check;
/*
 * dev_unregister - nobody finds it any more, and the nodes that dev_register made are gone.  Files
 * of it that are open stay so, and hold @dev's owner.  Not of what is there for good.  May sleep.
 */
void dev_unregister(struct device *dev);
#ifdef MODULE
#define dev_register(dev)   (might_sleep(), (dev_register)(dev))
#define dev_unregister(dev) (might_sleep(), (dev_unregister)(dev))
#endif

/*
 * devs_hold, devs_release - between them the list of devices does not change.  May sleep.
 * dev_first - all that are registered, linked by next; held.
 */
void devs_hold(void);
void devs_release(void);
const struct device *dev_first(void);

/*
 * Who makes the nodes of what is registered after boot.  add - for @dev: 0, or -ENOMEM, -ENOSPC,
 * and then there are none.  remove - those that are still there under @dev's name.  Both: held.
 */
struct dev_nodes {
	int (*add)(struct device *dev);
	void (*remove)(struct device *dev);
};
/* devs_booted - from now on what is registered may go again, and @nodes are told.  Held. */
void devs_booted(const struct dev_nodes *nodes);
/*
 * dev_find - the character device with @number, its owner held (owner_put), or NULL.  May sleep.
 */
const struct device *dev_find(uint32_t number) __must_check;

extern const struct file_ops fail_ops;	    /* fail.c */
extern const struct file_ops stretches_ops; /* stretches.c, in the kernel of make CHECKED=1 */

/*
 * dev_init - register what the core of fs/ itself has: null, zero, full, random, urandom, kmsg,
 * fail, tables.  dev_register_boot - dev_register at boot, where it cannot fail.
 */
void dev_init(void);
void dev_register_boot(struct device *dev);

/*
 * dev_register_text - a read-only device whose text @text writes: as snprintf does, into @buf of
 * @size bytes, and returns its whole length.  It is asked at each read at offset 0 onwards.  Boot
 * core.
 */
struct text_device {
	struct device dev;
	long (*text)(char *buf, size_t size);
};
void dev_register_text(struct text_device *t);
