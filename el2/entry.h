/*
 * entry.h - what start/ calls of el2/, with the MMU off.
 *
 * el2/ is what stays at EL2 when the core came from or through there: vectors, the answers to HVC,
 * and tables of its own that keep EL1 out of EL2 and EL3 (el2/memory.c).  The first core comes down
 * from start/head.S; every other that ever comes to EL2 does so by el2/'s own entries, and runs
 * nothing there that EL1 can write.
 */
#pragma once

#include <stdint.h>

#include "lib/util.h"

struct boot_info;

/*
 * el2_start - on the first core, once: EL2 gets its tables and all that the other cores need.
 * @boot: what is known of the machine: copied; @park: where start/ keeps cores at EL1 that come
 * before they are called
 */
void el2_start(const struct boot_info *boot, uint64_t park);

/* el2_leave - from the first core's EL2 to @next at EL1; x19 to x28 are kept, the rest is not. */
__noreturn void el2_leave(uint64_t next);

/*
 * el2_bystander (vectors.S) - a core that came in at EL2 together with the first: it goes down to
 * where el2_start() was told that cores are parked, as soon as that can be.  Needs no stack.
 */
__noreturn void el2_bystander(void);

/*
 * el2_start_kernel - EL2 is the kernel's own: with VHE, and EL0's exceptions come here.  Nothing of
 * el2/ stays.  On each core.  @park: as for el2_start
 */
void el2_start_kernel(uint64_t park);

/*
 * el2_stack (vectors.S) - top of this core's stack at EL2; a core without a slot never comes back.
 * Needs no stack.
 */
void *el2_stack(void);
