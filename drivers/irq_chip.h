/*
 * irq_chip.h - what an interrupt controller's driver gives to irq.c.
 */
#pragma once

#include "drivers/irq.h"

/* Of what ack() returns: the number; 1020 and above: nothing is pending. */
#define IRQ_ID_MASK 0x3ff

struct irq_chip {
	const char *name;
	unsigned int nr_irqs; /* numbers below exist; at most IRQ_MAX */

	/* This core's own part: SGIs on, PPIs off, no priority masked. */
	void (*init_cpu)(void);
	/*
	 * Set up and enable @irq: an SPI to the boot core, a PPI on this core.  Called one at a
	 * time.
	 */
	void (*enable)(unsigned int irq, enum irq_trigger trigger);
	void (*disable)(unsigned int irq);
	/* @irq, an SPI that is enabled, goes to core @cpu, whose init_cpu has run. */
	void (*route)(unsigned int irq, unsigned int cpu);
	/* Take the interrupt of highest priority; give it back to be taken again. */
	uint32_t (*ack)(void);
	void (*eoi)(uint32_t acked);
	void (*send_sgi)(unsigned int cpu, unsigned int sgi);
	/* irq_set_active */
	void (*set_active)(unsigned int irq, bool active);
};

/*
 * irq_chip_register - @chip (kept) is this machine's controller.  @node: its own, the only
 * interrupt parent understood.
 */
void irq_chip_register(const struct irq_chip *chip, int node);

/*
 * What the controller has for guests, found by its driver; drivers/irq.h hands it out (irq_virt).
 */
void irq_virt_register(const struct irq_virt *virt);
