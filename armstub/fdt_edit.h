/*
 * fdt_edit.h - changing a flattened device tree where it lies (Devicetree Specification 0.4,
 * chapter 5).
 *
 * As careful as lib/fdt.h: the blob is checked before it is changed, no byte behind @room is
 * touched, and after each call, also one that failed, it is a tree that fdt_check() accepts once
 * fdt_edit_close() has written its header.  Works with the MMU off.
 *
 * A call that changes something behind a node leaves the node's number as it is; a call that
 * changes something before it moves it: look it up again.
 *
 * Errors of all: -ENOSPC it does not fit, nothing was changed; -EINVAL there is no such node.
 */
#pragma once

#include "lib/fdt.h"

struct fdt_edit {
	struct fdt fdt; /* for reading, at any time */
	char *blob;
	uint32_t room; /* bytes that may be written from blob on */
};

/*
 * fdt_edit_open - check the blob, and make it ready to be changed
 * @size: bytes of it that may be read; @room: bytes that may be written, at least its total size
 *
 * Return 0, or -EINVAL: it is no tree, or its blocks do not follow one another as every tool writes
 * them (header, reservations, structure, strings).
 */
int fdt_edit_open(struct fdt_edit *e, void *blob, uint32_t size, uint32_t room) __must_check;

/* fdt_edit_close - write the header: from here on others can read the tree. */
void fdt_edit_close(struct fdt_edit *e);

/* fdt_edit_set - give @node the property @name with this value, in place of one that it has. */
int fdt_edit_set(struct fdt_edit *e, int node, const char *name, const void *value,
		 uint32_t len) __must_check;

/* fdt_edit_delete - take the property @name away, however often it is there. */
void fdt_edit_delete(struct fdt_edit *e, int node, const char *name);

/*
 * fdt_edit_child - the child of @node with exactly this name, which is made where it is not there:
 * the node's number.
 */
int fdt_edit_child(struct fdt_edit *e, int node, const char *name) __must_check;

/* fdt_edit_unreserve - drop the entries of the reservation block that lie within [0, @end). */
void fdt_edit_unreserve(struct fdt_edit *e, uint64_t end);
