/*
 * uart.c - the Raspberry Pi 4's mini UART as a console port (drivers/uart.c).
 *
 * It is a 16550 cut down: 8 bits, FIFOs of 8 bytes, no parity, no break, no framing errors.  Its
 * speed hangs on the VPU core's clock, which the firmware holds still under enable_uart=1.
 */
#include "abi/errno.h"
#include "arm/rawuart.h"
#include "drivers/device.h"
#include "drivers/bcm2711/bcm2711.h"
#include "drivers/uart_port.h"
#include "lib/fdt_bindings.h"
#include "mm/kmap.h"

/* The page that it shares with two SPI masters, which have the same interrupt. */
struct aux {
	uint32_t irq;
	uint32_t enables;
	uint32_t reserved[14];
	uint32_t mu_io;
	uint32_t mu_ier;
	uint32_t mu_iir;
	uint32_t mu_lcr;
	uint32_t mu_mcr;
	uint32_t mu_lsr;
	uint32_t mu_msr;
	uint32_t mu_scratch;
	uint32_t mu_cntl;
	uint32_t mu_stat;
	uint32_t mu_baud;
};

_Static_assert(offsetof(struct aux, mu_io) == 0x40, "AUX_MU_IO_REG");
_Static_assert(offsetof(struct aux, mu_lsr) == 0x40 + RAWUART_MINI_LSR, "AUX_MU_LSR_REG");
_Static_assert(offsetof(struct aux, mu_baud) == 0x68, "AUX_MU_BAUD_REG");

#define AUX_ENABLES_MU	  0x1

/*
 * Bits 3:2 are of no use to us, but without them no interrupt comes: where the data sheet says
 * "write zero" (2.2.2, AUX_MU_IER_REG) its list of errata (eLinux, "BCM2835 datasheet errata", p12)
 * says "required in order to receive interrupts".  The same entry has RX and TX the right way
 * round.
 */
#define MU_IER_RX	  0x1
#define MU_IER_TX	  0x2
#define MU_IER_ANY	  0xc
#define MU_IIR_CLEAR_FIFO 0x6
#define MU_LCR_8BIT	  0x3 /* the data sheet's 1 is an erratum */
#define MU_LSR_RX_READY	  0x01
#define MU_LSR_TX_ROOM	  RAWUART_MINI_TXREADY
#define MU_LSR_TX_IDLE	  0x40
#define MU_CNTL_RX_TX	  0x3

/* The core clock under enable_uart=1. */
#define CORE_HZ		  500000000

static volatile struct aux *aux_regs(struct uart_port *p)
{
	return p->regs;
}

static void mini_init(struct uart_port *p)
{
	volatile struct aux *a = aux_regs(p);
	bool running = mmio_read32(&a->enables) & AUX_ENABLES_MU;

	/* Only when it is enabled do its registers answer. */
	if (!running)
		mmio_set32(&a->enables, AUX_ENABLES_MU);
	mmio_write32(&a->mu_ier, 0);
	/*
	 * The firmware has set it up, and its clock may not be the one that we think: its speed is
	 * left alone.
	 */
	if (running && mmio_read32(&a->mu_baud))
		return;
	mmio_write32(&a->mu_cntl, 0);
	mmio_write32(&a->mu_lcr, MU_LCR_8BIT);
	mmio_write32(&a->mu_mcr, 0);
	mmio_write32(&a->mu_iir, MU_IIR_CLEAR_FIFO);
	mmio_write32(&a->mu_baud, p->clock_hz / (8 * UART_BAUD) - 1);
	mmio_write32(&a->mu_cntl, MU_CNTL_RX_TX);
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
	/* All of the register at once: the caller keeps both bits. */
	mmio_write32(&aux_regs(p)->mu_ier,
		     (rx ? MU_IER_RX : 0) | (tx ? MU_IER_TX : 0) | (rx || tx ? MU_IER_ANY : 0));
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
	p->route = bcm2711_uart_route(fdt, range.addr);
	p->clock_hz = CORE_HZ;
	return 0;
}

DEVICE_DRIVER(mini_uart, DEVICE_EARLY, "brcm,bcm2835-aux-uart", bcm2711_uart_probe);
