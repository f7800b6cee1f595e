/*
 * switch.h - what switch.S gives to C; and where on its stack a task's frame is.
 */
#pragma once

#include <stdint.h>

#include "arm/trapframe.h"

struct fp_state;
struct task;

/* The callee-saved registers of a task that is not running (task/switch.S). */
struct context {
	uint64_t x19_x28[10];
	uint64_t x29, pc, sp, unused;
};

/*
 * cpu_switch - save the callee-saved registers of @prev, go on where @next left off, x18 = @next.
 * Returns, on @next's stack, the task that this core ran before.  Interrupts masked.
 */
struct task *cpu_switch(struct task *prev, struct task *next);

/*
 * task_entry - where a new task begins: not a function to call.  context.x19 = fn or 0, x20 = its
 * argument; x21 = what ends the switch: sched_start_new.
 */
void task_entry(void);

/*
 * stack_frame - the frame of the last entry from EL0 of the user task whose kernel stack begins at
 * @top.
 */
static inline struct trapframe *stack_frame(const void *top)
{
	return (struct trapframe *)((uintptr_t)top - 16 - sizeof(struct trapframe));
}

/* fp_save_regs, fp_load_regs - V0-V31, FPSR, FPCR of this core. */
void fp_save_regs(struct fp_state *to);
void fp_load_regs(const struct fp_state *from);
