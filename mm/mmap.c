/*
 * mmap.c - changing what an address space says: map, unmap, protect, move, break.
 *
 * Comes from sys/mm.c (and task/exec.c).  Every range is checked here, whoever asks:
 * page-aligned, not empty, not wrapping, inside [USER_BOTTOM, USER_TOP).  Invariant: VMAs and
 * tables change together under mm->lock; what a VMA no longer allows, no TLB allows when the lock
 * is released.
 */
#include "abi/errno.h"
#include "abi/mman.h"
#include "log/panic.h"
#include "mm/block.h"
#include "mm/limits.h"
#include "mm/mmap.h"
#include "mm/pgtable.h"
#include "mm/populate.h"
#include "mm/tlb.h"
#include "mm/vma.h"
#include "mm/zap.h"

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

int vm_split_ends(struct mm *mm, uintptr_t start, uintptr_t end)
{
	const struct vma *v = vma_above(mm, start);
	int err = v && v->start < start ? split_at(mm, start) : 0;

	mutex_assert_held(&mm->lock);
	if (v && v->end < end)
		v = vma_above(mm, end - 1);
	if (!err && v && v->start < end && v->end > end)
		err = split_at(mm, end);
	if (err)
		vma_merge(mm, start, start);
	return err;
}

/* ---- placing ---- */

/* Highest free place below mmap_top; above it when all of that is full; 0: none. */
static uintptr_t find_free_range(struct mm *mm, size_t len)
{
	uintptr_t at = vma_place(mm, len, mm->mmap_top);

	return at ? at : vma_place(mm, len, USER_TOP);
}

/* The same, aligned to blocks where @len is a number of them. */
static uintptr_t find_block_place(struct mm *mm, size_t len)
{
	const size_t slack = BLOCK_SIZE - PAGE_SIZE;
	uintptr_t at = IS_ALIGNED(len, BLOCK_SIZE) ? vma_place(mm, len + slack, mm->mmap_top) : 0;

	return at ? ALIGN_DOWN(at + slack, BLOCK_SIZE) : find_free_range(mm, len);
}

static bool is_free(struct mm *mm, uintptr_t addr, size_t len)
{
	return vma_is_free(mm, addr, len, false);
}

/* Where a mapping of @len goes: the address, or -errno. */
static long choose_address(struct mm *mm, uintptr_t addr, size_t len, uint32_t how, bool blocks)
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
	addr = blocks ? find_block_place(mm, len) : find_free_range(mm, len);
	return addr ? (long)addr : -ENOMEM;
}

/* ---- unmapping ---- */

/* munmap(2) of a checked range: VMAs, leaves and tables.  0 or -ENOMEM (nothing changed). */
static int unmap_locked(struct mm *mm, uintptr_t start, uintptr_t end)
{
	struct vma *v, *next;
	uintptr_t floor, ceiling;
	unsigned int round = 0;
	int err = vm_split_ends(mm, start, end);

	mutex_assert_held(&mm->lock);
	if (err)
		return err;
	v = vma_above(mm, start);
	if (!v || v->start >= end)
		return 0;
	mm->peak_vm = max(mm->peak_vm, mm->total_vm);
	/*
	 * The leaves first, while the VMAs still say what they show; then the tables that map
	 * nothing more.
	 */
	vm_zap(mm, start, end);
	floor = vma_prev(v) ? vma_prev(v)->end : 0;
	for (; v && v->start < end; v = next) {
		next = vma_next(v);
		vma_remove(mm, v);
		(void)vm_round(mm, &round);
	}
	ceiling = v ? v->start : USER_TOP;
	pgt_free_tables(mm, start, end, floor, ceiling);
	return 0;
}

/* ---- mapping ---- */

/* What MAP_FIXED replaces is not counted twice. */
static int may_map(struct mm *mm, uintptr_t start, uintptr_t end, uint32_t flags)
{
	size_t pages = (end - start) >> PAGE_SHIFT, replaced = 0;

	if (vm_over(mm->limits.total, mm->total_vm, pages))
		replaced = vm_count_range(mm, start, end, 0, 0);
	return vm_may_grow(mm, pages, replaced, flags);
}

/*
 * A mapping of @o that may write is about to come: from now on it counts as one that there is,
 * until the caller takes writers back, so that no seal is put on in between.  If @o is sealed it
 * does not write: -EPERM, or *@flags say so.
 */
static int announce_writer(struct vm_object *o, uint32_t *flags)
{
	int err = 0;

	spin_lock(&o->map_lock);
	if (!o->sealed)
		o->writers++;
	else if (*flags & VM_WRITE)
		err = -EPERM;
	else
		*flags &= ~VM_MAYWRITE;
	spin_unlock(&o->map_lock);
	return err;
}

static void writer_has_come(struct vm_object *o)
{
	spin_lock(&o->map_lock);
	o->writers--;
	spin_unlock(&o->map_lock);
}

long mm_map(struct mm *mm, uintptr_t addr, size_t len, uint32_t flags, uint32_t how,
	    const struct vm_source *from)
{
	struct vma v; /* as vma_insert wants it */
	bool announced;
	long at;
	int err = 0;

	if (!len)
		return -EINVAL;
	if (!round_len(&len))
		return -ENOMEM;
	v.flags = flags | (how & MAP_LOCKED ? VM_LOCKED : 0) |
		  (how & MAP_NORESERVE ? VM_NORESERVE : 0);
	if (v.flags & VM_LOCKED && !mm->limits.locked)
		return -EPERM;
	v.object = from ? from->object : NULL;
	v.file = from ? from->file : NULL;
	v.offset = from ? from->offset : 0;
	v.own = false;
	v.cut = from ? READ_ONCE(from->object->cut) : 0;
	if (!IS_ALIGNED(v.offset, PAGE_SIZE))
		return -EINVAL;
	if (v.offset + len < len)
		return -EOVERFLOW;
	/* Before mm->lock, and taken back after it: in between the VMA itself is counted. */
	if (from && vm_is_writer(v.flags)) {
		err = announce_writer(v.object, &v.flags);
		if (err)
			return err;
	}
	announced = from && vm_is_writer(v.flags);
	vm_lock(mm);
	at = choose_address(mm, addr, len, how, !from && !(flags & VM_GROWSDOWN));
	if (at > 0) {
		v.start = (uintptr_t)at;
		v.end = v.start + len;
		v.flags |= mm->lock_future;
		err = may_map(mm, v.start, v.end, v.flags);
		if (!err && (how & MAP_FIXED) && !is_free(mm, v.start, len))
			err = unmap_locked(mm, v.start, v.end);
		if (!err)
			err = vma_insert(mm, &v);
	}
	vm_unlock(mm);
	if (announced)
		writer_has_come(v.object);
	if (err || at < 0)
		return err ? err : at;
	/*
	 * Without the lock, which each page's fault takes: others may change the mapping meanwhile.
	 */
	populate_new(mm, (uintptr_t)at, len, how);
	return at;
}

#define MAP_KNOWN                                                                                \
	(MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_DENYWRITE | MAP_EXECUTABLE | \
	 MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB |    \
	 MAP_FIXED_NOREPLACE) /* not MAP_SYNC: no file lies in memory that lasts */

int mm_map_type(size_t len, uint32_t how)
{
	uint32_t type = how & MAP_TYPE;

	if (!len)
		return -EINVAL;
	if (len > USER_TOP)
		return -ENOMEM;
	if (type != MAP_SHARED && type != MAP_PRIVATE && type != MAP_SHARED_VALIDATE)
		return -EINVAL;
	if (type == MAP_SHARED_VALIDATE) {
		if (how & MAP_ANONYMOUS) /* only files have what could be validated */
			return -EINVAL;
		if (how & ~(uint32_t)MAP_KNOWN)
			return -EOPNOTSUPP;
		type = MAP_SHARED;
	}
	/* there is no pool of huge pages, and no file has any */
	return how & MAP_HUGETLB ? -EINVAL : (int)type;
}

long mm_map_anonymous(struct mm *mm, uintptr_t addr, size_t len, uint32_t prot, uint32_t how,
		      struct charge *charge)
{
	int type = mm_map_type(len, how);
	uint32_t flags = prot & VM_PROT;
	struct vm_source from = { .object = NULL };
	long at;

	if (type < 0)
		return type;
	if (type == MAP_PRIVATE)
		return mm_map(mm, addr, len, flags | (how & MAP_GROWSDOWN ? VM_GROWSDOWN : 0), how,
			      NULL);
	if (how & MAP_GROWSDOWN)
		return -EINVAL;
	if (!(how & MAP_NORESERVE) && vm_is_too_much(len >> PAGE_SHIFT))
		return -ENOMEM;
	from.object = object_anon(ALIGN_UP(len, PAGE_SIZE), charge);
	if (!from.object)
		return -ENOMEM;
	at = mm_map(mm, addr, len, flags | VM_SHARED | VM_MAYWRITE, how, &from);
	object_put(from.object);
	return at;
}

int mm_unmap(struct mm *mm, uintptr_t addr, size_t len)
{
	int err;

	if (!round_len(&len) || !range_ok(addr, len))
		return -EINVAL;
	vm_lock(mm);
	err = unmap_locked(mm, addr, addr + len);
	vm_unlock(mm);
	return err;
}

/* ---- protection ---- */

/*
 * What the leaf @e of @v becomes after its rights changed; @bits: the least that it has then.  A
 * right that is taken away goes at once; one that is given comes by a fault where a copy is due, or
 * where the instruction caches have to be synced first (mm_fault).
 */
static uint64_t protected_leaf(const struct vma *v, uint64_t e, uint64_t bits)
{
	struct page *p;

	if (e & PTE_SPECIAL)
		return pte_make(pte_phys(e), PTE_SPECIAL | bits);
	p = phys_to_page(pte_phys(e));
	/*
	 * A page whose object is asked before it is written stays read-only until that has
	 * happened.
	 */
	if (v->flags & VM_SHARED && v->object->ops->make_writable)
		bits |= e & PTE_RDONLY;
	else if ((v->flags & VM_WRITE) && ((v->flags & VM_SHARED) || READ_ONCE(p->refs) == 1))
		bits &= ~PTE_RDONLY;
	if (!(bits & PTE_RDONLY))
		page_user_writes(p);
	if (!(bits & PTE_UXN) && !page_is_synced(p))
		bits |= PTE_UXN;
	return pte_make(pte_phys(e), bits);
}

static void protect_leaves(struct mm *mm, const struct vma *v)
{
	const uint64_t bits = pgt_user(v->flags, false);
	uint64_t *pte;
	size_t n;

	if (mm->blocks)
		block_protect(mm, v);
	for (uintptr_t va = v->start; (pte = pgt_next(mm->pgd, &va, v->end, &n));) {
		for (size_t i = 0; i < n; i++)
			if (pte[i] & PTE_VALID)
				WRITE_ONCE(pte[i], protected_leaf(v, pte[i], bits));
		va += n << PAGE_SHIFT;
		if (va >= v->end)
			break; /* the last table's are counted by protect() */
		(void)vm_worked(mm, n);
	}
	/* Before the lock is released: when mprotect(2) returns no core has the old rights. */
	tlb_flush_lost(mm, v->start, v->end);
}

/*
 * As far as [start, *end) is mapped without a hole and each VMA may have @prot: *end becomes where
 * that ends, and the reason is returned: -ENOMEM, -EACCES; 0 for all of it.
 */
static int may_protect(struct mm *mm, uintptr_t start, uintptr_t *end, uint32_t prot)
{
	const struct vma *v = vma_above(mm, start);
	int err = 0;

	for (uintptr_t at = start; at < *end; at = v->end, v = vma_next(v)) {
		if (at != start)
			(void)vm_worked(mm, VMA_LOOK);
		if (!v || v->start > at)
			err = -ENOMEM;
		else if ((prot & VM_EXEC) && (v->flags & VM_NEVEREXEC))
			err = -EACCES;
		else if ((prot & VM_WRITE) && (v->flags & VM_SHARED) && !(v->flags & VM_MAYWRITE))
			err = -EACCES;
		else if ((v->flags & VM_VVAR) && (prot & ~VM_READ))
			err = -EACCES;
		else if ((prot & VM_WRITE) && !(v->flags & VM_WRITE))
			err = vm_may_be_data(mm, (min(*end, v->end) - at) >> PAGE_SHIFT, 0,
					     v->flags | VM_WRITE);
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
	int err = vm_split_ends(mm, start, end);

	for (struct vma *v = vma_above(mm, start); !err && v && v->start < end; v = vma_next(v)) {
		if (v->start != start)
			(void)vm_worked(mm, VMA_WORK + min(vma_pages(v), (size_t)PTE_ENTRIES));
		if ((v->flags & VM_PROT) == prot)
			continue;
		/* The VMA before the leaves: both are under the lock, which every fault takes. */
		v->flags = (v->flags & ~VM_PROT) | prot;
		protect_leaves(mm, v);
	}
	vma_merge(mm, start, end);
	return err;
}

int mm_protect(struct mm *mm, uintptr_t addr, size_t len, uint32_t prot, bool down)
{
	const struct vma *v;
	uintptr_t end;
	int err, told;

	if (!len)
		return 0;
	if (!round_len(&len) || !range_ok(addr, len))
		return -ENOMEM;
	end = addr + len;
	vm_lock(mm);
	v = down ? mm_find(mm, addr) : NULL;
	if (v && v->flags & VM_GROWSDOWN) {
		addr = v->start;
	} else if (down) {
		vm_unlock(mm);
		return v ? -EINVAL : -ENOMEM;
	}
	/*
	 * As Linux: what lies before the hole is done.  One hold of the lock for the question and
	 * the change.
	 */
	told = may_protect(mm, addr, &end, prot);
	err = end > addr ? protect(mm, addr, end, prot) : 0;
	vm_unlock(mm);
	return err ? err : told;
}

/* ---- the break ---- */

static int grow_brk(struct mm *mm, uintptr_t old, uintptr_t new)
{
	struct vma v = { .start = old, .end = new, .flags = VM_READ | VM_WRITE | mm->lock_future };
	int err;

	/* A page between it and what is above. */
	if (!vma_is_free(mm, old, new - old + PAGE_SIZE, true))
		return -ENOMEM;
	err = vm_may_grow(mm, (new - old) >> PAGE_SHIFT, 0, v.flags);
	return err ? err : vma_insert(mm, &v);
}

uintptr_t mm_brk(struct mm *mm, uintptr_t brk)
{
	uintptr_t old, new = ALIGN_UP(brk, PAGE_SIZE), now;
	int err = 0;

	vm_lock(mm);
	old = ALIGN_UP(mm->brk, PAGE_SIZE);
	if (brk < mm->brk_start || brk >= USER_TOP || !mm->brk_start)
		err = -EINVAL;
	else if (new < old)
		err = unmap_locked(mm, new, old);
	else if (new > old)
		err = grow_brk(mm, old, new);
	if (!err)
		mm->brk = brk;
	now = mm->brk;
	vm_unlock(mm);
	if (!err && new > old)
		populate_new(mm, old, new - old, 0);
	return now;
}

/* ---- moving ---- */

/*
 * Moves the leaves of [from, from + len) to @to; both in one VMA each.  A table that can't be made
 * costs pages their leaf only where the object or the zero page gives them back: so the tables are
 * made first.
 */
static int move_leaves(struct mm *mm, uintptr_t from, uintptr_t to, size_t len)
{
	uint64_t *pte, *dest;
	size_t n;

	if (mm->blocks)
		block_split(mm, from, from + len);
	for (uintptr_t va = from; (pte = pgt_next(mm->pgd, &va, from + len, &n));
	     va += n << PAGE_SHIFT, (void)vm_worked(mm, n))
		for (size_t i = 0; i < n; i++)
			if (pte[i] && !pgt_make(mm->pgd, to + (va + (i << PAGE_SHIFT) - from)))
				return -ENOMEM;
	for (uintptr_t va = from; (pte = pgt_next(mm->pgd, &va, from + len, &n));
	     va += n << PAGE_SHIFT, (void)vm_worked(mm, n))
		for (size_t i = 0; i < n; i++) {
			uint64_t e = pte[i];

			if (!e)
				continue;
			/* (One that is out moves likewise.) */
			WRITE_ONCE(pte[i], 0);
			/*
			 * no core may write through the old address once the new one shows the page
			 */
			tlb_flush_user(mm, va + (i << PAGE_SHIFT), va + ((i + 1) << PAGE_SHIFT),
				       false);
			dest = pgt_make(mm->pgd, to + (va + (i << PAGE_SHIFT) - from));
			CHECK(dest); /* its table was made above */
			WRITE_ONCE(*dest, e);
		}
	/* All at once: the pages are still this address space's. */
	mirrors_lose(mm, from, from + len);
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

/* What is left at the old place: nothing, or with MREMAP_DONTUNMAP a mapping that holds no page. */
static int leave_old_place(struct mm *mm, uintptr_t addr, size_t len, uint32_t how)
{
	struct vma *v;
	int err;

	if (!(how & MREMAP_DONTUNMAP))
		return len ? unmap_locked(mm, addr, addr + len) : 0;
	err = vm_split_ends(mm, addr, addr + len);
	v = mm_find(mm, addr);
	if (!err)
		v->flags &= ~(VM_LOCKED | VM_LOCKONFAULT);
	vma_merge(mm, addr, addr + len);
	return err;
}

/*
 * To @to, or where there is place if that is 0.  All in one VMA; with MREMAP_FIXED nothing is
 * mapped at @to.
 */
static long move_mapping(struct mm *mm, uintptr_t addr, size_t old_len, size_t new_len,
			 uint32_t how, uintptr_t to)
{
	struct vma n = *mm_find(mm, addr); /* the VMA itself may not outlive the changes */
	int err;

	n.offset += addr - n.start;
	if (!(how & MREMAP_FIXED) && !(to && vma_is_free(mm, to, new_len, true))) {
		to = find_free_range(mm, new_len);
		if (!to)
			return -ENOMEM;
	}
	n.start = to;
	n.end = to + new_len;
	n.flags &= ~VM_GROWSDOWN;
	err = vma_insert(mm, &n);
	if (err)
		return err;
	err = move_leaves(mm, addr, to, old_len);
	if (!err)
		err = leave_old_place(mm, addr, old_len, how);
	if (err && unmap_locked(mm, to, to + new_len))
		/* both places stay mapped, the pages in one of them: nothing is lost */
		return -ENOMEM;
	return err ? err : (long)to;
}

/*
 * May [addr, addr + old_len) become a mapping of @new_len, no shorter?  0, -EFAULT, -EINVAL,
 * -ENOMEM, -EAGAIN.
 */
static int may_remap(struct mm *mm, uintptr_t addr, size_t old_len, size_t new_len, uint32_t how)
{
	const struct vma *v = mm_find(mm, addr);
	size_t grown = how & MREMAP_DONTUNMAP ? new_len : new_len - old_len;

	if (!v)
		return -EFAULT;
	if (!old_len && !(v->flags & VM_SHARED))
		return -EINVAL;
	if (old_len > v->end - addr)
		return -EFAULT;
	return grown ? vm_may_grow(mm, grown >> PAGE_SHIFT, 0, v->flags) : 0;
}

/*
 * MREMAP_FIXED, MREMAP_DONTUNMAP: in Linux's order, what lies at @to goes first, then the end that
 * is cut off.
 */
static long remap_to(struct mm *mm, uintptr_t addr, size_t old_len, size_t new_len, uint32_t how,
		     uintptr_t to)
{
	int err = how & MREMAP_FIXED ? unmap_locked(mm, to, to + new_len) : 0;

	if (!err && old_len > new_len) {
		err = unmap_locked(mm, addr + new_len, addr + old_len);
		old_len = new_len;
	}
	if (!err)
		err = may_remap(mm, addr, old_len, new_len, how);
	return err ? err : move_mapping(mm, addr, old_len, new_len, how, to);
}

/*
 * What is cut off may lie in several VMAs, and in none; all else has to be of one.  A hint (@to
 * without MREMAP_FIXED) counts for MREMAP_DONTUNMAP only.
 */
static long remap_locked(struct mm *mm, uintptr_t addr, size_t old_len, size_t new_len,
			 uint32_t how, uintptr_t to)
{
	int err;

	mutex_assert_held(&mm->lock);
	if (!mm_find(mm, addr))
		return -EFAULT;
	if (how & (MREMAP_FIXED | MREMAP_DONTUNMAP))
		return remap_to(mm, addr, old_len, new_len, how, to);
	if (old_len >= new_len) {
		err = old_len > new_len ? unmap_locked(mm, addr + new_len, addr + old_len) : 0;
		return err ? err : (long)addr;
	}
	err = may_remap(mm, addr, old_len, new_len, how);
	if (err)
		return err;
	if (old_len && !grow_in_place(mm, addr, old_len, new_len))
		return (long)addr;
	return how & MREMAP_MAYMOVE ? move_mapping(mm, addr, old_len, new_len, how, 0) : -ENOMEM;
}

static bool how_ok(uint32_t how, size_t old_len, size_t new_len)
{
	if (how & ~(uint32_t)(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP))
		return false;
	if ((how & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && !(how & MREMAP_MAYMOVE))
		return false;
	return !(how & MREMAP_DONTUNMAP) || old_len == new_len;
}

long mm_remap(struct mm *mm, uintptr_t addr, size_t old_len, size_t new_len, uint32_t how,
	      uintptr_t to)
{
	int err = 0;
	long r;

	if (!how_ok(how, old_len, new_len) || !IS_ALIGNED(addr, PAGE_SIZE))
		return -EINVAL;
	old_len = ALIGN_UP(old_len, PAGE_SIZE);
	new_len = ALIGN_UP(new_len, PAGE_SIZE);
	if (!new_len || !range_ok(addr, old_len))
		return -EINVAL;
	if (how & (MREMAP_FIXED | MREMAP_DONTUNMAP)) {
		if (!range_ok(to, new_len) || ((how & MREMAP_FIXED) && to < USER_BOTTOM) ||
		    (to < addr + old_len && addr < to + new_len))
			return -EINVAL;
	} else if (new_len > USER_TOP) {
		return -ENOMEM;
	}
	vm_lock(mm);
	r = remap_locked(mm, addr, old_len, new_len, how, to);
	vm_unlock(mm);
	/*
	 * Without the lock, as in mm_map.  The mapping was locked and stays so, whether its pages
	 * can be brought in or not.
	 */
	if (r > 0 && new_len > old_len)
		err = populate_range(mm, (uintptr_t)r, (uintptr_t)r + new_len, true);
	(void)err;
	return r;
}
