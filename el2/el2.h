/*
 * el2.h - what the files of el2/ share with one another.
 */
#pragma once

/* How a core comes to el2_core_start: one of these, or the address at EL1 that it goes on at. */
#define EL2_AS_CPU_ON	0
#define EL2_AS_RESUMED	1

/* Each core's stack in el2_stacks: its lowest page is mapped by nobody, the rest is the stack. */
#define EL2_STACK_SIZE	8192
#define EL2_STACK_GUARD 4096

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arm/mpidr.h"
#include "arm/resident.h"
#include "arm/slots.h"
#include "lib/util.h"

/*
 * Called by vectors.S: an exception from EL1 or EL0; returns to where it came from, or to EL1's
 * vectors.
 */
void el2_sync_lower(struct resident_frame *f);
/* The same, by the table that notes (arm/level_notes.h). */
void el2_sync_lower_noting(struct resident_frame *f);

/* vectors.S: what must not be, of this slot; said in a line, and the core stops. */
__noreturn void el2_unexpected(unsigned int slot);

/* Called by it, with the MMU off. */
__noreturn void el2_last_words(unsigned int slot);

/*
 * el2_core_start - called by vectors.S, on each core, MMU on: this core's registers are set, and it
 * is ready to leave EL2 by ERET.  Return: x0 at EL1.
 */
uint64_t el2_core_start(uint64_t how);

/* vectors.S: where a core comes in, MMU off, at EL2: by PSCI, after a suspend, by a spin table. */
extern char el2_cpu_on_entry[], el2_resume_entry[], el2_spin_entry[];

/* memory.c: the stacks of all cores. */
extern char el2_stacks[MPIDR_SLOTS][EL2_STACK_SIZE];

/* vectors.S: MMU on, stack, el2_core_start(@how), ERET. */
__noreturn void el2_come_in(uint64_t how);

/* vectors.S: SMC with x0..x17 of @f, which become the answer. */
void el2_call_el3(struct resident_frame *f);

#endif
