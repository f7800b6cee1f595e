/*
 * swap.h - pages of user memory that are out: on a swap area, a slot of PAGE_SIZE each.
 *
 * Where a private anonymous page is out, the leaf that showed it holds an entry instead: invalid
 * for the hardware, not 0, and the slot's number for us (swap_is_entry).  fork copies entries as it
 * does leaves, so a slot counts those that name it.
 *
 * Invariants:
 * - mm->lock says what a leaf holds, so it also keeps each entry in one: who has read an entry
 *   under it may rely on the slot until the lock is given up, and takes one more entry (swap_dup)
 *   to rely on it longer.
 * - swap_lock (a spin lock; inside mm->lock, and only the page allocator's inside it) says what a
 *   slot is: how many entries name it,
 *   which page of RAM holds the same (the swap cache: page->kind is PAGE_SWAP, page->swap the
 *   entry; the slot has one reference to it), and whether that page is being read or written.
 * - A page that a slot has, and that some leaf shows, can be written through none: its references
 *   are more than one, so that a store copies it (mm/fault.c), and what the slot holds stays true.
 *   The last leaf of a page to go out goes before the page is written; the last entry to come in
 *   takes the page from the slot.
 * - A page being read or written stays its slot's, even if no entry is left: the slot is free when
 *   that has ended.  So no slot is given to another page while a request for the old one runs.
 * - A page that could not be written stays in RAM, its slot's, until its entries have come in.
 * - No memory is allocated to get a page out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arm/pte.h"
#include "mm/page.h"
#include "task/wait.h"

#define SWAP_AREAS 32
#define SWAP_READS 64
#define SWAP_AHEAD 8 /* slots that are read at once: Linux's vm.page-cluster, 3 */

/* A slot: see swap.c. */
struct swap_slot {
	uint64_t count : 24; /* entries that name it */
	uint64_t state : 4;
	uint64_t what : 36; /* its page's frame; of a free one the next free slot */
};

/* A swap area, its maker's (fs/swap.c) until swap_area_remove. */
struct swap_area {
	/*
	 * read - @n slots from @slot on (up to SWAP_AHEAD) into the pages @p; waits.  0, -EIO; or
	 * where @n is more than 1: they cannot be read at once.  No lock is held.
	 */
	int (*read)(struct swap_area *a, uint64_t slot, struct page **p, unsigned int n);
	struct swap_slot *slots; /* kvmap_alloc'ed, zeros */
	uint64_t nr_slots;	 /* slot 0 is the header */
	uint64_t pages;		 /* of them, those that hold pages */
	int prio;		 /* the highest is filled first; equal ones in turn */
	/* mm/swap.c's, under swap_lock: */
	uint64_t used;
	uint64_t free; /* the first free slot; 0: none */
	uint64_t hand; /* where clean pages are looked for */
	uint64_t last; /* when a slot of it was last taken, for those of equal priority */
	unsigned int index;
	bool stopped; /* no page goes there any more */
	/* One task reads a slot, others that want the same page wait: by the slot's number. */
	struct mutex reading[SWAP_READS];
};

/* An entry: slot << 12 | area << 2 | SWAP_ENTRY. */
#define SWAP_ENTRY 2UL
#define SWAP_LOST  SWAP_ENTRY /* of slot 0: a page that could not be read, and is gone (swapoff) */

static inline bool swap_is_entry(uint64_t pte)
{
	return pte && !(pte & PTE_VALID);
}

/*
 * swap_area_of - whose slot it is, by its index.  swap_area_at - itself, while the slot is in use.
 */
struct swap_area *swap_area_at(uint64_t entry);
static inline unsigned int swap_area_of(uint64_t entry)
{
	return (entry >> 2) & (SWAP_AREAS - 1);
}

/*
 * swap_area_add - @a, filled in, with all its usable slots given back (swap_area_slot): pages go
 * there from now on.  0, -EPERM: there are SWAP_AREAS.  swap_area_slot - before that: @slot is
 * usable; in descending order they are taken in ascending order.
 * swap_area_stop - no page goes there from now on, or (not @stop) again.
 * swap_area_prio - its priority is another.
 * swap_area_remove - nobody names it any more: false if a slot is in use still.
 */
int swap_area_add(struct swap_area *a) __must_check;
void swap_area_slot(struct swap_area *a, uint64_t slot);
void swap_area_stop(struct swap_area *a, bool stop);
void swap_area_prio(struct swap_area *a, int prio);
bool swap_area_remove(struct swap_area *a) __must_check;

/*
 * swap_dup - one more has @entry, which the caller has in a leaf: false: too many.  swap_free - one
 * less.  swap_free_leaves - so for all entries among the @n leaves from @pte on, which become 0:
 * how many there were.  None sleeps.
 * swap_claim - the page of @entry, if it is in RAM: the caller, who has the entry in a leaf, gets
 * a reference to the page for it, and the entry is gone.  NULL: it is not, or not readable yet.
 * swap_bring - it is read into RAM, if it is not there: the page with a reference, so that a
 * swap_claim finds it while that is kept; err_ptr(-ENOMEM, -EIO, -EINTR).  May sleep; the caller
 * has an entry of its own (swap_dup), no lock, and no part of the reserve for it.
 */
bool swap_dup(uint64_t entry) __must_check;
void swap_free(uint64_t entry);
size_t swap_free_leaves(uint64_t *pte, size_t n);
struct page *swap_claim(uint64_t entry);
struct page *swap_bring(uint64_t entry) __must_check;
/* swap_sharers - how many have @entry, for /proc; at least 1. */
unsigned int swap_sharers(uint64_t entry);

/* Pages on their way out, together: to be written. */
#define SWAP_BATCH 32
struct swap_batch {
	unsigned int n;
	size_t freed; /* pages of RAM that nobody had to write */
	size_t aged;  /* pages found used, and marked so that it is seen whether they are again */
	struct swap_leaf {
		struct page *page;
		uint64_t entry;
		int error; /* of its write */
	} at[SWAP_BATCH];
};

/*
 * swap_write_hook - @b, not empty, is written, and waited for: each page's error.  Set with the
 * first area (fs/swapd.h).  Any task, with no lock that the write may need; may sleep.
 * swap_send - so for @b, if it is not empty, and swap_batch_end: how many pages of RAM went.
 */
extern void (*swap_write_hook)(struct swap_batch *b);
size_t swap_send(struct swap_batch *b);
/*
 * swap_entry_for - @p, which a leaf shows that is to go, gets a slot if it has none: the entry, to
 * be put into the leaf; 0: none can be had, or it is under way.  *@fresh: it is to be written once
 * no TLB has the leaf, until swap_batch_end.  The leaf's reference is left.  Does not sleep.
 * swap_drop - the page of @entry, which the caller has in a leaf, goes from RAM if nobody shows it
 * and it is on the area: has it?
 * swap_batch_end - what @b holds has been written: how many pages of RAM were freed.
 * swap_drop_cached - looks through some slots for pages that swap_drop would free.
 */
uint64_t swap_entry_for(struct page *p, bool *fresh);
bool swap_drop(uint64_t entry);
size_t swap_batch_end(struct swap_batch *b);
size_t swap_drop_cached(void);

/* For /proc: pages. */
struct swap_counts {
	uint64_t total, free, cached;
	uint64_t in, out; /* pages read and written since the boot */
};
void swap_count(struct swap_counts *c);
/*
 * swap_has_room - is there a free slot?  swap_pages - how many pages there are room for, in use or
 * not.  Any context.
 */
bool swap_has_room(void);
uint64_t swap_pages(void);
