/*
 * earlycon.h - the console before the console, and the light where there is none: goes on where
 * start/earlycon.c ended.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct boot_info;

/*
 * earlycon_init - the UARTs and the light of @boot, mapped; with earlycon on the command line the
 * log goes to these UARTs from here on.  First thing in the higher half; needs ioremap only.
 */
void earlycon_init(const struct boot_info *boot);

/* earlycon_force - send the log there, asked or not: there will be no other console. */
void earlycon_force(void);

/* earlycon_had_log - has the UART at physical @pa had all of the log so far? */
bool earlycon_had_log(uint64_t pa);

/*
 * earlycon_hand_over - the driver's console has all of the log now; if it has a UART that takes
 * bytes, that is, and otherwise nothing changes.
 */
void earlycon_hand_over(void);

/*
 * boot_stage - @stage (STAGE_*, start/boot_info.h) was reached: shown in blinks if no UART takes a
 * byte.
 */
void boot_stage(unsigned int stage);

/*
 * blink_panic - for the end of a panic: the light flutters if no UART takes a byte.  @for_ever: the
 * machine has nothing else to do.
 */
void blink_panic(bool for_ever);
