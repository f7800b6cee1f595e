/*
 * ring.c - see ring.h.  The owner's lock is held, but for ring_used() and ring_room().
 *
 * A page is made when the first byte goes into it; when the ring runs empty it begins anew at its
 * start, so that a ring through which little flows uses one page for ever.  Invariant: used bytes
 * from tail on are in the ring, at most cap, and their pages exist.
 */
#include "fs/ring.h"

#include "abi/errno.h"
#include "mm/charge.h"
#include "mm/giveway.h"
#include "mm/slab.h"

int ring_init(struct ring *r, uint32_t cap, struct charge *charge)
{
	r->pages = kzalloc(cap / PAGE_SIZE * sizeof(struct page *));
	r->cap = cap;
	r->charge = charge;
	return r->pages ? 0 : -ENOMEM;
}

bool ring_new_page(struct ring *r, uint32_t pos)
{
	struct page *page = page_alloc(0); /* what is not written is never read */

	if (page)
		charge_add(r->charge, PAGE_SIZE);
	r->pages[ring_page_at(r, pos)] = page;
	return page;
}

int ring_make_pages(struct ring *r)
{
	r->keeps_pages = true;
	for (uint32_t pos = 0; pos < r->cap; pos += PAGE_SIZE)
		if (!ring_new_page(r, pos))
			return -ENOMEM;
	return 0;
}

void ring_drop_page(struct ring *r, uint32_t i)
{
	if (!r->pages[i])
		return;
	page_put(r->pages[i]);
	charge_drop(r->charge, PAGE_SIZE);
	r->pages[i] = NULL;
}

void ring_free(struct ring *r)
{
	for (uint32_t i = 0; r->pages && i < r->cap / PAGE_SIZE; i++)
		ring_drop_page(r, i);
	kfree(r->pages);
}

int ring_resize(struct ring *r, uint32_t cap)
{
	struct ring old = *r, to = { .pages = NULL };
	int err = ring_init(&to, cap, r->charge);

	while (!err && to.used < r->used) {
		uint32_t n = r->used - to.used;
		const char *from = ring_at(r, r->tail + to.used, &n);
		struct iter it;

		iter_kernel(&it, from, n);
		err = ring_append(&to, &it, n);
		give_way(); /* a move is never left half done: it goes on to its end */
	}
	if (err) {
		ring_free(&to);
		return err;
	}
	r->pages = to.pages;
	r->tail = 0;
	/*
	 * The new pages are in place: a task that asks for room without the lock may see either
	 * size.
	 */
	WRITE_ONCE(r->cap, cap);
	ring_free(&old);
	return 0;
}

int ring_append(struct ring *r, struct iter *from, uint32_t n)
{
	uint32_t at = r->tail + r->used, end = at + n, piece;

	for (; at != end; at += piece) {
		char *to;

		piece = end - at;
		to = ring_space(r, at, &piece);
		if (!to)
			return -ENOMEM;
		if (iter_take(from, to, piece) != piece)
			return -EFAULT;
	}
	/* All at once: a reader without the lock sees no part. */
	WRITE_ONCE(r->used, end - r->tail);
	return 0;
}
