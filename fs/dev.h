/*
 * dev.h - device nodes: which operations belong to a device number, and the nodes in /dev.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "fs/file.h"

/* A device number as EL0 sees it (abi/stat.h's dev_make), for constants; @minor below 256. */
#define DEV(major, minor) ((uint32_t)(major) << 8 | (uint32_t)(minor))

/* A character device.  Kept, not copied. */
struct device {
	const char *name; /* of its node in /dev */
	uint32_t number;  /* DEV(major, minor) */
	uint32_t mode;	  /* permissions of the node */
	const struct file_ops *ops;
	struct device *next, *next_by_number; /* dev.c's own */
};

/*
 * dev_register - make it known.  Boot core, before the first task opens anything; once per number.
 */
void dev_register(struct device *dev);

/* dev_first - all that are registered, linked by next. */
const struct device *dev_first(void);
/* dev_find - the character device with @number, or NULL. */
const struct device *dev_find(uint32_t number);

extern const struct file_ops fail_ops;	    /* fail.c */
extern const struct file_ops stretches_ops; /* stretches.c, in the kernel of make CHECKED=1 */

/*
 * dev_init - register what the core of fs/ itself has: null, zero, full, random, urandom, kmsg,
 * fail; and devtmpfs.
 */
void dev_init(void);

/*
 * dev_populate - /dev and in it a node for every device that is not there yet.  After the initrd
 * was unpacked.
 */
void dev_populate(void);

/*
 * dev_register_text - a read-only device whose text @text writes: as snprintf does, into @buf of
 * @size bytes, and returns its whole length.  It is asked at each read at offset 0 onwards.
 */
struct text_device {
	struct device dev;
	long (*text)(char *buf, size_t size);
};
void dev_register_text(struct text_device *t);
