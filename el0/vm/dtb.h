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

/* dtb_begin - a tree in @buf, aligned to 8. */
void dtb_begin(struct dtb *d, void *buf, size_t size);

/*
 * dtb_put - words with a space behind each.  /NAME begins a node (/ alone the root), /NAME@ has its
 * address behind it, the next argument, a uint64_t.  NAME=TYPES is a property of the node: of an
 * argument for each letter, 4 a uint32_t, 8 a uint64_t, s a string.  ; ends the node.
 */
void dtb_put(struct dtb *d, const char *words, ...);

/* dtb_end - the header, after the root's end: the size of the whole; 0: it did not fit. */
size_t dtb_end(struct dtb *d, uint32_t boot_cpu);
