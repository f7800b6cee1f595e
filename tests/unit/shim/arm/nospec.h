/*
 * nospec.h - the host's stand-in: nobody attacks a test.
 */
#pragma once

#include <stdint.h>

static inline uint64_t index_nospec(uint64_t i, uint64_t n)
{
	return i < n ? i : 0;
}
