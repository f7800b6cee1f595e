/*
 * levels.h - what each exception level reports of itself: the text of /dev/levels (abi/levels.h).
 */
#pragma once

#include <stddef.h>

struct boot_info;

/* levels_init - remember the way down.  @boot lives for ever. */
void levels_init(const struct boot_info *boot);

/*
 * levels_text - as snprintf: up to @size bytes into @buf, returns the whole length.  Asks EL2 and
 * EL3 anew each time.
 */
long levels_text(char *buf, size_t size);
