/*
 * early_map.c - the first translation tables, made with the MMU off: enough to be the kernel, no
 * more.
 *
 * 	TTBR1	the image at KERNEL_VA, each section with its own permissions, without el2/ and el3/
 * 		the same pages and the device tree in the linear map, writable where they are data
 * 	TTBR0	one page, text, where the MMU is turned on
 *
 * Invariant: no page is writable and executable, by either of its two names, from the first moment
 * on. mm/kmap.c goes on with the same root table, which it finds in TTBR1_EL1.
 */
#include "start/boot_info.h"
#include "start/start.h"

#include "arm/barrier.h"
#include "arm/pte.h"
#include "lib/util.h"
#include "mm/layout.h"

#define POOL_TABLES  32 /* 22 are used with an image of 4 MiB; each further 2 MiB take two more */

#define EARLY_TABLES __attribute__((section(".early"), aligned(PAGE_SIZE)))

EARLY_TABLES static uint64_t kernel_root[PTE_ENTRIES];
EARLY_TABLES uint64_t empty_root[PTE_ENTRIES];
EARLY_TABLES uint64_t idmap_root[PTE_ENTRIES];
EARLY_TABLES static uint64_t pool[POOL_TABLES][PTE_ENTRIES];
__attribute__((section(".early"))) static uint32_t pool_used;

/*
 * By hand, because a compiler's memset may be one with DC ZVA, which faults while the MMU is off.
 */
static void table_clear(uint64_t *table)
{
	for (int i = 0; i < PTE_ENTRIES; i += 8)
		__asm__ volatile("stp xzr, xzr, [%0]\n\tstp xzr, xzr, [%0, #16]\n\t"
				 "stp xzr, xzr, [%0, #32]\n\tstp xzr, xzr, [%0, #48]"
				 :
				 : "r"(&table[i])
				 : "memory");
}

static uint64_t *table_new(void)
{
	uint64_t *table;

	while (pool_used == POOL_TABLES)
		wfe(); /* the linker script's bound on the image keeps this from happening */
	table = pool[pool_used++];
	table_clear(table);
	return table;
}

static void map_page(uint64_t *root, uint64_t va, uint64_t pa, uint64_t attributes)
{
	uint64_t *table = root;

	for (int shift = 39; shift > PAGE_SHIFT; shift -= 9) {
		uint64_t *entry = &table[(va >> shift) % PTE_ENTRIES];

		if (!*entry)
			*entry = (uint64_t)table_new() | PTE_TABLE | PTE_VALID;
		table = (uint64_t *)(*entry & PTE_ADDR_MASK);
	}
	table[(va >> PAGE_SHIFT) % PTE_ENTRIES] = pa | attributes | PTE_PAGE;
}

static void map(uint64_t *root, uint64_t va, uint64_t pa, uint64_t end, uint64_t attributes)
{
	for (; pa < end; pa += PAGE_SIZE, va += PAGE_SIZE)
		map_page(root, va, pa, attributes);
}

/*
 * map_image - one section under both its names; in the linear map it is at most what @linear says.
 */
static void map_image(const char *start, const char *end, uint64_t attributes, uint64_t linear)
{
	uint64_t pa = (uint64_t)start;

	map(kernel_root, KERNEL_VA + (pa - (uint64_t)__image_start), pa, (uint64_t)end, attributes);
	map(kernel_root, LINEAR_BASE + pa, pa, (uint64_t)end, linear);
}

uint64_t early_map(const struct boot_info *boot)
{
	pool_used = 0;
	table_clear(kernel_root);
	table_clear(empty_root);
	table_clear(idmap_root);

	map_image(__text_start, __text_end, PTE_KERNEL_RX, PTE_KERNEL_RO);
	map_image(__rodata_start, __rodata_end, PTE_KERNEL_RO, PTE_KERNEL_RO);
	map_image(__data_start, boot_stack_guard, PTE_KERNEL_RW, PTE_KERNEL_RW);
	map_image(boot_stack, __bss_end, PTE_KERNEL_RW, PTE_KERNEL_RW);
	map(idmap_root, (uint64_t)__idmap_start, (uint64_t)__idmap_start,
	    (uint64_t)__idmap_start + PAGE_SIZE, PTE_KERNEL_RX);

	if (boot->dtb_size) {
		uint64_t first = ALIGN_DOWN(boot->dtb, PAGE_SIZE);

		/* writable: the seed in it is wiped once it was used (fs/random.c) */
		map(kernel_root, LINEAR_BASE + first, first, boot->dtb + boot->dtb_size,
		    PTE_KERNEL_RW);
	}
	dsb(sy);
	return (uint64_t)kernel_root;
}
