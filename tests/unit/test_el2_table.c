/*
 * test_el2_table.c - el2/table.c against a model: what each page maps to, what a TLB that holds all
 * it can still says after a call, and how many table pages are out.
 */
#include "unit.h"

#include "el2/table.c"

#define KIB4	  UINT64_C(0x1000)
#define MIB2	  (UINT64_C(2) << 20)
#define GIB	  (UINT64_C(1) << 30)
#define ROOT_MAX  (16 * KIB4)
#define PAGES_MAX 4096

static unsigned char root_pages[ROOT_MAX] __attribute__((aligned(ROOT_MAX)));
static uint64_t pages_out[PAGES_MAX];
static unsigned int nr_out, allowed;
static unsigned int flushes;

/* The pages that the test looks at, from MODEL_AT on, and what a TLB holds of them. */
#define MODEL_AT    (GIB - 2 * MIB2)
#define MODEL_PAGES (4 * 512)
static uint64_t tlb[MODEL_PAGES];
static bool protecting;

static uint64_t page_new(struct el2_table *t)
{
	void *p;

	if (!allowed)
		return 0;
	allowed--;
	p = aligned_alloc(KIB4, KIB4);
	__builtin_memset(p, 0, KIB4);
	assert_true(nr_out < PAGES_MAX);
	pages_out[nr_out++] = (uintptr_t)p;
	return (uintptr_t)p;
}

static void page_free(struct el2_table *t, uint64_t page)
{
	for (unsigned int i = 0; i < nr_out; i++)
		if (pages_out[i] == page) {
			pages_out[i] = pages_out[--nr_out];
			free((void *)(uintptr_t)page);
			return;
		}
	fail_msg("%#lx is no table that is out", (unsigned long)page);
}

/* Descriptor of the page at @ia as if it were a 4 KiB one; 0: none. */
static uint64_t seen(const struct el2_table *t, uint64_t ia)
{
	unsigned int level;
	uint64_t leaf = el2_table_find(t, ia, &level);

	return leaf ? el2_leaf_pa(leaf, level, ia) | (leaf & TABLE_ATTRIBUTES) | PTE_VALID : 0;
}

static void flush(struct el2_table *t, uint64_t ia, uint64_t size)
{
	flushes++;
	for (unsigned int i = 0; i < MODEL_PAGES; i++) {
		uint64_t at = MODEL_AT + i * KIB4;

		if (at < ia || at >= ia + size)
			continue;
		/* Break before make: nothing valid takes the place of what goes. */
		if (!protecting && tlb[i] && seen(t, at))
			assert_true(seen(t, at) == tlb[i]);
		tlb[i] = 0;
	}
}

static struct el2_table make(unsigned int input_bits, unsigned int start)
{
	__builtin_memset(root_pages, 0, sizeof(root_pages));
	allowed = PAGES_MAX;
	flushes = 0;
	return (struct el2_table){ .root = (uintptr_t)root_pages,
				   .input_bits = input_bits,
				   .start = start,
				   .page_new = page_new,
				   .page_free = page_free,
				   .flush = flush };
}

static void expect_leaf(const struct el2_table *t, uint64_t ia, unsigned int level, uint64_t pa)
{
	unsigned int at;
	uint64_t leaf = el2_table_find(t, ia, &at);

	assert_int_equal(at, level);
	assert_true(leaf & PTE_VALID);
	assert_true(el2_leaf_pa(leaf, at, ia) == pa);
	/* Bit 1 tells a page from nothing at level 3, and a block from a table above. */
	assert_int_equal(!!(leaf & PTE_PAGE), level == 3);
}

static void expect_none(const struct el2_table *t, uint64_t ia)
{
	unsigned int level;

	assert_true(el2_table_find(t, ia, &level) == 0);
}

static void largest_leaves_that_fit(void **state)
{
	struct el2_table t = make(48, 0);

	assert_int_equal(el2_table_map(&t, 0, 0, 4 * GIB, S2_RWX, TABLE_LEVEL_1G), 0);
	assert_int_equal(nr_out, 1);
	expect_leaf(&t, 3 * GIB + 0x123, 1, 3 * GIB + 0x123);
	expect_none(&t, 4 * GIB);
	assert_int_equal(el2_table_map(&t, 8 * GIB, GIB, 2 * GIB, S2_RWX, TABLE_LEVEL_2M), 0);
	expect_leaf(&t, 9 * GIB + MIB2, 2, 2 * GIB + MIB2);
	/* Not where the output is not aligned as the input is. */
	assert_int_equal(el2_table_map(&t, 16 * GIB, GIB + KIB4, MIB2, S2_RWX, TABLE_LEVEL_1G), 0);
	expect_leaf(&t, 16 * GIB, 3, GIB + KIB4);
	assert_int_equal(flushes, 0);
	assert_true(el2_table_clear(&t, UINT32_MAX));
	assert_int_equal(nr_out, 0);
}

static void roots_of_several_pages(void **state)
{
	struct el2_table t = make(40, 1); /* two */

	assert_int_equal(el2_table_map(&t, 1000 * GIB, 1000 * GIB, GIB, S2_RWX, TABLE_LEVEL_1G), 0);
	assert_int_equal(nr_out, 0);
	expect_leaf(&t, 1000 * GIB, 1, 1000 * GIB);
	expect_none(&t, 488 * GIB); /* the same entry of the other page */
	assert_int_equal(el2_table_map(&t, 1024 * GIB, 0, KIB4, S2_RWX, TABLE_LEVEL_1G), -EINVAL);
	assert_int_equal(el2_table_map(&t, 1024 * GIB - KIB4, 0, KIB4, S2_RWX, 3), 0);
	expect_leaf(&t, 1024 * GIB - 1, 3, KIB4 - 1);
	assert_true(el2_table_clear(&t, UINT32_MAX));
	t = make(32, 2); /* 4 GiB by 2 MiB: 4 pages */
	t.input_bits = 34;
	assert_int_equal(el2_table_map(&t, 12 * GIB, 0, GIB, S2_RWX, TABLE_LEVEL_1G), 0);
	expect_leaf(&t, 13 * GIB - 1, 2, GIB - 1);
	assert_int_equal(nr_out, 0);
}

static void splits_at_the_edges(void **state)
{
	struct el2_table t = make(40, 1);

	assert_int_equal(el2_table_map(&t, 0, 0, 2 * GIB, S2_RWX, TABLE_LEVEL_1G), 0);
	assert_int_equal(el2_table_unmap(&t, MODEL_AT + KIB4, MIB2), 0);
	assert_int_equal(nr_out, 3); /* level 2, and both ends */
	expect_leaf(&t, MODEL_AT, 3, MODEL_AT);
	expect_none(&t, MODEL_AT + KIB4);
	expect_none(&t, MODEL_AT + MIB2);
	expect_leaf(&t, MODEL_AT + MIB2 + KIB4, 3, MODEL_AT + MIB2 + KIB4);
	expect_leaf(&t, MODEL_AT - 1, 2, MODEL_AT - 1);
	expect_leaf(&t, GIB, 1, GIB);
	/* A table goes with all that it may map, and comes back as one leaf. */
	assert_int_equal(el2_table_unmap(&t, MODEL_AT, 2 * MIB2), 0);
	assert_int_equal(nr_out, 1);
	assert_int_equal(el2_table_map(&t, MODEL_AT, MODEL_AT, 2 * MIB2, S2_RWX, 1), 0);
	expect_leaf(&t, MODEL_AT, 2, MODEL_AT);
	assert_true(el2_table_clear(&t, UINT32_MAX));
}

static void empty_tables_go(void **state)
{
	struct el2_table t = make(48, 0);

	assert_int_equal(el2_table_map(&t, GIB, GIB, 2 * KIB4, S1_RW, 3), 0);
	assert_int_equal(nr_out, 3);
	assert_int_equal(el2_table_unmap(&t, GIB, KIB4), 0);
	el2_table_trim(&t, GIB);
	assert_int_equal(nr_out, 3); /* the other page is still there */
	expect_leaf(&t, GIB + KIB4, 3, GIB + KIB4);
	assert_int_equal(el2_table_unmap(&t, GIB + KIB4, KIB4), 0);
	flushes = 0;
	el2_table_trim(&t, GIB);
	assert_int_equal(nr_out, 2);
	assert_int_equal(flushes, 1);
	/* Where there is no table of pages, there is nothing to do. */
	el2_table_trim(&t, GIB);
	el2_table_trim(&t, 700 * GIB);
	assert_int_equal(el2_table_map(&t, GIB, GIB, MIB2, S1_RW, 2), 0);
	el2_table_trim(&t, GIB);
	expect_leaf(&t, GIB, 2, GIB);
	assert_true(el2_table_clear(&t, UINT32_MAX));
	assert_int_equal(nr_out, 0);
}

static void permissions_change_in_place(void **state)
{
	struct el2_table t = make(40, 1);
	unsigned int level;

	assert_int_equal(el2_table_map(&t, 0, 0, GIB, S2_RWX, TABLE_LEVEL_1G), 0);
	assert_int_equal(el2_table_protect(&t, MIB2, MIB2 + KIB4, 0, S2_WRITE), 0);
	assert_false(el2_table_find(&t, MIB2, &level) & S2_WRITE);
	assert_int_equal(level, 2);
	assert_false(el2_table_find(&t, 2 * MIB2, &level) & S2_WRITE);
	assert_int_equal(level, 3);
	assert_true(el2_table_find(&t, 2 * MIB2 + KIB4, &level) & S2_WRITE);
	assert_true(el2_table_find(&t, MIB2 - KIB4, &level) & S2_WRITE);
	/* Neither address nor kind of a leaf can be reached by attributes. */
	assert_int_equal(el2_table_protect(&t, MIB2, MIB2, PTE_ADDR_MASK | PTE_TABLE, PTE_VALID),
			 0);
	expect_leaf(&t, MIB2, 2, MIB2);
	assert_true(el2_table_clear(&t, UINT32_MAX));
}

static void ranges_that_make_no_sense(void **state)
{
	static const struct {
		uint64_t ia, pa, size;
	} bad[] = {
		{ 0, 0, 0 },
		{ 1, 0, KIB4 },
		{ 0, 1, KIB4 },
		{ 0, 0, KIB4 + 1 },
		{ UINT64_MAX - 0xfff, 0, KIB4 },
		{ KIB4, 0, UINT64_MAX - 0xfff },
		{ (UINT64_C(1) << 40) - KIB4, 0, 2 * KIB4 },
		{ UINT64_C(1) << 40, 0, KIB4 },
		{ 0, UINT64_C(1) << 48, KIB4 },
		{ 0, (UINT64_C(1) << 48) - KIB4, 2 * KIB4 },
	};
	struct el2_table t = make(40, 1);

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(el2_table_map(&t, bad[i].ia, bad[i].pa, bad[i].size, S2_RWX, 1),
				 -EINVAL);
		if (bad[i].pa)
			continue;
		assert_int_equal(el2_table_unmap(&t, bad[i].ia, bad[i].size), -EINVAL);
		assert_int_equal(el2_table_protect(&t, bad[i].ia, bad[i].size, 0, 0), -EINVAL);
	}
	assert_int_equal(el2_table_map(&t, 0, 0, KIB4, S2_RWX, 4), -EINVAL);
	expect_none(&t, UINT64_MAX);
	assert_int_equal(nr_out + flushes, 0);
}

static bool count_leaf(void *arg, uint64_t ia, unsigned int level, uint64_t *leaf)
{
	unsigned int *n = arg;

	assert_true(*leaf & PTE_VALID);
	return ++n[level] < 600;
}

static void walks_leaf_by_leaf(void **state)
{
	struct el2_table t = make(48, 0);
	unsigned int n[4] = { 0 };

	assert_int_equal(el2_table_map(&t, 0, 0, GIB, S2_RWX, 1), 0);
	assert_int_equal(el2_table_map(&t, 2 * GIB, 0, 3 * MIB2, S2_RWX, 2), 0);
	assert_int_equal(el2_table_map(&t, 2 * GIB + 5 * MIB2, 0, 7 * KIB4, S2_RWX, 3), 0);
	assert_true(el2_table_walk(&t, KIB4, 8 * GIB, count_leaf, n));
	assert_int_equal(n[1], 1);
	assert_int_equal(n[2], 3);
	assert_int_equal(n[3], 7);
	n[2] = 598;
	assert_false(el2_table_walk(&t, 0, 8 * GIB, count_leaf, n));
	assert_false(el2_table_walk(&t, 0, 0, count_leaf, n));
	assert_true(el2_table_clear(&t, UINT32_MAX));
}

/* ---- any calls in any order, with and without memory ---- */

static uint64_t model[MODEL_PAGES]; /* as seen() says it */

/* As much of the model as goes from page @i on, often whole blocks. */
static unsigned int some_pages(unsigned int *i)
{
	unsigned int n = 1 + random_below(700);

	*i = random_below(MODEL_PAGES);
	if (random_below(3) == 0) {
		*i &= ~511u;
		n = 512 << random_below(2);
	}
	return min(n, MODEL_PAGES - *i);
}

static void call_and_note(struct el2_table *t, unsigned int i, unsigned int n)
{
	const uint64_t attributes = random_below(2) ? S2_RWX : S2_RX, at = MODEL_AT + i * KIB4;
	uint64_t pa = (random_below(4) ? at : at + 5 * KIB4) & ~(random_below(2) ? MIB2 - 1 : 0);
	unsigned int kind = random_below(3);
	int err;

	do {
		if (random_below(4) == 0)
			allowed = random_below(3);
		protecting = kind == 2;
		switch (kind) {
		case 0:
			err = el2_table_map(t, at, pa, n * KIB4, attributes, 1 + random_below(3));
			break;
		case 1: err = el2_table_unmap(t, at, n * KIB4); break;
		default: err = el2_table_protect(t, at, n * KIB4, S2_XN, S2_WRITE); break;
		}
		allowed = PAGES_MAX;
	} while (err == -ENOMEM);
	assert_int_equal(err, 0);
	for (unsigned int j = 0; j < n; j++) {
		uint64_t *m = &model[i + j];

		if (kind == 0)
			*m = (pa + j * KIB4) | attributes | PTE_VALID;
		else if (kind == 1)
			*m = 0;
		else if (*m)
			*m = (*m & ~S2_WRITE) | S2_XN;
	}
}

static void any_calls(void **state)
{
	struct el2_table t = make(40, 1);

	__builtin_memset(model, 0, sizeof(model));
	__builtin_memset(tlb, 0, sizeof(tlb));
	for (unsigned int round = 0; round < 4000; round++) {
		unsigned int i, n = some_pages(&i);

		call_and_note(&t, i, n);
		for (unsigned int j = 0; j < MODEL_PAGES; j++) {
			uint64_t is = seen(&t, MODEL_AT + j * KIB4);

			assert_true(is == model[j]);
			if (tlb[j])
				assert_true(tlb[j] == is);
			tlb[j] = is; /* a walker may come at any time */
		}
	}
	assert_int_equal(el2_table_unmap(&t, 0, 4 * GIB), 0);
	assert_int_equal(nr_out, 0);
	protecting = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(largest_leaves_that_fit),
		cmocka_unit_test(roots_of_several_pages),
		cmocka_unit_test(splits_at_the_edges),
		cmocka_unit_test(permissions_change_in_place),
		cmocka_unit_test(ranges_that_make_no_sense),
		cmocka_unit_test(walks_leaf_by_leaf),
		cmocka_unit_test(any_calls),
		cmocka_unit_test(empty_tables_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
