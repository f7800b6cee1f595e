/*
 * timer.h - something to do at a point in time, on the core that asked, in its timer interrupt.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/list.h"

struct timer {
	struct list_node link; /* in the core's queue, soonest first */
	uint64_t deadline_ns;  /* of the monotonic clock (time since reset) */
	void (*fn)(struct timer *t); /* interrupts masked; must not sleep */
	unsigned int cpu;
	bool queued;
};

/* timer_start - queue @t (not queued) on this core.  timer_cancel - take it back: after it returns @fn is not running and will not. */
void timer_start(struct timer *t, uint64_t deadline_ns, void (*fn)(struct timer *));
bool timer_cancel(struct timer *t);

/* timer_init_cpu - on each core, with drivers/timer ready. */
void timer_queue_init(void);
