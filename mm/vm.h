/*
 * vm.h - a user address space: what is mapped where (struct vma), and the translation tables that
 * show it.
 *
 * The VMAs say what the user may do; the tables are a cache of that, filled by mm_fault(), the one
 * function that decides what a page fault means.  What is done to one has headers of its own:
 * mmap.h changes the VMAs, fault.h brings pages in, zap.h drops them, advise.h is madvise(2) and
 * its like, vmstat.h counts; vma.h is the tree.
 *
 * Locks: mm->lock protects all of struct mm and its tables.  It is a mutex: EL0 chooses how much
 * there is to do under it, so long work gives way meanwhile (mm/giveway.h) and keeps it.  No lock
 * of fs/ or net/ is taken under it, because under those user memory is touched, and that takes it;
 * nor is user memory touched with it.  Inside it: an object's two locks, those of the allocators,
 * and those of run queues; in fork(2) that of the new address space, which only a cut
 * (mm_cut_object) finds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/auxv.h"
#include "lib/avl.h"
#include "mm/object.h"
#include "mm/uaccess.h"

#define VM_READ	       0x1u /* = PROT_READ */
#define VM_WRITE       0x2u
#define VM_EXEC	       0x4u
#define VM_PROT	       0x7u
#define VM_SHARED      0x10u
#define VM_GROWSDOWN   0x20u
#define VM_STACK       0x40u /* the initial stack (named in maps) */
/* a shared file mapping whose file is open for writing may become writable */
#define VM_MAYWRITE    0x80u
#define VM_NORESERVE   0x100u
#define VM_LOCKED      0x200u
#define VM_LOCKONFAULT 0x400u
#define VM_DONTFORK    0x800u
#define VM_WIPEONFORK  0x1000u
#define VM_HUGEPAGE    0x2000u
#define VM_NOHUGEPAGE  0x4000u
#define VM_DONTDUMP    0x8000u
#define VM_NEVEREXEC   0x40000u /* of a file on a mount without programs */
#define VM_VVAR	       0x10000u /* the vDSO's figures: readable, and never more */
#define VM_VDSO	       0x20000u /* its code (both named in maps) */

/* Between a stack and what lies below: Linux's stack_guard_gap. */
#define STACK_GUARD    (256 * PAGE_SIZE)

struct vma {
	struct avl_node node;  /* in mm->vmas */
	struct list_node link; /* in mm->vma_list */
	struct list_node map;  /* in object->maps */
	struct mm *mm;
	uintptr_t start, end; /* page-aligned, start < end <= USER_TOP */
	uint32_t flags;
	uint32_t cut;		  /* object->cut up to which its leaves follow the object's size */
	bool own;		  /* may have pages that are not the object's */
	struct vm_object *object; /* NULL: private anonymous */
	struct vm_held *file;	  /* through which it was mapped (of fs/, for its name), or NULL */
	uint64_t offset;	  /* of start in the object, bytes, page-aligned */
	size_t gap, room; /* bytes: free below it, and the most below any of its subtree (vma.c) */
};

/*
 * What the process may use, in bytes; UINT64_MAX: no limit.  limit_mm (task/limit.h) copies them
 * from the process's rlimits before each call that may map more.
 */
struct mm_limits {
	uint64_t total, data, locked;
};

#define NR_AUX 21 /* entries of an auxiliary vector, AT_NULL among them */

struct mm_mirror;

struct mm {
	struct mutex lock;
	struct ref refs; /* that keep its memory: tasks, and calls that read or write it */
	struct ref pins; /* that keep only struct mm (mm_pin), and one for all of refs */
	/*
	 * Objects and files without a reference left: released when the lock has been dropped
	 * (vm_unlock).
	 */
	struct vm_held *dead;
	size_t work;		   /* since the task last gave way (vm_worked) */
	uint64_t *pgd;		   /* linear-map address of the level-0 table */
	uint64_t asid;		   /* generation << 16 | ASID; atomic, mm/asid.c's */
	struct mm_mirror *mirrors; /* other tables that show the same (mirror.h), or NULL */
	struct avl_tree vmas;	   /* by address, never overlapping */
	struct list_node vma_list; /* the same in order */
	struct vma *last;	   /* that the last look-up found, or NULL */
	size_t nr_vmas;
	size_t pages;	    /* user pages mapped (RSS) */
	size_t file_pages;  /* of these, pages of objects */
	size_t swapped;	    /* entries of swap slots in the leaves (swap.h) */
	uintptr_t out_hand; /* where pages that can go out are looked for next (swapout.h) */
	size_t blocks;	    /* how many 2 MiB blocks the tables have (block.h) */
	size_t inherited;   /* about how many pages are still those that fork gave it */
	bool reaped;	    /* the OOM killer frees its pages: no fault brings one in any more */
	struct mm_limits limits;
	uint32_t lock_future; /* VM_LOCKED, VM_LOCKONFAULT for what will be mapped (mlockall) */
	uint32_t membarrier;  /* task/membarrier.c's; atomic */
	bool no_blocks;	      /* prctl(PR_SET_THP_DISABLE) */
	/* processes of the same user may look into it: prctl(PR_SET_DUMPABLE), task/access.h */
	bool dumpable;
	size_t peak_pages, peak_vm; /* the most there were before the last unmapping */
	size_t total_vm;	    /* pages in all VMAs */
	uintptr_t brk_start, brk;
	uintptr_t mmap_top; /* mappings are placed below it, top down */
	uintptr_t stack_top;
	uint64_t stack_limit; /* bytes the stack may grow to */
	uintptr_t arg_start, arg_end, env_start, env_end;
	uintptr_t start_stack;	  /* SP of the program's first instruction */
	struct auxv auxv[NR_AUX]; /* that the program began with */
	uintptr_t vdso;		  /* where the vDSO's code lies (task/vdso.h) */
	struct vm_object *exe;	  /* the file it was made from, or NULL */
	struct vm_held *exe_file; /* and by which name, or NULL */
};

/*
 * vm_lock - take mm->lock; may sleep.  vm_unlock - give it back, and release what was dropped
 * meanwhile.
 * vm_lock_killable - for a task that looks into another's: 0, or -EINTR: current is to die, and has
 * not got it.
 */
static inline void vm_lock(struct mm *mm)
{
	if (!mutex_trylock(&mm->lock))
		mutex_lock(&mm->lock);
}

static inline int __must_check vm_lock_killable(struct mm *mm)
{
	return mutex_trylock(&mm->lock) ? 0 : mutex_lock_killable(&mm->lock);
}

static inline void vm_unlock(struct mm *mm)
{
	struct vm_held *dead = mm->dead;

	if (unlikely(dead != NULL))
		mm->dead = NULL;
	if (!mutex_try_unlock(&mm->lock))
		mutex_wake(&mm->lock);
	if (unlikely(dead != NULL))
		held_release(dead);
}

/* mm_create - an empty address space, one reference; NULL: no memory. */
struct mm *mm_create(void) __must_check;
/*
 * mm_fork - a copy of @old for a child: private pages shared copy-on-write.  NULL: no memory (then
 * @old is as it was).
 */
struct mm *mm_fork(struct mm *old) __must_check;
/*
 * mm_put - drop a reference; the last one unmaps and frees everything.  Must not be the active one
 * on any core.
 */
void mm_put(struct mm *mm);
/*
 * mm_pin - remember @mm, to which the caller has a reference, without keeping its memory; mm_unpin
 * ends that. mm_get_pinned - a reference to one that is pinned, for mm_put; false: nobody runs in
 * it any more, and its memory is gone.
 */
static inline void mm_pin(struct mm *mm)
{
	ref_get(&mm->pins);
}
void mm_unpin(struct mm *mm);
static inline bool mm_get_pinned(struct mm *mm)
{
	return ref_get_unless_zero(&mm->refs);
}
/*
 * mm_mirror_add - @m is told of all losses of @mm from now on, and of one more at the end of @mm's
 * memory.  mm_mirror_remove - and no more.  The caller has pinned @mm (mm_pin).  Both take
 * mm->lock.
 */
void mm_mirror_add(struct mm *mm, struct mm_mirror *m);
void mm_mirror_remove(struct mm *mm, struct mm_mirror *m);

/*
 * mm_activate - make @mm the one this core's EL0 runs in; NULL: none (an empty table).  Interrupts
 * masked.
 */
void mm_activate(struct mm *mm);
/* active_mm - the one that mm_activate made this core's; the user accessors act on it. */
DECLARE_PERCPU(struct mm *, active_mm);
