/*
 * el2.h - what the files of el2/ share with one another.
 */
#pragma once

#include "arm/rawuart.h"
#include "arm/resident.h"
#include "arm/slots.h"
#include "lib/util.h"

extern struct rawuart el2_uarts[RAWUARTS]; /* for the one line that el2/ may have to print */

/*
 * Called by vectors.S: an exception from EL1 or EL0; returns to where it came from, or to EL1's
 * vectors.
 */
void el2_sync_lower(struct resident_frame *f);
/* The same, by the table that notes (arm/level_notes.h). */
void el2_sync_lower_noting(struct resident_frame *f);

/* Called by vectors.S for every other slot. */
__noreturn void el2_unexpected(unsigned int slot);
