/*
 * own.h - what the table (vectors.S) and own.c know together: where a core's counts are.
 */
#pragma once

#define OWN_X1	      128 /* behind the counts, eight bytes a slot */
#define OWN_BEHIND    136
#define OWN_CORE_SIZE 192 /* lines of its own */

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

#include "arm/percpu.h"
#include "arm/slots.h"

/* Written by that core alone, on its way through its table. */
struct own_core {
	uint64_t count[SLOTS];
	uint64_t x1;	 /* what the slot has no other place for */
	uint64_t behind; /* NZCV, by which the slot finds the kernel's table: own.c */
} __attribute__((aligned(64)));
_Static_assert(offsetof(struct own_core, x1) == OWN_X1, "OWN_X1");
_Static_assert(offsetof(struct own_core, behind) == OWN_BEHIND, "OWN_BEHIND");
_Static_assert(sizeof(struct own_core) == OWN_CORE_SIZE, "OWN_CORE_SIZE");

extern struct own_core own_cores[NR_CPUS];
extern char own_tables[]; /* NR_CPUS of them */

#endif
