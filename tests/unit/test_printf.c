/*
 * test_printf.c - lib/printf.c against the C library, by a table and by random formats.
 */
#include <limits.h>
#include "unit.h"
#include "abi/errno.h"
#include "lib/printf.h"
#include "lib/string.h"

/* What the compiler warns of is what is tested. */
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-overflow"
#pragma GCC diagnostic ignored "-Wformat-truncation"
#pragma GCC diagnostic ignored "-Wformat-zero-length"

/* The same text, the same length, and the same when it is cut. */
#define SAME(...)                                                                   \
	do {                                                                        \
		char ours_[256], theirs_[256];                                      \
		int n_ = __builtin_snprintf(theirs_, sizeof(theirs_), __VA_ARGS__); \
		assert_int_equal(snprintf(ours_, sizeof(ours_), __VA_ARGS__), n_);  \
		assert_string_equal(ours_, theirs_);                                \
		__builtin_snprintf(theirs_, 7, __VA_ARGS__);                        \
		assert_int_equal(snprintf(ours_, 7, __VA_ARGS__), n_);              \
		assert_string_equal(ours_, theirs_);                                \
		assert_int_equal(snprintf(NULL, 0, __VA_ARGS__), n_);               \
	} while (0)

static void plain(void **state)
{
	SAME("");
	SAME("no conversion");
	SAME("100%%");
	SAME("%d %i %u", 0, -1, 1u);
	SAME("%d %d", INT_MAX, INT_MIN);
	SAME("%ld %lld", LONG_MIN, LLONG_MAX);
	SAME("%lu %llx", ULONG_MAX, ULLONG_MAX);
	SAME("%lo", ULONG_MAX);
	SAME("%hhd %hd %hhu %hx", 300, 70000, 300, 70000);
	SAME("%zu %zd %jd %td", (size_t)-1, (ssize_t)-5, (intmax_t)-6, (ptrdiff_t)7);
	SAME("%c%c%c", 'a', 0x41, '%');
	SAME("%5c|%-5c|", 'x', 'y');
	SAME("%s and %s", "one", "two");
	SAME("%10s|%-10s|%.2s|%10.2s|%.0s|", "abc", "abc", "abc", "abc", "abc");
	SAME("%*d|%-*d|%*d|%.*d|%.*s|", 6, 42, 6, 42, -6, 42, 4, 42, 2, "abc");
	SAME("%.*d|%.*s", -1, 42, -1, "abc");
	SAME("%s", NULL);
}

static void a_string_without_end_is_read_up_to_its_precision(void **state)
{
	char *s = exact_copy("abc", 3), buf[8];

	assert_int_equal(snprintf(buf, sizeof(buf), "%.3s", s), 3);
	assert_string_equal(buf, "abc");
	free(s);
}

static void pointers_have_sixteen_digits(void **state)
{
	char buf[32];

	assert_int_equal(snprintf(buf, sizeof(buf), "%p", (void *)0xffff0000deadbeef), 18);
	assert_string_equal(buf, "0xffff0000deadbeef");
	snprintf(buf, sizeof(buf), "%p", NULL);
	assert_string_equal(buf, "0x0000000000000000");
}

static void unknown_conversions_stand(void **state)
{
	char buf[32];

	snprintf(buf, sizeof(buf), "a%yb%5q %d", 1);
	assert_string_equal(buf, "a%yb%5q 1");
	snprintf(buf, sizeof(buf), "end%");
	assert_string_equal(buf, "end%");
	snprintf(buf, sizeof(buf), "end%-5l");
	assert_string_equal(buf, "end%-5l");
}

/* Every combination that C defines, chosen at random. */
static void random_formats(void **state)
{
	static const char *const lengths[] = { "hh", "h", "", "l", "ll", "z", "j", "t" };

	for (int i = 0; i < 300000; i++) {
		char fmt[40];
		char conv = "diuoxX"[random_below(6)];
		int n = 0;
		uint64_t v = random_u32();

		v = v << 32 | random_u32();
		v >>= random_below(64);
		fmt[n++] = '[';
		fmt[n++] = '%';
		for (int k = random_below(4); k; k--)
			fmt[n++] = "-+ 0#"[random_below(
				conv == 'x' || conv == 'X' || conv == 'o' ? 5 : 4)];
		if (random_below(2))
			n += sprintf(fmt + n, "%u", 1 + random_below(30));
		if (random_below(3) == 0)
			n += sprintf(fmt + n, ".%u", random_below(30));
		sprintf(fmt + n, "%s%c]", lengths[random_below(8)], conv);
		SAME(fmt, v);
	}
}

static void nothing_outside_the_buffer(void **state)
{
	for (size_t size = 0; size < 24; size++) {
		char *buf = malloc(size + 1);

		buf[size] = 'x';
		assert_int_equal(snprintf(buf, size, "%s%8d%-8s|", "abc", 5, "q"), 20);
		assert_int_equal(buf[size], 'x');
		if (size)
			assert_int_equal(strlen(buf), size - 1 < 20 ? size - 1 : 20);
		free(buf);
	}
}

static void absurd_widths_count_and_do_not_wrap(void **state)
{
	char buf[4];

	assert_int_equal(snprintf(buf, sizeof(buf), "%1000000000d", 1), 1000000000);
	assert_string_equal(buf, "   ");
	assert_int_equal(snprintf(buf, sizeof(buf), "%2147483647d%d", 1, 2), -EOVERFLOW);
	assert_int_equal(snprintf(buf, sizeof(buf), "%99999999999999d", 1), 2147483647);
	assert_int_equal(snprintf(buf, sizeof(buf), "%*d", INT_MIN, 1), 2147483647);
	assert_int_equal(snprintf(buf, sizeof(buf), "%.2147483647d", 1), 2147483647);
	assert_int_equal(snprintf(buf, sizeof(buf), "%.2147483647d", -1), -EOVERFLOW);
}

static void scnprintf_says_what_is_there(void **state)
{
	char buf[4];

	assert_int_equal(scnprintf(buf, sizeof(buf), "ab"), 2);
	assert_int_equal(scnprintf(buf, sizeof(buf), "abcdef"), 3);
	assert_int_equal(scnprintf(buf, 1, "abcdef"), 0);
	assert_int_equal(scnprintf(buf, 0, "abcdef"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(a_string_without_end_is_read_up_to_its_precision),
		cmocka_unit_test(pointers_have_sixteen_digits),
		cmocka_unit_test(unknown_conversions_stand),
		cmocka_unit_test(random_formats),
		cmocka_unit_test(nothing_outside_the_buffer),
		cmocka_unit_test(absurd_widths_count_and_do_not_wrap),
		cmocka_unit_test(scnprintf_says_what_is_there),
	};

	return cmocka_run_group_tests_name("printf", tests, NULL, NULL);
}
