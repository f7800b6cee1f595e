/*
 * cache.h - the host's stand-in: a test may want to know that it was called, and in which order.
 */
#pragma once

#include <stddef.h>

void shim_dcache(const volatile void *p, size_t size);

#define dcache_clean_invalidate(p, size) shim_dcache(p, size)
