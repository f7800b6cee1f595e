/*
 * wx.c - no page is writable and executable, by either of its names.
 *
 * Code has two places: the image's text and the arena of modules, each one run of frames.  So what
 * may be executed is looked up first, frame by frame for the arena, and then whether another leaf
 * lets one of these be written.
 */
#include "mm/wx.h"

#include <stdbool.h>

#include "arm/pte.h"
#include "lib/bitmap.h"
#include "lib/string.h"
#include "log/printk.h"
#include "mm/giveway.h"
#include "mm/kmap.h"
#include "mm/modarea.h"

#define ARENA_BITS ((MODULES_END - MODULES_BASE) >> PAGE_SHIFT)

extern char __text_start[], __text_end[];

/* Under modarea_freeze: one walk at a time. */
static struct {
	struct wx_counts n;
	uint64_t text, text_end, arena, arena_end; /* physical */
	uint64_t executable[BITMAP_WORDS(ARENA_BITS)];
} walk;

static bool can_write(uint64_t desc)
{
	return !(desc & PTE_RDONLY);
}

static bool can_execute(uint64_t desc)
{
	return (desc & (PTE_PXN | PTE_UXN)) != (PTE_PXN | PTE_UXN);
}

static void complain(uintptr_t va, size_t size, uint64_t desc, const char *what)
{
	walk.n.writable_executable++;
	pr_err("tables: %016lx+%#lx %s: %#lx\n", va, size, what, desc);
}

static void count_kind(uintptr_t va, uint64_t desc)
{
	if (!modarea_holds(va))
		return;
	if (can_execute(desc))
		walk.n.module_text++;
	else if (can_write(desc))
		walk.n.module_data++;
	else
		walk.n.module_rodata++;
}

/* First: what may be executed, and each leaf by itself. */
static void look_alone(uintptr_t va, size_t size, uint64_t desc, void *arg)
{
	uint64_t pa = desc & PTE_ADDR_MASK;

	if (walk.n.leaves++ % 1024 == 1023)
		(void)give_way();
	count_kind(va, desc);
	walk.n.open_to_el0 += !(desc & PTE_UXN) || (desc & PTE_USER);
	if (!can_execute(desc))
		return;
	if (can_write(desc))
		complain(va, size, desc, "is writable and executable");
	if (pa >= walk.arena && pa + size <= walk.arena_end)
		bitmap_set(walk.executable, (pa - walk.arena) >> PAGE_SHIFT, size >> PAGE_SHIFT);
	else if (pa < walk.text || pa + size > walk.text_end)
		complain(va, size, desc, "is executable, and no code's place");
}

/* Any of the arena's frames in [@pa, @end) that may be executed? */
static bool holds_code(uint64_t pa, uint64_t end)
{
	pa = max(pa, walk.arena);
	end = min(end, walk.arena_end);
	for (; pa < end; pa += PAGE_SIZE) {
		size_t bit = (pa - walk.arena) >> PAGE_SHIFT;

		if (walk.executable[bit / 64] & BIT(bit % 64))
			return true;
	}
	return false;
}

/* Then: is one of these frames writable by another name? */
static void look_for_names(uintptr_t va, size_t size, uint64_t desc, void *arg)
{
	uint64_t pa = desc & PTE_ADDR_MASK, end = pa + size;

	if (!can_write(desc) || can_execute(desc))
		return;
	if ((pa < walk.text_end && walk.text < end) || holds_code(pa, end))
		complain(va, size, desc, "is a writable name of code");
}

struct wx_counts wx_walk(void)
{
	struct wx_counts n;

	walk.arena = paddr_value(modarea_freeze());
	memset(&walk.n, 0, sizeof(walk.n));
	memset(walk.executable, 0, sizeof(walk.executable));
	walk.arena_end = walk.arena + modarea_size();
	walk.text = paddr_value(kmap_to_phys(__text_start));
	walk.text_end = walk.text + (uintptr_t)(__text_end - __text_start);
	kmap_walk(look_alone, NULL);
	kmap_walk(look_for_names, NULL);
	n = walk.n;
	modarea_thaw();
	return n;
}
