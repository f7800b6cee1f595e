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

struct fdt_range {
	uint64_t addr;
	uint64_t size;
};

/* Where an iteration stands.  Start with FDT_ITER_INIT. */
struct fdt_iter {
	int node;
	uint32_t index;
};

#define FDT_ITER_INIT      \
	{                  \
		.node = -1 \
	}

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

/* ---- addresses and interrupts ---- */

/*
 * fdt_reg - the @index-th entry of a node's reg, as the CPU sees it
 *
 * Read with the parent's #address-cells and #size-cells (1 or 2; size cells may be 0) and
 * translated by the ranges of every bus up to the root.  0; -ENOENT no such entry; -ENXIO a bus on
 * the way does not map it; -EINVAL cells or ranges that are malformed, or a range that wraps
 * around.
 */
int fdt_reg(const struct fdt *fdt, int node, uint32_t index, struct fdt_range *range) __must_check;

/* fdt_reg_raw - the same, not translated: the bus's own address (a CPU's MPIDR, an I2C address) */
int fdt_reg_raw(const struct fdt *fdt, int node, uint32_t index,
		struct fdt_range *range) __must_check;

/*
 * fdt_interrupt_parent - the node that takes this node's interrupts: interrupt-parent here or
 * further up
 */
int fdt_interrupt_parent(const struct fdt *fdt, int node);

/*
 * fdt_interrupt - the @index-th specifier of a node's interrupts
 * @cells:  gets up to @max cells
 *
 * Returns the controller's #interrupt-cells, -ENOENT, or -EINVAL if it is 0 or more than @max.
 */
int fdt_interrupt(const struct fdt *fdt, int node, uint32_t index, uint32_t *cells,
		  uint32_t max) __must_check;

/*
 * ---- what a boot needs; each fdt_next_*: 1 and the next one, 0 at the end, or -errno if malformed
 * ----
 */

/*
 * fdt_next_memory - RAM: every reg entry of every enabled node with device_type "memory"; empty
 * ones skipped
 */
int fdt_next_memory(const struct fdt *fdt, struct fdt_iter *it,
		    struct fdt_range *range) __must_check;

/* fdt_next_memreserve - entries of the memory reservation block; empty ones are skipped */
int fdt_next_memreserve(const struct fdt *fdt, struct fdt_iter *it,
			struct fdt_range *range) __must_check;

struct fdt_reserved {
	int node;
	struct fdt_range range;
	bool no_map; /* not to be mapped at all */
};

/*
 * fdt_next_reserved - reg entries of the enabled children of /reserved-memory (those with only a
 * size: none)
 */
int fdt_next_reserved(const struct fdt *fdt, struct fdt_iter *it,
		      struct fdt_reserved *res) __must_check;

struct fdt_cpu {
	int node;
	uint64_t mpidr;		   /* affinity fields, from reg */
	const char *enable_method; /* "psci", "spin-table", or NULL */
	uint64_t release_addr;	   /* cpu-release-addr, 0 if there is none */
	bool enabled;
};

/* fdt_next_cpu - children of /cpus with device_type "cpu", disabled ones too */
int fdt_next_cpu(const struct fdt *fdt, struct fdt_iter *it, struct fdt_cpu *cpu) __must_check;

struct fdt_chosen {
	const char *bootargs; /* "" if there are none */
	int stdout_node;      /* or -ENOENT */
	/* Behind the colon of stdout-path ("115200n8"), "" if there are none. */
	const char *stdout_options;
	struct fdt_range initrd; /* size 0: none */
	const void *rng_seed;	 /* NULL: none */
	uint32_t rng_seed_len;
	uint64_t kaslr_seed; /* 0: none */
};

/*
 * fdt_read_chosen - all of /chosen
 *
 * A tree without /chosen gives the defaults.  0, or -EINVAL if linux,initrd-start and -end (32 or
 * 64 bits each) are not both there or not in order; the other members are set even then.
 */
int fdt_read_chosen(const struct fdt *fdt, struct fdt_chosen *c) __must_check;
