/*
 * levels.h - what EL2 and EL3 have noted of what they did themselves (arm/level_notes.h) becomes
 * records: TRACE_KIND_LEVEL.
 *
 * Each core takes its own notes, at the next call to these levels, fault or switch of tasks, and
 * when somebody reads.  Notes that were overwritten before that are counted in a record of their
 * own (TRACE_LEVEL_LOST).
 */
#pragma once

#include "trace/trace.h"

struct level_ring;

/*
 * trace_levels_init - @el2 and @el3 are the rings of these levels, one for each slot
 * (arm/mpidr.h).  Once, boot core.
 */
void trace_levels_init(const struct level_ring *el2, const struct level_ring *el3);

/*
 * trace_levels_take - this core's notes become records, of task @pid.  @called: the level (2, 3)
 * that a call which the trace has seen has just come back from, as its last note says; 0: none
 * has.  Any context, any lock but a run queue's and the log's.
 */
void trace_levels_take(int32_t pid, unsigned int called);

static inline void trace_levels(int32_t pid, unsigned int called)
{
	if (trace_on(TRACE_EL2 | TRACE_EL3))
		trace_levels_take(pid, called);
}
