/*
 * levels.h - what each exception level reports of itself: the text of /dev/levels (abi/levels.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct boot_info;

/*
 * levels_init - remember the way down, and find out whose EL3 is (boot->own_el3).  @boot lives for
 * ever.  After psci_init.
 */
void levels_init(struct boot_info *boot);

/*
 * levels_seal - from now on nobody at EL1 can write the kernel's text and rodata, by any mapping,
 * nor what is sealed of modules (mm/modarea.h).  Nothing where EL2 is not ours.  After levels_init.
 */
void levels_seal(void);

/*
 * levels_note - whether EL2 or EL3 (@level 2, 3) notes for the trace (trace/levels.h) what it does
 * on this core, from now on.  False: nobody there can, or not yet.  Interrupts masked, or tied to
 * the core.
 */
bool levels_note(unsigned int level, bool on);

/*
 * levels_text - as snprintf: up to @size bytes into @buf, returns the whole length.  Asks EL2 and
 * EL3 anew each time.
 */
long levels_text(char *buf, size_t size);
