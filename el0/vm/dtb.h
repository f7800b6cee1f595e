/*
 * dtb.h - write a flattened device tree (Devicetree Specification 0.4, chapter 5), node by node.
 *
 * Pure.  A tree that does not fit is told by dtb_end alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dtb {
	uint8_t *buf;
	size_t size, at; /* of buf, and as far as the structure block goes */
	char names[512]; /* the strings block */
	size_t names_size;
	bool full;
};

/* dtb_begin - a tree in @buf, aligned to 8: open its root next, by dtb_node(d, ""). */
void dtb_begin(struct dtb *d, void *buf, size_t size);

/* dtb_node, dtb_end_node - all between them is in this node. */
void dtb_node(struct dtb *d, const char *name);
void dtb_end_node(struct dtb *d);

/* A property: bytes, a string, @n cells of 32 bits, a number of 64 bits. */
void dtb_bytes(struct dtb *d, const char *name, const void *value, size_t len);
void dtb_string(struct dtb *d, const char *name, const char *value);
void dtb_cells(struct dtb *d, const char *name, const uint32_t *cells, size_t n);
void dtb_u64(struct dtb *d, const char *name, uint64_t value);
#define DTB_CELLS(d, name, ...)                               \
	dtb_cells(d, name, (const uint32_t[]){ __VA_ARGS__ }, \
		  sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4)

/* dtb_end - the header, after the root's end: the size of the whole; 0: it did not fit. */
size_t dtb_end(struct dtb *d, uint32_t boot_cpu);
