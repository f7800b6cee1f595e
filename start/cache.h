/*
 * cache.h - what cache.S has for C.
 */
#pragma once

#include <stdint.h>

/*
 * dcache_clean_range - clean and invalidate [@start, @end) to the point of coherency.  Any level,
 * MMU on or off.
 */
void dcache_clean_range(uintptr_t start, uintptr_t end);
