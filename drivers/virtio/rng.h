/*
 * rng.h - virtio's entropy device.
 */
#pragma once

#include <stddef.h>

#include "lib/util.h"

/*
 * virtio_rng_read - up to @n bytes from the host: how many; 0: there is no such device, or it gave
 * nothing in a second, and is not asked again.  Boot core, before the others run; polls.
 */
size_t virtio_rng_read(void *buf, size_t n) __must_check;
