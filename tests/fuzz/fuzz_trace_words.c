/*
 * fuzz_trace_words.c - the input is a record and, behind its words, another: any bytes give a line
 * of text, and if they are a call, one as strace has it, with whatever structs they say there are.
 */
#include "fuzz.h"

#include "lib/string.h"
#include "tools/trace/strace.h"
#include "trace/format.h"

#define LINE 4096

static void must_be_a_line(const char *line, int n, size_t room)
{
	MUST(n >= 0 && (size_t)n < room && !line[n]);
	for (int i = 0; i < n; i++)
		MUST(line[i] >= ' ' && line[i] <= '~');
}

static void format(const void *record, size_t size, size_t room)
{
	const struct trace_place at = { .cpu = 1, .ns = size, .hz = 62500000 };
	char *line = malloc(room);

	must_be_a_line(line, trace_format(line, room, record, size, &at), room);
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trace_head *r = fuzz_copy(data, size);
	size_t first = size, behind = 0;
	char *line = malloc(LINE);
	struct trace_head *back;

	/* In most inputs a call and its return: with others the words are soon through. */
	if (size >= sizeof(struct trace_svc) && data[size - 1] & 3) {
		r->kind = TRACE_KIND_SVC;
		r->words = (uint8_t)min(size / 8, (size_t)data[size - 1]);
		((struct trace_svc *)r)->nr %= 460;
	}
	format(r, size, 1 + size % LINE);
	format(r, size, TRACE_LINE_MAX);
	if (size >= sizeof(*r)) {
		first = r->words * sizeof(uint64_t) < size ? r->words * sizeof(uint64_t) : size;
		behind = size - first;
		back = fuzz_copy((const char *)r + first, behind);
		/* The return's head must say so: libFuzzer need not find that. */
		if (behind >= sizeof(*back))
			back->kind = TRACE_KIND_RETURN;
		if (first >= sizeof(*r))
			must_be_a_line(line,
				       trace_strace_line(line, LINE, r, first,
							 behind >= sizeof(*back) ? back : NULL,
							 behind),
				       LINE);
		free(back);
	}
	free(line);
	free(r);
	return 0;
}
