/*
 * resident.h - what a level that stays resident above the kernel, EL2 or EL3, saves of a core that
 * comes into it, for the C functions that arm/resident_vectors.S calls.
 */
#pragma once

#define RESIDENT_FRAME_SIZE 256 /* bytes: struct resident_frame */

#ifndef __ASSEMBLER__

#include <stdint.h>

/* x0..x30: SMCCC asks for x4-x17, a caller that forgot the rest gets it too. */
struct resident_frame {
	uint64_t x[31];
	uint64_t unused;
};

_Static_assert(sizeof(struct resident_frame) == RESIDENT_FRAME_SIZE, "RESIDENT_FRAME_SIZE");

#endif
