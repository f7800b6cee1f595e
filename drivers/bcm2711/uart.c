/*
 * uart.c - the Raspberry Pi 4's mini UART as a console port (drivers/uart.c).
 *
 * Its speed hangs on the VPU core's clock, which the firmware holds still under enable_uart=1.
 */
#include "abi/errno.h"
#include "arm/bcm2711.h"
#include "arm/miniuart.h"
#include "drivers/device.h"
#include "drivers/bcm2711/bcm2711.h"
#include "drivers/bcm2711/mailbox.h"
#include "drivers/uart_port.h"
#include "lib/fdt_bindings.h"
#include "mm/kmap.h"

static volatile struct aux *aux_regs(struct uart_port *p)
{
	return p->regs;
}

static uint32_t core_clock_hz(const struct uart_port *p)
{
	uint32_t hz;

	return !mailbox_clock_rate(MAILBOX_CLOCK_CORE, &hz) && hz ? hz : p->clock_hz;
}

static void mini_init(struct uart_port *p)
{
	volatile struct aux *a = aux_regs(p);
	uint32_t running = miniuart_running_divisor(a);
	uint32_t wanted = miniuart_divisor(core_clock_hz(p), p->baud);

	miniuart_start(a, running && !p->baud_said ? 0 : wanted);
}

static bool mini_putc(struct uart_port *p, char c)
{
	volatile struct aux *a = aux_regs(p);

	/* uart_lock is held, so no other core fills the FIFO between the look and the write. */
	if (!(mmio_read32(&a->mu_lsr) & MU_LSR_TX_ROOM))
		return false;
	mmio_write32(&a->mu_io, (uint8_t)c);
	return true;
}

static int mini_getc(struct uart_port *p)
{
	volatile struct aux *a = aux_regs(p);

	if (!(mmio_read32(&a->mu_lsr) & MU_LSR_RX_READY))
		return UART_NOTHING;
	return mmio_read32(&a->mu_io) & 0xff;
}

static bool mini_idle(struct uart_port *p)
{
	return mmio_read32(&aux_regs(p)->mu_lsr) & MU_LSR_TX_IDLE;
}

static void mini_irq_mask(struct uart_port *p, bool rx, bool tx)
{
	miniuart_irq_mask(aux_regs(p), rx, tx);
}

static const struct uart_ops mini_ops = {
	.init = mini_init,
	.putc = mini_putc,
	.getc = mini_getc,
	.idle = mini_idle,
	.irq_mask = mini_irq_mask,
};

static int bcm2711_uart_probe(const struct fdt *fdt, int node)
{
	struct uart_port *p;
	struct fdt_range range;
	void *aux;

	if (fdt_reg(fdt, node, 0, &range))
		return -EINVAL;
	aux = ioremap(paddr_of(range.addr - offsetof(struct aux, mu_io)), sizeof(struct aux));
	if (!aux)
		return -ENOMEM;
	p = uart_port_add(fdt, node, "ttyS");
	if (!p)
		return -ENOSPC;
	p->ops = &mini_ops;
	p->regs = aux;
	p->pa = range.addr;
	p->route = bcm2711_uart_route(fdt, range.addr);
	p->clock_hz = BCM2711_CORE_HZ;
	return 0;
}

DEVICE_DRIVER(mini_uart, DEVICE_EARLY, "brcm,bcm2835-aux-uart", bcm2711_uart_probe);
