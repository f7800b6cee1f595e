/*
 * limits.h - how much may be mapped: what of mm->limits is used, and whether more fits.  mm->lock
 * held.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mm/swap.h"
#include "mm/vm.h"

/*
 * vm_count, vm_count_range - pages of the VMAs, or of their parts in a range, whose flags under
 * @mask are @flags.
 */
size_t vm_count(struct mm *mm, uint32_t mask, uint32_t flags);
size_t vm_count_range(struct mm *mm, uintptr_t start, uintptr_t end, uint32_t mask, uint32_t flags);

/* vm_over - would @more pages besides @now be over @limit bytes? */
static inline bool vm_over(uint64_t limit, size_t now, size_t more)
{
	return limit != UINT64_MAX &&
	       (more > limit >> PAGE_SHIFT || now > (limit >> PAGE_SHIFT) - more);
}

/* vm_is_too_much - more pages than the machine has, swap areas and all.  Any context. */
static inline bool vm_is_too_much(size_t pages)
{
	return pages > page_total_count() && pages - page_total_count() > swap_pages();
}

/*
 * vm_may_grow - may there be @pages more with @flags, @replaced of which take the place of others?
 * 0, -ENOMEM (limits, or more than memory has), -EAGAIN (too much locked).
 */
int vm_may_grow(struct mm *mm, size_t pages, size_t replaced, uint32_t flags) __must_check;

/*
 * vm_may_be_data - the same where what is mapped changes its flags: RLIMIT_DATA, and Linux's
 * heuristic overcommit: as much private memory as one likes, but in no one piece more than the
 * machine has, unless MAP_NORESERVE says that it is known.  0, -ENOMEM.
 */
int vm_may_be_data(struct mm *mm, size_t pages, size_t replaced, uint32_t flags) __must_check;
