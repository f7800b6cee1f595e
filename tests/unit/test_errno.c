/*
 * test_errno.c - the trace names every error of abi/errno.h, by the name that it has there.
 */
#include "unit.h"
#include "abi/errno.h"
#include "lib/string.h"

static const struct {
	const char *name;
	int number;
} named[] = {
#define E(name) { #name, name },
#include "trace/errno.def"
#undef E
};

static const char *name_of(int number)
{
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (named[i].number == number)
			return named[i].name;
	return NULL;
}

static void every_number_has_its_name(void **state)
{
	size_t n, seen = 0;
	char *text = read_file("abi/errno.h", &n), *line, *end, name[32];
	int number;

	text[n] = 0;
	for (line = text; (end = strchr(line, '\n')); line = end + 1) {
		*end = 0;
		if (sscanf(line, "#define %31[A-Z0-9] %d", name, &number) != 2)
			continue; /* an alias has no number of its own */
		assert_non_null(name_of(number));
		assert_string_equal(name_of(number), name);
		seen++;
	}
	free(text);
	assert_true(seen > 130);
	assert_int_equal(seen, sizeof(named) / sizeof(named[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_number_has_its_name) };

	return cmocka_run_group_tests_name("errno", tests, NULL, NULL);
}
