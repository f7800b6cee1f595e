/*
 * kvmap.c - large buffers out of single pages.
 *
 * Invariant: a bit of window.used is set where a page is mapped or about to be, and for the hole
 * behind each buffer.  The lowest free addresses go first, and their tables stay (mm/kmap.c), so
 * what that costs has an end.
 */
#include "mm/kvmap.h"

#include "arm/pte.h"
#include "lib/bitmap.h"
#include "lib/export.h"
#include "mm/giveway.h"
#include "mm/kmap.h"
#include "task/wait.h"

#define WINDOW_PAGES (UL(128) << 20 >> PAGE_SHIFT)

static struct {
	struct mutex lock; /* a leaf */
	uint64_t used[BITMAP_WORDS(WINDOW_PAGES)];
} window = { .lock = MUTEX_INIT(window.lock) };

static size_t pages_of(size_t size)
{
	return size / PAGE_SIZE + !!(size % PAGE_SIZE);
}

static uintptr_t take_addresses(size_t n)
{
	size_t first;

	mutex_lock(&window.lock);
	first = bitmap_find_clear(window.used, WINDOW_PAGES, n + 1);
	if (first < WINDOW_PAGES)
		bitmap_set(window.used, first, n + 1);
	mutex_unlock(&window.lock);
	return first < WINDOW_PAGES ? KVMAP_BASE + (first << PAGE_SHIFT) : 0;
}

static void give_addresses(uintptr_t va, size_t n)
{
	mutex_lock(&window.lock);
	bitmap_clear(window.used, (va - KVMAP_BASE) >> PAGE_SHIFT, n + 1);
	mutex_unlock(&window.lock);
}

/* Unmaps the first @n pages at @va, and frees them. */
static void drop_pages(uintptr_t va, size_t n)
{
	struct page *gone = NULL, *p;

	/* While they are mapped they can be found; none is freed before all are unmapped. */
	for (size_t i = 0; i < n; i++) {
		p = phys_to_page(kmap_to_phys((void *)(va + (i << PAGE_SHIFT))));
		p->next = gone;
		gone = p;
	}
	kmap_unmap_pages(va, n << PAGE_SHIFT);
	while ((p = gone)) {
		gone = p->next;
		page_free(p, 0);
		(void)give_way();
	}
}

static bool map_one(uintptr_t va)
{
	struct page *p = page_alloc_zero();

	if (!p)
		return false;
	if (kmap_pages(va, page_to_phys(p), PAGE_SIZE, PTE_KERNEL_RW))
		return true;
	page_free(p, 0);
	return false;
}

void *kvmap_alloc(size_t size)
{
	size_t n = pages_of(size);
	uintptr_t va;

	if (!n || n >= WINDOW_PAGES)
		return NULL;
	va = take_addresses(n);
	for (size_t i = 0; va && i < n; i++)
		if (!map_one(va + (i << PAGE_SHIFT))) {
			drop_pages(va, i);
			give_addresses(va, n);
			return NULL;
		}
	return (void *)va;
}
EXPORT(kvmap_alloc);

void kvmap_free(void *at, size_t size)
{
	if (!at)
		return;
	drop_pages((uintptr_t)at, pages_of(size));
	give_addresses((uintptr_t)at, pages_of(size));
}
EXPORT(kvmap_free);
