/*
 * vectors.S - where a core comes into EL2: HVC from below is served (el2/trap.c), nothing else
 * should come.
 */
#include "arm/resident.h"

/* clang-format off */

RESIDENT_LEVEL el2
