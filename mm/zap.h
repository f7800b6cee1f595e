/*
 * zap.h - pages that leave an address space before their mapping does.
 */
#pragma once

#include "mm/vm.h"

/*
 * vm_zap - drop the leaves of [@start, @end), and after the TLB flush their pages.  Tables stay.
 * mm->lock is held.
 */
void vm_zap(struct mm *mm, uintptr_t start, uintptr_t end);

/*
 * mm_reap - all of whose processes are to die: its private pages are freed, while its threads may
 * still run, and no fault brings anything in any more (FAULT_NOMEM).  Takes mm->lock for a piece at
 * a time.
 */
void mm_reap(struct mm *mm);

/*
 * mm_cut_object - pages [@first, @end) of @o have left it: no mapping shows them any more.  @own:
 * private copies of them go too (truncate, where the size has been set before).  May sleep; called
 * with no spinlock; takes o->cut_lock, and inside it mm->lock of one address space after another.
 */
void mm_cut_object(struct vm_object *o, uint64_t first, uint64_t end, bool own);

/*
 * mm_clean_object - shared mappings show pages [@first, @end) of @o read-only from now on: the next
 * store asks the object again (make_writable).  mm_unshow_object - no mapping shows them any more,
 * but where they are locked in memory, or another has mm->lock; the next access brings them back.
 * As mm_cut_object, but waits for no lock.
 */
void mm_clean_object(struct vm_object *o, uint64_t first, uint64_t end);
void mm_unshow_object(struct vm_object *o, uint64_t first, uint64_t end);

/*
 * object_punch - a hole: pages [@first, @end) leave @o (object_remove), and all mappings of it.
 * May sleep; one at a time for an object, which its owner sees to.
 */
void object_punch(struct vm_object *o, uint64_t first, uint64_t end);
