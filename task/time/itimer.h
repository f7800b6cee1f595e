/*
 * itimer.h - the timers that each process has: setitimer(2)'s, and the one that holds it to its
 * limit of CPU time.
 */
#pragma once

#include <stdint.h>

#include "task/time/periodic.h"

struct process;

#define ITIMER_LIMIT 3 /* behind ITIMER_REAL, _VIRTUAL and _PROF: RLIMIT_CPU's */

struct itimers {
	struct periodic timer[4]; /* by ITIMER_*; all zero until it is first set; signals.lock */
};

/*
 * itimer_get, itimer_set - setitimer(2) of current's process.  0; -EINVAL: no such timer.
 * itimer_set may sleep.
 */
int itimer_get(int which, struct timer_setting *left) __must_check;
int itimer_set(int which, const struct timer_setting *now) __must_check;

/* itimer_limit - @p has, from now on, the RLIMIT_CPU that its rlimit says.  May sleep. */
void itimer_limit(struct process *p);

/*
 * itimer_taken - a SIGALRM has been taken from the queue of @p: its ITIMER_REAL, if it has an
 * interval, goes on.  signals.lock held.
 */
void itimer_taken(struct process *p);

/* itimer_end - @p has no thread any more but current, which ends: its alarm is off for good. */
void itimer_end(struct process *p);
