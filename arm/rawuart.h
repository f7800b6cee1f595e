/*
 * rawuart.h - polled output on a UART that firmware or a driver has set up: for the first lines,
 * and the last.
 *
 * Used where there is no driver: before the device tree is read in full, and by el2/ and el3/,
 * which print a line only when something has gone wrong.  All in one header, because each level
 * keeps its own copy of the code: el3/ does not run what EL1 can write.
 *
 * A PL011 (Arm DDI 0183) or the BCM2711's mini UART (a 16550's registers, 4 bytes apart).
 */
#pragma once

#include <stdint.h>

enum rawuart_kind {
	RAWUART_NONE,
	RAWUART_PL011,
	RAWUART_MINI,
};

struct rawuart {
	uint64_t base; /* physical address, or virtual where the MMU is on */
	uint32_t kind; /* enum rawuart_kind */
	uint32_t unused;
};

/*
 * A console and, on a board with two UARTs of which one is connected and the tree does not say
 * which, the other.
 */
#define RAWUARTS	     2

#define RAWUART_PL011_DR     0x00
#define RAWUART_PL011_FR     0x18
#define RAWUART_PL011_TXFF   0x20 /* the transmit FIFO is full */
#define RAWUART_MINI_IO	     0x00
#define RAWUART_MINI_LSR     0x14
#define RAWUART_MINI_TXREADY 0x20    /* it takes at least one byte */
#define RAWUART_PATIENCE     1000000 /* polls: a dead UART must not hold up the kernel */

static inline uint32_t rawuart_read(const struct rawuart *u, uint32_t reg)
{
	return *(volatile uint32_t *)(uintptr_t)(u->base + reg);
}

static inline void rawuart_write(const struct rawuart *u, uint32_t reg, uint32_t value)
{
	*(volatile uint32_t *)(uintptr_t)(u->base + reg) = value;
}

static inline void rawuart_putc(const struct rawuart *u, char c)
{
	int patience = RAWUART_PATIENCE;

	if (u->kind == RAWUART_PL011) {
		while ((rawuart_read(u, RAWUART_PL011_FR) & RAWUART_PL011_TXFF) && --patience)
			;
		rawuart_write(u, RAWUART_PL011_DR, (uint8_t)c);
	} else if (u->kind == RAWUART_MINI) {
		while (!(rawuart_read(u, RAWUART_MINI_LSR) & RAWUART_MINI_TXREADY) && --patience)
			;
		rawuart_write(u, RAWUART_MINI_IO, (uint8_t)c);
	}
}

/* rawuart_puts - @s; a newline goes out as CR LF. */
static inline void rawuart_puts(const struct rawuart *u, const char *s)
{
	for (; *s; s++) {
		if (*s == '\n')
			rawuart_putc(u, '\r');
		rawuart_putc(u, *s);
	}
}

/* rawuart_hex - "0x" and @v without leading zeros. */
static inline void rawuart_hex(const struct rawuart *u, uint64_t v)
{
	int shift = 60;

	rawuart_puts(u, "0x");
	while (shift > 0 && !(v >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		rawuart_putc(u, "0123456789abcdef"[(v >> shift) & 15]);
}
