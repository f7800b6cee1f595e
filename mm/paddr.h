/*
 * paddr.h - a physical address: no number, and no pointer.  Only what is made for it takes one
 * (mm/page.h, mm/kmap.h); a mistake does not compile (tests/refused/paddr.c).
 */
#pragma once

#include <stdint.h>

typedef struct {
	uint64_t pa;
} paddr;

/* paddr_of - of a number that says where something is: a device tree's, a register's. */
static inline paddr paddr_of(uint64_t pa)
{
	return (paddr){ pa };
}

/* paddr_value - as a number: for a descriptor, a register, a line of text. */
static inline uint64_t paddr_value(paddr p)
{
	return p.pa;
}
