/*
 * entry.h - what start/ calls of el3/, at EL3 with the MMU off.
 */
#pragma once

#include <stdint.h>

struct boot_info;

/*
 * el3_start - make EL3 ready to stay, and this core ready to leave it by ERET.
 * On the first core, while it is alone.
 * @boot: what is known of the machine: copied; gets how far el3/ has moved (el3/move.c)
 * @next: where the ERET goes, at the level below
 * Return: the same distance: SP has to follow before the ERET.
 */
uint64_t el3_start(struct boot_info *boot, uint64_t next);

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
