/*
 * pl011.h - Arm's PrimeCell UART: its registers, asserted, and what can be done with nothing
 * but them, at any level.  Source: Arm DDI 0183G.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arm/rawuart.h"

struct pl011 {
	uint32_t dr;
	uint32_t rsr_ecr;
	uint32_t reserved0[4];
	uint32_t fr;
	uint32_t reserved1;
	uint32_t ilpr;
	uint32_t ibrd;
	uint32_t fbrd;
	uint32_t lcr_h;
	uint32_t cr;
	uint32_t ifls;
	uint32_t imsc;
	uint32_t ris;
	uint32_t mis;
	uint32_t icr;
	uint32_t dmacr;
};

_Static_assert(offsetof(struct pl011, fr) == RAWUART_PL011_FR, "UARTFR");
_Static_assert(offsetof(struct pl011, ibrd) == 0x24, "UARTIBRD");
_Static_assert(offsetof(struct pl011, lcr_h) == 0x2c, "UARTLCR_H");
_Static_assert(offsetof(struct pl011, cr) == 0x30, "UARTCR");
_Static_assert(offsetof(struct pl011, ifls) == 0x34, "UARTIFLS");
_Static_assert(offsetof(struct pl011, imsc) == 0x38, "UARTIMSC");
_Static_assert(offsetof(struct pl011, icr) == 0x44, "UARTICR");

#define UARTDR_FE	  0x100
#define UARTDR_PE	  0x200
#define UARTDR_BE	  0x400

#define UARTFR_BUSY	  0x08
#define UARTFR_RXFE	  0x10
#define UARTFR_TXFF	  RAWUART_PL011_TXFF

#define UARTLCR_H_FEN	  0x10
#define UARTLCR_H_WLEN8	  0x60

#define UARTCR_UARTEN	  0x001
#define UARTCR_TXE	  0x100
#define UARTCR_RXE	  0x200

#define UARTIFLS_TX_1_8	  (0 << 0)
#define UARTIFLS_RX_1_2	  (2 << 3)

#define UARTINT_RX	  0x010
#define UARTINT_TX	  0x020
#define UARTINT_RT	  0x040 /* some bytes wait, and no more came for a while */
#define UARTINT_ALL	  0x7ff

/* A divisor in 64ths: UARTIBRD above, UARTFBRD in the last six bits. */
#define PL011_DIVISOR_MIN 64
#define PL011_DIVISOR_MAX (UINT64_C(65535) * 64)

/*
 * pl011_divisor - for @baud from a clock of @hz, UARTCLK / (16 * baud) in 64ths (DDI 0183, 3.3.6);
 * 0: there is none.
 */
static inline uint32_t pl011_divisor(uint32_t hz, uint32_t baud)
{
	uint64_t d = baud ? (hz * UINT64_C(4) + baud / 2) / baud : 0;

	return d < PL011_DIVISOR_MIN || d > PL011_DIVISOR_MAX ? 0 : (uint32_t)d;
}

/* What it runs by; 0: nobody has switched it on, or not to send. */
static inline uint32_t pl011_running_divisor(volatile struct pl011 *u)
{
	const uint32_t on = UARTCR_UARTEN | UARTCR_TXE;

	if ((mmio_read32(&u->cr) & on) != on || !mmio_read32(&u->ibrd))
		return 0;
	return mmio_read32(&u->ibrd) << 6 | mmio_read32(&u->fbrd);
}

/*
 * pl011_mended - the divisor for pl011_start where a loader has left @running: 0, as it is, if that
 * is @wanted within 1/32, or nothing better is known; else @wanted.  The Raspberry Pi's firmware
 * leaves 29 and no 64ths behind after uart_2ndstage=1, which is 103448 baud, a tenth too slow
 * for 115200.
 */
static inline uint32_t pl011_mended(uint32_t running, uint32_t wanted)
{
	uint32_t off = running > wanted ? running - wanted : wanted - running;

	return off <= wanted / 32 ? 0 : wanted;
}

/*
 * pl011_start - ready to send and receive, 8N1, FIFOs on, no flow control, all interrupts masked.
 * @divisor: 0: as it is.
 */
static inline void pl011_start(volatile struct pl011 *u, uint32_t divisor)
{
	struct patience patience = patience_new(8, PATIENCE_POLLS);
	bool stuck = false;

	mmio_write32(&u->imsc, 0);
	/*
	 * UARTLCR_H must not change while the UART is enabled, nor the UART be disabled in the
	 * middle of a byte (DDI 0183, 3.3.8).
	 */
	while (!stuck && mmio_read32(&u->fr) & UARTFR_BUSY)
		stuck = patience_over(&patience);
	mmio_write32(&u->cr, 0);
	if (stuck)
		/* A line that waits for CTS, or a clock, for ever: without FEN the FIFOs empty. */
		mmio_write32(&u->lcr_h, 0);
	if (divisor) {
		mmio_write32(&u->ibrd, divisor >> 6);
		mmio_write32(&u->fbrd, divisor & 0x3f);
	}
	/* Last, because it is its write that latches the divisor too (3.3.7). */
	mmio_write32(&u->lcr_h, UARTLCR_H_WLEN8 | UARTLCR_H_FEN);
	mmio_write32(&u->ifls, UARTIFLS_TX_1_8 | UARTIFLS_RX_1_2);
	mmio_write32(&u->dmacr, 0);
	/* But for what says that something was received: that waits in the FIFO to be read. */
	mmio_write32(&u->icr, UARTINT_ALL & ~(UARTINT_RX | UARTINT_RT));
	mmio_write32(&u->cr, UARTCR_UARTEN | UARTCR_TXE | UARTCR_RXE);
}
