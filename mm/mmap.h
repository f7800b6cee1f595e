/*
 * mmap.h - changing what an address space says: mmap(2) and its family.
 *
 * What is called mm_ takes mm->lock; what is called vm_ is for mm/, with mm->lock held.
 */
#pragma once

#include "mm/vm.h"

/*
 * mm_map - mmap(2)'s work.
 * @addr: hint, or the exact address with MAP_FIXED.  @len: bytes, rounded up.  @flags: VM_*.  @how:
 * MAP_FIXED, MAP_FIXED_NOREPLACE of Linux's ABI; MAP_POPULATE is the caller's to do.  @from: takes
 * its own references; NULL = anonymous.
 * Return: the address, or -EINVAL, -ENOMEM, -EEXIST, -EOVERFLOW.
 */
long mm_map(struct mm *mm, uintptr_t addr, size_t len, uint32_t flags, uint32_t how,
	    const struct vm_source *from) __must_check;
/* mm_unmap - munmap(2).  @addr page-aligned.  0, -EINVAL, -ENOMEM. */
int mm_unmap(struct mm *mm, uintptr_t addr, size_t len) __must_check;
/*
 * mm_protect - mprotect(2).  @prot: VM_READ|VM_WRITE|VM_EXEC; @down: PROT_GROWSDOWN.  0, -EINVAL,
 * -ENOMEM, -EACCES.
 */
int mm_protect(struct mm *mm, uintptr_t addr, size_t len, uint32_t prot, bool down) __must_check;
/* mm_brk - brk(2): the new break, or the old one when it cannot be moved. */
uintptr_t mm_brk(struct mm *mm, uintptr_t brk);
/* mm_remap - mremap(2).  Address or -errno. */
long mm_remap(struct mm *mm, uintptr_t addr, size_t old_len, size_t new_len, uint32_t how,
	      uintptr_t to) __must_check;
/* ---- inside mm/ ---- */

/*
 * vm_unmap_locked - munmap(2) of a checked range: VMAs, leaves and tables.  0 or -ENOMEM (nothing
 * changed).
 */
int vm_unmap_locked(struct mm *mm, uintptr_t start, uintptr_t end) __must_check;

/*
 * vm_split_ends - VMA boundaries at both ends of a range, if there is anything in it.  0, -ENOMEM
 * (nothing changed).
 */
int vm_split_ends(struct mm *mm, uintptr_t start, uintptr_t end) __must_check;

/*
 * vm_count, vm_count_range - pages of the VMAs, or of their parts in a range, whose flags under
 * @mask are @flags.
 */
size_t vm_count(struct mm *mm, uint32_t mask, uint32_t flags);
size_t vm_count_range(struct mm *mm, uintptr_t start, uintptr_t end, uint32_t mask, uint32_t flags);

/* vm_over - would @more pages besides @now be over @limit bytes? */
static inline bool vm_over(uint64_t limit, size_t now, size_t more)
{
	return limit != UINT64_MAX &&
	       (more > limit >> PAGE_SHIFT || now > (limit >> PAGE_SHIFT) - more);
}

/*
 * vm_may_grow - may there be @pages more with @flags, @replaced of which take the place of others?
 * 0, -ENOMEM (limits, or more than memory has), -EAGAIN (too much locked).
 */
int vm_may_grow(struct mm *mm, size_t pages, size_t replaced, uint32_t flags) __must_check;
