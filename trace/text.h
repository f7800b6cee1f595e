/*
 * text.h - appending to a bounded buffer: what the decoders write with.
 *
 * Invariant: the buffer is always terminated (if it has any room) and never written beyond; what
 * does not fit is dropped.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "lib/printf.h"

struct text {
	char *buf;
	size_t size;
	size_t len; /* without the NUL; always < size, or 0 */
};

static inline void text_init(struct text *t, char *buf, size_t size)
{
	*t = (struct text){ .buf = buf, .size = size };
	if (size)
		buf[0] = 0;
}

/* text_add - append as printf(3) does. */
static inline __printf(2, 3) void text_add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = t->size ? vsnprintf(t->buf + t->len, t->size - t->len, fmt, ap) : 0;
	va_end(ap);
	if (n > 0)
		t->len += min((size_t)n, t->size - t->len - 1);
}
