/*
 * mmap.c - changing what an address space says: map, unmap, protect, move, break.
 *
 * Comes from el1/sys_mm.c (and task/exec.c).  Every range is checked here, whoever asks: page-aligned, not empty,
 * not wrapping, inside [USER_BOTTOM, USER_TOP).
 */
#include "abi/errno.h"
#include "abi/mman.h"
#include "lib/string.h"
#include "mm/asid.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "mm/vm.h"
#include "mm/vma.h"

/* Ends a change: the objects that nobody maps any more go after the lock. */
static void unlock(struct mm *mm)
{
	spin_unlock(&mm->lock);
	object_reap();
}

/* Rounds *len up to pages; false: zero or so long that it wraps. */
static bool round_len(size_t *len)
{
	if (!*len || *len > USER_TOP)
		return false;
	*len = ALIGN_UP(*len, PAGE_SIZE);
	return true;
}

static bool range_ok(uintptr_t addr, size_t len)
{
	return IS_ALIGNED(addr, PAGE_SIZE) && len <= USER_TOP && addr <= USER_TOP - len;
}

/* ---- placing ---- */

/* The gap below VMA @i (or below the top, with i == nr_vmas): [*low, *high). */
static void gap_below(const struct mm *mm, size_t i, uintptr_t *low, uintptr_t *high)
{
	*low = i ? mm->vmas[i - 1].end : USER_BOTTOM;
	*high = i < mm->nr_vmas ? mm->vmas[i].start : USER_TOP;
	*low = max(*low, (uintptr_t)USER_BOTTOM);
	*high = min(*high, mm->mmap_top);
}

/* Highest free place below mmap_top; above it when all of that is full; 0: none. */
static uintptr_t find_place(struct mm *mm, size_t len)
{
	uintptr_t low, high;

	for (size_t i = vma_index(mm, mm->mmap_top) + 1; i-- > 0;) {
		if (i > mm->nr_vmas)
			continue;
		gap_below(mm, i, &low, &high);
		if (low < high && high - low >= len)
			return high - len;
	}
	for (size_t i = vma_index(mm, mm->mmap_top); i <= mm->nr_vmas; i++) {
		low = i ? mm->vmas[i - 1].end : USER_BOTTOM;
		high = i < mm->nr_vmas ? mm->vmas[i].start : USER_TOP;
		low = max(low, mm->mmap_top);
		if (low < high && high - low >= len)
			return low;
	}
	return 0;
}

static bool is_free(struct mm *mm, uintptr_t addr, size_t len)
{
	size_t i = vma_index(mm, addr);

	return i == mm->nr_vmas || mm->vmas[i].start >= addr + len;
}

/* Where a mapping of @len goes: the address, or -errno. */
static long choose(struct mm *mm, uintptr_t addr, size_t len, uint32_t how)
{
	if (how & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (!IS_ALIGNED(addr, PAGE_SIZE))
			return -EINVAL;
		if (!range_ok(addr, len))
			return -ENOMEM;
		if (addr < USER_BOTTOM)
			return -EPERM;
		if ((how & MAP_FIXED_NOREPLACE) && !is_free(mm, addr, len))
			return -EEXIST;
		return (long)addr;
	}
	addr = ALIGN_UP(addr, PAGE_SIZE);
	if (addr >= USER_BOTTOM && range_ok(addr, len) && is_free(mm, addr, len))
		return (long)addr;
	addr = find_place(mm, len);
	return addr ? (long)addr : -ENOMEM;
}

long mm_map(struct mm *mm, uintptr_t addr, size_t len, uint32_t flags, uint32_t how,
	    struct vm_object *object, uint64_t offset)
{
	struct vma v = { .flags = flags, .object = object, .offset = offset };
	long at;
	int err = 0;

	if (!len)
		return -EINVAL;
	if (!round_len(&len))
		return -ENOMEM;
	if (!IS_ALIGNED(offset, PAGE_SIZE))
		return -EINVAL;
	if (offset + len < offset)
		return -EOVERFLOW;
	spin_lock(&mm->lock);
	at = choose(mm, addr, len, how);
	if (at > 0 && (how & MAP_FIXED) && !is_free(mm, (uintptr_t)at, len))
		err = vm_unmap_locked(mm, (uintptr_t)at, (uintptr_t)at + len);
	if (at > 0 && !err) {
		v.start = (uintptr_t)at;
		v.end = v.start + len;
		if (object)
			object_get(object);
		err = vma_insert(mm, v);
	}
	unlock(mm);
	if (at < 0)
		return at;
	if (err && object && v.end)
		object_put(object);
	return err ? err : at;
}

/* ---- unmapping ---- */

int vm_unmap_locked(struct mm *mm, uintptr_t start, uintptr_t end)
{
	size_t first, last;
	uintptr_t floor, ceiling;
	int err = vma_split(mm, start);

	if (!err)
		err = vma_split(mm, end);
	if (err) {
		vma_merge_around(mm, vma_index(mm, start), vma_index(mm, start));
		return err;
	}
	first = vma_index(mm, start);
	last = first;
	while (last < mm->nr_vmas && mm->vmas[last].start < end)
		last++;
	if (first == last)
		return 0;
	vm_zap(mm, start, end);
	floor = first ? mm->vmas[first - 1].end : 0;
	ceiling = last < mm->nr_vmas ? mm->vmas[last].start : USER_TOP;
	pgt_free_tables(mm->pgd, start, end, floor, ceiling, asid_of(mm));
	vma_remove(mm, first, last);
	return 0;
}

int mm_unmap(struct mm *mm, uintptr_t addr, size_t len)
{
	int err;

	if (!round_len(&len) || !range_ok(addr, len))
		return -EINVAL;
	spin_lock(&mm->lock);
	err = vm_unmap_locked(mm, addr, addr + len);
	unlock(mm);
	return err;
}

/* ---- protection ---- */

/* The leaves of @v after its rights changed: what is taken away is taken at once, what is given comes by fault where a copy is due. */
static void protect_leaves(struct mm *mm, const struct vma *v)
{
	bool shared = v->flags & VM_SHARED;
	uint64_t *pte;
	size_t n;

	for (uintptr_t va = v->start; (pte = pgt_next(mm->pgd, &va, v->end, &n));
	     va += n << PAGE_SHIFT)
		for (size_t i = 0; i < n; i++) {
			uint64_t e = pte[i];
			struct page *p;
			bool writable;

			if (!(e & PTE_VALID))
				continue;
			p = e & PTE_SPECIAL ? NULL : phys_to_page(pte_phys(e));
			writable =
				(v->flags & VM_WRITE) && p && (shared || READ_ONCE(p->refs) == 1);
			if (p && (v->flags & VM_EXEC))
				page_sync_icache(p);
			WRITE_ONCE(pte[i],
				   pte_phys(e) | (e & PTE_SPECIAL) | pgt_user(v->flags, writable));
		}
	tlb_flush_user(asid_of(mm), v->start, v->end, false);
}

/* Whether [start, end) is mapped without a hole, and each VMA may have @prot.  0, -ENOMEM, -EACCES. */
static int may_protect(struct mm *mm, uintptr_t start, uintptr_t end, uint32_t prot)
{
	size_t i = vma_index(mm, start);

	for (uintptr_t at = start; at < end; at = mm->vmas[i++].end) {
		const struct vma *v = &mm->vmas[i];

		if (i == mm->nr_vmas || v->start > at)
			return -ENOMEM;
		if ((prot & VM_WRITE) && (v->flags & VM_SHARED) && !(v->flags & VM_MAYWRITE))
			return -EACCES;
		if ((v->flags & VM_VVAR) && (prot & ~VM_READ))
			return -EACCES;
	}
	return 0;
}

int mm_protect(struct mm *mm, uintptr_t addr, size_t len, uint32_t prot)
{
	uintptr_t end = addr + len;
	size_t first, i;
	int err;

	if (!len)
		return 0;
	if (!round_len(&len) || !range_ok(addr, len))
		return -ENOMEM;
	end = addr + len;
	spin_lock(&mm->lock);
	err = may_protect(mm, addr, end, prot);
	if (!err)
		err = vma_split(mm, addr);
	if (!err)
		err = vma_split(mm, end);
	first = i = vma_index(mm, addr);
	for (; !err && i < mm->nr_vmas && mm->vmas[i].start < end; i++) {
		struct vma *v = &mm->vmas[i];

		if ((v->flags & VM_PROT) == prot)
			continue;
		v->flags = (v->flags & ~VM_PROT) | prot;
		protect_leaves(mm, v);
	}
	vma_merge_around(mm, first, i);
	unlock(mm);
	return err;
}

/* ---- the break ---- */

uintptr_t mm_brk(struct mm *mm, uintptr_t brk)
{
	uintptr_t old, new = ALIGN_UP(brk, PAGE_SIZE), now;
	int err = 0;

	spin_lock(&mm->lock);
	old = ALIGN_UP(mm->brk, PAGE_SIZE);
	if (brk < mm->brk_start || brk >= USER_TOP || !mm->brk_start)
		err = -EINVAL;
	else if (new < old)
		err = vm_unmap_locked(mm, new, old);
	else if (new > old &&
		 is_free(mm, old, new - old + PAGE_SIZE)) /* a page between it and what is above */
		err = vma_insert(
			mm, (struct vma){ .start = old, .end = new, .flags = VM_READ | VM_WRITE });
	else if (new > old)
		err = -ENOMEM;
	if (!err)
		mm->brk = brk;
	now = mm->brk;
	unlock(mm);
	return now;
}

/* ---- moving ---- */

/* Moves the leaves of [from, from + len) to @to; both in one VMA each.  A table that can't be made costs pages their leaf
 * only where the object or the zero page gives them back: so the tables are made first. */
static int move_leaves(struct mm *mm, uintptr_t from, uintptr_t to, size_t len)
{
	uint64_t *pte, *dest;
	size_t n;

	for (uintptr_t va = from; (pte = pgt_next(mm->pgd, &va, from + len, &n));
	     va += n << PAGE_SHIFT)
		for (size_t i = 0; i < n; i++)
			if ((pte[i] & PTE_VALID) &&
			    !pgt_make(mm->pgd, to + (va + (i << PAGE_SHIFT) - from)))
				return -ENOMEM;
	for (uintptr_t va = from; (pte = pgt_next(mm->pgd, &va, from + len, &n));
	     va += n << PAGE_SHIFT)
		for (size_t i = 0; i < n; i++) {
			uint64_t e = pte[i];

			if (!(e & PTE_VALID))
				continue;
			WRITE_ONCE(pte[i], 0);
			/* no core may write through the old address once the new one shows the page */
			tlb_flush_user(asid_of(mm), va + (i << PAGE_SHIFT),
				       va + ((i + 1) << PAGE_SHIFT), false);
			dest = pgt_find(mm->pgd, to + (va + (i << PAGE_SHIFT) - from));
			WRITE_ONCE(*dest, e);
		}
	return 0;
}

static int grow_in_place(struct mm *mm, uintptr_t addr, size_t old_len, size_t new_len)
{
	struct vma *v = mm_find(mm, addr), more;

	if (v->end != addr + old_len || !range_ok(addr, new_len) ||
	    !is_free(mm, v->end, new_len - old_len))
		return -ENOMEM;
	more = *v;
	more.start = v->end;
	more.end = addr + new_len;
	more.offset += v->end - v->start;
	if (more.object)
		object_get(more.object);
	if (!vma_insert(mm, more))
		return 0;
	if (more.object)
		object_drop(more.object);
	return -ENOMEM;
}

static long move(struct mm *mm, uintptr_t addr, size_t old_len, size_t new_len, uint32_t how,
		 uintptr_t to)
{
	const struct vma *v = mm_find(mm, addr);
	struct vma n = *v; /* @v itself does not outlive a change of the array */
	int err;

	n.offset += addr - n.start;
	if (how & MREMAP_FIXED) {
		err = vm_unmap_locked(mm, to, to + new_len);
		if (err)
			return err;
	} else {
		to = find_place(mm, new_len);
		if (!to)
			return -ENOMEM;
	}
	n.start = to;
	n.end = to + new_len;
	n.flags &= ~VM_GROWSDOWN;
	if (n.object)
		object_get(n.object);
	err = vma_insert(mm, n);
	if (err) {
		if (n.object)
			object_drop(n.object);
		return err;
	}
	err = move_leaves(mm, addr, to, min(old_len, new_len));
	if (!err)
		err = vm_unmap_locked(mm, addr, addr + old_len);
	if (err && vm_unmap_locked(mm, to, to + new_len))
		return -ENOMEM; /* both places stay mapped, the pages in one of them: nothing is lost */
	return err ? err : (long)to;
}

static long remap_locked(struct mm *mm, uintptr_t addr, size_t old_len, size_t new_len,
			 uint32_t how, uintptr_t to)
{
	const struct vma *v = mm_find(mm, addr);

	if (!v || addr + old_len > v->end)
		return -EFAULT;
	if (how & MREMAP_FIXED)
		return move(mm, addr, old_len, new_len, how, to);
	if (new_len <= old_len) {
		int err =
			new_len < old_len ? vm_unmap_locked(mm, addr + new_len, addr + old_len) : 0;

		return err ? err : (long)addr;
	}
	if (!grow_in_place(mm, addr, old_len, new_len))
		return (long)addr;
	return how & MREMAP_MAYMOVE ? move(mm, addr, old_len, new_len, how, to) : -ENOMEM;
}

long mm_remap(struct mm *mm, uintptr_t addr, size_t old_len, size_t new_len, uint32_t how,
	      uintptr_t to)
{
	long r;

	if (how & ~(uint32_t)(MREMAP_MAYMOVE | MREMAP_FIXED) || !IS_ALIGNED(addr, PAGE_SIZE))
		return -EINVAL;
	if ((how & MREMAP_FIXED) && !(how & MREMAP_MAYMOVE))
		return -EINVAL;
	if (!new_len || !round_len(&old_len) || !range_ok(addr, old_len))
		return -EINVAL;
	if (!round_len(&new_len))
		return -ENOMEM;
	if ((how & MREMAP_FIXED) && (!range_ok(to, new_len) || to < USER_BOTTOM ||
				     (to < addr + old_len && addr < to + new_len)))
		return -EINVAL;
	spin_lock(&mm->lock);
	r = remap_locked(mm, addr, old_len, new_len, how, to);
	unlock(mm);
	return r;
}

/* ---- advice ---- */

/* Calls vm_zap on what is mapped of [start, end); -ENOMEM when there are holes, as Linux answers after doing the work. */
static int zap_mapped(struct mm *mm, uintptr_t start, uintptr_t end)
{
	uintptr_t at = start;
	bool hole = false;

	for (size_t i = vma_index(mm, start); at < end; i++) {
		if (i == mm->nr_vmas || mm->vmas[i].start >= end)
			return -ENOMEM;
		hole |= mm->vmas[i].start > at;
		vm_zap(mm, max(at, mm->vmas[i].start), min(end, mm->vmas[i].end));
		at = mm->vmas[i].end;
	}
	return hole ? -ENOMEM : 0;
}

static int check_mapped(struct mm *mm, uintptr_t start, uintptr_t end)
{
	return may_protect(mm, start, end, 0);
}

int mm_advise(struct mm *mm, uintptr_t addr, size_t len, int advice)
{
	int err;

	if (!IS_ALIGNED(addr, PAGE_SIZE))
		return -EINVAL;
	switch (advice) {
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_WILLNEED:
	case MADV_DONTNEED:
	case MADV_FREE:
	case MADV_DONTDUMP:
	case MADV_DODUMP:
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE: break;
	default: return -EINVAL;
	}
	if (!len)
		return 0;
	if (!round_len(&len) || !range_ok(addr, len))
		return -EINVAL;
	spin_lock(&mm->lock);
	err = advice == MADV_DONTNEED ? zap_mapped(mm, addr, addr + len)
				      : check_mapped(mm, addr, addr + len);
	unlock(mm);
	return err;
}
