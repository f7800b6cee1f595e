/*
 * slab.h - kernel memory in pieces smaller than a page, and larger.
 *
 * Context: may be called with spinlocks held, never from an interrupt handler.  kmalloc never
 * sleeps.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/util.h"

/*
 * kmalloc - @size bytes, aligned to 16 (to @size for a power of two up to a page), contents
 * undefined.
 * @size: 1 .. 4 MiB.  Above a page it takes whole pages.  Returns NULL when there is no memory or
 * @size is more.
 */
void *kmalloc(size_t size) __must_check;

/* kzalloc - the same, filled with zeros. */
void *kzalloc(size_t size) __must_check;

/* krealloc - like realloc(3): on failure NULL, and @p still holds what it held. */
void *krealloc(void *p, size_t old_size, size_t size) __must_check;

/* kfree - give back what kmalloc, kzalloc, krealloc or kstrdup gave; NULL is nothing. */
void kfree(void *p);

/* kstrdup - a copy of the NUL-terminated @s, or NULL. */
char *kstrdup(const char *s) __must_check;

/*
 * slab_free_bytes - what kmalloc holds and nobody uses: it is as good as free.
 */
size_t slab_free_bytes(void);

/*
 * memory_free_bytes - what nobody uses: free frames, and what kmalloc and the kernel stacks keep
 * ready in their caches.  So it is the same before and after something that gave all back, whatever
 * the caches did meanwhile (sysinfo(2), the leak tests).
 */
size_t memory_free_bytes(void);

/* Called once by kmain, after page_init(). */
void slab_init(void);
