/*
 * swapout.c - which pages of an address space go out: those that were not used while the hand went
 * once round.  See swapout.h.
 *
 * Comes from fs/swapd.c.  That a page is used is seen by PTE_AF: the hand takes it away, and the
 * next access faults and gives it back (mm/fault.c).
 *
 * Invariant: a page is written only after no TLB has a leaf for which it was taken.
 */
#include "mm/swapout.h"

#include "abi/errno.h"
#include "mm/block.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "mm/vma.h"
#include "mm/zap.h"

/* A walk of the hand: what it changed is to be flushed. */
struct hand {
	struct mm *mm;
	struct swap_batch *b;
	uint64_t dropped[SWAP_BATCH]; /* entries of leaves whose pages have slots already */
	struct page *pages[SWAP_BATCH];
	unsigned int nr_dropped;
	size_t looks;
	bool force;
	uintptr_t start, end; /* of the changed leaves; start == end: none */
};

static bool hand_is_full(const struct hand *h)
{
	return h->b->n == SWAP_BATCH || h->nr_dropped == SWAP_BATCH || !h->looks;
}

/* The leaf at @va has an entry from now on, if its page may go. */
static bool take_leaf_out(struct hand *h, uint64_t *pte, struct page *p)
{
	struct swap_batch *b = h->b;
	bool fresh;
	uint64_t entry = swap_entry_for(p, &fresh);

	if (!entry)
		return false;
	/* In one store: the hardware finds the page or nothing. */
	WRITE_ONCE(*pte, entry);
	h->mm->pages--;
	h->mm->swapped++;
	if (fresh) {
		b->at[b->n++] = (struct swap_leaf){ .page = p, .entry = entry };
	} else {
		h->pages[h->nr_dropped] = p;
		h->dropped[h->nr_dropped++] = entry;
	}
	return true;
}

static void look_at_leaf(struct hand *h, uint64_t *pte, uintptr_t va)
{
	uint64_t e = *pte;
	struct page *p;

	if ((e & (PTE_VALID | PTE_SPECIAL)) != PTE_VALID)
		return;
	p = phys_to_page(pte_phys(e));
	if (p->in_object)
		return;
	if (e & PTE_AF && !h->force) {
		WRITE_ONCE(*pte, e & ~PTE_AF);
		h->b->aged++;
	} else if (!take_leaf_out(h, pte, p)) {
		return;
	}
	if (h->start == h->end)
		h->start = va;
	h->end = va + PAGE_SIZE;
}

/* The leaves of [va, end), all in one VMA.  Where it ended. */
static uintptr_t look_at_leaves(struct hand *h, uintptr_t va, uintptr_t end)
{
	uint64_t *pte;
	size_t n;

	while (!hand_is_full(h) && (pte = pgt_next(h->mm->pgd, &va, end, &n))) {
		size_t i;

		for (i = 0; i < n && !hand_is_full(h); i++, h->looks--)
			look_at_leaf(h, &pte[i], va + (i << PAGE_SHIFT));
		va += i << PAGE_SHIFT;
		(void)vm_worked(h->mm, i);
	}
	return hand_is_full(h) ? va : end;
}

/* mlock keeps pages in; shared ones are their object's. */
static bool may_go_out(const struct vma *v)
{
	return !(v->flags & (VM_SHARED | VM_LOCKED)) && (!v->object || v->own);
}

/* The next part of @v from @at on, at most 2 MiB.  Where it ended. */
static uintptr_t look_at_part(struct hand *h, const struct vma *v, uintptr_t at)
{
	uintptr_t found = at, end;

	if (!pgt_next_level2(h->mm->pgd, &found, v->end))
		return v->end;
	end = min(v->end, found + BLOCK_SIZE);
	if (h->mm->blocks)
		block_split(h->mm, found, end);
	return look_at_leaves(h, max(at, found), end);
}

/* No core has the leaves any more: their references go. */
static void end_look(struct hand *h)
{
	if (h->start != h->end)
		tlb_flush_user(h->mm, h->start, h->end, false);
	for (unsigned int i = 0; i < h->b->n; i++)
		page_put(h->b->at[i].page); /* its slot has another */
	for (unsigned int i = 0; i < h->nr_dropped; i++) {
		page_put(h->pages[i]);
		h->b->freed += swap_drop(h->dropped[i]);
	}
}

bool swap_out(struct mm *mm, struct swap_batch *b, size_t *looks, bool force)
{
	struct hand h = { .mm = mm, .b = b, .looks = *looks, .force = force };
	const struct vma *v = NULL;
	uintptr_t at;

	vm_lock(mm);
	mm->peak_pages = max(mm->peak_pages, mm->pages);
	at = mm->out_hand;
	/* (Without a reference left mm_put has it: it waits for the lock, and then goes on.) */
	while (READ_ONCE(mm->refs.n) && !hand_is_full(&h) && !mm->reaped &&
	       (v = vma_above(mm, at))) {
		at = max(at, v->start);
		at = may_go_out(v) ? look_at_part(&h, v, at) : v->end;
		h.looks -= h.looks != 0; /* there may be many VMAs without a leaf */
		(void)vm_worked(mm, VMA_LOOK);
	}
	mm->out_hand = v ? at : 0;
	*looks = h.looks;
	end_look(&h);
	vm_unlock(mm);
	return v;
}

/* ---- shared memory, and files in RAM ---- */

#define NODE_PAGES 512 /* object_send_out looks at so many at once */

bool swap_out_object(struct vm_object *o, struct swap_batch *b, size_t *looks, bool force)
{
	uint64_t at = o->out_hand;

	while (!o->stays && *looks && b->n < SWAP_BATCH) {
		uint64_t first, end;
		bool mapped = false;

		first = object_next(o, at, UINT64_MAX >> PAGE_SHIFT, true);
		if (first == UINT64_MAX >> PAGE_SHIFT) {
			o->out_hand = 0;
			return false;
		}
		end = ALIGN_DOWN(first, (uint64_t)NODE_PAGES) + NODE_PAGES;
		at = object_send_out(o, first, end, b, force, &mapped);
		*looks -= min(*looks, (size_t)(at - first + 1));
		if (mapped && at > first)
			/* Who uses them faults, and finds them still here; the others go then. */
			mm_unshow_object(o, first, at);
	}
	o->out_hand = at;
	return !o->stays;
}

int swap_in_object(struct vm_object *o, unsigned int area)
{
	uint64_t at = 0, index;
	struct page *p;
	int err = 0;

	while (!err && at != UINT64_MAX) {
		index = object_next_out(o, at, area, &at);
		if (index != UINT64_MAX && page_is_scarce())
			return -EAGAIN;
		p = index != UINT64_MAX ? object_ram_page(o, index, false) : NULL;
		if (is_err(p) && ptr_err(p) == -EIO)
			object_lose(o, index);
		else if (is_err(p))
			err = (int)ptr_err(p);
		else if (p)
			page_put(p);
		if (give_way())
			err = -EINTR;
	}
	return err;
}
