/*
 * timer.h - something to do at a point in time, on the core that asked, in its timer interrupt.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "task/time/deadline.h"

/* The clock by which a deadline is meant. */
enum timer_clock {
	TIMER_MONOTONIC,	    /* timer_now_ns() */
	TIMER_WALL,		    /* clock_wall_ns(): the timer moves when the clock is set */
	NR_TIMER_CLOCKS,	    /* that a core has timers for */
	TIMER_CPU = NR_TIMER_CLOCKS /* of CPU time: no timer has it, task/time/cpu_clock.h */
};

struct timer {
	struct deadline at;	     /* in the core's queue */
	void (*fn)(struct timer *t); /* interrupts masked; must not sleep; may start t again */
	unsigned int cpu;
	uint8_t clock; /* enum timer_clock */
};

/*
 * timer_start - queue @t (not queued) on this core, for @deadline_ns of @clock.  Any context.
 * timer_cancel - take it back: after it returns @fn is not running and will not.  true: it had not
 * run.  Not from @fn, nor with a lock held that @fn takes.
 */
void timer_start(enum timer_clock clock, struct timer *t, uint64_t deadline_ns,
		 void (*fn)(struct timer *));
bool timer_cancel(struct timer *t);

/*
 * timer_set_tick - for the scheduler: timer_tick_hook, which it has set at boot, is called on this
 * core at @deadline_ns; UINT64_MAX: not.  Interrupts masked, at both.
 */
void timer_set_tick(uint64_t deadline_ns);

/*
 * timer_pause - if this core's timer is due to interrupt again already, for something long was done
 * behind its last interrupt, it does so a few milliseconds from now, once.  Interrupts masked.
 */
void timer_pause(void);
extern void (*timer_tick_hook)(uint64_t now_ns);

/*
 * timer_clock_set - the wall clock has been set: every core looks anew at what is due.  May not be
 * called with interrupts masked.
 */
void timer_clock_set(void);

/*
 * timer_queue_init - take this core's timer interrupt.  On each core, when drivers/timer is ready.
 */
void timer_queue_init(void);
