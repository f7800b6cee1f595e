/*
 * fdt_oracle.h - libfdt's answers, for lib/fdt.c to be compared with.
 *
 * libfdt and lib/fdt.h share names, so fdt_oracle.c alone includes <libfdt.h>.  Offsets are the
 * same in both.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct fdt;

/* oracle_accepts - does libfdt find nothing wrong with the whole blob? */
int oracle_accepts(const void *blob, size_t n);

/*
 * fdt_differs - hold every node, name, property and path of a blob that both accept against libfdt
 *
 * NULL if all is the same, else what is not.  Also calls all other functions of lib/fdt.h on every
 * node, for the sanitizers to watch.
 */
const char *fdt_differs(const struct fdt *fdt, const void *blob);

/* libfdt by other names; negative or NULL for none */
int oracle_next_node(const void *blob, int node, int *depth);
int oracle_parent(const void *blob, int node);
int oracle_first_child(const void *blob, int node);
int oracle_next_sibling(const void *blob, int node);
const char *oracle_name(const void *blob, int node);
int oracle_first_prop(const void *blob, int node);
int oracle_next_prop(const void *blob, int prop);
const char *oracle_prop_name(const void *blob, int prop);
const void *oracle_prop(const void *blob, int node, const char *name, int *len);
int oracle_get_path(const void *blob, int node, char *path, int size);
int oracle_find_path(const void *blob, const char *path);
int oracle_find_compatible(const void *blob, int after, const char *compat);
int oracle_find_phandle(const void *blob, uint32_t phandle);
