/*
 * dtb.c - the writer of a device tree: header, no reservations, structure, strings.
 *
 * Invariant: nothing is stored behind buf + size; what would be sets full, and stays so.
 */
#include "el0/lib/string.h"
#include "el0/vm/dtb.h"

#define HEADER	   40
#define RESERVED   16 /* of the reservations, their end alone */
#define BEGIN_NODE 1
#define END_NODE   2
#define PROP	   3
#define END	   9

static void put_be32(uint8_t *at, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* @len bytes and zeros up to a multiple of four. */
static void put_padded(struct dtb *d, const void *bytes, size_t len)
{
	size_t padded = (len + 3) & ~(size_t)3;

	if (padded < len || padded > d->size - d->at)
		d->full = true;
	if (d->full)
		return;
	memset(d->buf + d->at, 0, padded);
	memcpy(d->buf + d->at, bytes, len);
	d->at += padded;
}

static void put_word(struct dtb *d, uint32_t v)
{
	uint8_t word[4];

	put_be32(word, v);
	put_padded(d, word, 4);
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

void dtb_node(struct dtb *d, const char *name)
{
	put_word(d, BEGIN_NODE);
	put_padded(d, name, strlen(name) + 1);
}

void dtb_end_node(struct dtb *d)
{
	put_word(d, END_NODE);
}

void dtb_bytes(struct dtb *d, const char *name, const void *value, size_t len)
{
	put_word(d, PROP);
	put_word(d, (uint32_t)len);
	put_word(d, name_offset(d, name));
	put_padded(d, value, len);
}

void dtb_string(struct dtb *d, const char *name, const char *value)
{
	dtb_bytes(d, name, value, strlen(value) + 1);
}

void dtb_cells(struct dtb *d, const char *name, const uint32_t *cells, size_t n)
{
	put_word(d, PROP);
	put_word(d, (uint32_t)(4 * n));
	put_word(d, name_offset(d, name));
	for (size_t i = 0; i < n; i++)
		put_word(d, cells[i]);
}

void dtb_u64(struct dtb *d, const char *name, uint64_t value)
{
	DTB_CELLS(d, name, (uint32_t)(value >> 32), (uint32_t)value);
}

size_t dtb_end(struct dtb *d, uint32_t boot_cpu)
{
	uint32_t strings, total;

	put_word(d, END);
	strings = (uint32_t)d->at;
	put_padded(d, d->names, d->names_size);
	if (d->full)
		return 0;
	total = (uint32_t)d->at;
	/* magic, size, offsets: structure, strings, reservations; version 17 as of 16; sizes */
	const uint32_t header[] = { 0xd00dfeed,
				    total,
				    HEADER + RESERVED,
				    strings,
				    HEADER,
				    17,
				    16,
				    boot_cpu,
				    (uint32_t)d->names_size,
				    strings - HEADER - RESERVED };

	for (size_t i = 0; i < sizeof(header) / 4; i++)
		put_be32(d->buf + 4 * i, header[i]);
	return total;
}
