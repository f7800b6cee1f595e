/*
 * mpidr.h - a core's place in the small tables of start/, el2/ and el3/.
 *
 * Those levels have no device tree to number cores by, and no atomics to draw numbers with, so the
 * slot follows from MPIDR_EL1 alone: Aff0 (Cortex-A53, A72, QEMU) or Aff1 (DynamIQ cores, where
 * Aff0 is the thread), the other being 0.  A core that does not fit has no slot and is never
 * started.
 */
#pragma once

#include "arm/sysreg.h"

#define MPIDR_SLOTS 8

#ifdef __ASSEMBLER__
/* clang-format off */

/*
 * MPIDR_SLOT - slot of the MPIDR_EL1 value in \mpidr; branches to \none if it has none.  Clobbers
 * \tmp.
 */
.macro	MPIDR_SLOT slot, mpidr, tmp, none
	and	\tmp, \mpidr, #0xff00000000
	cbnz	\tmp, \none
	ubfx	\tmp, \mpidr, #8, #16		/* Aff2:Aff1 */
	and	\slot, \mpidr, #0xff
	cbz	\slot, .Lone\@
	cbnz	\tmp, \none
.Lone\@:
	add	\slot, \slot, \tmp
	cmp	\slot, #MPIDR_SLOTS
	b.hs	\none
.endm

/* clang-format on */
#else

/* mpidr_slot - 0 .. MPIDR_SLOTS - 1, or -1.  @mpidr: MPIDR_EL1, or its affinity fields alone. */
static inline int mpidr_slot(uint64_t mpidr)
{
	uint64_t aff0 = mpidr & 0xff, aff12 = (mpidr >> 8) & 0xffff, aff3 = (mpidr >> 32) & 0xff;

	if (aff3 || (aff0 && aff12) || aff0 + aff12 >= MPIDR_SLOTS)
		return -1;
	return (int)(aff0 + aff12);
}

#endif
