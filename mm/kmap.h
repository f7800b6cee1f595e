/*
 * kmap.h - the kernel's own half of the address space (TTBR1): devices, stacks with guard pages.
 * Locks: kmap.c's own; may be called with other spinlocks held, not from an interrupt handler.
 */
#pragma once

#include "lib/util.h"
#include "mm/page.h"

/*
 * ioremap - map @size bytes of device registers at physical @pa (any alignment), Device-nGnRE, RW, XN.
 * Return: the address of @pa's first byte, or NULL when there is no memory or space.  Works from kmain on, before
 * page_init() too (then from a small static pool of tables).
 */
void *ioremap(paddr pa, size_t size) __must_check;

/* kstack_alloc - a kernel stack: the address just above its end, STACK_SIZE bytes below, a guard below that; NULL: no memory. */
void *kstack_alloc(void) __must_check;
/* kstack_free - @top as kstack_alloc gave it.  Not the stack one stands on. */
void kstack_free(void *top);

/* kmap_lookup - for dumps and tests: the leaf descriptor that maps kernel address @va, or 0. */
uint64_t kmap_lookup(uintptr_t va);
