/*
 * time.h - nanoseconds, the kernel's unit of time, from and to the structs of the ABI.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/nanoseconds.h"
#include "abi/time.h"
#include "lib/util.h"

#define NS_PER_TICK (NS_PER_S / USER_HZ) /* of the ticks in which times(2) counts */

/* The longest span: added to a clock's time it does not wrap. */
#define TIME_MAX_NS (UINT64_MAX / 2)

/* timespec_ok, timeval_ok - neither negative nor with a part that is a second or more. */
static inline bool timespec_ok(const struct timespec *t)
{
	return t->tv_sec >= 0 && (uint64_t)t->tv_nsec < NS_PER_S;
}

static inline bool timeval_ok(const struct timeval *t)
{
	return t->tv_sec >= 0 && (uint64_t)t->tv_usec < US_PER_S;
}

/* ns_from_parts - UINT64_MAX: it is more than 64 bits hold. */
static inline uint64_t ns_from_parts(int64_t sec, uint64_t ns)
{
	uint64_t all;

	if (__builtin_mul_overflow((uint64_t)sec, NS_PER_S, &all) ||
	    __builtin_add_overflow(all, ns, &all))
		return UINT64_MAX;
	return all;
}

/* ns_from_timespec, ns_from_timeval - of what is ok; at most TIME_MAX_NS. */
static inline uint64_t ns_from_timespec(const struct timespec *t)
{
	return min(ns_from_parts(t->tv_sec, (uint64_t)t->tv_nsec), TIME_MAX_NS);
}

static inline uint64_t ns_from_timeval(const struct timeval *t)
{
	return min(ns_from_parts(t->tv_sec, (uint64_t)t->tv_usec * NS_PER_US), TIME_MAX_NS);
}

static inline struct timespec timespec_from_ns(uint64_t ns)
{
	return (struct timespec){ (int64_t)(ns / NS_PER_S), (int64_t)(ns % NS_PER_S) };
}

static inline struct timeval timeval_from_ns(uint64_t ns)
{
	return (struct timeval){ (int64_t)(ns / NS_PER_S), (int64_t)(ns % NS_PER_S / NS_PER_US) };
}

/* ns_after - @ns from @now, or UINT64_MAX if there is no such time. */
static inline uint64_t ns_after(uint64_t now, uint64_t ns)
{
	return ns < UINT64_MAX - now ? now + ns : UINT64_MAX;
}
