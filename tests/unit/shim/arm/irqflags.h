/*
 * irqflags.h - the host's stand-in: the mask is remembered, so that a test can see it restored.
 */
#pragma once

#include <stdbool.h>
#include "arm/stretch.h"
#include "arm/sysreg.h"

extern _Thread_local unsigned long shim_irqs_masked;

static inline void irq_enable(void)
{
	shim_irqs_masked = 0;
}

static inline void irq_disable(void)
{
	shim_irqs_masked = 1;
}

static inline unsigned long irq_save(void)
{
	unsigned long flags = shim_irqs_masked;

	shim_irqs_masked = 1;
	return flags;
}

static inline void irq_restore(unsigned long flags)
{
	shim_irqs_masked = flags;
}
