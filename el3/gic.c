/*
 * gic.c - the interrupt controller's secure side: every interrupt becomes non-secure Group 1.
 *
 * Out of reset all interrupts are secure Group 0; the kernel would see them pend and never arrive.
 * A GIC that does not tell secure from non-secure (QEMU's raspi4b) must be left alone: there Group
 * 1 is one more thing to be enabled, and an interrupt moved into it reads as 1022.  GICv2: Arm IHI
 * 0048; GICv3: IHI 0069.
 */
#include "el3/el3.h"

#include "arm/barrier.h"
#include "arm/levels.h"

#define GICD_CTLR	    0x0000
#define GICD_TYPER	    0x0004
#define GICD_IGROUPR	    0x0080
#define GICD_IGRPMODR	    0x0d00
#define GICC_CTLR	    0x0000
#define GICC_PMR	    0x0004
#define GICR_FRAME	    0x10000 /* RD_base, then SGI_base */
#define GICR_TYPER	    0x0008
#define GICR_WAKER	    0x0014
#define GICR_IGROUPR0	    (GICR_FRAME + 0x0080)
#define GICR_IGRPMODR0	    (GICR_FRAME + 0x0d00)

#define GICD_TYPER_LINES(v) ((v)&0x1f) /* (lines / 32) - 1 */
#define GICD_TYPER_SECURITY (1u << 10) /* GICv2: has the Security Extensions */
#define GICD_CTLR_DS	    (1u << 6)  /* GICv3: security is disabled */
#define GICD_CTLR_V2_GROUPS 0x3	       /* EnableGrp0, EnableGrp1 */
#define GICD_CTLR_V3_GROUPS 0x7	       /* EnableGrp0, EnableGrp1NS, EnableGrp1S */
#define GICD_CTLR_V3_ARE    0x30       /* ARE_S, ARE_NS: affinity routing */
#define GICD_CTLR_RWP	    (1u << 31)
#define GICR_TYPER_VLPIS    (1u << 1)
#define GICR_TYPER_LAST	    (1u << 4)
#define GICR_WAKER_SLEEP    (1u << 1)
#define GICR_WAKER_ASLEEP   (1u << 2)
#define PATIENCE	    1000000 /* polls of a bit that hardware clears by itself */

static void wait_clear(uint64_t reg, uint32_t bit)
{
	for (int i = 0; i < PATIENCE && (reg_read(reg) & bit); i++)
		cpu_relax();
}

static bool tells_security(void)
{
	uint64_t gicd = el3_machine.gic.distributor;

	if (el3_machine.gic.version == 2)
		return reg_read(gicd + GICD_TYPER) & GICD_TYPER_SECURITY;
	return el3_machine.gic.version == 3 && !(reg_read(gicd + GICD_CTLR) & GICD_CTLR_DS);
}

static void open_v2(uint64_t gicd)
{
	uint32_t words = GICD_TYPER_LINES(reg_read(gicd + GICD_TYPER)) + 1;

	for (uint32_t i = 1; i < words; i++)
		reg_write(gicd + GICD_IGROUPR + 4 * i, 0xffffffff);
	reg_write(gicd + GICD_CTLR, GICD_CTLR_V2_GROUPS);
}

static void open_v3(uint64_t gicd)
{
	uint32_t words = GICD_TYPER_LINES(reg_read(gicd + GICD_TYPER)) + 1;

	reg_write(gicd + GICD_CTLR, GICD_CTLR_V3_ARE); /* before any group is on */
	wait_clear(gicd + GICD_CTLR, GICD_CTLR_RWP);
	for (uint32_t i = 1; i < words; i++) {
		reg_write(gicd + GICD_IGROUPR + 4 * i, 0xffffffff);
		reg_write(gicd + GICD_IGRPMODR + 4 * i, 0);
	}
	reg_write(gicd + GICD_CTLR, GICD_CTLR_V3_ARE | GICD_CTLR_V3_GROUPS);
	wait_clear(gicd + GICD_CTLR, GICD_CTLR_RWP);
}

void el3_gic_open(void)
{
	if (!tells_security())
		return;
	if (el3_machine.gic.version == 2)
		open_v2(el3_machine.gic.distributor);
	else
		open_v3(el3_machine.gic.distributor);
}

/* This core's redistributor: the frame whose GICR_TYPER has its affinity; 0: none. */
static uint64_t own_redistributor(void)
{
	uint64_t mpidr = READ_SYSREG(mpidr_el1);
	uint32_t affinity = (uint32_t)((mpidr & 0xffffff) | (mpidr >> 8 & 0xff000000));
	uint64_t frame = el3_machine.gic.redistributors;
	uint64_t end = frame + el3_machine.gic.redistributors_size;
	uint32_t type;

	for (; frame < end; frame += (type & GICR_TYPER_VLPIS ? 4 : 2) * GICR_FRAME) {
		type = reg_read(frame + GICR_TYPER);
		if (reg_read(frame + GICR_TYPER + 4) == affinity)
			return frame;
		if (type & GICR_TYPER_LAST)
			break;
	}
	return 0;
}

static void open_core_v3(void)
{
	uint64_t gicr = tells_security() ? own_redistributor() : 0;

	if (gicr) {
		reg_write(gicr + GICR_WAKER, reg_read(gicr + GICR_WAKER) & ~GICR_WAKER_SLEEP);
		wait_clear(gicr + GICR_WAKER, GICR_WAKER_ASLEEP);
		reg_write(gicr + GICR_IGROUPR0, 0xffffffff);
		reg_write(gicr + GICR_IGRPMODR0, 0);
	}
	WRITE_SYSREG_S(ICC_SRE_EL3, ICC_SRE_SRE | ICC_SRE_DFB | ICC_SRE_DIB | ICC_SRE_ENABLE);
	isb();
	WRITE_SYSREG_S(ICC_CTLR_EL3, 0);
	isb();
}

static void open_core_v2(void)
{
	if (!tells_security())
		return;
	reg_write(el3_machine.gic.distributor + GICD_IGROUPR, 0xffffffff); /* banked: SGIs, PPIs */
	reg_write(el3_machine.gic.cpu_interface + GICC_CTLR, 0);
	/*
	 * From the secure side only: a priority mask that leaves the non-secure half something to
	 * set.
	 */
	reg_write(el3_machine.gic.cpu_interface + GICC_PMR, 0xff);
}

void el3_gic_open_core(void)
{
	if (el3_machine.gic.version == 2)
		open_core_v2();
	else if (el3_machine.gic.version == 3 && ID_FIELD(id_aa64pfr0_el1, PFR0_GIC))
		open_core_v3();
}
