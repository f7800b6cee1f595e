/*
 * virtio.h - a virtio device behind registers in memory (specification 1.2, 4.2: version 2).
 *
 * A driver that breaks the rules of a queue stops its device (DEVICE_NEEDS_RESET), until it resets
 * it; the guest and this program go on.
 */
#pragma once

#include "el0/vm/vm.h"

#define VIRTIO_QUEUES 2

enum virtio_id { VIRTIO_BLK = 2, VIRTIO_CONSOLE = 3, VIRTIO_9P = 9 };

struct virtio {
	/* The device's own.  What is called is called with the lock held, but for open. */
	const char *name;
	enum virtio_id id;
	uint32_t nr_queues, features; /* beside VIRTIO_F_VERSION_1 */
	const void *config;
	uint32_t config_size;
	int (*open)(const char *path); /* what it serves: a descriptor, or -errno and said */
	void (*reset)(void);
	/*
	 * A request of queue 0, in a thread of the device's own: bytes written, or 0: it has no
	 * room for what it must hold.  NULL: the terminal's thread serves it.
	 */
	uint32_t (*serve)(struct chain *c);

	struct vm *vm;
	struct mmio mmio;
	struct thread thread;
	bool stop;
	int file, notify; /* an eventfd: a queue was notified */
	uint32_t spi;
	uint32_t interrupt; /* InterruptStatus; atomic: who asks does not wait for work under way */

	/* All below, and the device's own state, are changed under this lock. */
	struct mutex lock;
	uint32_t status, features_sel, driver_sel, queue_sel;
	uint64_t driver_features;
	struct queue queue[VIRTIO_QUEUES];
	struct chain chain; /* the one at hand */
};

extern struct virtio virtio_blk, virtio_console, virtio_share;

/*
 * virtio_start - add it to the guest, over the file at @path: 0 or said why not.  virtio_hurry - it
 * takes no more requests and cuts short the one at hand, so that no vCPU waits long for its lock.
 * virtio_stop - its thread has ended, its file is closed; of one that was not started: nothing.
 */
int virtio_start(struct vm *vm, struct virtio *v, const char *path);
void virtio_hurry(struct virtio *v);
void virtio_stop(struct virtio *v);

/*
 * virtio_next - the next chain of queue @nr into chain, if the driver has started the device: true.
 * A bad queue stops the device.  virtio_done - the chain goes back with @len bytes written, and the
 * driver hears of it; until then it is the next.  Lock held.
 */
bool virtio_next(struct virtio *v, uint32_t nr);
void virtio_done(struct virtio *v, uint32_t nr, uint64_t len);
