/*
 * memory.c - see memory.h.
 *
 * Both tables are built by the first core with the MMU off, in pages that are no part of the
 * image's file, and cleaned out of the caches before any core walks them (el2_leave).  From then
 * on they change under el2_memory_lock alone.
 *
 * Invariant: what the host's stage 2 does not have, or lets it only read, is so on every core
 * before the function that took it returns.
 */
#include "el2/memory.h"
#include "el2/board.h"
#include "el2/el2.h"

#include "abi/errno.h"
#include "arm/levels.h"

#define PAGE	   UINT64_C(0x1000)
#define BLOCK	   BLOCK_SIZE
#define PAGES	   __attribute__((section(".pages"), aligned(4096)))
#define ROOT_PAGES 8  /* of a stage 2 of 42 bits, the most that begins at level 1 here */
#define POOL_PAGES 64 /* for tables: some 30 are used with an arena of modules of 30 MiB */
#define FAR_TABLES 16 /* of these, at most, for addresses beyond FAR */
#define FAR	   (UINT64_C(1) << PTE_LEVEL_SHIFT(0))

extern char __resident_start[], __resident_el2_text[], __resident_el2_data[], __resident_el2_end[];
extern char __resident_rings_start[], __resident_el3_rings[], __resident_end[];
extern char __resident_el2_pages[], __resident_el2_pages_end[];

__attribute__((section(".pages"),
	       aligned(ROOT_PAGES * 4096))) static uint64_t host_root[ROOT_PAGES * PTE_ENTRIES];
PAGES static uint64_t own_root[PTE_ENTRIES];
PAGES static uint64_t pool[POOL_PAGES][PTE_ENTRIES];

PAGES char el2_stacks[MPIDR_SLOTS][EL2_STACK_SIZE];

struct el2_lock el2_memory_lock;
static struct el2_table own, host;
static uint64_t pool_free;	/* the first free page; its first word names the next; 0: none */
static unsigned int far_tables; /* in use */

static uint64_t address_of(const void *p)
{
	return (uint64_t)p;
}

/* By stores that no compiler makes a call of: the MMU may be off, and lib/ is not ours. */
static void clear_words(uint64_t *at, uint64_t bytes)
{
	for (uint64_t *end = at + bytes / sizeof(*at); at < end; at += 2)
		__asm__ volatile("stp xzr, xzr, [%0]" ::"r"(at) : "memory");
}

/* Where to get pages for tables when those of the image are used up, and where they go back. */
static uint64_t (*spare_new)(void);
static void (*spare_free)(uint64_t page);

void el2_memory_spare(uint64_t (*page_new)(void), void (*page_free)(uint64_t page))
{
	spare_new = page_new;
	spare_free = page_free;
}

static void put_page(uint64_t page)
{
	*(volatile uint64_t *)page = pool_free;
	pool_free = page;
}

static uint64_t get_page(struct el2_table *t)
{
	uint64_t page = pool_free;

	if (!page)
		return spare_new ? spare_new() : 0;
	pool_free = *(volatile uint64_t *)page;
	el2_clear((void *)page, PAGE);
	return page;
}

static void free_page(struct el2_table *t, uint64_t page)
{
	if (page - address_of(pool) < sizeof(pool))
		put_page(page);
	else
		spare_free(page);
}

static void flush_own(struct el2_table *t, uint64_t va, uint64_t size)
{
	dsb(ishst);
	if (size > 32 * PAGE)
		__asm__ volatile("tlbi alle2is" ::: "memory");
	else
		for (uint64_t at = va; at < va + size; at += PAGE)
			__asm__ volatile("tlbi vae2is, %0" ::"r"(at >> 12) : "memory");
	dsb(ish);
	isb();
}

/*
 * Rarely done, and so by all entries of VMID 0, stage 1 and stage 2 in one: what was combined from
 * both would outlive an invalidation by intermediate address alone (DDI 0487, TLBI IPAS2E1).
 */
static void flush_host(struct el2_table *t, uint64_t ipa, uint64_t size)
{
	dsb(ishst);
	__asm__ volatile("tlbi vmalls12e1is" ::: "memory");
	dsb(ish);
	isb();
}

/* ---- built once ---- */

/* A boot that has no page for its tables stops here, before anyone could rely on them. */
static void must(int err)
{
	while (err)
		wfe();
}

static void map_own(const char *start, const char *end, uint64_t attributes)
{
	if (end > start)
		must(el2_table_map(&own, address_of(start), address_of(start),
				   (uint64_t)(end - start), attributes, TABLE_LEVEL_4K));
}

static void build_own(void)
{
	own = (struct el2_table){ .root = address_of(own_root), .input_bits = 48 };
	own.page_new = get_page;
	own.page_free = free_page;
	own.flush = flush_own;
	clear_words(own_root, sizeof(own_root));
	map_own(__resident_el2_text, __resident_el2_data, S1_RX);
	map_own(__resident_el2_data, __resident_el2_end, S1_RW);
	map_own(__resident_el2_pages, __resident_el2_pages_end, S1_RW);
	/* A stack that is too short is a fault, and not another core's registers. */
	for (unsigned int i = 0; i < MPIDR_SLOTS; i++)
		must(el2_table_unmap(&own, address_of(el2_stacks[i]), EL2_STACK_GUARD));
	/* As EL1 has them: arm/level_notes.h. */
	map_own(__resident_rings_start, __resident_el3_rings, S1_DEVICE(MAIR_DEVICE_nGnRnE));
	for (unsigned int i = 0; i < RAWUARTS; i++) {
		uint64_t page = ALIGN_DOWN(el2_uarts[i].base, PAGE);

		if (el2_uarts[i].kind != RAWUART_NONE)
			must(el2_table_map(&own, page, page, PAGE, S1_DEVICE(MAIR_DEVICE_nGnRE),
					   TABLE_LEVEL_4K));
	}
}

static void keep_from_host(uint64_t pa, uint64_t end)
{
	if (end > pa)
		must(el2_table_unmap(&host, pa, end - pa));
}

static void build_host(unsigned int bits)
{
	uint64_t all = UINT64_C(1) << bits;

	/* Level 0 is for addresses of more than 42 bits (DDI 0487, VTCR_EL2.SL0). */
	host = (struct el2_table){ .root = address_of(host_root),
				   .input_bits = bits,
				   .start = bits <= 42 };
	host.page_new = get_page;
	host.page_free = free_page;
	host.flush = flush_host;
	clear_words(host_root, sizeof(host_root));
	must(el2_table_map(&host, 0, 0, host.start ? all : min(all, FAR), S2_RWX, TABLE_LEVEL_1G));
	keep_from_host(address_of(__resident_start), address_of(__resident_rings_start));
	must(el2_table_protect(&host, address_of(__resident_rings_start),
			       (uint64_t)(__resident_end - __resident_rings_start), S2_XN,
			       S2_WRITE));
	keep_from_host(address_of(__resident_el2_pages), address_of(__resident_el2_pages_end));
	keep_from_host(ALIGN_DOWN(el2_board.el3.base, PAGE),
		       ALIGN_UP(el2_board.el3.base + el2_board.el3.size, PAGE));
}

void el2_memory_start(bool vhe)
{
	static const uint8_t pa_bits[] = { 32, 36, 40, 42, 44, 48 };
	uint64_t range = min(ID_FIELD(id_aa64mmfr0_el1, MMFR0_PARange), (uint64_t)5);

	pool_free = 0;
	spare_new = NULL;
	far_tables = 0;
	el2_memory_lock = (struct el2_lock){ 0, 0 };
	for (unsigned int i = 0; i < POOL_PAGES; i++)
		put_page(address_of(pool[i]));
	build_own();
	build_host(pa_bits[range]);
	el2_boot.mair = MAIR_VALUE;
	el2_boot.tcr = TCR_T0SZ(48) | TCR_EL2_WALKS |
		       (vhe ? TCR_EL2_VHE_EPD1 | range << TCR_IPS_SHIFT
			    : TCR_EL2_RES1 | range << TCR_EL2_PS_SHIFT);
	el2_boot.ttbr0 = own.root;
	el2_boot.sctlr = SCTLR_EL2_OFF | SCTLR_M | SCTLR_C | SCTLR_SA | SCTLR_I | SCTLR_EL2_WXN;
	el2_boot.vtcr = VTCR_RES1 | range << TCR_EL2_PS_SHIFT | TCR_EL2_WALKS |
			VTCR_SL0(host.start) | TCR_T0SZ(host.input_bits);
	el2_boot.vttbr = host.root;
}

/* ---- what the host has ---- */

/* Beyond FAR a table is made when the host first comes there: it costs a page each 512 GiB. */
static bool map_far(uint64_t ipa)
{
	uint64_t at = ALIGN_DOWN(ipa, FAR);

	if (host.start || at < FAR || ipa >> host.input_bits || far_tables == FAR_TABLES)
		return false;
	if (el2_table_map(&host, at, at, FAR, S2_RWX, TABLE_LEVEL_1G))
		return false;
	far_tables++;
	return true;
}

bool el2_host_lets(uint64_t ipa, uint64_t set, uint64_t clear)
{
	unsigned int level;
	uint64_t leaf = el2_table_find(&host, ipa, &level);

	if (!leaf && map_far(ipa))
		leaf = el2_table_find(&host, ipa, &level);
	return leaf && (leaf & set) == set && !(leaf & clear);
}

bool el2_is_ram(uint64_t pa, uint64_t size)
{
	for (unsigned int i = 0; i < el2_board.nr_ram; i++) {
		const struct el2_range *r = &el2_board.ram[i];

		if (pa >= r->base && size <= r->size && pa - r->base <= r->size - size)
			return true;
	}
	return false;
}

bool el2_host_has(uint64_t pa, uint64_t size, bool write)
{
	const uint64_t need = S2_READ | (write ? S2_WRITE : 0);
	unsigned int level;
	uint64_t leaf, end = pa + size;

	if (!size || !el2_is_ram(pa, size))
		return false;
	while (pa < end) {
		leaf = el2_table_find(&host, pa, &level);
		if ((leaf & need) != need)
			return false;
		pa = ALIGN_DOWN(pa, SYSREG_BIT(PTE_LEVEL_SHIFT(level))) +
		     SYSREG_BIT(PTE_LEVEL_SHIFT(level));
	}
	return true;
}

static bool found_leaf(void *arg, uint64_t ia, unsigned int level, uint64_t *leaf)
{
	return false;
}

/*
 * EL2 sees some of it already: the modules' arena, a vcpu's page.  It is not to be mapped once
 * more: whoever came last would take the mapping away from the other.
 */
static bool is_seen(uint64_t pa, uint64_t size)
{
	return !el2_table_walk(&own, pa, size, found_leaf, NULL);
}

int el2_host_take(uint64_t block)
{
	int err;

	if (!IS_ALIGNED(block, BLOCK) || !el2_host_has(block, BLOCK, true) || is_seen(block, BLOCK))
		return -EINVAL;
	err = el2_table_unmap(&host, block, BLOCK);
	if (!err)
		err = el2_table_map(&own, block, block, BLOCK, S1_RW, TABLE_LEVEL_2M);
	if (err)
		el2_host_give(block);
	return err;
}

void el2_host_give(uint64_t block)
{
	/* All of it is one entry, in tables that are there: neither wants a page. */
	must(el2_table_unmap(&own, block, BLOCK));
	must(el2_table_map(&host, block, block, BLOCK, S2_RWX, TABLE_LEVEL_2M));
}

int el2_see(uint64_t page)
{
	if (is_seen(page, PAGE))
		return -EBUSY;
	return el2_table_map(&own, page, page, PAGE, S1_RW, TABLE_LEVEL_4K);
}

void el2_unsee(uint64_t page)
{
	must(el2_table_unmap(&own, page, PAGE));
	el2_table_trim(&own, page);
}

/* ---- what is sealed ---- */

int el2_host_protect(uint64_t pa, uint64_t size, uint64_t set, uint64_t clear)
{
	return el2_table_protect(&host, pa, size, set, clear);
}

int el2_own_map(uint64_t pa, uint64_t size)
{
	return el2_table_map(&own, pa, pa, size, S1_RW, TABLE_LEVEL_2M);
}

void el2_clear(void *at, uint64_t size)
{
	uint64_t dczid = READ_SYSREG(dczid_el0), step = UINT64_C(4) << (dczid & DCZID_BS);

	/* DC ZVA is for memory that is cached. */
	if (dczid & DCZID_DZP || !(READ_SYSREG(sctlr_el2) & SCTLR_C) ||
	    ((uint64_t)at | size) & (step - 1)) {
		clear_words(at, size);
		return;
	}
	for (uint64_t p = (uint64_t)at, end = p + size; p < end; p += step)
		__asm__ volatile("dc zva, %0" ::"r"(p) : "memory");
}
