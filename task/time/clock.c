/*
 * clock.c - the wall clock and what goes with it.
 *
 * Invariant: what the vDSO shows (task/vdso.c) is what `state` holds, once a change is over.  A
 * reader takes one word, which is written in one piece, so it needs no lock.
 */
#include "task/time/clock.h"

#include "drivers/timer/timer.h"
#include "lib/time.h"
#include "task/vdso.h"
#include "vdso/data.h"

static struct mutex state_lock = MUTEX_INIT(state_lock); /* of writing state */
static struct vdso_data state;
struct wait_queue clock_set_wait = WAIT_QUEUE_INIT(clock_set_wait);
static uint64_t times_set; /* written with the lock */

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

struct timezone clock_zone(void)
{
	return (struct timezone){ READ_ONCE(state.tz_minuteswest), READ_ONCE(state.tz_dsttime) };
}

enum timer_clock clock_deadline(int32_t id, bool absolute, uint64_t value_ns, uint64_t *deadline_ns)
{
	uint64_t now = timer_now_ns();

	if (!absolute) {
		*deadline_ns = min(ns_after(now, value_ns), UINT64_MAX - 1);
		return TIMER_MONOTONIC;
	}
	if (id == CLOCK_TAI)
		value_ns -= min(value_ns,
				READ_ONCE(state.tai_offset_ns) - READ_ONCE(state.wall_offset_ns));
	*deadline_ns = value_ns;
	return id == CLOCK_REALTIME || id == CLOCK_REALTIME_ALARM || id == CLOCK_TAI
		       ? TIMER_WALL
		       : TIMER_MONOTONIC;
}

/* ---- setting ---- */

/*
 * Ends a change.  The vDSO is written before state_lock is released: of two changes the later one
 * is what EL0 sees in the end.
 */
static void show_and_unlock(void)
{
	state.ns_mult = counter_scale.ns_mult;
	vdso_show(&state);
	mutex_unlock(&state_lock);
}

void clock_set_wall(uint64_t ns)
{
	uint64_t leap;

	mutex_lock(&state_lock);
	/*
	 * TAI keeps its distance from the wall clock, whichever of the two words a reader sees
	 * first.
	 */
	leap = state.tai_offset_ns - state.wall_offset_ns;
	WRITE_ONCE(state.wall_offset_ns, ns - timer_now_ns());
	WRITE_ONCE(state.tai_offset_ns, state.wall_offset_ns + leap);
	times_set++;
	show_and_unlock();
	/*
	 * Without the lock: a core looks at its timers by the offset that is stored then.  Of two
	 * tasks that set the clock, the later one has every core look after its own store.
	 */
	timer_clock_set();
	wake_up_yielding(&clock_set_wait);
}

uint64_t clock_times_set(void)
{
	return READ_ONCE(times_set);
}

void clock_set_tai_lead(uint64_t ns)
{
	mutex_lock(&state_lock);
	WRITE_ONCE(state.tai_offset_ns, state.wall_offset_ns + ns);
	show_and_unlock();
}

void clock_set_zone(const struct timezone *tz)
{
	mutex_lock(&state_lock);
	WRITE_ONCE(state.tz_minuteswest, tz->tz_minuteswest);
	WRITE_ONCE(state.tz_dsttime, tz->tz_dsttime);
	show_and_unlock();
}

void clock_show(void)
{
	mutex_lock(&state_lock);
	show_and_unlock();
}
