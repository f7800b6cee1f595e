/*
 * cache.h - memory that another observer than the cores reads and writes: a device, the firmware's
 * processor, a core whose cache is off.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arm/barrier.h"
#include "arm/sysreg.h"

/*
 * dcache_clean_invalidate - what the caches hold of [@p, @p + @size) is written to memory and
 * dropped, on every core; it is done on return.  The whole lines that the range touches: what else
 * lies in them is not lost, but must not be the other observer's.  Before the other one reads: it
 * sees what we stored.  After it has written, and before we read: we see that, where nobody has
 * stored to these lines meanwhile.  Any context.  (Arm ARM, DC CIVAC; unlike DC IVAC it needs no
 * more than a mapping that may be read.)
 */
static inline void dcache_clean_invalidate(const volatile void *p, size_t size)
{
	uintptr_t line = (uintptr_t)4 << (READ_SYSREG(ctr_el0) >> 16 & 0xf); /* DminLine */
	uintptr_t end = (uintptr_t)p + size;

	dsb(sy);
	for (uintptr_t at = (uintptr_t)p & ~(line - 1); at < end; at += line)
		__asm__ volatile("dc civac, %0" ::"r"(at) : "memory");
	dsb(sy);
}
