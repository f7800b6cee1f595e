/*
 * test_kmod_params.c - a module's parameters: words into variables, with Linux's answers, and
 * back into text.
 */
#include "unit.h"
#include "abi/errno.h"
#include "kmod/params.h"
#include "lib/string.h"

static bool yes, flags[3];
static uint8_t byte;
static int16_t small;
static uint16_t usmall;
static int32_t number, list[4];
static uint32_t unumber, list_count;
static int64_t big;
static uint64_t ubig;
static const char *text, *texts[2];
static char room[8];

#define PARAM(n, var, t, bytes, most, nr) PARAM_OF(n, var, MODULE_PARAM_##t, bytes, most, nr)
#define PARAM_OF(n, var, t, bytes, most, nr)                                                     \
	{                                                                                        \
		.name = #n, .variable = (void *)(var), .type = t, .mode = 0644, .size = (bytes), \
		.max = (most), .count = (nr)                                                     \
	}
#define ONE(n, t) PARAM_OF(n, &(n), MODULE_PARAM_##t, sizeof(n), 1, NULL)

static const struct module_param params[] = {
	ONE(yes, bool),
	ONE(byte, byte),
	ONE(small, short),
	ONE(usmall, ushort),
	ONE(number, int),
	ONE(unumber, uint),
	ONE(big, long),
	ONE(ubig, ulong),
	ONE(text, charp),
	PARAM(room, room, string, sizeof(room), 1, NULL),
	PARAM(a_list, list, int, 4, 4, &list_count),
	PARAM(flags, flags, bool, 1, 3, NULL),
	PARAM(texts, texts, charp, 8, 2, NULL),
};

/* What the host was told, in its order. */
static char told[4096];
static char *strings[256];
static unsigned nr_strings;
static bool no_memory;
static int pause_result;

static void tell(const char *what, const char *a, const char *b, int err)
{
	size_t n = __builtin_strlen(told);

	(snprintf)(told + n, sizeof(told) - n, "%s %s %s %d;", what, a, b, err);
}

static const char *new_string(void *ctx, const struct module_param *p, const char *s, size_t size)
{
	assert_int_equal(s[size - 1], 0);
	if (no_memory)
		return NULL;
	strings[nr_strings] = exact_copy(s, size);
	return strings[nr_strings++];
}

static void unknown(void *ctx, const char *name)
{
	tell("unknown", name, "", 0);
}

static void refused(void *ctx, const char *name, const char *value, int err)
{
	tell("refused", name, value, err);
}

static void ignored(void *ctx, const char *rest)
{
	tell("ignored", rest, "", 0);
}

static int count_pause(void)
{
	return pause_result;
}

static const struct params_host host = { new_string, unknown, refused, ignored, count_pause, NULL };

static int parse(const char *args)
{
	char *copy = exact_copy(args, __builtin_strlen(args) + 1);
	int err;

	told[0] = 0;
	err = params_parse(copy, params, ARRAY_SIZE(params), &host);
	free(copy);
	return err;
}

static const struct module_param *param(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(params); i++)
		if (!strcmp(params[i].name, name))
			return &params[i];
	fail_msg("no %s", name);
	return NULL;
}

static void shows(const char *name, const char *want)
{
	size_t n = __builtin_strlen(want);
	char buf[2048];

	assert_int_equal(param_show(param(name), buf, sizeof(buf)), n);
	assert_string_equal(buf, want);
	/* Into a room of every size: cut, terminated, nothing behind it. */
	for (size_t size = 1; size <= n; size++) {
		char *cut = malloc(size);

		assert_int_equal(param_show(param(name), cut, size), size - 1);
		assert_memory_equal(cut, want, size - 1);
		assert_int_equal(cut[size - 1], 0);
		free(cut);
	}
}

static void words(void **state)
{
	assert_int_equal(parse(""), 0);
	assert_int_equal(parse("  \t\n"), 0);
	assert_int_equal(parse("number=1 big=2"), 0);
	assert_int_equal(number, 1);
	assert_int_equal(big, 2);
	assert_int_equal(parse("  number=3\tbig=4\nnumber=5 "), 0);
	assert_int_equal(number, 5); /* each in turn */
	assert_int_equal(big, 4);
	assert_int_equal(parse("text=\"a b\" \"room=c d\""), 0);
	assert_string_equal(text, "a b");
	assert_string_equal(room, "c d");
	assert_int_equal(parse("text='a"), 0); /* no quote */
	assert_string_equal(text, "'a");
	assert_int_equal(parse("a-list=1,2"), 0);
	assert_int_equal(list_count, 2);
	assert_int_equal(parse("text="), 0);
	assert_string_equal(text, "");
	assert_int_equal(parse("text=a=b"), 0);
	assert_string_equal(text, "a=b");
	assert_string_equal(told, "");
	assert_int_equal(parse("nothing=1 number=6 other numbe=2 numbers=3"), 0);
	assert_string_equal(told, "unknown nothing  0;unknown other  0;unknown numbe  0;"
				  "unknown numbers  0;");
	assert_int_equal(number, 6);
	assert_int_equal(parse("number=7 -- number=8 x"), 0);
	assert_int_equal(number, 7);
	assert_string_equal(told, "ignored number=8 x  0;");
	assert_int_equal(parse("number=7 --"), 0);
	assert_string_equal(told, "ignored   0;");
}

/* All is tried; the last that was refused is the answer. */
static void refusals(void **state)
{
	number = 0;
	assert_int_equal(parse("number=x room=12345678 number=9"), -ENOSPC);
	assert_int_equal(number, 9);
	assert_string_equal(told, "refused number x -22;refused room 12345678 -28;");
	assert_int_equal(parse("number"), -EINVAL);
	assert_string_equal(told, "refused number  -22;");
	assert_int_equal(parse("number=x --"), -EINVAL);
	assert_int_equal(parse("flags"), -EINVAL);
	no_memory = true;
	assert_int_equal(parse("text=x"), -ENOMEM);
	no_memory = false;
	pause_result = -EINTR;
	assert_int_equal(parse("number=10"), -EINTR);
	pause_result = 0;
	assert_int_equal(number, 9);
}

static void value(const char *name, const char *given, int err, const char *shown)
{
	char args[64];

	(snprintf)(args, sizeof(args), "%s=%s", name, given);
	if (parse(args) != err)
		fail_msg("%s: not %d", args, err);
	if (!err)
		shows(name, shown);
}

static void numbers(void **state)
{
	value("byte", "255", 0, "255\n");
	value("byte", "256", -ERANGE, NULL);
	value("byte", "-1", -EINVAL, NULL);
	value("small", "32767", 0, "32767\n");
	value("small", "32768", -ERANGE, NULL);
	value("small", "-32768", 0, "-32768\n");
	value("small", "-32769", -ERANGE, NULL);
	value("usmall", "0xffff", 0, "65535\n");
	value("usmall", "65536", -ERANGE, NULL);
	value("number", "2147483647", 0, "2147483647\n");
	value("number", "2147483648", -ERANGE, NULL);
	value("number", "-2147483648", 0, "-2147483648\n");
	value("number", "-2147483649", -ERANGE, NULL);
	value("unumber", "4294967295", 0, "4294967295\n");
	value("unumber", "4294967296", -ERANGE, NULL);
	value("big", "-9223372036854775808", 0, "-9223372036854775808\n");
	value("big", "9223372036854775808", -ERANGE, NULL);
	value("big", "-9223372036854775809", -ERANGE, NULL);
	value("ubig", "18446744073709551615", 0, "18446744073709551615\n");
	value("ubig", "18446744073709551616", -ERANGE, NULL);
	value("number", "010", 0, "8\n");
	value("number", "08", -EINVAL, NULL);
	value("number", "0x10", 0, "16\n");
	value("number", "-0x10", 0, "-16\n");
	value("number", "0x", -EINVAL, NULL);
	value("number", "+5", 0, "5\n");
	value("number", "-0", 0, "0\n");
	value("number", "--5", -EINVAL, NULL);
	value("number", "-+5", -EINVAL, NULL);
	value("number", "", -EINVAL, NULL);
	value("number", "-", -EINVAL, NULL);
	value("number", "5x", -EINVAL, NULL);
	value("number", "1,2", -EINVAL, NULL);
}

static void bools(void **state)
{
	static const char *const on[] = { "y", "Y", "1", "yes", "t", "on", "ON", "1x" };
	static const char *const off[] = { "n", "N", "0", "no", "f", "off", "oF" };
	static const char *const no[] = { "", "x", "2", "o", "ox", "-1" };

	for (unsigned i = 0; i < ARRAY_SIZE(on); i++)
		value("yes", on[i], 0, "Y\n");
	for (unsigned i = 0; i < ARRAY_SIZE(off); i++)
		value("yes", off[i], 0, "N\n");
	for (unsigned i = 0; i < ARRAY_SIZE(no); i++)
		value("yes", no[i], -EINVAL, NULL);
	assert_int_equal(parse("yes"), 0);
	shows("yes", "Y\n");
}

static void arrays(void **state)
{
	value("a_list", "1,-2,3,4", 0, "1,-2,3,4\n");
	value("a_list", "5", 0, "5\n");
	value("a_list", "1,2,3,4,5", -EINVAL, NULL);
	shows("a_list", "1,2,3,4\n");
	value("a_list", "7,8,x,9", -EINVAL, NULL);
	assert_string_equal(told, "refused a_list 7,8,x,9 -22;");
	shows("a_list", "7,8\n");
	value("a_list", "", -EINVAL, NULL);
	shows("a_list", "");
	value("a_list", "1,", -EINVAL, NULL);
	value("flags", "y,0,y", 0, "Y,N,Y\n");
	value("flags", "n", 0, "N,N,Y\n");
	value("texts", "one,", 0, "one,\n");
	/* The module's own number may be any. */
	list_count = UINT32_MAX;
	shows("a_list", "1,8,3,4\n");
}

static void texts_of_every_length(void **state)
{
	char args[PARAM_CHARP_MAX + 16] = "text=";

	value("room", "1234567", 0, "1234567\n");
	value("room", "12345678", -ENOSPC, NULL);
	__builtin_memset(args + 5, 'x', PARAM_CHARP_MAX);
	assert_int_equal(parse(args), 0);
	assert_int_equal(__builtin_strlen(text), PARAM_CHARP_MAX);
	args[5 + PARAM_CHARP_MAX] = 'x';
	assert_int_equal(parse(args), -ENOSPC);
	text = NULL;
	shows("text", "(null)\n");
	/* A module that has lost the NUL. */
	__builtin_memset(room, 'x', sizeof(room));
	shows("room", "xxxxxxxx\n");
}

/* A write to the file in /sys ends with a newline. */
static void newlines(void **state)
{
	char given[] = "12\n", more[] = "12\n\n";

	assert_int_equal(param_set(param("number"), given, &host), 0);
	shows("number", "12\n");
	assert_int_equal(param_set(param("number"), more, &host), -EINVAL);
	assert_int_equal(param_set(param("number"), NULL, &host), -EINVAL);
	assert_int_equal(param_set(param("yes"), NULL, &host), 0);
}

static void records(void **state)
{
	struct module_param p = *param("number"), good = p;

	for (unsigned i = 0; i < ARRAY_SIZE(params); i++)
		assert_true(param_valid(&params[i]));
	assert_int_equal(param_bytes(param("a_list")), 16);
#define RECORD(change, valid)                             \
	do {                                              \
		p = good;                                 \
		change;                                   \
		assert_int_equal(param_valid(&p), valid); \
	} while (0)
	RECORD(p.type = NR_MODULE_PARAM_TYPES, false);
	RECORD(p.type = UINT16_MAX, false);
	RECORD(p.size = 0, false);
	RECORD(p.size = 8, false);
	RECORD(p.max = 0, false);
	RECORD(p.max = UINT32_MAX, true);
	assert_int_equal(param_bytes(&p), 4ull * UINT32_MAX);
	RECORD(p.mode = 01000, false);
	RECORD(p.variable = (char *)&number + 2, false);
	RECORD(p.count = (uint32_t *)((char *)&list_count + 1), false);
	RECORD(p.type = MODULE_PARAM_string, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),    cmocka_unit_test(refusals),
		cmocka_unit_test(numbers),  cmocka_unit_test(bools),
		cmocka_unit_test(arrays),   cmocka_unit_test(texts_of_every_length),
		cmocka_unit_test(newlines), cmocka_unit_test(records),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	while (nr_strings)
		free(strings[--nr_strings]);
	return failed;
}
