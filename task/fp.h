/*
 * fp.h - the FP/SIMD registers: V0-V31, FPCR, FPSR.  The kernel does not use them, so they may stay
 * in the core while their task is in the kernel, and even while a kernel task runs in between.
 *
 * Invariant: the registers of a core that runs a user task are that task's, unless it has WORK_FP:
 * then its state has been written in task->fp, and fp_load() fetches it before EL0.  While a kernel
 * task runs they stay those of the core's fp_owner, as long as that task's fp.cpu is this core.
 */
#pragma once

#include <stdint.h>

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
