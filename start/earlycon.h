/*
 * earlycon.h - what the way down says of itself, and shows where nobody hears it.
 *
 * With `earlycon` on the command line each stage prints a line on the console's UART (on a
 * Raspberry Pi 4 on both), or on the one that earlycon= names.  Where no UART is known, or none
 * takes a byte, the ACT LED blinks the stage's number, asked or not.  MMU off; el1/earlycon.c goes
 * on with it on.
 */
#pragma once

struct boot_info;
struct fdt;
struct fdt_chosen;

/*
 * earlycon_start - look for the word, choose the UARTs, set up those that nobody has.  After
 * early_find_uarts.
 */
void earlycon_start(struct boot_info *boot, const struct fdt *fdt, const struct fdt_chosen *chosen);

/* earlycon_stage - @stage (STAGE_*) was reached. */
void earlycon_stage(struct boot_info *boot, unsigned int stage);
