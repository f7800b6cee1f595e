/*
 * tlb.h - taking translations out of every core's TLB, by broadcast TLBI in the inner shareable
 * domain.
 *
 * The order that all of them keep: the table write is made visible (DSB ISHST), the ASID is read,
 * the entries go (TLBI), all cores are done (DSB ISH).  The ASID is read behind the barrier,
 * because a new generation may rename the address space at any time (mm/asid.c): the old ASID may
 * still be read here, but then a core that walks the tables under the new one does so after the
 * barrier, and sees what was written.  Read before the barrier, a core could have cached the old
 * entry under an ASID that this TLBI does not name.  The last-level forms (VALE1IS) are right where
 * only a leaf changed; the others where a table went too.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "mm/asid.h"
#include "mm/mirror.h"

#define TLB_RANGE_MAX 128 /* pages; beyond it the whole address space goes at once */

static inline uint64_t tlbi_arg(uint64_t asid, uintptr_t va)
{
	return asid << 48 | ((va >> PAGE_SHIFT) & 0xfffffffffffUL);
}

/* tlb_flush_mm - everything of one address space. */
static inline void tlb_flush_mm(const struct mm *mm)
{
	dsb(ishst);
	__asm__ volatile("tlbi aside1is, %0" ::"r"(asid_of(mm) << 48) : "memory");
	dsb(ish);
}

/*
 * tlb_flush_user - [@start, @end) of one address space; @tables: a table above the leaves changed
 * as well.
 */
static inline void tlb_flush_user(const struct mm *mm, uintptr_t start, uintptr_t end, bool tables)
{
	uint64_t asid;

	if ((end - start) >> PAGE_SHIFT > TLB_RANGE_MAX) {
		tlb_flush_mm(mm);
		return;
	}
	dsb(ishst);
	asid = asid_of(mm);
	for (uintptr_t va = start; va < end; va += PAGE_SIZE) {
		uint64_t arg = tlbi_arg(asid, va);

		if (tables)
			__asm__ volatile("tlbi vae1is, %0" ::"r"(arg) : "memory");
		else
			__asm__ volatile("tlbi vale1is, %0" ::"r"(arg) : "memory");
	}
	dsb(ish);
}

/*
 * tlb_flush_lost - as tlb_flush_user, where leaves of [@start, @end) were taken away, or show less
 * than before: the mirrors of @mm lose them, too.  mm->lock is held; may sleep.
 */
static inline void tlb_flush_lost(struct mm *mm, uintptr_t start, uintptr_t end)
{
	tlb_flush_user(mm, start, end, false);
	mirrors_lose(mm, start, end);
}
