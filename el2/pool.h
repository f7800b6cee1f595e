/*
 * pool.h - EL2's memory for guests: pages out of the chunks that the host donated, and how much of
 * the host's own memory its guests can reach.
 *
 * A chunk is 2 MiB that left the host's stage 2 (el2/memory.h).  It is known of each of its pages,
 * outside of it, what it holds: so a handle, the number of a page, is only taken for what it is,
 * even by a core that has no lock.  A chunk without a page in use goes back to the host, zeroed
 * where it was used.  Each is for the VMs of one user of the host's, so that nobody pays for
 * another's.  Two kinds of pages are for all: the counts below, of each GiB, lie with whose VM
 * reached it first, until none reaches it any more; and tables of EL2's own and of the host's, when
 * their own pages are used up, in whichever chunk is there.
 *
 * Of each 2 MiB block of the host's RAM a count says how many of its pages guests map, or EL2
 * writes to: only where it is 0 may the block be taken from the host, or a page of it be sealed.
 *
 * All here is called under el2_memory_lock, but for what says otherwise.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/atomic.h"
#include "arm/el2call.h"
#include "el2/vhe.h"
#include "lib/util.h"

/* What a page of a chunk holds. */
enum el2_holds {
	EL2_NOTHING, /* since it was donated: anything */
	EL2_ZEROS,   /* it was used, and zeroed */
	EL2_TABLE,   /* a translation table, counts, a chunk's first page: no handle */
	EL2_VM,
	EL2_VM_GOES, /* it is being destroyed, step by step */
	EL2_VCPU,
	EL2_VCPU_RUNS,
};

#define CHUNK_PAGES 512
#define NR_CHUNKS   128 /* 256 MiB, tables for 128 GiB of guests */

struct el2_chunk {
	uint64_t pa;   /* 0: none */
	uint32_t used; /* pages, without the first */
	uint32_t user; /* the host's number of who pays for it */
};

extern struct el2_chunk el2_chunks[NR_CHUNKS];
extern uint8_t el2_page_holds[NR_CHUNKS * CHUNK_PAGES]; /* by number: an enum el2_holds each */

/* el2_pool_start - once, on the first core. */
void el2_pool_start(void);

/*
 * el2_chunk_add - a donated chunk at @pa, for the VMs of @user, who is not EL2_ANY_USER.  Return:
 * 0, -EINVAL, -EBUSY (a page of it is in use).
 */
int el2_chunk_add(uint64_t pa, uint32_t user) __must_check;
/* el2_chunk_remove - a chunk without a page in use is the host's again: its address, or 0. */
uint64_t el2_chunk_remove(void);

/*
 * el2_pages_new - 2^@order zeroed pages that follow one another, aligned to their size, order at
 * most 4, of @user's chunks, and *@handle, the first one's number.  Return: their address, or 0.
 */
#define EL2_ANY_USER UINT32_MAX
uint64_t el2_pages_new(uint32_t user, unsigned int order, enum el2_holds what,
		       uint32_t *handle) __must_check;
/* el2_pages_free - they are zeroed, and free. */
void el2_pages_free(uint64_t pa, unsigned int order);

/* The same for a single page, as EL2 reaches it; NULL: there is none. */
static inline void *el2_page_new(uint32_t user, enum el2_holds what, uint32_t *handle)
{
	uint64_t pa = el2_pages_new(user, 0, what, handle);

	return pa ? el2_at(pa) : NULL;
}

static inline void el2_page_free(void *page)
{
	el2_pages_free(el2_address(page), 0);
}

static inline uint8_t *el2_holds_of(uint64_t handle)
{
	return &el2_page_holds[handle];
}

/* The page @handle, which holds something: so its chunk stays. */
static inline void *el2_page_of(uint64_t handle)
{
	return el2_at(READ_ONCE(el2_chunks[handle / CHUNK_PAGES].pa) +
		      handle % CHUNK_PAGES * EL2_PAGE);
}

/* el2_held - the page @handle if it holds @what, or NULL. */
static inline void *el2_held(uint64_t handle, enum el2_holds what)
{
	if (handle >= NR_CHUNKS * CHUNK_PAGES || *el2_holds_of(handle) != what)
		return NULL;
	return el2_page_of(handle);
}

/*
 * el2_set_held - what @handle, which holds something, holds from now on: what was done with it
 * before is seen by whoever finds it so.
 */
static inline void el2_set_held(uint64_t handle, enum el2_holds what)
{
	store_release(el2_holds_of(handle), (uint8_t)what);
}

/*
 * el2_vcpu_claim - without the lock: the vcpu @handle, which nobody else runs, or takes away, until
 * el2_set_held(@handle, EL2_VCPU); NULL: there is none, or it runs.
 */
static inline void *el2_vcpu_claim(uint64_t handle)
{
	uint8_t was = EL2_VCPU;

	if (handle >= NR_CHUNKS * CHUNK_PAGES ||
	    !atomic_cmpxchg(el2_holds_of(handle), &was, EL2_VCPU_RUNS))
		return NULL;
	return el2_page_of(handle);
}

/* el2_vcpu_take - under the lock: it is no vcpu any more; NULL: there is none, or it runs. */
static inline void *el2_vcpu_take(uint64_t handle)
{
	uint8_t was = EL2_VCPU;

	if (handle >= NR_CHUNKS * CHUNK_PAGES ||
	    !atomic_cmpxchg(el2_holds_of(handle), &was, EL2_TABLE))
		return NULL;
	return el2_page_of(handle);
}

/*
 * el2_block_add - guests, now @user's, reach @pages more of the block that holds @pa.  Return: 0,
 * -EINVAL: beyond all RAM; -ENOMEM: @user's chunks have no page for the counts.  el2_block_drop -
 * so many fewer.  el2_block_in_use - any.
 */
int el2_block_add(uint64_t pa, uint32_t pages, uint32_t user) __must_check;
void el2_block_drop(uint64_t pa, uint32_t pages);
bool el2_block_in_use(uint64_t pa);
