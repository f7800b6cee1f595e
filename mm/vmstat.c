/*
 * vmstat.c - an address space in numbers, for /proc: what is mapped, and how much of it is there.
 * See vm.h.
 *
 * Invariant: one VMA is shown as it is at one moment, under mm->lock; what changes between two of
 * them is shown or is not.  The lock is waited for killably: its owner may be out of memory.
 */
#include "mm/block.h"
#include "mm/pgtable.h"
#include "mm/swap.h"
#include "mm/vma.h"
#include "mm/vmstat.h"

static const char *name_of_area(const struct mm *mm, const struct vma *v)
{
	if (v->flags & VM_STACK)
		return "[stack]";
	if (v->flags & VM_VVAR)
		return "[vvar]";
	if (v->flags & VM_VDSO)
		return "[vdso]";
	if (!v->object && v->start < mm->brk && v->end > mm->brk_start)
		return "[heap]";
	return NULL;
}

static void count_page(struct vma_info *info, const struct page *p, bool writable)
{
	/* An object's own reference is none, nor is a swap slot's. */
	uint32_t mappers = READ_ONCE(p->refs) - p->in_object - (p->kind == PAGE_SWAP);

	mappers = max(mappers, 1U);
	info->rss++;
	info->anon += !p->in_object;
	info->shared += mappers > 1;
	info->dirty += writable || !p->in_object;
	info->pss += PAGE_SIZE / mappers;
}

static void count_leaves(struct mm *mm, const struct vma *v, struct vma_info *info)
{
	uint64_t *pte;
	size_t n;

	if (mm->blocks) {
		info->huge = block_pages(mm, v->start, v->end);
		info->rss = info->anon = info->dirty = info->huge;
		info->pss = info->huge << PAGE_SHIFT;
	}
	for (uintptr_t va = v->start; (pte = pgt_next(mm->pgd, &va, v->end, &n));
	     va += n << PAGE_SHIFT, (void)vm_worked(mm, n))
		for (size_t i = 0; i < n; i++)
			if ((pte[i] & (PTE_VALID | PTE_SPECIAL)) == PTE_VALID)
				count_page(info, phys_to_page(pte_phys(pte[i])),
					   !(pte[i] & PTE_RDONLY));
			else if (unlikely(swap_is_entry(pte[i]))) {
				info->swap++;
				info->swap_pss += PAGE_SIZE / swap_sharers(pte[i]);
			}
}

bool mm_next_vma(struct mm *mm, uintptr_t from, unsigned int want, struct vma_info *info)
{
	const struct vma *v;

	if (vm_lock_killable(mm))
		return false;
	v = vma_above(mm, from);
	if (v) {
		*info = (struct vma_info){ .start = v->start,
					   .end = v->end,
					   .flags = v->flags,
					   .offset = v->offset,
					   .name = name_of_area(mm, v),
					   .file = want & VMA_FILE ? v->file : NULL };
		if (info->file)
			/*
			 * Under the lock: the caller writes the file's name without it, when the
			 * mapping may be gone.
			 */
			held_get(info->file);
		if (want & VMA_COUNTS)
			count_leaves(mm, v, info);
		(void)vm_worked(mm, 4 * VMA_WORK); /* the caller has a line to write, too */
	}
	vm_unlock(mm);
	return v;
}

/* Adds one VMA to the classes in which Linux counts it. */
static void count_vma(struct mm_stat *st, const struct vma *v)
{
	size_t n = vma_pages(v);

	if (v->flags & VM_GROWSDOWN)
		st->stack += n;
	else if ((v->flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)
		st->data += n;
	else if ((v->flags & (VM_EXEC | VM_WRITE)) == VM_EXEC && v->object)
		st->text += n;
	if (v->flags & VM_LOCKED)
		st->locked += n;
}

size_t mm_peak_rss(const struct mm *mm)
{
	return max(READ_ONCE(mm->peak_pages), READ_ONCE(mm->pages));
}

void mm_stat(struct mm *mm, struct mm_stat *st)
{
	const struct vma *v;

	*st = (struct mm_stat){ .total = 0 };
	if (vm_lock_killable(mm))
		return;
	st->total = mm->total_vm;
	st->peak_total = max(mm->peak_vm, mm->total_vm);
	st->rss = mm->pages;
	st->peak_rss = mm_peak_rss(mm);
	st->file = mm->file_pages;
	st->anon = mm->pages - mm->file_pages;
	st->swap = mm->swapped;
	st->tables = pgt_count(mm->pgd);
	list_for_each(v, &mm->vma_list, link) {
		count_vma(st, v);
		(void)vm_worked(mm, VMA_WORK);
	}
	vm_unlock(mm);
}

size_t mm_weigh(const struct mm *mm, size_t *own)
{
	/* Without mm->lock: a task that has it may be the one that waits for memory. */
	size_t pages = READ_ONCE(mm->pages), files = READ_ONCE(mm->file_pages);
	size_t kernel = pgt_count(mm->pgd) + READ_ONCE(mm->blocks) +
			READ_ONCE(mm->nr_vmas) * sizeof(struct vma) / PAGE_SIZE;
	size_t others = files + READ_ONCE(mm->inherited);

	*own = kernel + (pages > others ? pages - others : 0);
	return pages + READ_ONCE(mm->swapped) + kernel;
}
