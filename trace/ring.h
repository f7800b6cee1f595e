/*
 * ring.h - a core's ring of records: pages, which that core alone writes and anybody reads.
 *
 * A record (abi/trace_stream.h) never crosses a page.  It is written behind the last one and counts
 * from the moment that the page's state word says so, which is one store: a reader sees it whole or
 * not at all.  Records have no numbers of their own: a page says which its first one has.  When the
 * newest page is full the oldest is taken: marked first, so that who copies it meanwhile can tell.
 *
 * Writing: on its own core, interrupts masked.  Reading: any number, on any core; what the ring is
 * made of stands still meanwhile (el1/tracing.c's mutex).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arm/atomic.h"
#include "arm/percpu.h"
#include "lib/util.h"

#define TRACE_PAGE_SIZE	    4096
#define TRACE_PAGE_DATA	    (TRACE_PAGE_SIZE - 16) /* bytes of records */
#define TRACE_PAGE_RESERVED UINT64_MAX

struct trace_page {
	/* number of its first record, from 1; 0: never used; TRACE_PAGE_RESERVED: not now */
	uint64_t first;
	uint64_t state; /* records << 32 | bytes: those that are whole */
	uint64_t data[];
};
_Static_assert(offsetof(struct trace_page, data) + TRACE_PAGE_DATA == TRACE_PAGE_SIZE, "a page");

/* All zeros: there are no pages, and what comes is lost. */
struct trace_ring {
	struct trace_page *page; /* being written: pages[at]; NULL: nothing is kept */
	struct trace_page **pages;
	uint32_t nr_pages;
	uint32_t at;	 /* page is pages[at], the one behind it is the oldest */
	uint64_t before; /* number of the last record before @page; of the last one, without */
	uint64_t lost;	 /* overwritten, or not kept, and nobody had read it */
	uint64_t read;	 /* up to here somebody has, or trace_clear: written by readers */
};
DECLARE_PERCPU(struct trace_ring, trace_ring);

/* ring_turn - the next page becomes the one that is written; NULL: there is none, the record is
 * lost. */
struct trace_page *ring_turn(struct trace_ring *ring);

/* Room for a record in the page that is being written; what commits it. */
struct ring_room {
	void *at; /* NULL: none */
	struct trace_page *page;
	uint64_t state;
};

/*
 * ring_room - for @bytes, a multiple of 8 and at most 8 * TRACE_WORDS_MAX, where the page has it.
 * ring_reserve - the same, in the next page if it must be; NULL: the record is lost, and counted.
 * ring_commit - @bytes are written there.
 */
static inline struct ring_room ring_room(const struct trace_ring *ring, size_t bytes)
{
	struct ring_room room = { .page = ring->page };

	if (unlikely(!room.page))
		return room;
	room.state = room.page->state;
	if (likely((uint32_t)room.state <= TRACE_PAGE_DATA - bytes))
		room.at = (char *)room.page + (uint32_t)room.state +
			  offsetof(struct trace_page, data);
	return room;
}

static inline struct ring_room ring_reserve(struct trace_ring *ring, size_t bytes)
{
	struct ring_room room = ring_room(ring, bytes);

	return likely(room.at != NULL) || !ring_turn(ring) ? room : ring_room(ring, bytes);
}

static inline void ring_commit(struct ring_room room, size_t bytes)
{
	/* Behind the record: who reads the state (load_acquire) finds all that it counts. */
	store_release(&room.page->state, room.state + (UINT64_C(1) << 32) + bytes);
}

/* ring_written - the number of the last record that is whole; from any core. */
uint64_t ring_written(const struct trace_ring *ring);

/* Records of one page. */
struct ring_piece {
	const void *data;
	size_t bytes;
	uint64_t seq; /* of the first */
	uint32_t records;
};

/*
 * ring_read - records @next to @last, as many as lie in one page, into @buf of TRACE_PAGE_DATA
 * bytes; where @next is overwritten, from the oldest that is left.
 * Return: *@p says what is in @buf; false: there is none.  The ring's own `read` moves.
 */
bool ring_read(struct trace_ring *ring, uint64_t next, uint64_t last, void *buf,
	       struct ring_piece *p);

/*
 * ring_peek - the @back-th newest page of core @cpu, where it lies; 0: the one that is being
 * written.  False: there is none, or it is being reused.  Takes no lock: for a panic, when nobody
 * writes.
 */
bool ring_peek(unsigned int cpu, unsigned int back, struct ring_piece *p);

/*
 * ring_begin - from here on @ring writes to @pages, @n of them, zeroed; 0: what comes is lost.
 * Numbers go on; what is in its old pages and nobody has read is lost.  On its own core, interrupts
 * masked.
 */
void ring_begin(struct trace_ring *ring, struct trace_page **pages, uint32_t n);
