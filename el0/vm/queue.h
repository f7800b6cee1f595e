/*
 * queue.h - the device's side of a split virtqueue (Virtual I/O Device Specification 1.2, 2.7).
 *
 * Pure.  All that is in the guest's memory is hostile and may change at any time: each word is read
 * once, checked, and used from where it was read to.  The caller's lock is around all of these.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/uio.h"

#define QUEUE_MAX 128 /* descriptors; a power of two */

/* The guest's memory: size bytes that it has at base and the VMM at @at. */
struct ram {
	uint8_t *at;
	uint64_t base, size;
};

/* ram_span - where the guest's @len bytes at @addr are; NULL: they are not all in its memory. */
static inline void *ram_span(const struct ram *r, uint64_t addr, uint64_t len)
{
	uint64_t from = addr - r->base;

	if (addr < r->base || from > r->size || len > r->size - from)
		return NULL;
	return r->at + from;
}

struct queue {
	const struct ram *ram;
	/* As the driver said, and checked when it said it was ready. */
	uint64_t desc, avail, used;
	uint32_t size;
	bool ready;
	uint16_t taken; /* of avail, and given to used: chains go back in order */
};

/* What a chain of descriptors says: first what the device reads, then what it writes. */
struct chain {
	uint16_t head;
	size_t nr_out, nr_in;
	uint64_t out_bytes, in_bytes;
	struct iovec iov[QUEUE_MAX]; /* nr_out, and behind them nr_in */
};

/* queue_start - is all that it says of itself possible?  It is ready from then on. */
bool queue_start(struct queue *q);

/*
 * queue_peek - the next chain that the driver offers: 1; 0: there is none; -1: it broke the rules,
 * and *@why says which.  queue_give - it goes back, the device wrote @len bytes, and the next
 * comes: does the driver want an interrupt?
 */
int queue_peek(struct queue *q, struct chain *c, const char **why);
bool queue_give(struct queue *q, uint16_t head, uint32_t len);

/*
 * iov_copy - up to @len bytes between @buf and *@iov, on from @skip: how many.  iov_cut - the @len
 * bytes behind the first @skip, as pieces at @to, which may be @iov: their number.
 */
size_t iov_copy(const struct iovec *iov, size_t n, size_t skip, void *buf, size_t len,
		bool to_guest);
size_t iov_cut(struct iovec *to, const struct iovec *iov, size_t n, uint64_t skip, uint64_t len);
