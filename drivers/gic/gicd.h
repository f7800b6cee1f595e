/*
 * gicd.h - the distributor's registers, which GICv2 and GICv3 have in common.
 *
 * A GICv3 redistributor's SGI_base frame has the same registers at the same offsets, for the 32
 * interrupts that are the core's own.  Source: Arm IHI 0048 (GICv2), IHI 0069 (GICv3).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/irq.h"

struct gicd {
	uint32_t ctlr;
	uint32_t typer;
	uint32_t iidr;
	uint32_t reserved0[29];
	uint32_t igroupr[32];
	uint32_t isenabler[32];
	uint32_t icenabler[32];
	uint32_t ispendr[32];
	uint32_t icpendr[32];
	uint32_t isactiver[32];
	uint32_t icactiver[32];
	uint8_t ipriorityr[1024];
	uint8_t itargetsr[1024]; /* GICv2 */
	uint32_t icfgr[64];
	uint32_t reserved1[128];
	uint32_t sgir; /* GICv2 */
	uint32_t reserved2[5183];
	uint64_t irouter[IRQ_MAX]; /* GICv3; [32] is the first */
};

_Static_assert(offsetof(struct gicd, igroupr) == 0x080, "GICD_IGROUPR");
_Static_assert(offsetof(struct gicd, isenabler) == 0x100, "GICD_ISENABLER");
_Static_assert(offsetof(struct gicd, icpendr) == 0x280, "GICD_ICPENDR");
_Static_assert(offsetof(struct gicd, icactiver) == 0x380, "GICD_ICACTIVER");
_Static_assert(offsetof(struct gicd, ipriorityr) == 0x400, "GICD_IPRIORITYR");
_Static_assert(offsetof(struct gicd, itargetsr) == 0x800, "GICD_ITARGETSR");
_Static_assert(offsetof(struct gicd, icfgr) == 0xc00, "GICD_ICFGR");
_Static_assert(offsetof(struct gicd, sgir) == 0xf00, "GICD_SGIR");
_Static_assert(offsetof(struct gicd, irouter) == 0x6000, "GICD_IROUTER");

#define GICD_TYPER_ITLinesNumber 0x1f
#define GICD_ICFGR_EDGE		 0x2

/* One priority for all: nothing here preempts anything. */
#define GIC_PRIORITY		 0xa0
#define GIC_PMR_ALL		 0xff

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
