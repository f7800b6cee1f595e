/*
 * vm.c - an address space's life: made, copied by fork, activated on a core, dropped.  See vm.h.
 *
 * Comes from task/fork.c, task/exec.c and the switch.  Invariant: what fork has copied is writable
 * through no leaf of either side until mm_fault() finds that only one of them still has the page.
 */
#include "mm/vm.h"

#include "abi/errno.h"
#include "lib/string.h"
#include "mm/block.h"
#include "mm/pgtable.h"
#include "mm/slab.h"
#include "mm/swap.h"
#include "mm/tlb.h"
#include "mm/vma.h"

struct mm *mm_create(void)
{
	struct mm *mm = kzalloc(sizeof(*mm));

	if (!mm)
		return NULL;
	ref_init(&mm->refs);
	mutex_init(&mm->lock);
	ref_init(&mm->pins);
	mm->dumpable = true;
	vma_init(mm);
	mm->limits = (struct mm_limits){ UINT64_MAX, UINT64_MAX, UINT64_MAX };
	mm->pgd = pgt_new();
	if (!mm->pgd) {
		kfree(mm);
		return NULL;
	}
	return mm;
}

/*
 * All leaves of an address space that no core runs in, nor will: its ASID's entries die with their
 * generation.
 */
static void zap_dead(struct mm *mm, uintptr_t start, uintptr_t end)
{
	uint64_t *pte;
	size_t n;

	for (uintptr_t va = start; (pte = pgt_next(mm->pgd, &va, end, &n));
	     va += n << PAGE_SHIFT, (void)vm_worked(mm, n)) {
		if (unlikely(mm->swapped))
			mm->swapped -= swap_free_leaves(pte, n);
		for (size_t i = 0, end_of_table = n; i < end_of_table; i++)
			if ((pte[i] & (PTE_VALID | PTE_SPECIAL)) == PTE_VALID)
				page_put(phys_to_page(pte_phys(pte[i])));
	}
}

void mm_put(struct mm *mm)
{
	unsigned int round = 0;
	struct vma *v;

	if (!ref_put(&mm->refs))
		return;
	/*
	 * A cut of an object, or swapd, that has looked at the count before ends; one that comes
	 * now finds 0.  The lock is held to the end: who only pinned @mm may still take it, and
	 * release what is in mm->dead.
	 */
	vm_lock(mm);
	mirrors_lose(mm, 0, USER_TOP);
	list_for_each(v, &mm->vma_list, link) {
		zap_dead(mm, v->start, v->end);
		(void)vm_round(mm, &round);
	}
	if (mm->blocks)
		block_free_all(mm);
	pgt_destroy(mm->pgd);
	vma_remove_all(mm);
	vm_unlock(mm);
	if (mm->exe)
		object_put(mm->exe);
	if (mm->exe_file)
		held_put(mm->exe_file);
	/*
	 * The memory of the struct may be kept a little longer: a core may still name it as its
	 * active one.
	 */
	mm_unpin(mm);
}

void mm_unpin(struct mm *mm)
{
	if (ref_put(&mm->pins))
		kfree(mm);
}

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

DEFINE_PERCPU(struct mm *, active_mm);

void mm_activate(struct mm *mm)
{
	this_cpu(active_mm) = mm;
	if (mm)
		asid_activate(mm);
	else
		asid_none();
}

/* Of @n leaves those whose pages are out: each has one more who has it. */
static int copy_entries(struct mm *new, uint64_t *to, const uint64_t *from, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!swap_is_entry(from[i]))
			continue;
		if (!swap_dup(from[i]))
			return -ENOMEM;
		to[i] = from[i];
		new->swapped++;
	}
	return 0;
}

/*
 * Copies the leaves of one private VMA: both sides lose the right to write until mm_fault() gives
 * each its own page. Shared mappings are not copied: their object has the pages.  old->lock held.
 */
static int copy_leaves(struct mm *new, struct mm *old, const struct vma *v)
{
	uint64_t *from;
	size_t n;

	mutex_assert_held(&old->lock);
	if (old->blocks)
		block_split(old, v->start, v->end);
	for (uintptr_t va = v->start; (from = pgt_next(old->pgd, &va, v->end, &n));
	     va += n << PAGE_SHIFT) {
		size_t pages = 0, of_files = 0, i = 0, count = n; /* in a register */
		uint64_t *to;

		if (vm_worked(old, count))
			return -EINTR;
		while (i < count && !from[i])
			i++;
		if (i == count)
			continue;
		to = pgt_make(new->pgd, va);
		if (!to || (unlikely(old->swapped) && copy_entries(new, to, from, count)))
			return -ENOMEM;
		for (; i < count; i++) {
			uint64_t e = from[i];

			if (!(e & PTE_VALID))
				continue;
			/*
			 * Before the child has a leaf to it.  Until the flush in mm_fork another
			 * thread may still write through its TLB: that is as a write before fork.
			 */
			if (!(e & PTE_RDONLY))
				WRITE_ONCE(from[i], e |= PTE_RDONLY);
			to[i] = e;
			if (e & PTE_SPECIAL)
				continue;
			page_get(phys_to_page(pte_phys(e)));
			of_files += phys_to_page(pte_phys(e))->in_object;
			pages++;
		}
		new->pages += pages;
		new->file_pages += of_files;
		new->inherited += pages - of_files;
	}
	return 0;
}

static int copy_all(struct mm *new, struct mm *old)
{
	unsigned int round = 0;
	struct vma *v, *copy;
	int err = 0;

	list_for_each(v, &old->vma_list, link) {
		if (vm_round(old, &round))
			return -EINTR;
		if (v->flags & VM_DONTFORK)
			continue;
		copy = vma_append(new, v); /* before its leaves, so that mm_put() undoes a part */
		if (!copy)
			return -ENOMEM;
		copy->flags &= ~(VM_LOCKED | VM_LOCKONFAULT);
		/* pages that an object has are as soon shown again as copied */
		if (!(v->flags & (VM_SHARED | VM_WIPEONFORK)) && (!v->object || v->own))
			err = copy_leaves(new, old, v);
		if (err)
			return err;
	}
	return 0;
}

struct mm *mm_fork(struct mm *old)
{
	struct mm *new = mm_create();
	int err;

	if (!new)
		return NULL;
	/* The parent's other threads cannot change mappings while they are copied. */
	vm_lock(old);
	vm_lock(new); /* a cut finds its mappings as soon as they are there */
	new->no_blocks = old->no_blocks;
	new->dumpable = READ_ONCE(old->dumpable);
	new->limits = old->limits;
	new->membarrier = READ_ONCE(old->membarrier);
	new->brk_start = old->brk_start;
	new->brk = old->brk;
	new->mmap_top = old->mmap_top;
	new->stack_top = old->stack_top;
	new->stack_limit = old->stack_limit;
	new->arg_start = old->arg_start;
	new->arg_end = old->arg_end;
	new->env_start = old->env_start;
	new->env_end = old->env_end;
	new->start_stack = old->start_stack;
	memcpy(new->auxv, old->auxv, sizeof(new->auxv));
	new->vdso = old->vdso;
	new->exe = old->exe;
	new->exe_file = old->exe_file;
	if (new->exe)
		object_get(new->exe);
	if (new->exe_file)
		held_get(new->exe_file);
	err = copy_all(new, old);
	/*
	 * The parent's writable entries are no longer true.  Before the lock goes: a fault that
	 * comes after it copies a page, and no core may write to the old one then.
	 */
	tlb_flush_mm(old);
	mirrors_lose(old, 0, USER_TOP);
	vm_unlock(new);
	vm_unlock(old);
	if (!err)
		return new;
	mm_put(new);
	return NULL;
}
