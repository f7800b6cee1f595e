/*
 * wall.h - for tests that set the wall clock, as root: how long it is since, and back again behind
 * them.
 */
#pragma once

#include <stdint.h>
#include <time.h>

#include "tests/el0/libc/calls.h"

#define NS_PER_S 1000000000L

MAY_BE_UNUSED int64_t wall_ahead; /* of the monotonic clock, ns, before anybody set it */

MAY_BE_UNUSED int64_t now(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* wall_remember - it is right: put_back() brings it to what it would be then. */
MAY_BE_UNUSED void wall_remember(void)
{
	wall_ahead = now(CLOCK_REALTIME) - now(CLOCK_MONOTONIC);
}

MAY_BE_UNUSED void put_back(void)
{
	int64_t n = now(CLOCK_MONOTONIC) + wall_ahead;
	struct timespec t = { n / NS_PER_S, n % NS_PER_S };

	check(sys(clock_settime, CLOCK_REALTIME, &t), 0, "the clock is put back");
}

/* The wall clock goes on by @s seconds at once. */
MAY_BE_UNUSED long step(long s)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += s;
	return sys(clock_settime, CLOCK_REALTIME, &t);
}
