/*
 * fault.h - what a page fault means, and the copies that bring pages in as a fault does.
 */
#pragma once

#include "mm/vm.h"

enum vm_access { ACCESS_READ = VM_READ, ACCESS_WRITE = VM_WRITE, ACCESS_EXEC = VM_EXEC };

/* What a fault that cannot be resolved means to the task. */
enum fault_result {
	FAULT_OK = 0, /* resolved: run the instruction again */
	FAULT_MAPERR, /* nothing is mapped there: SIGSEGV, SEGV_MAPERR */
	FAULT_ACCERR, /* mapped, but not for this: SIGSEGV, SEGV_ACCERR */
	FAULT_BUS,    /* beyond the end of the file: SIGBUS, BUS_ADRERR */
	FAULT_NOMEM,  /* no memory: one task is killed */
};

/*
 * mm_fault - resolve a fault at user address @addr (tag stripped), from EL0 or from a user access
 * of the kernel. May sleep.  mm->lock not held.
 */
enum fault_result mm_fault(struct mm *mm, uintptr_t addr, enum vm_access access);

/*
 * mm_write, for exec: copy @n bytes into another, not yet active address space.  0 or -EFAULT,
 * -ENOMEM.
 */
int mm_write(struct mm *mm, uintptr_t addr, const void *src, size_t n) __must_check;

/*
 * mm_read - copy up to @n bytes out of any address space, its pages brought in as for its owner.
 * Bytes copied: fewer where the owner could not read on.  May sleep.
 */
size_t mm_read(struct mm *mm, uintptr_t addr, void *dst, size_t n) __must_check;

/*
 * mm_swap_in - swapoff(2): all pages of @mm that are out in the swap area @area (its index) come
 * in; of one that cannot be read a leaf stays that is SIGBUS to who uses it.  0, -ENOMEM, -EAGAIN:
 * pages are scarce, and some must be made free first; -EINTR: current is to die.  May sleep.
 */
int mm_swap_in(struct mm *mm, unsigned int area) __must_check;

/* What a leaf shows. */
struct mm_leaf {
	uintptr_t va; /* its first address, a multiple of its size */
	size_t size;  /* PAGE_SIZE or BLOCK_SIZE */
	paddr pa;
	bool writable; /* now: that a file's page is dirty is known already */
};

/*
 * mm_leaf_at - the leaf at user address @addr into *@leaf, if it is there and EL0 may read it, or
 * write it with ACCESS_WRITE; that counts as use (mm/swapout.c).  False: mm_fault has to bring it
 * in first.  mm->lock is held, and *@leaf is true as long as it is.  Does not sleep.
 */
bool mm_leaf_at(struct mm *mm, uintptr_t addr, enum vm_access access, struct mm_leaf *leaf);
