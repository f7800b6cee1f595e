/*
 * gicv2.c - the GICv2 interrupt controller (GIC-400 on the Raspberry Pi 4): distributor and CPU
 * interfaces in memory.
 *
 * All interrupts are in the one group that this security state owns: group 0 of a controller
 * without security extension, group 1 seen from the non-secure side, where el3/ or the firmware has
 * put them.  Both are switched on by bit 0, and writes to what the other side owns are ignored, so
 * one sequence serves both.
 */
#include "abi/errno.h"
#include "arm/barrier.h"
#include "arm/mmio.h"
#include "arm/percpu.h"
#include "drivers/device.h"
#include "drivers/gic/gicd.h"
#include "drivers/irq_chip.h"
#include "lib/fdt_bindings.h"
#include "mm/layout.h"

static volatile struct gicd *gicd;
static volatile struct gicc *gicc; /* each core sees its own at the same address */
static uint8_t cpu_mask[NR_CPUS];  /* the bit by which the distributor knows each core */

/*
 * The target registers of a core's own interrupts read as that core's bit; as 0 if there is only
 * one core.
 */
static uint8_t own_mask(void)
{
	for (unsigned int i = 0; i < IRQ_SPI_BASE; i++) {
		uint8_t mask = mmio_read8(&gicd->itargetsr[i]);

		if (mask)
			return mask;
	}
	return 1;
}

/*
 * What a boot loader's interrupts may have left, besides what gicd_quiet knows: SGIs that pend,
 * which only this register takes back and which would pass for our own (IHI 0048, GICD_CPENDSGIRn;
 * a GIC-400 has its SGIs always enabled); and a priority that counts as active, for an interrupt
 * that was never ended: it would mask all others (GICC_APRn).
 */
static void forget_others(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(gicd->cpendsgir); i++)
		mmio_write32(&gicd->cpendsgir[i], UINT32_MAX);
	for (unsigned int i = 0; i < ARRAY_SIZE(gicc->apr); i++)
		mmio_write32(&gicc->apr[i], 0);
}

static void gicv2_init_cpu(void)
{
	cpu_mask[cpu_id()] = own_mask();
	/* Banked: each core has these registers for itself. */
	gicd_quiet(gicd, 0, IRQ_SPI_BASE, false);
	forget_others();
	for (unsigned int sgi = 0; sgi < NR_IPIS; sgi++) {
		mmio_write8(&gicd->ipriorityr[sgi], GIC_PRIORITY);
		gicd_enable(gicd, sgi);
	}
	mmio_write32(&gicc->pmr, GIC_PMR_ALL);
	mmio_write32(&gicc->bpr, 0);
	/*
	 * Last: from here on interrupts reach this core.  Whether signals may go around the GIC is
	 * the board's affair, which firmware has decided: those bits stay.
	 */
	mmio_write32(&gicc->ctlr,
		     (mmio_read32(&gicc->ctlr) & GICC_CTLR_NO_BYPASS) | GICC_CTLR_ENABLE);
}

static void gicv2_route(unsigned int irq, unsigned int cpu)
{
	mmio_write8(&gicd->itargetsr[irq], cpu_mask[cpu]);
}

static void gicv2_enable(unsigned int irq, enum irq_trigger trigger)
{
	/* Its trigger may be changed only while it is disabled. */
	gicd_disable(gicd, irq);
	gicd_configure(gicd, irq, trigger);
	if (irq >= IRQ_SPI_BASE)
		gicv2_route(irq, 0);
	gicd_enable(gicd, irq);
}

static void gicv2_disable(unsigned int irq)
{
	gicd_disable(gicd, irq);
}

static uint32_t gicv2_ack(void)
{
	uint32_t acked = mmio_read32(&gicc->iar);

	/* What the sender of an SGI wrote before it is seen by its handler. */
	dmb(sy);
	return acked;
}

static void gicv2_eoi(uint32_t acked)
{
	mmio_write32(&gicc->eoir, acked);
}

static void gicv2_send_sgi(unsigned int cpu, unsigned int sgi)
{
	/* What the caller has stored is seen by the other core before the interrupt comes. */
	dsb(ish);
	mmio_write32(&gicd->sgir, (uint32_t)cpu_mask[cpu] << GICD_SGIR_TARGETS_SHIFT | sgi);
}

static void gicv2_set_active(unsigned int irq, bool active)
{
	gicd_set_active(gicd, irq, active);
}

static struct irq_chip gicv2 = {
	.name = "GICv2",
	.init_cpu = gicv2_init_cpu,
	.enable = gicv2_enable,
	.disable = gicv2_disable,
	.route = gicv2_route,
	.ack = gicv2_ack,
	.eoi = gicv2_eoi,
	.send_sgi = gicv2_send_sgi,
	.set_active = gicv2_set_active,
};

/* Behind the distributor and the CPU interfaces: GICH and GICV, where guests may have them. */
static void find_virt(const struct fdt *fdt, int node)
{
	struct irq_virt v = { .version = 2 };
	struct fdt_range gicv;

	if (device_reg(fdt, node, 3, &gicv) || gicv.addr % PAGE_SIZE || gicv.size < PAGE_SIZE)
		return;
	v.gicv = gicv.addr;
	v.gich = device_ioremap(fdt, node, 2, NULL);
	if (v.gich)
		gicd_virt(fdt, node, &v);
}

static int gicv2_probe(const struct fdt *fdt, int node)
{
	gicd = device_ioremap(fdt, node, 0, NULL);
	gicc = device_ioremap(fdt, node, 1, NULL);
	if (!gicd || !gicc)
		return -ENOMEM;
	gicv2.nr_irqs = gicd_nr_irqs(gicd);
	mmio_write32(&gicd->ctlr, 0);
	gicd_quiet(gicd, IRQ_SPI_BASE, gicv2.nr_irqs - IRQ_SPI_BASE, false);
	mmio_write32(&gicd->ctlr, GICD_CTLR_EnableGrp0);
	irq_chip_register(&gicv2, node);
	find_virt(fdt, node);
	return 0;
}

DEVICE_DRIVER(gic_400, DEVICE_IRQ, "arm,gic-400", gicv2_probe);
DEVICE_DRIVER(gic_a15, DEVICE_IRQ, "arm,cortex-a15-gic", gicv2_probe);
