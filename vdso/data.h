/*
 * data.h - the page of figures that the kernel shows to the vDSO's code: what turns the counter
 * into time.
 *
 * It lies one page below the code, readable and no more (the [vvar] of /proc/PID/maps).  Monotonic
 * time is the counter scaled, from reset on, and is never steered; the other clocks are that and an
 * offset.  So each answer depends on one word that changes, a word is written in one piece, and
 * nothing here needs a sequence counter or has to be brought up to date by a tick.
 */
#pragma once

#include <stdint.h>

#define VDSO_NS_SHIFT  54 /* ns = ticks * ns_mult >> VDSO_NS_SHIFT, as arm/counter.h has it */
/* What the coarse clocks promise: Linux's, with 250 ticks a second. */
#define VDSO_COARSE_NS 4000000

struct vdso_data {
	uint64_t ns_mult;
	uint64_t wall_offset_ns; /* CLOCK_REALTIME less CLOCK_MONOTONIC; modulo 2^64 */
	uint64_t tai_offset_ns;	 /* CLOCK_TAI less CLOCK_MONOTONIC */
	int32_t tz_minuteswest, tz_dsttime;
};
