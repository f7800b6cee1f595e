/*
 * reset.c - switching the machine off, or starting it again, by the first means that works.
 *
 * Comes from reboot(2), and from a panic.  Invariant: none of these returns; what was written to
 * the console is out before the machine goes.
 */
#include "drivers/reset.h"

#include "arm/barrier.h"
#include "arm/irqflags.h"
#include "drivers/bcm2711/led.h"
#include "drivers/psci/psci.h"
#include "drivers/semihosting/semihosting.h"
#include "drivers/uart.h"
#include "log/printk.h"

static void (*board_poweroff)(void);
static void (*board_reset)(void);

void reset_register(void (*poweroff)(void), void (*reset)(void))
{
	board_poweroff = poweroff;
	board_reset = reset;
}

void machine_halt(void)
{
	__asm__ volatile("msr daifset, #0xf" ::: "memory");
	led_set(false);
	for (;;)
		wfi();
}

void machine_poweroff(void)
{
	/* This core does nothing else any more; the others may go on until the power is off. */
	irq_disable();
	uart_flush();
	semihosting_exit(0);
	psci_system_off();
	if (board_poweroff)
		board_poweroff();
	pr_err("This machine can't switch itself off: it is safe to do so now.\n");
	uart_flush();
	machine_halt();
}

void machine_reset(void)
{
	irq_disable();
	uart_flush();
	psci_system_reset();
	if (board_reset)
		board_reset();
	pr_err("This machine can't reset itself: it is halted.\n");
	uart_flush();
	machine_halt();
}

void machine_fail(void)
{
	irq_disable();
	uart_flush();
	/* An emulator with semihosting ends with an error: a test sees that the kernel failed. */
	semihosting_exit(1);
	machine_reset();
}
