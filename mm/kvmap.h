/*
 * kvmap.h - large buffers of the kernel's out of single pages, mapped side by side in the vmap
 * part of the address space: what kmalloc is too small for and page_alloc's orders too scarce.
 */
#pragma once

#include <stddef.h>

#include "lib/util.h"

/*
 * kvmap_alloc - @size bytes, page-aligned, zeroed, RW and XN, an unmapped page behind them; NULL:
 * no memory.  May sleep, and gives way.  Charged to nobody: the caller does that (mm/charge.h).
 * kvmap_free - @size as it was asked for; NULL is fine.  May sleep.
 */
void *kvmap_alloc(size_t size) __must_check;
void kvmap_free(void *at, size_t size);
