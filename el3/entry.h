/*
 * entry.h - what start/ calls of el3/, once a core, at EL3 with the MMU off.
 */
#pragma once

#include <stdint.h>

struct boot_info;

/*
 * el3_start - make EL3 ready to stay, and this core ready to leave it by ERET.
 * @boot: on the first core, what is known of the machine: copied; NULL on the others
 * @next: where the ERET goes, at the level below
 */
void el3_start(const struct boot_info *boot, uint64_t next);

/*
 * el3_stack (vectors.S) - top of this core's stack at EL3; a core without a slot never comes back.
 * Needs no stack.
 */
void *el3_stack(void);

/*
 * el3_bystander (vectors.S) - a core that came in with the first: SP is its stack; it waits for
 * CPU_ON.
 */
void el3_bystander(void);
