/*
 * fdt_compare.c - one blob, read by lib/fdt.c and by libfdt: used by the unit tests and by the
 * fuzzer.
 */
#include "fdt_oracle.h"
#include "lib/fdt_bindings.h"
#include "lib/string.h"

/* Not found in our words and in libfdt's is the same, whatever the numbers. */
static bool same_node(int ours, int theirs)
{
	return ours == theirs || (ours < 0 && theirs < 0);
}

static const char *compare_props(const struct fdt *fdt, const void *blob, int node)
{
	int prop = oracle_first_prop(blob, node);

	for (; prop >= 0; prop = oracle_next_prop(blob, prop)) {
		const char *name = oracle_prop_name(blob, prop);
		const void *theirs, *ours;
		uint32_t len = 0;
		int their_len = 0;

		if (!name)
			return "a property's name that libfdt cannot read";
		theirs = oracle_prop(blob, node, name, &their_len);
		ours = fdt_prop(fdt, node, name, &len);
		if (ours != theirs || len != (uint32_t)their_len)
			return "property";
	}
	return fdt_prop(fdt, node, "no such property", NULL) ? "a property that is not there"
							     : NULL;
}

/* Everything that interprets properties: no oracle but the sanitizers. */
static void read_all(const struct fdt *fdt, int node)
{
	struct fdt_range r = { 0 };
	uint32_t cells[4], v;
	struct fdt_pci_range ranges[2];
	int path[FDT_MAX_DEPTH], controller;
	uint64_t v64;
	int ignored = 0;

	for (uint32_t i = 0; i < 3; i++) {
		ignored += fdt_reg(fdt, node, i, &r);
		ignored += fdt_reg_raw(fdt, node, i, &r);
		ignored += fdt_interrupt(fdt, node, i, cells, 4);
		ignored += fdt_cell(fdt, node, "reg", i, &v);
		ignored += fdt_string(fdt, node, "compatible", i) != NULL;
	}
	ignored += fdt_u32(fdt, node, "reg", &v) + fdt_u64(fdt, node, "reg", &v64);
	ignored += fdt_dma_address(fdt, node, r.addr, r.size, &r.addr);
	ignored +=
		fdt_interrupt_map(fdt, node, (uint32_t[]){ 0, 0, 0, 1 }, 4, &controller, cells, 4);
	ignored += fdt_pci_ranges(fdt, path, fdt_path(fdt, node, path), ranges, 2);
	ignored += fdt_msi_map(fdt, node, 8, &v);
	ignored += fdt_interrupt_parent(fdt, node) + fdt_enabled(fdt, node);
	(void)ignored;
}

static void read_boot(const struct fdt *fdt)
{
	struct fdt_iter it = FDT_ITER_INIT;
	struct fdt_range r;
	struct fdt_reserved res;
	struct fdt_cpu cpu;
	struct fdt_chosen chosen;
	size_t len = 0;

	while (fdt_next_memory(fdt, &it, &r) > 0)
		;
	it = (struct fdt_iter)FDT_ITER_INIT;
	while (fdt_next_reserved(fdt, &it, &res) > 0)
		;
	it = (struct fdt_iter)FDT_ITER_INIT;
	while (fdt_next_memreserve(fdt, &it, &r) > 0)
		;
	it = (struct fdt_iter)FDT_ITER_INIT;
	while (fdt_next_cpu(fdt, &it, &cpu) > 0)
		len += cpu.enable_method ? strlen(cpu.enable_method) : 0;
	if (fdt_read_chosen(fdt, &chosen) <= 0)
		len += strlen(chosen.bootargs) + strlen(chosen.stdout_options);
	(void)len;
}

/*
 * libfdt lets the padding behind a list without end be the end of its last string; then it may find
 * a node that we do not.  (And it finds the empty string behind every list.)
 */
static const char *compare_compatible(const struct fdt *fdt, const void *blob, const char *compat)
{
	int ours = fdt_find_compatible(fdt, -1, compat);
	int theirs = oracle_find_compatible(blob, -1, compat), len = 0;
	const char *list = theirs < 0 ? NULL : oracle_prop(blob, theirs, "compatible", &len);

	if (same_node(ours, theirs) || (list && len && list[len - 1]))
		return NULL;
	return "compatible";
}

static const char *compare_node(const struct fdt *fdt, const void *blob, int node)
{
	char path[4096];
	const char *compat, *name = oracle_name(blob, node);
	uint32_t phandle;

	if (!name || strcmp(fdt_name(fdt, node), name))
		return "name";
	if (!same_node(fdt_parent(fdt, node), oracle_parent(blob, node)))
		return "parent";
	if (!same_node(fdt_first_child(fdt, node), oracle_first_child(blob, node)))
		return "first child";
	if (!same_node(fdt_next_sibling(fdt, node), oracle_next_sibling(blob, node)))
		return "next sibling";
	if (!oracle_get_path(blob, node, path, sizeof(path)) &&
	    !same_node(fdt_find_path(fdt, path), oracle_find_path(blob, path)))
		return "path";
	compat = fdt_string(fdt, node, "compatible", 0);
	if (compat && *compat && compare_compatible(fdt, blob, compat))
		return "compatible";
	if ((!fdt_u32(fdt, node, "phandle", &phandle) ||
	     !fdt_u32(fdt, node, "linux,phandle", &phandle)) &&
	    phandle && phandle != ~0u &&
	    !same_node(fdt_find_phandle(fdt, phandle), oracle_find_phandle(blob, phandle)))
		return "phandle";
	return compare_props(fdt, blob, node);
}

const char *fdt_differs(const struct fdt *fdt, const void *blob)
{
	int node = -1, theirs = -1, depth = 0;
	const char *what;

	/* NOPs come first: libfdt takes such a blob, and then finds no root in it. */
	if (fdt_root(fdt))
		return NULL;
	for (;;) {
		node = fdt_next_node(fdt, node);
		do /* libfdt also stops where a node ends */
			theirs = oracle_next_node(blob, theirs, &depth);
		while (theirs >= 0 && depth < 0);
		if (!same_node(node, theirs))
			return "order of nodes";
		if (node < 0)
			break;
		what = compare_node(fdt, blob, node);
		if (what)
			return what;
		read_all(fdt, node);
	}
	read_boot(fdt);
	return NULL;
}
