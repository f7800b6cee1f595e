/*
 * rng200.h - the random number generator of the Raspberry Pi 4's chip (Broadcom's iProc RNG200).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/util.h"

/*
 * rng200_read - @n bytes of noise into @buf, a multiple of 4.  False: there is no such device, or
 * it is given up, with a line in the log: for a second it had nothing, or, and again after it was
 * started anew, its own tests failed or it gave the same word twice in a row.  Then @buf holds
 * nothing of use.  It takes some ms.  Boot core, at boot, after DEVICE_NORMAL.
 */
bool rng200_read(void *buf, size_t n) __must_check;
