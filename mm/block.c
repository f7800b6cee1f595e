/*
 * block.c - user memory in 2 MiB blocks.  See block.h; used by mm/fault.c, mm/vm.c and mm/mmap.c,
 * where mm->blocks is not 0.
 *
 * Break before make: an entry that becomes a table, or nothing, is first invalid in all TLBs.
 */
#include "mm/block.h"

#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "mm/vma.h"

#define BLOCK_ORDER (BLOCK_SHIFT - PAGE_SHIFT)
#define BLOCK_PAGES (1UL << BLOCK_ORDER)

static uint64_t block_bits(uint32_t flags)
{
	return pgt_user(flags, flags & VM_WRITE) & ~PTE_PAGE;
}

/* The first frame of a block; its `next` is the table that the block keeps. */
static struct page *head_of(uint64_t entry)
{
	return phys_to_page(pte_phys(entry));
}

static void free_user_block(struct page *head)
{
	page_free(head->next, 0);
	page_free(head, BLOCK_ORDER);
}

/* Takes the block at @va out of all TLBs. */
static void clear_entry(struct mm *mm, uintptr_t va, uint64_t *entry)
{
	WRITE_ONCE(*entry, 0);
	tlb_flush_user(mm, va, va + PAGE_SIZE, false); /* any address of a block will do */
	mirrors_lose(mm, va, va + BLOCK_SIZE);
}

/* ---- making ---- */

bool block_fits(struct mm *mm, const struct vma *v, uintptr_t addr)
{
	uintptr_t start = ALIGN_DOWN(addr, BLOCK_SIZE);
	uint64_t *entry;

	if (v->object || start < v->start || v->end - start < BLOCK_SIZE || mm->no_blocks ||
	    (v->flags & (VM_WRITE | VM_EXEC | VM_GROWSDOWN | VM_NOHUGEPAGE)) != VM_WRITE)
		return false;
	entry = pgt_level2(mm->pgd, addr, false);
	return !entry || !*entry;
}

struct page *block_new(void)
{
	/* Where memory is low it would only be split again, for its pages to go out one by one. */
	struct page *head = page_is_low() ? NULL : page_alloc(BLOCK_ORDER);

	if (!head)
		return NULL;
	head->next = page_alloc(0);
	if (head->next)
		return head;
	page_free(head, BLOCK_ORDER);
	return NULL;
}

void block_clear(struct page *head)
{
	clear_pages(page_to_virt(head), BLOCK_PAGES);
}

void block_show(struct mm *mm, uintptr_t addr, struct page *head)
{
	const struct vma *v = mm_find(mm, addr);
	uint64_t *entry = v && block_fits(mm, v, addr) ? pgt_level2(mm->pgd, addr, true) : NULL;

	if (!entry) { /* no longer, or no memory: the fault comes again */
		free_user_block(head);
		return;
	}
	mm->pages += BLOCK_PAGES;
	mm->blocks++;
	dmb(ishst); /* the zeros before the way to them */
	WRITE_ONCE(*entry, pte_make(page_to_phys(head), block_bits(v->flags)));
}

/* ---- splitting ---- */

static void split_block(struct mm *mm, uintptr_t va, uint64_t *entry)
{
	struct page *head = head_of(*entry), *table = head->next;
	uint64_t *pte = page_to_virt(table), first = *entry | PTE_PAGE;

	/*
	 * The table is complete before any walk finds it.  Meanwhile other cores go on through the
	 * block.
	 */
	for (size_t i = 0; i < BLOCK_PAGES; i++)
		pte[i] = first + (i << PAGE_SHIFT);
	/* From here on each page has its own count; the lock keeps faults from looking at them. */
	page_split(head, BLOCK_ORDER);
	for (size_t i = 0; i < BLOCK_PAGES; i++)
		page_user_writes(head + i);
	clear_entry(mm, va, entry); /* its barriers also show the table */
	pgt_set_table(mm->pgd, entry, table);
	mm->blocks--;
}

void block_split_at(struct mm *mm, uintptr_t addr)
{
	uint64_t *entry = pgt_level2(mm->pgd, addr, false);

	if (entry && pte_is_block(*entry) && !IS_ALIGNED(addr, BLOCK_SIZE))
		split_block(mm, ALIGN_DOWN(addr, BLOCK_SIZE), entry);
}

void block_split(struct mm *mm, uintptr_t start, uintptr_t end)
{
	uint64_t *entry;

	for (uintptr_t va = start; (entry = pgt_next_block(mm->pgd, &va, end)); va += BLOCK_SIZE) {
		split_block(mm, va, entry);
		(void)vm_worked(mm, BLOCK_PAGES / 4);
	}
}

/* ---- the rest ---- */

void block_zap(struct mm *mm, uintptr_t start, uintptr_t end)
{
	uint64_t *entry;

	for (uintptr_t va = start; (entry = pgt_next_block(mm->pgd, &va, end)); va += BLOCK_SIZE) {
		struct page *head = head_of(*entry);

		clear_entry(mm, va, entry);
		/* After clear_entry: no TLB reaches the frames any more. */
		free_user_block(head);
		mm->pages -= BLOCK_PAGES;
		mm->blocks--;
		(void)vm_worked(mm, VMA_WORK);
	}
}

void block_protect(struct mm *mm, const struct vma *v)
{
	uint64_t *entry;

	if (v->flags & VM_EXEC) {
		/* What is executed has its instruction caches synced a page at a time. */
		block_split(mm, v->start, v->end);
		return;
	}
	for (uintptr_t va = v->start; (entry = pgt_next_block(mm->pgd, &va, v->end));
	     va += BLOCK_SIZE) {
		/*
		 * A valid entry that changes only in its rights: no break before make is needed,
		 * only the flush.
		 */
		WRITE_ONCE(*entry, pte_make(pte_phys(*entry), block_bits(v->flags)));
		tlb_flush_user(mm, va, va + PAGE_SIZE, false);
		mirrors_lose(mm, va, va + BLOCK_SIZE);
		(void)vm_worked(mm, VMA_WORK);
	}
}

void block_free_all(struct mm *mm)
{
	uint64_t *entry;

	for (uintptr_t va = 0; (entry = pgt_next_block(mm->pgd, &va, USER_TOP)); va += BLOCK_SIZE) {
		free_user_block(head_of(*entry));
		(void)vm_worked(mm, VMA_WORK);
	}
}

size_t block_pages(struct mm *mm, uintptr_t start, uintptr_t end)
{
	size_t n = 0;

	for (uintptr_t va = start; pgt_next_block(mm->pgd, &va, end); va += BLOCK_SIZE)
		n += BLOCK_PAGES;
	return n;
}
