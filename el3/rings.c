/*
 * rings.c - where EL3 notes for the trace what it does (arm/level_notes.h).  Not in the armstub.
 */
#include "arm/level_notes.h"

LEVEL_RINGS volatile struct level_ring el3_rings[MPIDR_SLOTS];
