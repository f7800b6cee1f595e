/*
 * fuzz_trace_filter.c - the input is a file's name (one byte), a text that is written to it, and a
 * record: what is understood prints as a text that means the same, what is not changes nothing, and
 * no record is read behind its end.
 */
#include "fuzz.h"
#include "lib/string.h"
#include "trace/filter.c"
#include "trace/kinds.c"
#include "trace/list.c"
#include "trace/names.c"

static void fuzz_kinds(const char *text, size_t n)
{
	char out[TRACE_KINDS_MAX];
	uint32_t mask = 5, again = 7;

	if (trace_kinds_parse(text, n, &mask)) {
		MUST(mask == 5);
		return;
	}
	MUST(!(mask & ~TRACE_WORDS));
	n = trace_kinds_print(out, sizeof(out), mask);
	MUST(n < sizeof(out) - 1 && !out[n]);
	MUST(!trace_kinds_parse(out, n, &again) && mask == again);
}

static void fuzz_filter(struct trace_filter *f, unsigned int which, const char *text, size_t n)
{
	static char out[4096], again[4096];
	struct trace_filter before = *f, after;

	if (trace_filter_parse(f, which, text, n, NULL)) {
		MUST(!memcmp(f, &before, sizeof(before)));
		return;
	}
	n = trace_filter_print(f, which, out, sizeof(out));
	MUST(n < sizeof(out) - 1 && !out[n]);
	after = *f;
	MUST(!trace_filter_parse(f, which, out, n, NULL));
	MUST(!memcmp(f, &after, sizeof(after)));
	MUST(trace_filter_print(f, which, again, sizeof(again)) == n && !memcmp(out, again, n));
}

/* What is left is a record, as long as it says, and no longer than there are bytes. */
static void fuzz_match(const struct trace_filter *f, const uint8_t *data, size_t size)
{
	struct trace_head *r;

	if (size < sizeof(*r))
		return;
	r = fuzz_copy(data, size);
	if (r->words >= 2 && r->words * 8u <= size) {
		struct trace_head *exact = fuzz_copy(r, r->words * 8u);

		for (unsigned int cpu = 0; cpu < 2; cpu++)
			(void)trace_filter_match(f, exact, cpu, cpu);
		free(exact);
	}
	free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trace_filter f;
	size_t n;
	char *text;

	memset(&f, 0, sizeof(f));
	for (unsigned int i = 0; i < 4 && size > 1; i++) {
		const uint8_t *end = memchr(data + 1, ';', size - 1);

		n = end ? (size_t)(end - data - 1) : size - 1;
		text = fuzz_copy(data + 1, n);
		if (data[0] % 8 < TRACE_FILTERS)
			fuzz_filter(&f, data[0] % 8, text, n);
		else
			fuzz_kinds(text, n);
		free(text);
		n += end ? 2 : 1;
		data += n;
		size -= n;
	}
	(void)trace_filter_asks(&f);
	fuzz_match(&f, data, size);
	return 0;
}
