/*
 * limits.c - see limits.h.
 *
 * Comes from what makes mappings, with mm->lock held from the question until the mapping is there:
 * so two threads together do not go over a limit.
 */
#include "mm/limits.h"

#include "abi/errno.h"
#include "mm/vma.h"

size_t vm_count_range(struct mm *mm, uintptr_t start, uintptr_t end, uint32_t mask, uint32_t flags)
{
	unsigned int round = 0;
	size_t n = 0;

	for (const struct vma *v = vma_above(mm, start); v && v->start < end; v = vma_next(v)) {
		if ((v->flags & mask) == flags)
			n += (min(end, v->end) - max(start, v->start)) >> PAGE_SHIFT;
		(void)vm_round(mm, &round);
	}
	return n;
}

size_t vm_count(struct mm *mm, uint32_t mask, uint32_t flags)
{
	return vm_count_range(mm, 0, USER_TOP, mask, flags);
}

#define DATA_MASK (VM_WRITE | VM_SHARED | VM_GROWSDOWN)
#define DATA	  VM_WRITE

int vm_may_be_data(struct mm *mm, size_t pages, size_t replaced, uint32_t flags)
{
	if ((flags & DATA_MASK) == DATA && mm->limits.data != UINT64_MAX &&
	    vm_over(mm->limits.data, vm_count(mm, DATA_MASK, DATA) - replaced, pages))
		return -ENOMEM;
	if ((flags & (VM_WRITE | VM_SHARED | VM_NORESERVE)) == VM_WRITE && vm_is_too_much(pages))
		return -ENOMEM;
	return 0;
}

int vm_may_grow(struct mm *mm, size_t pages, size_t replaced, uint32_t flags)
{
	mutex_assert_held(&mm->lock);
	if ((flags & VM_LOCKED) && mm->limits.locked != UINT64_MAX &&
	    vm_over(mm->limits.locked, vm_count(mm, VM_LOCKED, VM_LOCKED), pages))
		return -EAGAIN;
	if (vm_over(mm->limits.total, mm->total_vm - replaced, pages))
		return -ENOMEM;
	return vm_may_be_data(mm, pages, 0, flags);
}
