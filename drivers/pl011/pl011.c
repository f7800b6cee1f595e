/*
 * pl011.c - Arm's PrimeCell UART as a console port (drivers/uart.c).
 *
 * The receive interrupts follow the FIFO and are masked, never acknowledged by hand; the transmit
 * interrupt comes as the FIFO falls to its mark, so drivers/uart.c fills it before it asks for one.
 */
#include "arm/pl011.h"

#include "abi/errno.h"
#include "arm/bcm2711.h"
#include "drivers/bcm2711/bcm2711.h"
#include "drivers/bcm2711/mailbox.h"
#include "drivers/device.h"
#include "drivers/uart_port.h"
#include "lib/fdt_bindings.h"

static volatile struct pl011 *pl011_regs(struct uart_port *p)
{
	return p->regs;
}

/*
 * What the firmware of a Raspberry Pi says, else what is known of the board or by the tree.  There
 * the clock of a UART that the firmware has left alone may stand still.
 */
static uint32_t pl011_clock_hz(const struct uart_port *p, bool running)
{
	uint32_t hz;

	if (p->route && !running)
		(void)!mailbox_clock_on(MAILBOX_CLOCK_UART);
	if (p->route && !mailbox_clock_rate(MAILBOX_CLOCK_UART, &hz) && hz)
		return hz;
	return p->clock_hz;
}

static void pl011_init(struct uart_port *p)
{
	volatile struct pl011 *u = pl011_regs(p);
	uint32_t running = pl011_running_divisor(u);
	uint32_t wanted = pl011_divisor(pl011_clock_hz(p, running), p->baud);

	pl011_start(u, p->baud_said ? wanted : pl011_mended(running, wanted));
}

static bool pl011_putc(struct uart_port *p, char c)
{
	volatile struct pl011 *u = pl011_regs(p);

	/* uart_lock is held, so no other core fills the FIFO between the look and the write. */
	if (mmio_read32(&u->fr) & UARTFR_TXFF)
		return false;
	mmio_write32(&u->dr, (uint8_t)c);
	return true;
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
	p->pa = pa;
	p->route = bcm2711_uart_route(fdt, pa);
	/* The first clock of the tree's is UARTCLK. */
	if (p->route)
		p->clock_hz = BCM2711_PL011_HZ;
	else if (fdt_fixed_clock(fdt, node, 0, &p->clock_hz))
		p->clock_hz = 0;
	return 0;
}

DEVICE_DRIVER(pl011_uart, DEVICE_EARLY, "arm,pl011", pl011_probe);
