/*
 * clockid.h - clocks by their numbers, CLOCK_* or a negative one of a task's or process's CPU time:
 * what they say, and sleeping by them (clock_gettime(2), clock_nanosleep(2)).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "drivers/timer/timer.h"
#include "task/time/clock.h"

/*
 * clock_now - what clock @id says (clock_cpu_now: one of CPU time): 0, or -EINVAL: there is none.
 * clock_resolution - in what steps it goes; as clock_now.
 * clock_is_cpu - it is one of CPU time, if there is one.
 * clock_has_timers - 0; -EOPNOTSUPP: it can be read and no more; -EINVAL: there is none.
 */
int clock_cpu_now(int32_t id, uint64_t *ns) __must_check;
static inline __must_check int clock_now(int32_t id, uint64_t *ns)
{
	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_REALTIME_ALARM: *ns = clock_wall_ns(); return 0;
	case CLOCK_TAI: *ns = clock_tai_ns(); return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM: *ns = timer_now_ns(); return 0;
	default: return clock_cpu_now(id, ns);
	}
}
static inline bool clock_is_cpu(int32_t id)
{
	return id < 0 || id == CLOCK_PROCESS_CPUTIME_ID || id == CLOCK_THREAD_CPUTIME_ID;
}
int clock_resolution(int32_t id, uint64_t *ns) __must_check;
int clock_has_timers(int32_t id) __must_check;

/*
 * sleep_deadline - a sleep of *@ns by clock *@id, which has timers, @absolute or from now: *@ns is
 * made the point in time, and *@id the clock by which sleep_until has to wait for it.  0, -EINVAL:
 * there is no such clock.
 */
int sleep_deadline(int32_t *id, bool absolute, uint64_t *ns) __must_check;

/*
 * sleep_until - until clock @id says @deadline_ns.  0; -ERESTARTSYS: a signal came, and *@left_ns
 * is left; -EINVAL: there is no such clock, or it is the caller's own time, of which it uses none.
 */
int sleep_until(int32_t id, uint64_t deadline_ns, uint64_t *left_ns) __must_check;
