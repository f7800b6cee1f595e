/*
 * entry.h - what start/ calls of el2/, on each core that comes through EL2, with the MMU off there.
 *
 * el2/ is what stays at EL2 when the core came from or through there: a vector table and the
 * answers to HVC. Like el3/ it runs with the MMU off in a region that no other level maps (link.ld,
 * .resident).
 */
#pragma once

#include <stdint.h>

struct boot_info;

/*
 * el2_start - make EL2 ready to stay, and this core ready to leave it by ERET for @next at EL1.
 * @boot: on the first core, what is known of the machine: copied; NULL on the others
 */
void el2_start(const struct boot_info *boot, uint64_t next);

/*
 * el2_start_kernel - EL2 is the kernel's own: with VHE, and EL0's exceptions come here.  Nothing of
 * el2/ stays.
 */
void el2_start_kernel(void);

/*
 * el2_stack (vectors.S) - top of this core's stack at EL2; a core without a slot never comes back.
 * Needs no stack.
 */
void *el2_stack(void);
