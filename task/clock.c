/*
 * clock.c - the wall clock and what goes with it.
 *
 * Invariant: what the vDSO shows (task/vdso.c) is what `state` holds, once a change is over.  A reader takes one word, which is
 * written in one piece, so it needs no lock.
 */
#include "task/clock.h"

#include "arm/atomic.h"
#include "drivers/timer/timer.h"
#include "task/vdso.h"
#include "task/wait.h"
#include "vdso/data.h"

static struct mutex lock = MUTEX_INIT(lock); /* of writing state */
static struct vdso_data state;

uint64_t clock_wall_offset_ns(void)
{
	return READ_ONCE(state.wall_offset_ns);
}

uint64_t clock_wall_ns(void)
{
	return timer_now_ns() + clock_wall_offset_ns();
}

uint64_t clock_read_ns(enum timer_clock clock)
{
	return clock == TIMER_WALL ? clock_wall_ns() : timer_now_ns();
}

uint64_t clock_tai_ns(void)
{
	return timer_now_ns() + READ_ONCE(state.tai_offset_ns);
}

uint64_t clock_tai_lead_ns(void)
{
	return READ_ONCE(state.tai_offset_ns) - READ_ONCE(state.wall_offset_ns);
}

struct timezone clock_zone(void)
{
	return (struct timezone){ READ_ONCE(state.tz_minuteswest), READ_ONCE(state.tz_dsttime) };
}

/* Ends a change: lock is held, and let go. */
static void show_and_unlock(void)
{
	state.ns_mult = counter_scale.ns_mult;
	vdso_show(&state);
	mutex_unlock(&lock);
}

void clock_set_wall(uint64_t ns)
{
	uint64_t leap;

	mutex_lock(&lock);
	leap = state.tai_offset_ns - state.wall_offset_ns;
	WRITE_ONCE(state.wall_offset_ns, ns - timer_now_ns());
	WRITE_ONCE(state.tai_offset_ns, state.wall_offset_ns + leap);
	show_and_unlock();
	timer_clock_set();
}

void clock_set_zone(const struct timezone *tz)
{
	mutex_lock(&lock);
	WRITE_ONCE(state.tz_minuteswest, tz->tz_minuteswest);
	WRITE_ONCE(state.tz_dsttime, tz->tz_dsttime);
	show_and_unlock();
}

void clock_show(void)
{
	mutex_lock(&lock);
	show_and_unlock();
}
