/*
 * printf.c - formatting into a bounded buffer: what stands behind every line the kernel prints.
 *
 * Used by the log, /proc and host tools.  Invariant: only put_char() and fill_width() write, both
 * only below out->size, and out->len counts what the whole text would take.  No tables of pointers:
 * this runs before the MMU is on.
 */
#include <stdbool.h>
#include <stdint.h>
#include "abi/errno.h"
#include "lib/printf.h"
#include "lib/export.h"
#include "lib/string.h"

#define INT_LIMIT 0x7fffffff

struct out {
	char *buf;
	size_t size; /* with room for the NUL */
	size_t len;  /* of the whole text; may exceed size */
	va_list ap;
};

struct spec {
	bool left, plus, space, alt, zero;
	int width;
	int precision; /* -1: none given */
	int bytes;     /* size of the integer argument */
	char conv;
};

static void put_char(struct out *o, const char *s, size_t n)
{
	/*
	 * What does not fit is counted all the same: the caller learns how long it would have been.
	 */
	if (o->len < o->size)
		memcpy(o->buf + o->len, s, min(n, o->size - o->len));
	o->len += n;
}

static void fill_width(struct out *o, char c, int n)
{
	if (n <= 0)
		return;
	if (o->len < o->size)
		memset(o->buf + o->len, c, min((size_t)n, o->size - o->len));
	o->len += n;
}

/* The digits of @v, ending at @end; returns where they begin.  0 has no digits here. */
static char *digits(char *end, uint64_t v, unsigned base, bool upper)
{
	for (; v; v /= base) {
		unsigned d = v % base;

		*--end = d < 10 ? '0' + d : (upper ? 'A' : 'a') + (d - 10);
	}
	return end;
}

static unsigned conv_base(char conv)
{
	switch (conv) {
	case 'x':
	case 'X':
	case 'p': return 16;
	case 'o': return 8;
	default: return 10;
	}
}

/* prefix (sign or 0x), zeros up to the precision or the width, digits: in a field of the width */
static void put_number(struct out *o, const struct spec *s, uint64_t v, bool negative)
{
	char buf[24], prefix[2]; /* 2^64 has 22 octal digits */
	char *end = buf + sizeof(buf);
	char *p = digits(end, v, conv_base(s->conv), s->conv == 'X');
	int n = end - p, np = 0, zeros, pad;

	if (s->conv == 'd' && (negative || s->plus || s->space)) {
		prefix[np++] = negative ? '-' : s->plus ? '+' : ' ';
	} else if (s->alt && v && (s->conv == 'x' || s->conv == 'X')) {
		prefix[np++] = '0';
		prefix[np++] = s->conv;
	} else if (s->conv == 'p') {
		prefix[np++] = '0';
		prefix[np++] = 'x';
	}
	/* Without a precision, 0 prints one digit. */
	zeros = (s->precision < 0 ? 1 : s->precision) - n;
	if (s->conv == 'o' && s->alt && zeros <= 0)
		zeros = 1;
	zeros = max(zeros, 0);
	pad = max(s->width - np - n - zeros, 0);
	/* The flag 0 gives way to '-' and to a precision, as ISO C says. */
	if (s->zero && !s->left && s->precision < 0) {
		zeros += pad;
		pad = 0;
	}
	if (!s->left)
		fill_width(o, ' ', pad);
	put_char(o, prefix, np);
	fill_width(o, '0', zeros);
	put_char(o, p, n);
	if (s->left)
		fill_width(o, ' ', pad);
}

static void put_string(struct out *o, const struct spec *s, const char *str)
{
	size_t n;
	int pad;

	if (!str)
		str = "(null)";
	/* With a precision the string need have no NUL: no byte behind it is read. */
	n = s->precision < 0 ? strlen(str) : strnlen(str, s->precision);
	pad = n < (size_t)s->width ? s->width - (int)n : 0;
	if (!s->left)
		fill_width(o, ' ', pad);
	put_char(o, str, n);
	if (s->left)
		fill_width(o, ' ', pad);
}

static const char *parse_flags(const char *p, struct spec *s)
{
	for (;; p++) {
		switch (*p) {
		case '-': s->left = true; break;
		case '+': s->plus = true; break;
		case ' ': s->space = true; break;
		case '#': s->alt = true; break;
		case '0': s->zero = true; break;
		default: return p;
		}
	}
}

/* A decimal number; one that is absurd stays at the limit instead of wrapping. */
static const char *parse_int(const char *p, int *out)
{
	int n = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		n = n > INT_LIMIT / 10 - 1 ? INT_LIMIT : n * 10 + (*p - '0');
	*out = n;
	return p;
}

static const char *parse_length(const char *p, struct spec *s)
{
	s->bytes = sizeof(int);
	switch (*p) {
	case 'h':
		s->bytes = p[1] == 'h' ? sizeof(char) : sizeof(short);
		return p + (p[1] == 'h' ? 2 : 1);
	case 'l': s->bytes = sizeof(long); return p + (p[1] == 'l' ? 2 : 1);
	case 'z':
	case 't':
	case 'j': s->bytes = sizeof(long); return p + 1;
	default: return p;
	}
}

static void put_signed(struct out *o, struct spec *s, int64_t v)
{
	if (s->bytes == sizeof(char))
		v = (int8_t)v;
	else if (s->bytes == sizeof(short))
		v = (int16_t)v;
	else if (s->bytes == sizeof(int))
		v = (int32_t)v;
	s->conv = 'd';
	/* -(uint64_t)v is right for INT64_MIN too, where -v would overflow. */
	put_number(o, s, v < 0 ? -(uint64_t)v : (uint64_t)v, v < 0);
}

static void put_unsigned(struct out *o, struct spec *s, uint64_t v)
{
	if (s->bytes < 8)
		v &= ((uint64_t)1 << (8 * s->bytes)) - 1;
	put_number(o, s, v, false);
}

/*
 * [flags][width][.precision][length], each of which may be missing; returns where the conversion
 * letter is.
 */
static const char *parse_spec(const char *p, struct spec *s, struct out *o)
{
	p = parse_flags(p, s);
	if (*p == '*') {
		s->width = max(va_arg(o->ap, int), -INT_LIMIT);
		/* A negative width as an argument means '-' (ISO C). */
		s->left |= s->width < 0;
		s->width = s->width < 0 ? -s->width : s->width;
		p++;
	} else {
		p = parse_int(p, &s->width);
	}
	if (*p == '.' && p[1] == '*') {
		s->precision = max(va_arg(o->ap, int), -1);
		p += 2;
	} else if (*p == '.') {
		p = parse_int(p + 1, &s->precision);
	}
	p = parse_length(p, s);
	s->conv = *p;
	return p;
}

static uint64_t int_arg(struct out *o, const struct spec *s)
{
	return s->bytes == sizeof(long) ? va_arg(o->ap, long) : va_arg(o->ap, int);
}

/* Fetch the argument and print it.  False: no such conversion. */
static bool put_conversion(struct out *o, struct spec *s)
{
	char c;

	switch (s->conv) {
	case 'd':
	case 'i': put_signed(o, s, (int64_t)int_arg(o, s)); return true;
	case 'u':
	case 'o':
	case 'x':
	case 'X': put_unsigned(o, s, int_arg(o, s)); return true;
	case 'p':
		/* All 16 digits, so that addresses in the log stand under one another. */
		s->precision = 16;
		put_number(o, s, (uintptr_t)va_arg(o->ap, void *), false);
		return true;
	case 'c':
		c = (char)va_arg(o->ap, int);
		fill_width(o, ' ', s->left ? 0 : s->width - 1);
		put_char(o, &c, 1);
		fill_width(o, ' ', s->left ? s->width - 1 : 0);
		return true;
	case 's': put_string(o, s, va_arg(o->ap, const char *)); return true;
	case '%': put_char(o, "%", 1); return true;
	default: return false;
	}
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct out o = { .buf = buf, .size = size };
	const char *p;

	/* A copy, which the helpers may pass by pointer: a va_list may be an array. */
	va_copy(o.ap, ap);
	while (*fmt) {
		struct spec s = { .precision = -1 };

		for (p = fmt; *p && *p != '%'; p++)
			;
		put_char(&o, fmt, p - fmt);
		fmt = p;
		if (!*fmt)
			break;
		p = parse_spec(fmt + 1, &s, &o);
		p += *p != 0; /* the format may end inside a conversion */
		/* Unknown: printed as it stands, and no argument is taken for it. */
		if (!put_conversion(&o, &s))
			put_char(&o, fmt, p - fmt);
		fmt = p;
	}
	va_end(o.ap);
	/* Always terminated; and size 0 writes nothing at all. */
	if (size)
		buf[min(o.len, size - 1)] = 0;
	return o.len > INT_LIMIT ? -EOVERFLOW : (int)o.len;
}
EXPORT(vsnprintf);

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
EXPORT(snprintf);

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	if (!size)
		return 0;
	return n < 0 || (size_t)n >= size ? (int)size - 1 : n;
}
EXPORT(scnprintf);
