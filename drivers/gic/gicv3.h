/*
 * gicv3.h - what a GICv3 gives to its Interrupt Translation Service: interrupts that a device
 * raises by a message have no place in the distributor (LPIs).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/gic.h"

#define GIC_LPI 8192 /* the first one's number */

/*
 * gicv3_add_lpis - up to @n LPIs become numbers of irq.h, behind the shared ones: how many.
 * @enable(lpi, on): called with irq.c's lock.  gicv3_lpi_irq - the number of the @lpi-th.  Boot.
 */
unsigned int gicv3_add_lpis(unsigned int n, void (*enable)(unsigned int lpi, bool on));
unsigned int gicv3_lpi_irq(unsigned int lpi);
/* gicv3_boot_redistributor - the boot core's, and where it lies; after irq_init. */
volatile struct gicr *gicv3_boot_redistributor(uint64_t *pa);
