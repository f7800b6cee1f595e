/*
 * fuzz.h - what the fuzz targets share.
 *
 * libFuzzer hands its input over at any alignment and with bytes behind it: each target works on a
 * copy of exactly the right size, which malloc aligns.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void *fuzz_copy(const void *data, size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		abort();
	if (size)
		__builtin_memcpy(p, data, size);
	return p;
}

/* What must hold for every input; libFuzzer keeps the one for which it does not. */
#define MUST(x)                                                                       \
	do {                                                                          \
		if (!(x)) {                                                           \
			fprintf(stderr, "%s:%d: MUST(%s)\n", __FILE__, __LINE__, #x); \
			abort();                                                      \
		}                                                                     \
	} while (0)
