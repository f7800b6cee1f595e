/*
 * ring.c - see ring.h.  Invariant: `first` of a page is the number of its first record whenever it
 * is neither 0 nor TRACE_PAGE_RESERVED, and while it stays the same no record of the page changes.
 */
#include "trace/ring.h"

#include "abi/trace_stream.h"
#include "arm/barrier.h"
#include "lib/string.h"

DEFINE_PERCPU(struct trace_ring, trace_ring);

static uint32_t records_of(uint64_t state)
{
	return state >> 32;
}

/* Of records @first to @last, which go, those count that nobody has read. */
static void count_lost(struct trace_ring *ring, uint64_t first, uint64_t last)
{
	first = max(first, READ_ONCE(ring->read) + 1);
	if (first <= last)
		WRITE_ONCE(ring->lost, ring->lost + (last + 1 - first));
}

struct trace_page *ring_turn(struct trace_ring *ring)
{
	struct trace_page *p = ring->page;
	uint32_t at;

	if (!p) {
		WRITE_ONCE(ring->before, ring->before + 1);
		count_lost(ring, ring->before, ring->before);
		return NULL;
	}
	ring->before = p->first - 1 + records_of(p->state);
	at = ring->at + 1 == ring->nr_pages ? 0 : ring->at + 1;
	p = ring->pages[at];
	if (p->first)
		count_lost(ring, p->first, p->first - 1 + records_of(p->state));
	/*
	 * First the mark, then whatever is written: a reader that copies meanwhile, and has copied
	 * anything of what is new, finds the mark, or another number, behind its copy (copy_page).
	 */
	WRITE_ONCE(p->first, TRACE_PAGE_RESERVED);
	dmb(ishst);
	WRITE_ONCE(p->state, 0);
	store_release(&p->first, ring->before + 1);
	WRITE_ONCE(ring->page, p);
	store_release(&ring->at, at);
	return p;
}

uint64_t ring_written(const struct trace_ring *ring)
{
	const struct trace_page *p;
	uint64_t first, state;

	do {
		p = READ_ONCE(ring->page);
		if (!p)
			return READ_ONCE(ring->before);
		first = load_acquire(&p->first);
		state = load_acquire(&p->state);
		dmb(ishld);
		/* Not while it is being reused: the state would be another page's. */
	} while (first == TRACE_PAGE_RESERVED || READ_ONCE(p->first) != first);
	return first + records_of(state) - 1;
}

/*
 * Whether all of @p comes before record @next, or it was never used, or is reused: it has, or will
 * have, numbers above @newest.
 */
static bool page_is_before(const struct trace_page *p, uint64_t next, uint64_t newest)
{
	uint64_t first = load_acquire(&p->first), end = first + records_of(load_acquire(&p->state));

	if (!first || first > newest || end <= next)
		return true;
	/* Both are of one use of the page, or it is being reused. */
	dmb(ishld);
	return READ_ONCE(p->first) != first;
}

/*
 * The page that holds record @next, or the first behind it that is left: its index, or nr_pages.
 * From the oldest page to the newest the numbers rise; those that the writer takes meanwhile are
 * the oldest, and count as before all others.
 */
static uint32_t find_page(const struct trace_ring *ring, uint64_t next)
{
	uint32_t n = ring->nr_pages, at, low = 1, high = n + 1, middle;
	uint64_t newest;

	if (!n)
		return n;
	do {
		at = load_acquire(&ring->at);
		newest = load_acquire(&ring->pages[at]->first);
	} while (newest == TRACE_PAGE_RESERVED);
	while (low < high) {
		middle = low + (high - low) / 2;
		if (page_is_before(ring->pages[(at + middle) % n], next, newest))
			low = middle + 1;
		else
			high = middle;
	}
	return low <= n ? (at + low) % n : n;
}

/* Bytes of the first @n records at @data, which has @bytes of whole ones. */
static size_t bytes_of(const uint64_t *data, size_t bytes, uint64_t n)
{
	size_t at = 0;

	for (; n && at < bytes; n--)
		at += 8 * ((const struct trace_head *)(data + at / 8))->words;
	return at;
}

/* A copy of @p as it was at one moment; false: it is reused just now. */
static bool copy_page(const struct trace_page *p, uint64_t *buf, struct ring_piece *piece)
{
	uint64_t state;

	piece->seq = load_acquire(&p->first);
	state = load_acquire(&p->state);
	piece->records = records_of(state);
	piece->bytes = (uint32_t)state;
	memcpy(buf, p->data, piece->bytes);
	/* Behind the copy: if the page is the same still, nothing in it was written meanwhile. */
	dmb(ishld);
	return piece->seq != TRACE_PAGE_RESERVED && READ_ONCE(p->first) == piece->seq;
}

bool ring_read(struct trace_ring *ring, uint64_t next, uint64_t last, void *buf,
	       struct ring_piece *p)
{
	uint64_t *data = buf, skip, want;
	uint32_t which;
	size_t from;

	do {
		which = find_page(ring, next);
		if (which == ring->nr_pages)
			return false;
	} while (!copy_page(ring->pages[which], data, p));
	skip = next > p->seq ? next - p->seq : 0;
	p->seq += skip;
	if (p->seq > last || skip >= p->records)
		return false;
	want = min(p->records - skip, last + 1 - p->seq);
	from = bytes_of(data, p->bytes, skip);
	p->data = data + from / 8;
	p->bytes = bytes_of(p->data, p->bytes - from, want);
	p->records = (uint32_t)want;
	WRITE_ONCE(ring->read, max(ring->read, p->seq + want - 1));
	return true;
}

bool ring_peek(unsigned int cpu, unsigned int back, struct ring_piece *p)
{
	const struct trace_ring *ring = &per_cpu(trace_ring, cpu);
	uint32_t n = READ_ONCE(ring->nr_pages);
	const struct trace_page *page;
	uint64_t state;

	if (back >= n)
		return false;
	page = ring->pages[(ring->at + n - back) % n];
	p->seq = READ_ONCE(page->first);
	state = READ_ONCE(page->state);
	if (!p->seq || p->seq == TRACE_PAGE_RESERVED || (uint32_t)state > TRACE_PAGE_DATA)
		return false;
	p->data = page->data;
	p->bytes = (uint32_t)state;
	p->records = records_of(state);
	return true;
}

/* The oldest record that is left; ring->pages is not NULL. */
static uint64_t oldest_of(const struct trace_ring *ring)
{
	uint64_t first = ring->pages[(ring->at + 1) % ring->nr_pages]->first;

	/* Not all of the pages have been used yet: they were from the first on. */
	return first ? first : ring->pages[0]->first;
}

void ring_begin(struct trace_ring *ring, struct trace_page **pages, uint32_t n)
{
	if (ring->page) {
		ring->before = ring->page->first - 1 + records_of(ring->page->state);
		count_lost(ring, oldest_of(ring), ring->before);
	}
	ring->pages = pages;
	ring->nr_pages = n;
	ring->at = 0;
	ring->page = n ? pages[0] : NULL;
	if (n)
		ring->page->first = ring->before + 1;
}
