/*
 * fuzz_params.c - the input is the words of a module's parameters: none gets out of its variable,
 * and what was set can be shown.
 */
#include "fuzz.h"
#include "kmod/params.h"
#include "lib/string.h"

/* Each variable in a block of its own, so that the sanitizer sees what lies beside it. */
struct variables {
	bool *b;
	uint8_t *y;
	int16_t *s;
	uint32_t *u;
	int64_t *l;
	const char **c;
	char *text;
	int32_t *list;
	uint32_t *count;
};

static char *strings[64];
static unsigned nr_strings;

static const char *new_string(void *ctx, const struct module_param *p, const char *s, size_t size)
{
	MUST(size && size <= PARAM_CHARP_MAX + 1 && !s[size - 1]);
	if (nr_strings == 64)
		return NULL;
	strings[nr_strings] = fuzz_copy(s, size);
	return strings[nr_strings++];
}

static void heard(void *ctx, const char *name)
{
	(*(unsigned *)ctx) += (unsigned)strlen(name);
}

static void refused(void *ctx, const char *name, const char *value, int err)
{
	MUST(err < 0);
	heard(ctx, name);
	heard(ctx, value);
}

static void show_all(const struct module_param *params, size_t nr)
{
	char text[PARAM_CHARP_MAX + 64];

	for (size_t i = 0; i < nr; i++) {
		size_t n = param_show(&params[i], text, sizeof(text));

		MUST(n < sizeof(text) && strlen(text) == n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct variables v = { calloc(1, 1), calloc(1, 1), calloc(1, 2), calloc(1, 4), calloc(1, 8),
			       calloc(1, 8), calloc(1, 5), calloc(3, 4), calloc(1, 4) };
	const struct module_param params[] = {
		{ "b", v.b, MODULE_PARAM_bool, 0, 1, 1, NULL },
		{ "y", v.y, MODULE_PARAM_byte, 0, 1, 1, NULL },
		{ "s_s", v.s, MODULE_PARAM_short, 0, 2, 1, NULL },
		{ "u", v.u, MODULE_PARAM_uint, 0, 4, 1, NULL },
		{ "l", v.l, MODULE_PARAM_long, 0, 8, 1, NULL },
		{ "c", v.c, MODULE_PARAM_charp, 0, 8, 1, NULL },
		{ "t", v.text, MODULE_PARAM_string, 0, 5, 1, NULL },
		{ "a", v.list, MODULE_PARAM_int, 0, 4, 3, v.count },
	};
	unsigned length = 0;
	const struct params_host host = { new_string, heard, refused, heard, NULL, &length };
	char *args = malloc(size + 1);

	__builtin_memcpy(args, data, size);
	args[size] = 0;
	*v.c = "";
	if (params_parse(args, params, sizeof(params) / sizeof(params[0]), &host))
		MUST(length || !size);
	MUST(*v.count <= 3 && !v.text[4] && *v.b <= 1);
	show_all(params, sizeof(params) / sizeof(params[0]));
	while (nr_strings)
		free(strings[--nr_strings]);
	free(v.b), free(v.y), free(v.s), free(v.u), free(v.l), free(v.c), free(v.text),
		free(v.list);
	free(v.count);
	free(args);
	return 0;
}
