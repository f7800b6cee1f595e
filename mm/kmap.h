/*
 * kmap.h - the kernel's own half of the address space (TTBR1): the linear map, devices, stacks with
 * guard pages.
 *
 * start/ has made the root table and mapped the image; everything else is added here.
 * Lock: kmap.c's own, a leaf but for page allocation; not from an interrupt handler.
 */
#pragma once

#include "mm/page.h"

/*
 * kmap_range - map [@va, @va + @size) to [@pa, …), page-aligned, with descriptor bits @attr
 * (arm/pte.h, PTE_KERNEL_* or PTE_DEVICE), by 1 GiB and 2 MiB blocks where both sides allow.  What
 * is mapped already stays as it is. Panics when there is no memory for a table: only for mappings
 * that the kernel can't live without.
 */
void kmap_range(uintptr_t va, paddr pa, size_t size, uint64_t attr);

/*
 * For what comes and goes (mm/modarea.c, mm/kvmap.c): page-aligned ranges, by 4 KiB pages alone.
 * They may sleep, and give way.
 *
 * kmap_pages - as kmap_range; false: no memory for a table, and nothing is mapped.
 * kmap_protect_pages - all of it is mapped by kmap_pages: with @attr from now on, on every core.
 * Only permissions may differ from what they were.
 * kmap_unmap_pages - what is mapped of it no longer is, nor in any TLB.
 */
bool kmap_pages(uintptr_t va, paddr pa, size_t size, uint64_t attr) __must_check;
void kmap_protect_pages(uintptr_t va, size_t size, uint64_t attr);
void kmap_unmap_pages(uintptr_t va, size_t size);

/*
 * ioremap - map @size bytes of device registers at physical @where (any alignment),
 * Device-nGnRE, RW, XN.  It is never unmapped: what is mapped already is found again, so that a
 * driver may come and go as often as it likes.
 * Return: the address of @where's first byte, or NULL when there is no space.  Works from kmain on,
 * before page_init() too.
 */
void *ioremap(paddr where, size_t size) __must_check;

/*
 * kstack_alloc - a kernel stack: the address just above its end, STACK_SIZE bytes below, a guard
 * below that; NULL: no memory.
 */
void *kstack_alloc(void) __must_check;
/* kstack_free - @top as kstack_alloc gave it.  Not the stack one stands on. */
void kstack_free(void *top);

/*
 * kmap_init - map all RAM linearly, data RW+XN, the kernel's own text and read-only data left out;
 * and the struct pages of it.  Once, on the boot core, before page_init().
 */
void kmap_init(void);

/* kstack_kept_bytes - freed stacks that wait for the next task: as good as free. */
size_t kstack_kept_bytes(void);

/* kmap_lookup - the leaf descriptor that maps kernel address @va, or 0. */
uint64_t kmap_lookup(uintptr_t va);

/* kmap_to_phys - the physical address behind any mapped kernel address. */
paddr kmap_to_phys(const void *va);

/*
 * kmap_walk - call @fn for every leaf of the kernel's tables: its first address, its size in bytes,
 * its descriptor. For tests and dumps: no lock is taken.
 */
void kmap_walk(void (*fn)(uintptr_t va, size_t size, uint64_t desc, void *arg), void *arg);
