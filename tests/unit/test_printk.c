/*
 * test_printk.c - the log's ring, levels and consoles.
 *
 * The log is one for the whole program, so the tests run in this order and each begins where the
 * last ended.
 */
#include <pthread.h>
#include "unit.h"
#include "abi/errno.h"
#include "arm/irqflags.h"
#include "arm/percpu.h"
#include "arm/sysreg.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "log/printk.h"

static char console[1 << 20], second[1 << 16];
static size_t console_len, second_len;
static bool print_from_sink;

static void to_console(const char *s, size_t n)
{
	assert_true(shim_irqs_masked);
	assert_true(console_len + n < sizeof(console));
	memcpy(console + console_len, s, n);
	console_len += n;
	console[console_len] = 0;
	if (print_from_sink)
		pr_err("from inside");
}

static void to_second(const char *s, size_t n)
{
	assert_true(second_len + n < sizeof(second));
	memcpy(second + second_len, s, n);
	second_len += n;
	second[second_len] = 0;
}

static void to_third(const char *s, size_t n)
{
}

static void clear(void)
{
	console_len = second_len = 0;
	console[0] = second[0] = 0;
}

static void kept_until_a_console_comes(void **state)
{
	shim_cntvct_el0 = 5000;
	pr_info("first");
	shim_cntvct_el0 += 123456 * 62 + 123456 / 2; /* 123456 us */
	pr_warn("second %d\n", 2);
	shim_cntvct_el0 += 62500000ull * 100000;
	pr_debug("not shown");
	pr_err("two\nlines\n");
	assert_int_equal(log_add_sink(to_console, true), 0);
	assert_string_equal(console, "[    0.000000] first\n"
				     "[    0.123456] second 2\n"
				     "[100000.123456] two\n"
				     "[100000.123456] lines\n");
	assert_false(shim_irqs_masked);
}

static void sinks_are_two(void **state)
{
	clear();
	assert_int_equal(log_add_sink(to_console, true), -EEXIST);
	assert_int_equal(log_add_sink(to_second, false), 0);
	assert_int_equal(log_add_sink(to_third, true), -ENOSPC);
	pr_info("both");
	assert_non_null(__builtin_strstr(console, "both\n"));
	assert_string_equal(console, second);
	log_remove_sink(to_second);
	pr_info("one");
	assert_null(__builtin_strstr(second, "one"));
	assert_non_null(__builtin_strstr(console, "one\n"));
}

static void levels_filter_the_console_only(void **state)
{
	struct log_record rec;
	uint64_t pos = log_end();
	char text[32];

	clear();
	log_configure("console=x quiet");
	assert_int_equal(log_console_level(), 4);
	pr_notice("hidden");
	pr_warn("hidden too");
	pr_err("shown");
	assert_null(__builtin_strstr(console, "hidden"));
	assert_non_null(__builtin_strstr(console, "shown"));
	assert_true(log_read(&pos, &rec, text, sizeof(text)));
	assert_string_equal(text, "hidden");
	assert_int_equal(rec.level, LOG_NOTICE);
	assert_int_equal(rec.len, 6);
	log_configure("quiet debug");
	assert_int_equal(log_console_level(), 10);
	log_configure("quiet loglevel=8");
	assert_int_equal(log_console_level(), 8);
	log_configure("loglevel=8 loglevel=x loglevel= -- quiet");
	assert_int_equal(log_console_level(), 8);
	log_configure("loglevel=99999999999");
	assert_int_equal(log_console_level(), 15);
	log_configure("loglevel=7");
}

static void no_text_controls_the_terminal(void **state)
{
	clear();
	pr_info("a\033[2Jb\rc\td\177e\303\244");
	assert_non_null(__builtin_strstr(console, "a?[2Jb?c\td?e\303\244\n"));
}

static void messages_from_inside_are_counted(void **state)
{
	clear();
	print_from_sink = true;
	pr_info("outer");
	print_from_sink = false;
	pr_info("next"); /* what the report itself lost */
	assert_non_null(__builtin_strstr(console, "outer\n"));
	assert_non_null(__builtin_strstr(console, "1 messages from inside the log were lost"));
	assert_null(__builtin_strstr(console, "from inside\n"));
	assert_false(shim_irqs_masked);
}

static void a_long_message_is_cut(void **state)
{
	struct log_record rec;
	uint64_t pos = log_end();
	char text[LOG_TEXT_MAX + 10];

	clear();
	pr_info("%2000d", 1);
	assert_true(log_read(&pos, &rec, text, sizeof(text)));
	assert_int_equal(rec.len, LOG_TEXT_MAX - 1);
	assert_int_equal(console_len, strlen("[100000.123456] ") + LOG_TEXT_MAX - 1 + 1);
	assert_false(log_read(&pos, &rec, text, sizeof(text)));
	pr_info("%s", "");
	assert_true(log_read(&pos, &rec, text, 1));
	assert_int_equal(rec.len, 0);
}

/*
 * Rounds and rounds of the ring with lengths of every remainder: nothing lost but the oldest,
 * nothing torn.
 */
static void the_ring_keeps_the_newest(void **state)
{
	struct log_record rec;
	uint64_t pos = 0, last = 0, n = 0, bytes = 0;
	char text[LOG_TEXT_MAX], want[LOG_TEXT_MAX];

	clear();
	log_set_console_level(0);
	for (int i = 0; i < 20000; i++) {
		pr_info("%d:%*d", i, (int)(i * 7919u % 300), i);
		if (i % 1000 == 999) {
			uint64_t old = pos;

			assert_true(log_read(&old, &rec, text, sizeof(text)));
			pos = log_end();
			assert_false(log_read(&pos, &rec, text, sizeof(text)));
		}
	}
	for (pos = 0; log_read(&pos, &rec, text, sizeof(text)); n++) {
		int i = atoi(text);

		assert_true(!n || rec.seq == last + 1);
		last = rec.seq;
		snprintf(want, sizeof(want), "%d:%*d", i, (int)(i * 7919u % 300), i);
		assert_string_equal(text, want);
		bytes += rec.len;
	}
	assert_int_equal(atoi(text), 19999);
	assert_true(bytes + n * 32 > 120 << 10);
	log_set_console_level(7);
}

static void replay_of_a_full_ring(void **state)
{
	static const char end[] = "19999\n";

	clear();
	log_remove_sink(to_console);
	assert_int_equal(log_add_sink(to_console, true), 0);
	assert_true(console_len > 120 << 10);
	assert_string_equal(console + console_len - strlen(end), end);
}

static void *print_lines(void *arg)
{
	shim_cpu = (unsigned int)(uintptr_t)arg;
	for (int i = 0; i < 500; i++)
		pr_info("<%u %d abcdefghijklmnopqrstuvwxyz>", shim_cpu, i);
	return NULL;
}

static void lines_of_four_cores_do_not_mix(void **state)
{
	pthread_t threads[4];
	int next[5] = { 0 }, total = 0;

	clear();
	for (uintptr_t i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, print_lines, (void *)(i + 1));
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (char *line = console, *nl; (nl = strchr(line, '\n')); line = nl + 1) {
		unsigned cpu;
		int n, end = 0;

		*nl = 0;
		sscanf(line, "[%*d.%*d] <%u %d abcdefghijklmnopqrstuvwxyz>%n", &cpu, &n, &end);
		assert_true(end > 0 && !line[end]);
		assert_int_equal(n, next[cpu]++);
		total++;
	}
	assert_int_equal(total, 2000);
}

static void once_is_once(void **state)
{
	clear();
	for (int i = 0; i < 3; i++)
		pr_warn_once("only %d", i);
	assert_non_null(__builtin_strstr(console, "only 0\n"));
	assert_null(__builtin_strstr(console, "only 1\n"));
}

static void raw_text_goes_out_as_it_is(void **state)
{
	uint64_t pos = log_end();
	struct log_record rec;
	char text[8];

	clear();
	irq_disable(); /* as a panic has them */
	log_write_raw("raw\033", 4);
	irq_restore(0);
	assert_string_equal(console, "raw\033");
	assert_false(log_read(&pos, &rec, text, sizeof(text)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept_until_a_console_comes),
		cmocka_unit_test(sinks_are_two),
		cmocka_unit_test(levels_filter_the_console_only),
		cmocka_unit_test(no_text_controls_the_terminal),
		cmocka_unit_test(messages_from_inside_are_counted),
		cmocka_unit_test(a_long_message_is_cut),
		cmocka_unit_test(the_ring_keeps_the_newest),
		cmocka_unit_test(replay_of_a_full_ring),
		cmocka_unit_test(lines_of_four_cores_do_not_mix),
		cmocka_unit_test(once_is_once),
		cmocka_unit_test(raw_text_goes_out_as_it_is),
	};

	return cmocka_run_group_tests_name("printk", tests, NULL, NULL);
}
