/*
 * counter.h - the generic timer: the counter, the same on every core, and this core's alarm on it.
 *
 * Time is CNTVCT_EL0 scaled to nanoseconds.  Both scales are fixed-point factors computed once from
 * CNTFRQ_EL0, so that no conversion divides; the products are 128 bits wide, so that none overflows
 * before the year 2554. Source: Arm ARM, chapter "The Generic Timer in AArch64 state".
 */
#pragma once

#include <stdint.h>

#include "arm/barrier.h"
#include "arm/sysreg.h"

/* ns = ticks * ns_mult >> COUNTER_NS_SHIFT; ticks = ns * tick_mult >> COUNTER_TICK_SHIFT */
#define COUNTER_NS_SHIFT   54
#define COUNTER_TICK_SHIFT 62
/* The range that the shifts allow: outside it a factor would need more than 64 bits. */
#define COUNTER_HZ_MIN	   UINT64_C(1000000)
#define COUNTER_HZ_MAX	   UINT64_C(4000000000)

struct counter_scale {
	uint64_t hz;
	uint64_t ns_mult;
	uint64_t tick_mult;
};
extern struct counter_scale counter_scale;

/*
 * counter_init - compute the scales for a counter of @hz.  Boot core, once, before any conversion.
 * @hz: CNTFRQ_EL0, or what the device tree says instead.
 * Return 0, or -EINVAL when @hz is not in COUNTER_HZ_MIN .. COUNTER_HZ_MAX.
 */
int counter_init(uint64_t hz);

/*
 * The counter now; the ISB keeps the read from being made early, so that time never goes back
 * between cores.
 */
static inline uint64_t counter_read(void)
{
	isb();
	return READ_SYSREG(cntvct_el0);
}

static inline uint64_t counter_hz(void)
{
	return READ_SYSREG(cntfrq_el0) & 0xffffffff;
}

/* 2^64 ns are 584 years. */
static inline uint64_t counter_to_ns(uint64_t ticks)
{
	return ((unsigned __int128)ticks * counter_scale.ns_mult) >> COUNTER_NS_SHIFT;
}

/* The first tick at which counter_to_ns() has reached @ns. */
static inline uint64_t counter_from_ns(uint64_t ns)
{
	return (((unsigned __int128)ns * counter_scale.tick_mult) >> COUNTER_TICK_SHIFT) + 1;
}

/*
 * This core's alarm: its interrupt is asserted from the tick @when until the alarm is moved or
 * stopped.
 */
static inline void counter_alarm(uint64_t when)
{
	WRITE_SYSREG(cntv_cval_el0, when);
	WRITE_SYSREG(cntv_ctl_el0, CNT_CTL_ENABLE);
	isb();
}

static inline void counter_alarm_stop(void)
{
	WRITE_SYSREG(cntv_ctl_el0, 0);
	isb();
}
