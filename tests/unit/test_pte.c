/*
 * test_pte.c - trace/pte.c: descriptors in words, all of them within the buffer.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "trace/pte.c"

#define MAIR UINT64_C(0xff440400)

static void each_kind_in_words(void **state)
{
	static const struct {
		uint64_t d;
		unsigned int level;
		const char *words;
	} cases[] = {
		{ 0, 0, "not valid" },
		{ 0xdeadbeef0, 3, "not valid" },
		{ 0x40279003, 0, "table at 0x40279000" },
		{ 0xf800000040279003, 2,
		  "table at 0x40279000, APTable 3, PXNTable, UXNTable, NSTable" },
		{ 1, 0, "reserved (bits 1:0 are 01): as if not valid" },
		{ 0x40207001, 3, "reserved (bits 1:0 are 01): as if not valid" },
		{ 0x004000004020778f, 3,
		  "page at 0x40207000: EL1 r-x, EL0 ---, AP 2, UXN, Normal write-back (Attr3), "
		  "inner shareable, AF, global" },
		{ 0x0060000040200701, 2,
		  "2 MiB block at 0x40200000: EL1 rw-, EL0 ---, AP 0, PXN, UXN, Device-nGnRnE "
		  "(Attr0), inner shareable, AF, global" },
		/* EL0 may write it, so EL1 never executes it, though PXN is clear. */
		{ 0x0080000000001b4f, 3,
		  "page at 0x1000: EL1 rw-, EL0 rwx, AP 1, Normal write-back (Attr3), inner "
		  "shareable, not accessed (AF 0), nG, software bits 1" },
		/* Executed, and not read. */
		{ 0x0020000000002f8f, 3,
		  "page at 0x2000: EL1 r--, EL0 --x, AP 2, PXN, Normal write-back (Attr3), inner "
		  "shareable, AF, nG" },
		{ 0x001c000040000425, 1,
		  "1 GiB block at 0x40000000: EL1 rwx, EL0 --x, AP 0, Device-nGnRE (Attr1), not "
		  "shareable, AF, global, contiguous, DBM, guarded, NS" },
	};
	char text[PTE_TEXT_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		pte_describe(text, sizeof(text), cases[i].d, cases[i].level, MAIR, 1);
		assert_string_equal(text, cases[i].words);
	}
	/* The kernel may be at EL2. */
	pte_describe(text, sizeof(text), 0x004000004020778f, 3, MAIR, 2);
	assert_non_null(strstr(text, ": EL2 r-x, EL0 ---"));
}

static void attributes_in_words(void **state)
{
	static const struct {
		unsigned int attr;
		const char *words;
	} cases[] = {
		{ 0x00, "Device-nGnRnE (Attr5)" },
		{ 0x0c, "Device-GRE (Attr5)" },
		{ 0x03, "Device, reserved (Attr5)" },
		{ 0x44, "Normal non-cacheable (Attr5)" },
		{ 0xbb, "Normal write-through (Attr5)" },
		{ 0xf4, "Normal outer write-back inner non-cacheable (Attr5)" },
		{ 0x77, "Normal write-back transient (Attr5)" },
	};
	char text[PTE_TEXT_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		pte_describe(text, sizeof(text), 0x1417, 3, (uint64_t)cases[i].attr << 40, 1);
		assert_non_null(strstr(text, cases[i].words));
	}
}

/* A dump gives it what it finds: no bits run over the buffer, and what is cut is terminated. */
static void any_bits_give_a_line(void **state)
{
	char text[PTE_TEXT_MAX + 8];
	unsigned int longest = 0;

	srand(1);
	for (int i = 0; i < 200000; i++) {
		uint64_t d = (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
		uint64_t mair = (uint64_t)rand() << 33 ^ (uint64_t)rand();
		unsigned int level = i & 3;
		int n = pte_describe(text, sizeof(text), i % 3 ? d | 3 : d, level, mair, 1);

		assert_int_equal(n, strlen(text));
		assert_in_range(n, 1, PTE_TEXT_MAX - 1);
		longest = max(longest, (unsigned int)n);
	}
	assert_true(longest > 100);
	assert_int_equal(pte_describe(text, 6, 0, 0, 0, 1), 5);
	assert_string_equal(text, "not v");
}

static void what_leads_on_and_what_maps(void **state)
{
	uint64_t size;

	assert_true(pte_leads_on(3, 2));
	assert_false(pte_leads_on(3, 3));
	assert_false(pte_leads_on(1, 1));
	assert_false(pte_maps(1, 0, &size));
	assert_true(pte_maps(1, 1, &size));
	assert_int_equal(size, 1 << 30);
	assert_true(pte_maps(3, 3, &size));
	assert_int_equal(size, 4096);
	assert_false(pte_maps(2, 3, &size));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_in_words),
		cmocka_unit_test(attributes_in_words),
		cmocka_unit_test(any_bits_give_a_line),
		cmocka_unit_test(what_leads_on_and_what_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
