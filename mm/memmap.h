/*
 * memmap.h - which physical addresses are RAM, and which of them are taken before the allocator runs.
 *
 * Filled from the device tree by el1/main.c, read by mm/page.c.  Boot core only, before the others run.
 */
#pragma once

#include "lib/util.h"
#include "mm/page.h"

#define MEMMAP_MAX 64

/* memmap_add_ram - [@pa, @pa + @size) is RAM; rounded inwards to pages.  Overlaps merge.  0 or -ENOSPC, -EINVAL. */
int memmap_add_ram(paddr pa, uint64_t size) __must_check;
/* memmap_reserve - it must not be handed out; rounded outwards to pages.  0 or -ENOSPC, -EINVAL. */
int memmap_reserve(paddr pa, uint64_t size) __must_check;
/* memmap_release - later: hand [@pa, @pa + @size) to the page allocator after all (an unpacked initrd); whole pages only. */
void memmap_release(paddr pa, uint64_t size);
