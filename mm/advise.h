/*
 * advise.h - what a program says about memory that it has mapped: madvise(2), mlock(2), mincore(2),
 * msync(2).  All take mm->lock.
 */
#pragma once

#include "mm/vm.h"

/* mm_advise - madvise(2).  0 or -errno. */
int mm_advise(struct mm *mm, uintptr_t addr, size_t len, int advice) __must_check;
/*
 * mm_lock - mlock2(2) and munlock(2) of the pages around [@addr, @addr + @len): @lock is VM_LOCKED,
 * and VM_LOCKONFAULT; or 0: not any more.  0, -EPERM, -EINVAL, -EAGAIN, -EINTR, -ENOMEM (not all
 * mapped, or more than limits.locked).
 * mm_lock_all - mlockall(2), munlockall(2): @now for what there is if @change_now, @future for what
 * will be mapped.  0, -EPERM, -ENOMEM, -EINTR.
 */
int mm_lock(struct mm *mm, uintptr_t addr, size_t len, uint32_t lock) __must_check;
int mm_lock_all(struct mm *mm, uint32_t now, uint32_t future, bool change_now) __must_check;
/* mm_resident - mincore(2): for each of @n pages, whether it is in memory.  0, -ENOMEM. */
int mm_resident(struct mm *mm, uintptr_t addr, size_t n, uint8_t *vec) __must_check;
/*
 * mm_sync - msync(2) of whole pages, with its MS_* @flags: 0, -ENOMEM (not all mapped), -EBUSY
 * (MS_INVALIDATE, and locked), -EIO, -EINTR.  mm->lock not held; may sleep.
 */
int mm_sync(struct mm *mm, uintptr_t start, uintptr_t end, uint32_t flags) __must_check;
