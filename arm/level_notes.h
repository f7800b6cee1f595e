/*
 * level_notes.h - what EL2 and EL3 note of what they do themselves, for the trace: a ring for each
 * core, which its level alone writes, and the kernel reads.
 *
 * A level that notes has another vector table (arm/resident_vectors.S), which EL1 asks for, on each
 * core for itself (NEWEL_HVC_NOTE, NEWEL_SMC_NOTE).  The rings are pages of their own in the image
 * (link.ld): their addresses come from no lower level, and nothing in them is ever read by a higher
 * one, so an EL1 that writes into them only spoils its own trace.  To a level without an MMU all
 * memory is Device-nGnRnE; EL1 maps these pages alone, read-only, as the same, so that no cache and
 * no order of accesses comes between; and each core reads its own ring alone.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/mpidr.h"
#include "arm/resident.h"
#include "arm/slots.h"

#define LEVEL_NOTES 32 /* of a core, before the oldest is overwritten */

/* One exception from below.  Aligned words: the memory is a device's, or like one. */
struct level_note {
	uint64_t came, left;	 /* of CNTVCT_EL0; left 0: it did not go back by its ERET */
	uint64_t esr, elr, spsr; /* as it came */
	uint64_t answer;	 /* x0 as it left */
	uint32_t fn;		 /* w0 as it came */
	uint32_t bounced;	 /* it left for EL1's vector (arm/undef.h), not for elr */
};

struct level_ring {
	uint64_t written; /* the n-th note, from 0, is note[n % LEVEL_NOTES] */
	uint64_t unused[7];
	struct level_note note[LEVEL_NOTES];
};

/*
 * el2/trap.c, el3/rings.c (not in the armstub: el3/el3.h).  EL1 has its own names for them:
 * link.ld.
 */
#define LEVEL_RINGS __attribute__((section(".rings")))
extern volatile struct level_ring el2_rings[MPIDR_SLOTS];
extern volatile struct level_ring el3_rings[MPIDR_SLOTS];

/* level_table - VBAR for a level that @notes, or does not: @vbar is one of its two tables. */
static inline uint64_t level_table(uint64_t vbar, bool notes)
{
	const uint64_t size = SLOTS * SLOT_SIZE;

	return notes ? vbar | size : vbar & ~size;
}

/*
 * level_note_begin - for the level that @rings are of: it was come into with these registers and
 * @f.  @written: its own count of this core's notes.  The note that level_note_end() finishes, if
 * the level comes so far.
 */
static inline volatile struct level_note *level_note_begin(volatile struct level_ring *rings,
							   uint64_t *written,
							   const struct resident_frame *f,
							   uint64_t esr, uint64_t elr,
							   uint64_t spsr)
{
	unsigned int slot = (unsigned int)mpidr_slot(READ_SYSREG(mpidr_el1));
	volatile struct level_note *n = &rings[slot].note[written[slot] % LEVEL_NOTES];

	n->came = READ_SYSREG(cntvct_el0);
	n->left = 0;
	n->esr = esr;
	n->elr = elr;
	n->spsr = spsr;
	n->answer = 0;
	n->fn = (uint32_t)f->x[0];
	n->bounced = 0;
	/* Last: EL1 on this core finds it whole, also when it is left by another way. */
	rings[slot].written = ++written[slot];
	return n;
}

/* level_note_end - the level is left with @f, for @elr. */
static inline void level_note_end(volatile struct level_note *n, const struct resident_frame *f,
				  uint64_t elr)
{
	n->answer = f->x[0];
	n->bounced = elr != n->elr;
	n->left = READ_SYSREG(cntvct_el0);
}
