/*
 * ring.h - bytes, first in, first out, in a ring of pages: what lies in a pipe, or on its way to
 * the master of a pseudo-terminal.
 *
 * Its owner's lock is held around all but ring_used() and ring_room(), which are answers of one
 * moment without it.
 */
#pragma once

#include "fs/iter.h"
#include "mm/page.h"

struct charge;

struct ring {
	struct page **pages;   /* cap / PAGE_SIZE of them; NULL: not made yet */
	uint32_t cap;	       /* bytes, a power of two, at least a page */
	uint32_t tail;	       /* where reading goes on, modulo cap */
	uint32_t used;	       /* bytes that lie in it from there on */
	bool keeps_pages;      /* ring_make_pages */
	struct charge *charge; /* charged for the pages; NULL: none */
};

/* ring_init - an empty ring, @r being zero; it has no page yet.  0, -ENOMEM. */
int ring_init(struct ring *r, uint32_t cap, struct charge *charge) __must_check;
/*
 * ring_make_pages - all of them, which stay from now on: what is put in afterwards needs no memory,
 * so that a spinlock may be held.  0, -ENOMEM.
 */
int ring_make_pages(struct ring *r) __must_check;
/* ring_free - the pages, and what is in them; also of one that is zero. */
void ring_free(struct ring *r);
/* ring_resize - @cap bytes, no fewer than there are in it.  0, -ENOMEM.  Gives way. */
int ring_resize(struct ring *r, uint32_t cap) __must_check;

static inline uint32_t ring_used(const struct ring *r)
{
	return READ_ONCE(r->used);
}

static inline uint32_t ring_room(const struct ring *r)
{
	return READ_ONCE(r->cap) - ring_used(r);
}

static inline uint32_t ring_page_at(const struct ring *r, uint32_t pos)
{
	return (pos & (r->cap - 1)) >> PAGE_SHIFT;
}

/* ring_at - where byte @pos of the ring lies; *@n becomes the bytes from there in one page. */
static inline char *ring_at(const struct ring *r, uint32_t pos, uint32_t *n)
{
	uint32_t off = pos & (PAGE_SIZE - 1);

	*n = min(*n, (uint32_t)PAGE_SIZE - off);
	return (char *)page_to_virt(r->pages[ring_page_at(r, pos)]) + off;
}

/* ring_space - the same where bytes are to go: the page is made.  NULL: no memory. */
bool ring_new_page(struct ring *r, uint32_t pos) __must_check;
static inline char *ring_space(struct ring *r, uint32_t pos, uint32_t *n)
{
	if (unlikely(!r->pages[ring_page_at(r, pos)]) && !ring_new_page(r, pos))
		return NULL;
	return ring_at(r, pos, n);
}

/* ring_fill - @n bytes have been put into the ring's space behind those that there are. */
static inline void ring_fill(struct ring *r, uint32_t n)
{
	WRITE_ONCE(r->used, r->used + n);
}

/*
 * ring_append - copy @n bytes, for which there is room, behind those that there are; all or none.
 * 0, -EFAULT, -ENOMEM.
 */
int ring_append(struct ring *r, struct iter *from, uint32_t n) __must_check;

/*
 * ring_consume - the first @n bytes have been read, all in one page, which goes back if it was read
 * to its end; but the ring's first page stays for what comes.
 */
void ring_drop_page(struct ring *r, uint32_t i);
static inline void ring_consume(struct ring *r, uint32_t n)
{
	uint32_t page = ring_page_at(r, r->tail);

	r->tail += n;
	WRITE_ONCE(r->used, r->used - n);
	/*
	 * In a ring that is full but for less than a page, the newest bytes are in that page too.
	 */
	if ((!r->used || (ring_page_at(r, r->tail) != page && ring_room(r) >= PAGE_SIZE)) && page &&
	    !r->keeps_pages)
		ring_drop_page(r, page);
	if (!r->used)
		r->tail = 0;
}
