/*
 * populate.c - see populate.h.  Invariant: mm->lock is dropped between the pages, and the task
 * gives way.
 */
#include "mm/populate.h"

#include "abi/errno.h"
#include "abi/mman.h"
#include "mm/giveway.h"
#include "mm/pgtable.h"
#include "mm/vmstat.h"

static bool is_mapped_there(struct mm *mm, uintptr_t va, enum vm_access access)
{
	uint64_t e = pgt_lookup(mm->pgd, va);

	return (e & PTE_VALID) && !(access == ACCESS_WRITE && (e & PTE_RDONLY));
}

/*
 * A step of bringing in [*@at, @end) for @access: moves *@at over what is there, or faults one page
 * in.
 */
static enum fault_result populate_step(struct mm *mm, uintptr_t *at, uintptr_t end,
				       enum vm_access access)
{
	uintptr_t stop = min(end, *at + BLOCK_SIZE);

	vm_lock(mm);
	while (*at < stop && is_mapped_there(mm, *at, access))
		*at += PAGE_SIZE;
	/*
	 * mm_fault takes the lock itself; if another thread unmaps the page in between, it says so.
	 */
	vm_unlock(mm);
	return *at < stop ? mm_fault(mm, *at, access) : FAULT_OK;
}

/* [at, end) in one VMA.  0, or why it ended: -EFAULT, -ENOMEM, -EINTR. */
static int populate_vma(struct mm *mm, uintptr_t at, uintptr_t end, enum vm_access access)
{
	while (at < end) {
		enum fault_result r = populate_step(mm, &at, end, access);

		if (r != FAULT_OK)
			return r == FAULT_NOMEM ? -ENOMEM : -EFAULT;
		if (give_way())
			return -EINTR;
	}
	return 0;
}

static enum vm_access usual_access(uint32_t flags)
{
	if ((flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)
		return ACCESS_WRITE;
	return flags & (VM_READ | VM_WRITE) ? ACCESS_READ : ACCESS_EXEC;
}

int populate_range(struct mm *mm, uintptr_t at, uintptr_t end, bool locked)
{
	struct vma_info v;
	int err = 0;

	for (; !err && at < end && mm_next_vma(mm, at, 0, &v) && v.start < end; at = v.end) {
		if (!locked || (v.flags & (VM_LOCKED | VM_LOCKONFAULT)) == VM_LOCKED)
			err = populate_vma(mm, max(at, v.start), min(end, v.end),
					   usual_access(v.flags));
		if (!err)
			err = give_way();
	}
	return err;
}

void populate_new(struct mm *mm, uintptr_t at, size_t len, uint32_t how)
{
	bool asked = (how & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE;
	int err = 0;

	if (asked || how & MAP_LOCKED || READ_ONCE(mm->lock_future))
		err = populate_range(mm, at, at + len, !asked);
	(void)err;
}

int populate_all(struct mm *mm, uintptr_t at, uintptr_t end, enum vm_access access)
{
	uint32_t needed = access == ACCESS_WRITE ? VM_WRITE : VM_READ;
	struct vma_info v;
	int err = 0;

	for (; !err && at < end; at = v.end) {
		if (!mm_next_vma(mm, at, 0, &v) || v.start > at)
			return -ENOMEM;
		err = v.flags & needed ? populate_vma(mm, at, min(end, v.end), access) : -EINVAL;
	}
	return err;
}
