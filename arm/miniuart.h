/*
 * miniuart.h - the Raspberry Pi 4's mini UART: its registers, asserted, and what can be done with
 * nothing but them, at any level.  Source: Broadcom "BCM2711 ARM Peripherals", 2.1 and 2.2, and the
 * list of its errata (eLinux, "BCM2835 datasheet errata").
 *
 * It is a 16550 cut down: 8 bits, FIFOs of 8 bytes, no parity, no break, no framing errors.
 */
#pragma once

#include <stddef.h>

#include "arm/rawuart.h"

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

#define AUX_ENABLES_MU	     0x1

/*
 * Bits 3:2 are of no use to us, but without them no interrupt comes: where the data sheet says
 * "write zero" (2.2.2, AUX_MU_IER_REG) the errata say "required in order to receive interrupts"
 * (p12).  The same entry has RX and TX the right way round.
 */
#define MU_IER_RX	     0x1
#define MU_IER_TX	     0x2
#define MU_IER_ANY	     0xc
#define MU_IIR_CLEAR_FIFO    0x6
#define MU_LCR_8BIT	     0x3 /* the data sheet's 1 is an erratum (p14) */
#define MU_LSR_RX_READY	     0x01
#define MU_LSR_TX_ROOM	     RAWUART_MINI_TXREADY
#define MU_LSR_TX_IDLE	     0x40
#define MU_CNTL_RX_TX	     0x3

#define MINIUART_DIVISOR_MAX 0x10000

/*
 * miniuart_divisor - for @baud from a core clock of @hz (2.2.1: baud = clock / (8 * (register +
 * 1))); 0: there is none.
 */
static inline uint32_t miniuart_divisor(uint32_t hz, uint32_t baud)
{
	uint64_t d = baud ? (hz + UINT64_C(4) * baud) / (UINT64_C(8) * baud) : 0;

	return d > MINIUART_DIVISOR_MAX ? 0 : (uint32_t)d;
}

/* What it runs by; 0: nobody has switched it on.  Only when it is on do its registers answer. */
static inline uint32_t miniuart_running_divisor(volatile struct aux *a)
{
	if (!(mmio_read32(&a->enables) & AUX_ENABLES_MU) || !mmio_read32(&a->mu_baud))
		return 0;
	return (mmio_read32(&a->mu_baud) & 0xffff) + 1;
}

/* miniuart_irq_mask - interrupt when there is something to receive; when there is room to send. */
static inline void miniuart_irq_mask(volatile struct aux *a, bool rx, bool tx)
{
	mmio_write32(&a->mu_ier,
		     (rx ? MU_IER_RX : 0) | (tx ? MU_IER_TX : 0) | (rx || tx ? MU_IER_ANY : 0));
}

/*
 * miniuart_start - ready to send and receive, 8 bits, no flow control, all interrupts masked.
 * @divisor: 0: as it is, and what was received stays.
 */
static inline void miniuart_start(volatile struct aux *a, uint32_t divisor)
{
	struct patience patience = patience_new(8, PATIENCE_POLLS);

	/* Alone: an SPI master that was left on could hold the interrupt that they share. */
	mmio_write32(&a->enables, AUX_ENABLES_MU);
	/* DLAB is in it, which would make a divisor of the bytes and of the interrupts' mask. */
	mmio_write32(&a->mu_lcr, MU_LCR_8BIT);
	miniuart_irq_mask(a, false, false);
	while (!(mmio_read32(&a->mu_lsr) & MU_LSR_TX_IDLE) && !patience_over(&patience))
		;
	mmio_write32(&a->mu_cntl, 0);
	mmio_write32(&a->mu_mcr, 0);
	if (divisor) {
		mmio_write32(&a->mu_iir, MU_IIR_CLEAR_FIFO);
		mmio_write32(&a->mu_baud, divisor - 1);
	}
	mmio_write32(&a->mu_cntl, MU_CNTL_RX_TX);
}
