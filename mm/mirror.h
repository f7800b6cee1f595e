/*
 * mirror.h - other translation tables that show pages of an address space as its own leaves do: the
 * stage 2 of a guest (kvm/).
 *
 * A mirror holds no reference to what it shows.  It relies on the leaf, and so it may show a page
 * only as long as a leaf does, and only writable where the leaf is.  Invariant: whatever takes a
 * leaf away, or the right to write from it, or PTE_AF, tells all mirrors before mm->lock is
 * released and before the page is put to another use (tlb_flush_lost).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mm/fault.h"

struct mm_mirror {
	struct mm_mirror *next; /* in mm->mirrors; mm->lock */
	/*
	 * lost - leaves of [@start, @end), page-aligned, are gone or show less: when this returns
	 * nothing reaches their pages through the mirror.  mm->lock is held, no spin lock is; may
	 * sleep, and must not touch user memory.  @end - @start may be all of user space.
	 */
	void (*lost)(struct mm_mirror *m, uintptr_t start, uintptr_t end);
};

/* mirrors_lose - tell them.  mm->lock is held; may sleep. */
void mirrors_lose_now(struct mm *mm, uintptr_t start, uintptr_t end);
static inline void mirrors_lose(struct mm *mm, uintptr_t start, uintptr_t end)
{
	if (unlikely(mm->mirrors != NULL))
		mirrors_lose_now(mm, start, end);
}
