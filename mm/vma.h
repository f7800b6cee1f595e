/*
 * vma.h - the tree of VMAs of an address space.  mm->lock is held by every caller.
 */
#pragma once

#include "mm/giveway.h"
#include "mm/vm.h"

/* vma_init - @mm has no VMAs. */
void vma_init(struct mm *mm);

/* mm_find - the VMA that holds @addr, or NULL. */
struct vma *mm_find(struct mm *mm, uintptr_t addr);

/* vma_above - the first VMA that ends above @addr; NULL: none. */
struct vma *vma_above(struct mm *mm, uintptr_t addr);

/* vma_next, vma_prev - the neighbour; NULL: none. */
static inline struct vma *vma_next(const struct vma *v)
{
	return v->link.next == &v->mm->vma_list ? NULL : list_entry(v->link.next, struct vma, link);
}
static inline struct vma *vma_prev(const struct vma *v)
{
	return v->link.prev == &v->mm->vma_list ? NULL : list_entry(v->link.prev, struct vma, link);
}

/*
 * vma_insert - add a VMA like *@v (of which all from start to offset counts; the tree takes
 * references of its own to object and file), merged with its neighbours where they agree.  0 or
 * -ENOMEM.
 */
int vma_insert(struct mm *mm, const struct vma *v) __must_check;

/* vma_append - the same behind all that are there, never merged: fork's.  NULL: no memory. */
struct vma *vma_append(struct mm *mm, const struct vma *v) __must_check;

/* vma_split - make sure that a VMA boundary is at @addr, if one covers it.  0 or -ENOMEM. */
int vma_split(struct mm *mm, uintptr_t addr) __must_check;

/* vma_remove - take @v out, dropping what it holds (held_drop).  The leaves are gone already. */
void vma_remove(struct mm *mm, struct vma *v);

/* vma_remove_all - all VMAs, the quick way. */
void vma_remove_all(struct mm *mm);

/*
 * vma_merge - join the VMAs that touch [@start, @end], the neighbours included, where they agree.
 */
void vma_merge(struct mm *mm, uintptr_t start, uintptr_t end);

/* vma_grow_down - @v, a stack, begins at @start. */
void vma_grow_down(struct mm *mm, struct vma *v, uintptr_t start);

/*
 * vma_place - the highest free place for @len bytes below @top, a guard below stacks left out; 0:
 * none.
 */
uintptr_t vma_place(struct mm *mm, size_t len, uintptr_t top);

/*
 * vma_is_free - nothing is mapped in [@addr, @addr + @len), nor in the guard of a stack above it if
 * @guard.
 */
bool vma_is_free(struct mm *mm, uintptr_t addr, size_t len, bool guard);

/*
 * vma_follow - @v, in its object's list, follows it up to @cut, and no further.  Its map_lock is
 * held.
 */
void vma_follow(struct vma *v, uint32_t cut);

/*
 * vm_worked - the caller's loop has done as much as for @n leaves of a table (less than two hundred
 * instructions each): others may run once that was enough.  mm->lock is kept.  0, or -EINTR:
 * current is to die (a caller that can stop does).
 * A stint is less than a table: a whole table, and a VMA, may come on top of a stint but one leaf,
 * and 200,000 instructions are the most that may lie between two points to give way.
 */
#define VM_STINT 384
#define VMA_WORK 16 /* what comes and goes with a VMA, in leaves */
#define VMA_LOOK 8  /* what is only looked at */
static inline int vm_worked(struct mm *mm, size_t n)
{
	mm->work += n;
	if (likely(mm->work < VM_STINT))
		return 0;
	mm->work = 0;
	return give_way();
}

/*
 * vm_round - the same for a loop over VMAs, whose rounds @round counts: 64 of them are worth a
 * stint.
 */
static inline int vm_round(struct mm *mm, unsigned int *round)
{
	return likely(++*round % 64) ? 0 : vm_worked(mm, VM_STINT);
}

/* vm_is_writer - do these flags of a mapping let it write to its object, now or later? */
static inline bool vm_is_writer(uint32_t flags)
{
	return (flags & (VM_SHARED | VM_MAYWRITE)) == (VM_SHARED | VM_MAYWRITE);
}

static inline size_t vma_pages(const struct vma *v)
{
	return (v->end - v->start) >> PAGE_SHIFT;
}
