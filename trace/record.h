/*
 * record.h - how whatever happens in the kernel becomes a record (abi/trace_stream.h).
 *
 *	if (trace_on(TRACE_WAKE)) {
 *		struct trace_wake r = { TRACE_HEAD(WAKE, wake), .task = tid, .target = cpu };
 *
 *		trace_put(&r.head);
 *	}
 *
 * (trace/trace.h has both functions.)  Such code stands in functions of its own
 * (trace_wake_record), behind an inline one that asks the mask, so that where tracing is off it
 * costs one load and one branch at the most.
 */
#pragma once

#include "abi/trace_stream.h"
#include "arm/sysreg.h"

/* The head of a record that is no crossing, of the fixed length of its kind. */
#define TRACE_HEAD(NAME, name)                                             \
	.head = { .kind = TRACE_KIND_##NAME,                               \
		  .words = sizeof(struct trace_##name) / sizeof(uint64_t), \
		  .levels = (uint8_t)TRACE_LEVELS(this_el(), this_el()) }
