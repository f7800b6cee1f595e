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
 * (arm/mpidr.h); @smc_traps: an SMC comes to EL2 first.  Once, boot core.
 */
void trace_levels_init(const struct level_ring *el2, const struct level_ring *el3, bool smc_traps);

/* trace_smc_level - where the kernel's SMC comes to: 2 or 3. */
unsigned int trace_smc_level(void);

/*
 * trace_levels_begin - @level, 2 or 3, notes on this core from now on: what was left there from
 * before is nothing.  Interrupts masked, or tied to the core.
 */
void trace_levels_begin(unsigned int level);

/*
 * trace_levels_take - this core's notes become records, of task @pid.  @called: the level (2, 3)
 * from which a call has just come back that the trace saw at @since; 0: none has.  Any context, any
 * lock but a run queue's and the log's.
 */
void trace_levels_take(int32_t pid, unsigned int called, uint64_t since);

static inline void trace_levels(int32_t pid)
{
	if (trace_on(TRACE_EL2 | TRACE_EL3))
		trace_levels_take(pid, 0, 0);
}
