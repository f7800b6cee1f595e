/*
 * stdio.c - formatted text.
 *
 * Invariant: only put() stores, and only below out->size; out->len counts what the whole text
 * takes.
 */
#include <stdbool.h>
#include <stdint.h>

#include "el0/lib/stdio.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"

struct out {
	char *buf;
	size_t size, len;
};

struct spec {
	bool left, zero, alt;
	int width;
	int precision; /* -1: none */
	int longs;     /* l: 1, ll and z: 2, h: -1, hh: -2 */
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

/* @s in a field of the width */
static void put_field(struct out *o, const struct spec *sp, const char *s, int n)
{
	for (int i = n; !sp->left && i < sp->width; i++)
		put(o, ' ');
	for (int i = 0; i < n; i++)
		put(o, s[i]);
	for (int i = n; sp->left && i < sp->width; i++)
		put(o, ' ');
}

static void put_number(struct out *o, const struct spec *sp, uint64_t v, unsigned base,
		       const char *prefix)
{
	char buf[96];
	int n = 0, plen = (int)strlen(prefix);
	int least = sp->precision >= 0 ? sp->precision : 1;

	if (sp->zero && !sp->left && sp->precision < 0)
		least = sp->width - plen;
	if (least > 64)
		least = 64;
	while (v || n < least) {
		buf[sizeof(buf) - 1 - n++] = "0123456789abcdef"[v % base];
		v /= base;
	}
	while (plen)
		buf[sizeof(buf) - 1 - n++] = prefix[--plen];
	put_field(o, sp, buf + sizeof(buf) - n, n);
}

/* flags, width, precision and length of one conversion; returns what follows */
static const char *read_spec(const char *f, struct spec *sp, va_list *ap)
{
	for (;; f++) {
		if (*f == '-')
			sp->left = true;
		else if (*f == '0')
			sp->zero = true;
		else if (*f == '#')
			sp->alt = true;
		else
			break;
	}
	if (*f == '*') {
		sp->width = va_arg(*ap, int);
		f++;
	}
	for (; *f >= '0' && *f <= '9'; f++)
		sp->width = sp->width * 10 + *f - '0';
	if (*f == '.') {
		sp->precision = 0;
		if (*++f == '*') {
			sp->precision = va_arg(*ap, int);
			f++;
		}
		for (; *f >= '0' && *f <= '9'; f++)
			sp->precision = sp->precision * 10 + *f - '0';
	}
	for (; *f == 'l' || *f == 'z' || *f == 'h'; f++)
		sp->longs += *f == 'l' ? 1 : *f == 'z' ? 2 : -1;
	return f;
}

static int64_t signed_arg(const struct spec *sp, va_list *ap)
{
	int v;

	if (sp->longs > 0)
		return va_arg(*ap, int64_t);
	v = va_arg(*ap, int);
	return sp->longs == -1 ? (short)v : sp->longs == -2 ? (signed char)v : v;
}

static uint64_t unsigned_arg(const struct spec *sp, va_list *ap)
{
	unsigned int v;

	if (sp->longs > 0)
		return va_arg(*ap, uint64_t);
	v = va_arg(*ap, unsigned int);
	return sp->longs == -1 ? (unsigned short)v : sp->longs == -2 ? (unsigned char)v : v;
}

static void put_string(struct out *o, const struct spec *sp, const char *s)
{
	int n = 0;

	if (!s)
		s = "(null)";
	while ((sp->precision < 0 || n < sp->precision) && s[n])
		n++;
	put_field(o, sp, s, n);
}

static void convert(struct out *o, char conv, struct spec *sp, va_list *ap)
{
	int64_t v;
	char c;

	switch (conv) {
	case 'd':
	case 'i':
		v = signed_arg(sp, ap);
		put_number(o, sp, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, 10, v < 0 ? "-" : "");
		return;
	case 'u': put_number(o, sp, unsigned_arg(sp, ap), 10, ""); return;
	case 'o': put_number(o, sp, unsigned_arg(sp, ap), 8, sp->alt ? "0" : ""); return;
	case 'x': put_number(o, sp, unsigned_arg(sp, ap), 16, sp->alt ? "0x" : ""); return;
	case 'p': put_number(o, sp, (uintptr_t)va_arg(*ap, void *), 16, "0x"); return;
	case 's': put_string(o, sp, va_arg(*ap, const char *)); return;
	case 'c':
		c = (char)va_arg(*ap, int);
		put_field(o, sp, &c, 1);
		return;
	default: put(o, conv); /* %%, and what is not understood as it stands */
	}
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	struct out o = { buf, size, 0 };
	va_list ap;

	va_copy(ap, args);
	for (; *fmt; fmt++) {
		struct spec sp = { .precision = -1 };

		if (*fmt != '%') {
			put(&o, *fmt);
			continue;
		}
		fmt = read_spec(fmt + 1, &sp, &ap);
		if (!*fmt)
			break;
		convert(&o, *fmt, &sp, &ap);
	}
	va_end(ap);
	if (size)
		buf[o.len < size ? o.len : size - 1] = '\0';
	return (int)o.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

int write_all(int fd, const void *buf, size_t len)
{
	for (const char *p = buf; len;) {
		long n = svc_write(fd, p, len);

		if (n == -EINTR)
			continue;
		if (n <= 0)
			return n ? (int)n : -EIO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int vdprintf(int fd, const char *fmt, va_list ap)
{
	char buf[1025];
	int n = vsnprintf(buf, sizeof(buf), fmt, ap);
	int err;

	if (n >= (int)sizeof(buf))
		n = sizeof(buf) - 1;
	err = write_all(fd, buf, (size_t)n);
	return err ? err : n;
}

int dprintf(int fd, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vdprintf(fd, fmt, ap);
	va_end(ap);
	return n;
}

int printf(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vdprintf(1, fmt, ap);
	va_end(ap);
	return n;
}

int puts(const char *s)
{
	return printf("%s\n", s);
}
