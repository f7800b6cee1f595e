/*
 * dtb.c - the writer of a device tree: header, no reservations, structure, strings.
 *
 * Invariant: nothing is stored behind buf + size; what would be sets full, and stays so.
 */
#include <stdarg.h>

#include "el0/lib/stdio.h"
#include "el0/lib/string.h"
#include "el0/vm/dtb.h"

#define HEADER	   40
#define RESERVED   16 /* of the reservations, their end alone */
#define BEGIN_NODE 1
#define END_NODE   2
#define PROP	   3
#define END	   9

static void put_bytes(struct dtb *d, const void *bytes, size_t len)
{
	d->full |= len > d->size - d->at;
	if (d->full)
		return;
	memcpy(d->buf + d->at, bytes, len);
	d->at += len;
}

static void put_number(struct dtb *d, uint64_t v, unsigned int bytes)
{
	while (bytes) {
		uint8_t b = (uint8_t)(v >> 8 * --bytes);

		put_bytes(d, &b, 1);
	}
}

static void put_string(struct dtb *d, const char *s)
{
	put_bytes(d, s, strlen(s) + 1);
}

/* Words begin at multiples of four. */
static void pad(struct dtb *d)
{
	put_number(d, 0, -d->at & 3);
}

/* Where @name is in the strings, each of which is there once. */
static uint32_t name_offset(struct dtb *d, const char *name)
{
	size_t n = strlen(name) + 1, at = 0;

	for (; at < d->names_size; at += strlen(d->names + at) + 1)
		if (strcmp(d->names + at, name) == 0)
			return (uint32_t)at;
	if (n > sizeof(d->names) - at) {
		d->full = true;
		return 0;
	}
	memcpy(d->names + at, name, n);
	d->names_size += n;
	return (uint32_t)at;
}

void dtb_begin(struct dtb *d, void *buf, size_t size)
{
	d->buf = buf;
	d->size = size;
	d->at = HEADER + RESERVED;
	d->names_size = 0;
	d->full = size < HEADER + RESERVED;
	if (!d->full)
		memset(buf, 0, HEADER + RESERVED);
}

/* Its value, and before that how long it is, which is known behind it. */
static void put_property(struct dtb *d, const char *name, const char *types, va_list *values)
{
	size_t head, end;

	put_number(d, PROP, 4);
	head = d->at;
	put_number(d, 0, 4);
	put_number(d, name_offset(d, name), 4);
	for (; *types; types++) {
		if (*types == 's')
			put_string(d, va_arg(*values, const char *));
		else if (*types == '8')
			put_number(d, va_arg(*values, uint64_t), 8);
		else
			put_number(d, va_arg(*values, uint32_t), 4);
	}
	end = d->at;
	d->at = head;
	put_number(d, end - head - 8, 4);
	d->at = end;
	pad(d);
}

static void put_node(struct dtb *d, const char *name, va_list *address)
{
	char full[48];

	snprintf(full, sizeof(full), strchr(name, '@') ? "%s%lx" : "%s", name,
		 strchr(name, '@') ? va_arg(*address, uint64_t) : 0);
	put_number(d, BEGIN_NODE, 4);
	put_string(d, full);
	pad(d);
}

void dtb_put(struct dtb *d, const char *words, ...)
{
	char word[32], *types;
	va_list ap;

	va_start(ap, words);
	for (const char *end; (end = strchr(words, ' ')); words = end + 1) {
		snprintf(word, sizeof(word), "%.*s", (int)(end - words), words);
		types = strchr(word, '=');
		if (types) {
			*types = '\0';
			put_property(d, word, types + 1, &ap);
		} else if (*word == '/') {
			put_node(d, word + 1, &ap);
		} else {
			put_number(d, END_NODE, 4);
		}
	}
	va_end(ap);
}

size_t dtb_end(struct dtb *d, uint32_t boot_cpu)
{
	size_t strings, total;

	put_number(d, END, 4);
	strings = d->at;
	put_bytes(d, d->names, d->names_size);
	pad(d);
	total = d->at;
	/* magic, size, offsets: structure, strings, reservations; version 17 as of 16; sizes */
	const uint64_t header[] = {
		0xd00dfeed, total, HEADER + RESERVED, strings,	     HEADER,
		17,	    16,	   boot_cpu,	      d->names_size, strings - HEADER - RESERVED
	};

	d->at = 0;
	for (size_t i = 0; i < sizeof(header) / sizeof(header[0]); i++)
		put_number(d, header[i], 4);
	return d->full ? 0 : total;
}
