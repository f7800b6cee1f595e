/*
 * pgtable.h - a user translation tree (TTBR0, 4 levels): finding, making and dropping its tables.
 *
 * It knows descriptors, not VMAs.  A leaf holds a reference to its page unless PTE_SPECIAL says
 * that nobody counts it. mm->lock is held by every caller (a tree that no core runs in yet, or any
 * more, needs none).  Functions that walk many tables give way meanwhile (mm/giveway.h); pgt_lookup
 * does not.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arm/pte.h"
#include "mm/page.h"

struct mm;

#define PTE_SPECIAL SYSREG_BIT(55) /* software's bit: the page is not counted (the zero page) */

/*
 * pgt_user - the descriptor bits for a user page: @flags VM_READ|VM_WRITE|VM_EXEC, @writable: may
 * be written right now.
 */
uint64_t pgt_user(uint32_t flags, bool writable);

/*
 * Of a descriptor: the address it holds; the descriptor of an address; of a virtual address: its
 * index in a table of level 3; what kind a descriptor is.
 */
static inline paddr pte_phys(uint64_t pte)
{
	return paddr_of(pte & PTE_ADDR_MASK);
}

static inline uint64_t pte_make(paddr pa, uint64_t bits)
{
	return paddr_value(pa) | bits;
}

static inline unsigned int pte_index(uintptr_t va)
{
	return (va >> PAGE_SHIFT) & (PTE_ENTRIES - 1);
}

static inline bool pte_is_table(uint64_t e)
{
	return (e & (PTE_VALID | PTE_TABLE)) == (PTE_VALID | PTE_TABLE);
}

static inline bool pte_is_block(uint64_t e) /* at level 2 */
{
	return (e & (PTE_VALID | PTE_TABLE)) == PTE_VALID;
}

/*
 * pgt_lookup - what shows at @va: a page's entry, made up where @va lies in a block; 0: nothing.
 * For callers that only look: no function returns a pointer to a page's entry, because in a block
 * there is none.
 */
uint64_t pgt_lookup(uint64_t *pgd, uintptr_t va);

/*
 * pgt_make - the page's entry for @va, its table made if need be; NULL: no memory.  No block may be
 * there: the caller knows, or has split it.
 */
uint64_t *pgt_make(uint64_t *pgd, uintptr_t va) __must_check;

/*
 * pgt_level2 - the entry for the 2 MiB around @va; NULL: no table there or, with @make, no memory
 * for one.
 */
uint64_t *pgt_level2(uint64_t *pgd, uintptr_t va, bool make) __must_check;

/* pgt_set_table - @table, filled and visible, becomes what the invalid level-2 @entry leads to. */
void pgt_set_table(uint64_t *pgd, uint64_t *entry, struct page *table);

/*
 * pgt_next_level2 - the first 2 MiB at or above *@va, below @end, of which there is a block or a
 * table: the entry, with *@va moved to its first address (which may be below what it was); NULL:
 * no more.
 */
uint64_t *pgt_next_level2(uint64_t *pgd, uintptr_t *va, uintptr_t end);

/*
 * pgt_next_block - the first block at or above *@va, below @end: its entry, with *@va moved to its
 * start; NULL: no more.
 */
uint64_t *pgt_next_block(uint64_t *pgd, uintptr_t *va, uintptr_t end);

/*
 * pgt_next - walk the last-level tables of [@*va, @end): the entry for @*va in the first table at
 * or after it, with @*va moved there and @*n entries of it in the range; NULL: no more.  Blocks are
 * passed over: they are mm/block.h's, whose function for the same purpose is called beside every
 * such walk.
 */
uint64_t *pgt_next(uint64_t *pgd, uintptr_t *va, uintptr_t end, size_t *n);

/*
 * pgt_free_tables - after the leaves of [@start, @end) are gone: free every table that maps nothing
 * outside [@floor, @ceiling), the hole around.  Flushes as it goes (walk caches, too).  Returns
 * nothing.
 */
void pgt_free_tables(struct mm *mm, uintptr_t start, uintptr_t end, uintptr_t floor,
		     uintptr_t ceiling);

/*
 * pgt_destroy - free all tables of a tree that no core runs in and that has no leaves left, the
 * root too: all are in a list that begins at the root's struct page.
 */
void pgt_destroy(uint64_t *pgd);
/* pgt_count - how many there are. */
size_t pgt_count(const uint64_t *pgd);

/* pgt_new - an empty root, or NULL. */
uint64_t *pgt_new(void) __must_check;

/* pgt_init - look at what the core offers (EPAN: pages that may be executed and not read). */
void pgt_init(void);
/* pgt_exec_only - can a page be executed and not read? */
bool pgt_exec_only(void);
