/*
 * counter.c - the factors between ticks and nanoseconds.
 * Invariant: both are rounded down, so counter_from_ns(counter_to_ns(t)) is at most one tick after
 * t.
 */
#include "arm/counter.h"

#include "abi/errno.h"
#include "abi/nanoseconds.h"
#include "lib/export.h"

struct counter_scale counter_scale;
EXPORT(counter_scale);

/*
 * (@n << @shift) / @d without a 128-bit division, which would need a run-time library.  The result
 * fits by counter_init's bounds.
 */
static uint64_t scaled_quotient(uint64_t n, unsigned int shift, uint64_t d)
{
	uint64_t q = n / d, rest = n % d;

	for (unsigned int i = 0; i < shift; i++) {
		rest <<= 1;
		q <<= 1;
		if (rest >= d) {
			rest -= d;
			q |= 1;
		}
	}
	return q;
}

int counter_init(uint64_t hz)
{
	if (hz < COUNTER_HZ_MIN || hz > COUNTER_HZ_MAX)
		return -EINVAL;
	counter_scale.hz = hz;
	counter_scale.ns_mult = scaled_quotient(NS_PER_S, COUNTER_NS_SHIFT, hz);
	counter_scale.tick_mult = scaled_quotient(hz, COUNTER_TICK_SHIFT, NS_PER_S);
	return 0;
}
