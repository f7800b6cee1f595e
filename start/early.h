/*
 * early.h - what the loader left behind, for head.S, and its first half for an image that needs no
 * more (armstub/).
 */
#pragma once

#include <stdbool.h>

struct boot_info;
struct fdt;
struct fdt_chosen;

/*
 * early_find_tree - the device tree, and all else of *@boot as if there was nothing; @fdt: to read
 * it, @chosen: what it says to us.  MMU off, under early_vectors.
 * Return: whether there is one that can be read.
 */
bool early_find_tree(struct boot_info *boot, struct fdt *fdt, struct fdt_chosen *chosen);

/* early_collect - all of *@boot but levels[]; MMU off, at the level of entry. */
void early_collect(struct boot_info *boot);
