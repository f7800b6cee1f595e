/*
 * queue.c - what a driver offers, checked descriptor by descriptor.
 *
 * Invariant: an iovec that leaves here lies in the guest's memory, and a chain has at most as many
 * descriptors as its queue: a loop ends there.
 */
#include "el0/lib/string.h"
#include "el0/vm/queue.h"

#define NEXT	     1u
#define WRITE	     2u
#define NO_INTERRUPT 1u

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

struct ring {
	uint16_t flags, idx;
	uint16_t of[];
};

struct used {
	uint16_t flags, idx;
	struct {
		uint32_t id, len;
	} of[];
};

bool queue_start(struct queue *q)
{
	uint64_t n = q->size;

	q->ready = n && n <= QUEUE_MAX && !(n & (n - 1)) && !(q->desc & 15) && !(q->avail & 1) &&
		   !(q->used & 3) && ram_span(q->ram, q->desc, 16 * n) &&
		   ram_span(q->ram, q->avail, 6 + 2 * n) && ram_span(q->ram, q->used, 6 + 8 * n);
	q->taken = 0;
	return q->ready;
}

/* One descriptor into the chain: NULL, or what is wrong with it. */
static const char *add_desc(const struct queue *q, const struct desc *d, struct chain *c)
{
	struct iovec *v = &c->iov[c->nr_out + c->nr_in];

	if (d->flags & ~(NEXT | WRITE))
		return "a descriptor has a flag that was not agreed on";
	v->iov_base = (uint64_t)(uintptr_t)ram_span(q->ram, d->addr, d->len);
	v->iov_len = d->len;
	if (!v->iov_base)
		return "a descriptor is not in the guest's memory";
	if (!(d->flags & WRITE) && c->nr_in)
		return "a descriptor to read follows one to write";
	if (d->flags & WRITE) {
		c->nr_in++;
		c->in_bytes += d->len;
	} else {
		c->nr_out++;
		c->out_bytes += d->len;
	}
	return NULL;
}

int queue_peek(struct queue *q, struct chain *c, const char **why)
{
	const volatile struct desc *table = ram_span(q->ram, q->desc, 16 * q->size);
	const struct ring *avail = ram_span(q->ram, q->avail, 6 + 2 * q->size);
	uint16_t waiting = (uint16_t)(__atomic_load_n(&avail->idx, __ATOMIC_ACQUIRE) - q->taken);
	uint16_t next;
	struct desc d;

	if (!waiting)
		return 0;
	next = __atomic_load_n(&avail->of[q->taken & (q->size - 1)], __ATOMIC_RELAXED);
	c->head = next;
	c->nr_out = c->nr_in = 0;
	c->out_bytes = c->in_bytes = 0;
	*why = waiting > q->size ? "more chains are offered than the queue holds" : NULL;
	do {
		if (!*why && next >= q->size)
			*why = "a descriptor's number is past the queue";
		else if (!*why && c->nr_out + c->nr_in >= q->size)
			*why = "a chain is longer than the queue: a loop";
		if (*why)
			return -1;
		d.addr = table[next].addr;
		d.len = table[next].len;
		d.flags = table[next].flags;
		next = table[next].next;
		*why = add_desc(q, &d, c);
	} while (*why || d.flags & NEXT);
	return 1;
}

bool queue_give(struct queue *q, uint16_t head, uint32_t len)
{
	const struct ring *avail = ram_span(q->ram, q->avail, 6 + 2 * q->size);
	struct used *used = ram_span(q->ram, q->used, 6 + 8 * q->size);
	uint16_t at = q->taken++ & (uint16_t)(q->size - 1);

	used->of[at].id = head;
	used->of[at].len = len;
	__atomic_store_n(&used->idx, q->taken, __ATOMIC_RELEASE);
	/* The driver looks at idx after it clears the flag; we at the flag after idx. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return !(__atomic_load_n(&avail->flags, __ATOMIC_RELAXED) & NO_INTERRUPT);
}

size_t iov_copy(const struct iovec *iov, size_t n, size_t skip, void *buf, size_t len,
		bool to_guest)
{
	size_t done = 0;

	for (; n && done < len; n--, iov++) {
		uint8_t *at = (uint8_t *)(uintptr_t)iov->iov_base;
		size_t part = iov->iov_len;

		if (skip >= part) {
			skip -= part;
			continue;
		}
		part -= skip;
		part = part < len - done ? part : len - done;
		if (to_guest)
			memcpy(at + skip, (uint8_t *)buf + done, part);
		else
			memcpy((uint8_t *)buf + done, at + skip, part);
		done += part;
		skip = 0;
	}
	return done;
}

size_t iov_cut(struct iovec *to, const struct iovec *iov, size_t n, uint64_t skip, uint64_t len)
{
	size_t kept = 0;

	for (size_t i = 0; i < n && len; i++) {
		uint64_t off = skip < iov[i].iov_len ? skip : iov[i].iov_len;
		uint64_t part = iov[i].iov_len - off < len ? iov[i].iov_len - off : len;

		skip -= off;
		len -= part;
		if (part)
			to[kept++] = (struct iovec){ iov[i].iov_base + off, part };
	}
	return kept;
}
