/*
 * unit.h - what every host test needs: cmocka and its dependencies in the right order, and random
 * numbers that are the same in every run.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static uint64_t random_state = 0x9e3779b97f4a7c15;

/* xorshift64*: good enough to choose lengths and bytes, and short */
static inline uint32_t random_u32(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)(random_state * 0x2545f4914f6cdd1d >> 32);
}

static inline uint32_t random_below(uint32_t n)
{
	return (uint32_t)((uint64_t)random_u32() * n >> 32);
}

/* A copy in a block of exactly @n bytes, so that the sanitizer sees any access behind it. */
static inline void *exact_copy(const void *p, size_t n)
{
	void *copy = malloc(n ? n : 1);

	assert_non_null(copy);
	__builtin_memcpy(copy, p, n);
	return copy;
}

/* All of a file; the caller frees it. */
static inline void *read_file(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	char *p = NULL;
	long size;

	if (!f)
		fail_msg("%s: cannot be opened", path);
	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	p = malloc((size_t)size + 1);
	assert_non_null(p);
	assert_int_equal(fread(p, 1, (size_t)size, f), size);
	fclose(f);
	*n = (size_t)size;
	return p;
}
