/*
 * memmap.h - which physical addresses are RAM, and which of them are taken before the allocator
 * runs.
 *
 * Filled from the device tree by el1/memory.c, read by mm/kmap.c and mm/page.c.  Boot core only,
 * before the others run; memmap_unreserve() alone comes later, with the page allocator's lock held.
 */
#pragma once

#include "mm/page.h"

#define MEMMAP_MAX 64

/*
 * memmap_add_ram - [@pa, @pa + @size) is RAM; rounded inwards to pages.  Overlaps merge.  0 or
 * -ENOSPC, -EINVAL.
 */
int memmap_add_ram(uint64_t pa, uint64_t size) __must_check;
/*
 * memmap_reserve - it must not be handed out; rounded outwards to pages.  @nomap: nor be mapped,
 * not even by speculation (/reserved-memory's no-map; the memory of EL3 and EL2).  Any numbers:
 * what of it can be RAM is reserved.  0 or -ENOSPC.
 */
int memmap_reserve(uint64_t pa, uint64_t size, bool nomap) __must_check;

/*
 * memmap_unreserve - [@pa, @end), page-aligned, was reserved and is free again.  0 or -ENOSPC,
 * -EINVAL.
 */
int memmap_unreserve(uint64_t pa, uint64_t end) __must_check;

/*
 * memmap_next_free - iterate over what is RAM and not reserved, ascending: the first run at or
 * after @*pa. Returns false at the end; else [*@pa, *@end), page-aligned.
 */
bool memmap_next_free(uint64_t *pa, uint64_t *end);
/* memmap_next_mapped - the same over what is RAM and may be mapped. */
bool memmap_next_mapped(uint64_t *pa, uint64_t *end);
/* memmap_next_ram - the same over RAM. */
bool memmap_next_ram(uint64_t *pa, uint64_t *end);
/* memmap_limit_ram - only the lowest @size bytes of what was added count as RAM. */
void memmap_limit_ram(uint64_t size);
/* memmap_any_ram - whether there is any. */
bool memmap_any_ram(void);
/* memmap_is_ram - whether @pa is RAM, reserved or not. */
bool memmap_is_ram(uint64_t pa);

/* memmap_range_is_ram - whether all of [@pa, @pa + @size) is RAM; @size > 0, no wrap. */
bool memmap_range_is_ram(uint64_t pa, uint64_t size);
