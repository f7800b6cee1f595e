/*
 * iter.h - where the bytes of a read go, or those of a write come from: spans of user or kernel
 * memory, in order.
 *
 * Everything in fs/ moves data through an iterator, so that a file never knows whether a system
 * call, sendfile or the kernel itself is on the other side, and user addresses stay in iter.c and
 * mm/uaccess.
 *
 * Context: a user iterator may sleep (page faults): no spinlock held.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arm/might_sleep.h"
#include "abi/uio.h"
#include "mm/uaccess.h"

/* In rwf: it is written at the position, whatever the file's O_APPEND says. */
#define ITER_AT_POS 0x20u

struct iter {
	size_t left;		  /* bytes not yet moved, in all spans */
	size_t span_left;	  /* of them, in this span */
	uint64_t base;		  /* where this span goes on */
	const struct iovec *next; /* the span after it */
	bool kernel;		  /* spans are kernel addresses */
	uint8_t rwf; /* RWF_* of the call that the file itself serves, and ITER_AT_POS */
};

/* iter_user, iter_kernel - over one buffer of @n bytes. */
static inline void iter_user(struct iter *it, uptr buf, size_t n)
{
	*it = (struct iter){ .left = n, .span_left = n, .base = buf.va };
}

static inline void iter_kernel(struct iter *it, const void *buf, size_t n)
{
	*it = (struct iter){ .left = n, .span_left = n, .base = (uintptr_t)buf, .kernel = true };
}

/*
 * iter_user_spans - over user @spans, which must stay there; @total is the sum of their lengths, or
 * less.
 */
void iter_user_spans(struct iter *it, const struct iovec *spans, size_t total);
/* iter_kernel_spans - the same over spans of kernel memory. */
static inline void iter_kernel_spans(struct iter *it, const struct iovec *spans, size_t total)
{
	*it = (struct iter){ .left = total, .next = spans, .kernel = true };
}

/*
 * iter_put - move @n bytes from @src into the iterator's memory; iter_take - out of it; iter_zero -
 * fill with zeros.
 * Return: bytes moved, in ascending order and nothing beyond: fewer than min(@n, it->left) only
 * where user memory faulted.  The iterator has advanced by as many.
 */
size_t iter_put(struct iter *it, const void *src, size_t n) __must_check;
size_t iter_take(struct iter *it, void *dst, size_t n) __must_check;
#ifdef MODULE /* user memory may have to be brought in first */
#define iter_put(it, src, n)  (might_sleep(), (iter_put)(it, src, n))
#define iter_take(it, dst, n) (might_sleep(), (iter_take)(it, dst, n))
#endif
size_t iter_zero(struct iter *it, size_t n) __must_check;

/*
 * iter_page_left - how many of the bytes that come next lie in one page of its memory; it->left is
 * not 0.
 */
uint32_t iter_page_left(struct iter *it);

/* iter_bits - all its addresses and lengths or'ed: what they are aligned to. */
uint64_t iter_bits(const struct iter *it);

/* iter_skip - leave @n bytes out (a sink that looks at nothing). */
void iter_skip(struct iter *it, size_t n);
