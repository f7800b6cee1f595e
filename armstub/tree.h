/*
 * tree.h - the firmware's device tree, with what is different now that EL3 is ours.
 */
#pragma once

#include <stdint.h>

#include "lib/util.h"

/* What the tree may grow by, at the most: the nodes, properties and names that are added. */
#define ARMSTUB_TREE_GROWTH 1024

/*
 * armstub_complete_tree - cores by PSCI in place of the spin table, and our own memory reserved.
 * @blob: 8-aligned; @size: bytes that may be read; @room: bytes that may be written; its total size
 * plus ARMSTUB_TREE_GROWTH is always enough for four cores.
 *
 * Return 0; -EINVAL: it is no tree that can be changed, or something that is needed of it makes no
 * sense; -ENOSPC: the room was too small.  What was a tree is one still, then, but not complete.
 */
int armstub_complete_tree(void *blob, uint32_t size, uint32_t room) __must_check;
