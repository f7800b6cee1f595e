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
	/* The device's own, before virtio_start. */
	const char *name;
	enum virtio_id id;
	uint32_t nr_queues, features; /* beside VIRTIO_F_VERSION_1 */
	const void *config;
	uint32_t config_size;
	int notify; /* an eventfd: a queue was notified */
	void (*reset)(void);
	/* NULL: no thread of its own; else called in one, the lock held, after notifications. */
	void (*serve)(struct virtio *v);

	struct vm *vm;
	struct mmio mmio;
	struct thread thread;
	bool stop;
	uint32_t spi;
	uint32_t interrupt; /* InterruptStatus; atomic: who asks does not wait for work under way */

	/* All below, and the device's own state, under this lock. */
	struct mutex lock;
	uint32_t status, features_sel, driver_sel, queue_sel;
	uint64_t driver_features;
	struct queue queue[VIRTIO_QUEUES];
};

/* virtio_start - add it to the guest, after the others: 0 or said.  virtio_stop - its thread. */
int virtio_start(struct vm *vm, struct virtio *v);
void virtio_stop(struct virtio *v);

/*
 * virtio_next - the next chain of queue @nr, if the driver has started the device: true.  A bad
 * queue stops the device.  virtio_done - the chain goes back with @len bytes written, and the
 * driver hears of it; until then it is the next.  virtio_break - the driver asked for what cannot
 * be.  Lock held.
 */
bool virtio_next(struct virtio *v, uint32_t nr, struct chain *c);
void virtio_done(struct virtio *v, uint32_t nr, const struct chain *c, uint64_t len);
void virtio_break(struct virtio *v, const char *why);
