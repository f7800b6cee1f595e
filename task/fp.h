/*
 * fp.h - the FP/SIMD registers: V0-V31, FPCR, FPSR.  The kernel does not use them, so they may stay
 * in the core while their task is in the kernel, and even while a kernel task runs in between.
 *
 * Invariant: the registers of a core that runs a user task are that task's, unless it has WORK_FP:
 * then its state has been written in task->fp, and fp_load() fetches it before EL0.  While a kernel
 * task runs they stay those of the core's fp_owner, as long as that task's fp.cpu is this core.
 * A task that has WORK_FP may lend them to somebody else, a guest: until it leaves the core.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/percpu.h"

struct fp_state;
struct task;

/* The FP/SIMD registers while they are not in a core (task/fp.h). */
struct fp_state {
	/*
	 * as a signal's frame has them: struct fpsimd_context of abi/signal.h, whose head
	 * el1/signal.c fills, and the end
	 */
	__attribute__((aligned(16))) uint32_t magic;
	uint32_t size, fpsr, fpcr;
	uint64_t v[64];
	uint64_t end[2];
	int cpu; /* the core whose registers this state was last loaded into, or -1 */
};

/*
 * fp_switch_out - @t->fp is made to hold what this core's registers hold, which are @t's and stay
 * valid: it leaves the core, or is current and wants to look.
 * fp_switch_in - @t comes: they are loaded.  Interrupts masked.
 */
void fp_switch_out(struct task *t);
void fp_switch_in(struct task *t);

/* fp_load - on the way to EL0 with WORK_FP: current's state into the registers; the flag is taken
 * away. */
void fp_load(void);

/* fp_changed - current->fp has been written: the registers are stale. */
void fp_changed(void);
/* fp_reset - a new program: all zero. */
void fp_reset(void);
/* fp_fork - @child starts with current's state. */
void fp_fork(struct task *child);

/*
 * fp_lend - this core's registers become @to's, which is nobody's task's: current's are in
 * current->fp, as WORK_FP says.  They are @to's until fp_return, or until current leaves the core:
 * both store them in @to.  fp_is_lent - are they now?
 * Whoever lends them returns them before @to is gone, and before EL0.  fp_lend, fp_is_lent:
 * interrupts masked.
 */
DECLARE_PERCPU(struct fp_state *, fp_lent);
void fp_lend(struct fp_state *to);
void fp_return(void);
static inline bool fp_is_lent(const struct fp_state *to)
{
	return this_cpu(fp_lent) == to;
}
