/*
 * pgtable.c - user translation tables.  See pgtable.h; used by mm/vm.c, mm/fault.c and mm/fork.c.
 */
#include "mm/pgtable.h"

#include "arm/atomic.h"
#include "arm/barrier.h"
#include "mm/tlb.h"
#include "mm/vm.h"

static bool exec_only; /* written once, before EL0 runs */

void pgt_init(void)
{
	uint64_t pan = READ_SYSREG(id_aa64mmfr1_el1) >> 20 & 0xf;

	exec_only = pan >= 3; /* FEAT_PAN3: PAN covers pages that EL0 may only execute */
}

bool pgt_exec_only(void)
{
	return exec_only;
}

uint64_t pgt_user(uint32_t flags, bool writable)
{
	uint64_t pte = PTE_VALID | PTE_PAGE | PTE_AF | PTE_SHARED | PTE_nG | PTE_PXN |
		       PTE_ATTR(MAIR_NORMAL);

	if ((flags & (VM_READ | VM_WRITE)) || ((flags & VM_EXEC) && !exec_only))
		pte |= PTE_USER;
	if (!writable)
		pte |= PTE_RDONLY;
	if (!(flags & VM_EXEC))
		pte |= PTE_UXN;
	return pte;
}

static uint64_t *table_of(uint64_t entry)
{
	return phys_to_virt(entry & PTE_ADDR_MASK);
}

static unsigned int index_at(uintptr_t va, unsigned int level)
{
	return (va >> PTE_LEVEL_SHIFT(level)) & (PTE_ENTRIES - 1);
}

uint64_t *pgt_find(uint64_t *pgd, uintptr_t va)
{
	uint64_t *table = pgd;

	for (unsigned int level = 0; level < 3; level++) {
		uint64_t e = table[index_at(va, level)];

		if (!(e & PTE_VALID))
			return NULL;
		table = table_of(e);
	}
	return &table[index_at(va, 3)];
}

uint64_t *pgt_make(uint64_t *pgd, uintptr_t va)
{
	uint64_t *table = pgd;

	for (unsigned int level = 0; level < 3; level++) {
		uint64_t *e = &table[index_at(va, level)];

		if (!(*e & PTE_VALID)) {
			struct page *p = page_alloc_zero();

			if (!p)
				return NULL;
			list_insert(&p->list, &virt_to_page(pgd)->list);
			dmb(ishst); /* the zeros before the way to them */
			WRITE_ONCE(*e, page_to_phys(p) | PTE_TABLE | PTE_VALID);
		}
		table = table_of(*e);
	}
	return &table[index_at(va, 3)];
}

uint64_t *pgt_next(uint64_t *pgd, uintptr_t *va, uintptr_t end, size_t *n)
{
	while (*va < end) {
		uint64_t *table = pgd;
		unsigned int level = 0;

		while (level < 3 && (table[index_at(*va, level)] & PTE_VALID))
			table = table_of(table[index_at(*va, level++)]);
		if (level == 3) {
			*n = min((size_t)(PTE_ENTRIES - pte_index(*va)), (end - *va) >> PAGE_SHIFT);
			return &table[pte_index(*va)];
		}
		*va = ALIGN_DOWN(*va, 1UL << PTE_LEVEL_SHIFT(level)) +
		      (1UL << PTE_LEVEL_SHIFT(level));
	}
	return NULL;
}

/* Frees the tables below @table (of @level, whose first entry maps @base) that lie in the hole and overlap [start, end). */
static void free_below(uint64_t *table, unsigned int level, uintptr_t base,
		       const uintptr_t range[2], const uintptr_t hole[2], uint64_t asid)
{
	uintptr_t span = 1UL << PTE_LEVEL_SHIFT(level);
	unsigned int first = range[0] > base ? (unsigned int)((range[0] - base) / span) : 0;

	for (unsigned int i = first; i < PTE_ENTRIES; i++) {
		uintptr_t va = base + i * span;
		uint64_t e = table[i];

		if (va >= range[1])
			break;
		if (!(e & PTE_VALID))
			continue;
		if (level < 2)
			free_below(table_of(e), level + 1, va, range, hole, asid);
		if (va < hole[0] || va + span > hole[1])
			continue;
		WRITE_ONCE(table[i], 0);
		tlb_flush_user(asid, va, va + PAGE_SIZE, true);
		list_del(&phys_to_page(e & PTE_ADDR_MASK)->list);
		page_put(phys_to_page(e & PTE_ADDR_MASK));
	}
}

void pgt_free_tables(uint64_t *pgd, uintptr_t start, uintptr_t end, uintptr_t floor,
		     uintptr_t ceiling, uint64_t asid)
{
	const uintptr_t range[2] = { start, end }, hole[2] = { floor, ceiling };

	free_below(pgd, 0, 0, range, hole, asid);
}

void pgt_destroy(uint64_t *pgd)
{
	struct list_node *tables = &virt_to_page(pgd)->list;
	struct page *p;

	while ((p = list_pop(tables, struct page, list)))
		page_put(p);
	page_put(virt_to_page(pgd));
}

size_t pgt_count(const uint64_t *pgd)
{
	const struct list_node *tables = &virt_to_page(pgd)->list;
	const struct page *p;
	size_t n = 1;

	list_for_each(p, tables, list)
		n++;
	return n;
}

uint64_t *pgt_new(void)
{
	struct page *p = page_alloc_zero();

	if (!p)
		return NULL;
	list_init(&p->list);
	return page_to_virt(p);
}
