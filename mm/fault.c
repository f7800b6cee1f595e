/*
 * fault.c - what a page fault means: demand, copy on write, a page of a file, a stack that grows,
 * or an error.
 *
 * Comes from el1/trap.c, for EL0 and for the kernel's user accesses alike.  Invariant: a leaf never
 * allows what its VMA does not; a private page is writable through a leaf only when nobody else has
 * a reference to it.
 */
#include "abi/errno.h"
#include "lib/string.h"
#include "log/panic.h"
#include "mm/block.h"
#include "mm/fault.h"
#include "mm/kmap.h"
#include "mm/limits.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "mm/vma.h"

#define AROUND	     16 /* pages that are shown at once when one is asked for */
#define AROUND_ZEROS 64 /* the same of the zero page: it costs nothing */

/* Shared by all that was read and never written. */
static char zero_page[PAGE_SIZE] __attribute__((aligned(4096)));

static paddr zero_phys(void)
{
	static paddr pa; /* every core computes the same value */

	if (!paddr_value(pa)) {
		/* It may be executed: what its frame held before must be in no cache. */
		sync_icache_page(zero_page);
		pa = kmap_to_phys(zero_page);
	}
	return pa;
}

static bool allowed_by_vma(const struct vma *v, enum vm_access access)
{
	switch (access) {
	case ACCESS_WRITE: return v->flags & VM_WRITE;
	case ACCESS_EXEC: return v->flags & VM_EXEC;
	default: break;
	}
	return v->flags & (VM_READ | VM_WRITE) || ((v->flags & VM_EXEC) && !pgt_exec_only());
}

/*
 * The VMA for @addr; a stack just above is grown down to it, as far as its limit and the guard gap
 * below let it.
 */
static struct vma *find_or_grow(struct mm *mm, uintptr_t addr)
{
	uintptr_t start = ALIGN_DOWN(addr, PAGE_SIZE);
	struct vma *v = vma_above(mm, addr), *below;

	if (!v || v->start <= addr)
		return v;
	if (!(v->flags & VM_GROWSDOWN) || start < USER_BOTTOM || v->end - start > mm->stack_limit ||
	    vm_may_grow(mm, (v->start - start) >> PAGE_SHIFT, 0, v->flags))
		return NULL;
	below = vma_prev(v);
	if (below && !(below->flags & VM_GROWSDOWN) && (below->flags & VM_PROT) &&
	    start - below->end < STACK_GUARD)
		return NULL;
	vma_grow_down(mm, v, start);
	return v;
}

/* Before a leaf with @bits leads to @page. */
static void make_ready(struct page *page, uint64_t bits)
{
	if (!(bits & PTE_RDONLY))
		page_user_writes(page);
	if (!(bits & PTE_UXN))
		page_sync_icache(page);
}

/*
 * Shows @page (a reference that becomes the leaf's) in the leaf at @pte, which is still as the
 * caller saw it.
 */
static void set_leaf(struct mm *mm, uint64_t *pte, struct page *page, uint64_t bits)
{
	make_ready(page, bits);
	mm->pages++;
	mm->file_pages += page->in_object;
	/* what the page holds before the way to it: another core may be quicker than our zeros */
	dmb(ishst);
	WRITE_ONCE(*pte, pte_make(page_to_phys(page), bits));
}

/*
 * Replaces the valid leaf at @addr by @value: break before make, so that no core sees two pages at
 * one address.  The flush's DSB also makes the new page's contents visible before the way to them.
 */
static void replace_leaf(struct mm *mm, uintptr_t addr, uint64_t *pte, uint64_t value)
{
	WRITE_ONCE(*pte, 0);
	tlb_flush_lost(mm, addr, addr + PAGE_SIZE);
	WRITE_ONCE(*pte, value);
}

/*
 * Maps the zero page at @addr; and where the page before has it too, in the pages behind as well:
 * the program reads through memory that it has never written.
 */
static void show_zeros(const struct vma *v, uintptr_t addr, uint64_t *pte)
{
	uint64_t e = pte_make(zero_phys(), PTE_SPECIAL | pgt_user(v->flags, false));
	size_t i = pte_index(addr), n = 1;

	if (i && pte[-1] == e) {
		n = min((size_t)AROUND_ZEROS, PTE_ENTRIES - i);
		n = min(n, (v->end - addr) >> PAGE_SHIFT);
	}
	for (; n--; pte++)
		if (!*pte)
			WRITE_ONCE(*pte, e);
}

/*
 * How many pages a write at @addr brings in: as many as are there in a row just before it.  So a
 * program that writes on and on faults less and less often, and at most half of its pages are
 * brought in for nothing.
 */
static size_t pages_ahead(const struct vma *v, uintptr_t addr, const uint64_t *pte)
{
	const size_t i = pte_index(addr), before = min(i, (addr - v->start) >> PAGE_SHIFT);
	const size_t behind = min(PTE_ENTRIES - i, (v->end - addr) >> PAGE_SHIFT);
	size_t n = 0;

	while (n < min(before, (size_t)AROUND) &&
	       (pte[-1 - (long)n] & (PTE_VALID | PTE_RDONLY)) == PTE_VALID)
		n++;
	return min(max(n, (size_t)1), behind);
}

/* Anonymous memory, first touch: the zero page for a read, pages of its own for a write. */
static enum fault_result first_touch(struct mm *mm, struct vma *v, uintptr_t addr, uint64_t *pte,
				     enum vm_access access)
{
	uint64_t bits, *end;

	if (access != ACCESS_WRITE) {
		show_zeros(v, addr, pte);
		return FAULT_OK;
	}
	bits = pgt_user(v->flags, true);
	end = pte + pages_ahead(v, addr, pte);
	for (uint64_t *e = pte; e < end && !*e; e++) {
		struct page *p = page_alloc_zero();

		if (!p)
			return e == pte ? FAULT_NOMEM : FAULT_OK;
		set_leaf(mm, e, p, bits);
	}
	return FAULT_OK;
}

/* A write to a private page that may not be written yet: ours alone, or copied now. */
static enum fault_result break_cow(struct mm *mm, struct vma *v, uintptr_t addr, uint64_t *pte)
{
	uint64_t bits = pgt_user(v->flags, true), e = *pte;
	struct page *old = NULL, *new;
	paddr pa = pte_phys(e);

	/*
	 * The caller holds mm->lock, so the leaf's reference keeps the old page while it is copied.
	 */
	if (!(e & PTE_SPECIAL)) {
		old = phys_to_page(pa);
		if (READ_ONCE(old->refs) == 1) { /* only this leaf, and the lock keeps it so */
			make_ready(old, bits);	 /* which mprotect(2) left to do */
			WRITE_ONCE(*pte, pte_make(pa, bits));
			mm->inherited -= mm->inherited != 0;
			tlb_flush_user(mm, addr, addr + PAGE_SIZE, false);
			return FAULT_OK;
		}
		new = page_alloc(0);
		if (new)
			copy_page(page_to_virt(new), page_to_virt(old));
	} else {
		new = page_alloc_zero();
	}
	if (!new)
		return FAULT_NOMEM;
	make_ready(new, bits);
	replace_leaf(mm, addr, pte, pte_make(page_to_phys(new), bits));
	v->own = true;
	if (old) {
		if (old->in_object)
			mm->file_pages--;
		else
			mm->inherited -= mm->inherited != 0;
		page_put(old);
	} else {
		mm->pages++;
	}
	return FAULT_OK;
}

/*
 * @addr is executed for the first time since mprotect(2) or mmap(2) allowed it: the instruction
 * caches are synced for it and what lies around it, as far as the same was left to do there.
 */
static void show_code(const struct vma *v, uintptr_t addr, uint64_t *pte)
{
	size_t first = ALIGN_DOWN(pte_index(addr), AROUND);

	for (size_t i = 0; i < AROUND; i++) {
		uint64_t *p = pte - pte_index(addr) + first + i, e = *p;
		uintptr_t va = addr - ((uintptr_t)pte_index(addr) << PAGE_SHIFT) +
			       ((first + i) << PAGE_SHIFT);

		if (va < v->start || va >= v->end || !(e & PTE_VALID) || !(e & PTE_UXN))
			continue;
		page_sync_icache(phys_to_page(pte_phys(e)));
		/*
		 * After the caches are synced: another core may run the page as soon as the leaf
		 * allows it.
		 */
		WRITE_ONCE(*p, e & ~PTE_UXN);
	}
}

/* A leaf that is there: a copy is due, or another core was faster and there is nothing to do. */
static enum fault_result valid_leaf(struct mm *mm, struct vma *v, uintptr_t addr, uint64_t *pte,
				    enum vm_access access)
{
	uint64_t e = *pte;

	if (unlikely(!(e & PTE_AF))) { /* mm/swapout.c asks whether it is used: it is */
		e |= PTE_AF;
		WRITE_ONCE(*pte, e);
	}
	if (access == ACCESS_WRITE && (e & PTE_RDONLY)) {
		if (!(v->flags & VM_SHARED))
			return break_cow(mm, v, addr, pte);
		page_user_writes(phys_to_page(pte_phys(e)));
		WRITE_ONCE(*pte, e & ~PTE_RDONLY);
	} else if (access == ACCESS_EXEC && (e & PTE_UXN)) {
		show_code(v, addr, pte);
	}
	/* a core may hold the older, stricter entry */
	tlb_flush_user(mm, addr, addr + PAGE_SIZE, false);
	return FAULT_OK;
}

/* Whether @addr still shows page @index of the same object in the same way as @was said. */
static bool still_same(const struct vma *v, const struct vma *was, uintptr_t addr, uint64_t index)
{
	return v && v->object == was->object && v->flags == was->flags &&
	       (addr - v->start + v->offset) >> PAGE_SHIFT == index;
}

/*
 * The page to show: the object's own, or for a write to a private mapping a copy of it.  Lock not
 * held.
 */
static struct page *fetch_page(struct vm_object *o, uint64_t index, bool copy)
{
	struct page *p = o->ops->page(o, index, !copy), *own;

	if (is_err(p) || !copy)
		return p;
	own = p ? page_alloc(0) : page_alloc_zero();
	if (own && p)
		copy_page(page_to_virt(own), page_to_virt(p));
	if (p)
		page_put(p);
	return own ? own : err_ptr(-ENOMEM);
}

/*
 * The pages around the one that was read, as far as they are in memory: a program that reads or
 * runs one soon comes to the others.
 * @pte: of @addr, whose page is shown already.
 */
static void show_around(struct mm *mm, const struct vma *v, uintptr_t addr, uint64_t *pte)
{
	uint64_t index = (addr - v->start + v->offset) >> PAGE_SHIFT;
	uint64_t end = DIV_ROUND_UP(READ_ONCE(v->object->size), PAGE_SIZE);
	const bool in_ram = v->object->ops->in_ram;
	uint64_t bits =
		pgt_user(v->flags, in_ram && (v->flags & VM_SHARED) && (v->flags & VM_WRITE));
	struct page *pages[AROUND];

	object_peek(v->object, ALIGN_DOWN(index, AROUND), AROUND, pages);
	for (size_t i = 0; i < AROUND; i++) {
		uint64_t other = ALIGN_DOWN(index, AROUND) + i;
		uintptr_t va = addr + ((other - index) << PAGE_SHIFT);
		uint64_t *p = pte + (int64_t)(other - index);

		if (!pages[i])
			continue;
		if (va >= v->start && va < v->end && (va ^ addr) < BLOCK_SIZE && other < end &&
		    !*p && (in_ram || READ_ONCE(pages[i]->state) & CACHED_UPTODATE))
			set_leaf(mm, p, pages[i], bits);
		else
			page_put(pages[i]);
	}
}

/*
 * Before a mapping shows @p for the first time, or, with @write, for a store after it was written
 * back.
 */
static int ask_object(struct vm_object *o, uint64_t index, struct page *p, bool write)
{
	int err = 0;

	if (write && o->ops->make_writable)
		err = o->ops->make_writable(o, index, p);
	else if (write && o->ops->written)
		o->ops->written(o);
	if (err)
		page_put(p);
	return err;
}

/*
 * @addr, which shows nothing or, read-only, the same page, shows @p (a reference, which goes) from
 * now on.
 */
static enum fault_result show_page(struct mm *mm, struct vma *v, uintptr_t addr, struct page *p,
				   enum vm_access access)
{
	bool shared = v->flags & VM_SHARED, copy = !shared && access == ACCESS_WRITE;
	bool write = shared && access == ACCESS_WRITE, tracked = v->object->ops->make_writable;
	uint64_t *pte = pgt_make(mm->pgd, addr), was = pte ? *pte : 0;
	bool same = was & PTE_VALID && phys_to_page(pte_phys(was)) == p;

	if (!pte || (was && !(same && write))) {
		page_put(p);
		return pte ? FAULT_OK : FAULT_NOMEM; /* another core was faster */
	}
	if (same) {
		page_user_writes(p);
		WRITE_ONCE(*pte, was & ~PTE_RDONLY);
		tlb_flush_user(mm, addr, addr + PAGE_SIZE, false);
	} else {
		set_leaf(mm, pte, p,
			 pgt_user(v->flags,
				  copy || (v->flags & VM_WRITE && shared && (write || !tracked))));
		v->own |= copy;
	}
	/*
	 * Under mm->lock, which a write-back takes when it makes the leaf read-only: it comes after
	 * this, or the page is dirty again.
	 */
	if (write && tracked)
		v->object->ops->dirtied(v->object, (addr - v->start + v->offset) >> PAGE_SHIFT, p);
	if (same)
		page_put(p);
	else if (!copy && (tracked || v->object->ops->in_ram))
		show_around(mm, v, addr, pte);
	return FAULT_OK;
}

/*
 * A page of an object.  It may have to be waited for, so it is asked for without the lock; then the
 * VMA is looked up again, and the page goes in only if it is still the one that belongs there: else
 * the instruction runs again and finds out what has changed.  mm->lock is held, dropped, and held
 * again.
 */
static enum fault_result object_fault(struct mm *mm, uintptr_t addr, enum vm_access access)
{
	struct vma was = *mm_find(mm, addr), *v;
	uint64_t index = (addr - was.start + was.offset) >> PAGE_SHIFT;
	bool shared = was.flags & VM_SHARED, copy = !shared && access == ACCESS_WRITE, same;
	uint32_t cut = READ_ONCE(was.object->cut);
	struct page *p;
	int err;

	mutex_assert_held(&mm->lock);
	if (index >= DIV_ROUND_UP(READ_ONCE(was.object->size), PAGE_SIZE))
		return FAULT_BUS;
	/*
	 * For the time without the lock: an munmap by another thread may drop the last reference,
	 * and a new object at the same address would look the same when the VMA is compared.
	 */
	object_get(was.object);
	vm_unlock(mm);
	p = fetch_page(was.object, index, copy);
	err = is_err(p) ? (int)ptr_err(p)
			: ask_object(was.object, index, p, shared && access == ACCESS_WRITE);
	vm_lock(mm);
	v = mm_find(mm, addr);
	/* Had it been cut, the page might have left the object meanwhile. */
	same = still_same(v, &was, addr, index) && READ_ONCE(was.object->cut) == cut;
	/* mm->lock is held: a last release waits until it is given back. */
	held_drop(&was.object->held, &mm->dead);
	if (err == -EAGAIN)
		return FAULT_OK;
	if (err)
		return err == -ENOMEM ? FAULT_NOMEM : FAULT_BUS;
	if (same)
		return show_page(mm, v, addr, p, access);
	page_put(p);
	return FAULT_OK;
}

/* ---- a page that is out ---- */

/* @p (a reference), which came in for the entry at @addr, is shown there. */
static void show_swapped(struct mm *mm, const struct vma *v, uintptr_t addr, struct page *p)
{
	/* Ours alone, and no slot's: else the first store makes a copy, or finds that it is now. */
	bool alone = READ_ONCE(p->refs) == 1;
	uint64_t *pte = pgt_make(mm->pgd, addr);

	CHECK(pte); /* its table is there */
	mm->swapped--;
	set_leaf(mm, pte, p, pgt_user(v->flags, v->flags & VM_WRITE && alone));
}

/*
 * The leaf at @addr holds @entry.  As object_fault: mm->lock is held, dropped while the page is
 * read, and held again.  0: look again; -ENOMEM, -EIO; -EINTR: current is to die, and must not
 * wait (a kernel access at its end would come back for ever, were it told that all is well).
 */
static int swap_fault(struct mm *mm, uintptr_t addr, uint64_t entry)
{
	const struct vma *v = mm_find(mm, addr);
	struct page *p = swap_claim(entry), *read;

	mutex_assert_held(&mm->lock);
	if (!p) {
		/* An entry of our own, so that the slot stays this page's meanwhile. */
		if (!swap_dup(entry))
			return -ENOMEM;
		vm_unlock(mm);
		read = swap_bring(entry);
		vm_lock(mm);
		swap_free(entry);
		if (is_err(read))
			return (int)ptr_err(read);
		v = mm_find(mm, addr);
		if (v && pgt_lookup(mm->pgd, addr) == entry)
			p = swap_claim(entry);
		page_put(read); /* only now: nobody may drop it before it is claimed */
	}
	if (p)
		show_swapped(mm, v, addr, p);
	return 0;
}

static enum fault_result swap_result(int err)
{
	if (!err)
		return FAULT_OK;
	return err == -ENOMEM ? FAULT_NOMEM : FAULT_BUS;
}

/* The next leaf from *@at on with an entry of area @area, or 0. */
static uint64_t next_swapped(struct mm *mm, uintptr_t *at, unsigned int area)
{
	uint64_t *pte;
	size_t n;

	for (; (pte = pgt_next(mm->pgd, at, USER_TOP, &n)); *at += n << PAGE_SHIFT) {
		for (size_t i = 0; i < n; i++)
			if (swap_is_entry(pte[i]) && swap_area_of(pte[i]) == area &&
			    pte[i] != SWAP_LOST) {
				*at += i << PAGE_SHIFT;
				return pte[i];
			}
		(void)vm_worked(mm, n);
	}
	return 0;
}

/* As Linux: who uses a page that could not be read gets SIGBUS, and nobody else is told. */
static void lose_page(struct mm *mm, uintptr_t at, uint64_t entry)
{
	if (pgt_lookup(mm->pgd, at) != entry)
		return;
	WRITE_ONCE(*pgt_make(mm->pgd, at), SWAP_LOST);
	swap_free(entry);
}

int mm_swap_in(struct mm *mm, unsigned int area)
{
	uintptr_t at = 0;
	uint64_t entry;
	int err = 0;

	vm_lock(mm);
	while (!err && mm->swapped && (entry = next_swapped(mm, &at, area))) {
		if (page_is_scarce()) {
			err = -EAGAIN;
			break;
		}
		err = swap_fault(mm, at, entry);
		if (err == -EIO)
			lose_page(mm, at, entry);
		if (!err || err == -EIO)
			err = give_way();
	}
	vm_unlock(mm);
	return err;
}

/* A write that a block may answer.  False: there is none, and the lock was not dropped. */
static bool block_fault(struct mm *mm, uintptr_t addr)
{
	struct page *head = block_new();

	if (!head)
		return false;
	vm_unlock(mm);
	block_clear(head);
	vm_lock(mm);
	block_show(mm, addr, head);
	return true;
}

/* A fault that its VMA allows. */
static enum fault_result resolve(struct mm *mm, struct vma *v, uintptr_t addr,
				 enum vm_access access)
{
	uint64_t *pte;

	if (mm->blocks && block_pages(mm, addr, addr + PAGE_SIZE)) { /* another core was faster */
		tlb_flush_user(mm, addr, addr + PAGE_SIZE, false);
		return FAULT_OK;
	}
	if (access == ACCESS_WRITE && block_fits(mm, v, addr) && block_fault(mm, addr))
		return FAULT_OK;
	pte = pgt_make(mm->pgd, addr);
	if (!pte)
		return FAULT_NOMEM;
	if (*pte & PTE_VALID &&
	    !(access == ACCESS_WRITE && *pte & PTE_RDONLY && v->flags & VM_SHARED && v->object &&
	      v->object->ops->make_writable))
		return valid_leaf(mm, v, addr, pte, access);
	if (unlikely(swap_is_entry(*pte)))
		return swap_result(swap_fault(mm, addr, *pte));
	return v->object ? object_fault(mm, addr, access) : first_touch(mm, v, addr, pte, access);
}

enum fault_result mm_fault(struct mm *mm, uintptr_t addr, enum vm_access access)
{
	enum fault_result r;
	struct vma *v;

	addr = ALIGN_DOWN(addr, PAGE_SIZE);
	if (addr < USER_BOTTOM || addr >= USER_TOP)
		return FAULT_MAPERR;
	vm_lock(mm);
	v = find_or_grow(mm, addr);
	/* The OOM killer has taken the pages away: the task is to die, not to run on with zeros. */
	if (unlikely(mm->reaped))
		r = FAULT_NOMEM;
	else if (!v)
		r = FAULT_MAPERR;
	else if (!allowed_by_vma(v, access))
		r = FAULT_ACCERR;
	else
		r = resolve(mm, v, addr, access);
	vm_unlock(mm);
	/* Whoever makes pages waits for their being made free, before others have none. */
	page_throttle();
	return r;
}

bool mm_leaf_at(struct mm *mm, uintptr_t addr, enum vm_access access, struct mm_leaf *leaf)
{
	uint64_t *entry, e;

	mutex_assert_held(&mm->lock);
	if (addr < USER_BOTTOM || addr >= USER_TOP || mm->reaped)
		return false;
	entry = pgt_level2(mm->pgd, addr, false);
	if (!entry || !(*entry & PTE_VALID))
		return false;
	leaf->size = pte_is_block(*entry) ? BLOCK_SIZE : PAGE_SIZE;
	if (leaf->size == PAGE_SIZE)
		entry = pgt_make(mm->pgd, addr); /* the table is there: nothing is made */
	e = *entry;
	if ((e & (PTE_VALID | PTE_USER)) != (PTE_VALID | PTE_USER) ||
	    (access == ACCESS_WRITE && e & PTE_RDONLY))
		return false;
	/* As a fault of EL0 would: no TLB holds an entry without it. */
	if (!(e & PTE_AF))
		WRITE_ONCE(*entry, e | PTE_AF);
	leaf->va = ALIGN_DOWN(addr, leaf->size);
	leaf->pa = pte_phys(e);
	leaf->writable = !(e & PTE_RDONLY);
	return true;
}

/* @n bytes at @off of the page that the leaf @e leads to. */
static void store_mapped(uint64_t e, size_t off, const void *src, size_t n)
{
	struct page *p = phys_to_page(pte_phys(e));

	page_write_begin(p);
	memcpy((char *)page_to_virt(p) + off, src, n);
	page_written(p);
	/* The leaf lets it be executed already, and was made before these bytes came. */
	if (!(e & PTE_UXN))
		page_sync_icache(p);
}

int mm_write(struct mm *mm, uintptr_t addr, const void *src, size_t n)
{
	for (size_t done = 0, part; done < n; done += part) {
		uintptr_t at = addr + done;
		enum fault_result r = mm_fault(mm, at, ACCESS_WRITE);
		uint64_t e;

		if (r != FAULT_OK)
			return r == FAULT_NOMEM ? -ENOMEM : -EFAULT;
		part = min(n - done, (size_t)(PAGE_SIZE - (at & ~PAGE_MASK)));
		vm_lock(mm);
		e = pgt_lookup(mm->pgd, at);
		/* No other task has @mm yet, but swapd: what the fault brought in may be out. */
		if ((e & PTE_VALID) && !(e & PTE_RDONLY))
			store_mapped(e, at & ~PAGE_MASK, (const char *)src + done, part);
		else
			part = 0;
		vm_unlock(mm);
	}
	return 0;
}

/* What is mapped at @at, into @dst; false: it is gone again. */
static bool read_mapped(struct mm *mm, uintptr_t at, void *dst, size_t n)
{
	uint64_t e;

	vm_lock(mm);
	e = pgt_lookup(mm->pgd, at);
	if ((e & (PTE_VALID | PTE_SPECIAL)) == PTE_VALID)
		memcpy(dst, (char *)phys_to_virt(pte_phys(e)) + (at & ~PAGE_MASK), n);
	else
		memset(dst, 0, n); /* the page of zeros; the kernel's own pages are not reported */
	vm_unlock(mm);
	return e & PTE_VALID;
}

size_t mm_read(struct mm *mm, uintptr_t addr, void *dst, size_t n)
{
	size_t done = 0;

	while (done < n) {
		uintptr_t at = addr + done;
		size_t part = min(n - done, (size_t)(PAGE_SIZE - (at & ~PAGE_MASK)));

		if (at >= USER_TOP || mm_fault(mm, at, ACCESS_READ) != FAULT_OK)
			break;
		if (read_mapped(mm, at, (char *)dst + done, part))
			done += part; /* else it has gone again, and is brought in again */
		if (give_way())
			break;
	}
	return done;
}
