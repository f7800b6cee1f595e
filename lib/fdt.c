/*
 * fdt.c - the device tree, first thing the kernel reads and last thing it may trust.
 *
 * Two halves.  fdt_check() believes nothing.  Everything behind it relies on what that has
 * established, and on nothing else: the structure block is a sequence of complete tokens, rightly
 * nested, every property's value and name lie within the blob, every name is terminated.  What a
 * property says is still a claim, and is checked where it is read.
 */
#include "abi/errno.h"
#include "lib/fdt.h"
#include "lib/string.h"

#define FDT_MAGIC   0xd00dfeedu
#define FDT_VERSION 17

/* Tokens of the structure block. */
enum { BEGIN_NODE = 1, END_NODE = 2, PROP = 3, NOP = 4, END = 9 };

/* The header: big-endian words at these offsets. */
enum {
	H_MAGIC = 0,
	H_TOTALSIZE = 4,
	H_OFF_STRUCT = 8,
	H_OFF_STRINGS = 12,
	H_OFF_RESERVED = 16,
	H_VERSION = 20,
	H_COMPATIBLE = 24,
	H_BOOT_CPU = 28,
	H_SIZE_STRINGS = 32,
	H_SIZE_STRUCT = 36,
	H_SIZE = 40,
};

#define PROP_HEADER 12 /* token, length, name offset */

static uint32_t be32(const void *p)
{
	return __builtin_bswap32(*(const uint32_t *)p);
}

/* Values are 4-aligned only. */
static uint64_t be64(const void *p)
{
	return (uint64_t)be32(p) << 32 | be32((const char *)p + 4);
}

/*
 * Has this word of text a byte that is 0?  Then a carry comes out of that byte, and of none below
 * it.
 */
static bool has_zero(const void *p)
{
	uint32_t w = *(const uint32_t *)p;

	return (w - 0x01010101) & ~w & 0x80808080;
}

/* ---- validation ---- */

static int bad(struct fdt *fdt, size_t at, const char *why)
{
	fdt->error = why;
	fdt->error_at = (uint32_t)at;
	return -EINVAL;
}

static bool within(uint32_t off, uint32_t size, uint32_t total)
{
	return off <= total && size <= total - off;
}

static int check_header(const char *h, size_t max_size, struct fdt *fdt)
{
	uint32_t off_struct, off_strings, off_reserved;

	if (!IS_ALIGNED((uintptr_t)h, 8))
		return bad(fdt, 0, "blob is not 8-aligned");
	if (max_size < H_SIZE)
		return bad(fdt, 0, "no room for a header");
	if (be32(h + H_MAGIC) != FDT_MAGIC)
		return bad(fdt, H_MAGIC, "wrong magic");
	if (be32(h + H_VERSION) < FDT_VERSION || be32(h + H_COMPATIBLE) > FDT_VERSION)
		return bad(fdt, H_VERSION, "not compatible with version 17");
	fdt->totalsize = be32(h + H_TOTALSIZE);
	if (fdt->totalsize < H_SIZE || fdt->totalsize > max_size || fdt->totalsize > INT32_MAX)
		return bad(fdt, H_TOTALSIZE, "total size out of bounds");
	off_struct = be32(h + H_OFF_STRUCT);
	fdt->structs_size = be32(h + H_SIZE_STRUCT);
	if (off_struct < H_SIZE || !IS_ALIGNED(off_struct, 4) ||
	    !within(off_struct, fdt->structs_size, fdt->totalsize))
		return bad(fdt, H_OFF_STRUCT, "structure block out of bounds");
	off_strings = be32(h + H_OFF_STRINGS);
	fdt->strings_size = be32(h + H_SIZE_STRINGS);
	if (off_strings < H_SIZE || !within(off_strings, fdt->strings_size, fdt->totalsize))
		return bad(fdt, H_OFF_STRINGS, "strings block out of bounds");
	off_reserved = be32(h + H_OFF_RESERVED);
	if (off_reserved < H_SIZE || !IS_ALIGNED(off_reserved, 8) || off_reserved > fdt->totalsize)
		return bad(fdt, H_OFF_RESERVED, "memory reservation block out of bounds");
	fdt->structs = h + off_struct;
	fdt->strings = h + off_strings;
	fdt->reserved = h + off_reserved;
	fdt->boot_cpu = be32(h + H_BOOT_CPU);
	return 0;
}

/* Pairs of address and size up to one that is 0, 0. */
static int check_reserved(const char *h, struct fdt *fdt)
{
	uint32_t off = (uint32_t)(fdt->reserved - h), left = fdt->totalsize - off, n = 0;

	for (;; n++, left -= 16) {
		const char *p = fdt->reserved + 16 * (size_t)n;

		if (left < 16)
			return bad(fdt, p - h, "memory reservation block has no end");
		if (!be64(p) && !be64(p + 8))
			break;
		if (be64(p) + be64(p + 8) < be64(p))
			return bad(fdt, p - h, "memory reservation wraps around");
	}
	fdt->reserved_count = n;
	return 0;
}

/*
 * A name that begins below the last NUL is terminated: cut the block there, and one comparison
 * tells.
 */
static void cut_strings(struct fdt *fdt)
{
	while (fdt->strings_size && fdt->strings[fdt->strings_size - 1])
		fdt->strings_size--;
}

/* The size of the token at @at, which is complete within the block; 0 and an error if it is not. */
static uint32_t check_token(struct fdt *fdt, uint32_t at, size_t blob_at)
{
	const char *p = fdt->structs + at;
	uint32_t left = fdt->structs_size - at, len;

	if (left < 4) {
		bad(fdt, blob_at, "structure block has no end");
		return 0;
	}
	switch (be32(p)) {
	case BEGIN_NODE:
		for (len = 8; len <= left && !has_zero(p + len - 4); len += 4)
			;
		if (len > left) {
			bad(fdt, blob_at, "node name without end");
			return 0;
		}
		return len;
	case PROP:
		if (left < PROP_HEADER || be32(p + 4) > left - PROP_HEADER) {
			bad(fdt, blob_at, "property exceeds the structure block");
			return 0;
		}
		if (be32(p + 8) >= fdt->strings_size) {
			bad(fdt, blob_at, "property name out of bounds");
			return 0;
		}
		len = ALIGN_UP(PROP_HEADER + be32(p + 4), 4);
		break;
	case END_NODE:
	case NOP:
	case END: len = 4; break;
	default: bad(fdt, blob_at, "unknown token"); return 0;
	}
	if (len > left) {
		bad(fdt, blob_at, "token exceeds the structure block");
		return 0;
	}
	return len;
}

/* The order of tokens: one root, properties before children, every node ended, END last. */
static int check_structs(const char *h, struct fdt *fdt)
{
	uint32_t at = 0, size, depth = 0;
	bool had_root = false, had_child = false;

	for (;; at += size) {
		size_t blob_at = fdt->structs + at - h;

		size = check_token(fdt, at, blob_at);
		if (!size)
			return -EINVAL;
		switch (be32(fdt->structs + at)) {
		case BEGIN_NODE:
			if (depth == 0 && had_root)
				return bad(fdt, blob_at, "second root");
			if (depth == 0 && fdt->structs[at + 4])
				return bad(fdt, blob_at, "root has a name");
			if (++depth > FDT_MAX_DEPTH)
				return bad(fdt, blob_at, "nested too deep");
			had_root = true;
			had_child = false;
			break;
		case END_NODE:
			if (depth-- == 0)
				return bad(fdt, blob_at, "end of a node that was not begun");
			had_child = true;
			break;
		case PROP:
			if (depth == 0 || had_child)
				return bad(fdt, blob_at, "property outside its node's head");
			break;
		case END:
			if (depth)
				return bad(fdt, blob_at, "end inside a node");
			if (!had_root)
				return bad(fdt, blob_at, "no root");
			fdt->structs_size = at + 4;
			return 0;
		}
	}
}

int fdt_check(const void *blob, size_t max_size, struct fdt *fdt)
{
	int err;

	memset(fdt, 0, sizeof(*fdt));
	err = check_header(blob, max_size, fdt);
	if (err)
		return err;
	err = check_reserved(blob, fdt);
	if (err)
		return err;
	cut_strings(fdt);
	return check_structs(blob, fdt);
}

/* ---- walking: from here on the structure block is known to be well formed ---- */

static uint32_t token(const struct fdt *fdt, uint32_t at)
{
	return be32(fdt->structs + at);
}

/*
 * Behind a name that begins at @p: it ends in the first aligned word that has a zero byte, and is
 * padded to that word's end.
 */
static const char *behind_name(const char *p)
{
	while (!has_zero(p))
		p += 4;
	return p + 4;
}

static inline const char *behind_prop(const char *p)
{
	return p + ALIGN_UP(PROP_HEADER + be32(p + 4), 4);
}

/* Behind the token at @p; inline, for most of the work of boot is to go from one to the next. */
static inline const char *behind(const char *p)
{
	switch (be32(p)) {
	case PROP: return behind_prop(p);
	case BEGIN_NODE: return behind_name(p + 4);
	default: return p + 4;
	}
}

/* A node that came from a caller: in range, aligned, and a token that begins one. */
static bool is_node(const struct fdt *fdt, int node)
{
	return node >= 0 && (uint32_t)node < fdt->structs_size && IS_ALIGNED((uint32_t)node, 4) &&
	       token(fdt, node) == BEGIN_NODE;
}

/*
 * The next BEGIN_NODE from @p on, and how the depth changes on the way; END ends the search.
 * @depth counts from the node in which @p lies.
 */
static int next_begin(const struct fdt *fdt, const char *p, int *depth)
{
	int ended = 0;

	for (;;) {
		switch (be32(p)) {
		case PROP: p = behind_prop(p); continue;
		case BEGIN_NODE: *depth += 1 - ended; return (int)(p - fdt->structs);
		case END_NODE: ended++; break;
		case END: return -ENOENT;
		}
		p += 4;
	}
}

/* The same from behind the name of @node, which is one. */
static int next_begin_in(const struct fdt *fdt, int node, int *depth)
{
	return next_begin(fdt, behind_name(fdt->structs + node + 4), depth);
}

int fdt_root(const struct fdt *fdt)
{
	int depth = 0;

	return next_begin(fdt, fdt->structs, &depth);
}

int fdt_next_node(const struct fdt *fdt, int node)
{
	int depth = 0;

	if (node < 0)
		return fdt_root(fdt);
	if (!is_node(fdt, node))
		return -EINVAL;
	return next_begin_in(fdt, node, &depth);
}

int fdt_first_child(const struct fdt *fdt, int node)
{
	int depth = 0, child;

	if (!is_node(fdt, node))
		return -EINVAL;
	child = next_begin_in(fdt, node, &depth);
	return child < 0 || depth == 1 ? child : -ENOENT;
}

int fdt_next_sibling(const struct fdt *fdt, int node)
{
	int depth = 1;

	if (!is_node(fdt, node))
		return -EINVAL;
	do {
		node = next_begin_in(fdt, node, &depth);
		if (node < 0 || depth < 1)
			return -ENOENT;
	} while (depth > 1);
	return node;
}

/* The nodes from the root (path[0]) to @node; returns how many. */
static int path_to(const struct fdt *fdt, int node, int path[FDT_MAX_DEPTH])
{
	int depth = 0, at = -1;

	if (!is_node(fdt, node))
		return -EINVAL;
	for (at = next_begin(fdt, fdt->structs, &depth); at >= 0 && at <= node;
	     at = next_begin_in(fdt, at, &depth)) {
		if (depth < 1 || depth > FDT_MAX_DEPTH)
			break;
		path[depth - 1] = at;
		if (at == node)
			return depth;
	}
	return -EINVAL;
}

int fdt_parent(const struct fdt *fdt, int node)
{
	int path[FDT_MAX_DEPTH], n = path_to(fdt, node, path);

	if (n < 0)
		return n;
	return n >= 2 ? path[n - 2] : -ENOENT;
}

/* ---- names and paths ---- */

const char *fdt_name(const struct fdt *fdt, int node)
{
	return is_node(fdt, node) ? fdt->structs + node + 4 : "";
}

/* Is it the node's name, or its name without the unit address? */
static bool name_is(const struct fdt *fdt, int node, const char *name, size_t len)
{
	const char *have = fdt_name(fdt, node);

	if (strncmp(have, name, len) || strnlen(name, len) < len)
		return false;
	return !have[len] || (have[len] == '@' && !memchr(name, '@', len));
}

static int find_child(const struct fdt *fdt, int node, const char *name, size_t len)
{
	int child;

	fdt_for_each_child(child, fdt, node)
		if (name_is(fdt, child, name, len))
			return child;
	return -ENOENT;
}

static size_t component(const char *path, const char *end)
{
	const char *slash = memchr(path, '/', end - path);

	return (slash ? slash : end) - path;
}

/* Follow the components of @path, with any number of slashes between them, down from @node. */
static int descend(const struct fdt *fdt, int node, const char *path, const char *end)
{
	size_t len;

	for (; node >= 0; path += len) {
		while (path < end && *path == '/')
			path++;
		if (path == end)
			break;
		len = component(path, end);
		node = find_child(fdt, node, path, len);
	}
	return node;
}

/* Most names differ in their first byte: a call for each would be most of the work. */
static inline bool same_name(const char *have, const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (have[i] != name[i])
			return false;
	return !have[len];
}

static const char *prop_n(const struct fdt *fdt, int node, const char *name, size_t name_len,
			  uint32_t *len)
{
	const char *p;

	if (!is_node(fdt, node))
		return NULL;
	for (p = behind_name(fdt->structs + node + 4);; p = behind(p)) {
		if (be32(p) == NOP)
			continue;
		if (be32(p) != PROP)
			return NULL;
		if (same_name(fdt->strings + be32(p + 8), name, name_len)) {
			if (len)
				*len = be32(p + 4);
			return p + PROP_HEADER;
		}
	}
}

int fdt_find_path_n(const struct fdt *fdt, const char *path, size_t len)
{
	const char *end, *target;
	int node = fdt_root(fdt);
	uint32_t size;

	len = strnlen(path, len);
	end = path + len;
	if (!len)
		return -ENOENT;
	if (*path != '/') {
		len = component(path, end);
		target = prop_n(fdt, find_child(fdt, node, "aliases", 7), path, len, &size);
		if (!target || !size || *target != '/') /* an alias of an alias could go round */
			return -ENOENT;
		node = descend(fdt, node, target, target + strnlen(target, size));
		path += len;
	}
	return descend(fdt, node, path, end);
}

int fdt_find_path(const struct fdt *fdt, const char *path)
{
	return fdt_find_path_n(fdt, path, strlen(path));
}

/* The string at the head of [s, end), if it is terminated there. */
static bool has_string(const char *s, const char *end)
{
	return s < end && memchr(s, 0, end - s);
}

static int index_in_list(const char *s, const char *end, const char *wanted)
{
	size_t len = strlen(wanted);
	const char *nul;

	for (int i = 0; s < end && (nul = memchr(s, 0, end - s)); s = nul + 1, i++)
		if ((size_t)(nul - s) == len && !memcmp(s, wanted, len))
			return i;
	return -ENOENT;
}

int fdt_find_compatible(const struct fdt *fdt, int after, const char *compat)
{
	int node = fdt_next_node(fdt, after);

	if (node < 0)
		return node;
	/*
	 * One pass over the tokens, not one to find each node and one through its properties; what
	 * it finds is asked.
	 */
	for (const char *p = fdt->structs + node; be32(p) != END; p = behind(p)) {
		const char *value = p + PROP_HEADER;

		if (be32(p) == BEGIN_NODE)
			node = (int)(p - fdt->structs);
		else if (be32(p) == PROP &&
			 same_name(fdt->strings + be32(p + 8), "compatible", 10) &&
			 index_in_list(value, value + be32(p + 4), compat) >= 0 &&
			 fdt_is_compatible(fdt, node, compat)) /* by the first of that name */
			return node;
	}
	return -ENOENT;
}

/* Is it the node's phandle?  The property's old name counts where the new one says nothing. */
static bool has_phandle(const struct fdt *fdt, int node, uint32_t phandle)
{
	uint32_t has;

	return (!fdt_u32(fdt, node, "phandle", &has) ||
		!fdt_u32(fdt, node, "linux,phandle", &has)) &&
	       has == phandle;
}

int fdt_find_phandle(const struct fdt *fdt, uint32_t phandle)
{
	int node = -ENOENT;

	/* One pass here too: few properties have the value, so few nodes are asked. */
	for (const char *p = fdt->structs; be32(p) != END; p = behind(p)) {
		if (be32(p) == BEGIN_NODE)
			node = (int)(p - fdt->structs);
		if (be32(p) == PROP && be32(p + 4) == 4 && be32(p + PROP_HEADER) == phandle &&
		    has_phandle(fdt, node, phandle))
			return node;
	}
	return -ENOENT;
}

/* ---- properties ---- */

const void *fdt_prop(const struct fdt *fdt, int node, const char *name, uint32_t *len)
{
	return prop_n(fdt, node, name, strlen(name), len);
}

int fdt_cell(const struct fdt *fdt, int node, const char *name, uint32_t index, uint32_t *val)
{
	uint32_t len;
	const char *p = fdt_prop(fdt, node, name, &len);

	if (!p || index >= len / 4)
		return -ENOENT;
	*val = be32(p + 4 * (size_t)index);
	return 0;
}

int fdt_u32(const struct fdt *fdt, int node, const char *name, uint32_t *val)
{
	uint32_t len;
	const char *p = fdt_prop(fdt, node, name, &len);

	if (!p)
		return -ENOENT;
	if (len != 4)
		return -EINVAL;
	*val = be32(p);
	return 0;
}

int fdt_u64(const struct fdt *fdt, int node, const char *name, uint64_t *val)
{
	uint32_t len;
	const char *p = fdt_prop(fdt, node, name, &len);

	if (!p)
		return -ENOENT;
	if (len != 8)
		return -EINVAL;
	*val = be64(p);
	return 0;
}

/* A property that is a list of strings, as [*s, returned end); empty if there is none. */
static const char *string_list(const struct fdt *fdt, int node, const char *name, const char **s)
{
	uint32_t len;

	*s = fdt_prop(fdt, node, name, &len);
	return *s ? *s + len : NULL;
}

const char *fdt_string(const struct fdt *fdt, int node, const char *name, uint32_t index)
{
	const char *s, *end = string_list(fdt, node, name, &s);

	for (; has_string(s, end); s += strlen(s) + 1)
		if (!index--)
			return s;
	return NULL;
}

int fdt_string_index(const struct fdt *fdt, int node, const char *name, const char *wanted)
{
	const char *s, *end = string_list(fdt, node, name, &s);

	return index_in_list(s, end, wanted);
}

bool fdt_is_compatible(const struct fdt *fdt, int node, const char *compat)
{
	return fdt_string_index(fdt, node, "compatible", compat) >= 0;
}

bool fdt_enabled(const struct fdt *fdt, int node)
{
	const char *s, *end;

	if (!is_node(fdt, node))
		return false;
	end = string_list(fdt, node, "status", &s);
	if (!s)
		return true;
	return has_string(s, end) && (!strcmp(s, "okay") || !strcmp(s, "ok"));
}

/* ---- addresses ---- */

/*
 * How many cells a bus uses for its children's addresses and sizes; the defaults are the
 * specification's.
 */
static int bus_cells(const struct fdt *fdt, int bus, uint32_t *addr, uint32_t *size)
{
	*addr = 2;
	*size = 1;
	if (fdt_u32(fdt, bus, "#address-cells", addr) == -EINVAL ||
	    fdt_u32(fdt, bus, "#size-cells", size) == -EINVAL)
		return -EINVAL;
	return *addr >= 1 && *addr <= 2 && *size <= 2 ? 0 : -EINVAL;
}

static uint64_t read_cells(const char *p, uint32_t n)
{
	return n == 2 ? be64(p) : n == 1 ? be32(p) : 0;
}

static bool wraps(uint64_t addr, uint64_t size)
{
	return addr + size < addr;
}

static int read_reg(const struct fdt *fdt, int node, int bus, uint32_t index, struct fdt_range *r)
{
	uint32_t addr_cells, size_cells, len, entry;
	const char *p = fdt_prop(fdt, node, "reg", &len);

	if (!p)
		return -ENOENT;
	if (bus_cells(fdt, bus, &addr_cells, &size_cells))
		return -EINVAL;
	entry = 4 * (addr_cells + size_cells);
	if (len % entry)
		return -EINVAL;
	if (index >= len / entry)
		return -ENOENT;
	p += (size_t)index * entry;
	r->addr = read_cells(p, addr_cells);
	r->size = read_cells(p + 4 * addr_cells, size_cells);
	return wraps(r->addr, r->size) ? -EINVAL : 0;
}

/*
 * One step up: from an address on @bus to one on its @parent, by the entry of ranges that holds it.
 */
static int translate(const struct fdt *fdt, int bus, int parent, uint64_t *addr)
{
	uint32_t child_cells, parent_cells, size_cells, unused, len, entry;
	const char *p = fdt_prop(fdt, bus, "ranges", &len);

	if (!p)
		return -ENXIO;
	if (!len)
		return 0; /* empty: the same addresses */
	if (bus_cells(fdt, bus, &child_cells, &size_cells) ||
	    bus_cells(fdt, parent, &parent_cells, &unused))
		return -EINVAL;
	entry = 4 * (child_cells + parent_cells + size_cells);
	if (len % entry)
		return -EINVAL;
	for (; len; len -= entry, p += entry) {
		uint64_t from = read_cells(p, child_cells);
		uint64_t to = read_cells(p + 4 * child_cells, parent_cells);
		uint64_t size = read_cells(p + 4 * (child_cells + parent_cells), size_cells);

		if (*addr >= from && *addr - from < size) {
			*addr = *addr - from + to;
			return 0;
		}
	}
	return -ENXIO;
}

int fdt_reg_raw(const struct fdt *fdt, int node, uint32_t index, struct fdt_range *range)
{
	int bus = fdt_parent(fdt, node);

	return bus < 0 ? bus : read_reg(fdt, node, bus, index, range);
}

int fdt_reg(const struct fdt *fdt, int node, uint32_t index, struct fdt_range *range)
{
	int path[FDT_MAX_DEPTH], n = path_to(fdt, node, path), err;

	if (n < 2) /* the root has no bus to be on */
		return n < 0 ? n : -ENOENT;
	err = read_reg(fdt, node, path[n - 2], index, range);
	for (int bus = n - 2; !err && bus > 0; bus--)
		err = translate(fdt, path[bus], path[bus - 1], &range->addr);
	if (err)
		return err;
	return wraps(range->addr, range->size) ? -EINVAL : 0;
}

/* ---- interrupts ---- */

/*
 * Up the tree, or across where interrupt-parent points, to the first node that has
 * #interrupt-cells.  References can form a ring, so the steps are counted.
 */
int fdt_interrupt_parent(const struct fdt *fdt, int node)
{
	uint32_t phandle;

	for (int steps = 0; node >= 0 && steps < FDT_MAX_DEPTH; steps++) {
		if (!fdt_u32(fdt, node, "interrupt-parent", &phandle))
			node = fdt_find_phandle(fdt, phandle);
		else
			node = fdt_parent(fdt, node);
		if (node >= 0 && fdt_prop(fdt, node, "#interrupt-cells", NULL))
			return node;
	}
	return -ENOENT;
}

int fdt_interrupt(const struct fdt *fdt, int node, uint32_t index, uint32_t *cells, uint32_t max)
{
	int controller = fdt_interrupt_parent(fdt, node);
	uint32_t n, len;
	const char *p = fdt_prop(fdt, node, "interrupts", &len);

	if (controller < 0 || !p)
		return -ENOENT;
	if (fdt_u32(fdt, controller, "#interrupt-cells", &n) || !n || n > max)
		return -EINVAL;
	if (index >= len / (4 * n))
		return -ENOENT;
	for (uint32_t i = 0; i < n; i++)
		cells[i] = be32(p + 4 * ((size_t)index * n + i));
	return (int)n;
}

/* ---- what a boot needs ---- */

static bool device_type_is(const struct fdt *fdt, int node, const char *type)
{
	const char *s = fdt_string(fdt, node, "device_type", 0);

	return s && !strcmp(s, type);
}

#define ITER_START (-1)
#define ITER_END   (-2)

/*
 * Stand the iterator on a child of @parent that has an entry left: the present one if it is not
 * done with, else the next.  False at the end.
 */
static bool iter_child(const struct fdt *fdt, struct fdt_iter *it, const char *parent, bool done)
{
	if (it->node == ITER_START)
		it->node = fdt_first_child(fdt, fdt_find_path(fdt, parent));
	else if (it->node >= 0 && done)
		it->node = fdt_next_sibling(fdt, it->node);
	else
		return it->node >= 0;
	it->index = 0;
	if (it->node < 0)
		it->node = ITER_END;
	return it->node >= 0;
}

/*
 * The next entry of reg among @parent's enabled children, of one device_type if @type is not NULL.
 */
static int next_reg(const struct fdt *fdt, struct fdt_iter *it, const char *parent,
		    const char *type, struct fdt_range *range)
{
	bool done = false;
	int err;

	while (iter_child(fdt, it, parent, done)) {
		done = (type && !device_type_is(fdt, it->node, type)) ||
		       !fdt_enabled(fdt, it->node);
		if (done)
			continue;
		err = fdt_reg(fdt, it->node, it->index++, range);
		done = err == -ENOENT;
		if (done || (!err && !range->size))
			continue;
		if (err)
			iter_child(fdt, it, parent, true); /* asked again, go on behind it */
		return err ? err : 1;
	}
	return 0;
}

int fdt_next_memory(const struct fdt *fdt, struct fdt_iter *it, struct fdt_range *range)
{
	return next_reg(fdt, it, "/", "memory", range);
}

int fdt_next_reserved(const struct fdt *fdt, struct fdt_iter *it, struct fdt_reserved *res)
{
	int got = next_reg(fdt, it, "/reserved-memory", NULL, &res->range);

	if (got > 0) {
		res->node = it->node;
		res->no_map = fdt_prop(fdt, it->node, "no-map", NULL) != NULL;
	}
	return got;
}

int fdt_next_memreserve(const struct fdt *fdt, struct fdt_iter *it, struct fdt_range *range)
{
	while (it->index < fdt->reserved_count) {
		const char *p = fdt->reserved + 16 * (size_t)it->index++;

		range->addr = be64(p);
		range->size = be64(p + 8);
		if (range->size)
			return 1;
	}
	return 0;
}

static int read_cpu(const struct fdt *fdt, int node, struct fdt_cpu *cpu)
{
	struct fdt_range reg;
	int err = fdt_reg_raw(fdt, node, 0, &reg);

	if (err)
		return err == -ENOENT ? -EINVAL : err;
	cpu->node = node;
	cpu->mpidr = reg.addr;
	cpu->enabled = fdt_enabled(fdt, node);
	cpu->enable_method = fdt_string(fdt, node, "enable-method", 0);
	if (fdt_u64(fdt, node, "cpu-release-addr", &cpu->release_addr))
		cpu->release_addr = 0;
	return 1;
}

int fdt_next_cpu(const struct fdt *fdt, struct fdt_iter *it, struct fdt_cpu *cpu)
{
	while (iter_child(fdt, it, "/cpus", true))
		if (device_type_is(fdt, it->node, "cpu"))
			return read_cpu(fdt, it->node, cpu);
	return 0;
}

/* stdout-path: a path or alias, and behind a colon the line's settings. */
static void read_stdout(const struct fdt *fdt, int chosen, struct fdt_chosen *c)
{
	const char *path = fdt_string(fdt, chosen, "stdout-path", 0), *colon;

	c->stdout_node = -ENOENT;
	c->stdout_options = "";
	if (!path)
		return;
	colon = strchr(path, ':');
	if (colon)
		c->stdout_options = colon + 1;
	c->stdout_node = fdt_find_path_n(fdt, path, colon ? (size_t)(colon - path) : strlen(path));
}

static int read_address(const struct fdt *fdt, int node, const char *name, uint64_t *val)
{
	uint32_t v;
	int err = fdt_u32(fdt, node, name, &v);

	if (err == -EINVAL)
		return fdt_u64(fdt, node, name, val);
	if (!err)
		*val = v;
	return err;
}

static int read_initrd(const struct fdt *fdt, int chosen, struct fdt_range *initrd)
{
	uint64_t start, end;
	int no_start = read_address(fdt, chosen, "linux,initrd-start", &start);
	int no_end = read_address(fdt, chosen, "linux,initrd-end", &end);

	if (no_start == -ENOENT && no_end == -ENOENT)
		return 0;
	if (no_start || no_end || end < start)
		return -EINVAL;
	initrd->addr = start;
	initrd->size = end - start;
	return 0;
}

int fdt_read_chosen(const struct fdt *fdt, struct fdt_chosen *c)
{
	int chosen = fdt_find_path(fdt, "/chosen");

	memset(c, 0, sizeof(*c));
	c->bootargs = fdt_string(fdt, chosen, "bootargs", 0);
	if (!c->bootargs)
		c->bootargs = "";
	read_stdout(fdt, chosen, c);
	c->rng_seed = fdt_prop(fdt, chosen, "rng-seed", &c->rng_seed_len);
	if (fdt_u64(fdt, chosen, "kaslr-seed", &c->kaslr_seed))
		c->kaslr_seed = 0;
	return read_initrd(fdt, chosen, &c->initrd);
}
