/*
 * uart_port.h - what a UART's driver gives to uart.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "drivers/irq.h"

struct fdt;

#define UART_PORTS_MAX 4
#define UART_BAUD      115200

/* What getc may answer beside a byte. */
#define UART_NOTHING   (-1)
#define UART_BREAK     (-2)
#define UART_GARBLED   (-3) /* a byte came with a framing or parity error */

struct uart_port;

/*
 * None of these waits, but for init.  uart.c's lock is held (not for getc), interrupts are masked.
 */
struct uart_ops {
	/*
	 * Line and FIFOs ready to send and receive, all interrupts masked.  The speed is p->baud,
	 * as far as the clock is known; one that the firmware has set is kept, unless
	 * p->baud_said.
	 */
	void (*init)(struct uart_port *p);
	/* Put @c into the FIFO; false: there is no room. */
	bool (*putc)(struct uart_port *p, char c);
	int (*getc)(struct uart_port *p);
	/* Has all that was put left the wire? */
	bool (*idle)(struct uart_port *p);
	/* Interrupt when there is something to receive; when there is room in the FIFO. */
	void (*irq_mask)(struct uart_port *p, bool rx, bool tx);
};

struct uart_port {
	const struct uart_ops *ops;
	volatile void *regs;
	uint64_t pa;	     /* theirs, physical */
	uint32_t clock_hz;   /* what the tree or the board says; 0: nothing */
	void (*route)(void); /* NULL, or: connect the pins that this UART shares with another one */
	int node;	     /* in the device tree */
	char name[12];	     /* ttyAMA0 */

	/* what uart.c tells the driver before init */
	uint32_t baud;
	bool baud_said; /* by console=: the user knows */

	/* uart.c's own */
	bool console;
	bool tx_polled;	 /* its transmit interrupt did not come when it had to */
	uint64_t fed_at; /* when its FIFO was last filled: the counter */
	bool deaf;	 /* nothing but noise came in: no more of it is taken */
	uint32_t noise;	 /* so many bytes of it, without a good one between */
	bool by_interrupt;
	bool rx_on, tx_on; /* irq_mask's last arguments */
	uint32_t tail;	   /* how far this UART has followed the ring */
};

/*
 * uart_port_add - a port for a UART that a probe has found; the driver fills in the first
 * fields afterwards. It is not touched until it becomes a console.
 * @prefix: "ttyAMA" or "ttyS", which get the number of the alias serialN
 * Return NULL when there are UART_PORTS_MAX.
 */
struct uart_port *uart_port_add(const struct fdt *fdt, int node, const char *prefix) __must_check;
