/*
 * nospec.h - an index from EL0 that stays inside its table under speculation, too (Spectre v1).
 */
#pragma once

#include <stdint.h>

/*
 * index_nospec - @i when @i < @n, else something below @n, computed without a branch that could be
 * mispredicted.  It does not stand for the check: what is outside must be refused before.
 */
static inline __attribute__((always_inline)) uint64_t index_nospec(uint64_t i, uint64_t n)
{
	uint64_t mask;

	if (__builtin_constant_p(n) && !(n & (n - 1)))
		return i & (n - 1);
	__asm__ volatile("	cmp	%1, %2\n"
			 "	sbc	%0, xzr, xzr\n"
			 "	csdb"
			 : "=r"(mask)
			 : "r"(i), "rI"(n)
			 : "cc");
	return i & mask;
}
