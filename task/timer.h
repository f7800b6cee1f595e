/*
 * timer.h - something to do at a point in time, on the core that asked, in its timer interrupt.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/list.h"

struct timer {
	struct list_node link;	     /* in the core's queue, soonest first */
	uint64_t deadline_ns;	     /* of the monotonic clock (time since reset) */
	void (*fn)(struct timer *t); /* interrupts masked; must not sleep; may start t again */
	unsigned int cpu;
	bool queued;
};

/*
 * timer_start - queue @t (not queued) on this core.  Any context.
 * timer_cancel - take it back: after it returns @fn is not running and will not.  true: it had not
 * run.  Not from @fn, nor with a lock held that @fn takes.
 */
void timer_start(struct timer *t, uint64_t deadline_ns, void (*fn)(struct timer *));
bool timer_cancel(struct timer *t);

/* timer_set_tick - for the scheduler: call sched_tick on this core at @deadline_ns; UINT64_MAX:
 * not.  Interrupts masked. */
void timer_set_tick(uint64_t deadline_ns);

/*
 * timer_queue_init - take this core's timer interrupt.  On each core, when drivers/timer is ready.
 */
void timer_queue_init(void);
