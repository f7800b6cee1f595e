/*
 * test_panic.c - what a panic prints and calls, in which order, and how it ends.
 *
 * A panic cannot be taken back, so each test is a process of its own that panics and tells by its
 * exit status.
 */
#include <sys/wait.h>
#include <unistd.h>
#include "unit.h"
#include "arm/barrier.h"
#include "arm/irqflags.h"
#include "arm/percpu.h"
#include "arm/sysreg.h"
#include "lib/string.h"
#include "log/panic.h"
#include "shim.h"

static char out[8192];
static size_t out_len;
static char calls[16];

static void sink(const char *s, size_t n)
{
	assert_true(out_len + n < sizeof(out));
	memcpy(out + out_len, s, n);
	out_len += n;
}

static void called(char c)
{
	calls[strlen(calls)] = c;
}

static void stop_others(void)
{
	called('s');
}

static void dump(const struct trapframe *frame)
{
	called('d');
	pr_emerg("frame %p", (const void *)frame);
}

static void reset(void)
{
	called('r');
	shim_wfi();
}

static void dump_panics(const struct trapframe *frame)
{
	called('d');
	panic("again");
}

static const struct panic_ops ops = { stop_others, dump, reset };
static const struct panic_ops clumsy = { stop_others, dump_panics, reset };

/*
 * Run @body up to where the machine would stop or reset; then its process ends with what @check
 * says.
 */
static void in_a_process(void (*body)(void), bool (*check)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		log_add_sink(sink, true);
		panic_set_ops(&ops);
		if (!setjmp(shim_stopped))
			body();
		_exit(check() ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static bool said(const char *s)
{
	return __builtin_strstr(out, s);
}

static void body_plain(void)
{
	panic_configure("quiet panic=-1");
	panic("no %s, code %d", "init", 7);
}

static bool check_plain(void)
{
	return said("\nnewel: panic: no init, code 7\n[    0.000000] frame 0x0000000000000000\n") &&
	       !strcmp(calls, "sdr") && shim_irqs_masked;
}

static void says_why_dumps_and_resets(void **state)
{
	in_a_process(body_plain, check_plain);
}

static void body_forever(void)
{
	panic_at((void *)0x1234, "stop");
}

static bool check_forever(void)
{
	return said("frame 0x0000000000001234") && !strcmp(calls, "sd");
}

static void without_panic_it_stops(void **state)
{
	in_a_process(body_forever, check_forever);
}

static void body_later(void)
{
	panic_configure("panic=3");
	panic("later");
}

static bool check_later(void)
{
	return said("rebooting in 3 seconds\n") && !strcmp(calls, "sdr") && shim_relaxed == 30;
}

static void a_timeout_is_waited_for(void **state)
{
	in_a_process(body_later, check_later);
}

static void body_clumsy(void)
{
	panic_set_ops(&clumsy);
	panic_configure("panic=-1");
	panic("first");
}

static bool check_clumsy(void)
{
	return said("panic: first\n") && said("panic: again\n") && !strcmp(calls, "sdr");
}

static void a_panic_inside_goes_straight_to_the_reset(void **state)
{
	in_a_process(body_clumsy, check_clumsy);
}

static void sink_panics(const char *s, size_t n)
{
	panic("the console");
}

static void body_sink(void)
{
	log_remove_sink(sink);
	log_add_sink(sink_panics, false);
	panic_configure("panic=5");
	pr_info("x");
}

static bool check_sink(void)
{
	return !strcmp(calls, "sr");
}

static void a_console_that_panics_ends_too(void **state)
{
	in_a_process(body_sink, check_sink);
}

static void other_core_panics(const struct trapframe *frame)
{
	called('d');
	shim_cpu = 1;
	panic("other");
}

static const struct panic_ops crowd = { stop_others, other_core_panics, reset };

static void body_second(void)
{
	panic_set_ops(&crowd);
	panic_configure("panic=-1");
	panic("first");
}

static bool check_second(void)
{
	return !said("other") && !strcmp(calls, "sd"); /* the second core stopped silently */
}

static void only_the_first_core_speaks(void **state)
{
	in_a_process(body_second, check_second);
}

static void body_check(void)
{
	int n = 0;

	CHECK(++n == 1);
	CHECK(n == 2);
}

static bool check_check(void)
{
	return said("tests/unit/test_panic.c:") && said(": CHECK(n == 2)\n") && !said("++n");
}

static void check_names_its_place(void **state)
{
	in_a_process(body_check, check_check);
}

static void body_quiet(void)
{
	log_configure("loglevel=0");
	panic("seen");
}

static bool check_quiet(void)
{
	return said("panic: seen") && said("frame");
}

static void no_level_hides_it(void **state)
{
	in_a_process(body_quiet, check_quiet);
}

static void body_warn(void)
{
	for (int i = 0; i < 3; i++)
		if (!WARN_ONCE(i >= 0, "odd %d", i))
			called('x');
	if (WARN_ONCE(false, "never"))
		called('y');
}

static bool check_warn(void)
{
	return said("odd 0\n") && !said("odd 1") && !said("never") && !calls[0];
}

static void warnings_come_once(void **state)
{
	in_a_process(body_warn, check_warn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_why_dumps_and_resets),
		cmocka_unit_test(without_panic_it_stops),
		cmocka_unit_test(a_timeout_is_waited_for),
		cmocka_unit_test(a_panic_inside_goes_straight_to_the_reset),
		cmocka_unit_test(a_console_that_panics_ends_too),
		cmocka_unit_test(only_the_first_core_speaks),
		cmocka_unit_test(check_names_its_place),
		cmocka_unit_test(no_level_hides_it),
		cmocka_unit_test(warnings_come_once),
	};

	return cmocka_run_group_tests_name("panic", tests, NULL, NULL);
}
