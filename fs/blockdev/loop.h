/*
 * loop.h - loop devices (loop(4)): a file as a disk, /dev/loop0.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "block/block.h"

#define LOOP_MAJOR 7

struct file;

/* loop_init - /dev/loop-control is there; devices come when somebody asks.  Boot core. */
void loop_init(void);
/* loop_request - the loop device with @minor is made, if there can be one.  May sleep. */
void loop_request(uint32_t minor);
/*
 * loop_is - is @d one?  loop_ioctl - LOOP_* of @dev, which is open as @f, as file_ops.ioctl;
 * -ENOTTY: none of these.
 */
bool loop_is(const struct block_disk *d);
long loop_ioctl(struct block_device *dev, struct file *f, uint32_t cmd, void *arg);

/*
 * loop_is_bound - has @d a file?  Any context.
 * loop_show - what /sys/block/loop0/loop shows (LOOP_FILE: the path of the file), a line, into @buf
 * of @size bytes.  Its length; -ENXIO: no file is behind it; -ENOMEM, -ENAMETOOLONG.
 */
enum loop_fact { LOOP_FILE, LOOP_OFFSET, LOOP_LIMIT, LOOP_AUTOCLEAR, LOOP_PARTSCAN, LOOP_DIRECT };
bool loop_is_bound(const struct block_disk *d);
long loop_show(const struct block_disk *d, enum loop_fact what, char *buf, size_t size);
