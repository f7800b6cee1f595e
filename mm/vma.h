/*
 * vma.h - inside mm/: the sorted array of VMAs, and the leaves behind them.  mm->lock is held by every caller.
 */
#pragma once

#include "mm/vm.h"

/* vma_index - index of the first VMA that ends above @addr; mm->nr_vmas when there is none. */
size_t vma_index(struct mm *mm, uintptr_t addr);

/* vma_insert - add @v (its object reference becomes the array's), merged with its neighbours where they agree.  0 or -ENOMEM. */
int vma_insert(struct mm *mm, struct vma v) __must_check;

/* vma_split - make sure that a VMA boundary is at @addr, if one covers it.  0 or -ENOMEM. */
int vma_split(struct mm *mm, uintptr_t addr) __must_check;

/* vma_remove - take VMAs [@first, @last) out of the array, dropping their objects (object_drop).  The leaves are gone already. */
void vma_remove(struct mm *mm, size_t first, size_t last);

/* vma_merge_around - join VMAs [@first, @last] with each other and their neighbours where they agree. */
void vma_merge_around(struct mm *mm, size_t first, size_t last);

/* vm_zap - drop the leaves of [@start, @end) and their pages, after the TLBs let go of them.  Tables stay. */
void vm_zap(struct mm *mm, uintptr_t start, uintptr_t end);

/* vm_unmap_locked - munmap(2) of a checked range: VMAs, leaves and tables.  0 or -ENOMEM (nothing changed). */
int vm_unmap_locked(struct mm *mm, uintptr_t start, uintptr_t end) __must_check;

static inline size_t vma_pages(const struct vma *v)
{
	return (v->end - v->start) >> PAGE_SHIFT;
}
