/*
 * rings.c - where EL3 notes for the trace what it does (arm/level_notes.h).
 */
#include "el3/el3.h"

LEVEL_RINGS volatile struct level_ring el3_rings[MPIDR_SLOTS];

volatile struct level_ring *el3_own_rings(void)
{
	/* Where EL1 looks for them, in the image. */
	return (volatile struct level_ring *)((uint64_t)el3_rings - el3_machine.moved);
}
