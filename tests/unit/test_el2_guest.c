/*
 * test_el2_guest.c - EL2's chunks and a guest's memory (el2/pool.c, el2/guest_s2.c) against a
 * model: what the guest reaches, how much of each block that is, and that no page is lost.
 */
#include "unit.h"

/* What READ_SYSREG reads here; nothing asks for them. */
static uint64_t shim_id_aa64isar1_el1, shim_S3_0_C0_C6_2, shim_id_aa64pfr0_el1,
	shim_id_aa64pfr1_el1, shim_id_aa64dfr0_el1;

#include "el2/guest_s2.c"
#include "el2/pool.c"
#include "el2/table.c"

#define MIB2	 (UINT64_C(2) << 20)
#define CHUNKS	 4
#define MODEL_AT (UINT64_C(1) << 30)
#define PAGES	 (4 * 512) /* of the guest, from MODEL_AT on */
#define RAM_AT	 (UINT64_C(3) << 30)
#define RAM	 (8 * 512) /* pages of the host's */
#define USER	 1000

struct el2_lock el2_memory_lock;
struct el2_machine el2_machine = { .pa_bits = 40, .pa_range = 2 };

static bool is_taken[CHUNKS];
static unsigned char *chunk_memory;
static struct el2_vm *vm;

/* What the guest reaches: the host's page + 1, 0: nothing; and whether it may write. */
static unsigned int reached[PAGES];
static bool writable[PAGES], in_block[PAGES];

/* ---- what is below ---- */

void el2_clear(void *at, uint64_t size)
{
	__builtin_memset(at, 0, size);
}

static unsigned int chunk_number(uint64_t pa)
{
	return (unsigned int)((pa - (uintptr_t)chunk_memory) / MIB2);
}

int el2_host_take(uint64_t pa)
{
	if (chunk_number(pa) >= CHUNKS || is_taken[chunk_number(pa)])
		return -EINVAL;
	is_taken[chunk_number(pa)] = true;
	/* Whatever the host left there. */
	__builtin_memset((void *)(uintptr_t)pa, 0xa5, MIB2);
	return 0;
}

void el2_host_give(uint64_t pa)
{
	assert_true(is_taken[chunk_number(pa)]);
	is_taken[chunk_number(pa)] = false;
}

bool el2_host_has(uint64_t pa, uint64_t size, bool write)
{
	return pa >= RAM_AT && pa + size <= RAM_AT + RAM * EL2_PAGE;
}

bool el2_is_ram(uint64_t pa, uint64_t size)
{
	return el2_host_has(pa, size, true);
}

bool el2_host_lets(uint64_t ipa, uint64_t set, uint64_t clear)
{
	return true;
}

void el2_memory_spare(uint64_t (*page_new)(void), void (*page_free)(uint64_t page))
{
}

void el2_tlb_forget(struct el2_table *t, uint64_t ipa, uint64_t size)
{
}

/* ---- the model ---- */

static void forget(unsigned int page)
{
	if (!in_block[page]) {
		reached[page] = 0;
		return;
	}
	for (unsigned int i = page / 512 * 512, n = 512; n; i++, n--) {
		reached[i] = 0;
		in_block[i] = false;
	}
}

static void compare(void)
{
	unsigned int counted[RAM / 512] = { 0 }, all = 0;

	for (unsigned int i = 0; i < PAGES; i++) {
		unsigned int level;
		uint64_t ipa = MODEL_AT + i * EL2_PAGE;
		uint64_t leaf = el2_table_find(&vm->table, ipa, &level);

		assert_int_equal(leaf != 0, reached[i] != 0);
		if (!leaf)
			continue;
		assert_int_equal(el2_leaf_pa(leaf, level, ipa),
				 RAM_AT + (reached[i] - 1) * EL2_PAGE);
		assert_int_equal((leaf & S2_WRITE) != 0, writable[i]);
		counted[(reached[i] - 1) / 512]++;
		all++;
	}
	for (unsigned int i = 0; i < RAM / 512; i++) {
		uint64_t pa = RAM_AT + i * MIB2;

		assert_int_equal(el2_block_in_use(pa), counted[i] != 0);
		if (counted[i])
			assert_int_equal(*block_count(counts[pa >> GIB_SHIFT], pa), counted[i]);
	}
	assert_int_equal(vm->mapped, all);
}

/* ---- calls ---- */

static void donate(void)
{
	for (unsigned int i = 0; i < CHUNKS; i++)
		if (!is_taken[i]) {
			assert_int_equal(el2_chunk_add((uintptr_t)chunk_memory + i * MIB2, USER),
					 0);
			return;
		}
	fail_msg("all chunks are donated");
}

static void map(unsigned int page, unsigned int frame, bool block, bool write)
{
	uint64_t size = block ? EL2_BLOCK : EL2_PAGE;
	int64_t ret;

	page = block ? page / 512 * 512 : page;
	frame = block ? frame / 512 * 512 : frame;
	do {
		ret = el2_s2_map(vm, MODEL_AT + page * EL2_PAGE, RAM_AT + frame * EL2_PAGE,
				 size | (write ? EL2_MAP_WRITE : 0));
		if (ret == EL2_NOMEM)
			donate();
	} while (ret == EL2_NOMEM);
	assert_int_equal(ret, 0);
	for (unsigned int i = 0; i < size / EL2_PAGE; i++)
		if (!(block && in_block[page + i] && reached[page + i] == frame + i + 1))
			forget(page + i);
	for (unsigned int i = 0; i < size / EL2_PAGE; i++) {
		reached[page + i] = frame + i + 1;
		writable[page + i] = write;
		in_block[page + i] = block;
	}
}

static void call_range(int64_t (*call)(struct el2_vm *, uint64_t, uint64_t), uint64_t ipa,
		       uint64_t size)
{
	while (size) {
		int64_t done = call(vm, ipa, size);

		assert_true(done > 0 && (uint64_t)done <= size);
		ipa += (uint64_t)done;
		size -= (uint64_t)done;
	}
}

static void unmap(unsigned int page, unsigned int n)
{
	call_range(el2_s2_unmap, MODEL_AT + page * EL2_PAGE, n * EL2_PAGE);
	for (unsigned int i = page; i < page + n; i++)
		forget(i);
}

static void protect(unsigned int page, unsigned int n)
{
	call_range(el2_s2_protect, MODEL_AT + page * EL2_PAGE, n * EL2_PAGE);
	for (unsigned int i = page; i < page + n; i++) {
		writable[i] = false;
		for (unsigned int j = i / 512 * 512; in_block[i] && j < i / 512 * 512 + 512; j++)
			writable[j] = false;
	}
}

static void make_vm(unsigned int ipa_bits)
{
	uint32_t handle;

	__builtin_memset(reached, 0, sizeof(reached));
	__builtin_memset(in_block, 0, sizeof(in_block));
	donate();
	vm = (struct el2_vm *)(uintptr_t)el2_pages_new(USER, 0, EL2_VM, &handle);
	assert_non_null(vm);
	assert_ptr_equal(el2_held(handle, EL2_VM), vm);
	assert_null(el2_held(handle, EL2_VCPU));
	vm->user = USER;
	assert_int_equal(el2_s2_init(vm, ipa_bits), 0);
}

/* Nothing of it stays: every chunk can go. */
static void end_vm(void)
{
	call_range(el2_s2_unmap, 0, SYSREG_BIT(vm->table.input_bits));
	assert_int_equal(vm->mapped, 0);
	while (!el2_s2_destroy(vm))
		;
	el2_pages_free((uintptr_t)vm, 0);
	while (el2_chunk_remove())
		;
	for (unsigned int i = 0; i < CHUNKS; i++)
		assert_false(is_taken[i]);
	for (unsigned int i = 0; i < GIBS; i++)
		assert_null(counts[i]);
	assert_int_equal(chunks_end, 0);
}

/* ---- tests ---- */

static void test_random(void **state)
{
	static const unsigned int bits[] = { 32, 36, 40, 44, 48 };

	srand(13);
	for (unsigned int b = 0; b < ARRAY_SIZE(bits); b++) {
		make_vm(bits[b]);
		for (unsigned int i = 0; i < 400; i++) {
			unsigned int page = (unsigned int)rand() % PAGES,
				     n = (unsigned int)rand() % 9;

			if (n < 5)
				map(page, (unsigned int)rand() % RAM, n == 4, rand() % 2);
			else if (n < 7)
				unmap(page, min(PAGES - page, 1 + (unsigned int)rand() % 900));
			else
				protect(page, min(PAGES - page, 1 + (unsigned int)rand() % 900));
			compare();
		}
		end_vm();
	}
}

/* A table of pages that all lie in blocks of their own: they leave in several parts. */
static void test_scattered(void **state)
{
	make_vm(40);
	for (unsigned int i = 0; i < 512; i++)
		map(i, i * 512 % RAM + i / 8, false, true);
	compare();
	unmap(0, 512);
	compare();
	end_vm();
}

static void test_refused(void **state)
{
	make_vm(40);
	map(0, 0, false, true);
	assert_int_equal(el2_s2_map(vm, 0, RAM_AT - EL2_PAGE, EL2_PAGE), EL2_INVALID);
	assert_int_equal(el2_s2_map(vm, 0, RAM_AT + RAM * EL2_PAGE, EL2_PAGE), EL2_INVALID);
	assert_int_equal(el2_s2_map(vm, 0, (uintptr_t)chunk_memory, EL2_PAGE), EL2_INVALID);
	assert_int_equal(el2_s2_map(vm, 0, RAM_AT, 0), EL2_INVALID);
	assert_int_equal(el2_s2_map(vm, 0, RAM_AT, EL2_PAGE * 2), EL2_INVALID);
	assert_int_equal(el2_s2_map(vm, 0, RAM_AT, EL2_PAGE | BIT(5)), EL2_INVALID);
	assert_int_equal(el2_s2_map(vm, EL2_PAGE, RAM_AT, EL2_BLOCK), EL2_INVALID);
	assert_int_equal(el2_s2_map(vm, 0, RAM_AT + EL2_PAGE, EL2_BLOCK), EL2_INVALID);
	assert_int_equal(el2_s2_map(vm, BIT(40), RAM_AT, EL2_PAGE), EL2_INVALID);
	assert_int_equal(el2_s2_map(vm, 0, RAM_AT, EL2_PAGE | EL2_MAP_DEVICE), EL2_INVALID);
	assert_int_equal(el2_s2_unmap(vm, 0, 0), EL2_INVALID);
	assert_int_equal(el2_s2_unmap(vm, EL2_PAGE, BIT(40)), EL2_INVALID);
	assert_int_equal(el2_s2_unmap(vm, EL2_PAGE, UINT64_MAX - EL2_PAGE + 1), EL2_INVALID);
	assert_int_equal(el2_chunk_add(0, USER), -EINVAL);
	assert_int_equal(el2_chunk_add((uintptr_t)chunk_memory + MIB2, EL2_ANY_USER), -EINVAL);
	assert_int_equal(el2_chunk_add((uintptr_t)chunk_memory + EL2_PAGE, USER), -EINVAL);
	assert_int_equal(el2_chunk_add((uintptr_t)chunk_memory, USER),
			 -EINVAL);			       /* it has that one */
	assert_int_equal(el2_chunk_add(RAM_AT, USER), -EBUSY); /* a guest reaches a page of it */
	assert_int_equal(el2_chunk_remove(), 0);
	for (uint64_t handle = 0; handle < 3 * CHUNK_PAGES; handle++)
		assert_int_equal(el2_held(handle, EL2_VM) != NULL, handle == 1);
	assert_null(el2_held(UINT64_MAX, EL2_VM));
	assert_null(el2_held(NR_CHUNKS * CHUNK_PAGES, EL2_VM));
	compare();
	end_vm();
}

/* A page is zeros when it is handed out, whatever was there, and side by side where asked. */
static void test_pages(void **state)
{
	uint64_t pages[64], pa;
	uint32_t handle;

	donate();
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++) {
			unsigned int order = i % 5;

			pages[i] = el2_pages_new(USER, order, EL2_TABLE, &handle);
			assert_true(IS_ALIGNED(pages[i], EL2_PAGE << order) && pages[i]);
			for (uint64_t w = 0; w < (EL2_PAGE << order); w += 8)
				assert_int_equal(*(uint64_t *)(uintptr_t)(pages[i] + w), 0);
			__builtin_memset((void *)(uintptr_t)pages[i], 0x5a, EL2_PAGE << order);
		}
		for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++)
			el2_pages_free(pages[i], i % 5);
	}
	for (unsigned int n = 0; (pa = el2_pages_new(USER, 0, EL2_TABLE, &handle)); n++)
		assert_true(n < CHUNK_PAGES - 1);
	assert_int_equal(el2_chunk_remove(), 0);
	el2_pages_free((uintptr_t)chunk_memory + EL2_PAGE, 0);
	/* The counts of a GiB lie with whose guest reaches it: another's free page is not taken. */
	assert_int_equal(el2_block_add(RAM_AT, 1, USER + 1), -ENOMEM);
	assert_int_equal(el2_block_add(RAM_AT, 1, USER), 0);
	assert_int_equal(el2_block_add(RAM_AT, 1, USER + 1), 0);
	assert_int_equal(el2_pages_new(EL2_ANY_USER, 0, EL2_TABLE, &handle), 0);
	el2_block_drop(RAM_AT, 2);
	assert_int_equal(el2_pages_new(USER + 1, 0, EL2_TABLE, &handle), 0);
	assert_int_equal(el2_pages_new(EL2_ANY_USER, 0, EL2_TABLE, &handle),
			 (uintptr_t)chunk_memory + EL2_PAGE);
	for (unsigned int i = 1; i < CHUNK_PAGES; i++)
		el2_pages_free((uintptr_t)chunk_memory + i * EL2_PAGE, 0);
	assert_int_equal(el2_chunk_remove(), (uintptr_t)chunk_memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_scattered),
		cmocka_unit_test(test_refused),
	};

	chunk_memory = aligned_alloc(MIB2, CHUNKS * MIB2);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
