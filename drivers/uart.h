/*
 * uart.h - the serial console, whichever UART it is.
 *
 * Which UART is the console: those that console= names (ttyAMAn: PL011, ttySn: mini UART; n is the
 * device tree's alias serialn), the last one being /dev/console's; without console=, the one that
 * /chosen/stdout-path names.  On a Raspberry Pi 4, where the kernel cannot know which of the two
 * UARTs is connected, the other one then carries the console as well: same output, input from both.
 * A UART that is left out prints one line that says where the console is.  A console UART that
 * takes no byte for a quarter of a second is dropped, and another one takes its place, if there is
 * one.
 *
 * Speed: what console= says behind the comma; else what the firmware has set; else what stdout-path
 * says behind the colon; else 115200.
 *
 * The way of a byte: uart_write, or the log, puts it into one ring under one lock; each console
 * UART follows the ring at its own pace, by interrupts.  What is put in by one call stays together,
 * and is never dropped: a writer that finds no room gets a short count, the log pushes older bytes
 * out itself, polled.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/util.h"

struct fdt;
struct fdt_chosen;

/*
 * uart_early_init - find the UARTs, choose the console, send the log there (polled).  Boot core,
 * first thing after the device tree was checked; needs ioremap only.
 * @chosen: the kernel's command line, and where stdout-path leads
 * @had_log: whether the UART at a physical address has had the log so far; where one has not, it is
 *           sent from its beginning
 */
void uart_early_init(const struct fdt *fdt, const struct fdt_chosen *chosen,
		     bool (*had_log)(uint64_t pa));

/* uart_report - have the log name the console. */
void uart_report(void);

/*
 * uart_was_tried - has uart_early_init been called?  uart_is_alive - and is there a console UART
 * that has taken all that it was given?
 */
bool uart_was_tried(void);
bool uart_is_alive(void);

/* uart_init - from here on by interrupts, both ways.  After irq_init. */
void uart_init(const struct fdt *fdt);

/* uart_console_name - "ttyAMA0", "ttyS1"; "none" if the machine has no UART we know. */
const char *uart_console_name(void);

/*
 * uart_write - queue the first part of @buf for output; raw bytes, no CR is added.
 * Return: how many bytes were taken, 0..@n.  Less than @n: a longer piece is best offered after
 * tx_ready.  Lines are kept whole: a cut is made after a newline when there is one.  Any context,
 * never waits.
 */
size_t uart_write(const char *buf, size_t n) __must_check;

/* uart_tx_pending - bytes that are queued and not yet in a UART's FIFO (for tcdrain and reboot). */
size_t uart_tx_pending(void);

/* uart_flush - push all that is queued out, polled.  Any context. */
void uart_flush(void);

/*
 * The reader and writer above (fs/console).  Both are called in interrupt context with no lock
 * held; they must not sleep.
 *   rx:       one byte came in
 *   rx_break: NULL, or: a BREAK was seen on the line
 *   tx_ready: there is room again after uart_write took less than it was given
 */
struct uart_client {
	void (*rx)(void *arg, char c);
	void (*rx_break)(void *arg);
	void (*tx_ready)(void *arg);
	void *arg;
};

/*
 * uart_attach - @client (kept, not copied) receives from now on.  What was typed before waited in
 * the UART's FIFO. Once.
 */
void uart_attach(const struct uart_client *client);

/*
 * uart_rx_throttle - while @on, leave what comes in where it is: a sender that honours flow control
 * (QEMU does) waits. May be called from rx.
 */
void uart_rx_throttle(bool on);

/*
 * uart_poll_log - from now on, or (@on false) no more, a line of the log is sent before printk
 * returns, and causes no interrupt: a trace of interrupts would else go on for ever about its own
 * output.
 */
void uart_poll_log(bool on);

/* uart_uses - whether what the log writes needs @l: a core that waits for it must not print. */
struct spinlock;
bool uart_uses(const struct spinlock *l);

/*
 * uart_panic_mode - the kernel is dying: from now on output is polled and takes no lock.  What is
 * still queued is put out first.  The other cores are stopped, or soon will be.
 */
void uart_panic_mode(void);
