/*
 * test_trace_format.c - trace/format.c and trace/names.c: records as lines, and any bytes at all as
 * a line.
 */
#include "unit.h"

#include "lib/string.h"
#include "trace/esr.c"
#include "trace/format.c"
#include "trace/names.c"
#include "trace/sysreg.c"

static void expect(const struct trace_record *r, const char *line)
{
	char text[TRACE_LINE_MAX];
	int n = trace_format_record(text, sizeof(text), r);

	assert_string_equal(text, line);
	assert_int_equal(n, strlen(line));
}

static void a_system_call_and_its_return(void **state)
{
	struct trace_record r = {
		.time_ns = 123456789,
		.pid = 1,
		.kind = TRACE_KIND_SVC,
		.from = 0,
		.to = 1,
		.slot = 8,
		.esr = 0x56000000,
		.elr = 0x400098,
		.nr = NR_write,
		.arg = { 1, 0x400120, 17 },
	};

	expect(&r, "[    0.123456789] cpu0 pid 1 EL0->EL1 svc write(1, 0x400120, 17) "
		   "esr=0x56000000 elr=0x400098");
	r = (struct trace_record){
		.time_ns = 1123457601,
		.pid = 1,
		.cpu = 3,
		.kind = TRACE_KIND_RETURN,
		.from = 1,
		.to = 0,
		.cause = TRACE_KIND_SVC,
		.elr = 0x40009c,
		.nr = NR_write,
		.result = 17,
		.ns = 812,
	};
	expect(&r, "[    1.123457601] cpu3 pid 1 EL1->EL0 eret svc write = 17 812 ns elr=0x40009c");
	r.result = -ENOENT;
	expect(&r, "[    1.123457601] cpu3 pid 1 EL1->EL0 eret svc write = -ENOENT 812 ns "
		   "elr=0x40009c");
	r.nr = NR_mmap;
	r.result = 0x7fff0000;
	expect(&r, "[    1.123457601] cpu3 pid 1 EL1->EL0 eret svc mmap = 0x7fff0000 812 ns "
		   "elr=0x40009c");
}

static void arguments_by_their_letters(void **state)
{
	struct trace_record r = {
		.kind = TRACE_KIND_SVC,
		.to = 1,
		.nr = NR_openat,
		.arg = { (uint64_t)-100, 0x1000, 0x8241, 0644 },
		.text = "/etc/\"motd\"\n",
	};

	expect(&r, "[    0.000000000] cpu0 pid 0 EL0->EL1 svc openat(AT_FDCWD, 0x1000 "
		   "\"/etc/\\\"motd\\\"\\n\", 0x8241, 0644)");
	r.arg[0] = 0xffffffff00000005;
	r.text[0] = TRACE_NO_STRING;
	r.text[1] = 0;
	expect(&r, "[    0.000000000] cpu0 pid 0 EL0->EL1 svc openat(5, 0x1000, 0x8241, 0644)");
	r.nr = NR_kill;
	r.arg[0] = (uint64_t)-1;
	r.arg[1] = 11;
	expect(&r, "[    0.000000000] cpu0 pid 0 EL0->EL1 svc kill(-1, SIGSEGV)");
	r.nr = NR_read;
	r.arg[1] = 0;
	r.arg[2] = UINT64_MAX;
	expect(&r,
	       "[    0.000000000] cpu0 pid 0 EL0->EL1 svc read(-1, NULL, 18446744073709551615)");
	r.nr = 9999;
	expect(&r, "[    0.000000000] cpu0 pid 0 EL0->EL1 svc syscall_9999(0xffffffffffffffff, 0, "
		   "0xffffffffffffffff, 0x1a4, 0, 0)");
}

static void two_strings(void **state)
{
	struct trace_record r = {
		.kind = TRACE_KIND_SVC,
		.to = 1,
		.nr = NR_symlinkat,
		.arg = { 0x1000, 3, 0x2000 },
	};

	__builtin_memcpy(r.text, "one\0two", 8);
	expect(&r, "[    0.000000000] cpu0 pid 0 EL0->EL1 svc symlinkat(0x1000 \"one\", 3, 0x2000 "
		   "\"two\")");
}

static void faults_and_interrupts(void **state)
{
	struct trace_record r = {
		.pid = 7,
		.kind = TRACE_KIND_FAULT,
		.from = 0,
		.to = 1,
		.esr = 0x92000047,
		.elr = 0x400000,
		.far = 0x410000,
	};

	expect(&r, "[    0.000000000] cpu0 pid 7 EL0->EL1 fault data abort from a lower EL: write, "
		   "level 3 translation fault "
		   "esr=0x92000047 elr=0x400000 far=0x410000");
	r = (struct trace_record){
		.kind = TRACE_KIND_RETURN, .from = 1, .cause = TRACE_KIND_FAULT, .elr = 4
	};
	expect(&r, "[    0.000000000] cpu0 pid 0 EL1->EL0 eret fault resolved elr=0x4");
	r.nr = 11;
	expect(&r, "[    0.000000000] cpu0 pid 0 EL1->EL0 eret fault SIGSEGV elr=0x4");
	r = (struct trace_record){ .kind = TRACE_KIND_IRQ, .from = 1, .to = 1, .nr = 27, .elr = 8 };
	expect(&r, "[    0.000000000] cpu0 pid 0 EL1->EL1 irq 27 elr=0x8");
	r.nr = -1;
	expect(&r, "[    0.000000000] cpu0 pid 0 EL1->EL1 irq spurious elr=0x8");
}

static void calls_upward_and_switches(void **state)
{
	struct trace_record r = {
		.kind = TRACE_KIND_CALL,
		.from = 1,
		.to = 3,
		.nr = 0x84000000,
		.esr = 0x5e000000,
		.elr = 16,
	};

	expect(&r, "[    0.000000000] cpu0 pid 0 EL1->EL3 smc 0x84000000(0, 0, 0) esr=0x5e000000 "
		   "elr=0x10");
	r = (struct trace_record){
		.kind = TRACE_KIND_CALL_RETURN,
		.from = 2,
		.to = 1,
		.nr = 0x84000000,
		.result = 65537,
		.elr = 16,
	};
	expect(&r, "[    0.000000000] cpu0 pid 0 EL2->EL1 eret hvc 0x84000000 = 65537 elr=0x10");
	r = (struct trace_record){
		.kind = TRACE_KIND_SCHED, .from = 1, .to = 1, .pid = 2, .nr = 3
	};
	expect(&r, "[    0.000000000] cpu0 pid 2 EL1 sched to pid 3");
	r = (struct trace_record){
		.kind = TRACE_KIND_SIGNAL, .from = 1, .to = 1, .pid = 2, .nr = 4
	};
	expect(&r, "[    0.000000000] cpu0 pid 2 EL1 signal SIGILL");
}

/*
 * Records come from files too: whatever the bytes are, one terminated line without control
 * characters, within the buffer.
 */
static void any_bytes_are_a_line(void **state)
{
	for (int i = 0; i < 200000; i++) {
		struct trace_record r;
		size_t size = random_below(TRACE_LINE_MAX);
		char *text = malloc(size + 1);
		int n;

		for (size_t b = 0; b < sizeof(r); b++)
			((uint8_t *)&r)[b] = (uint8_t)random_u32();
		r.kind = random_below(10);
		if (random_below(2))
			r.nr = random_below(450);
		n = trace_format_record(text, size, &r);
		assert_true(size ? n < (int)size && !text[n] : n == 0);
		for (int c = 0; c < n; c++)
			assert_in_range(text[c], ' ', '~');
		free(text);
	}
}

static void the_longest_line_fits(void **state)
{
	struct trace_record r = {
		.time_ns = UINT64_MAX, .pid = INT32_MIN, .cpu = 65535, .kind = TRACE_KIND_SVC
	};
	char text[TRACE_LINE_MAX * 2];

	r.esr = r.elr = r.far = r.ns = UINT64_MAX;
	for (r.nr = 0; r.nr < NR_SYSCALLS; r.nr++) {
		for (size_t i = 0; i < TRACE_ARGS_MAX; i++)
			r.arg[i] = UINT64_MAX;
		__builtin_memset(r.text, 0x80, sizeof(r.text));
		r.text[TRACE_TEXT_SIZE / 2 - 1] = r.text[TRACE_TEXT_SIZE - 1] = 0;
		assert_true(trace_format_record(text, sizeof(text), &r) < TRACE_LINE_MAX);
	}
	r.kind = TRACE_KIND_FAULT;
	for (int i = 0; i < 100000; i++) {
		r.esr = random_u32() | (uint64_t)random_u32() << 32;
		assert_true(trace_format_record(text, sizeof(text), &r) < TRACE_LINE_MAX);
	}
}

/* Every number of abi/errno.h has its name. */
static void errors_by_name(void **state)
{
	assert_string_equal(errno_name(EPERM), "EPERM");
	assert_string_equal(errno_name(ENOSYS), "ENOSYS");
	assert_string_equal(errno_name(EHWPOISON), "EHWPOISON");
	assert_null(errno_name(0));
	assert_null(errno_name(-1));
	assert_null(errno_name(41));
	assert_null(errno_name(100000));
	for (int e = 1, unnamed = 0; e <= EHWPOISON; e++) {
		unnamed += !errno_name(e);
		assert_true(unnamed <= 2); /* 41 and 58 are no errors of Linux's */
	}
}

static void signals_by_name(void **state)
{
	assert_string_equal(signal_name(1), "SIGHUP");
	assert_string_equal(signal_name(11), "SIGSEGV");
	assert_string_equal(signal_name(31), "SIGSYS");
	assert_null(signal_name(0));
	assert_null(signal_name(32));
	assert_string_equal(signal_code_name(11, 1), "SEGV_MAPERR");
	assert_string_equal(signal_code_name(7, 1), "BUS_ADRALN");
	assert_null(signal_code_name(11, 99));
	assert_null(signal_code_name(1, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_system_call_and_its_return),
		cmocka_unit_test(arguments_by_their_letters),
		cmocka_unit_test(two_strings),
		cmocka_unit_test(faults_and_interrupts),
		cmocka_unit_test(calls_upward_and_switches),
		cmocka_unit_test(any_bytes_are_a_line),
		cmocka_unit_test(the_longest_line_fits),
		cmocka_unit_test(errors_by_name),
		cmocka_unit_test(signals_by_name),
	};

	return cmocka_run_group_tests_name("trace_format", tests, NULL, NULL);
}
