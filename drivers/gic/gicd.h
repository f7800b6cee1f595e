/*
 * gicd.h - what the drivers of GICv2 and GICv3 do alike: the distributor, and a GICv3
 * redistributor's SGI_base frame, which is one for the 32 interrupts of its core.
 */
#pragma once

#include <stdbool.h>

#include "arm/gic.h"
#include "drivers/irq.h"

_Static_assert(IRQ_MAX == GIC_SPECIAL, "IRQ_MAX");

/* One priority for all: nothing here preempts anything. */
#define GIC_PRIORITY 0xa0

/* The numbers that this distributor has: a multiple of 32, or IRQ_MAX. */
unsigned int gicd_nr_irqs(volatile struct gicd *d);

/*
 * gicd_quiet - interrupts @first .. @first + @n - 1 (whole 32s) are disabled, not pending and not
 * active, whatever the boot loader left; all in group 1 if @group1, else 0.
 */
void gicd_quiet(volatile struct gicd *d, unsigned int first, unsigned int n, bool group1);

/* gicd_configure - priority and trigger of one disabled interrupt. */
void gicd_configure(volatile struct gicd *d, unsigned int irq, enum irq_trigger trigger);

/* gicd_enable, gicd_disable - one interrupt; any context. */
void gicd_enable(volatile struct gicd *d, unsigned int irq);
void gicd_disable(volatile struct gicd *d, unsigned int irq);

/* gicd_set_active - irq_set_active, by @d: what this core's own interrupts are in. */
void gicd_set_active(volatile struct gicd *d, unsigned int irq, bool active);

/*
 * gicd_virt - what node @node of the controller has for guests is told to irq.c: @virt with the
 * maintenance interrupt that the node names; nothing if it names none.
 */
void gicd_virt(const struct fdt *fdt, int node, struct irq_virt *virt);
