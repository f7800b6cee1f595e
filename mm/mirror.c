/*
 * mirror.c - see mirror.h.  Comes from mm/tlb.h, and for faults of a guest.
 */
#include "mm/mirror.h"

#include "mm/pgtable.h"

void mm_mirror_add(struct mm *mm, struct mm_mirror *m)
{
	vm_lock(mm);
	m->next = mm->mirrors;
	mm->mirrors = m;
	vm_unlock(mm);
}

void mm_mirror_remove(struct mm *mm, struct mm_mirror *m)
{
	vm_lock(mm);
	for (struct mm_mirror **p = &mm->mirrors; *p; p = &(*p)->next)
		if (*p == m) {
			*p = m->next;
			break;
		}
	vm_unlock(mm);
}

void mirrors_lose_now(struct mm *mm, uintptr_t start, uintptr_t end)
{
	mutex_assert_held(&mm->lock);
	for (struct mm_mirror *m = mm->mirrors; m; m = m->next)
		m->lost(m, start, end);
}

bool mm_leaf_at(struct mm *mm, uintptr_t addr, enum vm_access access, struct mm_leaf *leaf)
{
	uint64_t *entry, e;

	mutex_assert_held(&mm->lock);
	if (addr < USER_BOTTOM || addr >= USER_TOP || mm->reaped)
		return false;
	entry = pgt_level2(mm->pgd, addr, false);
	if (!entry || !(*entry & PTE_VALID))
		return false;
	leaf->size = pte_is_block(*entry) ? BLOCK_SIZE : PAGE_SIZE;
	if (leaf->size == PAGE_SIZE)
		entry = pgt_make(mm->pgd, addr); /* the table is there: nothing is made */
	e = *entry;
	if ((e & (PTE_VALID | PTE_USER)) != (PTE_VALID | PTE_USER) ||
	    (access == ACCESS_WRITE && e & PTE_RDONLY))
		return false;
	/* As a fault of EL0 would: no TLB holds an entry without it. */
	if (!(e & PTE_AF))
		WRITE_ONCE(*entry, e | PTE_AF);
	leaf->va = ALIGN_DOWN(addr, leaf->size);
	leaf->pa = pte_phys(e);
	leaf->writable = !(e & PTE_RDONLY);
	return true;
}
