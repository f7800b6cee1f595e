/*
 * spinlock.c - waiting for a lock that another core holds.
 *
 * Invariant: nobody waits for ever.  The event stream (drivers/timer) ends a WFE that no store ends, so the clock is looked at.
 */
#include "arm/spinlock.h"

#include "arm/stretch.h"
#include "arm/sysreg.h"

/* The exclusive load arms the monitor: the owner's store to the word is the event that ends the WFE, no SEV is needed. */
static uint16_t load_and_arm(const uint16_t *p)
{
	uint32_t v;

	__asm__ volatile("ldaxrh %w0, %1" : "=r"(v) : "Q"(*p) : "memory");
	return (uint16_t)v;
}

static void give_up(struct spinlock *l)
{
	register struct spinlock *x0 __asm__("x0") = l;

	__asm__ volatile("brk %1" ::"r"(x0), "i"(BRK_SPIN_STUCK));
}

void spin_wait(struct spinlock *l, uint16_t mine)
{
	uint64_t start = READ_SYSREG(cntvct_el0);
	uint64_t patience = SPIN_PATIENCE * READ_SYSREG(cntfrq_el0);

	stretch_wait();
	while (load_and_arm(&l->owner) != mine) {
		wfe();
		if (READ_SYSREG(cntvct_el0) - start > patience)
			give_up(l);
	}
	stretch_waited();
}
