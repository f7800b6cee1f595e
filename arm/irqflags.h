/*
 * irqflags.h - PSTATE.I of this core, whether an interrupt can come in; and PSTATE.A, whether an
 * SError can.  An SError ends the machine (el1/trap.c), so nothing masks it for its own sake: where
 * interrupts may come it may, and it stays unmasked where they are masked.
 */
#pragma once

#include "arm/stretch.h"
#include "arm/sysreg.h"

#define IRQFLAGS_MASKED 0x80ul /* DAIF.I */

static inline void irq_enable(void)
{
	stretch_unmask();
	__asm__ volatile("msr daifclr, #6" ::: "memory"); /* A too: an exception has masked it */
}

/* From here on an abort that nobody waited for is reported where it happens.  Vectors are in. */
static inline void serror_enable(void)
{
	__asm__ volatile("msr daifclr, #4" ::: "memory");
}

static inline void irq_disable(void)
{
	__asm__ volatile("msr daifset, #2" ::: "memory");
	stretch_mask();
}

/* Masks interrupts; returns what irq_restore() needs to make it as it was. */
static inline unsigned long irq_save(void)
{
	unsigned long flags = READ_SYSREG(daif);

	irq_disable();
	return flags;
}

static inline void irq_restore(unsigned long flags)
{
	if (!(flags & IRQFLAGS_MASKED))
		stretch_unmask();
	WRITE_SYSREG(daif, flags);
}
