/*
 * pl011.h - Arm's PrimeCell UART: its registers, asserted, and a polled way out that needs nothing
 * but them. Source: Arm DDI 0183G.
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

#define UARTDR_FE	0x100
#define UARTDR_PE	0x200
#define UARTDR_BE	0x400

#define UARTFR_BUSY	0x08
#define UARTFR_RXFE	0x10
#define UARTFR_TXFF	RAWUART_PL011_TXFF

#define UARTLCR_H_FEN	0x10
#define UARTLCR_H_WLEN8 0x60

#define UARTCR_UARTEN	0x001
#define UARTCR_TXE	0x100
#define UARTCR_RXE	0x200

#define UARTIFLS_TX_1_8 (0 << 0)
#define UARTIFLS_RX_1_2 (2 << 3)

#define UARTINT_RX	0x010
#define UARTINT_TX	0x020
#define UARTINT_RT	0x040 /* some bytes wait, and no more came for a while */
#define UARTINT_ALL	0x7ff

/* Put @c into the FIFO; false: there is no room. */
static inline bool pl011_try_putc(volatile struct pl011 *u, char c)
{
	if (mmio_read32(&u->fr) & UARTFR_TXFF)
		return false;
	mmio_write32(&u->dr, (uint8_t)c);
	return true;
}
