/*
 * gic.c - the interrupt controller's secure side: every interrupt becomes non-secure Group 1.
 *
 * Out of reset all interrupts are secure Group 0; the kernel would see them pend and never arrive.
 * A GIC that does not tell secure from non-secure (QEMU's raspi4b) must be left alone: there Group
 * 1 is one more thing to be enabled, and an interrupt moved into it reads as 1022. 
 */
#include "el3/el3.h"

#include "arm/gic.h"
#include "arm/levels.h"

#define PATIENCE 1000000 /* polls of a bit that hardware clears by itself */

static volatile struct gicd *distributor(void)
{
	return (volatile struct gicd *)el3_machine.gic.distributor;
}

static void wait_clear(const volatile uint32_t *reg, uint32_t bit)
{
	for (int i = 0; i < PATIENCE && (mmio_read32(reg) & bit); i++)
		cpu_relax();
}

static bool tells_security(void)
{
	if (el3_machine.gic.version == 2)
		return mmio_read32(&distributor()->typer) & GICD_TYPER_SecurityExtn;
	return el3_machine.gic.version == 3 && !(mmio_read32(&distributor()->ctlr) & GICD_CTLR_DS);
}

/* How many registers of 32 interrupts there are. */
static uint32_t words(volatile struct gicd *d)
{
	return (mmio_read32(&d->typer) & GICD_TYPER_ITLinesNumber) + 1;
}

static void open_v2(volatile struct gicd *d)
{
	for (uint32_t i = 1, n = words(d); i < n; i++)
		mmio_write32(&d->igroupr[i], UINT32_MAX);
	mmio_write32(&d->ctlr, GICD_CTLR_EnableGrp0 | GICD_CTLR_EnableGrp1);
}

static void open_v3(volatile struct gicd *d)
{
	const uint32_t routing = GICD_CTLR_ARE | GICD_CTLR_ARE_NS;

	mmio_write32(&d->ctlr, routing); /* before any group is on */
	wait_clear(&d->ctlr, GICD_CTLR_RWP);
	for (uint32_t i = 1, n = words(d); i < n; i++) {
		mmio_write32(&d->igroupr[i], UINT32_MAX);
		mmio_write32(&d->igrpmodr[i], 0);
	}
	mmio_write32(&d->ctlr,
		     routing | GICD_CTLR_EnableGrp0 | GICD_CTLR_EnableGrp1 | GICD_CTLR_EnableGrp1S);
	wait_clear(&d->ctlr, GICD_CTLR_RWP);
}

void el3_gic_open(void)
{
	if (!tells_security())
		return;
	if (el3_machine.gic.version == 2)
		open_v2(distributor());
	else
		open_v3(distributor());
}

/* This core's redistributor: the one whose GICR_TYPER has its affinity; NULL: none. */
static volatile struct gicr *own_redistributor(void)
{
	uint32_t own = gicr_affinity(READ_SYSREG(mpidr_el1));
	uint64_t at = el3_machine.gic.redistributors;
	uint64_t end = at + el3_machine.gic.redistributors_size, typer;

	for (; at < end; at += gicr_stride(typer)) {
		volatile struct gicr *r = (volatile struct gicr *)at;

		typer = mmio_read64(&r->typer);
		if (typer >> GICR_TYPER_AFFINITY == own)
			return r;
		if (typer & GICR_TYPER_Last)
			break;
	}
	return NULL;
}

static void open_core_v3(void)
{
	volatile struct gicr *r = tells_security() ? own_redistributor() : NULL;

	if (r) {
		volatile struct gicd *sgi = (volatile struct gicd *)((uintptr_t)r + GICR_FRAME);

		mmio_clear32(&r->waker, GICR_WAKER_Sleep);
		wait_clear(&r->waker, GICR_WAKER_ChildAsleep);
		mmio_write32(&sgi->igroupr[0], UINT32_MAX);
		mmio_write32(&sgi->igrpmodr[0], 0);
	}
	WRITE_SYSREG_S(ICC_SRE_EL3, ICC_SRE_SRE | ICC_SRE_DFB | ICC_SRE_DIB | ICC_SRE_ENABLE);
	isb();
	WRITE_SYSREG_S(ICC_CTLR_EL3, 0);
	isb();
}

static void open_core_v2(void)
{
	volatile struct gicc *gicc = (volatile struct gicc *)el3_machine.gic.cpu_interface;

	if (!tells_security())
		return;
	mmio_write32(&distributor()->igroupr[0], UINT32_MAX); /* banked: SGIs, PPIs */
	mmio_write32(&gicc->ctlr, GICC_CTLR_NO_BYPASS);
	/*
	 * From the secure side only: a priority mask that leaves the non-secure half something to
	 * set.
	 */
	mmio_write32(&gicc->pmr, GIC_PMR_ALL);
}

void el3_gic_open_core(void)
{
	if (el3_machine.gic.version == 2)
		open_core_v2();
	else if (el3_machine.gic.version == 3 && ID_FIELD(id_aa64pfr0_el1, PFR0_GIC))
		open_core_v3();
}
