/*
 * pte.h - a descriptor of a translation table in words, bit by bit.
 *
 * Pure functions of the descriptor: no lock, no memory, any context; built for the host too (gdb's
 * `pt`).  Source: Arm ARM (DDI 0487), D8.3, VMSAv8-64 stage 1 with a 4 KiB granule; MAIR_EL1.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PTE_TEXT_MAX 256

/* pte_leads_on - does @d, of a table of @level (0..3), lead to another table? */
bool pte_leads_on(uint64_t d, unsigned int level);

/*
 * pte_maps - does it map memory?  Then *@size is how many bytes; its address is
 * d & PTE_ADDR_MASK & -size.
 */
bool pte_maps(uint64_t d, unsigned int level, uint64_t *size);

/*
 * pte_describe - @d as one line: "2 MiB block at 0x40200000: EL1 rw-, EL0 ---, AP 0, PXN, UXN,
 * Normal write-back (Attr3), inner shareable, AF, global".  Any bits give a line.
 * @level: of the table that it stands in, 0..3. @mair: MAIR_EL1, for the attribute's words.
 * @el: the kernel's level, 1 or 2 (with HCR_EL2.E2H the descriptors are the same).
 * @buf, @n: where to; always terminated when @n is not 0, cut if it does not fit (PTE_TEXT_MAX
 * holds the longest).
 * Return: the length of what is in @buf, without the NUL.
 */
int pte_describe(char *buf, size_t n, uint64_t d, unsigned int level, uint64_t mair,
		 unsigned int el);
