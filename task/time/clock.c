/*
 * clock.c - what the wall clock says.  task/time/adjust.c sets it.
 *
 * A reader takes one word of clock_figures, which is written in one piece, so it needs no lock.
 */
#include "task/time/clock.h"

#include "drivers/timer/timer.h"
#include "lib/export.h"
#include "lib/time.h"

struct vdso_data clock_figures;
struct wait_queue clock_set_wait = WAIT_QUEUE_INIT(clock_set_wait);

uint64_t clock_wall_offset_ns(void)
{
	return READ_ONCE(clock_figures.wall_offset_ns);
}

uint64_t clock_wall_ns(void)
{
	return timer_now_ns() + clock_wall_offset_ns();
}
EXPORT(clock_wall_ns);

uint64_t clock_read_ns(enum timer_clock clock)
{
	return clock == TIMER_WALL ? clock_wall_ns() : timer_now_ns();
}

uint64_t clock_tai_ns(void)
{
	return timer_now_ns() + READ_ONCE(clock_figures.tai_offset_ns);
}

struct timezone clock_zone(void)
{
	return (struct timezone){ READ_ONCE(clock_figures.tz_minuteswest),
				  READ_ONCE(clock_figures.tz_dsttime) };
}

enum timer_clock clock_deadline(int32_t id, bool absolute, uint64_t value_ns, uint64_t *deadline_ns)
{
	uint64_t now = timer_now_ns();

	if (!absolute) {
		*deadline_ns = min(ns_after(now, value_ns), UINT64_MAX - 1);
		return TIMER_MONOTONIC;
	}
	if (id == CLOCK_TAI)
		value_ns -= min(value_ns, READ_ONCE(clock_figures.tai_offset_ns) -
						  READ_ONCE(clock_figures.wall_offset_ns));
	*deadline_ns = value_ns;
	return id == CLOCK_REALTIME || id == CLOCK_REALTIME_ALARM || id == CLOCK_TAI
		       ? TIMER_WALL
		       : TIMER_MONOTONIC;
}
