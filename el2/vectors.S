/*
 * vectors.S - where a core comes into EL2: HVC from below is served (el2/trap.c), nothing else
 * should come.
 */
#define LEVEL(name) el2_##name
#define SERVED_AT_ONCE
#include "arm/resident_vectors.S"
