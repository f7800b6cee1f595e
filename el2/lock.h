/*
 * lock.h - mutual exclusion between cores at EL2, by ticket: who came first goes first.
 *
 * For code that runs with the MMU on (exclusives need it), and with interrupts masked, as EL2
 * always is.  What is done under one is bounded by EL2, never by what a lower level asks for.
 */
#pragma once

#include <stdint.h>

#include "arm/barrier.h"

struct el2_lock {
	uint32_t next, serving; /* zeros: free */
};

static inline void el2_lock(struct el2_lock *l)
{
	uint32_t mine = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);

	while (__atomic_load_n(&l->serving, __ATOMIC_ACQUIRE) != mine)
		cpu_relax();
}

static inline void el2_unlock(struct el2_lock *l)
{
	__atomic_store_n(&l->serving, l->serving + 1, __ATOMIC_RELEASE);
}
