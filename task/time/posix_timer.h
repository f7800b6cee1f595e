/*
 * posix_timer.h - a process's timers: timer_create(2) and its kin.
 *
 * Each has a queued signal of its own, allocated when it is made, so that sending it cannot fail:
 * it is once in the queue, with how often the time came again while it was there
 * (timer_getoverrun(2)).  A timer with an interval goes on when its signal is taken, so that
 * however short the interval, no more than one signal is made for one that is acted on.
 *
 * All calls are about current's process, sleep, and answer -EINVAL for a number that is no timer's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "task/time/periodic.h"
#include "task/wait.h"

struct posix_timer;
struct process;
struct sigevent;

/* A process's, by number. */
struct posix_timers {
	struct mutex lock;
	struct posix_timer **slot; /* cap of them, NULL where there is none */
	uint32_t cap, next;	   /* next: where a free one is looked for first */
};

/*
 * posix_timer_create - @event NULL: SIGALRM, with the timer's number.  That number; -EINVAL (no
 * such clock, signal, thread), -EOPNOTSUPP (no timers by this clock), -EAGAIN (RLIMIT_SIGPENDING),
 * -ENOMEM.
 */
int posix_timer_create(int32_t clock, const struct sigevent *event) __must_check;

/*
 * posix_timer_set - timer_settime(2) to @now; @absolute: value is a time, not a while.  Or
 * timer_gettime(2): @now NULL, nothing changes.  *@old: what is left before.
 * These three: 0 (or the count), or -EINVAL: current's process has no timer @id.
 */
int posix_timer_set(int id, bool absolute, const struct timer_setting *now,
		    struct timer_setting *old) __must_check;
/*
 * posix_timer_overrun - how often the time came without a signal of its own, up to the signal that
 * was taken last.
 */
int posix_timer_overrun(int id) __must_check;
int posix_timer_delete(int id) __must_check;

/*
 * posix_timers_end - all timers of @p go, with the signals they have sent: it ends, or current
 * becomes another program.
 */
void posix_timers_end(struct process *p);
