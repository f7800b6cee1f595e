/*
 * gicv2m.c - a GICv2m frame: what a device writes to its one register becomes that shared
 * interrupt.  Source: Arm Server Base System Architecture, appendix "GICv2m architecture".
 */
#include "abi/errno.h"
#include "arm/mmio.h"
#include "drivers/device.h"
#include "drivers/irq.h"
#include "drivers/msi.h"
#include "lib/fdt_bindings.h"

#define V2M_MSI_TYPER	   0x008 /* which interrupts are its own */
#define V2M_MSI_SETSPI	   0x040 /* written: this interrupt comes */
#define V2M_TYPER_BASE(t)  ((t) >> 16 & 0x3ff)
#define V2M_TYPER_COUNT(t) ((t)&0x3ff)

static uint64_t frame_pa;
static unsigned int next_spi, end_spi; /* [next_spi, end_spi) are free */

static int gicv2m_take(uint32_t id, unsigned int n, struct msi_message *m)
{
	unsigned int i;

	for (i = 0; i < n && next_spi < end_spi; i++, next_spi++)
		m[i] = (struct msi_message){ .address = frame_pa + V2M_MSI_SETSPI,
					     .data = next_spi,
					     .irq = next_spi };
	return i ? (int)i : -ENOSPC;
}

static const struct msi_chip gicv2m = { .take = gicv2m_take };

static int gicv2m_probe(const struct fdt *fdt, int node)
{
	void *frame = device_ioremap(fdt, node, 0, &frame_pa);
	uint32_t typer, base, count;

	if (!frame)
		return -ENOMEM;
	typer = mmio_read32((uint32_t *)((char *)frame + V2M_MSI_TYPER));
	base = V2M_TYPER_BASE(typer);
	count = V2M_TYPER_COUNT(typer);
	/* Where the register is wrong, the tree has the right ones. */
	if (fdt_u32(fdt, node, "arm,msi-base-spi", &base) == -EINVAL ||
	    fdt_u32(fdt, node, "arm,msi-num-spis", &count) == -EINVAL)
		return -EINVAL;
	if (base < IRQ_SPI_BASE || base > IRQ_MAX || count > IRQ_MAX - base)
		return -EINVAL;
	next_spi = base;
	end_spi = base + count;
	msi_register(&gicv2m, node);
	return 0;
}

DEVICE_DRIVER(gic_v2m, DEVICE_IRQ, "arm,gic-v2m-frame", gicv2m_probe);
