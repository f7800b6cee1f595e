/*
 * secondary.h - how the boot core gets the others into the kernel: what they are given, and how
 * they are started.
 *
 * A secondary core comes in with the MMU off at whatever level its starter chose, goes down the
 * same staircase as the first (start/head.S), turns the MMU on with the kernel's tables and calls
 * secondary_main.  The three ways:
 *
 * 	PSCI		CPU_ON with secondary_entry_pa() and, as context, what secondary_prepare()
 *			returned
 * 	spin table	secondary_allow(), then secondary_spin_pa() into the device tree's
 *			cpu-release-addr, and SEV
 * 	parked		secondary_allow() and SEV: the core came in together with the first and
 *			waits in head.S
 *
 * The core reads what it is given with its caches off: these functions clean it to memory.
 */
#pragma once

#define SECONDARY_ROOT	 0
#define SECONDARY_STACK	 8
#define SECONDARY_TASK	 16
#define SECONDARY_PERCPU 24
#define SECONDARY_CPU	 32

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/util.h"

struct secondary_boot {
	uint64_t root; /* physical address of TTBR1_EL1's table */
	/* Top of its idle task's stack (virtual); the core pushes task there as for any task. */
	uint64_t stack;
	uint64_t task;		/* its idle task: x18 */
	uint64_t percpu_offset; /* TPIDR_EL1 */
	uint64_t cpu;		/* its index, secondary_main's argument */
};

_Static_assert(offsetof(struct secondary_boot, root) == SECONDARY_ROOT, "SECONDARY_ROOT");
_Static_assert(offsetof(struct secondary_boot, stack) == SECONDARY_STACK, "SECONDARY_STACK");
_Static_assert(offsetof(struct secondary_boot, task) == SECONDARY_TASK, "SECONDARY_TASK");
_Static_assert(offsetof(struct secondary_boot, percpu_offset) == SECONDARY_PERCPU,
	       "SECONDARY_PERCPU");
_Static_assert(offsetof(struct secondary_boot, cpu) == SECONDARY_CPU, "SECONDARY_CPU");

/*
 * secondary_main - el1/smp.c: core @cpu, in the higher half, interrupts masked, on its idle stack.
 * Never returns.
 */
void secondary_main(unsigned int cpu);

/*
 * secondary_entry_pa - where PSCI's CPU_ON lets a core in; it wants secondary_prepare()'s value in
 * x0.
 */
uint64_t secondary_entry_pa(void);

/*
 * secondary_spin_pa - where a spin table lets a core in; it finds its own way by MPIDR_EL1
 * (secondary_allow).
 */
uint64_t secondary_spin_pa(void);

/*
 * secondary_prepare - keep a copy of *@s, in memory, for core s->cpu (below NR_CPUS) to start with.
 * s->root may be 0: then the caller's own TTBR1_EL1.
 * Return: its physical address.
 */
uint64_t secondary_prepare(const struct secondary_boot *s);

/*
 * secondary_allow - let the core @mpidr, parked or about to come out of a spin table, go on with
 * @context.  No event is sent: to a parked core the caller sends it (sev); one in a spin table is
 * woken when its release address is written, and looks here before it waits.
 * Return 0, or -EINVAL: a core of that number cannot be parked (arm/mpidr.h).
 */
int secondary_allow(uint64_t mpidr, uint64_t context) __must_check;

/* secondary_parked - whether the core @mpidr came in with the first and waits. */
bool secondary_parked(uint64_t mpidr);

#endif
