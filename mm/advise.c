/*
 * advise.c - what a program says about memory that it has mapped: madvise, mlock, mincore, msync.
 *
 * Comes from sys/mm.c.  What is locked stays in (mm/swapout.c): locking is marking and bringing in.
 */
#include "abi/errno.h"
#include "abi/mman.h"
#include "mm/advise.h"
#include "mm/limits.h"
#include "mm/mmap.h"
#include "mm/pgtable.h"
#include "mm/populate.h"
#include "mm/swapout.h"
#include "mm/vma.h"
#include "mm/zap.h"

#define ADVICE_KNOWN                                                                           \
	(BIT(MADV_NORMAL) | BIT(MADV_RANDOM) | BIT(MADV_SEQUENTIAL) | BIT(MADV_WILLNEED) |     \
	 BIT(MADV_DONTNEED) | BIT(MADV_FREE) | BIT(MADV_REMOVE) | BIT(MADV_DONTFORK) |         \
	 BIT(MADV_DOFORK) | BIT(MADV_MERGEABLE) | BIT(MADV_UNMERGEABLE) | BIT(MADV_HUGEPAGE) | \
	 BIT(MADV_NOHUGEPAGE) | BIT(MADV_DONTDUMP) | BIT(MADV_DODUMP) | BIT(MADV_WIPEONFORK) | \
	 BIT(MADV_KEEPONFORK) | BIT(MADV_COLD) | BIT(MADV_PAGEOUT) | BIT(MADV_POPULATE_READ) | \
	 BIT(MADV_POPULATE_WRITE) | BIT(MADV_DONTNEED_LOCKED))

/* What the advice does to a VMA's flags.  0, or -EINVAL where it makes no sense. */
static int new_flags(const struct vma *v, int advice, uint32_t *flags)
{
	bool special = v->flags & (VM_VDSO | VM_VVAR);

	switch (advice) {
	case MADV_DONTFORK: *flags |= VM_DONTFORK; break;
	case MADV_DOFORK: *flags &= ~VM_DONTFORK; break;
	case MADV_DONTDUMP: *flags |= VM_DONTDUMP; break;
	case MADV_DODUMP: *flags &= ~VM_DONTDUMP; return special ? -EINVAL : 0;
	case MADV_WIPEONFORK: *flags |= VM_WIPEONFORK; return v->object ? -EINVAL : 0;
	case MADV_KEEPONFORK: *flags &= ~VM_WIPEONFORK; break;
	case MADV_HUGEPAGE: *flags = (*flags & ~VM_NOHUGEPAGE) | VM_HUGEPAGE; break;
	case MADV_NOHUGEPAGE: *flags = (*flags & ~VM_HUGEPAGE) | VM_NOHUGEPAGE; break;
	default: break;
	}
	return 0;
}

static int set_flags(struct mm *mm, struct vma *v, uintptr_t start, uintptr_t end, uint32_t flags)
{
	int err;

	if (flags == v->flags)
		return 0;
	err = vm_split_ends(mm, start, end);
	if (!err)
		/* The split may have made another VMA of the part: it is looked up again. */
		mm_find(mm, start)->flags = flags;
	return err;
}

/* The advice for [start, end), part of @v.  0 or -errno. */
static int advise_vma(struct mm *mm, struct vma *v, uintptr_t start, uintptr_t end, int advice)
{
	uint32_t flags = v->flags;
	int err;

	switch (advice) {
	case MADV_DONTNEED:
	case MADV_FREE:
		if (v->flags & VM_LOCKED)
			return -EINVAL;
		if (advice == MADV_FREE && v->object)
			return -EINVAL;
		/* The pages go at once; the next access faults in zeros, or the object's page. */
		vm_zap(mm, start, end);
		return 0;
	case MADV_DONTNEED_LOCKED: vm_zap(mm, start, end); return 0;
	default:
		err = new_flags(v, advice, &flags);
		return err ? err : set_flags(mm, v, start, end, flags);
	}
}

/*
 * As Linux does it: what is mapped is advised in order up to the first error; holes are reported at
 * the end.
 */
static int advise_range(struct mm *mm, uintptr_t start, uintptr_t end, int advice)
{
	uintptr_t at = start, to;
	int err = 0, hole = 0;

	for (; at < end && !err; (void)vm_worked(mm, VMA_WORK)) {
		/* Looked up in each round: the advice may have split the VMA before. */
		struct vma *v = vma_above(mm, at);

		if (!v || v->start >= end) {
			hole = -ENOMEM;
			break;
		}
		if (v->start > at)
			hole = -ENOMEM;
		at = max(at, v->start);
		to = min(end, v->end);
		err = advise_vma(mm, v, at, to, advice);
		at = to;
	}
	vma_merge(mm, start, end);
	return err ? err : hole;
}

/* May MADV_REMOVE make a hole in what @v shows? */
static int may_remove(const struct vma *v)
{
	if (!v)
		return -ENOMEM;
	if ((v->flags & VM_LOCKED) || !v->object)
		return -EINVAL;
	return (v->flags & (VM_SHARED | VM_MAYWRITE)) == (VM_SHARED | VM_MAYWRITE) ? 0 : -EACCES;
}

/* MADV_REMOVE, a VMA's part of it.  Return: where to go on, or -errno; mm->lock is not held. */
static long remove_vma_part(struct mm *mm, uintptr_t start, uintptr_t end)
{
	struct vm_object *o;
	uint64_t first, last;
	struct vma *v;
	int err;

	vm_lock(mm);
	v = mm_find(mm, start);
	err = may_remove(v);
	if (err) {
		vm_unlock(mm);
		return err;
	}
	o = v->object;
	/*
	 * The hole is made without mm->lock, which the cut takes itself: the mapping may go
	 * meanwhile.
	 */
	object_get(o);
	end = min(end, v->end);
	first = (start - v->start + v->offset) >> PAGE_SHIFT;
	last = first + ((end - start) >> PAGE_SHIFT);
	vm_unlock(mm);
	if (o->ops->hole)
		err = o->ops->hole(o, first, last);
	else
		object_punch(o, first, last);
	object_put(o);
	return err ? err : (long)end;
}

static int remove_range(struct mm *mm, uintptr_t start, uintptr_t end)
{
	/* Holes in shared memory, which has no lock of its own for them. */
	static struct mutex removing = MUTEX_INIT(removing);
	int err = mutex_lock_killable(&removing);

	if (err)
		return -EINTR;
	while (!err && start < end) {
		long r = remove_vma_part(mm, start, end);

		if (r < 0)
			err = (int)r;
		else
			err = give_way();
		start = (uintptr_t)r;
	}
	mutex_unlock(&removing);
	return err;
}

/* MADV_WILLNEED: each object in turn is told, without mm->lock.  0, -ENOMEM: not all is mapped. */
static int need_range(struct mm *mm, uintptr_t at, uintptr_t end)
{
	int err = 0;

	while (at < end) {
		struct vm_object *o = NULL;
		uint64_t first = 0;
		uintptr_t to = end;
		struct vma *v;

		vm_lock(mm);
		v = vma_above(mm, at);
		if (!v || v->start > at)
			err = -ENOMEM;
		if (v && v->start < end) {
			at = max(at, v->start);
			to = min(end, v->end);
			o = v->object && v->object->ops->ahead ? v->object : NULL;
			first = (at - v->start + v->offset) >> PAGE_SHIFT;
			if (o)
				object_get(o);
		}
		vm_unlock(mm);
		if (o) {
			o->ops->ahead(o, first, first + ((to - at) >> PAGE_SHIFT));
			object_put(o);
		}
		at = to;
		if (give_way())
			break;
	}
	return err;
}

int mm_advise(struct mm *mm, uintptr_t addr, size_t len, int advice)
{
	uintptr_t end = addr + ALIGN_UP(len, PAGE_SIZE);
	int err;

	if (advice < 0 || advice > 63 || !(ADVICE_KNOWN & BIT(advice)) ||
	    !IS_ALIGNED(addr, PAGE_SIZE) || (len && !ALIGN_UP(len, PAGE_SIZE)) || end < addr)
		return -EINVAL;
	if (end == addr)
		return 0;
	if (advice == MADV_REMOVE)
		return remove_range(mm, addr, end);
	if (advice == MADV_WILLNEED)
		return need_range(mm, addr, end);
	if (advice == MADV_COLD || advice == MADV_PAGEOUT)
		return swap_out_range(mm, addr, end, advice == MADV_COLD);
	vm_lock(mm);
	err = advise_range(mm, addr, end, advice);
	vm_unlock(mm);
	if (err || (advice != MADV_POPULATE_READ && advice != MADV_POPULATE_WRITE))
		return err;
	/* After the lock was dropped: a page that is brought in may have to be waited for. */
	return populate_all(mm, addr, end,
			    advice == MADV_POPULATE_WRITE ? ACCESS_WRITE : ACCESS_READ);
}

/* ---- locking ---- */

static int mark_locked(struct mm *mm, uintptr_t start, uintptr_t end, uint32_t lock)
{
	uintptr_t at = start;
	struct vma *v;
	int err = 0;

	if (start == end)
		return 0;
	vm_lock(mm);
	if (lock && vm_over(mm->limits.locked,
			    vm_count(mm, VM_LOCKED, VM_LOCKED) -
				    vm_count_range(mm, start, end, VM_LOCKED, VM_LOCKED),
			    (end - start) >> PAGE_SHIFT))
		err = -ENOMEM;
	/* The limit was checked for the whole range, before the first VMA is marked. */
	for (; at < end && !err; at = v->end, (void)vm_worked(mm, VMA_WORK)) {
		/* The VMA may have been split: go on from the part that was changed. */
		v = mm_find(mm, at);
		if (!v) {
			err = -ENOMEM;
			break;
		}
		err = set_flags(mm, v, at, min(end, v->end),
				(v->flags & ~(VM_LOCKED | VM_LOCKONFAULT)) | lock);
		if (!err)
			v = mm_find(mm, at);
	}
	vma_merge(mm, start, end);
	vm_unlock(mm);
	return err;
}

/*
 * populate_range's errors by the numbers of Linux's mlock(2): ENOMEM for a hole, EAGAIN for no
 * memory.
 */
int mm_lock(struct mm *mm, uintptr_t addr, size_t len, uint32_t lock)
{
	uintptr_t start = ALIGN_DOWN(addr, PAGE_SIZE);
	uintptr_t end = start + ALIGN_UP(len + (addr - start), PAGE_SIZE);
	int err;

	if (lock && !mm->limits.locked)
		return -EPERM;
	if (end < start)
		return -EINVAL;
	err = mark_locked(mm, start, end, lock);
	if (err || lock != VM_LOCKED)
		return err;
	err = populate_range(mm, start, end, true);
	if (err == -EFAULT)
		return -ENOMEM;
	return err == -ENOMEM ? -EAGAIN : err;
}

int mm_lock_all(struct mm *mm, uint32_t now, uint32_t future, bool change_now)
{
	struct vma *v;
	int err = 0;

	if (now && !mm->limits.locked)
		return -EPERM;
	vm_lock(mm);
	if (change_now && now && vm_over(mm->limits.locked, 0, mm->total_vm)) {
		err = -ENOMEM;
	} else {
		/*
		 * Under mm->lock: a mapping that is made afterwards has the flags, one before is in
		 * the list.
		 */
		mm->lock_future = future;
		if (change_now)
			list_for_each(v, &mm->vma_list, link) {
				v->flags = (v->flags & ~(VM_LOCKED | VM_LOCKONFAULT)) | now;
				(void)vm_worked(mm, VMA_WORK);
			}
		vma_merge(mm, 0, USER_TOP);
	}
	vm_unlock(mm);
	if (!err && change_now && now && populate_range(mm, 0, USER_TOP, true) == -EINTR)
		err = -EINTR; /* what cannot be brought in is locked once it can */
	return err;
}

/* ---- what is there ---- */

static bool in_memory(struct mm *mm, const struct vma *v, uintptr_t va)
{
	uint64_t e = pgt_lookup(mm->pgd, va);
	struct page *p;
	bool there;

	if (v->object && v->object->ops->may_tell && !v->object->ops->may_tell(v->object))
		return true; /* of which nothing is to be learnt: all are */
	if (e & PTE_VALID)
		return true;
	if (e || !v->object)
		return false; /* a private copy that is out, or nothing */
	/*
	 * mm->lock is held; the object's lock is inside it, and nothing is created or waited for.
	 */
	object_peek(v->object, (va - v->start + v->offset) >> PAGE_SHIFT, 1, &p);
	there = p && (v->object->ops->in_ram || READ_ONCE(p->state) & CACHED_UPTODATE);
	if (p)
		page_put(p);
	return there;
}

int mm_resident(struct mm *mm, uintptr_t addr, size_t n, uint8_t *vec)
{
	int err = 0;

	vm_lock(mm);
	for (size_t i = 0; i < n && !err; i++) {
		uintptr_t va = addr + (i << PAGE_SHIFT);
		const struct vma *v = mm_find(mm, va);

		if (v)
			vec[i] = in_memory(mm, v, va);
		else
			err = -ENOMEM;
	}
	vm_unlock(mm);
	return err;
}

/* What a step of mm_sync does without mm->lock. */
struct sync_part {
	struct vm_object *object; /* with a reference; NULL: nothing */
	struct vm_held *file;
	uint64_t first, end;
};

/*
 * The VMA at *@at, which moves behind it: what is to be written of it, into *@part.  0, -ENOMEM,
 * -EBUSY.
 */
static int sync_vma(struct mm *mm, uintptr_t *at, uintptr_t end, uint32_t flags,
		    struct sync_part *part)
{
	const struct vma *v = vma_above(mm, *at);
	uintptr_t start = *at;
	int err = 0;

	if (!v || v->start >= end) {
		*at = end;
		return -ENOMEM;
	}
	if (v->start > start)
		err = -ENOMEM;
	start = max(start, v->start);
	*at = min(end, v->end);
	if (flags & MS_INVALIDATE && v->flags & VM_LOCKED)
		return -EBUSY;
	if (!(flags & MS_SYNC) || !(v->flags & VM_SHARED) || !v->object || !v->object->ops->sync)
		return err;
	part->object = v->object;
	part->file = v->file;
	part->first = (start - v->start + v->offset) >> PAGE_SHIFT;
	part->end = part->first + ((*at - start) >> PAGE_SHIFT);
	object_get(v->object);
	if (v->file)
		held_get(v->file);
	return err;
}

int mm_sync(struct mm *mm, uintptr_t start, uintptr_t end, uint32_t flags)
{
	int err = 0, hole = 0;

	while (start < end && !err) {
		struct sync_part part = { .object = NULL };

		vm_lock(mm);
		err = sync_vma(mm, &start, end, flags, &part);
		vm_unlock(mm);
		/* As Linux: a hole is told at the end, and what lies behind it is written. */
		if (err == -ENOMEM) {
			hole = err;
			err = 0;
		}
		if (part.object) {
			err = part.object->ops->sync(part.object, part.file, part.first, part.end);
			object_put(part.object);
			if (part.file)
				held_put(part.file);
		}
		if (give_way() && !err)
			err = -EINTR;
	}
	return err ? err : hole;
}
