/*
 * levels.h - what each exception level reports of itself: the text of /dev/levels (abi/levels.h).
 */
#pragma once

#include <stddef.h>

struct boot_info;

/*
 * levels_init - remember the way down, and find out whose EL3 is (boot->own_el3).  @boot lives for
 * ever.  After psci_init.
 */
void levels_init(struct boot_info *boot);

/*
 * levels_text - as snprintf: up to @size bytes into @buf, returns the whole length.  Asks EL2 and
 * EL3 anew each time.
 */
long levels_text(char *buf, size_t size);
