/*
 * test_tally.c - trace/tally.c: what a record counts as; abi/counters.h: buckets and quantiles.
 */
#include "unit.h"

#include "lib/string.h"
#include "trace/tally.c"

static struct tally tally;
static uint64_t pages[TALLY_PAGES][TALLY_PAGE / 8];

static uint64_t to_ns(uint64_t ticks)
{
	return ticks * 16;
}

static void start(void)
{
	memset(&tally, 0, sizeof(tally));
	memset(pages, 0, sizeof(pages));
	for (unsigned int i = 0; i < TALLY_PAGES; i++)
		tally.pages[i] = pages[i];
}

#define COUNT(NAME, name, from, to, ...)                                              \
	do {                                                                          \
		struct trace_##name r = { .head = { .kind = TRACE_KIND_##NAME,        \
						    .words = sizeof(r) / 8,           \
						    .levels = TRACE_LEVELS(from, to), \
						    .ticks = 1000 },                  \
					  __VA_ARGS__ };                              \
		tally_count(&tally, &r.head, to_ns);                                  \
	} while (0)

static void calls(void **state)
{
	start();
	COUNT(SVC, svc, 0, 1, .nr = 64);
	COUNT(SVC, svc, 0, 1, .nr = 511);
	COUNT(SVC, svc, 0, 1, .nr = UINT32_MAX);
	COUNT(RETURN, return, 1, 0, .cause = TRACE_KIND_SVC, .nr = 64, .since = 900);
	COUNT(RETURN, return, 1, 0, .cause = TRACE_KIND_SVC, .nr = -1, .since = 998);
	/* Nobody knows since when: nowhere. */
	COUNT(RETURN, return, 1, 0, .cause = TRACE_KIND_SVC, .nr = 64);
	COUNT(RETURN, return, 1, 0, .cause = 0, .since = 1);
	assert_int_equal(tally.entries[TALLY_SVC], 3);
	assert_int_equal(tally.called[64], 1);
	assert_int_equal(tally.called[511], 2);
	assert_int_equal(tally_call(&tally, 64)->sum_ns, 1600);
	assert_int_equal(tally_call(&tally, 64)->max_ns, 1600);
	assert_int_equal(tally_call(&tally, 64)->times[6], 1);
	assert_int_equal(tally_call(&tally, 511)->times[1], 1);
	assert_int_equal(measure_count(&tally.of[TALLY_SVC]), 2);
	assert_int_equal(tally.of[TALLY_SVC].sum_ns, 1632);
}

static void others(void **state)
{
	static const uint64_t want[TALLY_KINDS] = {
		[TALLY_FAULT_EL0] = 1, [TALLY_FAULT_EL1] = 1, [TALLY_IRQ_EL0] = 1,
		[TALLY_IRQ_EL1] = 3,   [TALLY_HVC] = 1,	      [TALLY_SMC] = 1,
		[TALLY_EL3] = 1,
	};

	start();
	COUNT(FAULT, fault, 0, 1, .far = 0);
	COUNT(FAULT, fault, 1, 1, .far = 0);
	COUNT(RETURN, return, 1, 0, .cause = TRACE_KIND_FAULT, .nr = 11, .since = 1);
	COUNT(RETURN, return, 1, 1, .cause = TRACE_KIND_FAULT, .since = 1);
	COUNT(IRQ, irq, 0, 1, .nr = 27);
	COUNT(IRQ, irq, 1, 1, .nr = 1019);
	COUNT(IRQ, irq, 1, 1, .nr = -1);
	COUNT(IRQ, irq, 1, 1, .nr = INT32_MAX);
	COUNT(RETURN, return, 1, 1, .cause = TRACE_KIND_IRQ, .nr = 27, .since = 999);
	COUNT(CALL, call, 1, 2, .fn = 0, .esr = SYSREG_FIELD(ESR_EC_HVC64, ESR_EC_SHIFT));
	COUNT(CALL_RETURN, call_return, 2, 1, .fn = 0);
	COUNT(CALL_RETURN, call_return, 2, 1, .fn = 0); /* it was not called */
	COUNT(CALL, call, 1, 3, .fn = 0);
	COUNT(CALL_RETURN, call_return, 3, 1, .since = 500, .head.slot = TRACE_BY_SMC);
	COUNT(LEVEL, level, 1, 3, .did = TRACE_LEVEL_BOUNCED, .until = 1010);
	COUNT(LEVEL, level, 1, 2, .did = TRACE_LEVEL_ANSWERED | TRACE_LEVEL_SEEN, .until = 1010);
	COUNT(SCHED, sched, 1, 1, .next = 1);
	for (int k = 0; k < TALLY_KINDS; k++)
		assert_int_equal(tally.entries[k], want[k]);
	assert_int_equal(*tally_irq(&tally, 27), 1);
	assert_int_equal(*tally_irq(&tally, 1019), 1);
	assert_int_equal(tally.of[TALLY_HVC].times[0], 1);
	assert_int_equal(tally.of[TALLY_SMC].sum_ns, 8000);
	assert_int_equal(tally.of[TALLY_EL3].sum_ns, 160);
}

static void buckets(void **state)
{
	for (unsigned int b = 0; b < COUNTERS_BUCKETS; b++) {
		assert_int_equal(counters_bucket(counters_floor(b)), b);
		if (b)
			assert_int_equal(counters_bucket(counters_floor(b) - 1), b - 1);
	}
	assert_int_equal(counters_bucket(0), 0);
	assert_int_equal(counters_bucket(31), 0);
	assert_int_equal(counters_bucket(UINT64_MAX), COUNTERS_BUCKETS - 1);
}

static void quantiles(void **state)
{
	struct measure m = { .sum_ns = 0 };

	assert_int_equal(counters_quantile(m.times, 50, 7), 0);
	m.times[6] = 100; /* 1024 to 2047 */
	assert_int_equal(counters_quantile(m.times, 50, UINT64_MAX), 1536);
	assert_int_equal(counters_quantile(m.times, 100, UINT64_MAX), 2048);
	assert_int_equal(counters_quantile(m.times, 100, 2000), 2000);
	m.times[3] = 100;
	assert_int_equal(counters_quantile(m.times, 50, UINT64_MAX), 256);
	m.times[COUNTERS_BUCKETS - 1] = 1;
	assert_int_equal(counters_quantile(m.times, 100, UINT64_MAX), UINT64_MAX);
	/* However many there are. */
	memset(m.times, 0, sizeof(m.times));
	m.times[COUNTERS_BUCKETS - 2] = UINT64_MAX;
	assert_in_range(counters_quantile(m.times, 50, UINT64_MAX),
			counters_floor(COUNTERS_BUCKETS - 2), counters_floor(COUNTERS_BUCKETS - 1));
}

static void sums(void **state)
{
	struct measure a = { .sum_ns = 1, .max_ns = 2, .times = { 3 } };
	struct measure b = { .sum_ns = 10, .max_ns = 1, .times = { 30, 40 } };

	measure_add(&a, &b);
	assert_int_equal(a.sum_ns, 11);
	assert_int_equal(a.max_ns, 2);
	assert_int_equal(measure_count(&a), 73);
	assert_string_equal(tally_kind_name(TALLY_SMC), "smc");
	assert_int_equal(tally_kind_from(TALLY_SMC), 1);
	assert_int_equal(tally_kind_to(TALLY_SMC), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls),     cmocka_unit_test(others), cmocka_unit_test(buckets),
		cmocka_unit_test(quantiles), cmocka_unit_test(sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
