/*
 * el2.h - what the files of el2/ share with one another.
 */
#pragma once

#define EL2_FRAME_SIZE 256 /* struct el2_frame, as vectors.S stores it */
#define EL2_STACK_SIZE 2048

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stdint.h>

#include "lib/rawuart.h"
#include "lib/util.h"

struct el2_frame {
	uint64_t x[31];
	uint64_t unused;
};

_Static_assert(sizeof(struct el2_frame) == EL2_FRAME_SIZE, "EL2_FRAME_SIZE");

extern struct rawuart el2_uarts[RAWUARTS]; /* for the one line that el2/ may have to say */

/* Called by vectors.S: an exception from EL1 or EL0; returns to where it came from, or to EL1's vectors. */
void el2_sync_lower(struct el2_frame *f);

/* Called by vectors.S for every other slot. */
__noreturn void el2_unexpected(unsigned int slot);

#endif
