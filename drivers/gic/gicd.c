/*
 * gicd.c - what both generations of the distributor do alike.
 * Callers hold irq.c's lock, or are alone at boot.
 */
#include "drivers/gic/gicd.h"

#include "arm/barrier.h"
#include "arm/mmio.h"
#include "drivers/device.h"
#include "drivers/irq_chip.h"

unsigned int gicd_nr_irqs(volatile struct gicd *d)
{
	unsigned int n = 32 * ((mmio_read32(&d->typer) & GICD_TYPER_ITLinesNumber) + 1);

	return min(n, (unsigned int)IRQ_MAX);
}

void gicd_quiet(volatile struct gicd *d, unsigned int first, unsigned int n, bool group1)
{
	for (unsigned int w = first / 32; w < DIV_ROUND_UP(first + n, 32); w++) {
		mmio_write32(&d->icenabler[w], UINT32_MAX);
		mmio_write32(&d->icpendr[w], UINT32_MAX);
		mmio_write32(&d->icactiver[w], UINT32_MAX);
		/*
		 * Ignored where another security state owns the groups: el3/ has opened them then.
		 */
		mmio_write32(&d->igroupr[w], group1 ? UINT32_MAX : 0);
	}
}

void gicd_configure(volatile struct gicd *d, unsigned int irq, enum irq_trigger trigger)
{
	volatile uint32_t *cfg = &d->icfgr[irq / 16];
	unsigned int shift = irq % 16 * 2;

	mmio_write8(&d->ipriorityr[irq], GIC_PRIORITY);
	if (trigger == IRQ_EDGE)
		mmio_set32(cfg, GICD_ICFGR_EDGE << shift);
	else
		mmio_clear32(cfg, GICD_ICFGR_EDGE << shift);
}

void gicd_enable(volatile struct gicd *d, unsigned int irq)
{
	mmio_write32(&d->isenabler[irq / 32], 1U << irq % 32);
}

void gicd_disable(volatile struct gicd *d, unsigned int irq)
{
	mmio_write32(&d->icenabler[irq / 32], 1U << irq % 32);
}

void gicd_set_active(volatile struct gicd *d, unsigned int irq, bool active)
{
	mmio_write32(active ? &d->isactiver[0] : &d->icactiver[0], 1U << irq);
	/* It counts from here on: the guest's timer is let in next, or this core's own. */
	dsb(sy);
}

void gicd_virt(const struct fdt *fdt, int node, struct irq_virt *virt)
{
	enum irq_trigger trigger;
	/* irq_from_fdt asks the controller that is registered: this one. */
	int irq = irq_from_fdt(fdt, node, 0, &trigger);

	if (irq < IRQ_PPI_BASE || irq >= IRQ_SPI_BASE)
		return;
	virt->maintenance = irq;
	irq_virt_register(virt);
}
