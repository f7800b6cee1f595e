/*
 * asid.h - which address space a core's TLB entries belong to: ASIDs, handed out by generations.
 *
 * Lock: asid.c's own, a leaf.
 */
#pragma once

#include <stdint.h>

#include "mm/vm.h"

#define ASID_MAX_BITS 16
#define ASID_MASK     ((1UL << ASID_MAX_BITS) - 1)

/*
 * asid_activate - give @mm an ASID of the current generation and make its tables this core's TTBR0.
 * Interrupts masked.
 * asid_none - no user address space: an empty table.
 */
void asid_activate(struct mm *mm);
void asid_none(void);

/*
 * asid_switch_hook - called when another address space has come, interrupts masked: NULL, or
 * el1/spectre.c's.  Set on the boot core before any other runs.
 */
extern void (*asid_switch_hook)(void);

/*
 * asid_of - the ASID under which TLB entries of @mm may exist: the number that a flush names.
 * mm/tlb.h says why an old one does no harm.
 */
static inline uint64_t asid_of(const struct mm *mm)
{
	return READ_ONCE(mm->asid) & ASID_MASK;
}

/* asid_init - read how many bits the core has. */
void asid_init(void);
