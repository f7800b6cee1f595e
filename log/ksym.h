/*
 * ksym.h - names for kernel addresses, on the target: what a backtrace prints as sym+0x10/0x40.
 *
 * The table is made by tools/ksyms.py from the linked kernel and linked in again (Makefile), so it
 * is always that of this very image.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* One function: where it starts, and where its name does. */
struct ksym {
	uint32_t offset; /* from KERNEL_VA */
	uint32_t name;	 /* from ksym_names */
};

/*
 * ksym_lookup - the function that holds @va.
 * @off: how far into it, bytes.  @size: how long it is (up to the next one), bytes.  Either may be
 * NULL. Returns its name, which lives for ever, or NULL where @va is no address of kernel text.
 * Reads nothing but the table and takes no lock: good in any context, a panic's above all.
 */
const char *ksym_lookup(uintptr_t va, uintptr_t *off, uintptr_t *size);
