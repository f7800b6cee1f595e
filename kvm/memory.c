/*
 * memory.c - a guest's memory: the slots that the VMM sets, and what el2/ maps of them.
 *
 * Comes from vm for the VMM's calls, from run for a guest's access that stage 2 did not allow, and
 * from mm/ (mm/mirror.h) when the VMM's own tables lose a page.  Nothing is mapped for a guest that
 * a leaf of the VMM's address space does not show at this moment: pages come in by mm_fault, as for
 * the VMM itself, and the guest holds no reference to them.
 *
 * All changes of a guest's tables are made under mm->lock: a fault looks up the slot, then the
 * leaf, and maps it, in one hold of it, and whoever takes a leaf or a slot away does that, and
 * unmaps, in one hold, too.  So neither can come between the other's two halves.
 */
#include "abi/errno.h"
#include "abi/kvm.h"
#include "kvm/kvm.h"
#include "kvm/slots.h"
#include "mm/giveway.h"
#include "mm/slab.h"
#include "task/oom.h"

/* ---- what the VMM's tables lose ---- */

static void unmap_lost(struct mm_mirror *mirror, uintptr_t start, uintptr_t end)
{
	struct kvm_memory *m = container_of(mirror, struct kvm_memory, mirror);
	const struct kvm_slot *s;
	unsigned int n = 0;

	/* The same page may be seen at several addresses. */
	list_for_each(s, &m->list, link) {
		uintptr_t from = max(start, s->hva), to = min(end, s->hva + s->size);

		if (from < to)
			el2_unmap(m->vm->el2, s->gpa + (from - s->hva), to - from);
		if (!(++n % 256))
			(void)give_way();
	}
}

int kvm_memory_new(struct kvm_vm *vm)
{
	struct kvm_memory *m = kzalloc(sizeof(*m));

	if (!m)
		return -ENOMEM;
	mutex_init(&m->lock);
	list_init(&m->list);
	m->vm = vm;
	m->mirror.lost = unmap_lost;
	vm->memory = m;
	mm_mirror_add(vm->mm, &m->mirror);
	return 0;
}

static void free_slot(struct kvm_memory *m, struct kvm_slot *s)
{
	kvm_log_free(s->log, m->vm->charge);
	kvm_free(m->vm, s, sizeof(*s));
}

void kvm_memory_free(struct kvm_vm *vm)
{
	struct kvm_memory *m = vm->memory;
	struct kvm_slot *s;

	/* From here on nobody else knows the slots. */
	mm_mirror_remove(vm->mm, &m->mirror);
	while ((s = list_pop(&m->list, struct kvm_slot, link))) {
		el2_unmap(vm->el2, s->gpa, s->size);
		free_slot(m, s);
		(void)give_way();
	}
	charge_drop(vm->charge, m->nr_ids * sizeof(m->ids[0]));
	kfree(m->ids);
	kfree(m);
	vm->memory = NULL;
}

/* ---- KVM_SET_USER_MEMORY_REGION ---- */

/* What makes no sense whatever there is already, in Linux's order.  0 or -EINVAL. */
static int check_region(const struct kvm_userspace_memory_region *r)
{
	if (r->flags & ~(KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_READONLY))
		return -EINVAL;
	if (!IS_ALIGNED(r->memory_size | r->guest_phys_addr | r->userspace_addr, PAGE_SIZE) ||
	    !uaccess_ok(uptr_of(r->userspace_addr), r->memory_size))
		return -EINVAL;
	/* The upper half of the number is an address space: there is one. */
	if (r->slot >= KVM_MAX_SLOTS || r->guest_phys_addr + r->memory_size < r->guest_phys_addr)
		return -EINVAL;
	return r->memory_size >> PAGE_SHIFT > KVM_SLOT_PAGES ? -EINVAL : 0;
}

/* May @r be a new slot (@s NULL), or what @s becomes?  0, -EINVAL, -EEXIST, -EFAULT. */
static int check_change(const struct kvm_memory *m, const struct kvm_userspace_memory_region *r,
			const struct kvm_slot *s)
{
	if (s && (r->userspace_addr != s->hva || r->memory_size != s->size ||
		  (r->flags ^ s->flags) & KVM_MEM_READONLY))
		return -EINVAL;
	if (s && r->guest_phys_addr == s->gpa)
		return 0;
	if (!kvm_slot_is_free(m, r->guest_phys_addr, r->memory_size, s))
		return -EEXIST;
	return (r->guest_phys_addr + r->memory_size - 1) >> m->vm->ipa_bits ? -EFAULT : 0;
}

static int add_slot(struct kvm_memory *m, const struct kvm_userspace_memory_region *r,
		    struct kvm_log *log)
{
	struct kvm_slot *s = kvm_slot_reserve(m, r->slot) ? NULL : kvm_alloc(m->vm, sizeof(*s));

	if (!s)
		return -ENOMEM;
	*s = (struct kvm_slot){ .gpa = r->guest_phys_addr,
				.size = r->memory_size,
				.hva = r->userspace_addr,
				.id = r->slot,
				.flags = r->flags,
				.log = log };
	kvm_slot_name(m, s->id, s);
	vm_lock(m->vm->mm);
	kvm_slot_insert(m, s);
	vm_unlock(m->vm->mm);
	return 0;
}

/* The slot goes, while vcpus may run: what they touch of it from here on is no memory. */
static void remove_slot(struct kvm_memory *m, struct kvm_slot *s)
{
	kvm_slot_name(m, s->id, NULL);
	vm_lock(m->vm->mm);
	kvm_slot_erase(m, s);
	el2_unmap(m->vm->el2, s->gpa, s->size);
	vm_unlock(m->vm->mm);
	free_slot(m, s);
}

/*
 * @s moves, or its flags change.  @log: the log that it gets, if it has none; @all_written: it
 * begins with all pages.
 */
static void change_slot(struct kvm_memory *m, struct kvm_slot *s,
			const struct kvm_userspace_memory_region *r, struct kvm_log *log,
			bool all_written)
{
	const bool logs = r->flags & KVM_MEM_LOG_DIRTY_PAGES, moves = s->gpa != r->guest_phys_addr;
	struct kvm_log *old = logs ? NULL : s->log;

	vm_lock(m->vm->mm);
	/* What a log had split stays so until it is touched anew: to map all again costs more. */
	if (moves)
		el2_unmap(m->vm->el2, s->gpa, s->size);
	else if (logs && !all_written)
		el2_protect(m->vm->el2, s->gpa, s->size);
	if (moves) {
		kvm_slot_erase(m, s);
		s->gpa = r->guest_phys_addr;
		kvm_slot_insert(m, s);
	}
	s->flags = r->flags;
	if (!logs)
		s->log = NULL;
	else if (log)
		s->log = log;
	vm_unlock(m->vm->mm);
	kvm_log_free(old, m->vm->charge);
}

static int set_slot(struct kvm_memory *m, const struct kvm_userspace_memory_region *r)
{
	const bool all_written = READ_ONCE(m->vm->dirty_caps) & KVM_DIRTY_LOG_INITIALLY_SET;
	struct kvm_slot *s = kvm_slot_number(m, r->slot);
	struct kvm_log *log = NULL;
	int err;

	if (!r->memory_size) {
		if (!s)
			return -EINVAL;
		remove_slot(m, s);
		return 0;
	}
	err = check_change(m, r, s);
	if (err || (s && s->gpa == r->guest_phys_addr && s->flags == r->flags))
		return err;
	if (r->flags & KVM_MEM_LOG_DIRTY_PAGES && !(s && s->log)) {
		log = kvm_log_new(r->memory_size >> PAGE_SHIFT, all_written, m->vm->charge);
		if (!log)
			return -ENOMEM;
	}
	if (s)
		change_slot(m, s, r, log, all_written);
	else
		err = add_slot(m, r, log);
	if (err)
		kvm_log_free(log, m->vm->charge);
	return err;
}

int kvm_memory_set(struct kvm_vm *vm, const struct kvm_userspace_memory_region *r)
{
	int err = check_region(r);

	return err ? err : kvm_locked(vm->memory, set_slot(vm->memory, r));
}

/* ---- logs of what was written ---- */

#define LOG_PART 64 /* words at once, under mm->lock */

/* Pages of @s, by number, that are to be read-only: [from, to). */
struct protect {
	const struct kvm_memory *m;
	const struct kvm_slot *s;
	uint64_t from, to;
};

static void protect_now(struct protect *p)
{
	if (p->from < p->to)
		el2_protect(p->m->vm->el2, p->s->gpa + (p->from << PAGE_SHIFT),
			    (p->to - p->from) << PAGE_SHIFT);
	p->from = p->to = 0;
}

/*
 * The pages of @bits, a word's from @page on.  Those between them may lose the right to be written,
 * too: they get it back when they are, so neighbours are done by one call.
 */
static void protect_word(struct protect *p, uint64_t page, uint64_t bits)
{
	uint64_t from = page + (uint64_t)__builtin_ctzll(bits);

	if (p->from < p->to && from > p->to + 64)
		protect_now(p);
	if (p->from == p->to)
		p->from = from;
	p->to = page + 64 - (uint64_t)__builtin_clzll(bits);
}

/*
 * @n words of the log of @s from @word on: those that @bits names are cleared, and their pages
 * can't be written without a fault when this returns.  @bits: what was cleared.
 */
static void clear_words(struct kvm_memory *m, struct kvm_slot *s, uint64_t word, size_t n,
			uint64_t *bits)
{
	struct protect p = { .m = m, .s = s };

	vm_lock(m->vm->mm);
	for (size_t i = 0; i < n; i++) {
		uint64_t *w = kvm_log_word(s->log, word + i);

		bits[i] &= *w;
		*w &= ~bits[i];
		if (bits[i])
			protect_word(&p, (word + i) * 64, bits[i]);
	}
	protect_now(&p);
	vm_unlock(m->vm->mm);
}

/* The slot with a log whose number is @id; err_ptr(-EINVAL, -ENOENT). */
static struct kvm_slot *logged_slot(struct kvm_memory *m, uint32_t id)
{
	struct kvm_slot *s = kvm_slot_number(m, id);

	if (id >= KVM_MAX_SLOTS)
		return err_ptr(-EINVAL);
	return s && s->log ? s : err_ptr(-ENOENT);
}

static int get_dirty(struct kvm_memory *m, const struct kvm_dirty_log *log)
{
	const bool keep = m->vm->dirty_caps & KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE;
	struct kvm_slot *s = logged_slot(m, log->slot);
	uptr to = uptr_of(log->dirty_bitmap);
	uint64_t words, bits[LOG_PART];
	size_t n;

	if (is_err(s))
		return (int)ptr_err(s);
	words = DIV_ROUND_UP(s->size >> PAGE_SHIFT, 64);
	for (uint64_t word = 0; word < words; word += n) {
		n = min(words - word, (uint64_t)LOG_PART);
		for (size_t i = 0; i < n; i++)
			bits[i] = keep ? READ_ONCE(*kvm_log_word(s->log, word + i)) : UINT64_MAX;
		if (!keep)
			clear_words(m, s, word, n, bits);
		/* Not under mm->lock: the bitmap's pages may have to come in. */
		if (copy_to_user(uptr_add(to, word * sizeof(bits[0])), bits, n * sizeof(bits[0])))
			return -EFAULT;
		if (give_way())
			return -EINTR;
	}
	return 0;
}

int kvm_memory_get_dirty(struct kvm_vm *vm, const struct kvm_dirty_log *log)
{
	return kvm_locked(vm->memory, get_dirty(vm->memory, log));
}

static int clear_dirty(struct kvm_memory *m, const struct kvm_clear_dirty_log *log)
{
	struct kvm_slot *s = logged_slot(m, log->slot);
	uptr from = uptr_of(log->dirty_bitmap);
	uint64_t pages, words, bits[LOG_PART];
	size_t n;

	if (log->first_page % 64)
		return -EINVAL;
	if (is_err(s))
		return (int)ptr_err(s);
	pages = s->size >> PAGE_SHIFT;
	if (log->first_page > pages || log->num_pages > pages - log->first_page ||
	    (log->num_pages % 64 && log->num_pages != pages - log->first_page))
		return -EINVAL;
	words = DIV_ROUND_UP(log->num_pages, 64);
	for (uint64_t word = 0; word < words; word += n) {
		n = min(words - word, (uint64_t)LOG_PART);
		if (copy_from_user(bits, uptr_add(from, word * sizeof(bits[0])),
				   n * sizeof(bits[0])))
			return -EFAULT;
		clear_words(m, s, log->first_page / 64 + word, n, bits);
		if (give_way())
			return -EINTR;
	}
	return 0;
}

int kvm_memory_clear_dirty(struct kvm_vm *vm, const struct kvm_clear_dirty_log *log)
{
	return kvm_locked(vm->memory, clear_dirty(vm->memory, log));
}

/* ---- a guest's faults ---- */

/* Instruction fetches see what is stored without being told: CTR_EL0.DIC. */
static bool fetches_see_stores(void)
{
	return READ_SYSREG(ctr_el0) >> 29 & 1;
}

/*
 * Is all of the block around @gpa, which the VMM has at @leaf, the guest's?  Where there is a log
 * each page is mapped for itself.
 */
static bool fits_block(const struct kvm_slot *s, uint64_t gpa, const struct mm_leaf *leaf)
{
	uint64_t start = ALIGN_DOWN(gpa, EL2_BLOCK);

	return leaf->size == EL2_BLOCK && !s->log && start >= s->gpa &&
	       start + EL2_BLOCK <= s->gpa + s->size && s->hva + (start - s->gpa) == leaf->va;
}

/*
 * What the guest sees of the page must not depend on whether its caches are on: it may read memory
 * itself, where zeros or the VMM's bytes have not arrived yet, but what was there before has.
 */
static void make_ready(uint64_t pa, uint64_t size, bool exec)
{
	char *va = phys_to_virt(paddr_of(pa));

	if (!el2_is_coherent())
		flush_pages(va, size >> PAGE_SHIFT);
	if (!exec || fetches_see_stores())
		return;
	if (size == PAGE_SIZE)
		sync_icache_page(va);
	else
		drop_icaches();
}

/*
 * @leaf, which is at @gpa in @s, is mapped for the guest.  Executable it becomes when it is
 * executed, but where that costs nothing.
 */
static int map_leaf(struct kvm_memory *m, struct kvm_slot *s, uint64_t gpa,
		    const struct mm_leaf *leaf, bool write, bool exec)
{
	const uint64_t size = fits_block(s, gpa, leaf) ? EL2_BLOCK : EL2_PAGE;
	const bool read_only = !leaf->writable || s->flags & KVM_MEM_READONLY;
	uint64_t pa, flags = exec || fetches_see_stores() ? EL2_MAP_EXEC : 0;

	gpa = ALIGN_DOWN(gpa, size);
	pa = paddr_value(leaf->pa) + (s->hva + (gpa - s->gpa) - leaf->va);
	if (write && s->log)
		kvm_slot_note(s, gpa);
	/* A store is seen but where the log says already that there was one. */
	if (!read_only && (!s->log || kvm_slot_written(s, gpa)))
		flags |= EL2_MAP_WRITE;
	make_ready(pa, size, exec);
	return el2_map(m->vm->el2, kvm_payer(m->vm), gpa, pa, size, flags);
}

/*
 * One look: 0: it is mapped; -EAGAIN: the VMM's page at *@hva has to come in first; -ENXIO;
 * el2_map's errors.
 */
static int try_to_map(struct kvm_memory *m, uint64_t gpa, bool write, bool exec, uintptr_t *hva)
{
	struct kvm_slot *s;
	struct mm_leaf leaf;
	int err = -EAGAIN;

	vm_lock(m->vm->mm);
	s = kvm_slot_at(m, gpa);
	if (!s || (write && s->flags & KVM_MEM_READONLY)) {
		err = -ENXIO;
	} else {
		*hva = s->hva + (gpa - s->gpa);
		if (mm_leaf_at(m->vm->mm, *hva, write ? ACCESS_WRITE : ACCESS_READ, &leaf))
			err = map_leaf(m, s, gpa, &leaf, write, exec);
	}
	vm_unlock(m->vm->mm);
	return err;
}

/* As for an access of the VMM's own to @hva. */
static int bring_page_in(struct mm *mm, uintptr_t hva, bool write)
{
	enum fault_result r;

	do
		r = mm_fault(mm, hva, write ? ACCESS_WRITE : ACCESS_READ);
	while (r == FAULT_NOMEM && oom_wait());
	switch (r) {
	case FAULT_OK: return 0;
	case FAULT_NOMEM: return give_way() ? -EINTR : -ENOMEM;
	default: return -EFAULT;
	}
}

int kvm_memory_fault(struct kvm_vcpu *v, uint64_t ipa, bool write, bool exec)
{
	struct kvm_memory *m = v->vm->memory;
	uintptr_t hva;
	int err;

	ipa = ALIGN_DOWN(ipa, PAGE_SIZE);
	err = try_to_map(m, ipa, write, exec, &hva);
	if (err != -EAGAIN)
		return err;
	err = bring_page_in(m->vm->mm, hva, write);
	if (!err)
		err = try_to_map(m, ipa, write, exec, &hva);
	/* It has gone again: the guest comes back, if nothing else is to be done. */
	return err == -EAGAIN ? 0 : err;
}

/* ---- all of it ---- */

/* What the VMM has of [hva, end), which begins in one block, is flushed. */
static void flush_part(struct mm *mm, uintptr_t hva, uintptr_t end)
{
	struct mm_leaf leaf;

	vm_lock(mm);
	for (size_t size = PAGE_SIZE; hva < end; hva += size) {
		bool found = mm_leaf_at(mm, hva, ACCESS_READ, &leaf);

		size = PAGE_SIZE;
		if (!found)
			continue;
		if (leaf.va == hva && leaf.size <= end - hva)
			size = leaf.size;
		flush_pages((char *)phys_to_virt(leaf.pa) + (hva - leaf.va), size >> PAGE_SHIFT);
	}
	vm_unlock(mm);
}

void kvm_memory_flush(struct kvm_vm *vm)
{
	struct kvm_memory *m = vm->memory;
	const struct kvm_slot *s;
	uintptr_t part;

	if (el2_is_coherent())
		return;
	mutex_lock(&m->lock);
	list_for_each(s, &m->list, link)
		for (uintptr_t hva = s->hva; hva < s->hva + s->size; hva = part) {
			part = min(ALIGN_DOWN(hva, EL2_BLOCK) + EL2_BLOCK, s->hva + s->size);
			flush_part(vm->mm, hva, part);
			if (give_way())
				goto out; /* it is to die, and the guest with it */
		}
out:
	mutex_unlock(&m->lock);
}

void kvm_memory_reset(struct kvm_vm *vm)
{
	vm_lock(vm->mm);
	unmap_lost(&vm->memory->mirror, 0, USER_TOP);
	vm_unlock(vm->mm);
}

bool kvm_memory_has(struct kvm_vm *vm, uint64_t ipa)
{
	const struct kvm_slot *s;
	bool has;

	vm_lock(vm->mm);
	s = kvm_slot_at(vm->memory, ipa);
	has = s && !(s->flags & KVM_MEM_READONLY);
	vm_unlock(vm->mm);
	return has;
}

/*
 * The VMM's address of @ipa, with at most *@n bytes in one page, which *@n becomes; NULL: none, or
 * not for @write.
 */
static uptr host_address(struct kvm_vm *vm, uint64_t ipa, size_t *n, bool write)
{
	uptr at = uptr_of(0);
	struct kvm_slot *s;

	*n = min(*n, (size_t)(PAGE_SIZE - (ipa & ~PAGE_MASK)));
	vm_lock(vm->mm);
	s = kvm_slot_at(vm->memory, ipa);
	if (s && !(write && s->flags & KVM_MEM_READONLY))
		at = uptr_of(s->hva + (ipa - s->gpa));
	if (s && write && s->log)
		kvm_slot_note(s, ipa);
	vm_unlock(vm->mm);
	return at;
}

int kvm_read_guest(struct kvm_vm *vm, uint64_t ipa, void *dst, size_t n)
{
	for (size_t done = 0, part; done < n; done += part) {
		uptr from = host_address(vm, ipa + done, (part = n - done, &part), false);

		if (uptr_is_null(from) || copy_from_user((char *)dst + done, from, part))
			return -EFAULT;
	}
	return 0;
}

int kvm_write_guest(struct kvm_vm *vm, uint64_t ipa, const void *src, size_t n)
{
	for (size_t done = 0, part; done < n; done += part) {
		uptr to = host_address(vm, ipa + done, (part = n - done, &part), true);

		if (uptr_is_null(to) || copy_to_user(to, (const char *)src + done, part))
			return -EFAULT;
	}
	return 0;
}
