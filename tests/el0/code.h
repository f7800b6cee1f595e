/*
 * code.h - instructions written at run time: make what was stored visible to instruction fetch.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define INSN_RET 0xd65f03c0u
#define INSN_NOP 0xd503201fu

/*
 * As the Arm ARM says: clean to the point of unification, invalidate the instruction cache, each
 * followed by DSB; then ISB.
 */
static inline void sync_code(const void *start, size_t size)
{
	uint64_t ctr, line;
	uintptr_t from = (uintptr_t)start, end = from + size;

	__asm__("mrs %0, ctr_el0" : "=r"(ctr));
	line = 4UL << (ctr >> 16 & 15);
	for (uintptr_t p = from & ~(line - 1); p < end; p += line)
		__asm__ volatile("dc cvau, %0" : : "r"(p) : "memory");
	__asm__ volatile("dsb ish" : : : "memory");
	line = 4UL << (ctr & 15);
	for (uintptr_t p = from & ~(line - 1); p < end; p += line)
		__asm__ volatile("ic ivau, %0" : : "r"(p) : "memory");
	__asm__ volatile("dsb ish\n\tisb" : : : "memory");
}
