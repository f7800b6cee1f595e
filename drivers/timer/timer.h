/*
 * timer.h - the time, and this core's next deadline: the generic timer's virtual timer
 * (arm/counter.h).
 *
 * There is no tick: task/ programs a deadline when it has one.
 */
#pragma once

#include <stdint.h>

#include "arm/counter.h"
#include "lib/util.h"

struct fdt;

/*
 * timer_init - find the frequency and the timer's interrupt in the device tree.  Boot core, after
 * irq_init; it prepares the boot core too.  Return 0 or -ENODEV.
 */
int timer_init(const struct fdt *fdt) __must_check;

/* timer_init_cpu - the same for this core; each secondary calls it, after irq_init_cpu. */
void timer_init_cpu(void);

/*
 * timer_set_handler - @fn is called on the core whose deadline passed, in interrupt context, the
 * timer stopped.
 */
void timer_set_handler(void (*fn)(void));

/*
 * timer_now_ns - nanoseconds since the counter started (about: since reset).  The same on all
 * cores.  Any context.
 */
static inline uint64_t timer_now_ns(void)
{
	return counter_to_ns(counter_read());
}

/*
 * timer_program - interrupt this core when timer_now_ns() has reached @deadline_ns, at once if it
 * has already. It replaces the deadline that was there; UINT64_MAX: none.  Interrupts masked, or
 * the caller tied to its core.
 */
static inline void timer_program(uint64_t deadline_ns)
{
	if (deadline_ns == UINT64_MAX)
		counter_alarm_stop();
	else
		counter_alarm(counter_from_ns(deadline_ns));
}

/*
 * timer_guest_irq - for who runs guests: the interrupt of the virtual timer that is EL1's, which
 * may be not the kernel's own.  Return 0, or -ENOENT: it is no PPI.
 */
int timer_guest_irq(unsigned int *number) __must_check;

/* timer_udelay - spin for @us microseconds: for devices, at boot. */
void timer_udelay(unsigned int us);
