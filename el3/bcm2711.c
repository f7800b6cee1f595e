/*
 * bcm2711.c - what the Raspberry Pi 4's chip needs of the first code that runs, once, before any
 * core has its caches on.  A firmware that ran before us has done the same: then nothing changes.
 *
 * Source: what the Raspberry Pi's own stub does (the armstub8 of raspberrypi/tools), Broadcom's
 * "ARM Quad A7 core" (QA7_rev3.4) 3.1.1 for the counter's source, Arm 100095 (Cortex-A72) for L2.
 */
#include "el3/bcm2711.h"

#include "arm/barrier.h"
#include "arm/bcm2711.h"
#include "arm/errata.h"
#include "lib/fdt_bindings.h"

/* The block of the cores' own peripherals: where the counter of CNTPCT_EL0 gets its ticks. */
struct local_peripherals {
	uint32_t control; /* bit 8: the APB clock instead of the crystal; bit 9: steps of 2 */
	uint32_t reserved;
	uint32_t prescaler; /* divides by 2^31 / its value */
};

_Static_assert(offsetof(struct local_peripherals, prescaler) == 8, "LOCAL_PRESCALER");

#define PRESCALER_NONE 0x80000000

static void start_counter(const struct fdt *fdt)
{
	int node = fdt_find_compatible(fdt, -1, "brcm,bcm2836-l1-intc");
	volatile struct local_peripherals *local;
	struct fdt_range range;

	if (node < 0 || fdt_reg(fdt, node, 0, &range))
		return;
	local = (volatile struct local_peripherals *)range.addr;
	mmio_write32(&local->control, 0);
	mmio_write32(&local->prescaler, PRESCALER_NONE);
}

/*
 * The L2 cache's data RAM answers after 3 cycles, with 1 more of setup.  To be written before there
 * is traffic in the L2: in the armstub, by its first instructions.
 */
void el3_bcm2711_set_l2(void)
{
	uint64_t midr = READ_SYSREG(midr_el1), v;

	if (MIDR_IMPLEMENTER(midr) != MIDR_ARM || MIDR_PART(midr) != MIDR_CORTEX_A72)
		return;
	v = READ_SYSREG_S(L2CTLR_EL1);
	if ((v & L2CTLR_LATENCY) == L2CTLR_3_CYCLES && v & L2CTLR_SETUP)
		return;
	v = (v & ~L2CTLR_LATENCY) | L2CTLR_3_CYCLES | L2CTLR_SETUP;
	WRITE_SYSREG_S(L2CTLR_EL1, v);
	isb();
}

uint32_t el3_bcm2711_init(const struct fdt *fdt)
{
	if (!fdt_is_compatible(fdt, fdt_root(fdt), "brcm,bcm2711"))
		return 0;
	start_counter(fdt);
	el3_bcm2711_set_l2();
	return BCM2711_CRYSTAL_HZ;
}
