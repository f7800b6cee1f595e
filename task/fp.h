/*
 * fp.h - the FP/SIMD registers: V0-V31, FPCR, FPSR.  The kernel does not use them, so they may stay
 * in the core while their task is in the kernel, and even while a kernel task runs in between.
 *
 * Invariant: a core's registers hold a task's state exactly if the core's fp_owner is that task and
 * task->fp.cpu is that core; otherwise the state is in task->fp and the task has WORK_FP, which
 * takes it to fp_load() before EL0.
 */
#pragma once

struct task;

/* fp_switch_out - @t leaves this core: what its registers hold is stored.  fp_switch_in - @t comes:
 * WORK_FP if it needs loading. */
void fp_switch_out(struct task *t);
void fp_switch_in(struct task *t);

/* fp_load - on the way to EL0 with WORK_FP: current's state into the registers; the flag is taken
 * away. */
void fp_load(void);

/* fp_sync - current->fp is made to hold what the registers hold (they stay valid). */
void fp_sync(void);
/* fp_changed - current->fp has been written: the registers are stale. */
void fp_changed(void);
/* fp_reset - a new program: all zero. */
void fp_reset(void);
/* fp_fork - @child starts with current's state. */
void fp_fork(struct task *child);
