/*
 * test_memmap.c - mm/memmap.c against a model: a bit a page.
 */
#include "unit.h"
#include "mm/memmap.c"

enum { PAGES = 512 };

static bool model_ram[PAGES], model_taken[PAGES], model_nomap[PAGES];

static void reset(void)
{
	memset(&ram, 0, sizeof(ram));
	memset(&taken, 0, sizeof(taken));
	memset(&unmapped, 0, sizeof(unmapped));
	memset(model_ram, 0, sizeof(model_ram));
	memset(model_taken, 0, sizeof(model_taken));
	memset(model_nomap, 0, sizeof(model_nomap));
}

static void agree_with_model(bool (*next)(uint64_t *, uint64_t *), bool want(size_t))
{
	bool got[PAGES] = { false };
	uint64_t at = 0, end, last = 0;

	while (next(&at, &end)) {
		assert_true(at >= last && at < end && end <= PAGES * PAGE_SIZE);
		assert_int_equal(at % PAGE_SIZE, 0);
		for (uint64_t pa = at; pa < end; pa += PAGE_SIZE)
			got[pa / PAGE_SIZE] = true;
		last = at = end;
	}
	for (size_t i = 0; i < PAGES; i++)
		assert_int_equal(got[i], want(i));
}

static bool is_free(size_t i)
{
	return model_ram[i] && !model_taken[i];
}

static bool is_mapped(size_t i)
{
	return model_ram[i] && !model_nomap[i];
}

static bool is_any(size_t i)
{
	return model_ram[i];
}

static void random_maps(void **state)
{
	for (int round = 0; round < 2000; round++) {
		reset();
		for (int i = 0; i < 12; i++) {
			uint64_t pa = random_below(PAGES * PAGE_SIZE);
			uint64_t size = random_below(
				(uint32_t)min((uint64_t)64 * PAGE_SIZE, PAGES * PAGE_SIZE - pa));
			int what = (int)random_below(4);

			if (what < 2) {
				assert_int_equal(memmap_add_ram(pa, size), 0);
				for (uint64_t p = ALIGN_UP(pa, PAGE_SIZE);
				     p + PAGE_SIZE <= pa + size; p += PAGE_SIZE)
					model_ram[p / PAGE_SIZE] = true;
			} else {
				assert_int_equal(memmap_reserve(pa, size, what == 3), 0);
				for (uint64_t p = ALIGN_DOWN(pa, PAGE_SIZE); size && p < pa + size;
				     p += PAGE_SIZE) {
					model_taken[p / PAGE_SIZE] = true;
					model_nomap[p / PAGE_SIZE] |= what == 3;
				}
			}
		}
		agree_with_model(memmap_next_free, is_free);
		agree_with_model(memmap_next_mapped, is_mapped);
		agree_with_model(memmap_next_ram, is_any);
		for (size_t i = 0; i < PAGES; i++)
			assert_int_equal(memmap_is_ram(i * PAGE_SIZE + 1), model_ram[i]);
	}
}

static void unreserve_gives_back(void **state)
{
	uint64_t at = 0, end;

	reset();
	assert_int_equal(memmap_add_ram(0, 100 * PAGE_SIZE), 0);
	assert_int_equal(memmap_reserve(10 * PAGE_SIZE, 30 * PAGE_SIZE, false), 0);
	assert_int_equal(memmap_unreserve(5 * PAGE_SIZE, 12 * PAGE_SIZE), -EINVAL);
	assert_int_equal(memmap_unreserve(20 * PAGE_SIZE, 25 * PAGE_SIZE), 0);
	at = 10 * PAGE_SIZE;
	assert_true(memmap_next_free(&at, &end));
	assert_int_equal(at, 20 * PAGE_SIZE);
	assert_int_equal(end, 25 * PAGE_SIZE);
	assert_int_equal(memmap_unreserve(10 * PAGE_SIZE, 20 * PAGE_SIZE), 0);
	assert_int_equal(memmap_unreserve(25 * PAGE_SIZE, 40 * PAGE_SIZE), 0);
	at = 0;
	assert_true(memmap_next_free(&at, &end));
	assert_int_equal(at, 0);
	assert_int_equal(end, 100 * PAGE_SIZE);
}

static void hostile_numbers(void **state)
{
	uint64_t at = 0, end;

	reset();
	assert_int_equal(memmap_add_ram(UINT64_MAX, 1), -EINVAL);
	assert_int_equal(memmap_add_ram(PAGE_SIZE, UINT64_MAX), -EINVAL);
	assert_int_equal(memmap_add_ram(LINEAR_SIZE, PAGE_SIZE), -EINVAL);
	assert_int_equal(memmap_add_ram(1, PAGE_SIZE), 0); /* not one whole page */
	assert_int_equal(memmap_add_ram(5, 0), 0);
	assert_false(memmap_is_ram(1));
	assert_int_equal(memmap_reserve(UINT64_MAX - 1, 4, false), 0);
	assert_int_equal(memmap_reserve(LINEAR_SIZE, PAGE_SIZE, false), 0);
	assert_int_equal(taken.n, 0);
	assert_int_equal(memmap_reserve(0, 0, true), 0);
	for (unsigned int i = 0; i < MEMMAP_MAX; i++)
		assert_int_equal(memmap_add_ram(2 * i * PAGE_SIZE, PAGE_SIZE), 0);
	assert_int_equal(memmap_add_ram(2 * MEMMAP_MAX * PAGE_SIZE, PAGE_SIZE), -ENOSPC);
	/* Joins two: there is room again. */
	assert_int_equal(memmap_add_ram(PAGE_SIZE, PAGE_SIZE), 0);
	assert_true(memmap_range_is_ram(0, 3 * PAGE_SIZE));
	assert_false(memmap_range_is_ram(0, 4 * PAGE_SIZE));
	/* A size that wraps around, or only reaches too far: all RAM behind its begin is taken. */
	reset();
	assert_int_equal(memmap_add_ram(0, 100 * PAGE_SIZE), 0);
	assert_int_equal(memmap_reserve(90 * PAGE_SIZE, UINT64_MAX, true), 0);
	assert_int_equal(memmap_reserve(80 * PAGE_SIZE + 1, LINEAR_SIZE, false), 0);
	assert_true(memmap_next_free(&at, &end));
	assert_int_equal(end, 80 * PAGE_SIZE);
	at = end;
	assert_false(memmap_next_free(&at, &end));
	at = 0;
	assert_true(memmap_next_mapped(&at, &end));
	assert_int_equal(end, 90 * PAGE_SIZE);
}

static void limited(void **state)
{
	uint64_t at = 0, end;

	(void)state;
	reset();
	assert_int_equal(memmap_add_ram(0, 10 * PAGE_SIZE), 0);
	assert_int_equal(memmap_add_ram(20 * PAGE_SIZE, 10 * PAGE_SIZE), 0);
	memmap_limit_ram(20 * PAGE_SIZE);
	assert_true(memmap_range_is_ram(20 * PAGE_SIZE, 10 * PAGE_SIZE));
	memmap_limit_ram(15 * PAGE_SIZE + 1);
	assert_true(memmap_range_is_ram(20 * PAGE_SIZE, 5 * PAGE_SIZE));
	assert_false(memmap_is_ram(25 * PAGE_SIZE));
	memmap_limit_ram(10 * PAGE_SIZE);
	assert_false(memmap_is_ram(20 * PAGE_SIZE));
	memmap_limit_ram(PAGE_SIZE - 1);
	assert_false(memmap_next_ram(&at, &end));
	assert_false(memmap_any_ram());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_maps),
		cmocka_unit_test(unreserve_gives_back),
		cmocka_unit_test(limited),
		cmocka_unit_test(hostile_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
