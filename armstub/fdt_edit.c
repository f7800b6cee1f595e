/*
 * fdt_edit.c - changing a device tree in place: what stands behind a change moves.
 *
 * Invariant: header, reservation block, structure block and strings block lie in this order and do
 * not overlap, so one memmove from the change to the end of the strings makes or takes the room.
 * struct fdt says at any time where the blocks are; the header in memory says it again only after
 * fdt_edit_close().
 */
#include "armstub/fdt_edit.h"

#include "abi/errno.h"
#include "lib/string.h"

/* Tokens of the structure block, as in lib/fdt.c. */
enum { BEGIN_NODE = 1, END_NODE = 2, PROP = 3, NOP = 4 };

#define PROP_HEADER   12
#define RESERVED_SIZE 16 /* bytes of an entry of the reservation block */

static void put_be32(char *p, uint32_t v)
{
	*(uint32_t *)p = __builtin_bswap32(v);
}

static uint32_t offset_in(const struct fdt_edit *e, const char *p)
{
	return (uint32_t)(p - e->blob);
}

/* Behind the last string: from here on the blob is free. */
static uint32_t used_end(const struct fdt_edit *e)
{
	return offset_in(e, e->fdt.strings) + e->fdt.strings_size;
}

int fdt_edit_open(struct fdt_edit *e, void *blob, uint32_t size, uint32_t room)
{
	uint32_t at;

	if (fdt_check(blob, size, &e->fdt) || room < e->fdt.totalsize || room > INT32_MAX)
		return -EINVAL;
	e->blob = blob;
	e->room = room;
	/* The entry that ends the reservation block is one more than are counted. */
	at = offset_in(e, e->fdt.reserved) + (e->fdt.reserved_count + 1) * RESERVED_SIZE;
	if (at > offset_in(e, e->fdt.structs))
		return -EINVAL;
	at = offset_in(e, e->fdt.structs) + e->fdt.structs_size;
	return at <= offset_in(e, e->fdt.strings) ? 0 : -EINVAL;
}

void fdt_edit_close(struct fdt_edit *e)
{
	uint32_t end = used_end(e);

	if (e->fdt.totalsize < end)
		e->fdt.totalsize = end;
	put_be32(e->blob + FDT_H_TOTALSIZE, e->fdt.totalsize);
	put_be32(e->blob + FDT_H_OFF_STRUCT, offset_in(e, e->fdt.structs));
	put_be32(e->blob + FDT_H_OFF_STRINGS, offset_in(e, e->fdt.strings));
	put_be32(e->blob + FDT_H_SIZE_STRUCT, e->fdt.structs_size);
	put_be32(e->blob + FDT_H_SIZE_STRINGS, e->fdt.strings_size);
}

/* May the blob become so many bytes longer?  Its end is never behind the room. */
static int check_room(const struct fdt_edit *e, uint32_t more)
{
	return more <= e->room - used_end(e) ? 0 : -ENOSPC;
}

/* What begins at @from moves to @to. */
static void move_rest(struct fdt_edit *e, char *from, char *to)
{
	memmove(to, from, used_end(e) - offset_in(e, from));
}

/*
 * At @at, in the structure block, @old bytes give way to @size, for which the caller has checked
 * the room, and which it fills.
 */
static void replace_in_structs(struct fdt_edit *e, char *at, uint32_t old, uint32_t size)
{
	move_rest(e, at + old, at + size);
	e->fdt.structs_size += size - old;
	e->fdt.strings += (int32_t)(size - old);
}

/* The offset of @name in the strings block; as the tail of a longer one, too.  -ENOENT */
static int find_name(const struct fdt_edit *e, const char *name)
{
	uint32_t len = (uint32_t)strlen(name) + 1;

	for (uint32_t at = 0; at + len <= e->fdt.strings_size; at++)
		if (!memcmp(e->fdt.strings + at, name, len))
			return (int)at;
	return -ENOENT;
}

/* The caller has checked the room. */
static int add_name(struct fdt_edit *e, const char *name)
{
	uint32_t at = e->fdt.strings_size, len = (uint32_t)strlen(name) + 1;

	memcpy(e->blob + used_end(e), name, len);
	e->fdt.strings_size += len;
	return (int)at;
}

/* Where the properties of @node begin: behind its name. */
static char *node_head(const struct fdt_edit *e, int node)
{
	const char *name = fdt_name(&e->fdt, node);

	return e->blob + offset_in(e, name) + ALIGN_UP((uint32_t)strlen(name) + 1, 4);
}

/* The property's token, or NULL. */
static char *find_property(const struct fdt_edit *e, int node, const char *name, uint32_t *len)
{
	const char *value = fdt_prop(&e->fdt, node, name, len);

	return value ? e->blob + offset_in(e, value) - PROP_HEADER : NULL;
}

static uint32_t property_size(uint32_t len)
{
	return ALIGN_UP(PROP_HEADER + len, 4);
}

static bool is_edit_node(const struct fdt_edit *e, int node)
{
	return node >= 0 && fdt_next_node(&e->fdt, node) != -EINVAL;
}

/* The caller has made room for all of it. */
static void write_property(char *at, uint32_t name_at, const void *value, uint32_t len)
{
	/* The padding; before the rest, which may reach into these four bytes. */
	memset(at + property_size(len) - 4, 0, 4);
	put_be32(at, PROP);
	put_be32(at + 4, len);
	put_be32(at + 8, name_at);
	memcpy(at + PROP_HEADER, value, len);
}

int fdt_edit_set(struct fdt_edit *e, int node, const char *name, const void *value, uint32_t len)
{
	uint32_t size = property_size(len), old_len = 0, old, more;
	int name_at = find_name(e, name);
	char *at;

	if (!is_edit_node(e, node))
		return -EINVAL;
	at = find_property(e, node, name, &old_len);
	old = at ? property_size(old_len) : 0;
	if (!at)
		at = node_head(e, node);
	/* For both or for neither. */
	more = size > old ? size - old : 0;
	if (name_at < 0)
		more += (uint32_t)strlen(name) + 1;
	if (check_room(e, more))
		return -ENOSPC;
	if (name_at < 0)
		name_at = add_name(e, name);
	replace_in_structs(e, at, old, size);
	write_property(at, (uint32_t)name_at, value, len);
	return 0;
}

void fdt_edit_delete(struct fdt_edit *e, int node, const char *name)
{
	uint32_t len;
	char *at;

	if (!is_edit_node(e, node))
		return;
	/* A second one of that name would be found once the first is gone. */
	while ((at = find_property(e, node, name, &len)))
		replace_in_structs(e, at, property_size(len), 0);
}

/* Behind the last property of @node: where its first child begins, or will. */
static char *behind_properties(const struct fdt_edit *e, int node)
{
	char *p = node_head(e, node);

	for (;;) {
		switch (fdt_be32(p)) {
		case PROP: p += property_size(fdt_be32(p + 4)); break;
		case NOP: p += 4; break;
		default: return p;
		}
	}
}

static int find_child_exactly(const struct fdt_edit *e, int node, const char *name)
{
	int child;

	fdt_for_each_child(child, &e->fdt, node)
		if (!strcmp(fdt_name(&e->fdt, child), name))
			return child;
	return -ENOENT;
}

int fdt_edit_child(struct fdt_edit *e, int node, const char *name)
{
	uint32_t name_size = ALIGN_UP((uint32_t)strlen(name) + 1, 4), size = 4 + name_size + 4;
	int path[FDT_MAX_DEPTH], child;
	char *at;

	if (!is_edit_node(e, node))
		return -EINVAL;
	child = find_child_exactly(e, node, name);
	if (child >= 0)
		return child;
	/* As deep as fdt_check() lets a tree be: its readers have no room for more. */
	if (fdt_path(&e->fdt, node, path) >= FDT_MAX_DEPTH || check_room(e, size))
		return -ENOSPC;
	at = behind_properties(e, node);
	replace_in_structs(e, at, 0, size);
	memset(at, 0, size);
	put_be32(at, BEGIN_NODE);
	memcpy(at + 4, name, strlen(name));
	put_be32(at + 4 + name_size, END_NODE);
	return (int)(at - e->fdt.structs);
}

void fdt_edit_unreserve(struct fdt_edit *e, uint64_t end)
{
	uint32_t i = 0;

	while (i < e->fdt.reserved_count) {
		char *at = e->blob + offset_in(e, e->fdt.reserved) + i * RESERVED_SIZE;
		uint64_t addr = fdt_be64(at), size = fdt_be64(at + 8);

		/* An entry that ends behind @end is somebody else's. */
		if (addr >= end || size > end - addr) {
			i++;
			continue;
		}
		move_rest(e, at + RESERVED_SIZE, at);
		e->fdt.structs -= RESERVED_SIZE;
		e->fdt.strings -= RESERVED_SIZE;
		e->fdt.reserved_count--;
	}
}
