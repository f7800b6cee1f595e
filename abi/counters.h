/*
 * counters.h - how often and for how long each exception level was entered, as the kernel counts it
 * while it is told to: /sys/kernel/newel/counters/ and /proc/crossings.
 *
 * All of it is root's (CAP_SYS_ADMIN).  In the folder, each a short text:
 *
 *	on		1: it counts.  1 takes the memory and begins at 0, 0 gives it back
 *	reset		anything written: all counts are 0 again
 *	crossings	by what made them, from which level to which, by core
 *	latency		how long these took until the return: of all cores
 *	calls		the system calls most often made, and how long they took: of all cores
 *	interrupts	by number, by core
 *
 * /proc/crossings is all that there is, a line for each thing on each core where it happened; a
 * program takes the difference of two readings (levels -w).  Words between single spaces:
 *
 *	time NS since NS cores 0x3		of this reading; counting began; as a mask
 *	kind svc EL0 EL1 core 0 TIMES
 *	call 64 write core 0 TIMES
 *	irq 27 arch_timer core 0 COUNT
 *
 * TIMES is "ENTRIES SUM MAX BUCKET:COUNT...": entries on this core; of the returns on this core,
 * which need not be the same, the sum and the longest in ns, and how many fell into each bucket.
 * Bucket 0 is below 32 ns, n from 2^(n + 4) ns on, the last has no end.
 */
#pragma once

#include <stdint.h>

#define COUNTERS_DIR	    "/sys/kernel/newel/counters"
#define COUNTERS_FILE	    "/proc/crossings"

#define COUNTERS_BUCKETS    30
#define COUNTERS_FIRST_LOG2 5 /* bucket 0 ends there */

/* counters_bucket - into which @ns falls; counters_floor - the least that falls into @bucket. */
static inline unsigned int counters_bucket(uint64_t ns)
{
	unsigned int log2 = 63u - (unsigned int)__builtin_clzl(ns | 31) - (COUNTERS_FIRST_LOG2 - 1);

	return log2 < COUNTERS_BUCKETS ? log2 : COUNTERS_BUCKETS - 1;
}

static inline uint64_t counters_floor(unsigned int bucket)
{
	return bucket ? UINT64_C(1) << (bucket + COUNTERS_FIRST_LOG2 - 1) : 0;
}

/*
 * counters_quantile - the time in ns that @percent of a histogram's times do not exceed, about: as
 * if those of a bucket were spread evenly over it; never more than @max.  0: it has no times.
 */
static inline uint64_t counters_quantile(const uint64_t times[COUNTERS_BUCKETS],
					 unsigned int percent, uint64_t max)
{
	uint64_t all = 0, below, floor, width, at;
	unsigned int b = 0, shift;

	for (unsigned int i = 0; i < COUNTERS_BUCKETS; i++)
		all += times[i];
	if (!all)
		return 0;
	/* As many are not to be above it. */
	below = all / 100 * percent + (all % 100 * percent + 99) / 100;
	for (; b < COUNTERS_BUCKETS - 1 && times[b] < below; b++)
		below -= times[b];
	if (b == COUNTERS_BUCKETS - 1)
		return max;
	floor = counters_floor(b);
	width = counters_floor(b + 1) - floor;
	/* 2^33 ns at the most, by 30 bits of how many. */
	shift = times[b] >> 30 ? 34u - (unsigned int)__builtin_clzl(times[b]) : 0;
	at = floor + width * (below >> shift) / (times[b] >> shift);
	return at < max ? at : max;
}
