/*
 * bitmap.h - runs of bits in an array of words: which pages of a range of addresses are in use.
 * Pure C; the owner's lock guards the array.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define BITMAP_WORDS(bits) (((bits) + 63) / 64)

/*
 * bitmap_find_clear - the first @n (at least 1) clear bits in a row among the first @bits of @map.
 * Return: the number of the first of them, or @bits: there is no such run.
 */
size_t bitmap_find_clear(const uint64_t *map, size_t bits, size_t n);
/* bitmap_set, bitmap_clear - the @n bits from @first on. */
void bitmap_set(uint64_t *map, size_t first, size_t n);
void bitmap_clear(uint64_t *map, size_t first, size_t n);
