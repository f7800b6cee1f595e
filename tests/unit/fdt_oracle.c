/*
 * fdt_oracle.c - libfdt by other names.  Built without host.h.
 */
#include <libfdt.h>
#include "fdt_oracle.h"

int oracle_accepts(const void *blob, size_t n)
{
	return fdt_check_full(blob, n) == 0;
}

int oracle_next_node(const void *blob, int node, int *depth)
{
	return fdt_next_node(blob, node, depth);
}

int oracle_parent(const void *blob, int node)
{
	return fdt_parent_offset(blob, node);
}

int oracle_first_child(const void *blob, int node)
{
	return fdt_first_subnode(blob, node);
}

int oracle_next_sibling(const void *blob, int node)
{
	return fdt_next_subnode(blob, node);
}

const char *oracle_name(const void *blob, int node)
{
	return fdt_get_name(blob, node, NULL);
}

int oracle_first_prop(const void *blob, int node)
{
	return fdt_first_property_offset(blob, node);
}

int oracle_next_prop(const void *blob, int prop)
{
	return fdt_next_property_offset(blob, prop);
}

const char *oracle_prop_name(const void *blob, int prop)
{
	const char *name = NULL;

	fdt_getprop_by_offset(blob, prop, &name, NULL);
	return name;
}

const void *oracle_prop(const void *blob, int node, const char *name, int *len)
{
	return fdt_getprop(blob, node, name, len);
}

int oracle_get_path(const void *blob, int node, char *path, int size)
{
	return fdt_get_path(blob, node, path, size);
}

int oracle_find_path(const void *blob, const char *path)
{
	return fdt_path_offset(blob, path);
}

int oracle_find_compatible(const void *blob, int after, const char *compat)
{
	return fdt_node_offset_by_compatible(blob, after, compat);
}

int oracle_find_phandle(const void *blob, uint32_t phandle)
{
	return fdt_node_offset_by_phandle(blob, phandle);
}
