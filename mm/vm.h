/*
 * vm.h - a user address space: what is mapped where (struct vma), and the translation tables that
 * show it.
 *
 * The VMAs say what the user may do; the tables are a cache of that, filled by mm_fault(), the one
 * function that decides what a page fault means.
 *
 * Locks: mm->lock protects all of struct mm and its tables.  It is a mutex: how much there is to do
 * under it is for EL0 to choose, so who does much gives way meanwhile (mm/giveway.h) and keeps it.
 * No lock of fs/ or net/ is taken under it, because under those user memory is touched, and that
 * takes it; nor is user memory touched with it.  Inside it: an object's two locks, those of the
 * allocators, and those of run queues; in fork(2) that of the new address space, which only a cut
 * (mm_cut_object) finds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/auxv.h"
#include "arm/atomic.h"
#include "arm/percpu.h"
#include "lib/avl.h"
#include "lib/list.h"
#include "lib/util.h"
#include "mm/layout.h"
#include "mm/object.h"
#include "mm/page.h"
#include "mm/uaccess.h"
#include "task/wait.h"

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
 * What the process may use, bytes, UINT64_MAX: as much as there is.  el1/ sets them from its
 * rlimits before it asks for more.
 */
struct mm_limits {
	uint64_t total, data, locked;
};

#define NR_AUX 21 /* entries of an auxiliary vector, AT_NULL among them */

struct mm {
	struct mutex lock;
	struct ref refs; /* of those for whom the memory is to stay */
	struct ref pins; /* of those who only want to know it again, and one of all the others' */
	/* What nobody holds any more: goes when the lock has been given back (vm_unlock). */
	struct vm_held *dead;
	size_t work;		   /* since others were last let in (vm_worked) */
	uint64_t *pgd;		   /* linear-map address of the level-0 table */
	uint64_t asid;		   /* generation << 16 | ASID; atomic, mm/asid.c's */
	struct avl_tree vmas;	   /* by address, never overlapping */
	struct list_node vma_list; /* the same in order */
	struct vma *last;	   /* that the last look-up found, or NULL */
	size_t nr_vmas;
	size_t pages;	   /* user pages mapped (RSS) */
	size_t file_pages; /* of these, pages of objects */
	size_t blocks;	   /* how many 2 MiB blocks the tables have (block.h) */
	size_t inherited;  /* pages that fork gave it and that it has not copied since, about */
	bool reaped;	   /* out of memory takes it apart: nothing is brought in any more */
	struct mm_limits limits;
	uint32_t lock_future; /* VM_LOCKED, VM_LOCKONFAULT for what will be mapped (mlockall) */
	uint32_t membarrier;  /* task/membarrier.c's; atomic */
	bool no_blocks;	      /* prctl(PR_SET_THP_DISABLE) */
	/* others of the same user may look into it: prctl(PR_SET_DUMPABLE), task/access.h */
	bool dumpable;
	size_t peak_pages, peak_vm; /* the most there were, as of the last shrinking */
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
 * vm_lock_killable - for who asks about another's: 0, or -EINTR: current is to die, and has not got
 * it.
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
 * mm_activate - make @mm the one this core's EL0 runs in; NULL: none (an empty table).  Interrupts
 * masked.
 */
void mm_activate(struct mm *mm);
/* active_mm - the one that mm_activate made this core's; the user accessors act on it. */
DECLARE_PERCPU(struct mm *, active_mm);

/*
 * What a mapping shows: bytes of @object from @offset on; @file: who mapped it, for its name (NULL:
 * nobody).
 */
struct vm_source {
	struct vm_object *object;
	struct vm_held *file;
	uint64_t offset;
};

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
/* mm_advise - madvise(2), but for MADV_POPULATE_*, which the caller does.  0 or -errno. */
int mm_advise(struct mm *mm, uintptr_t addr, size_t len, int advice) __must_check;
/*
 * mm_lock - mlock2(2) and munlock(2) of a range of whole pages: its VMAs are marked with @lock
 * (VM_LOCKED, and VM_LOCKONFAULT), 0: not any more.  Bringing them in is the caller's.  0, -ENOMEM
 * (not all mapped, or more than limits.locked).
 * mm_lock_all - mlockall(2), munlockall(2): @now for what there is if @change_now, @future for what
 * will be mapped.  0, -ENOMEM.
 */
int mm_lock(struct mm *mm, uintptr_t start, uintptr_t end, uint32_t lock) __must_check;
int mm_lock_all(struct mm *mm, uint32_t now, uint32_t future, bool change_now) __must_check;
/* mm_resident - mincore(2): for each of @n pages, whether it is in memory.  0, -ENOMEM. */
int mm_resident(struct mm *mm, uintptr_t addr, size_t n, uint8_t *vec) __must_check;
/*
 * mm_sync - msync(2) of whole pages: 0, -ENOMEM (not all mapped), -EBUSY (@invalidate, and locked).
 */
int mm_sync(struct mm *mm, uintptr_t start, uintptr_t end, bool invalidate) __must_check;

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
 * mm_populate - a step of bringing in [*@at, @end) for @access: moves *@at over what is there, or
 * faults one page in.  The caller goes on while it is FAULT_OK and *@at < @end.  May sleep.
 */
enum fault_result mm_populate(struct mm *mm, uintptr_t *at, uintptr_t end, enum vm_access access);

/*
 * object_seal - @o is not written to by any mapping that is made from now on.  With @but_mapped
 * those that there are go on; else there must be none that may write: false if there is, and
 * nothing has changed.
 */
bool object_seal(struct vm_object *o, bool but_mapped) __must_check;

/*
 * mm_cut_object - pages [@first, @end) of @o have left it: no mapping shows them any more.  @own:
 * private copies of them go too (truncate, where the size has been set before).  May sleep; called
 * with no spinlock; one at a time for an object.
 */
void mm_cut_object(struct vm_object *o, uint64_t first, uint64_t end, bool own);

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
 * mm_reap - all of whose processes are to die: its private pages are freed, while its threads may
 * still run, and no fault brings anything in any more (FAULT_NOMEM).  Takes mm->lock for a piece at
 * a time.
 */
void mm_reap(struct mm *mm);

/*
 * mm_weigh - what ends with @mm, in pages: all it shows, tables and VMAs; *@own: of it what is
 * nobody else's.  Numbers of about now, no lock is needed.
 */
size_t mm_weigh(const struct mm *mm, size_t *own);

/* mm_find - the VMA that holds @addr, or NULL.  mm->lock held. */
struct vma *mm_find(struct mm *mm, uintptr_t addr);

/* ---- what /proc tells ---- */

/* What mm_next_vma() tells besides. */
#define VMA_FILE   0x1u /* file, with a reference for the caller */
#define VMA_COUNTS 0x2u /* rss and what follows it: a walk through the tables */

/* One VMA, and how much of it is there.  Counts are pages. */
struct vma_info {
	uintptr_t start, end;
	uint32_t flags;	  /* VM_* */
	uint64_t offset;  /* in the object, bytes */
	const char *name; /* "[heap]", "[stack]", "[vdso]"; NULL: the file's, or none */
	/*
	 * The struct file it was mapped through (its `held`); NULL: there is none, or it was not
	 * asked for.
	 */
	struct vm_held *file;
	size_t rss, anon;     /* mapped now; of these, private copies */
	size_t shared, dirty; /* mapped by others too; written through this mapping or private */
	uint64_t pss;	      /* bytes: each page by the number of its mappers */
	size_t huge;	      /* of these, in 2 MiB blocks */
};

/*
 * mm_next_vma - the first VMA of @mm that ends above @from; the next call's @from is info->end.
 * @want: VMA_FILE and VMA_COUNTS, or 0: its place, flags and name only.  Who wants the file drops
 * it with held_put(), if it is not NULL.
 * Return: false: there is no more, or current is to die.  Takes mm->lock, may sleep.
 */
bool mm_next_vma(struct mm *mm, uintptr_t from, unsigned int want, struct vma_info *info);

/* An address space in numbers, pages. */
struct mm_stat {
	size_t total, peak_total; /* VmSize, VmPeak */
	size_t rss, peak_rss;	  /* VmRSS, VmHWM */
	size_t anon, file;	  /* RssAnon, RssFile (all objects; RssShmem is in it) */
	size_t data, stack, text; /* VmData, VmStk; executable file mappings */
	size_t locked;		  /* VmLck */
	size_t tables;		  /* VmPTE */
};
/* mm_peak_rss - VmHWM, in pages.  No lock. */
size_t mm_peak_rss(const struct mm *mm);
/* mm_stat - by a walk through the VMAs and their tables.  Takes mm->lock. */
void mm_stat(struct mm *mm, struct mm_stat *st);
