/*
 * park.h - the page that the first core and those that wait for it have in common.
 */
#pragma once

#include "arm/mpidr.h"
#include "start/start.h"

extern uint64_t park_claim; /* MPIDR_EL1's affinity + 1 of who boots (elect.S); 0: no one */
extern struct park_slot park_slots[MPIDR_SLOTS];
