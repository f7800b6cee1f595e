/*
 * swapout.h - which pages of an address space go out, and how all come back (mm/swap.h).
 */
#pragma once

#include "mm/swap.h"
#include "mm/vm.h"

/*
 * swap_out - takes private anonymous leaves of @mm, which the caller has pinned, that were
 * not used since the last look at them (with @force: any), from where it last ended (mm->out_hand)
 * on, until the empty @b is full or *@looks, which goes down, leaves were looked at.  No TLB has
 * them when it returns.  False: the end of the address space was reached.  Takes mm->lock, may
 * sleep.
 */
bool swap_out(struct mm *mm, struct swap_batch *b, size_t *looks, bool force);

/*
 * swap_out_range - madvise(2): MADV_PAGEOUT, the pages of [@at, @end) go that no other process
 * shows: private ones and shared memory to swap, as far as there is, a file's clean ones from the
 * cache (vm_object_ops.drop).  @cold, MADV_COLD: private ones only look as if they were not used.
 * 0, -ENOMEM (there are holes; the rest is done), -EINVAL (locked in memory), -EINTR.  Takes
 * mm->lock, may sleep.
 */
int swap_out_range(struct mm *mm, uintptr_t at, uintptr_t end, bool cold) __must_check;

/*
 * swap_out_object - as swap_out, for pages of @o (in_ram), to which the caller has a reference,
 * from o->out_hand on; those that mappings show are taken out of these, and go at a later look if
 * they were not used.  False: its end was reached.  May sleep, but waits for no mapper's lock.
 * swap_in_object - swapoff(2): all pages of @o that are out in @area come in.  0, -EAGAIN (as
 * mm_swap_in), -ENOMEM, -EINTR.
 */
bool swap_out_object(struct vm_object *o, struct swap_batch *b, size_t *looks, bool force);
int swap_in_object(struct vm_object *o, unsigned int area) __must_check;
