/*
 * patience.h - waiting for hardware, with an end: what never answers must not stop the machine.
 *
 * Bound by the counter, and by polls for where that stands still or nobody has said how fast it
 * runs.  Works at every level, MMU on or off: the virtual counter, because all of them may read it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/barrier.h"
#include "arm/sysreg.h"

struct patience {
	uint64_t start, ticks; /* ticks 0: the counter's frequency is unknown */
	uint32_t polls;
};

/* Reading a device's register takes some 100 ns: about an eighth of a second of polls. */
#define PATIENCE_POLLS 1000000

/* patience_new - for 1/@part of a second from now on, or @polls looks. */
static inline struct patience patience_new(uint32_t part, uint32_t polls)
{
	return (struct patience){ .start = READ_SYSREG(cntvct_el0),
				  .ticks = (uint32_t)READ_SYSREG(cntfrq_el0) / part,
				  .polls = polls };
}

/* patience_over - called at each look that was in vain: was it the last? */
static inline bool patience_over(struct patience *p)
{
	cpu_relax();
	if (!p->polls--)
		return true;
	return p->ticks && READ_SYSREG(cntvct_el0) - p->start > p->ticks;
}
