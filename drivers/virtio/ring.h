/*
 * ring.h - a split virtqueue (Virtual I/O Device Specification 1.2, chapter 2.7): descriptors, the
 * ring of what is offered to the device, the ring of what it has used.
 *
 * The device may write to all of these at any time, and is hostile: what the driver needs again
 * (which descriptors are free, how a chain goes on, whose it is) it keeps in slots[], of its own,
 * and each word of the used ring is read once and checked.  The code is pure but for the barriers,
 * and built for the host too.
 *
 * Lock: the caller's, one a queue, around all of these.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arm/atomic.h"
#include "lib/util.h"
#include "mm/paddr.h"

/* As many descriptors as a queue is given at the most; a power of two. */
#define VIRTQUEUE_MAX	   256
#define VRING_ALIGN	   4096 /* of the used ring, where the transport is a legacy one */

#define VRING_DESC_NEXT	   0x1u
#define VRING_DESC_WRITE   0x2u /* the device writes to it */
#define VRING_NO_INTERRUPT 0x1u /* in avail->flags, ours */
#define VRING_NO_NOTIFY	   0x1u /* in used->flags, the device's */

struct vring_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

struct vring_avail {
	uint16_t flags, idx;
	uint16_t ring[];
};

struct vring_used_elem {
	uint32_t id, len;
};

struct vring_used {
	uint16_t flags, idx;
	struct vring_used_elem ring[];
};

_Static_assert(sizeof(struct vring_desc) == 16, "2.7.5");
_Static_assert(offsetof(struct vring_used, ring) == 4, "2.7.8");

/* What is known of a descriptor; all but next in the first one of a chain. */
struct virtqueue_slot {
	void *token;	   /* the driver's, for this chain */
	uint32_t writable; /* bytes that the device may write */
	uint16_t next;	   /* the next of its chain, or of those that are free */
	uint16_t last;	   /* of this chain */
	uint16_t nr;	   /* descriptors of this chain; 0: not the first of one that is offered */
};

struct virtio_device;

struct virtqueue {
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	struct virtqueue_slot *slots;
	uint16_t size;	    /* a power of two */
	uint16_t free;	    /* the first free descriptor */
	uint16_t nr_free;   /* that many */
	uint16_t offered;   /* avail->idx as it will be at the next kick */
	uint16_t published; /* as it is */
	uint16_t seen;	    /* used->idx up to where we have taken */
	/* The chain that is being made; head is that of the next, too. */
	uint16_t head, last, nr;
	uint32_t writable;
	bool broken; /* atomic: the device has written what is not possible; no more is read */
	bool legacy; /* its used lengths may be too large */
	/*
	 * From here on virtio.c's and the transport's.  broke - the device has written @value where
	 * @what was to be, which is not possible; broken is set already.  Under the queue's lock.
	 */
	void (*broke)(struct virtqueue *q, const char *what, uint64_t value);
	uint16_t index; /* of the device's queues */
	struct virtio_device *dev;
	/* called in the interrupt handler: something may have been used */
	void (*used_fn)(struct virtqueue *q);
	void *driver;		  /* the driver's own */
	volatile void *notify_at; /* the transport's own */
	int vector;		  /* the same: e.g. its interrupt; -1 at first */
};

/*
 * virtqueue_bytes - how much memory the rings of a queue of @size need, aligned to a page;
 * virtqueue_format - lay them out in @mem of so many bytes, which is zeroed, and forget all that
 * was offered. @q->slots holds q->size slots.  Boot, or while the device is reset.
 */
size_t virtqueue_bytes(unsigned int size);
void virtqueue_format(struct virtqueue *q, void *mem);

/*
 * A chain is offered so: virtqueue_room (enough descriptors?), virtqueue_add for each piece, those
 * that the device reads before those that it writes; virtqueue_offer; and after one or several of
 * these virtqueue_kick.
 *
 * virtqueue_head - the number that the next chain will have; below q->size, and of no other that is
 * in flight.
 * virtqueue_offer - @token (not NULL) is what virtqueue_get gives.
 */
static inline bool virtqueue_room(const struct virtqueue *q, unsigned int nr)
{
	return nr <= q->nr_free;
}
static inline uint16_t virtqueue_head(const struct virtqueue *q)
{
	return q->head;
}
static inline void virtqueue_add(struct virtqueue *q, paddr at, uint32_t len, bool device_writes)
{
	uint16_t i = q->free;

	q->free = q->slots[i].next;
	/* As if the chain went on with the next free one: virtqueue_offer knows where it ends. */
	q->desc[i] = (struct vring_desc){
		.addr = paddr_value(at),
		.len = len,
		.flags = VRING_DESC_NEXT | (device_writes ? VRING_DESC_WRITE : 0),
		.next = q->free,
	};
	q->last = i;
	q->nr++;
	q->writable += device_writes ? len : 0;
}
void virtqueue_offer(struct virtqueue *q, void *token);

/*
 * virtqueue_publish - what was offered is the device's from now on; true: it wants to be told.
 * virtqueue_kick (virtio.h) is this, and tells it.
 */
bool virtqueue_publish(struct virtqueue *q) __must_check;

/*
 * virtqueue_get - the token of the next chain that the device has used, whose descriptors are free
 * again; *@len: how many bytes it says to have written, at most what it could.  NULL: there is
 * none, or the queue is broken.
 *
 * A legacy device may say more bytes than it could write (2.7.8.2), and *@len is then what it
 * could; of others that is a lie.
 */
void *virtqueue_get(struct virtqueue *q, uint32_t *len);

/* virtqueue_ready - so many the device says to have used; not checked. */
static inline uint16_t virtqueue_ready(const struct virtqueue *q)
{
	return (uint16_t)(READ_ONCE(q->used->idx) - q->seen);
}

/*
 * virtqueue_quiet - no interrupts for what is used, please: a hint.
 * virtqueue_listen - the contrary; true: something has been used meanwhile, for which none may
 * come, and virtqueue_get is to be called.
 */
void virtqueue_quiet(struct virtqueue *q);
bool virtqueue_listen(struct virtqueue *q) __must_check;

/* virtqueue_is_idle - nothing is in flight, as far as has been taken. */
static inline bool virtqueue_is_idle(const struct virtqueue *q)
{
	return q->nr_free == q->size;
}
