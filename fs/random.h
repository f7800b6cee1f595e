/*
 * random.h - the kernel's random numbers: getrandom(2), /dev/(u)random, AT_RANDOM.
 */
#pragma once

#include <stddef.h>

/*
 * random_add_seed - mix @n bytes of @from ("rng-seed", "RNDR", "jitter") into the generator's key.
 * Any context but an interrupt handler.
 */
void random_add_seed(const char *from, const void *seed, size_t n);

/*
 * random_init - seed from what this machine has besides the device tree's seed: RNDR, the board's
 * generator (RNG200), or with none of them the counter's jitter; says in the log which.
 * @fdt_seed: /chosen/rng-seed, or NULL; it is wiped.  Once, on the boot core.
 */
void random_init(void *fdt_seed, size_t n);

/* random_bytes - fill @buf.  Never fails, never waits.  Any context but an interrupt handler. */
void random_bytes(void *buf, size_t n);
