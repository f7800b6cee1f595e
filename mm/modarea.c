/*
 * modarea.c - the arena of modules.
 *
 * Page n of it is mapped, while it is allocated, at MODULES_BASE + n pages and nowhere else: the
 * linear map does not have these frames.  So a page has one set of permissions, and these are, in
 * the order of a module's life:
 *
 * 	modarea_alloc	RW, XN	the loader writes
 * 	modarea_seal	R, XN	in every TLB, before it may be executed: nobody writes any more
 * 			R, X	text alone, when the caches have been told
 * 	modarea_free	-	in every TLB, before another gets the frame
 *
 * Only permissions change in place, so there is no break-before-make (DDI 0487, "Using
 * break-before-make when updating translation table entries").
 * Invariant: a bit of arena.used is set where a page is mapped, and for the hole behind each
 * allocation, whose frame lies idle.
 */
#include "mm/modarea.h"

#include "arm/level_calls.h"
#include "arm/pte.h"
#include "lib/bitmap.h"
#include "lib/parse.h"
#include "log/printk.h"
#include "mm/giveway.h"
#include "mm/kmap.h"
#include "mm/memmap.h"
#include "task/oncores.h"
#include "task/wait.h"

#define ARENA_PAGES_MAX ((MODULES_END - MODULES_BASE) >> PAGE_SHIFT)
#define ARENA_DEFAULT	(UINT64_C(8) << 20)
#define ARENA_SHARE	16 /* one of so many bytes of free RAM, where the size is not asked for */
#define CLEAR_AT_ONCE	16 /* pages between two points to give way */
#define GIB		(UINT64_C(1) << 30)

static struct {
	struct mutex lock; /* of used and nr_used; outermost but for what loads modules */
	paddr frames;
	size_t nr_pages; /* 0: no modules */
	size_t nr_used;
	uint64_t used[BITMAP_WORDS(ARENA_PAGES_MAX)];
} arena = { .lock = MUTEX_INIT(arena.lock) };

/* ---- EL2's hand on it ---- */

#define EL2_AT_ONCE (64 * PAGE_SIZE) /* as arm/level_calls.h says */

static bool guarded;

/* The call @fn for the pages at @at, by pieces.  A refusal would be our own mistake. */
static void call_el2_for(uint32_t fn, const void *at, size_t size, uint64_t executable)
{
	uint64_t pa = paddr_value(arena.frames) + ((uintptr_t)at - MODULES_BASE), n;

	for (; guarded && size; pa += n, size -= n) {
		n = min(size, EL2_AT_ONCE);
		if (smccc_hvc(fn, pa, n, executable).x0 != SMCCC_SUCCESS)
			pr_err("modules: EL2 refuses call %#x for %#llx+%#llx\n", fn,
			       (unsigned long long)pa, (unsigned long long)n);
		(void)give_way();
	}
}

void modarea_guard(void)
{
	if (arena.nr_pages)
		guarded = smccc_hvc(NEWEL_HVC_ARENA, paddr_value(arena.frames), modarea_size(), 0)
				  .x0 == SMCCC_SUCCESS;
}

/* ---- bring-up ---- */

static uint64_t free_ram(void)
{
	uint64_t pa, end, sum = 0;

	for (pa = 0; memmap_next_free(&pa, &end); pa = end)
		sum += end - pa;
	return sum;
}

/* How many bytes the command line wants, or what we want; *@asked: it said so. */
static uint64_t arena_wanted(const char *cmdline, bool *asked)
{
	struct cmdline_word w;
	uint64_t bytes;

	*asked = false;
	if (cmdline && cmdline_find(cmdline, "newel.modules", &w)) {
		*asked = w.val && parse_size(w.val, w.val_len, &bytes) == (int)w.val_len;
		if (*asked)
			return bytes;
		pr_err("newel.modules=%.*s: a size was expected: ignored\n", (int)w.val_len,
		       w.val ? w.val : "");
	}
	return min(ARENA_DEFAULT, free_ram() / ARENA_SHARE);
}

/*
 * The highest free @size bytes below @limit that begin on a 2 MiB boundary, so that the linear map
 * keeps its blocks around them; 0: none.
 */
static uint64_t highest_place(uint64_t size, uint64_t limit)
{
	uint64_t pa, end, found = 0;

	for (pa = 0; memmap_next_free(&pa, &end) && pa < limit; pa = end) {
		uint64_t top = min(end, limit), at;

		if (top - pa < size)
			continue;
		at = ALIGN_DOWN(top - size, BLOCK_SIZE);
		if (at >= pa)
			found = at;
	}
	return found;
}

/*
 * In the first GiB that has RAM if it can be: the image lies there, so that the linear map has no
 * 1 GiB block of it anyway.
 */
static uint64_t find_place(uint64_t size)
{
	uint64_t pa = 0, end;

	if (!memmap_next_free(&pa, &end))
		return 0;
	return highest_place(size, ALIGN_DOWN(pa, GIB) + GIB) ?: highest_place(size, UINT64_MAX);
}

void modarea_reserve(const char *cmdline)
{
	bool asked;
	uint64_t wanted = arena_wanted(cmdline, &asked), size, at;

	size = ALIGN_DOWN(min(wanted, MODULES_END - MODULES_BASE), PAGE_SIZE);
	if (!size)
		return;
	/*
	 * Whoever asks for more than half of what there is would get no system to load them into.
	 */
	at = size <= free_ram() / 2 ? find_place(size) : 0;
	if (!at || memmap_reserve(at, size, true)) {
		pr_warn("modules: no room for the %llu KiB of newel.modules=: none can be loaded\n",
			(unsigned long long)size >> 10);
		return;
	}
	if (asked && size < ALIGN_DOWN(wanted, PAGE_SIZE))
		pr_warn("newel.modules=: cut to %llu KiB, all that branches reach\n",
			(unsigned long long)size >> 10);
	arena.frames = paddr_of(at);
	arena.nr_pages = size >> PAGE_SHIFT;
}

/* ---- allocation ---- */

static uintptr_t address_of_page(size_t n)
{
	return MODULES_BASE + (n << PAGE_SHIFT);
}

/* @n pages and a hole; arena.nr_pages: no room. */
static size_t take_pages(size_t n)
{
	size_t first;

	mutex_lock(&arena.lock);
	first = bitmap_find_clear(arena.used, arena.nr_pages, n + 1);
	if (first < arena.nr_pages) {
		bitmap_set(arena.used, first, n + 1);
		arena.nr_used += n + 1;
	}
	mutex_unlock(&arena.lock);
	return first;
}

static void give_pages(size_t first, size_t n)
{
	mutex_lock(&arena.lock);
	bitmap_clear(arena.used, first, n + 1);
	arena.nr_used -= n + 1;
	mutex_unlock(&arena.lock);
}

void *modarea_alloc(size_t size)
{
	size_t n = size / PAGE_SIZE + !!(size % PAGE_SIZE), first;
	paddr frames;

	if (!n || n >= arena.nr_pages || alloc_must_fail())
		return NULL;
	first = take_pages(n);
	if (first == arena.nr_pages)
		return NULL;
	frames = paddr_of(paddr_value(arena.frames) + (first << PAGE_SHIFT));
	if (!kmap_pages(address_of_page(first), frames, n << PAGE_SHIFT, PTE_KERNEL_RW)) {
		give_pages(first, n);
		return NULL;
	}
	/* The last module's, or the boot loader's. */
	for (size_t i = 0; i < n; i += CLEAR_AT_ONCE) {
		clear_pages((void *)address_of_page(first + i), min(n - i, (size_t)CLEAR_AT_ONCE));
		(void)give_way();
	}
	return (void *)address_of_page(first);
}

void modarea_free(void *at, size_t size)
{
	size_t n = size / PAGE_SIZE + !!(size % PAGE_SIZE);

	if (!at)
		return;
	/* Unmapped before the pages are free: none of them is two modules'. */
	kmap_unmap_pages((uintptr_t)at, n << PAGE_SHIFT);
	call_el2_for(NEWEL_HVC_UNSEAL, at, n << PAGE_SHIFT, 0);
	give_pages(((uintptr_t)at - MODULES_BASE) >> PAGE_SHIFT, n);
}

void modarea_seal(void *at, size_t size, enum modarea_seal as)
{
	/* In two steps: no core may execute it while another's TLB still lets it write. */
	kmap_protect_pages((uintptr_t)at, size, PTE_KERNEL_RO);
	call_el2_for(NEWEL_HVC_SEAL, at, size, as == MODAREA_TEXT);
	if (as != MODAREA_TEXT)
		return;
	/* By the address that it is executed at, and the last store is behind us. */
	for (size_t done = 0; done < size; done += PAGE_SIZE) {
		sync_icache_page((char *)at + done);
		(void)give_way();
	}
	kmap_protect_pages((uintptr_t)at, size, PTE_KERNEL_RX);
	/* What a core has fetched ahead of this was not that. */
	cores_call(NULL, NULL);
}

bool modarea_holds(uintptr_t va)
{
	return va - MODULES_BASE < arena.nr_pages << PAGE_SHIFT;
}

size_t modarea_size(void)
{
	return arena.nr_pages << PAGE_SHIFT;
}

size_t modarea_used(void)
{
	return READ_ONCE(arena.nr_used) << PAGE_SHIFT;
}

paddr modarea_freeze(void)
{
	mutex_lock(&arena.lock);
	return arena.frames;
}

void modarea_thaw(void)
{
	mutex_unlock(&arena.lock);
}
