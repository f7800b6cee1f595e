/*
 * bitmap.c - runs of bits, a word at a time where a word is all of one kind.
 */
#include "lib/bitmap.h"

#include "lib/util.h"

/* The first bit at or behind @at that is set (@set), or is clear; @bits if there is none. */
static size_t next_bit(const uint64_t *map, size_t bits, size_t at, int set)
{
	while (at < bits) {
		uint64_t word = (set ? map[at / 64] : ~map[at / 64]) >> (at % 64);

		if (word)
			return min(at + (size_t)__builtin_ctzll(word), bits);
		at = ALIGN_DOWN(at, (size_t)64) + 64;
	}
	return bits;
}

size_t bitmap_find_clear(const uint64_t *map, size_t bits, size_t n)
{
	size_t first = next_bit(map, bits, 0, 0), end;

	for (; first < bits; first = next_bit(map, bits, end, 0)) {
		end = next_bit(map, bits, first, 1);
		if (end - first >= n)
			return first;
	}
	return bits;
}

/* The bits of word @w of the map that belong to [@first, @end). */
static uint64_t part_of_word(size_t w, size_t first, size_t end)
{
	size_t low = max(first, w * 64) - w * 64, high = min(end, w * 64 + 64) - w * 64;

	return ~UINT64_C(0) >> (64 - (high - low)) << low;
}

void bitmap_set(uint64_t *map, size_t first, size_t n)
{
	for (size_t w = first / 64; n && w <= (first + n - 1) / 64; w++)
		map[w] |= part_of_word(w, first, first + n);
}

void bitmap_clear(uint64_t *map, size_t first, size_t n)
{
	for (size_t w = first / 64; n && w <= (first + n - 1) / 64; w++)
		map[w] &= ~part_of_word(w, first, first + n);
}
