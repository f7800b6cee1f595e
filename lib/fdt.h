/*
 * fdt.h - a reader of flattened device trees (Devicetree Specification 0.4, chapter 5; format
 * version 17).
 *
 * The blob comes from a boot loader or from whatever lay in RAM, so fdt_check() walks all of it
 * once, and that every function below is total: any node, name or index gives an answer or an
 * error, within the blob. The blob is never written, nothing is allocated, nothing recurses; all
 * work with the MMU off.  The blob must stay unchanged, readable and at the same address as long as
 * the struct fdt and what came out of it are used.
 *
 * A node is named by a non-negative int (its place in the structure block), an error by a negative
 * one: -ENOENT there is no such thing, -EINVAL it is malformed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/util.h"

#define FDT_MAGIC 0xd00dfeedu

/* The header: big-endian words at these offsets. */
enum {
	FDT_H_MAGIC = 0,
	FDT_H_TOTALSIZE = 4,
	FDT_H_OFF_STRUCT = 8,
	FDT_H_OFF_STRINGS = 12,
	FDT_H_OFF_RESERVED = 16,
	FDT_H_VERSION = 20,
	FDT_H_COMPATIBLE = 24,
	FDT_H_BOOT_CPU = 28,
	FDT_H_SIZE_STRINGS = 32,
	FDT_H_SIZE_STRUCT = 36,
	FDT_H_SIZE = 40,
};

#define FDT_MAX_DEPTH 32 /* nodes on a path, the root included */

struct fdt {
	const char *structs; /* the structure block: multiple of 4 bytes, 4-aligned */
	uint32_t structs_size;
	const char *strings;
	uint32_t strings_size; /* up to and with its last NUL */
	const char *reserved;  /* the memory reservation block */
	uint32_t reserved_count;
	uint32_t totalsize;
	uint32_t boot_cpu; /* boot_cpuid_phys */

	/* what fdt_check() found wrong, in words, and at which offset of the blob */
	const char *error;
	uint32_t error_at;
};

/*
 * fdt_check - validate a blob, and make it readable through @fdt
 * @blob:      8-aligned
 * @max_size:  bytes that may be read there
 *
 * Checks header, bounds of every block, the reservation block's end, and the structure block:
 * tokens, nesting up to FDT_MAX_DEPTH, one root, properties before children, lengths and names
 * within bounds. Returns 0, or -EINVAL with fdt->error and fdt->error_at set.
 */
int fdt_check(const void *blob, size_t max_size, struct fdt *fdt) __must_check;

/* ---- nodes ---- */

int fdt_root(const struct fdt *fdt);

/*
 * fdt_next_node - the node behind @node in the blob's order, children first; @node < 0: the root;
 * or -ENOENT
 */
int fdt_next_node(const struct fdt *fdt, int node);

/* fdt_first_child, fdt_next_sibling, fdt_parent - the node, or -ENOENT; of what is no node too */
int fdt_first_child(const struct fdt *fdt, int node);
int fdt_next_sibling(const struct fdt *fdt, int node);
int fdt_parent(const struct fdt *fdt, int node);

#define fdt_for_each_child(child, fdt, node) \
	for (child = fdt_first_child(fdt, node); child >= 0; child = fdt_next_sibling(fdt, child))

/* fdt_path - the nodes from the root, path[0], to @node: how many, or -EINVAL: that is no node */
int fdt_path(const struct fdt *fdt, int node, int path[FDT_MAX_DEPTH]);

/*
 * fdt_path_next - from the way to a node, path[0] .. path[*@n - 1], to that of the node behind it,
 * as fdt_next_node; *@n 0: to the root.  The node, or -ENOENT: that was the last
 */
int fdt_path_next(const struct fdt *fdt, int path[FDT_MAX_DEPTH], int *n);

/* fdt_name - name with unit address ("serial@9000000"), "" for the root and for what is no node */
const char *fdt_name(const struct fdt *fdt, int node);

/*
 * fdt_find_path - the node at a path
 *
 * "/soc/serial@7e201000"; a component without unit address finds the first node of that name.  A
 * path that does not begin with / begins with an alias.
 */
int fdt_find_path(const struct fdt *fdt, const char *path);

/* fdt_find_path_n - the same for a path of @len bytes that is not terminated */
int fdt_find_path_n(const struct fdt *fdt, const char *path, size_t len);

/*
 * fdt_find_compatible - the first node behind @after (-1: of all) whose compatible names @compat
 */
int fdt_find_compatible(const struct fdt *fdt, int after, const char *compat);

int fdt_find_phandle(const struct fdt *fdt, uint32_t phandle);

bool fdt_is_compatible(const struct fdt *fdt, int node, const char *compat);

/* fdt_enabled - is the node's status absent, "okay" or "ok"?  Its parents are not asked. */
bool fdt_enabled(const struct fdt *fdt, int node);

/* ---- properties ---- */

/* fdt_be32, fdt_be64 - a cell of a property's value, two of them (4-aligned only) */
static inline uint32_t fdt_be32(const void *p)
{
	return __builtin_bswap32(*(const uint32_t *)p);
}

static inline uint64_t fdt_be64(const void *p)
{
	return (uint64_t)fdt_be32(p) << 32 | fdt_be32((const char *)p + 4);
}

/*
 * fdt_prop - a property's value (4-aligned) and length in bytes (@len may be NULL); NULL if there
 * is none
 */
const void *fdt_prop(const struct fdt *fdt, int node, const char *name, uint32_t *len);

/*
 * fdt_u32, fdt_u64 - a property that is one number of that size; 0, -ENOENT, -EINVAL if its size
 * is not that
 */
int fdt_u32(const struct fdt *fdt, int node, const char *name, uint32_t *val) __must_check;
int fdt_u64(const struct fdt *fdt, int node, const char *name, uint64_t *val) __must_check;

/* fdt_cell - the @index-th 32-bit cell of a property; 0, -ENOENT if there is no such cell */
int fdt_cell(const struct fdt *fdt, int node, const char *name, uint32_t index,
	     uint32_t *val) __must_check;

/*
 * fdt_string - the @index-th string of a property's list, terminated within the blob; NULL if
 * there is none
 */
const char *fdt_string(const struct fdt *fdt, int node, const char *name, uint32_t index);

/*
 * fdt_string_index - where in a string list @s stands, or -ENOENT (for reg-names, clock-names
 * ...)
 */
int fdt_string_index(const struct fdt *fdt, int node, const char *name, const char *s);
