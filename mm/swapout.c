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
	bool force;	      /* those that are in use, too */
	bool cold;	      /* none goes */
	bool alone;	      /* none goes that another address space shows */
	uintptr_t start, end; /* of the changed leaves; start == end: none */
};

static bool hand_is_full(const struct hand *h)
{
	return h->b->n == SWAP_BATCH || h->nr_dropped == SWAP_BATCH || !h->looks;
}

/* The leaf @pte has an entry from now on, if its page may go. */
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

/* Has anybody @p but a leaf and its slot?  (For a moment who looks at it, too.) */
static bool is_shared(const struct page *p)
{
	return READ_ONCE(p->refs) > (p->kind == PAGE_SWAP ? 2U : 1U);
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
	} else if (h->cold || (h->alone && is_shared(p)) || !take_leaf_out(h, pte, p)) {
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

/* The next part of [@at, @stop), which is one VMA's, at most 2 MiB.  Where it ended. */
static uintptr_t look_at_part(struct hand *h, uintptr_t at, uintptr_t stop)
{
	uintptr_t found = at, end;

	if (!pgt_next_level2(h->mm->pgd, &found, stop))
		return stop;
	end = min(stop, found + BLOCK_SIZE);
	if (h->mm->blocks)
		block_split(h->mm, found, end);
	return look_at_leaves(h, max(at, found), end);
}

/* No core has the leaves any more: their references go. */
static void end_look(struct hand *h)
{
	if (h->start != h->end)
		tlb_flush_lost(h->mm, h->start, h->end);
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
		at = may_go_out(v) ? look_at_part(&h, at, v->end) : v->end;
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

/* ---- madvise ---- */

#define PART_LOOKS 2048 /* leaves that are looked at under mm->lock */

/* Those of pages [@first, @end) of @o that nobody shows any more. */
static void send_object_range(struct vm_object *o, uint64_t first, uint64_t end,
			      struct swap_batch *b)
{
	if (o->ops->drop)
		o->ops->drop(o, first, end);
	if (!o->ops->in_ram || o->stays)
		return;
	while (first < end && swap_has_room() && !give_way()) {
		uint64_t stop = min(end, ALIGN_DOWN(first, (uint64_t)NODE_PAGES) + NODE_PAGES);
		bool mapped;
		uint64_t next = object_send_out(o, first, stop, b, true, &mapped);

		(void)swap_send(b);
		if (next == first)
			break; /* no slot for it after all */
		first = next;
	}
}

/* Of an object: what a step of swap_out_range does without mm->lock. */
struct object_part {
	struct vm_object *object; /* with a reference; NULL: nothing */
	uint64_t first, end;
};

/* The next part of [*@at, @end), which *@at moves behind; mm->lock is held.  As swap_out_range. */
static int send_next_part(struct mm *mm, uintptr_t *at, uintptr_t end, bool cold,
			  struct swap_batch *b, struct object_part *part)
{
	const struct vma *v = vma_above(mm, *at);
	uintptr_t start = v ? max(*at, v->start) : end;
	int err = start > *at ? -ENOMEM : 0;

	*at = min(start, end);
	if (start >= end)
		return err;
	if (v->flags & (VM_LOCKED | VM_VVAR))
		return -EINVAL;
	end = min(end, v->end);
	if (may_go_out(v)) {
		struct hand h = { .mm = mm, .b = b, .looks = PART_LOOKS };

		h.force = !cold;
		h.cold = cold;
		h.alone = true;
		end = look_at_part(&h, start, end);
		end_look(&h);
	}
	*at = end;
	/* Private copies stay: where there may be some, so do the object's pages beside them. */
	if (!v->object || v->own || cold)
		return err;
	vm_zap(mm, start, end);
	part->object = v->object;
	part->first = (start - v->start + v->offset) >> PAGE_SHIFT;
	part->end = part->first + ((end - start) >> PAGE_SHIFT);
	object_get(v->object);
	return err;
}

int swap_out_range(struct mm *mm, uintptr_t at, uintptr_t end, bool cold)
{
	struct swap_batch b = { .n = 0 };
	int err = 0, hole = 0;

	while (at < end && !err) {
		struct object_part part = { .object = NULL };

		vm_lock(mm);
		mm->peak_pages = max(mm->peak_pages, mm->pages);
		err = send_next_part(mm, &at, end, cold, &b, &part);
		vm_unlock(mm);
		(void)swap_send(&b);
		if (part.object) {
			send_object_range(part.object, part.first, part.end, &b);
			object_put(part.object);
		}
		if (err == -ENOMEM) {
			hole = err;
			err = 0;
		}
		if (give_way() && !err)
			err = -EINTR;
	}
	return err ? err : hole;
}

/* ---- swapoff ---- */

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
