/*
 * irqflags.h - PSTATE.I of this core: whether an interrupt can come in.
 */
#pragma once

#include "arm/sysreg.h"

static inline void irq_enable(void)
{
	__asm__ volatile("msr daifclr, #2" ::: "memory");
}

static inline void irq_disable(void)
{
	__asm__ volatile("msr daifset, #2" ::: "memory");
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
	WRITE_SYSREG(daif, flags);
}
