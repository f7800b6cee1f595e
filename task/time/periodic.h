/*
 * periodic.h - a timer with an interval, by any clock: what timerfd_create(2), timer_create(2),
 * setitimer(2) and RLIMIT_CPU have in common.
 *
 * A timer with an interval that has gone off is held: it is in no queue until its owner starts it
 * again, when a task has read the descriptor or taken the signal.  What came meanwhile is counted
 * then.  So however short the interval, a timer costs no more than the tasks that wait for it do.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "task/time/cpu_alarm.h"
#include "task/time/timer.h"

struct spinlock;

/* struct itimerspec in ns.  value 0: the timer is off.  interval 0: it goes off once. */
struct timer_setting {
	uint64_t value_ns, interval_ns;
};

struct periodic {
	union {
		struct deadline at; /* when it goes off, or (held) went off; the head of both */
		struct timer timer;
		struct cpu_alarm alarm; /* base TIMER_CPU */
	};
	struct spinlock *lock; /* the owner's, irqsave: of this struct from here on */
	/*
	 * It has gone off, on the core whose interrupt saw it; lock held, interrupts masked.  NULL:
	 * nothing is called, and it is in no queue.
	 */
	void (*expired)(struct periodic *p);
	int32_t clock; /* CLOCK_* */
	uint8_t base;  /* enum timer_clock, of at.ns: a span is of the monotonic clock */
	uint8_t state;
	uint64_t interval_ns;
	uint64_t times;	  /* how often its time has come since periodic_take, but when it is held */
	uint64_t seen_ns; /* what its clock said when it went off */
};

enum { PERIODIC_OFF, PERIODIC_RUNNING, PERIODIC_HELD }; /* state */

/*
 * periodic_init - @p, all zero, is a timer by @clock, or by @cpu (with its references, if it needs
 * them), that is off.
 */
void periodic_init(struct periodic *p, int32_t clock, const struct cpu_clock *cpu,
		   struct spinlock *lock, void (*expired)(struct periodic *));

/*
 * periodic_start - @p, which is off, goes off as @s says; @absolute: value is a point in time, not
 * a span. periodic_stop - it is off: expired is not running and will not.
 * One caller at a time, which may sleep and does not hold the lock.
 */
void periodic_start(struct periodic *p, bool absolute, const struct timer_setting *s);
void periodic_stop(struct periodic *p);

/* periodic_now_ns - what its clock says.  Without the lock. */
uint64_t periodic_now_ns(const struct periodic *p);

/*
 * The caller holds the lock for these.
 * periodic_count - the times that have come until @now_ns are counted; its deadline is behind that.
 * periodic_go_on - if it is held, they are, and it runs again, for the next time that is more than
 *	@pause_ns from now.
 * periodic_take - it goes on; how often its time had come.
 * periodic_has_come - that would not be 0; any context, without the lock.
 * periodic_forget - what has come is forgotten; if it is held, it is off.
 * periodic_left - what timer_gettime(2) says at @now_ns; @least: where it is about to go off.
 */
void periodic_count(struct periodic *p, uint64_t now_ns);
void periodic_go_on(struct periodic *p, uint64_t pause_ns);
uint64_t periodic_take(struct periodic *p);
bool periodic_has_come(const struct periodic *p);
void periodic_forget(struct periodic *p);
struct timer_setting periodic_left(const struct periodic *p, uint64_t now_ns, uint64_t least);
