/*
 * test_taint.c - the words for a tainted kernel, against what Linux 6.12 prints for the same bits.
 */
#include "unit.h"
#include "lib/string.h"
#include "log/taint.h"

static void words(void **state)
{
	static const struct {
		uint64_t mask;
		const char *words, *names, *module;
	} cases[] = {
		{ 0, "Not tainted", "", "" },
		{ 1, "Tainted: P                  ", "Tainted: [P]=PROPRIETARY_MODULE", "P" },
		{ 1 << 12, "Tainted: G           O      ", "Tainted: [O]=OOT_MODULE", "O" },
		{ 1 << 12 | 1 << 13, "Tainted: G           OE     ",
		  "Tainted: [O]=OOT_MODULE, [E]=UNSIGNED_MODULE", "OE" },
		{ 1 << 7 | 1 << 9, "Tainted: G      D W         ", "Tainted: [D]=DIE, [W]=WARN",
		  "" },
		{ 1 << 14 | 2, "Tainted: GF            L    ",
		  "Tainted: [F]=FORCED_MODULE, [L]=SOFTLOCKUP", "F" },
		{ 0x7ffff, "Tainted: PFSRMBUDAWCIOELKXTN", NULL, "PFCOEKXTN" },
	};
	char buf[TAINT_NAMES_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[TAINT_WORDS_MAX], letters[TAINT_LETTERS_MAX];

		assert_in_range(taint_words(text, sizeof(text), cases[i].mask), 1,
				sizeof(text) - 1);
		/* One letter for each of 19 bits, blanks included. */
		if (cases[i].mask)
			assert_int_equal(strlen(text), 9 + NR_TAINTS);
		assert_memory_equal(text, cases[i].words, strlen(cases[i].words) - 1);
		taint_names(buf, sizeof(buf), cases[i].mask);
		if (cases[i].names)
			assert_string_equal(buf, cases[i].names);
		else
			assert_memory_equal(buf + strlen(buf) - 8, "[N]=TEST", 8);
		taint_module_letters(letters, sizeof(letters), cases[i].mask);
		assert_string_equal(letters, cases[i].module);
	}
}

static void kept(void **state)
{
	assert_int_equal(taint_mask(), 0);
	taint_add(TAINT_WARN);
	taint_add(TAINT_OOT_MODULE);
	taint_add(TAINT_WARN);
	assert_int_equal(taint_mask(), 1 << 9 | 1 << 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
