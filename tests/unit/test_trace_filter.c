/*
 * test_trace_filter.c - trace/filter.c and trace/kinds.c: texts, and which records they let
 * through.
 */
#include "unit.h"

#include "lib/string.h"
#include "trace/filter.c"
#include "trace/kinds.c"
#include "trace/list.c"
#include "trace/names.c"

static struct trace_filter f;

static int reset(void **state)
{
	memset(&f, 0, sizeof(f));
	return 0;
}

static int parse(enum trace_filter_name which, const char *text)
{
	size_t n = strlen(text);
	char *copy = exact_copy(text, n); /* no NUL: nothing behind it is looked at */
	int err = trace_filter_parse(&f, which, copy, n, NULL);

	free(copy);
	return err;
}

/* @text is understood, printed as @canonical, and that is understood as the same. */
static void expect(enum trace_filter_name which, const char *text, const char *canonical)
{
	char out[4096];
	size_t n;

	assert_int_equal(parse(which, text), 0);
	for (int i = 0; i < 2; i++) {
		n = trace_filter_print(&f, which, out, sizeof(out));
		assert_string_equal(out, canonical);
		assert_int_equal(n, strlen(canonical));
		assert_int_equal(parse(which, canonical), 0);
	}
}

/* @text is refused, and the filter stays. */
static void refuse(enum trace_filter_name which, const char *text, int err)
{
	struct trace_filter before = f;

	assert_int_equal(parse(which, text), err);
	assert_memory_equal(&f, &before, sizeof(f));
}

static void words_of_kinds(void **state)
{
	static const struct {
		const char *text, *canonical;
	} good[] = {
		{ "", "none" },
		{ "\n", "none" },
		{ "none\n", "none" },
		{ "all", "all" },
		{ "svc", "svc" },
		{ " el3 , svc\tring\n", "svc,el3,ring" },
		{ "svc,fault,irq,el2,el3,sched,wake,task,signal,copy,block,guest", "all" },
		{ "args all ring", "all,args,ring" },
	};
	static const char *const bad[] = { ",",	  "svc,",     "svc,,irq", "SVC",  "svc;irq",
					   "s",	  "none,svc", "svc none", "svcx", "slow",
					   "0x3", "\xff\xfe", "all none" };
	char out[TRACE_KINDS_MAX];
	uint32_t mask, again;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(trace_kinds_parse(good[i].text, strlen(good[i].text), &mask), 0);
		trace_kinds_print(out, sizeof(out), mask | TRACE_SLOW);
		assert_string_equal(out, good[i].canonical);
		assert_int_equal(trace_kinds_parse(out, strlen(out), &again), 0);
		assert_int_equal(mask, again);
	}
	mask = 0x77;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(trace_kinds_parse(bad[i], strlen(bad[i]), &mask), -EINVAL);
	assert_int_equal(trace_kinds_parse("svc\0irq", 7, &mask), -EINVAL);
	assert_int_equal(mask, 0x77);
	/* The longest there is: all words but one. */
	trace_kinds_print(out, sizeof(out), TRACE_WORDS & ~TRACE_COPY);
	assert_int_equal(trace_kinds_parse(out, strlen(out), &mask), 0);
	assert_int_equal(mask, TRACE_WORDS & ~TRACE_COPY);
}

static void texts_of_filters(void **state)
{
	expect(TRACE_FILTER_PID, "7,1\n", "1,7");
	expect(TRACE_FILTER_PID, " !1 0x10,1 0", "!0,1,16");
	expect(TRACE_FILTER_PID, "all", "all");
	expect(TRACE_FILTER_PID, "2147483647", "2147483647");
	expect(TRACE_FILTER_NR, "write read 500,63", "read,write,500");
	expect(TRACE_FILTER_NR, "!openat", "!openat");
	expect(TRACE_FILTER_NR, "\n", "all");
	expect(TRACE_FILTER_RESULT, "ENOENT error,17 -1 -5000", "error,-5000,ENOENT,EPERM,17");
	expect(TRACE_FILTER_RESULT, "!ok", "!ok");
	expect(TRACE_FILTER_RESULT, "0xffff800000000000,-0x8000000000000000,0",
	       "-9223372036854775808,-140737488355328,0");
	expect(TRACE_FILTER_LEVEL, "3,0", "0,3");
	expect(TRACE_FILTER_LEVEL, "0-1 2", "0-2");
	expect(TRACE_FILTER_LEVEL, "!0", "1-3");
	expect(TRACE_FILTER_LEVEL, "0-3", "all");
	expect(TRACE_FILTER_CORE, "0-1,3", "0-1,3");
	expect(TRACE_FILTER_CORE, "!7", "0-6");
}

static void texts_that_are_refused(void **state)
{
	static const char *const bad[] = { "!",
					   "! \n",
					   ",1",
					   "1,",
					   "1,,2",
					   "!!1",
					   "all,1",
					   "1 all",
					   "-",
					   "x",
					   "99999999999999999999",
					   "1\x80",
					   "0x",
					   "1-",
					   "--1",
					   "1!",
					   "!all" };

	expect(TRACE_FILTER_CORE, "1-2", "1-2");
	expect(TRACE_FILTER_PID, "5", "5");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		for (unsigned int which = 0; which < TRACE_FILTERS; which++)
			refuse(which, bad[i], -EINVAL);
	refuse(TRACE_FILTER_PID, "-1", -EINVAL);
	refuse(TRACE_FILTER_PID, "2147483648", -EINVAL);
	refuse(TRACE_FILTER_PID, "write", -EINVAL);
	refuse(TRACE_FILTER_NR, "512", -EINVAL);
	refuse(TRACE_FILTER_NR, "writ", -EINVAL);
	refuse(TRACE_FILTER_RESULT, "EWHAT", -EINVAL);
	refuse(TRACE_FILTER_RESULT, "-0x8000000000000001", -EINVAL);
	refuse(TRACE_FILTER_LEVEL, "4", -EINVAL);
	refuse(TRACE_FILTER_LEVEL, "2-1", -EINVAL);
	refuse(TRACE_FILTER_LEVEL, "!0-3", -EINVAL);
	refuse(TRACE_FILTER_CORE, "0-8", -EINVAL);
}

/* @text, with one more number behind it. */
static const char *and_number(char *text, size_t size, unsigned int number)
{
	size_t n = strlen(text);

	scnprintf(text + n, size - n, " %u", number);
	return text;
}

/* As long as a write can be: more items than there is room for, each call by name, nonsense. */
static void the_longest_texts(void **state)
{
	char text[4096], out[4096];
	size_t n = 0;

	for (unsigned int i = 0; i < 800; i++)
		n += (size_t)scnprintf(text + n, sizeof(text) - n, "%u ", i % TRACE_PIDS_MAX);
	assert_int_equal(parse(TRACE_FILTER_PID, text), 0);
	refuse(TRACE_FILTER_PID, and_number(text, sizeof(text), TRACE_PIDS_MAX), -E2BIG);
	n = 0;
	for (unsigned int i = 0; i < TRACE_RESULTS_MAX; i++)
		n += (size_t)scnprintf(text + n, sizeof(text) - n, "%lld ",
				       (long long)(INT64_MIN + i));
	assert_int_equal(parse(TRACE_FILTER_RESULT, text), 0);
	trace_filter_print(&f, TRACE_FILTER_RESULT, out, sizeof(out));
	expect(TRACE_FILTER_RESULT, out, out);
	refuse(TRACE_FILTER_RESULT, and_number(text, sizeof(text), 1), -E2BIG);
	n = 0;
	for (unsigned int i = 0; i < TRACE_CALLS; i++)
		n += (size_t)scnprintf(text + n, sizeof(text) - n, "%u ", i);
	assert_int_equal(parse(TRACE_FILTER_NR, text), 0);
	n = trace_filter_print(&f, TRACE_FILTER_NR, out, sizeof(out));
	assert_in_range(n, 1000, sizeof(out) - 2);
	expect(TRACE_FILTER_NR, out, out);
	memset(text, ',', sizeof(text));
	assert_int_equal(trace_filter_parse(&f, TRACE_FILTER_NR, text, sizeof(text), NULL),
			 -EINVAL);
	memset(text, '!', sizeof(text));
	assert_int_equal(trace_filter_parse(&f, TRACE_FILTER_PID, text, sizeof(text), NULL),
			 -EINVAL);
}

static void short_buffers(void **state)
{
	char *out;

	parse(TRACE_FILTER_NR, "read,write,openat");
	parse(TRACE_FILTER_RESULT, "!ok,EPERM,77");
	for (size_t size = 1; size < 20; size++)
		for (unsigned int which = 0; which < TRACE_FILTERS; which++) {
			out = malloc(size);
			assert_true(trace_filter_print(&f, which, out, size) < size);
			free(out);
		}
}

static struct trace_svc svc(uint32_t nr)
{
	return (struct trace_svc){
		.head = { .kind = TRACE_KIND_SVC,
			  .words = sizeof(struct trace_svc) / 8,
			  .levels = TRACE_LEVELS(0, 1),
			  .pid = 5 },
		.nr = nr,
	};
}

static struct trace_return ret(uint32_t cause, int32_t nr, int64_t result)
{
	return (struct trace_return){
		.head = { .kind = TRACE_KIND_RETURN,
			  .words = sizeof(struct trace_return) / 8,
			  .levels = TRACE_LEVELS(1, 0),
			  .pid = 5 },
		.cause = cause,
		.nr = nr,
		.result = result,
	};
}

static bool wants_svc(uint32_t nr)
{
	struct trace_svc r = svc(nr);

	return trace_filter_match(&f, &r.head, 0, false);
}

static bool wants_return(uint32_t cause, int32_t nr, int64_t result)
{
	struct trace_return r = ret(cause, nr, result);

	return trace_filter_match(&f, &r.head, 0, false);
}

static int pauses, pause_ends;

static int count_pause(void)
{
	return ++pauses == pause_ends ? -EINTR : 0;
}

static void pauses_between_items(void **state)
{
	pauses = pause_ends = 0;
	assert_int_equal(trace_filter_parse(&f, TRACE_FILTER_NR, "read,write", 10, count_pause), 0);
	assert_int_equal(pauses, 3);
	pauses = 0;
	pause_ends = 2;
	assert_int_equal(trace_filter_parse(&f, TRACE_FILTER_NR, "close,dup", 9, count_pause),
			 -EINTR);
	assert_true(wants_svc(NR_write) && !wants_svc(NR_close));
}

static void match_of_none(void **state)
{
	assert_false(trace_filter_asks(&f));
	assert_true(wants_svc(NR_write) && wants_svc(~0u) && wants_return(0, 0, 0));
}

static void match_of_pids(void **state)
{
	struct trace_svc user = svc(1), kernel = svc(1);

	kernel.head.pid = 0;
	parse(TRACE_FILTER_PID, "5");
	assert_true(trace_filter_asks(&f));
	assert_true(trace_filter_match(&f, &user.head, 0, true));
	assert_false(trace_filter_match(&f, &user.head, 0, false));
	assert_false(trace_filter_match(&f, &kernel.head, 0, false));
	parse(TRACE_FILTER_PID, "!5");
	assert_false(trace_filter_match(&f, &user.head, 0, true));
	assert_true(trace_filter_match(&f, &user.head, 0, false));
	assert_true(trace_filter_match(&f, &kernel.head, 0, false));
	parse(TRACE_FILTER_PID, "0");
	assert_true(trace_filter_match(&f, &kernel.head, 0, false));
	assert_false(trace_filter_match(&f, &user.head, 0, false));
	parse(TRACE_FILTER_PID, "!0");
	assert_false(trace_filter_match(&f, &kernel.head, 0, false));
	assert_true(trace_filter_match(&f, &user.head, 0, false));
}

static void match_of_calls(void **state)
{
	parse(TRACE_FILTER_NR, "write,read");
	assert_true(trace_filter_asks(&f) && !trace_filter_late(&f));
	assert_true(wants_svc(NR_write) && wants_svc(NR_read));
	assert_false(wants_svc(NR_close) || wants_svc(512) || wants_svc(~0u));
	assert_true(wants_return(TRACE_KIND_SVC, NR_write, 0));
	assert_false(wants_return(TRACE_KIND_SVC, NR_close, 0) ||
		     wants_return(TRACE_KIND_SVC, -1, 0) || wants_return(0, NR_write, 0));
	assert_true(wants_return(TRACE_KIND_IRQ, 27, 0) && wants_return(TRACE_KIND_FAULT, 0, 0));
	parse(TRACE_FILTER_NR, "!write");
	assert_false(wants_svc(NR_write) || wants_return(TRACE_KIND_SVC, NR_write, 0));
	assert_true(wants_svc(NR_close) && wants_svc(~0u));
}

static void match_of_results(void **state)
{
	struct trace_svc late = svc(NR_write);

	late.head.slot |= TRACE_LATE;
	parse(TRACE_FILTER_RESULT, "error");
	assert_true(trace_filter_late(&f) && trace_filter_asks(&f));
	assert_false(wants_svc(NR_write));
	assert_true(trace_filter_match(&f, &late.head, 0, false));
	assert_true(wants_return(TRACE_KIND_SVC, 1, -1) && wants_return(TRACE_KIND_SVC, 1, -4095));
	assert_false(wants_return(TRACE_KIND_SVC, 1, 0) || wants_return(TRACE_KIND_SVC, 1, -4096));
	assert_true(wants_return(TRACE_KIND_IRQ, 27, 0));
	parse(TRACE_FILTER_RESULT, "!ok");
	assert_true(wants_return(TRACE_KIND_SVC, 1, -1) && !wants_return(TRACE_KIND_SVC, 1, 5));
	parse(TRACE_FILTER_RESULT, "ENOENT,17");
	assert_true(wants_return(TRACE_KIND_SVC, 1, -2) && wants_return(TRACE_KIND_SVC, 1, 17));
	assert_false(wants_return(TRACE_KIND_SVC, 1, -1) || wants_return(TRACE_KIND_SVC, 1, 0));
	parse(TRACE_FILTER_NR, "read");
	assert_false(trace_filter_match(&f, &late.head, 0, false));
}

static void match_of_levels_and_cores(void **state)
{
	struct trace_svc r = svc(NR_write);

	parse(TRACE_FILTER_LEVEL, "0");
	assert_true(trace_filter_match(&f, &r.head, 0, false));
	parse(TRACE_FILTER_LEVEL, "2-3");
	assert_false(trace_filter_match(&f, &r.head, 0, false));
	r.head.levels = TRACE_LEVELS(3, 1);
	assert_true(trace_filter_match(&f, &r.head, 0, false));
	parse(TRACE_FILTER_CORE, "1,3");
	assert_true(trace_filter_match(&f, &r.head, 1, false));
	assert_false(trace_filter_match(&f, &r.head, 2, false));
	assert_false(trace_filter_match(&f, &r.head, 33, false));
}

/* A record that is shorter than its kind is not read behind its end. */
static void records_cut_short(void **state)
{
	struct trace_head *r;

	parse(TRACE_FILTER_NR, "write");
	for (unsigned int kind = 0; kind < 256; kind++)
		for (unsigned int words = 2; words < 12; words++) {
			r = calloc(words, 8);
			r->kind = (uint8_t)kind;
			r->words = (uint8_t)words;
			(void)trace_filter_match(&f, r, 0, true);
			free(r);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(words_of_kinds, reset),
		cmocka_unit_test_setup(texts_of_filters, reset),
		cmocka_unit_test_setup(texts_that_are_refused, reset),
		cmocka_unit_test_setup(the_longest_texts, reset),
		cmocka_unit_test_setup(pauses_between_items, reset),
		cmocka_unit_test_setup(short_buffers, reset),
		cmocka_unit_test_setup(match_of_none, reset),
		cmocka_unit_test_setup(match_of_pids, reset),
		cmocka_unit_test_setup(match_of_calls, reset),
		cmocka_unit_test_setup(match_of_results, reset),
		cmocka_unit_test_setup(match_of_levels_and_cores, reset),
		cmocka_unit_test_setup(records_cut_short, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
