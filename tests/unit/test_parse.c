/*
 * test_parse.c - numbers within bounds, and the command line by Linux's rules.
 */
#include "unit.h"
#include "abi/errno.h"
#include "lib/parse.h"
#include "lib/string.h"

static void numbers(void **state)
{
	static const struct {
		const char *s;
		unsigned base;
		int used;
		uint64_t val;
	} cases[] = {
		{ "0", 0, 1, 0 },
		{ "42", 0, 2, 42 },
		{ "42,7", 0, 2, 42 },
		{ "0x1F", 0, 4, 31 },
		{ "0X1f", 16, 4, 31 },
		{ "1f", 16, 2, 31 },
		{ "017", 0, 3, 15 },
		{ "08", 0, 1, 0 },
		{ "0x", 0, 1, 0 },
		{ "0xg", 16, 1, 0 },
		{ "101", 2, 3, 5 },
		{ "18446744073709551615", 10, 20, UINT64_MAX },
		{ "18446744073709551616", 10, -ERANGE, 0 },
		{ "0xffffffffffffffff", 0, 18, UINT64_MAX },
		{ "0x10000000000000000", 0, -ERANGE, 0 },
		{ "99999999999999999999999", 0, -ERANGE, 0 },
		{ "", 0, -EINVAL, 0 },
		{ "x", 0, -EINVAL, 0 },
		{ "-1", 0, -EINVAL, 0 },
		{ "+1", 0, -EINVAL, 0 },
		{ " 1", 0, -EINVAL, 0 },
		{ "a", 10, -EINVAL, 0 },
		{ "2", 2, -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t n = strlen(cases[i].s);
		char *s = exact_copy(cases[i].s, n); /* without the NUL: the length must do */
		uint64_t v = 77;

		assert_int_equal(parse_u64(s, n, cases[i].base, &v), cases[i].used);
		assert_int_equal(v, cases[i].used > 0 ? cases[i].val : 77);
		assert_int_equal(parse_u64(cases[i].s, 1000, cases[i].base, &v), cases[i].used);
		free(s);
	}
}

static void sizes(void **state)
{
	uint64_t v;

	assert_int_equal(parse_size("64M", 3, &v), 3);
	assert_int_equal(v, 64 << 20);
	assert_int_equal(parse_size("0x10k,", 6, &v), 5);
	assert_int_equal(v, 16 << 10);
	assert_int_equal(parse_size("1G@2", 4, &v), 2);
	assert_int_equal(parse_size("7", 1, &v), 1);
	assert_int_equal(v, 7);
	assert_int_equal(parse_size("15E", 3, &v), 3);
	assert_int_equal(parse_size("16E", 3, &v), -ERANGE);
	assert_int_equal(parse_size("M", 1, &v), -EINVAL);
	assert_int_equal(parse_size("1M", 1, &v), 1); /* the M is not ours to read */
	assert_int_equal(v, 1);
	assert_int_equal(parse_whole_u64("12", 2, 0, &v), 0);
	assert_int_equal(parse_whole_u64("12x", 3, 0, &v), -EINVAL);
	assert_int_equal(parse_whole_u64("12\0x", 4, 0, &v), 0);
}

/* One line and its words as key[=value], one per string. */
static void expect_words(const char *line, ...)
{
	struct cmdline_word w;
	va_list ap;
	const char *want;
	char got[100];

	va_start(ap, line);
	while (cmdline_next(&line, &w)) {
		want = va_arg(ap, const char *);
		assert_non_null(want);
		sprintf(got, "%.*s%s%.*s", (int)w.key_len, w.key, w.val ? "=" : "", (int)w.val_len,
			w.val ? w.val : "");
		assert_string_equal(got, want);
	}
	assert_null(va_arg(ap, const char *));
	va_end(ap);
	assert_int_equal(*line, 0);
	assert_false(cmdline_next(&line, &w));
}

static void words(void **state)
{
	expect_words("", NULL);
	expect_words(" \t\n ", NULL);
	expect_words("quiet", "quiet", NULL);
	expect_words("  quiet   panic=-1 ", "quiet", "panic=-1", NULL);
	expect_words("console=ttyAMA0,115200 init=/bin/sh", "console=ttyAMA0,115200",
		     "init=/bin/sh", NULL);
	expect_words("a=", "a=", NULL);
	expect_words("a=b=c", "a=b=c", NULL);
	expect_words("a=\"b c\" d", "a=b c", "d", NULL);
	expect_words("\"a=b c\" d", "a=b c", "d", NULL);
	expect_words("\"a b\"", "a b", NULL);
	expect_words("a=\"\"", "a=", NULL);
	expect_words("a=\"", "a=", NULL);
	expect_words("\"", "", NULL);
	expect_words("\"\"", "", NULL);
	expect_words("a=x\"b c\"y d", "a=x\"b c\"y", "d", NULL);
	expect_words("a=\"b c", "a=b c", NULL);
	expect_words("a=\"b\"c\" d\"", "a=b\"c\" d", NULL);
	expect_words("=x y", "=x", "y", NULL);
	expect_words("init=/x -- -s a", "init=/x", "--", "-s", "a", NULL);
}

static void keys(void **state)
{
	struct cmdline_word w;
	const char *line = "log-buf_len=1";

	assert_true(cmdline_next(&line, &w));
	assert_true(cmdline_is(&w, "log_buf_len"));
	assert_true(cmdline_is(&w, "log-buf-len"));
	assert_false(cmdline_is(&w, "log_buf_le"));
	assert_false(cmdline_is(&w, "log_buf_lenx"));

	line = "a=1 b=2 a=3 -- a=4";
	assert_true(cmdline_find(line, "a", &w));
	assert_memory_equal(w.val, "3 ", 2);
	assert_true(cmdline_find(line, "b", &w));
	assert_false(cmdline_find(line, "c", &w));
	assert_false(cmdline_find("-- a", "a", &w));
}

/* No line may make the iterator read past its NUL, stand still or hand out what is outside. */
static void test_cmdline_says(void **state)
{
	assert_true(cmdline_says("a mitigations=off b", "mitigations", "off"));
	assert_true(cmdline_says("ssbd=\"force-off\"", "ssbd", "force-off"));
	assert_false(cmdline_says("mitigations=off mitigations=auto", "mitigations", "off"));
	assert_false(cmdline_says("mitigations=offline", "mitigations", "off"));
	assert_false(cmdline_says("mitigations=of", "mitigations", "off"));
	assert_false(cmdline_says("mitigations", "mitigations", "off"));
	assert_false(cmdline_says("-- mitigations=off", "mitigations", "off"));
	assert_false(cmdline_says(NULL, "mitigations", "off"));
}

static void test_options(void **state)
{
	static const char *const words[] = { "yes", "no" };
	char text[] = ",ro,a=b=c,,=x,n=7,last=", *rest = text, *none = NULL, *key, *value;
	uint32_t n = 1;

	assert_false(option_next(&none, &key, &value));
	assert_true(option_next(&rest, &key, &value));
	assert_string_equal(key, "ro");
	assert_null(value);
	assert_true(option_next(&rest, &key, &value));
	assert_string_equal(key, "a");
	assert_string_equal(value, "b=c");
	assert_true(option_next(&rest, &key, &value));
	assert_string_equal(key, "n");
	assert_true(option_number(value, 10, &n));
	assert_int_equal(n, 7);
	assert_true(option_next(&rest, &key, &value));
	assert_string_equal(value, "");
	assert_false(option_next(&rest, &key, &value));
	assert_false(option_number(NULL, 10, &n) || option_number("", 10, &n) ||
		     option_number("7x", 10, &n) || option_number("4294967295", 10, &n));
	assert_int_equal(option_word("no", words, 2), 1);
	assert_int_equal(option_word("nob", words, 2), -1);
	assert_int_equal(option_word(NULL, words, 2), -1);
}

static void random_lines(void **state)
{
	for (int i = 0; i < 200000; i++) {
		size_t n = random_below(20);
		char *line = malloc(n + 1);
		const char *rest = line, *before;
		struct cmdline_word w;

		for (size_t k = 0; k < n; k++)
			line[k] = "ab=\" -\t"[random_below(7)];
		line[n] = 0;
		for (before = rest; cmdline_next(&rest, &w); before = rest) {
			assert_true(rest > before && rest <= line + n);
			assert_true(w.key >= before && w.key + w.key_len <= rest);
			assert_true(!w.val || (w.val > w.key && w.val + w.val_len <= rest));
		}
		free(line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),	cmocka_unit_test(sizes),
		cmocka_unit_test(words),	cmocka_unit_test(keys),
		cmocka_unit_test(random_lines), cmocka_unit_test(test_cmdline_says),
		cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
