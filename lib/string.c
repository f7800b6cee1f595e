/*
 * string.c - memory and string primitives.
 *
 * Used from the first C instruction on, when the MMU is off and all memory is Device memory: an
 * unaligned access would fault there.  Invariant: every word is loaded and stored at its natural
 * alignment, and no byte outside [p, p + n) is touched, not even read.
 *
 * Long runs go 64 bytes a round in shapes that compile to ldp/stp.
 */
#include <stdint.h>
#include "lib/string.h"
#include "lib/export.h"
#include "lib/util.h"

#define WORD	  sizeof(uint64_t)
#define CHUNK	  64

/* A word whose bytes are all @c. */
#define BYTES(c)  ((uint8_t)(c)*0x0101010101010101ull)

/*
 * A compiler that recognises a copy or fill loop replaces it by a call to memcpy or memset, which
 * here would be a call to itself.  Hiding where the pointer came from keeps the loop a loop, and
 * costs no instruction.
 */
#define OPAQUE(p) __asm__("" : "+r"(p))

/*
 * Eight words that are all in registers here: the loads come before the stores, and pair into ldp.
 */
#define LOADED(a, b, c, d, e, f, g, h) \
	__asm__("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f), "+r"(g), "+r"(h))

static inline int aligned(const void *p)
{
	return IS_ALIGNED((uintptr_t)p, WORD);
}

static inline void copy_bytes(uint8_t *d, const uint8_t *s, size_t n)
{
	while (n--) {
		*d++ = *s++;
		OPAQUE(d);
	}
}

static inline void copy_bytes_back(uint8_t *d, const uint8_t *s, size_t n)
{
	while (n--) {
		*--d = *--s;
		OPAQUE(d);
	}
}

/*
 * Both aligned, @n a multiple of 8, upwards.  All of a round is loaded before any of it is stored.
 */
static inline void copy_words(uint64_t *d, const uint64_t *s, size_t n)
{
	for (; n >= CHUNK; n -= CHUNK, d += 8, s += 8) {
		/*
		 * All eight before the first store: an upward copy onto an overlapping place below
		 * must not read what it has just written.
		 */
		uint64_t a = s[0], b = s[1], c = s[2], e = s[3];
		uint64_t f = s[4], g = s[5], h = s[6], i = s[7];

		LOADED(a, b, c, e, f, g, h, i);
		d[0] = a, d[1] = b, d[2] = c, d[3] = e;
		d[4] = f, d[5] = g, d[6] = h, d[7] = i;
	}
	if (n & 4 * WORD) {
		uint64_t a = s[0], b = s[1], c = s[2], e = s[3];

		d[0] = a, d[1] = b, d[2] = c, d[3] = e;
		d += 4, s += 4;
	}
	if (n & 2 * WORD) {
		uint64_t a = s[0], b = s[1];

		d[0] = a, d[1] = b;
		d += 2, s += 2;
	}
	if (n & WORD)
		*d = *s;
}

static inline void copy_words_back(uint64_t *d, const uint64_t *s, size_t n)
{
	for (; n >= CHUNK; n -= CHUNK) {
		d -= 8, s -= 8;

		uint64_t a = s[0], b = s[1], c = s[2], e = s[3];
		uint64_t f = s[4], g = s[5], h = s[6], i = s[7];

		LOADED(a, b, c, e, f, g, h, i);
		d[7] = i, d[6] = h, d[5] = g, d[4] = f;
		d[3] = e, d[2] = c, d[1] = b, d[0] = a;
	}
	for (; n; n -= WORD) {
		*--d = *--s;
		OPAQUE(d);
	}
}

/*
 * @d is aligned, @s is not: load aligned words and join two neighbours for each store (little
 * endian: a later byte is higher in the word).  Upwards; returns the bytes copied, a multiple of 8.
 * The source's first, partial word is gathered by bytes, and the loop stops while a whole word is
 * left, so nothing outside is read.
 */
static size_t copy_shifted(uint64_t *d, const uint8_t *s, size_t n)
{
	size_t lead = WORD - ((uintptr_t)s & (WORD - 1)); /* 1..7 bytes up to the boundary */
	unsigned up = 8 * lead, down = 64 - up;
	const uint64_t *w;
	uint64_t have = 0;
	size_t done = 0;

	for (size_t i = lead; i--;)
		have = have << 8 | s[i];
	w = (const uint64_t *)(s + lead);
	for (; n - done >= lead + WORD; done += WORD) {
		/* The loop's condition leaves this whole word inside the source. */
		uint64_t next = *w++;

		*d++ = have | next << up;
		have = next >> down;
	}
	return done;
}

static inline void copy_up(uint8_t *d, const uint8_t *s, size_t n)
{
	size_t head, body;

	/* Below that the head and the tail would be all of it. */
	if (n >= 2 * WORD) {
		/*
		 * The destination is aligned first.  If the source is not aligned then,
		 * copy_shifted joins aligned words of it: no access is unaligned.
		 */
		head = -(uintptr_t)d & (WORD - 1);
		copy_bytes(d, s, head);
		d += head, s += head, n -= head;
		if (aligned(s)) {
			body = ALIGN_DOWN(n, WORD);
			copy_words((uint64_t *)d, (const uint64_t *)s, body);
		} else {
			body = copy_shifted((uint64_t *)d, s, n);
		}
		d += body, s += body, n -= body;
	}
	copy_bytes(d, s, n);
}

/*
 * Downwards from the ends.  Operands that differ in alignment go by bytes: such an overlap is rare.
 */
static void copy_down(uint8_t *d, const uint8_t *s, size_t n)
{
	size_t tail, body;

	d += n, s += n;
	if (n >= 2 * WORD && ((uintptr_t)d & (WORD - 1)) == ((uintptr_t)s & (WORD - 1))) {
		tail = (uintptr_t)d & (WORD - 1);
		copy_bytes_back(d, s, tail);
		d -= tail, s -= tail, n -= tail;
		body = ALIGN_DOWN(n, WORD);
		copy_words_back((uint64_t *)d, (const uint64_t *)s, body);
		d -= body, s -= body, n -= body;
	}
	copy_bytes_back(d, s, n);
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	copy_up(dst, src, n);
	return dst;
}
EXPORT(memcpy);

void *memmove(void *dst, const void *src, size_t n)
{
	/*
	 * Upwards is right when dst is below src or past its end: one unsigned comparison says
	 * both.
	 */
	if ((uintptr_t)dst - (uintptr_t)src >= n)
		copy_up(dst, src, n);
	else
		copy_down(dst, src, n);
	return dst;
}
EXPORT(memmove);

void *memset(void *dst, int c, size_t n)
{
	uint64_t word = BYTES(c);
	uint8_t *d = dst;
	uint64_t *w;

	for (; n && !aligned(d); n--) {
		*d++ = (uint8_t)c;
		OPAQUE(d);
	}
	w = (uint64_t *)d;
	for (; n >= CHUNK; n -= CHUNK, w += 8) {
		/* Four pairs of stores: stp. */
		w[0] = word, w[1] = word, w[2] = word, w[3] = word;
		w[4] = word, w[5] = word, w[6] = word, w[7] = word;
		OPAQUE(w);
	}
	if (n & 4 * WORD) {
		w[0] = word, w[1] = word, w[2] = word, w[3] = word;
		w += 4;
	}
	if (n & 2 * WORD) {
		w[0] = word, w[1] = word;
		w += 2;
	}
	if (n & WORD)
		*w++ = word;
	for (d = (uint8_t *)w, n &= WORD - 1; n; n--) {
		*d++ = (uint8_t)c;
		OPAQUE(d);
	}
	return dst;
}
EXPORT(memset);

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *p = a, *q = b;

	/*
	 * A word that differs is looked at again byte by byte: the first byte in memory decides,
	 * which in a little-endian word is the lowest.
	 */
	if (aligned(p) && aligned(q))
		for (; n >= WORD && *(const uint64_t *)p == *(const uint64_t *)q; n -= WORD)
			p += WORD, q += WORD;
	for (; n; n--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}
EXPORT(memcmp);

/* Has this word a byte that is 0?  Then a carry comes out of that byte, and of none below it. */
static inline uint64_t word_has_zero(uint64_t w)
{
	return (w - BYTES(0x01)) & ~w & BYTES(0x80);
}

void *memchr(const void *s, int c, size_t n)
{
	const uint8_t *p = s;

	while (n && *p != (uint8_t)c) {
		p++, n--;
		/*
		 * A word that lies wholly inside may be read; the one with the byte, and the end,
		 * go by bytes.
		 */
		if (aligned(p)) /* pass over words that have no such byte */
			for (; n >= WORD && !word_has_zero(*(const uint64_t *)p ^ BYTES(c));
			     n -= WORD)
				p += WORD;
	}
	return n ? (void *)(uintptr_t)p : NULL;
}
EXPORT(memchr);

size_t strlen(const char *s)
{
	const char *p = s;

	/* By bytes: a word could reach over the end, into memory that is not there. */
	while (*p) {
		p++;
		OPAQUE(p);
	}
	return p - s;
}
EXPORT(strlen);

size_t strnlen(const char *s, size_t max)
{
	const char *nul = memchr(s, 0, max);

	return nul ? (size_t)(nul - s) : max;
}
EXPORT(strnlen);

int strcmp(const char *a, const char *b)
{
	for (; *a && *a == *b; a++)
		b++;
	return (uint8_t)*a - (uint8_t)*b;
}
EXPORT(strcmp);

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n && *a && *a == *b; a++, b++)
		n--;
	return n ? (uint8_t)*a - (uint8_t)*b : 0;
}
EXPORT(strncmp);

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)(uintptr_t)s;
}
EXPORT(strchr);

char *strrchr(const char *s, int c)
{
	const char *last = NULL;

	do {
		if (*s == (char)c)
			last = s;
	} while (*s++);
	return (char *)(uintptr_t)last;
}
EXPORT(strrchr);

size_t strlcpy(char *restrict dst, const char *restrict src, size_t size)
{
	size_t len = strlen(src), n;

	if (size) {
		n = min(len, size - 1);
		memcpy(dst, src, n);
		dst[n] = 0;
	}
	return len;
}
EXPORT(strlcpy);
