/*
 * zap.c - pages that leave an address space before their mapping does: unmapped, out of memory, or
 * cut off what they were a part of.
 *
 * Invariant: a page goes back to its owner only after no TLB can reach it any more.
 */
#include "mm/zap.h"

#include "mm/block.h"
#include "mm/pgtable.h"
#include "mm/swap.h"
#include "mm/tlb.h"
#include "mm/vma.h"

/* Pages whose leaves are gone, kept until no TLB can reach them. */
#define GATHER 64
struct gather {
	struct page *page[GATHER];
	unsigned int n;
	uintptr_t start, end; /* what has to be flushed for them */
};

static void gather_flush(struct mm *mm, struct gather *g)
{
	/*
	 * The flush before the pages go: a core could write through its TLB into what is another's
	 * by then.
	 */
	if (g->start < g->end)
		tlb_flush_lost(mm, g->start, g->end);
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

	mutex_assert_held(&mm->lock);
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
		if (unlikely(mm->swapped) && own)
			mm->swapped -= swap_free_leaves(pte, n);
		for (size_t i = 0; i < n; i++) {
			uint64_t e = pte[i];

			if (!(e & PTE_VALID))
				continue;
			if (!own && !(e & PTE_SPECIAL) && !phys_to_page(pte_phys(e))->in_object)
				continue;
			/* One store: a walk by the hardware sees the leaf or nothing. */
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
 * none.  One walk for tables and blocks: with many of one sort and a few of the other, two walks
 * would begin again and again.
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
	/* Shared pages are their object's, and others may need them. */
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
		/*
		 * In every round under the lock: a fault that comes now brings in nothing more.
		 * The lock is released between the parts, as threads of the process may wait for it
		 * in order to die.
		 */
		mm->reaped = true;
		more = reap_part(mm, &at);
		vm_unlock(mm);
	}
}

/* ---- an object that shrinks ---- */

/* What happens to the pages in the mappings. */
enum cut {
	CUT_ALL,    /* they go, and private copies of them too */
	CUT_OBJECT, /* the object's own go */
	CUT_UNUSED, /* the same, but where they are locked in memory */
	CUT_WRITES, /* they are shown read-only */
};

/* The leaves of [@start, @end) are read-only from now on, on every core. */
static void forbid_writes(struct mm *mm, uintptr_t start, uintptr_t end)
{
	bool changed = false;
	uint64_t *pte;
	size_t n;

	for (uintptr_t va = start; (pte = pgt_next(mm->pgd, &va, end, &n));
	     va += n << PAGE_SHIFT, (void)vm_worked(mm, n))
		for (size_t i = 0; i < n; i++) {
			if ((pte[i] & (PTE_VALID | PTE_RDONLY)) != PTE_VALID)
				continue;
			WRITE_ONCE(pte[i], pte[i] | PTE_RDONLY);
			changed = true;
		}
	if (changed)
		tlb_flush_lost(mm, start, end);
}

static void cut_vma(struct mm *mm, const struct vma *v, uintptr_t start, uintptr_t end,
		    enum cut how)
{
	if (how != CUT_WRITES) {
		if (how != CUT_UNUSED || !(v->flags & VM_LOCKED))
			zap(mm, start, end, how == CUT_ALL);
	} else if (v->flags & VM_SHARED) {
		forbid_writes(mm, start, end);
	}
}

/* Cuts the pages [first, end) of @o from all of @mm's mappings of it. */
static void cut_mm(struct mm *mm, struct vm_object *o, const uint64_t pages[2], enum cut how)
{
	struct vma *v;

	mutex_assert_held(&mm->lock);
	list_for_each(v, &mm->vma_list, link) {
		uint64_t first = v->offset >> PAGE_SHIFT, end = first + vma_pages(v);
		uint64_t from = max(first, pages[0]), to = min(end, pages[1]);

		(void)vm_worked(mm, VMA_WORK);
		if (v->object != o)
			continue;
		spin_lock(&o->map_lock);
		/*
		 * Before the leaves go: a second cut that comes meanwhile puts it at the head of
		 * the list again.
		 */
		vma_follow(v, o->cut);
		spin_unlock(&o->map_lock);
		if (from < to)
			cut_vma(mm, v, v->start + ((from - first) << PAGE_SHIFT),
				v->start + ((to - first) << PAGE_SHIFT), how);
	}
}

/*
 * The address space of the first mapping that has not followed the last cut, pinned; NULL: none
 * among the next few, and *@done if there is none at all.  Not with a reference: if it were the
 * last, its files would go here, under the locks of one of them.  For CUT_UNUSED with mm->lock, and
 * one whose lock another has is passed over: who reclaims holds a file system's locks, and may not
 * wait for strangers.
 */
static struct mm *next_to_cut(struct vm_object *o, enum cut how, bool *done)
{
	struct mm *mm = NULL;

	spin_lock(&o->map_lock);
	for (int i = 0; i < 256 && !mm && !*done; i++) {
		struct vma *v = list_empty(&o->maps) ? NULL : list_first(&o->maps, struct vma, map);

		if (!v || v->cut == o->cut)
			*done = true;
		/*
		 * The last reference may have gone without map_lock: then mm_put zaps the leaves
		 * itself.
		 */
		else if (!READ_ONCE(v->mm->refs.n))
			vma_follow(v, o->cut); /* it is on its way out */
		else if (how == CUT_UNUSED && !mutex_trylock(&v->mm->lock))
			vma_follow(v, o->cut); /* the next time */
		else
			mm_pin(mm = v->mm);
	}
	spin_unlock(&o->map_lock);
	return mm;
}

/*
 * A task that maps the object meanwhile finds what is left of it; one that faults looks again, once
 * it has mm->lock (object_fault).
 */
static void cut_object(struct vm_object *o, uint64_t first, uint64_t end, enum cut how)
{
	const uint64_t pages[2] = { first, end };
	bool done = false;

	if (how != CUT_UNUSED)
		mutex_lock(&o->cut_lock);
	else if (!mutex_trylock(&o->cut_lock))
		return; /* what a cut leaves is looked at the next time */
	spin_lock(&o->map_lock);
	/*
	 * The number before the walk: a fault that has fetched a page earlier compares it when it
	 * has mm->lock again, and puts nothing in.
	 */
	WRITE_ONCE(o->cut, o->cut + 1);
	spin_unlock(&o->map_lock);
	while (!done) {
		struct mm *mm = next_to_cut(o, how, &done);

		(void)give_way();
		if (!mm)
			continue;
		/* Not under map_lock, which is a spin lock inside this mutex. */
		if (how != CUT_UNUSED)
			vm_lock(mm);
		if (READ_ONCE(mm->refs.n)) /* mm_put's other half */
			cut_mm(mm, o, pages, how);
		vm_unlock(mm);
		mm_unpin(mm);
	}
	mutex_unlock(&o->cut_lock);
}

void mm_cut_object(struct vm_object *o, uint64_t first, uint64_t end, bool own)
{
	cut_object(o, first, end, own ? CUT_ALL : CUT_OBJECT);
}

void mm_unshow_object(struct vm_object *o, uint64_t first, uint64_t end)
{
	cut_object(o, first, end, CUT_UNUSED);
}

void mm_clean_object(struct vm_object *o, uint64_t first, uint64_t end)
{
	cut_object(o, first, end, CUT_WRITES);
}

void object_punch(struct vm_object *o, uint64_t first, uint64_t end)
{
	/*
	 * The object first: from then on a fault finds none of the old pages there.  Each leaf that
	 * shows one was made before the cut, which takes it away.
	 */
	object_remove(o, first, end);
	if (o->ops->punched)
		o->ops->punched(o);
	mm_cut_object(o, first, end, false);
}
