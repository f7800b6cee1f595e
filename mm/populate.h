/*
 * populate.h - pages are brought in before they are touched: MAP_POPULATE, mlock(2), madvise(2).
 *
 * All may sleep and give way; mm->lock is not held.  0, or why it ended: -EFAULT, -ENOMEM, -EINTR:
 * current is to die.
 */
#pragma once

#include "mm/fault.h"

/*
 * populate_range - all that is mapped in [@at, @end); @locked: only what is locked and not left to
 * be locked when it is touched.
 */
int populate_range(struct mm *mm, uintptr_t at, uintptr_t end, bool locked) __must_check;

/*
 * populate_all - [@at, @end), of which all must be mapped (else -ENOMEM) and allow @access (else
 * -EINVAL): MADV_POPULATE_READ, MADV_POPULATE_WRITE.
 */
int populate_all(struct mm *mm, uintptr_t at, uintptr_t end, enum vm_access access) __must_check;

/*
 * populate_new - what was mapped just now, as @how (MAP_POPULATE, MAP_LOCKED) or mlockall(2) want
 * it: as far as that goes.
 */
void populate_new(struct mm *mm, uintptr_t at, size_t len, uint32_t how);
