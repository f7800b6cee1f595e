/*
 * clock.h - the wall clock: the monotonic one (drivers/timer) and an offset, which root may set.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/time.h"
#include "task/time/timer.h"
#include "task/wait.h"
#include "vdso/data.h"

/* clock_wall_ns - nanoseconds since 1970.  Any context. */
uint64_t clock_wall_ns(void);
/* clock_wall_offset_ns - the wall clock less the monotonic one, modulo 2^64. */
uint64_t clock_wall_offset_ns(void);
/*
 * clock_tai_ns - CLOCK_TAI: the wall clock without its leap seconds, as far as adjtimex(2) has set
 * them.
 */
uint64_t clock_tai_ns(void);

/* clock_read_ns - what @clock, which is not TIMER_CPU, says now. */
uint64_t clock_read_ns(enum timer_clock clock);

/*
 * clock_deadline - when it will be @value_ns (@absolute: of CLOCK_* @id; else from now: a span of
 * time does not change, whatever the clock is set to): *@deadline_ns, of the clock that is
 * returned.
 */
enum timer_clock clock_deadline(int32_t id, bool absolute, uint64_t value_ns,
				uint64_t *deadline_ns);

/* clock_set_wait - woken by each task that has set the wall clock, whenever it has. */
extern struct wait_queue clock_set_wait;

/* clock_zone - gettimeofday(2)'s time zone, which the kernel only keeps. */
struct timezone clock_zone(void);

/* The clocks' offsets and what else programs see of them; written by task/time/adjust.c alone. */
extern struct vdso_data clock_figures;
