/*
 * observe.h - who is told of each crossing as it is made, from some moment of the run to another:
 * beside trace=, which is for the log and /dev/trace, and is as it was on the command line.
 */
#pragma once

#include "arm/might_sleep.h"
#include "trace/trace.h"

#define TRACE_OBSERVERS 4 /* at a time */

struct trace_observer {
	uint32_t what; /* TRACE_ALL, or some of it (trace/kinds.h), which are turned on */
	/*
	 * fn - of a record (abi/trace_stream.h), valid during the call.  On the core that made it,
	 * with interrupts masked and any lock held: it must not sleep, print, or take a lock that
	 * is not its own.
	 */
	void (*fn)(const struct trace_head *r);
};

/*
 * trace_observe - @o->fn is called for each crossing of these kinds, on every core, when this
 * returns.  @o stays the caller's until trace_unobserve.  0; -EINVAL: there is no such kind;
 * -EBUSY: TRACE_OBSERVERS are there.  May sleep.
 * trace_unobserve - it is not called any more, does not run any more, and what it had turned on
 * costs nothing any more, when this returns.  May sleep.
 */
int trace_observe(const struct trace_observer *o) __must_check;
void trace_unobserve(const struct trace_observer *o);
#ifdef MODULE
#define trace_observe(o)   (might_sleep(), (trace_observe)(o))
#define trace_unobserve(o) (might_sleep(), (trace_unobserve)(o))
#endif
