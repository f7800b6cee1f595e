/*
 * test_bitmap.c - runs of bits, against an array of bools.
 */
#include "unit.h"
#include "lib/bitmap.h"
#include "lib/util.h"

#define BITS 300

static void runs(void **state)
{
	uint64_t map[BITMAP_WORDS(BITS)] = { 0 };
	bool mirror[BITS] = { false };

	for (int round = 0; round < 20000; round++) {
		size_t first = random_below(BITS), n = random_below((uint32_t)(BITS - first) + 1);
		size_t want = 1 + random_below(round % 3 ? 8 : BITS), at = 0, run = 0;
		bool set = random_below(2);

		if (round % 5)
			n = min(n, (size_t)random_below(70));
		(set ? bitmap_set : bitmap_clear)(map, first, n);
		for (size_t i = first; i < first + n; i++)
			mirror[i] = set;
		for (size_t i = 0; i < BITS; i++)
			assert_int_equal(map[i / 64] >> (i % 64) & 1, mirror[i]);
		for (at = 0; at < BITS && run < want; at++)
			run = mirror[at] ? 0 : run + 1;
		assert_int_equal(bitmap_find_clear(map, BITS, want),
				 run >= want ? at - want : BITS);
	}
}

/* What lies behind the last bit counts for nothing, whatever it holds. */
static void ends(void **state)
{
	uint64_t map[2] = { 0, 0 };

	assert_int_equal(bitmap_find_clear(map, 70, 70), 0);
	assert_int_equal(bitmap_find_clear(map, 70, 71), 70);
	bitmap_set(map, 0, 69);
	assert_int_equal(bitmap_find_clear(map, 70, 1), 69);
	assert_int_equal(bitmap_find_clear(map, 70, 2), 70);
	bitmap_set(map, 69, 1);
	assert_int_equal(bitmap_find_clear(map, 70, 1), 70);
	assert_int_equal(bitmap_find_clear(map, 0, 1), 0);
	bitmap_clear(map, 63, 2);
	assert_int_equal(bitmap_find_clear(map, 70, 2), 63);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs),
		cmocka_unit_test(ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
