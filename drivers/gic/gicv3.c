/*
 * gicv3.c - the GICv3 interrupt controller: a distributor and one redistributor a core in memory,
 * the CPU interface in system registers.
 *
 * All interrupts are in group 1, non-secure.  With one security state the groups are ours to set;
 * with two, el3/ or the firmware has set them and our writes are ignored.  GICD_CTLR shows its bits
 * at the same places in both cases. Source: Arm IHI 0069H.
 */
#include "abi/errno.h"
#include "arm/barrier.h"
#include "arm/mmio.h"
#include "drivers/device.h"
#include "drivers/gic/gicd.h"
#include "drivers/gic/gicv3.h"
#include "drivers/irq_chip.h"
#include "lib/fdt_bindings.h"
#include "log/panic.h"
#include "mm/kmap.h"

/* A register that is still busy after this many reads is broken. */
#define SETTLE_READS 1000000

struct redistributor {
	uint32_t affinity; /* Aff3.Aff2.Aff1.Aff0 */
	volatile struct gicr *rd;
	volatile struct gicd *sgi;
};

static volatile struct gicd *gicd;
static struct redistributor redists[NR_CPUS]; /* as found */
static unsigned int nr_redists;
static struct redistributor *cpu_redist[NR_CPUS]; /* by core */
/*
 * LPIs have numbers from 8192 on; for the rest of the kernel they follow the last shared
 * interrupt's.
 */
#define ACKED_LPI BIT(31) /* of what ack gives, which eoi gets back */
static unsigned int first_lpi = UINT32_MAX;
static void (*enable_lpi)(unsigned int lpi, bool on);

static void wait_for_gic(const volatile uint32_t *reg, uint32_t bit)
{
	for (unsigned int i = 0; i < SETTLE_READS; i++)
		if (!(mmio_read32(reg) & bit))
			return;
	pr_warn("GICv3: a register stays busy\n");
}

/*
 * A region holds redistributors side by side, the last one marked; to which core each belongs, only
 * its affinity says.  Return 0, or -ENOMEM.
 */
static int add_region(uint64_t pa, uint64_t size)
{
	uint64_t stride;

	for (uint64_t at = 0; nr_redists < NR_CPUS; at += stride) {
		struct redistributor *r = &redists[nr_redists];
		uint64_t typer;

		if (size < 2 * GICR_FRAME || at > size - 2 * GICR_FRAME)
			return 0;
		r->rd = ioremap(paddr_of(pa + at), PAGE_SIZE);
		r->sgi = ioremap(paddr_of(pa + at + GICR_FRAME), PAGE_SIZE);
		if (!r->rd || !r->sgi)
			return -ENOMEM;
		typer = mmio_read64(&r->rd->typer);
		r->affinity = typer >> GICR_TYPER_AFFINITY;
		nr_redists++;
		if (typer & GICR_TYPER_Last)
			return 0;
		stride = gicr_stride(typer);
	}
	return 0;
}

static struct redistributor *find_own(void)
{
	uint32_t own = gicr_affinity(READ_SYSREG(mpidr_el1));

	for (unsigned int i = 0; i < nr_redists; i++)
		if (redists[i].affinity == own)
			return &redists[i];
	panic("GICv3: no redistributor for affinity %#x", own);
}

/* The CPU interface in system registers; 0, or -ENODEV when a higher level keeps it from us. */
static int cpu_interface_init(void)
{
	WRITE_SYSREG(icc_sre_el1, READ_SYSREG(icc_sre_el1) | ICC_SRE_SRE);
	isb();
	if (!(READ_SYSREG(icc_sre_el1) & ICC_SRE_SRE))
		return -ENODEV;
	WRITE_SYSREG(icc_pmr_el1, GIC_PMR_ALL);
	WRITE_SYSREG(icc_bpr1_el1, 0);
	WRITE_SYSREG(icc_ctlr_el1, 0); /* EOIR drops the priority and deactivates */
	/* Last: from here on interrupts reach this core. */
	WRITE_SYSREG(icc_igrpen1_el1, ICC_IGRPEN_EN);
	isb();
	return 0;
}

static void gicv3_init_cpu(void)
{
	struct redistributor *r = find_own();

	cpu_redist[cpu_id()] = r;
	/* Reads as 0, and ignores the write, where EL3 has woken it. */
	mmio_clear32(&r->rd->waker, GICR_WAKER_Sleep);
	wait_for_gic(&r->rd->waker, GICR_WAKER_ChildAsleep);

	/* All off and none pending before the first is enabled: a firmware may have left some. */
	gicd_quiet(r->sgi, 0, IRQ_SPI_BASE, true);
	wait_for_gic(&r->rd->ctlr, GICR_CTLR_RWP);
	for (unsigned int sgi = 0; sgi < NR_IPIS; sgi++) {
		mmio_write8(&r->sgi->ipriorityr[sgi], GIC_PRIORITY);
		gicd_enable(r->sgi, sgi);
	}
	if (cpu_interface_init())
		panic("GICv3: the system register interface is not ours");
}

static void gicv3_route(unsigned int irq, unsigned int cpu)
{
	uint64_t affinity = cpu_redist[cpu]->affinity;

	if (irq >= first_lpi) /* they all go to the boot core */
		return;
	mmio_write64(&gicd->irouter[irq], (affinity >> 24) << 32 | (affinity & 0xffffff));
}

static void gicv3_enable(unsigned int irq, enum irq_trigger trigger)
{
	volatile struct gicd *d = gicd;

	if (irq >= first_lpi) {
		enable_lpi(irq - first_lpi, true);
		return;
	}
	if (irq < IRQ_SPI_BASE)
		d = cpu_redist[cpu_id()]->sgi;
	/* Its trigger may be changed only while it is disabled. */
	gicd_disable(d, irq);
	gicd_configure(d, irq, trigger);
	if (irq >= IRQ_SPI_BASE)
		gicv3_route(irq, 0);
	gicd_enable(d, irq);
}

static void gicv3_disable(unsigned int irq)
{
	if (irq < IRQ_SPI_BASE) {
		gicd_disable(cpu_redist[cpu_id()]->sgi, irq);
		return;
	}
	if (irq >= first_lpi) {
		enable_lpi(irq - first_lpi, false);
		return;
	}
	gicd_disable(gicd, irq);
	/* Until then a core's interface may still offer it (IHI 0069H, GICD_CTLR.RWP). */
	wait_for_gic(&gicd->ctlr, GICD_CTLR_RWP);
}

static uint32_t gicv3_ack(void)
{
	uint32_t acked = READ_SYSREG(icc_iar1_el1);

	/* What the sender of an SGI wrote before it is seen by its handler. */
	dsb(sy);
	if (unlikely(acked >= GIC_LPI))
		acked = ACKED_LPI | (acked - GIC_LPI + first_lpi);
	return acked;
}

static void gicv3_eoi(uint32_t acked)
{
	if (unlikely(acked & ACKED_LPI))
		acked = (acked & IRQ_ID_MASK) - first_lpi + GIC_LPI;
	WRITE_SYSREG(icc_eoir1_el1, acked);
	isb();
}

static void gicv3_send_sgi(unsigned int cpu, unsigned int sgi)
{
	uint64_t a = cpu_redist[cpu]->affinity;
	uint64_t aff0 = a & 0xff, aff1 = a >> 8 & 0xff, aff2 = a >> 16 & 0xff, aff3 = a >> 24;

	/*
	 * What the caller has stored is seen by the other core before the interrupt comes: a store
	 * to memory and a write to a system register have no order by themselves.
	 */
	dsb(ish);
	WRITE_SYSREG(icc_sgi1r_el1, aff3 << ICC_SGI1R_AFF3 | (aff0 >> 4) << ICC_SGI1R_RS |
					    aff2 << ICC_SGI1R_AFF2 |
					    (uint64_t)sgi << ICC_SGI1R_INTID |
					    aff1 << ICC_SGI1R_AFF1 | BIT(aff0 & 0xf));
	isb();
}

static void gicv3_set_active(unsigned int irq, bool active)
{
	gicd_set_active(cpu_redist[cpu_id()]->sgi, irq, active);
}

static struct irq_chip gicv3 = {
	.name = "GICv3",
	.init_cpu = gicv3_init_cpu,
	.enable = gicv3_enable,
	.disable = gicv3_disable,
	.route = gicv3_route,
	.ack = gicv3_ack,
	.eoi = gicv3_eoi,
	.send_sgi = gicv3_send_sgi,
	.set_active = gicv3_set_active,
};

unsigned int gicv3_add_lpis(unsigned int n, void (*enable)(unsigned int lpi, bool on))
{
	enable_lpi = enable;
	first_lpi = gicv3.nr_irqs;
	gicv3.nr_irqs += min(n, IRQ_MAX - first_lpi);
	return gicv3.nr_irqs - first_lpi;
}

unsigned int gicv3_lpi_irq(unsigned int lpi)
{
	return first_lpi + lpi;
}

volatile struct gicr *gicv3_boot_redistributor(uint64_t *pa)
{
	*pa = paddr_value(kmap_to_phys((const void *)cpu_redist[0]->rd));
	return cpu_redist[0]->rd;
}

static int add_regions(const struct fdt *fdt, int node)
{
	struct fdt_range range;
	uint32_t n = 1;

	/* reg: the distributor, then as many regions, then what we do not use */
	if (fdt_u32(fdt, node, "#redistributor-regions", &n) == -EINVAL)
		return -EINVAL;

	for (uint32_t i = 1; i <= n; i++) {
		int err = fdt_reg(fdt, node, i, &range);

		if (!err)
			err = add_region(range.addr, range.size);
		if (err)
			return err;
	}
	return 0;
}

static int gicv3_probe(const struct fdt *fdt, int node)
{
	int err;

	gicd = device_ioremap(fdt, node, 0, NULL);
	if (!gicd)
		return -ENOMEM;
	err = add_regions(fdt, node);
	if (err)
		return err;
	gicv3.nr_irqs = gicd_nr_irqs(gicd);

	/*
	 * Affinity routing may be switched on but never off again, and on only with all groups
	 * disabled.
	 */
	mmio_write32(&gicd->ctlr, mmio_read32(&gicd->ctlr) & GICD_CTLR_ARE);
	wait_for_gic(&gicd->ctlr, GICD_CTLR_RWP);
	gicd_quiet(gicd, IRQ_SPI_BASE, gicv3.nr_irqs - IRQ_SPI_BASE, true);
	wait_for_gic(&gicd->ctlr, GICD_CTLR_RWP);
	mmio_write32(&gicd->ctlr, GICD_CTLR_ARE);
	mmio_write32(&gicd->ctlr, GICD_CTLR_ARE | GICD_CTLR_EnableGrp1);
	wait_for_gic(&gicd->ctlr, GICD_CTLR_RWP);
	irq_chip_register(&gicv3, node);
	gicd_virt(fdt, node, &(struct irq_virt){ .version = 3 });
	return 0;
}

DEVICE_DRIVER(gic_v3, DEVICE_IRQ, "arm,gic-v3", gicv3_probe);
