/*
 * virtio.h - virtio devices: what finds them (a transport: mmio.c, PCI's) and what drives them.
 * Virtual I/O Device Specification 1.2.
 *
 * A transport makes a struct virtio_device and calls virtio_device_add; this finds the driver of
 * its type, agrees with the device about features, and calls probe, which asks for queues and says
 * virtio_ready.  Rings and their rules are ring.h's.
 *
 * The device may read and write all memory that it is given addresses of, at any time, and lies:
 * what comes out of its configuration and rings is checked where it is used.  One that is caught
 * is broken: a line in the log, no queue of it moves any more, and its driver is told.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/virtio/ring.h"
#include "lib/list.h"

/* Types of devices (chapter 5). */
enum {
	VIRTIO_NET = 1,
	VIRTIO_BLOCK = 2,
	VIRTIO_CONSOLE = 3,
	VIRTIO_RNG = 4,
	VIRTIO_9P = 9,
};

/* Features of all types (chapter 6). */
#define VIRTIO_F_VERSION_1	  (1ull << 32) /* else it is a legacy device */
#define VIRTIO_F_ACCESS_PLATFORM  (1ull << 33) /* its addresses are physical, here */
#define VIRTIO_F_ORDER_PLATFORM	  (1ull << 36) /* it is hardware: outer shareable barriers */

/* Bits of the status (2.1). */
#define VIRTIO_STATUS_ACKNOWLEDGE 0x01u
#define VIRTIO_STATUS_DRIVER	  0x02u
#define VIRTIO_STATUS_DRIVER_OK	  0x04u
#define VIRTIO_STATUS_FEATURES_OK 0x08u
#define VIRTIO_STATUS_NEEDS_RESET 0x40u
#define VIRTIO_STATUS_FAILED	  0x80u

struct virtio_device {
	/* The transport's part: set before virtio_device_add. */
	const struct virtio_transport *transport;
	void *bus; /* its own */
	uint32_t type;
	char place[96]; /* of its bus below Linux's /sys/devices; virtio.c adds its name */
	/* virtio.c's: */
	char name[12]; /* virtio0 */
	struct list_node link;
	uint64_t features; /* agreed */
	const struct virtio_driver *driver;
	void *driver_data; /* the driver's own */
	struct virtqueue *queues;
	unsigned int nr_queues;
	bool ready;  /* virtio_ready was called */
	bool broken; /* atomic */
};

/*
 * What a transport does.  At boot or in a task, one at a time for a device, unless it says
 * otherwise.
 */
struct virtio_transport {
	const char *name; /* "mmio" */
	uint8_t (*get_status)(struct virtio_device *d);
	/* set_status - 0: reset; the caller then waits until get_status is 0. */
	void (*set_status)(struct virtio_device *d, uint8_t status);
	uint64_t (*get_features)(struct virtio_device *d);
	void (*set_features)(struct virtio_device *d, uint64_t features);
	/*
	 * config_read - the number of @n bytes at @at of the type's own configuration; 1, 2 or 4 of
	 * them, aligned, by one access.  Any context.
	 * config_generation - changes when the configuration does; 0 where there is none (legacy).
	 */
	uint32_t (*config_read)(struct virtio_device *d, uint32_t at, uint32_t n);
	uint32_t (*config_generation)(struct virtio_device *d);
	/* queue_max - the size of queue @index at the most; 0: there is none. */
	unsigned int (*queue_max)(struct virtio_device *d, unsigned int index);
	/*
	 * queue_enable - @q lies where it is to stay, its index and size are set: the device is
	 * told.  Its interrupt leads to virtqueue_interrupt or virtio_interrupt from now on.  Also
	 * after a reset, for a queue that it had enabled: what it got then (a vector) is its still.
	 * 0 or -errno.
	 */
	int (*queue_enable)(struct virtqueue *q);
	/* notify - there is something in @q.  Any context. */
	void (*notify)(struct virtqueue *q);
};

struct virtio_driver {
	const char *name;
	uint32_t type;
	uint64_t features; /* that it knows, of its type; d->features has those that it gets */
	/* probe - 0, or -errno: the device is left alone, its queues are freed.  Boot. */
	int (*probe)(struct virtio_device *d);
	/* changed - the configuration has.  Interrupt handler.  Or NULL. */
	void (*changed)(struct virtio_device *d);
	/* broke - it answers no more.  Any context, locks of the driver may be held.  Or NULL. */
	void (*broke)(struct virtio_device *d);
};

/*
 * VIRTIO_DRIVER - @drv (a struct virtio_driver) serves the devices of its type.  link.ld lays all
 * of these side by side, as drivers/device.h's; no two have one type.
 */
#define VIRTIO_DRIVER(drv)                                   \
	static const struct virtio_driver *const drv##_entry \
		__attribute__((used, section(".virtio_drivers"))) = &(drv)

/* ---- for transports ---- */

/*
 * virtio_device_add - @d, which stays for good, is there.  0, or -errno: it has no driver that we
 * know (-ENODEV), or that one refused it; it is reset then.  Boot or in a task.
 */
int virtio_device_add(struct virtio_device *d) __must_check;

/*
 * Interrupt handlers call: virtqueue_interrupt - @q's own came; virtio_interrupt - that of all of
 * its queues; virtio_config_interrupt - the configuration, or the status, has changed.
 */
static inline void virtqueue_interrupt(struct virtqueue *q)
{
	if (q->used_fn)
		q->used_fn(q);
}
void virtio_interrupt(struct virtio_device *d);
void virtio_config_interrupt(struct virtio_device *d);

/* ---- for drivers ---- */

static inline bool virtio_has(const struct virtio_device *d, uint64_t feature)
{
	return d->features & feature;
}

/*
 * virtio_config - the number of @n bytes (1, 2, 4, or 8) at @at of the configuration, all of one
 * time.  Any context.
 */
uint64_t virtio_config(struct virtio_device *d, uint32_t at, uint32_t n);

/*
 * virtio_queues - make queues 0 .. @nr - 1 of @d, each of up to VIRTQUEUE_MAX descriptors; @used is
 * called in the interrupt handler when something may have been used (NULL: it is polled for).  In
 * probe, once.  0, -ENOENT (the device has fewer), -ENOMEM, -EIO.
 */
int virtio_queues(struct virtio_device *d, unsigned int nr,
		  void (*used)(struct virtqueue *q)) __must_check;

/* virtio_ready - the device may work from now on.  In probe, after virtio_queues. */
void virtio_ready(struct virtio_device *d);

/* virtqueue_kick - what was offered goes to the device.  Any context; the queue's lock. */
static inline void virtqueue_kick(struct virtqueue *q)
{
	if (virtqueue_publish(q))
		q->dev->transport->notify(q);
}

/*
 * virtqueue_poll - wait at most a second for what virtqueue_get gives, without interrupts; NULL: it
 * has not come.  For probe: nobody else uses the queue.
 */
void *virtqueue_poll(struct virtqueue *q, uint32_t *len) __must_check;

/*
 * virtio_restart - reset the device, which forgets all that was offered, and set it up as it was:
 * 0; -EIO: it is broken, does not come back, or is another than it was.  Nobody uses the queues
 * meanwhile, nor takes a lock of them: used_fn must do nothing.  In a task; waits up to a second.
 */
int virtio_restart(struct virtio_device *d) __must_check;

/* virtio_break - it has been caught: @what it wrote was @value.  Any context. */
void virtio_break(struct virtio_device *d, const char *what, uint64_t value);

/* virtio_next - the one behind @d, NULL: the first; those that have a driver.  After boot. */
struct virtio_device *virtio_next(const struct virtio_device *d);
