/*
 * ksym.c - address to name, for backtraces.
 *
 * Invariant: the table is sorted by offset and ends with one entry more than it counts, whose
 * offset is the end of the last function; so table[i + 1] may be read for every i that is counted.
 */
#include "log/ksym.h"

#include "lib/export.h"
#include "mm/layout.h"

/* Made by tools/ksyms.py; empty, but there, in the first link of a build. */
extern const struct ksym ksym_table[];
extern const uint32_t ksym_count;
extern const char ksym_names[];

/* The last entry that starts at or before @offset; the caller knows that there is one. */
static uint32_t find_symbol(uint32_t offset)
{
	uint32_t low = 0, high = ksym_count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (ksym_table[middle].offset <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

const char *ksym_lookup(uintptr_t va, uintptr_t *off, uintptr_t *size)
{
	const struct ksym *sym;

	if (!ksym_count || va < KERNEL_VA + ksym_table[0].offset ||
	    va >= KERNEL_VA + ksym_table[ksym_count].offset)
		return NULL;
	sym = &ksym_table[find_symbol((uint32_t)(va - KERNEL_VA))];
	if (off)
		*off = va - KERNEL_VA - sym->offset;
	if (size)
		*size = sym[1].offset - sym->offset;
	return ksym_names + sym->name;
}
EXPORT(ksym_lookup);
