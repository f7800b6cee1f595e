/*
 * fdt.c - the device tree as a blob, first thing the kernel reads and last thing it may trust.
 *
 * Two halves.  fdt_check() believes nothing.  Everything behind it relies on what that has
 * established, and on nothing else: the structure block is a sequence of complete tokens, rightly
 * nested, every property's value and name lie within the blob, every name is terminated.  What a
 * property says is still a claim, and is checked where it is read.
 */
#include "abi/errno.h"
#include "lib/fdt.h"
#include "lib/export.h"
#include "lib/string.h"

#define FDT_VERSION 17

/* Tokens of the structure block. */
enum { BEGIN_NODE = 1, END_NODE = 2, PROP = 3, NOP = 4, END = 9 };

#define PROP_HEADER 12 /* token, length, name offset */

/*
 * Has this word of text a byte that is 0?  Then a carry comes out of that byte, and of none below
 * it.
 */
static bool has_nul(const void *p)
{
	uint32_t w = *(const uint32_t *)p;

	return (w - 0x01010101) & ~w & 0x80808080;
}

/* ---- validation ---- */

static int bad_tree(struct fdt *fdt, size_t at, const char *why)
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
		return bad_tree(fdt, 0, "blob is not 8-aligned");
	if (max_size < FDT_H_SIZE)
		return bad_tree(fdt, 0, "no room for a header");
	if (fdt_be32(h + FDT_H_MAGIC) != FDT_MAGIC)
		return bad_tree(fdt, FDT_H_MAGIC, "wrong magic");
	if (fdt_be32(h + FDT_H_VERSION) < FDT_VERSION ||
	    fdt_be32(h + FDT_H_COMPATIBLE) > FDT_VERSION)
		return bad_tree(fdt, FDT_H_VERSION, "not compatible with version 17");
	/*
	 * Read once, and checked against what the caller says there is: all other bounds are below
	 * it.
	 */
	fdt->totalsize = fdt_be32(h + FDT_H_TOTALSIZE);
	if (fdt->totalsize < FDT_H_SIZE || fdt->totalsize > max_size || fdt->totalsize > INT32_MAX)
		return bad_tree(fdt, FDT_H_TOTALSIZE, "total size out of bounds");
	/* Behind the header, aligned, and inside: `within` cannot wrap. */
	off_struct = fdt_be32(h + FDT_H_OFF_STRUCT);
	fdt->structs_size = fdt_be32(h + FDT_H_SIZE_STRUCT);
	if (off_struct < FDT_H_SIZE || !IS_ALIGNED(off_struct, 4) ||
	    !within(off_struct, fdt->structs_size, fdt->totalsize))
		return bad_tree(fdt, FDT_H_OFF_STRUCT, "structure block out of bounds");
	off_strings = fdt_be32(h + FDT_H_OFF_STRINGS);
	fdt->strings_size = fdt_be32(h + FDT_H_SIZE_STRINGS);
	if (off_strings < FDT_H_SIZE || !within(off_strings, fdt->strings_size, fdt->totalsize))
		return bad_tree(fdt, FDT_H_OFF_STRINGS, "strings block out of bounds");
	off_reserved = fdt_be32(h + FDT_H_OFF_RESERVED);
	if (off_reserved < FDT_H_SIZE || !IS_ALIGNED(off_reserved, 8) ||
	    off_reserved > fdt->totalsize)
		return bad_tree(fdt, FDT_H_OFF_RESERVED, "memory reservation block out of bounds");
	fdt->structs = h + off_struct;
	fdt->strings = h + off_strings;
	fdt->reserved = h + off_reserved;
	fdt->boot_cpu = fdt_be32(h + FDT_H_BOOT_CPU);
	return 0;
}

/* Pairs of address and size up to one that is 0, 0. */
static int check_reserved(const char *h, struct fdt *fdt)
{
	uint32_t off = (uint32_t)(fdt->reserved - h), left = fdt->totalsize - off, n = 0;

	for (;; n++, left -= 16) {
		const char *p = fdt->reserved + 16 * (size_t)n;

		if (left < 16)
			return bad_tree(fdt, p - h, "memory reservation block has no end");
		if (!fdt_be64(p) && !fdt_be64(p + 8))
			break;
		if (fdt_be64(p) + fdt_be64(p + 8) < fdt_be64(p))
			return bad_tree(fdt, p - h, "memory reservation wraps around");
	}
	fdt->reserved_count = n;
	return 0;
}

/*
 * A name that begins below the last NUL is terminated: cut the block there, and one comparison is
 * enough.
 */
static void cut_strings(struct fdt *fdt)
{
	while (fdt->strings_size && fdt->strings[fdt->strings_size - 1])
		fdt->strings_size--;
}

/* The size of the token at @at, which is complete within the block; -EINVAL if it is not. */
static int check_token(struct fdt *fdt, uint32_t at, size_t blob_at)
{
	const char *p = fdt->structs + at;
	uint32_t left = fdt->structs_size - at, len = 4;

	if (left < 4)
		return bad_tree(fdt, blob_at, "structure block has no end");
	switch (fdt_be32(p)) {
	case BEGIN_NODE:
		/* A word at a time, never behind the block: the name must end inside. */
		for (len = 8; len <= left && !has_nul(p + len - 4); len += 4)
			;
		if (len > left)
			return bad_tree(fdt, blob_at, "node name without end");
		break;
	case PROP:
		if (left < PROP_HEADER || fdt_be32(p + 4) > left - PROP_HEADER)
			return bad_tree(fdt, blob_at, "property exceeds the structure block");
		if (fdt_be32(p + 8) >= fdt->strings_size)
			return bad_tree(fdt, blob_at, "property name out of bounds");
		/* The sum cannot wrap: the length is below `left`. */
		len = ALIGN_UP(PROP_HEADER + fdt_be32(p + 4), 4);
		if (len > left)
			return bad_tree(fdt, blob_at, "token exceeds the structure block");
		break;
	case END_NODE:
	case NOP:
	case END: break;
	default: return bad_tree(fdt, blob_at, "unknown token");
	}
	return (int)len;
}

/* The order of tokens: one root, properties before children, every node ended, END last. */
static int check_structs(const char *h, struct fdt *fdt)
{
	uint32_t at = 0, depth = 0;
	int size;
	bool had_root = false, had_child = false;

	for (;; at += (uint32_t)size) {
		size_t blob_at = fdt->structs + at - h;

		size = check_token(fdt, at, blob_at);
		if (size < 0)
			return size;
		switch (fdt_be32(fdt->structs + at)) {
		case BEGIN_NODE:
			if (depth == 0 && had_root)
				return bad_tree(fdt, blob_at, "second root");
			if (depth == 0 && fdt->structs[at + 4])
				return bad_tree(fdt, blob_at, "root has a name");
			/* So that fdt_path() has room for every way. */
			if (++depth > FDT_MAX_DEPTH)
				return bad_tree(fdt, blob_at, "nested too deep");
			had_root = true;
			had_child = false;
			break;
		case END_NODE:
			if (depth-- == 0)
				return bad_tree(fdt, blob_at, "end of a node that was not begun");
			had_child = true;
			break;
		case PROP:
			if (depth == 0 || had_child)
				return bad_tree(fdt, blob_at, "property outside its node's head");
			break;
		case END:
			if (depth)
				return bad_tree(fdt, blob_at, "end inside a node");
			if (!had_root)
				return bad_tree(fdt, blob_at, "no root");
			/* What lies behind END is never read. */
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
	return fdt_be32(fdt->structs + at);
}

/*
 * Behind a name that begins at @p: it ends in the first aligned word that has a zero byte, and is
 * padded to that word's end.
 */
static const char *behind_name(const char *p)
{
	while (!has_nul(p))
		p += 4;
	return p + 4;
}

static inline const char *behind_prop(const char *p)
{
	return p + ALIGN_UP(PROP_HEADER + fdt_be32(p + 4), 4);
}

/* Behind the token at @p; inline, for most of the work of boot is to go from one to the next. */
static inline const char *behind(const char *p)
{
	switch (fdt_be32(p)) {
	case PROP: return behind_prop(p);
	case BEGIN_NODE: return behind_name(p + 4);
	default: return p + 4;
	}
}

/* A node that came from a caller: in range, aligned, and a token that begins one. */
static bool is_node(const struct fdt *fdt, int node)
{
	/*
	 * Callers pass only what a function here has returned: a number that points into a property
	 * could pass for a node by chance.
	 */
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
		switch (fdt_be32(p)) {
		case PROP: p = behind_prop(p); continue;
		case BEGIN_NODE: *depth += 1 - ended; return (int)(p - fdt->structs);
		case END_NODE: ended++; break;
		/* Always there: fdt_check() has seen it. */
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
EXPORT(fdt_root);

int fdt_next_node(const struct fdt *fdt, int node)
{
	int depth = 0;

	if (node < 0)
		return fdt_root(fdt);
	if (!is_node(fdt, node))
		return -EINVAL;
	return next_begin_in(fdt, node, &depth);
}
EXPORT(fdt_next_node);

int fdt_first_child(const struct fdt *fdt, int node)
{
	int depth = 0, child;

	if (!is_node(fdt, node))
		return -EINVAL;
	child = next_begin_in(fdt, node, &depth);
	return child < 0 || depth == 1 ? child : -ENOENT;
}
EXPORT(fdt_first_child);

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
EXPORT(fdt_next_sibling);

int fdt_path(const struct fdt *fdt, int node, int path[FDT_MAX_DEPTH])
{
	int depth = 0, at = -1;

	if (!is_node(fdt, node))
		return -EINVAL;
	/* From the root on: a child's parent is not written anywhere. */
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

int fdt_path_next(const struct fdt *fdt, int path[FDT_MAX_DEPTH], int *n)
{
	int depth = *n ? *n : 1;
	int at = *n ? next_begin_in(fdt, path[*n - 1], &depth) : fdt_root(fdt);

	if (at < 0 || depth < 1 || depth > FDT_MAX_DEPTH)
		return -ENOENT;
	*n = depth;
	path[depth - 1] = at;
	return at;
}

int fdt_parent(const struct fdt *fdt, int node)
{
	int path[FDT_MAX_DEPTH], n = fdt_path(fdt, node, path);

	if (n < 0)
		return n;
	return n >= 2 ? path[n - 2] : -ENOENT;
}
EXPORT(fdt_parent);

/* ---- names and paths ---- */

const char *fdt_name(const struct fdt *fdt, int node)
{
	return is_node(fdt, node) ? fdt->structs + node + 4 : "";
}
EXPORT(fdt_name);

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

	/* The first one of that name counts. */
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

	/* An error of the look-up ends the way, and is the result. */
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
static inline bool same_node_name(const char *have, const char *name, size_t len)
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
		if (fdt_be32(p) == NOP)
			continue;
		if (fdt_be32(p) != PROP)
			return NULL;
		if (same_node_name(fdt->strings + fdt_be32(p + 8), name, name_len)) {
			if (len)
				*len = fdt_be32(p + 4);
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
		/* An alias is looked up once, and leads to a path from the root. */
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
EXPORT(fdt_find_path);

/* The string at the head of [s, end), if it is terminated there. */
static bool has_string(const char *s, const char *end)
{
	return s < end && memchr(s, 0, end - s);
}

static int index_in_list(const char *s, const char *end, const char *wanted)
{
	size_t len = strlen(wanted);
	const char *nul;

	/* A last string without its NUL is none. */
	for (int i = 0; s < end && (nul = memchr(s, 0, end - s)); s = nul + 1, i++)
		if ((size_t)(nul - s) == len && !memcmp(s, wanted, len))
			return i;
	return -ENOENT;
}

int fdt_find_compatible(const struct fdt *fdt, int after, const char *compat)
{
	int node = fdt_next_node(fdt, after);
	bool read = false; /* this node's list: the first property of that name is the one */

	if (node < 0)
		return node;
	/* One pass over the tokens, not one to find each node and one through its properties. */
	for (const char *p = fdt->structs + node; fdt_be32(p) != END; p = behind(p)) {
		const char *value = p + PROP_HEADER;

		if (fdt_be32(p) == BEGIN_NODE) {
			node = (int)(p - fdt->structs);
			read = false;
		} else if (fdt_be32(p) == PROP && !read &&
			   same_node_name(fdt->strings + fdt_be32(p + 8), "compatible", 10)) {
			if (index_in_list(value, value + fdt_be32(p + 4), compat) >= 0)
				return node;
			read = true;
		}
	}
	return -ENOENT;
}
EXPORT(fdt_find_compatible);

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
	for (const char *p = fdt->structs; fdt_be32(p) != END; p = behind(p)) {
		if (fdt_be32(p) == BEGIN_NODE)
			node = (int)(p - fdt->structs);
		if (fdt_be32(p) == PROP && fdt_be32(p + 4) == 4 &&
		    fdt_be32(p + PROP_HEADER) == phandle && has_phandle(fdt, node, phandle))
			return node;
	}
	return -ENOENT;
}
EXPORT(fdt_find_phandle);

/* ---- properties ---- */

const void *fdt_prop(const struct fdt *fdt, int node, const char *name, uint32_t *len)
{
	return prop_n(fdt, node, name, strlen(name), len);
}
EXPORT(fdt_prop);

int fdt_cell(const struct fdt *fdt, int node, const char *name, uint32_t index, uint32_t *val)
{
	uint32_t len;
	const char *p = fdt_prop(fdt, node, name, &len);

	if (!p || index >= len / 4)
		return -ENOENT;
	*val = fdt_be32(p + 4 * (size_t)index);
	return 0;
}
EXPORT(fdt_cell);

/* A property that is @size bytes, no more and no less; *p is where. */
static int prop_of_size(const struct fdt *fdt, int node, const char *name, uint32_t size,
			const char **p)
{
	uint32_t len;

	*p = fdt_prop(fdt, node, name, &len);
	if (!*p)
		return -ENOENT;
	return len == size ? 0 : -EINVAL;
}

int fdt_u32(const struct fdt *fdt, int node, const char *name, uint32_t *val)
{
	const char *p;
	int err = prop_of_size(fdt, node, name, 4, &p);

	if (!err)
		*val = fdt_be32(p);
	return err;
}
EXPORT(fdt_u32);

int fdt_u64(const struct fdt *fdt, int node, const char *name, uint64_t *val)
{
	const char *p;
	int err = prop_of_size(fdt, node, name, 8, &p);

	if (!err)
		*val = fdt_be64(p);
	return err;
}
EXPORT(fdt_u64);

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
EXPORT(fdt_string);

int fdt_string_index(const struct fdt *fdt, int node, const char *name, const char *wanted)
{
	const char *s, *end = string_list(fdt, node, name, &s);

	return index_in_list(s, end, wanted);
}
EXPORT(fdt_string_index);

bool fdt_is_compatible(const struct fdt *fdt, int node, const char *compat)
{
	return fdt_string_index(fdt, node, "compatible", compat) >= 0;
}
EXPORT(fdt_is_compatible);

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
EXPORT(fdt_enabled);
