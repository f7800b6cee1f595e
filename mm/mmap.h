/*
 * mmap.h - changing the mappings of an address space: mmap(2) and its family.
 *
 * What is called mm_ takes mm->lock; what is called vm_ is for mm/, with mm->lock held.
 */
#pragma once

#include "mm/vm.h"

/*
 * mm_map - mmap(2)'s work.
 * @addr: hint, or the exact address with MAP_FIXED.  @len: bytes, rounded up.  @flags: VM_*.  @how:
 * MAP_FIXED, MAP_FIXED_NOREPLACE, MAP_POPULATE, MAP_LOCKED, MAP_NORESERVE of Linux's ABI.  @from:
 * takes its own references; NULL = anonymous.
 * Return: the address, or -EINVAL, -ENOMEM, -EEXIST, -EOVERFLOW, -EPERM.
 */
long mm_map(struct mm *mm, uintptr_t addr, size_t len, uint32_t flags, uint32_t how,
	    const struct vm_source *from) __must_check;
/*
 * mm_map_type - what mmap(2) asks for by its flags @how: MAP_SHARED or MAP_PRIVATE, or -EINVAL,
 * -ENOMEM, -EOPNOTSUPP.
 */
int mm_map_type(size_t len, uint32_t how) __must_check;
/*
 * mm_map_anonymous - mmap(2) with MAP_ANONYMOUS, of PROT_* @prot; @charge: to which shared memory
 * is charged.  Address or -errno, as mm_map.
 */
long mm_map_anonymous(struct mm *mm, uintptr_t addr, size_t len, uint32_t prot, uint32_t how,
		      struct charge *charge) __must_check;
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
 * vm_split_ends - VMA boundaries at both ends of a range, if there is anything in it.  0, -ENOMEM
 * (nothing changed).
 */
int vm_split_ends(struct mm *mm, uintptr_t start, uintptr_t end) __must_check;
