/*
 * pl011.c - Arm's PrimeCell UART as a console port (drivers/uart.c).
 *
 * The receive and transmit interrupts are used as levels: they follow the FIFOs and are never
 * acknowledged by hand, only masked, so none can be lost.
 */
#include "drivers/pl011/pl011.h"

#include "abi/errno.h"
#include "arm/barrier.h"
#include "drivers/bcm2711/bcm2711.h"
#include "drivers/device.h"
#include "drivers/uart_port.h"
#include "lib/fdt.h"

/*
 * How often BUSY is read before the UART is reprogrammed under it: longer than 32 bytes take at
 * 115200 baud.
 */
#define BUSY_READS 1000000

static volatile struct pl011 *pl011_regs(struct uart_port *p)
{
	return p->regs;
}

/* The divisor is clock / (16 * baud), in 64ths. */
static void set_speed(volatile struct pl011 *u, uint32_t clock_hz)
{
	uint32_t div = (clock_hz * UINT64_C(4) + UART_BAUD / 2) / UART_BAUD;

	mmio_write32(&u->ibrd, div >> 6);
	mmio_write32(&u->fbrd, div & 0x3f);
}

static void pl011_init(struct uart_port *p)
{
	volatile struct pl011 *u = pl011_regs(p);
	bool running = mmio_read32(&u->cr) & UARTCR_UARTEN && mmio_read32(&u->ibrd);

	mmio_write32(&u->imsc, 0);
	/*
	 * UARTLCR_H must not change while the UART is enabled, nor the UART be disabled in the
	 * middle of a byte.
	 */
	for (int i = 0; i < BUSY_READS && mmio_read32(&u->fr) & UARTFR_BUSY; i++)
		cpu_relax();
	mmio_write32(&u->cr, 0);
	if (!running && p->clock_hz)
		set_speed(u, p->clock_hz);
	mmio_write32(&u->lcr_h, UARTLCR_H_WLEN8 | UARTLCR_H_FEN); /* latches the divisor too */
	mmio_write32(&u->ifls, UARTIFLS_TX_1_8 | UARTIFLS_RX_1_2);
	mmio_write32(&u->dmacr, 0);
	mmio_write32(&u->icr, UARTINT_ALL);
	mmio_write32(&u->cr, UARTCR_UARTEN | UARTCR_TXE | UARTCR_RXE);
}

static bool pl011_putc(struct uart_port *p, char c)
{
	return pl011_try_putc(pl011_regs(p), c);
}

static int pl011_getc(struct uart_port *p)
{
	volatile struct pl011 *u = pl011_regs(p);
	uint32_t dr;

	if (mmio_read32(&u->fr) & UARTFR_RXFE)
		return UART_NOTHING;
	dr = mmio_read32(&u->dr);
	if (dr & UARTDR_BE)
		return UART_BREAK;
	if (dr & (UARTDR_FE | UARTDR_PE))
		return UART_GARBLED;
	return dr & 0xff;
}

static bool pl011_idle(struct uart_port *p)
{
	return !(mmio_read32(&pl011_regs(p)->fr) & UARTFR_BUSY);
}

static void pl011_irq_mask(struct uart_port *p, bool rx, bool tx)
{
	mmio_write32(&pl011_regs(p)->imsc,
		     (rx ? UARTINT_RX | UARTINT_RT : 0) | (tx ? UARTINT_TX : 0));
}

static const struct uart_ops pl011_ops = {
	.init = pl011_init,
	.putc = pl011_putc,
	.getc = pl011_getc,
	.idle = pl011_idle,
	.irq_mask = pl011_irq_mask,
};

/* The first clock, UARTCLK, if it is a fixed one; 0: not known. */
static uint32_t uart_clock_hz(const struct fdt *fdt, int node)
{
	uint32_t phandle, hz;
	int clock;

	if (fdt_cell(fdt, node, "clocks", 0, &phandle))
		return 0;
	clock = fdt_find_phandle(fdt, phandle);
	if (!fdt_is_compatible(fdt, clock, "fixed-clock"))
		return 0;
	return fdt_u32(fdt, clock, "clock-frequency", &hz) ? 0 : hz;
}

static int pl011_probe(const struct fdt *fdt, int node)
{
	struct uart_port *p;
	uint64_t pa;
	void *u = device_ioremap(fdt, node, 0, &pa);

	if (!u)
		return -ENOMEM;
	p = uart_port_add(fdt, node, "ttyAMA");
	if (!p)
		return -ENOSPC;
	p->ops = &pl011_ops;
	p->regs = u;
	p->route = bcm2711_uart_route(fdt, pa);
	p->clock_hz = p->route ? BCM2711_PL011_HZ : uart_clock_hz(fdt, node);
	return 0;
}

DEVICE_DRIVER(pl011_uart, DEVICE_EARLY, "arm,pl011", pl011_probe);
