/*
 * move.c - where a machine has memory that only the secure side can see, el3/ moves there, before
 * any core has left EL3: then no mistake of a level below, and no device that it tells to write
 * somewhere, can reach it, with EL2 or without.
 *
 * All of el3/ is PC-relative, so a copy at the same distances is el3/ again: text, then, as far
 * behind it as the linker has put them, data and stacks.  Two things stay in the image: the rings,
 * which EL1 reads (el3/rings.c), and a copy that waits for who has not come yet (el3_bystander).
 */
#include "el3/el3.h"

#include "arm/cache.h"

extern char __resident_start[], __resident_el2_text[], __resident_el2_end[];
extern char __resident_rings_start[];

#define PAGE UINT64_C(0x1000)

/* By stores that no compiler makes a call of: this runs with the MMU off. */
static void copy_part(const char *start, const char *end, uint64_t moved)
{
	const volatile uint64_t *from = (const volatile uint64_t *)start;
	volatile uint64_t *to = (volatile uint64_t *)((uint64_t)start + moved);
	size_t size = (size_t)(end - start);

	/* No older line may come down on it: what runs there reads past the caches. */
	dcache_clean_invalidate(to, size);
	for (size_t i = 0; i < size / sizeof(*to); i++)
		to[i] = from[i];
}

uint64_t el3_move(void)
{
	uint64_t base = ALIGN_UP(el3_machine.secure_ram, PAGE),
		 lost = base - el3_machine.secure_ram;
	uint64_t needed = (uint64_t)(__resident_rings_start - __resident_start);

	if (el3_machine.secure_size < lost || el3_machine.secure_size - lost < needed)
		return 0;
	/* First: the copy has to know it too. */
	el3_machine.moved = base - (uint64_t)__resident_start;
	dsb(sy);
	copy_part(__resident_start, __resident_el2_text, el3_machine.moved);
	copy_part(__resident_el2_end, __resident_rings_start, el3_machine.moved);
	__asm__ volatile("dsb sy\n\tic iallu\n\tdsb sy\n\tisb" ::: "memory");
	return el3_machine.moved;
}
