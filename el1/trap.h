/*
 * trap.h - from el1/vectors.S into C: one function for each kind of entry.
 */
#pragma once

#define EMERGENCY_STACK_SIZE 8192 /* bytes a core; one panic fits */

#ifndef __ASSEMBLER__

#include <stdint.h>

#include "arm/percpu.h"
#include "lib/util.h"

struct task;
struct trapframe;

/* emergency_stack - where el1/vectors.S goes when the kernel's stack has run over. */
DECLARE_PERCPU(char[EMERGENCY_STACK_SIZE], emergency_stack);

/*
 * trap_init - accesses to user memory that need no exception to be refused are traced too.  Once.
 */
void trap_init(void);

/* From EL0, everything masked.  They may sleep; ret_to_user follows. */
void trap_el0_sync(struct trapframe *tf); /* any synchronous exception but SVC */
void trap_el0_irq(struct trapframe *tf);
void trap_el0_serror(struct trapframe *tf);

/* From EL1 itself. */
void trap_el1_sync(struct trapframe *tf);
void trap_el1_irq(struct trapframe *tf);

/*
 * What should never come: @slot of the vector table, and an overflow of the kernel's stack.  A
 * dump, and the end.
 */
__noreturn void trap_unexpected(struct trapframe *tf, unsigned int slot);
__noreturn void trap_stack_overflow(struct trapframe *tf);

/*
 * trap_beside_guest - an exception between host and guest, where the kernel is at EL2: half of the
 * registers were the guest's, so that nothing can go on, whatever it was.
 */
__noreturn void trap_beside_guest(struct trapframe *tf, unsigned int slot);
/* trap_task_of_core - before it: current's value, by the scheduler, while x18 is not ours. */
const struct task *trap_task_of_core(void);

/* ret_to_user - el1/vectors.S: the end of task/switch.S's first step of a new user task. */
void ret_to_user(void);

#endif
