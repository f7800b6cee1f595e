/*
 * inflate.h - gzip files (RFC 1952) back into what they were made from (RFC 1951).
 *
 * The input is a span of memory and hostile; the output leaves in pieces of at most 32 KiB through
 * a callback. All state is in struct gunzip (about 44 KiB: not for a stack), which needs no
 * initialising and can be used again.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include "lib/util.h"

#define GUNZIP_WINDOW	 32768 /* how far back a match may reach */
#define GUNZIP_MAX_CODES 288
#define GUNZIP_MAX_BITS	 15
#define GUNZIP_FAST_BITS 10

/*
 * A prefix code: a table for the short words, and for all of them counts and symbols in canonical
 * order.
 */
struct gunzip_code {
	uint16_t fast[1 << GUNZIP_FAST_BITS]; /* symbol << 4 | length; 0: longer, or no such word */
	uint16_t count[GUNZIP_MAX_BITS + 1];
	uint16_t symbol[GUNZIP_MAX_CODES];
};

#define GUNZIP_TEXT_MAX ((size_t)65536) /* bytes of a name or a comment, with its NUL */

/*
 * Takes @n bytes of output; @n may be 0: it is called often enough to give way there.  0, or
 * -errno, which ends the work and is its result.
 */
typedef int gunzip_out_fn(void *ctx, const void *data, size_t n);

struct gunzip {
	const uint8_t *in;
	size_t in_size;
	size_t in_pos; /* behind the bytes that are in the bit buffer */
	uint64_t bits; /* the next bit is the lowest */
	unsigned int n_bits;

	gunzip_out_fn *out;
	void *out_ctx;
	uint32_t n_window; /* bytes in window that were not given out yet */
	uint64_t n_out;	   /* bytes given out */
	uint32_t crc;

	const char *error; /* what is wrong, in words ... */
	size_t error_at;   /* ... and near which offset */

	struct gunzip_code literal, distance;
	uint32_t crc_table[4][256];
	uint8_t window[GUNZIP_WINDOW];
};

/* gunzip_is - do these bytes begin like a gzip file? */
int gunzip_is(const void *in, size_t n);

/*
 * gunzip - decompress the one gzip member at the start of @in
 * @used:  gets its length, on success (more members, or anything else, may follow)
 *
 * 0; -EINVAL if it is malformed, truncated, or its CRC or length is wrong (g->error, g->error_at;
 * what was given out before is then worth nothing); or what @out returned.  Does not sleep, if @out
 * does not.
 */
int gunzip(struct gunzip *g, const void *in, size_t n, gunzip_out_fn *out, void *ctx,
	   size_t *used) __must_check;
