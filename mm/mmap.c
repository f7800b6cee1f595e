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
#include "mm/block.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "mm/vm.h"
#include "mm/vma.h"

/* Ends a change: the objects that nobody maps any more go after the lock. */
static void unlock(struct mm *mm)
{
	spin_unlock(&mm->lock);
	held_reap();
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

/* A VMA boundary at @addr, and a boundary of what the tables map. */
static int split_at(struct mm *mm, uintptr_t addr)
{
	if (mm->blocks)
		block_split_at(mm, addr);
	return vma_split(mm, addr);
}

/* ---- placing ---- */

/* Highest free place below mmap_top; above it when all of that is full; 0: none. */
static uintptr_t find_place(struct mm *mm, size_t len)
{
	uintptr_t at = vma_place(mm, len, mm->mmap_top);

	return at ? at : vma_place(mm, len, USER_TOP);
}

/* The same, aligned to blocks where @len is a number of them. */
static uintptr_t find_block_place(struct mm *mm, size_t len)
{
	const size_t slack = BLOCK_SIZE - PAGE_SIZE;
	uintptr_t at = IS_ALIGNED(len, BLOCK_SIZE) ? vma_place(mm, len + slack, mm->mmap_top) : 0;

	return at ? ALIGN_DOWN(at + slack, BLOCK_SIZE) : find_place(mm, len);
}

static bool is_free(struct mm *mm, uintptr_t addr, size_t len)
{
	return vma_is_free(mm, addr, len, false);
}

/* Where a mapping of @len goes: the address, or -errno. */
static long choose(struct mm *mm, uintptr_t addr, size_t len, uint32_t how, bool blocks)
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
	if (addr >= USER_BOTTOM && range_ok(addr, len) && vma_is_free(mm, addr, len, true))
		return (long)addr;
	addr = blocks ? find_block_place(mm, len) : find_place(mm, len);
	return addr ? (long)addr : -ENOMEM;
}

long mm_map(struct mm *mm, uintptr_t addr, size_t len, uint32_t flags, uint32_t how,
	    const struct vm_source *from)
{
	struct vma v; /* as vma_insert wants it */
	long at;
	int err = 0;

	if (!len)
		return -EINVAL;
	if (!round_len(&len))
		return -ENOMEM;
	v.flags = flags;
	v.object = from ? from->object : NULL;
	v.file = from ? from->file : NULL;
	v.offset = from ? from->offset : 0;
	v.own = false;
	v.cut = from ? READ_ONCE(from->object->cut) : 0;
	if (!IS_ALIGNED(v.offset, PAGE_SIZE))
		return -EINVAL;
	if (v.offset + len < len)
		return -EOVERFLOW;
	spin_lock(&mm->lock);
	at = choose(mm, addr, len, how, !from && !(flags & VM_GROWSDOWN));
	if (at > 0) {
		v.start = (uintptr_t)at;
		v.end = v.start + len;
		if ((how & MAP_FIXED) && !is_free(mm, v.start, len))
			err = vm_unmap_locked(mm, v.start, v.end);
		if (!err)
			err = vma_insert(mm, &v);
	}
	unlock(mm);
	return err ? err : at;
}

/* ---- unmapping ---- */

/* Makes VMA boundaries at both ends of the range, if there is anything in it.  0, -ENOMEM (nothing changed). */
static int split_ends(struct mm *mm, uintptr_t start, uintptr_t end)
{
	const struct vma *v = vma_above(mm, start);
	int err = v && v->start < start ? split_at(mm, start) : 0;

	while (v && v->end < end)
		v = vma_next(v);
	if (!err && v && v->start < end && v->end > end)
		err = split_at(mm, end);
	if (err)
		vma_merge(mm, start, start);
	return err;
}

int vm_unmap_locked(struct mm *mm, uintptr_t start, uintptr_t end)
{
	struct vma *v, *next;
	uintptr_t floor, ceiling;
	int err = split_ends(mm, start, end);

	if (err)
		return err;
	v = vma_above(mm, start);
	if (!v || v->start >= end)
		return 0;
	mm->peak_vm = max(mm->peak_vm, mm->total_vm);
	vm_zap(mm, start, end);
	floor = vma_prev(v) ? vma_prev(v)->end : 0;
	for (; v && v->start < end; v = next) {
		next = vma_next(v);
		vma_remove(mm, v);
	}
	ceiling = v ? v->start : USER_TOP;
	pgt_free_tables(mm->pgd, start, end, floor, ceiling, asid_of(mm));
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

	if (mm->blocks)
		block_protect(mm, v);
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

/*
 * As far as [start, *end) is mapped without a hole and each VMA may have @prot: *end becomes where that ends, and the
 * reason is returned: -ENOMEM, -EACCES; 0 for all of it.
 */
static int may_protect(struct mm *mm, uintptr_t start, uintptr_t *end, uint32_t prot)
{
	const struct vma *v = vma_above(mm, start);
	int err = 0;

	for (uintptr_t at = start; at < *end; at = v->end, v = vma_next(v)) {
		if (!v || v->start > at)
			err = -ENOMEM;
		else if ((prot & VM_EXEC) && (v->flags & VM_NEVEREXEC))
			err = -EACCES;
		else if ((prot & VM_WRITE) && (v->flags & VM_SHARED) && !(v->flags & VM_MAYWRITE))
			err = -EACCES;
		else if ((v->flags & VM_VVAR) && (prot & ~VM_READ))
			err = -EACCES;
		if (err) {
			*end = at;
			return err;
		}
	}
	return 0;
}

/* Gives [start, end), mapped without a hole, the protection @prot. */
static int protect(struct mm *mm, uintptr_t start, uintptr_t end, uint32_t prot)
{
	int err = split_ends(mm, start, end);

	for (struct vma *v = vma_above(mm, start); !err && v && v->start < end; v = vma_next(v)) {
		if ((v->flags & VM_PROT) == prot)
			continue;
		v->flags = (v->flags & ~VM_PROT) | prot;
		protect_leaves(mm, v);
	}
	vma_merge(mm, start, end);
	return err;
}

int mm_protect(struct mm *mm, uintptr_t addr, size_t len, uint32_t prot)
{
	uintptr_t end;
	int err, told;

	if (!len)
		return 0;
	if (!round_len(&len) || !range_ok(addr, len))
		return -ENOMEM;
	end = addr + len;
	spin_lock(&mm->lock);
	/* As Linux: what lies before the hole is done. */
	told = may_protect(mm, addr, &end, prot);
	err = end > addr ? protect(mm, addr, end, prot) : 0;
	unlock(mm);
	return err ? err : told;
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
			mm, &(struct vma){ .start = old, .end = new, .flags = VM_READ | VM_WRITE });
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

	if (mm->blocks)
		block_split(mm, from, from + len);
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
	return vma_insert(mm, &more);
}

static long move(struct mm *mm, uintptr_t addr, size_t old_len, size_t new_len, uint32_t how,
		 uintptr_t to)
{
	struct vma n = *mm_find(mm, addr); /* the VMA itself may not outlive the changes */
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
	err = vma_insert(mm, &n);
	if (err)
		return err;
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

	for (const struct vma *v = vma_above(mm, start); at < end; v = vma_next(v)) {
		if (!v || v->start >= end)
			return -ENOMEM;
		hole |= v->start > at;
		vm_zap(mm, max(at, v->start), min(end, v->end));
		at = v->end;
	}
	return hole ? -ENOMEM : 0;
}

static int check_mapped(struct mm *mm, uintptr_t start, uintptr_t end)
{
	return may_protect(mm, start, &end, 0);
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
