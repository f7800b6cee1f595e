/*
 * vm.c - an address space's life: made, copied by fork, activated on a core, dropped.  See vm.h.
 */
#include "mm/vm.h"

#include "abi/errno.h"
#include "lib/string.h"
#include "mm/asid.h"
#include "mm/block.h"
#include "mm/pgtable.h"
#include "mm/slab.h"
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

/* Pages whose leaves are gone, kept until no TLB can reach them. */
#define GATHER 64
struct gather {
	struct page *page[GATHER];
	unsigned int n;
	uintptr_t start, end; /* what has to be flushed for them */
};

static void gather_flush(struct mm *mm, struct gather *g)
{
	if (g->start < g->end)
		tlb_flush_user(mm, g->start, g->end, false);
	for (unsigned int i = 0; i < g->n; i++)
		page_put(g->page[i]);
	g->n = 0;
	g->start = g->end;
}

/* @own false: private copies stay, which only what is behind a hole in a file can have. */
static void zap(struct mm *mm, uintptr_t start, uintptr_t end, bool own)
{
	struct gather g;
	uint64_t *pte;
	size_t n;

	g.n = 0;
	g.start = g.end = start;
	mm->peak_pages = max(mm->peak_pages, mm->pages);
	if (mm->blocks) {
		block_split_at(mm, start);
		block_split_at(mm, end);
		block_zap(mm, start, end);
	}
	for (uintptr_t va = start; (pte = pgt_next(mm->pgd, &va, end, &n));
	     va += n << PAGE_SHIFT, (void)vm_worked(mm, n)) {
		for (size_t i = 0; i < n; i++) {
			uint64_t e = pte[i];

			if (!(e & PTE_VALID))
				continue;
			if (!own && !(e & PTE_SPECIAL) && !phys_to_page(pte_phys(e))->in_object)
				continue;
			WRITE_ONCE(pte[i], 0);
			if (g.start == g.end)
				g.start = va + (i << PAGE_SHIFT);
			g.end = va + ((i + 1) << PAGE_SHIFT);
			if (e & PTE_SPECIAL)
				continue;
			g.page[g.n] = phys_to_page(pte_phys(e));
			mm->pages--;
			mm->file_pages -= g.page[g.n++]->in_object;
			if (g.n == GATHER)
				gather_flush(mm, &g);
		}
	}
	gather_flush(mm, &g);
}

void vm_zap(struct mm *mm, uintptr_t start, uintptr_t end)
{
	zap(mm, start, end, true);
}

/* ---- out of memory ---- */

/*
 * The next part of @v from @at on, at most 2 MiB, that may have pages: [part[0], part[1]); false:
 * none.  One walk for tables and blocks: who has many of one sort and a few of the other makes two
 * walks begin again and again.
 */
static bool next_part(struct mm *mm, const struct vma *v, uintptr_t at, uintptr_t part[2])
{
	uintptr_t start = max(at, v->start), found = start;

	if (!pgt_next_level2(mm->pgd, &found, v->end))
		return false;
	part[0] = max(start, found);
	part[1] = min(v->end, found + BLOCK_SIZE);
	return true;
}

/* Frees a part; moves *@at behind it.  mm->lock held.  False: all is done. */
static bool reap_part(struct mm *mm, uintptr_t *at)
{
	struct vma *v = vma_above(mm, *at);
	uintptr_t part[2];

	if (!v)
		return false;
	if (v->flags & VM_SHARED || !next_part(mm, v, *at, part)) {
		*at = v->end;
		return true;
	}
	zap(mm, part[0], part[1], true);
	*at = part[1];
	return true;
}

void mm_reap(struct mm *mm)
{
	uintptr_t at = 0;
	bool more = true;

	while (more) {
		vm_lock(mm);
		mm->reaped = true;
		more = reap_part(mm, &at);
		vm_unlock(mm);
	}
}

size_t mm_weigh(const struct mm *mm, size_t *own)
{
	size_t pages = READ_ONCE(mm->pages), files = READ_ONCE(mm->file_pages);
	size_t kernel = pgt_count(mm->pgd) + READ_ONCE(mm->blocks) +
			READ_ONCE(mm->nr_vmas) * sizeof(struct vma) / PAGE_SIZE;
	size_t others = files + READ_ONCE(mm->inherited);

	*own = kernel + (pages > others ? pages - others : 0);
	return pages + kernel;
}

/* ---- an object that shrinks ---- */

/* Drops the pages [first, end) of @o from all of @mm's mappings of it. */
static void cut_mm(struct mm *mm, struct vm_object *o, const uint64_t pages[2], bool own)
{
	struct vma *v;

	list_for_each(v, &mm->vma_list, link) {
		uint64_t first = v->offset >> PAGE_SHIFT, end = first + vma_pages(v);
		uint64_t from = max(first, pages[0]), to = min(end, pages[1]);

		(void)vm_worked(mm, VMA_WORK);
		if (v->object != o)
			continue;
		spin_lock(&o->map_lock);
		vma_follow(v, o->cut);
		spin_unlock(&o->map_lock);
		if (from < to)
			zap(mm, v->start + ((from - first) << PAGE_SHIFT),
			    v->start + ((to - first) << PAGE_SHIFT), own);
	}
}

bool object_seal(struct vm_object *o, bool but_mapped)
{
	bool busy;

	spin_lock(&o->map_lock);
	busy = !but_mapped && o->writers;
	if (!busy)
		WRITE_ONCE(o->sealed, true);
	spin_unlock(&o->map_lock);
	return !busy;
}

/*
 * The address space of the first mapping that has not followed the last cut, with a reference;
 * NULL: none among the next few, and *@done if there is none at all.
 */
static struct mm *next_to_cut(struct vm_object *o, bool *done)
{
	struct mm *mm = NULL;

	spin_lock(&o->map_lock);
	for (int i = 0; i < 256 && !mm && !*done; i++) {
		struct vma *v = list_empty(&o->maps) ? NULL : list_first(&o->maps, struct vma, map);

		if (!v || v->cut == o->cut)
			*done = true;
		else if (ref_get_unless_zero(&v->mm->refs))
			mm = v->mm;
		else
			vma_follow(v, o->cut); /* it is on its way out */
	}
	spin_unlock(&o->map_lock);
	return mm;
}

/*
 * Who maps the object meanwhile finds what is left of it; who faults looks again, once it has
 * mm->lock (object_fault).
 */
void mm_cut_object(struct vm_object *o, uint64_t first, uint64_t end, bool own)
{
	const uint64_t pages[2] = { first, end };
	bool done = false;

	spin_lock(&o->map_lock);
	WRITE_ONCE(o->cut, o->cut + 1);
	spin_unlock(&o->map_lock);
	while (!done) {
		struct mm *mm = next_to_cut(o, &done);

		(void)give_way();
		if (!mm)
			continue;
		vm_lock(mm);
		cut_mm(mm, o, pages, own);
		vm_unlock(mm);
		mm_put(mm);
	}
}

void object_punch(struct vm_object *o, uint64_t first, uint64_t end)
{
	object_remove(o, first, end);
	if (o->ops->punched)
		o->ops->punched(o);
	mm_cut_object(o, first, end, false);
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
	     va += n << PAGE_SHIFT, (void)vm_worked(mm, n))
		for (size_t i = 0, end_of_table = n; i < end_of_table; i++)
			if ((pte[i] & (PTE_VALID | PTE_SPECIAL)) == PTE_VALID)
				page_put(phys_to_page(pte_phys(pte[i])));
}

void mm_put(struct mm *mm)
{
	unsigned int round = 0;
	struct vma *v;

	if (!ref_put(&mm->refs))
		return;
	list_for_each(v, &mm->vma_list, link) {
		zap_dead(mm, v->start, v->end);
		(void)vm_round(mm, &round);
	}
	if (mm->blocks)
		block_free_all(mm);
	pgt_destroy(mm->pgd);
	vma_remove_all(mm);
	held_release(mm->dead);
	if (mm->exe)
		object_put(mm->exe);
	if (mm->exe_file)
		held_put(mm->exe_file);
	mm_unpin(mm);
}

void mm_unpin(struct mm *mm)
{
	if (ref_put(&mm->pins))
		kfree(mm);
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

/*
 * Copies the leaves of one private VMA: both sides lose the right to write until mm_fault() gives
 * each its own page. Shared mappings are not copied: their object has the pages.  old->lock held.
 */
static int copy_leaves(struct mm *new, struct mm *old, const struct vma *v)
{
	uint64_t *from;
	size_t n;

	if (old->blocks)
		block_split(old, v->start, v->end);
	for (uintptr_t va = v->start; (from = pgt_next(old->pgd, &va, v->end, &n));
	     va += n << PAGE_SHIFT) {
		size_t pages = 0, of_files = 0, i = 0, count = n; /* in a register */
		uint64_t *to;

		if (vm_worked(old, count))
			return -EINTR;
		while (i < count && !(from[i] & PTE_VALID))
			i++;
		if (i == count)
			continue;
		to = pgt_make(new->pgd, va);
		if (!to)
			return -ENOMEM;
		for (; i < count; i++) {
			uint64_t e = from[i];

			if (!(e & PTE_VALID))
				continue;
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
	tlb_flush_mm(old); /* its writable entries are no longer true */
	vm_unlock(new);
	vm_unlock(old);
	if (!err)
		return new;
	mm_put(new);
	return NULL;
}
