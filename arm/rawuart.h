/*
 * rawuart.h - polled output on a UART that firmware or a driver has set up: for the first lines,
 * and the last.
 *
 * Used where there is no driver: before the device tree is read in full, and by el2/ and el3/,
 * which print a line only when something has gone wrong.  All in one header, because each level
 * keeps its own copy of the code: el3/ does not run what EL1 can write.
 *
 * A UART that is not connected to a clock never has room: the first byte that it does not take in
 * time is the last that it is offered, so that a dead one costs a line a moment, and not a minute.
 *
 * A PL011 (Arm DDI 0183) or the BCM2711's mini UART (a 16550's registers, 4 bytes apart).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/mmio.h"
#include "arm/patience.h"

enum rawuart_kind {
	RAWUART_NONE,
	RAWUART_PL011,
	RAWUART_MINI,
};

struct rawuart {
	uint64_t base; /* physical address, or virtual where the MMU is on */
	uint32_t kind; /* enum rawuart_kind */
	/* It has not taken a byte in time, and is given no other.  Each printer has its own. */
	uint32_t dead;
};

/*
 * A console and, on a board with two UARTs of which one is connected and the tree does not say
 * which, the other.
 */
#define RAWUARTS	     2

#define RAWUART_SIZE	     0x48 /* the registers of either */
#define RAWUART_PL011_DR     0x00
#define RAWUART_PL011_FR     0x18
#define RAWUART_PL011_TXFF   0x20 /* the transmit FIFO is full */
#define RAWUART_MINI_IO	     0x00
#define RAWUART_MINI_LSR     0x14
#define RAWUART_MINI_TXREADY 0x20 /* it takes at least one byte */

/*
 * How long a full FIFO is waited for: an eighth of a second, in which one that moves at all has
 * moved at 110 baud.
 */
#define RAWUART_DEAD_AFTER   8

static inline uint32_t rawuart_read(const struct rawuart *u, uint32_t reg)
{
	return mmio_read32((const volatile uint32_t *)(uintptr_t)(u->base + reg));
}

static inline void rawuart_write(const struct rawuart *u, uint32_t reg, uint32_t value)
{
	mmio_write32((volatile uint32_t *)(uintptr_t)(u->base + reg), value);
}

static inline bool rawuart_is_full(const struct rawuart *u)
{
	if (u->kind == RAWUART_PL011)
		return rawuart_read(u, RAWUART_PL011_FR) & RAWUART_PL011_TXFF;
	return !(rawuart_read(u, RAWUART_MINI_LSR) & RAWUART_MINI_TXREADY);
}

/* rawuart_wait - until @u takes a byte; false: it does not, and is dead from now on. */
static inline bool rawuart_wait(struct rawuart *u)
{
	struct patience patience = patience_new(RAWUART_DEAD_AFTER, PATIENCE_POLLS);

	while (rawuart_is_full(u))
		if (patience_over(&patience)) {
			u->dead = true;
			return false;
		}
	return true;
}

/* rawuart_speaks - is there a UART, and has it taken all that it was given? */
static inline bool rawuart_speaks(const struct rawuart *u)
{
	return u->kind != RAWUART_NONE && !u->dead;
}

static inline void rawuart_putc(struct rawuart *u, char c)
{
	if (rawuart_speaks(u) && rawuart_wait(u))
		rawuart_write(u, u->kind == RAWUART_PL011 ? RAWUART_PL011_DR : RAWUART_MINI_IO,
			      (uint8_t)c);
}

/* rawuart_puts - @s; a newline goes out as CR LF. */
static inline void rawuart_puts(struct rawuart *u, const char *s)
{
	for (; *s; s++) {
		if (*s == '\n')
			rawuart_putc(u, '\r');
		rawuart_putc(u, *s);
	}
}

/* rawuart_hex - "0x" and @v without leading zeros. */
static inline void rawuart_hex(struct rawuart *u, uint64_t v)
{
	int shift = 60;

	rawuart_puts(u, "0x");
	while (shift > 0 && !(v >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		rawuart_putc(u, "0123456789abcdef"[(v >> shift) & 15]);
}

static inline void rawuart_decimal(struct rawuart *u, uint32_t v)
{
	char digits[11];
	unsigned int at = sizeof(digits) - 1;

	digits[at] = '\0';
	do
		digits[--at] = (char)('0' + v % 10);
	while (v /= 10);
	rawuart_puts(u, digits + at);
}
