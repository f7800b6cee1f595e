/*
 * pgtable.c - user translation tables, for the functions that make and change mappings.  See
 * pgtable.h.
 *
 * Comes from the rest of mm/ with mm->lock held; the hardware walks the same tables at any time, on
 * every core.  Invariant: what an entry leads to is complete before the entry is stored, and an
 * entry is stored in one piece.
 */
#include "mm/pgtable.h"

#include "arm/id.h"
#include "log/panic.h"
#include "mm/tlb.h"
#include "mm/vma.h"

static bool exec_only; /* written once, before EL0 runs */

void pgt_init(void)
{
	uint64_t pan = ID_FIELD(id_aa64mmfr1_el1, MMFR1_PAN);

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
	return phys_to_virt(pte_phys(entry));
}

static unsigned int index_at(uintptr_t va, unsigned int level)
{
	return (va >> PTE_LEVEL_SHIFT(level)) & (PTE_ENTRIES - 1);
}

/*
 * Down to the table of @level that @va's way leads through; NULL: there is none.  Inlined where
 * @level is known: no loop is left.
 */
static inline __attribute__((always_inline)) uint64_t *table_at(uint64_t *pgd, uintptr_t va,
								unsigned int level)
{
	uint64_t *table = pgd;

#pragma GCC unroll 3
	for (unsigned int i = 0; i < level; i++) {
		uint64_t e = table[index_at(va, i)];

		if (!pte_is_table(e))
			return NULL;
		table = table_of(e);
	}
	return table;
}

/* The same, made; NULL: no memory. */
static uint64_t *make_table_at(uint64_t *pgd, uintptr_t va, unsigned int level)
{
	uint64_t *table = pgd;

	for (unsigned int i = 0; i < level; i++) {
		uint64_t *e = &table[index_at(va, i)];

		if (!(*e & PTE_VALID)) {
			struct page *p = page_alloc_zero();

			if (!p)
				return NULL;
			dmb(ishst); /* the zeros before the way to them */
			pgt_set_table(pgd, e, p);
		}
		CHECK(pte_is_table(*e)); /* what a block shows would be taken for entries */
		table = table_of(*e);
	}
	return table;
}

void pgt_set_table(uint64_t *pgd, uint64_t *entry, struct page *table)
{
	struct page *root = virt_to_page(pgd);

	/* In the root's list first: pgt_destroy frees by that list alone. */
	list_insert(&table->list, &root->list);
	WRITE_ONCE(root->tables, root->tables + 1);
	WRITE_ONCE(*entry, pte_make(page_to_phys(table), PTE_TABLE | PTE_VALID));
}

uint64_t *pgt_make(uint64_t *pgd, uintptr_t va)
{
	uint64_t *table = table_at(pgd, va, 3);

	if (unlikely(!table))
		table = make_table_at(pgd, va, 3);
	return table ? &table[index_at(va, 3)] : NULL;
}

uint64_t *pgt_level2(uint64_t *pgd, uintptr_t va, bool make)
{
	uint64_t *table = make ? make_table_at(pgd, va, 2) : table_at(pgd, va, 2);

	return table ? &table[index_at(va, 2)] : NULL;
}

uint64_t pgt_lookup(uint64_t *pgd, uintptr_t va)
{
	/* Under mm->lock: a table that is read here cannot be freed meanwhile. */
	uint64_t *table = table_at(pgd, va, 2), e = table ? table[index_at(va, 2)] : 0;

	if (likely(pte_is_table(e)))
		return table_of(e)[index_at(va, 3)];
	return e & PTE_VALID ? (e | PTE_PAGE) + (va & (BLOCK_SIZE - 1) & PAGE_MASK) : 0;
}

/*
 * Lets others in once in 256 steps over what is not there: in an address space that is large and
 * empty there are many.
 */
static void step_over_table(uintptr_t *va, unsigned int level)
{
	const uintptr_t span = 1UL << PTE_LEVEL_SHIFT(level);

	*va = ALIGN_DOWN(*va, span) + span;
	if (!(*va / span % 256))
		(void)give_way();
}

/*
 * Moves *va to the next address at or above it whose way leads through a table of @level, which it
 * returns; NULL: none below @end.
 */
static uint64_t *next_table(uint64_t *pgd, uintptr_t *va, uintptr_t end, unsigned int level)
{
	while (*va < end) {
		uint64_t *table = pgd;
		unsigned int i = 0;

		while (i < level && pte_is_table(table[index_at(*va, i)]))
			table = table_of(table[index_at(*va, i++)]);
		if (i == level)
			return table;
		step_over_table(va, i);
	}
	return NULL;
}

uint64_t *pgt_next(uint64_t *pgd, uintptr_t *va, uintptr_t end, size_t *n)
{
	uint64_t *table;

	if (*va >= end)
		return NULL;
	table = table_at(pgd, *va, 3);
	if (!table)
		table = next_table(pgd, va, end, 3);
	if (!table)
		return NULL;
	*n = min((size_t)(PTE_ENTRIES - pte_index(*va)), (end - *va) >> PAGE_SHIFT);
	return &table[pte_index(*va)];
}

uint64_t *pgt_next_level2(uint64_t *pgd, uintptr_t *va, uintptr_t end)
{
	uint64_t *table;

	for (; (table = next_table(pgd, va, end, 2)); step_over_table(va, 2)) {
		*va = ALIGN_DOWN(*va, BLOCK_SIZE);
		if (table[index_at(*va, 2)] & PTE_VALID)
			return &table[index_at(*va, 2)];
	}
	return NULL;
}

uint64_t *pgt_next_block(uint64_t *pgd, uintptr_t *va, uintptr_t end)
{
	uint64_t *entry;

	while ((entry = pgt_next_level2(pgd, va, end)) && !pte_is_block(*entry))
		step_over_table(va, 2);
	return entry;
}

/*
 * Frees the tables below @table (of @level, whose first entry maps @base) that lie in the hole and
 * overlap [start, end).
 */
static void free_below(struct mm *mm, uint64_t *table, unsigned int level, uintptr_t base,
		       const uintptr_t range[2], const uintptr_t hole[2])
{
	uintptr_t span = 1UL << PTE_LEVEL_SHIFT(level);
	struct page *root = virt_to_page(mm->pgd);
	unsigned int first = range[0] > base ? (unsigned int)((range[0] - base) / span) : 0;

	for (unsigned int i = first; i < PTE_ENTRIES; i++) {
		uintptr_t va = base + i * span;
		uint64_t e = table[i];

		if (va >= range[1])
			break;
		if (!pte_is_table(e))
			continue;
		(void)vm_worked(mm, PTE_ENTRIES / 8);
		if (level < 2)
			free_below(mm, table_of(e), level + 1, va, range, hole);
		if (va < hole[0] || va + span > hole[1])
			continue;
		/*
		 * The entry, then the flush that also drops what walks have kept of the way, then
		 * the table's page: no core may walk through memory that is another's.
		 */
		WRITE_ONCE(table[i], 0);
		tlb_flush_user(mm, va, va + PAGE_SIZE, true);
		list_del(&phys_to_page(pte_phys(e))->list);
		WRITE_ONCE(root->tables, root->tables - 1);
		page_put(phys_to_page(pte_phys(e)));
	}
}

void pgt_free_tables(struct mm *mm, uintptr_t start, uintptr_t end, uintptr_t floor,
		     uintptr_t ceiling)
{
	/* what the smallest tables map that lie in the hole: often none */
	const uintptr_t hole[2] = { ALIGN_UP(floor, BLOCK_SIZE), ALIGN_DOWN(ceiling, BLOCK_SIZE) };
	uintptr_t range[2];

	range[0] = max(start, hole[0]);
	range[1] = min(end, hole[1]);
	if (range[0] < range[1])
		free_below(mm, mm->pgd, 0, 0, range, hole);
}

void pgt_destroy(uint64_t *pgd)
{
	struct list_node *tables = &virt_to_page(pgd)->list;
	struct page *p;
	size_t n = 0;

	while ((p = list_pop(tables, struct page, list))) {
		page_put(p);
		if (!(++n % 256))
			(void)give_way();
	}
	page_put(virt_to_page(pgd));
}

size_t pgt_count(const uint64_t *pgd)
{
	return READ_ONCE(virt_to_page(pgd)->tables) + 1;
}

uint64_t *pgt_new(void)
{
	struct page *p = page_alloc_zero();

	if (!p)
		return NULL;
	list_init(&p->list);
	p->tables = 0;
	return page_to_virt(p);
}
