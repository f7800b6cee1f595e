/*
 * msi.h - message-signalled interrupts: a device interrupts by writing a word to an address, which
 * an interrupt controller's driver has given it.
 */
#pragma once

#include <stdint.h>

#include "lib/util.h"

/* What a device writes, and the interrupt that comes of it (drivers/irq.h, IRQ_EDGE). */
struct msi_message {
	uint64_t address;
	uint32_t data;
	unsigned int irq;
};

struct msi_chip {
	/*
	 * take - up to @n messages for the device that the controller knows as @id, into @m: how
	 * many, or -ENOSPC, -ENOMEM.  Boot core, or with what the caller has to serialise it.
	 */
	int (*take)(uint32_t id, unsigned int n, struct msi_message *m);
};

/* msi_register - @chip (kept) is the controller that node @node of the device tree describes. */
void msi_register(const struct msi_chip *chip, int node);
/* msi_take - from controller @node, as msi_chip.take; -ENODEV: we have no driver for it. */
int msi_take(int node, uint32_t id, unsigned int n, struct msi_message *m) __must_check;
