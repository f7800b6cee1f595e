/*
 * test_kvm_memory.c - kvm/memory.c with an el2/ and a VMM's address space that are arrays: what is
 * mapped for a guest is always what the VMM has there, and no store escapes a log.
 */
#include "unit.h"

#include "lib/string.h"

#include "arm/sysreg.h"

static uint64_t shim_ctr_el0, shim_S3_0_C0_C6_2, shim_id_aa64isar1_el1, shim_id_aa64pfr0_el1,
	shim_id_aa64pfr1_el1, shim_id_aa64dfr0_el1;

#include "kvm/memory.c"
#include "kvm/slots.c"

#define GPA	  UINT64_C(0x40000000)
#define HVA	  UINT64_C(0x10000000)
#define PAGES	  4096U /* of the guest's addresses that are looked at, and of the VMM's */
#define BLOCK	  ((unsigned int)(EL2_BLOCK / PAGE_SIZE))
#define SLOTS	  6U
#define READ_ONLY KVM_MEM_READONLY
#define LOGS	  KVM_MEM_LOG_DIRTY_PAGES

/* What a table has for a page; 0: nothing. */
struct entry {
	uint64_t pa, flags; /* EL2_MAP_*; of a leaf EL2_MAP_WRITE alone */
	bool block;
};

static struct {
	struct mm mm;
	struct kvm_vm vm;
	struct kvm_vcpu vcpu;
	struct entry el2[PAGES], leaf[PAGES];
	bool forbidden[PAGES]; /* no fault brings it in */
	uint64_t next_pa;
	unsigned int locked; /* mm->lock */
	unsigned int maps, flushed;
	bool dirty[PAGES]; /* by guest address: what the log has to say, at the least */
	bool nothing_left, lost_again;
} t;

/* ---- stand-ins ---- */

bool mutex_trylock(struct mutex *m)
{
	t.locked += m == &t.mm.lock;
	assert_true(t.locked < 2);
	return true;
}

bool mutex_try_unlock(struct mutex *m)
{
	t.locked -= m == &t.mm.lock;
	return true;
}

void mutex_init(struct mutex *m)
{
}

void mutex_lock(struct mutex *m)
{
	(void)mutex_trylock(m);
}

void mutex_unlock(struct mutex *m)
{
	(void)mutex_try_unlock(m);
}

void mutex_wake(struct mutex *m)
{
	fail();
}

int mutex_lock_killable(struct mutex *m)
{
	(void)mutex_trylock(m);
	return 0;
}

bool oom_wait(void)
{
	return false;
}

void *kmalloc(size_t size)
{
	return t.nothing_left ? NULL : malloc(size);
}

void *kzalloc(size_t size)
{
	return t.nothing_left ? NULL : calloc(1, size);
}

void *krealloc(void *p, size_t old_size, size_t size)
{
	return t.nothing_left ? NULL : realloc(p, size);
}

void kfree(void *p)
{
	free(p);
}

void held_release(struct vm_held *dead)
{
	fail();
}

void charge_left(struct charge *c, uint64_t was, uint64_t is)
{
	fail();
}

size_t copy_to_user(uptr dst, const void *src, size_t n)
{
	assert_int_equal(t.locked, 0);
	__builtin_memcpy((void *)dst.va, src, n);
	return 0;
}

size_t copy_from_user(void *dst, uptr src, size_t n)
{
	assert_int_equal(t.locked, 0);
	__builtin_memcpy(dst, (const void *)src.va, n);
	return 0;
}

void mm_mirror_add(struct mm *mm, struct mm_mirror *m)
{
	mm->mirrors = m;
}

void mm_mirror_remove(struct mm *mm, struct mm_mirror *m)
{
	mm->mirrors = NULL;
}

void flush_pages(const void *va, size_t n)
{
	t.flushed += n;
}

void sync_icache_page(const void *va)
{
}

void drop_icaches(void)
{
}

static unsigned int hva_page(uintptr_t va)
{
	assert_true(va >= HVA && va < HVA + PAGES * PAGE_SIZE);
	return (va - HVA) / PAGE_SIZE;
}

bool mm_leaf_at(struct mm *mm, uintptr_t addr, enum vm_access access, struct mm_leaf *leaf)
{
	const struct entry *e = &t.leaf[hva_page(addr)];

	assert_int_equal(t.locked, 1);
	if (!e->pa || (access == ACCESS_WRITE && !e->flags))
		return false;
	leaf->size = e->block ? EL2_BLOCK : PAGE_SIZE;
	leaf->va = ALIGN_DOWN(addr, leaf->size);
	leaf->pa = paddr_of(t.leaf[hva_page(leaf->va)].pa);
	leaf->writable = e->flags;
	return true;
}

static void lose(unsigned int page, unsigned int n)
{
	(void)mutex_trylock(&t.mm.lock);
	if (t.mm.mirrors)
		t.mm.mirrors->lost(t.mm.mirrors, HVA + page * PAGE_SIZE,
				   HVA + (page + n) * PAGE_SIZE);
	(void)mutex_try_unlock(&t.mm.lock);
}

static void split_block(unsigned int page)
{
	page = ALIGN_DOWN(page, BLOCK);
	if (!t.leaf[page].block)
		return;
	for (unsigned int i = 0; i < BLOCK; i++)
		t.leaf[page + i].block = false;
	lose(page, BLOCK);
}

static bool is_empty(unsigned int page)
{
	for (unsigned int i = 0; i < BLOCK; i++)
		if (t.leaf[page + i].pa)
			return false;
	return true;
}

/* Pages come in by blocks where the address has bit 23. */
enum fault_result mm_fault(struct mm *mm, uintptr_t addr, enum vm_access access)
{
	unsigned int page = hva_page(addr), n = 1;

	assert_int_equal(t.locked, 0);
	if (t.forbidden[page])
		return FAULT_MAPERR;
	if (t.lost_again)
		return FAULT_OK;
	if (addr & 1 << 23 && access == ACCESS_WRITE && is_empty(ALIGN_DOWN(page, BLOCK))) {
		n = BLOCK;
		page = ALIGN_DOWN(page, n);
	}
	split_block(page);
	if (t.leaf[page].pa)
		lose(page, 1);
	t.next_pa = ALIGN_UP(t.next_pa, n * PAGE_SIZE);
	for (unsigned int i = page; i < page + n; i++, t.next_pa += PAGE_SIZE)
		if (n == 1 || !t.leaf[i].pa)
			t.leaf[i] =
				(struct entry){ t.next_pa,
						access == ACCESS_WRITE ? EL2_MAP_WRITE : 0, n > 1 };
	return FAULT_OK;
}

bool el2_is_coherent(void)
{
	return false;
}

int el2_map(int vm, struct el2_payer payer, uint64_t ipa, uint64_t pa, uint64_t size,
	    uint64_t flags)
{
	assert_int_equal(t.locked, 1);
	assert_true(size == EL2_PAGE || size == EL2_BLOCK);
	assert_int_equal((ipa | pa) % size, 0);
	for (uint64_t at = 0; at < size; at += PAGE_SIZE)
		t.el2[(ipa + at - GPA) / PAGE_SIZE] =
			(struct entry){ pa + at, flags, size == EL2_BLOCK };
	t.maps++;
	return 0;
}

void el2_unmap(int vm, uint64_t ipa, uint64_t size)
{
	for (uint64_t at = ipa; at < ipa + size; at += PAGE_SIZE)
		t.el2[(at - GPA) / PAGE_SIZE].pa = 0;
}

void el2_protect(int vm, uint64_t ipa, uint64_t size)
{
	assert_int_equal(t.locked, 1);
	for (uint64_t at = ipa; at < ipa + size; at += PAGE_SIZE)
		t.el2[(at - GPA) / PAGE_SIZE].flags &= ~(uint64_t)EL2_MAP_WRITE;
}

/* ---- the guest and the VMM ---- */

static void begin(void)
{
	memset(&t, 0, sizeof(t));
	t.next_pa = UINT64_C(0x80000000);
	t.vm.mm = &t.mm;
	t.vm.ipa_bits = 40;
	t.vcpu.vm = &t.vm;
	shim_ctr_el0 = 0;
	assert_int_equal(kvm_memory_new(&t.vm), 0);
}

static void end(void)
{
	kvm_memory_free(&t.vm);
	for (unsigned int i = 0; i < PAGES; i++)
		assert_int_equal(t.el2[i].pa, 0);
}

static int set(uint32_t id, uint32_t flags, uint64_t gpa, uint64_t size, uint64_t hva)
{
	return kvm_memory_set(&t.vm,
			      &(struct kvm_userspace_memory_region){ id, flags, gpa, size, hva });
}

/* A slot of @n pages at page @gpa, showing what the VMM has at page @hva. */
static int set_pages(uint32_t id, uint32_t flags, unsigned int gpa, unsigned int n,
		     unsigned int hva)
{
	return set(id, flags, GPA + gpa * PAGE_SIZE, n * PAGE_SIZE, HVA + hva * PAGE_SIZE);
}

static int touch(unsigned int page, bool write, bool exec)
{
	struct entry *e = &t.el2[page];
	uint64_t needs = (write ? EL2_MAP_WRITE : 0) | (exec ? EL2_MAP_EXEC : 0);
	const struct kvm_slot *s = kvm_slot_at(t.vm.memory, GPA + page * PAGE_SIZE);
	int err = 0;

	for (int i = 0; i < 4 && !err && !(e->pa && (e->flags & needs) == needs); i++)
		err = kvm_memory_fault(&t.vcpu, GPA + page * PAGE_SIZE + 8, write, exec);
	if (!err)
		assert_true(e->pa && (e->flags & needs) == needs);
	if (!err && write && s->log)
		t.dirty[page] = true;
	return err;
}

/* Each page that is mapped for the guest is one that the VMM has, and no more may be done to it. */
static void check(void)
{
	for (unsigned int i = 0; i < PAGES; i++) {
		const struct kvm_slot *s = kvm_slot_at(t.vm.memory, GPA + i * PAGE_SIZE);
		const struct entry *e = &t.el2[i], *leaf;

		if (!e->pa)
			continue;
		assert_non_null(s);
		leaf = &t.leaf[hva_page(s->hva + (GPA + i * PAGE_SIZE - s->gpa))];
		assert_int_equal(e->pa, leaf->pa);
		if (e->flags & EL2_MAP_WRITE) {
			assert_true(leaf->flags & EL2_MAP_WRITE);
			assert_false(s->flags & READ_ONLY);
			assert_true(!s->log || kvm_slot_written(s, GPA + i * PAGE_SIZE));
		}
	}
	assert_int_equal(t.locked, 0);
}

static void expect_dirty(uint32_t id, bool exactly)
{
	uint64_t bits[PAGES / 64];
	struct kvm_dirty_log log = { .slot = id, .dirty_bitmap = (uintptr_t)bits };
	const struct kvm_slot *s = kvm_slot_number(t.vm.memory, id);
	unsigned int first = (s->gpa - GPA) / PAGE_SIZE;

	assert_int_equal(kvm_memory_get_dirty(&t.vm, &log), 0);
	for (unsigned int i = 0; i < s->size / PAGE_SIZE; i++) {
		bool told = bits[i / 64] >> i % 64 & 1;

		assert_true(told == t.dirty[first + i] || (told && !exactly));
		if (!t.vm.dirty_caps)
			t.dirty[first + i] = false;
	}
}

static int clear_log(uint32_t id, uint64_t first, uint32_t n, uint64_t word)
{
	uint64_t bits[PAGES / 64];
	struct kvm_clear_dirty_log log = { id, n, first, (uintptr_t)bits };

	for (size_t i = 0; i < PAGES / 64; i++)
		bits[i] = word;
	return kvm_memory_clear_dirty(&t.vm, &log);
}

/* ---- tests ---- */

/* As Linux answers (6.12), in this order. */
static void errors(void **state)
{
	const uint64_t m = HVA, M = 1 << 20;

	begin();
	assert_int_equal(set(0, 0, GPA, M, m), 0);
	assert_int_equal(set(0, 0, GPA, M, m), 0);
	assert_int_equal(set(32767, 0, GPA + M, M, m), -EINVAL);
	assert_int_equal(set(0x10001, 0, GPA + M, M, m), -EINVAL);
	assert_int_equal(set(1, 4, GPA + M, M, m), -EINVAL);
	assert_int_equal(set(1, 0, GPA + M + 8, M, m), -EINVAL);
	assert_int_equal(set(1, 0, GPA + M, M + 8, m), -EINVAL);
	assert_int_equal(set(1, 0, GPA + M, M, m + 8), -EINVAL);
	assert_int_equal(set(1, 0, GPA + M, M, UINT64_C(0xffff000000000000)), -EINVAL);
	assert_int_equal(set(1, 0, GPA + M, 2 * M, USER_TOP - M), -EINVAL);
	assert_int_equal(set(1, 0, GPA + M, 0, m), -EINVAL);
	assert_int_equal(set(1, 0, -M, M, m), -EINVAL);
	assert_int_equal(set(1, 0, -M, 2 * M, m), -EINVAL);
	assert_int_equal(set(1, 0, UINT64_C(1) << 40, M, m), -EFAULT);
	assert_int_equal(set(1, 0, (UINT64_C(1) << 40) - M, 2 * M, m), -EFAULT);
	assert_int_equal(set(1, 0, GPA + M, UINT64_C(1) << 43, 0), -EINVAL);
	assert_int_equal(set(1, 0, GPA - M, M + 0x1000, m), -EEXIST);
	assert_int_equal(set(1, 0, GPA - M, 4 * M, m), -EEXIST);
	assert_int_equal(set(1, 0, GPA + M - 0x1000, 0x1000, m), -EEXIST);
	assert_int_equal(set(1, 0, GPA + M, M, m), 0);
	assert_int_equal(set(1, 0, GPA, M, m), -EEXIST);
	assert_int_equal(set(1, 0, GPA + M / 2, M, m), -EEXIST);
	assert_int_equal(set(1, 0, GPA + M, 2 * M, m), -EINVAL);
	assert_int_equal(set(1, 0, GPA + M, M, m + M), -EINVAL);
	assert_int_equal(set(1, READ_ONLY, GPA + M, M, m), -EINVAL);
	assert_int_equal(set(1, LOGS, GPA + M, M, m), 0);
	assert_int_equal(set(1, LOGS, GPA + 2 * M, M, m), 0);
	assert_int_equal(set(1, LOGS, GPA + 2 * M + M / 2, M, m), 0);
	assert_int_equal(clear_log(0, 0, 64, 0), -ENOENT);
	assert_int_equal(clear_log(9, 0, 64, 0), -ENOENT);
	assert_int_equal(clear_log(0x10001, 0, 64, 0), -EINVAL);
	assert_int_equal(clear_log(1, 1, 64, 0), -EINVAL);
	assert_int_equal(clear_log(1, 0, 63, 0), -EINVAL);
	assert_int_equal(clear_log(1, 192, 64, 0), 0);
	assert_int_equal(clear_log(1, 192, 128, 0), -EINVAL);
	assert_int_equal(clear_log(1, 256, 64, 0), -EINVAL);
	assert_int_equal(clear_log(1, 256, 0, 0), 0);
	assert_int_equal(clear_log(1, -UINT64_C(64), 64, 0), -EINVAL);
	t.nothing_left = true;
	assert_int_equal(set(100, 0, GPA + 8 * M, M, m), -ENOMEM);
	assert_int_equal(set(2, LOGS, GPA + 8 * M, M, m), -ENOMEM);
	assert_int_equal(set(0, LOGS, GPA, M, m), -ENOMEM);
	t.nothing_left = false;
	assert_int_equal(set(1, 0, 0, 0, 0), 0);
	assert_int_equal(set(1, 0, 0, 0, 0), -EINVAL);
	end();
}

static void faults(void **state)
{
	begin();
	assert_int_equal(set_pages(0, 0, 16, 16, 32), 0);
	assert_int_equal(set_pages(1, READ_ONLY, 48, 16, 48), 0);
	assert_int_equal(touch(0, false, false), -ENXIO);
	assert_int_equal(touch(32, true, false), -ENXIO);
	assert_int_equal(touch(16, false, false), 0);
	assert_false(t.el2[16].flags & (EL2_MAP_WRITE | EL2_MAP_EXEC));
	assert_int_equal(touch(16, true, false), 0);
	assert_int_equal(touch(16, false, true), 0);
	assert_true(t.el2[16].flags & EL2_MAP_WRITE); /* what is executed stays writable */
	assert_int_equal(touch(50, false, false), 0);
	assert_int_equal(touch(50, true, false), -ENXIO);
	assert_int_equal(touch(51, true, false), -ENXIO);
	check();
	t.forbidden[33] = true;
	assert_int_equal(touch(17, false, false), -EFAULT);
	t.lost_again = true;
	assert_int_equal(kvm_memory_fault(&t.vcpu, GPA + 18 * PAGE_SIZE, true, false), 0);
	assert_int_equal(t.el2[18].pa, 0);
	t.lost_again = false;
	/* What has DIC maps all executable at once. */
	shim_ctr_el0 = 1 << 29;
	assert_int_equal(touch(19, false, false), 0);
	assert_true(t.el2[19].flags & EL2_MAP_EXEC);
	assert_true(kvm_memory_has(&t.vm, GPA + 16 * PAGE_SIZE));
	assert_false(kvm_memory_has(&t.vm, GPA + 32 * PAGE_SIZE));
	end();
}

/* Blocks where all agrees, pages where something does not. */
static void blocks(void **state)
{
	begin();
	assert_int_equal(set_pages(0, 0, 0, 2 * BLOCK, 4 * BLOCK), 0);
	assert_int_equal(touch(7, true, false), 0);
	assert_true(t.el2[0].pa && t.el2[BLOCK - 1].block && !t.el2[BLOCK].pa);
	assert_int_equal(t.flushed, BLOCK);
	lose(4 * BLOCK + 3, 1);
	assert_int_equal(t.el2[3].pa, 0);
	assert_int_equal(set_pages(0, LOGS, 0, 2 * BLOCK, 4 * BLOCK), 0);
	assert_false(t.el2[7].flags & EL2_MAP_WRITE);
	assert_int_equal(touch(9, true, false), 0);
	assert_true(t.el2[9].flags & EL2_MAP_WRITE && !(t.el2[10].flags & EL2_MAP_WRITE));
	check();
	assert_int_equal(set_pages(0, 0, 0, 2 * BLOCK, 4 * BLOCK), 0);
	assert_int_equal(touch(9, false, true), 0);
	assert_true(t.el2[10].block && t.el2[10].flags & EL2_MAP_WRITE);
	/* Not at the slot's ends, nor where the two addresses do not fit together. */
	assert_int_equal(set_pages(1, 0, 3 * BLOCK - 1, BLOCK, 5 * BLOCK - 1), 0);
	assert_int_equal(touch(3 * BLOCK, true, false), 0);
	assert_true(!t.el2[3 * BLOCK].block && !t.el2[3 * BLOCK + 1].pa);
	assert_int_equal(set_pages(2, 0, 5 * BLOCK, BLOCK, 6 * BLOCK + 1), 0);
	assert_int_equal(touch(5 * BLOCK + 8, true, false), 0);
	assert_false(t.el2[5 * BLOCK + 8].block);
	check();
	end();
}

static void logs(void **state)
{
	begin();
	assert_int_equal(set_pages(0, LOGS, 0, 100, 0), 0);
	assert_int_equal(touch(0, true, false), 0);
	assert_int_equal(touch(65, true, false), 0);
	assert_int_equal(touch(99, true, true), 0); /* a store to its own page goes on */
	assert_int_equal(touch(6, false, false), 0);
	expect_dirty(0, true);
	expect_dirty(0, true);
	assert_int_equal(touch(0, true, false), 0);
	assert_int_equal(set_pages(0, LOGS, 200, 100, 0), 0); /* what was written moves along */
	t.dirty[0] = false;
	t.dirty[200] = true;
	expect_dirty(0, true);
	t.vm.dirty_caps = KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE;
	assert_int_equal(touch(203, true, false), 0);
	expect_dirty(0, true);
	expect_dirty(0, true);
	assert_int_equal(clear_log(0, 0, 64, 8), 0);
	t.dirty[203] = false;
	expect_dirty(0, true);
	assert_int_equal(touch(203, true, false), 0);
	expect_dirty(0, true);
	t.vm.dirty_caps |= KVM_DIRTY_LOG_INITIALLY_SET;
	assert_int_equal(set_pages(1, LOGS, 1000, 70, 1000), 0);
	for (unsigned int i = 0; i < 70; i++)
		t.dirty[1000 + i] = true;
	expect_dirty(1, true);
	assert_int_equal(clear_log(1, 64, 6, UINT64_MAX), 0);
	for (unsigned int i = 64; i < 70; i++)
		t.dirty[1000 + i] = false;
	expect_dirty(1, true);
	check();
	end();
}

static void change_some_slot(unsigned int round)
{
	uint32_t id = random_below(SLOTS), flags = random_below(4);
	unsigned int n = 1 + random_below(3 * BLOCK), gpa = random_below(PAGES - 3 * BLOCK);
	const struct kvm_slot *s = kvm_slot_number(t.vm.memory, id);
	int err;

	if (round % 3 == 0) { /* blocks have a chance */
		n = ALIGN_UP(n, BLOCK);
		gpa = ALIGN_DOWN(gpa, BLOCK);
	}
	if (s && round % 2)
		err = set(id, 0, 0, 0, 0);
	else if (s)
		err = set(id, (s->flags & READ_ONLY) | (flags & LOGS),
			  random_below(2) ? s->gpa : GPA + gpa * PAGE_SIZE, s->size, s->hva);
	else
		err = set_pages(id, flags, gpa, n, round % 3 ? random_below(PAGES - n) : gpa);
	assert_true(!err || err == -EEXIST);
	/* What the model knows of logs: what is in one now, if it is in a log. */
	for (unsigned int i = 0; i < PAGES; i++) {
		s = kvm_slot_at(t.vm.memory, GPA + i * PAGE_SIZE);
		t.dirty[i] = s && s->log && kvm_slot_written(s, GPA + i * PAGE_SIZE);
	}
}

static void change_some_leaves(void)
{
	unsigned int n = 1 + random_below(random_below(8) ? 8 : 2 * BLOCK);
	unsigned int at = random_below(PAGES - n);
	bool write_protect = random_below(2);

	for (unsigned int i = at; i < at + n; i++) {
		split_block(i);
		if (write_protect)
			t.leaf[i].flags = 0;
		else
			t.leaf[i].pa = 0;
	}
	lose(at, n);
}

static void random_work(void **state)
{
	begin();
	for (unsigned int round = 0; round < 30000; round++) {
		const struct kvm_slot *s = kvm_slot_number(t.vm.memory, random_below(SLOTS));

		if (!random_below(60))
			change_some_slot(round);
		else if (!random_below(8))
			change_some_leaves();
		else if (s && s->log && !random_below(8))
			expect_dirty(s->id, true);
		else
			(void)touch(random_below(PAGES), random_below(2), !random_below(4));
		if (!(round % 50))
			check();
	}
	end();
}

static void many_slots(void **state)
{
	begin();
	for (uint32_t i = 0; i < KVM_MAX_SLOTS; i++)
		assert_int_equal(set(i, 0, (uint64_t)(i ^ 0x15) << 13, PAGE_SIZE, HVA), 0);
	for (uint32_t i = 0; i < KVM_MAX_SLOTS; i++) {
		assert_int_equal(kvm_slot_at(t.vm.memory, (uint64_t)(i ^ 0x15) << 13)->id, i);
		assert_null(kvm_slot_at(t.vm.memory, ((uint64_t)(i ^ 0x15) << 13) + PAGE_SIZE));
	}
	while (!list_empty(&t.vm.memory->list)) /* (el2_unmap here knows no such addresses) */
		kvm_slot_erase(t.vm.memory, list_first(&t.vm.memory->list, struct kvm_slot, link));
	for (uint32_t i = 0; i < KVM_MAX_SLOTS; i++)
		kfree(kvm_slot_number(t.vm.memory, i));
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors),      cmocka_unit_test(faults),
		cmocka_unit_test(blocks),      cmocka_unit_test(logs),
		cmocka_unit_test(random_work), cmocka_unit_test(many_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
