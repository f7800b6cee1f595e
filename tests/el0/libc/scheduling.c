/*
 * scheduling.c - scheduling policies, priorities, nice values and affinity: what is taken and
 * refused, and what they do to who runs.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/el0/libc/hostile.h"

#define OTHER 0
#define FIFO  1
#define RR    2
#define BATCH 3
#define IDLE  5
#define RESET 0x40000000

struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};

static int zero, one = 1, ninety_nine = 99, hundred = 100, minus = -1;
static volatile uint64_t *shared; /* counters that children turn */

static void *const kernel = (void *)0xffff800000000000;

static void test_setscheduler(void)
{
	int got = -1;

	begin("sched_setscheduler, sched_getscheduler, sched_getparam: policies, priorities, "
	      "errors");
	check(sys(sched_getscheduler, 0), OTHER, "at first");
	check(sys(sched_setscheduler, 0, FIFO, &one), 0, "FIFO 1");
	check(sys(sched_getscheduler, 0), FIFO, "is FIFO");
	check(sys(sched_getparam, 0, &got), 0, "getparam");
	check(got, 1, "its priority");
	check(sys(sched_setscheduler, 0, RR | RESET, &ninety_nine), 0, "RR 99, reset on fork");
	check(sys(sched_getscheduler, 0), RR | RESET, "is RR, and the flag");
	check(sys(sched_setscheduler, 0, BATCH, &zero), 0, "BATCH");
	check(sys(sched_getscheduler, 0), BATCH, "is BATCH");
	check(sys(sched_setscheduler, 0, IDLE, &zero), 0, "IDLE");
	check(sys(sched_getscheduler, 0), IDLE, "is IDLE");
	check(sys(sched_setscheduler, 0, OTHER, &zero), 0, "OTHER");
	check(sys(sched_setscheduler, 0, FIFO, &zero), -EINVAL, "FIFO 0");
	check(sys(sched_setscheduler, 0, FIFO, &hundred), -EINVAL, "FIFO 100");
	check(sys(sched_setscheduler, 0, FIFO, &minus), -EINVAL, "FIFO -1");
	check(sys(sched_setscheduler, 0, OTHER, &one), -EINVAL, "OTHER 1");
	check(sys(sched_setscheduler, 0, 4, &zero), -EINVAL, "policy 4");
	check(sys(sched_setscheduler, 0, 6, &zero), -EINVAL, "DEADLINE without its parameters");
	check(sys(sched_setscheduler, 0, 77, &zero), -EINVAL, "policy 77");
	check(sys(sched_setscheduler, 0, -1, &zero), -EINVAL, "policy -1");
	check(sys(sched_setscheduler, -1, OTHER, &zero), -EINVAL, "pid -1");
	check(sys(sched_setscheduler, 0x3ffffff, OTHER, &zero), -ESRCH, "nobody");
	check(sys(sched_setscheduler, 0, OTHER, NULL), -EINVAL, "NULL");
	check(sys(sched_setscheduler, 0, OTHER, 8), -EFAULT, "unmapped");
	check(sys(sched_setscheduler, 0, OTHER, kernel), -EFAULT, "the kernel's");
	check(sys(sched_getscheduler, -1), -EINVAL, "pid -1");
	check(sys(sched_getscheduler, 0x3ffffff), -ESRCH, "nobody");
	check(sys(sched_getparam, 0, NULL), -EINVAL, "NULL");
	check(sys(sched_getparam, 0, kernel), -EFAULT, "the kernel's");
	check(sys(sched_getparam, 0x3ffffff, &got), -ESRCH, "nobody");
	end();
}

static void test_setparam(void)
{
	struct timespec t = { -1, -1 };

	begin("sched_setparam, sched_rr_get_interval, sched_get_priority_max, "
	      "sched_get_priority_min: values, errors");
	check(sys(sched_setparam, 0, &zero), 0, "OTHER takes 0");
	check(sys(sched_setparam, 0, &one), -EINVAL, "and nothing else");
	check(sys(sched_setscheduler, 0, RR, &one), 0, "RR 1");
	check(sys(sched_setparam, 0, &ninety_nine), 0, "RR takes 99");
	check(sys(sched_setparam, 0, &zero), -EINVAL, "and not 0");
	check(sys(sched_rr_get_interval, 0, &t), 0, "its interval");
	expect(t.tv_sec == 0 && t.tv_nsec == 100000000, "100 ms");
	check(sys(sched_setscheduler, 0, FIFO, &one), 0, "FIFO");
	check(sys(sched_rr_get_interval, 0, &t), 0, "its interval");
	expect(t.tv_sec == 0 && t.tv_nsec == 0, "has none");
	check(sys(sched_setscheduler, 0, OTHER, &zero), 0, "OTHER");
	check(sys(sched_rr_get_interval, 0, kernel), -EFAULT, "the kernel's");
	check(sys(sched_rr_get_interval, -1, &t), -EINVAL, "pid -1");
	check(sys(sched_rr_get_interval, 0x3ffffff, &t), -ESRCH, "nobody");
	check(sys(sched_setparam, 0, NULL), -EINVAL, "NULL");
	check(sys(sched_setparam, 0, kernel), -EFAULT, "the kernel's");
	check(sys(sched_get_priority_max, FIFO), 99, "most");
	check(sys(sched_get_priority_min, RR), 1, "least");
	check(sys(sched_get_priority_max, IDLE), 0, "IDLE has none");
	check(sys(sched_get_priority_min, 6), 0, "DEADLINE has none");
	check(sys(sched_get_priority_max, 4), -EINVAL, "no such policy");
	check(sys(sched_get_priority_min, -1), -EINVAL, "no such policy");
	end();
}

static void test_attr(void)
{
	struct {
		struct attr a;
		uint64_t more;
	} big = { .a = { .size = sizeof(big), .policy = OTHER, .nice = 5 } };
	struct attr a = { .size = 48, .policy = OTHER, .nice = 7 }, got = { 0 };

	begin("sched_setattr, sched_getattr: sizes, nice values, flags, errors");
	check(sys(sched_setattr, 0, &a, 0), 0, "nice 7");
	check(sys(sched_getattr, 0, &got, sizeof(got), 0), 0, "getattr");
	check(got.size, 56, "its size");
	check(got.nice, 7, "its nice value");
	check(sys(getpriority, PRIO_PROCESS, 0), 13, "getpriority sees it");
	a = (struct attr){ .size = 0, .policy = RR, .priority = 3, .flags = 1 };
	check(sys(sched_setattr, 0, &a, 0), 0, "RR 3, size 0");
	check(sys(sched_getattr, 0, &got, 48, 0), 0, "getattr");
	expect(got.size == 48 && got.policy == RR && got.priority == 3 && got.flags == 1,
	       "as it was set");
	check(sys(sched_setattr, 0, &big, 0), 0, "longer than we know, zeros at the end");
	big.more = 1;
	check(sys(sched_setattr, 0, &big, 0), -E2BIG, "longer than we know, and not zero");
	check(big.a.size, 56, "says what it knows");
	a = (struct attr){ .size = 47 };
	check(sys(sched_setattr, 0, &a, 0), -E2BIG, "too short");
	a = (struct attr){ .size = 48, .flags = 1ULL << 40 };
	check(sys(sched_setattr, 0, &a, 0), -EINVAL, "unknown flag");
	a = (struct attr){ .size = 48, .policy = 6 };
	check(sys(sched_setattr, 0, &a, 0), -EINVAL, "DEADLINE without parameters");
	a = (struct attr){ .size = 48, .policy = 0x80000000 };
	check(sys(sched_setattr, 0, &a, 0), -EINVAL, "negative policy");
	a = (struct attr){ .size = 48 };
	check(sys(sched_setattr, 0, &a, 1), -EINVAL, "flags");
	check(sys(sched_setattr, -1, &a, 0), -EINVAL, "pid -1");
	check(sys(sched_setattr, 0x3ffffff, &a, 0), -ESRCH, "nobody");
	check(sys(sched_setattr, 0, NULL, 0), -EINVAL, "NULL");
	check(sys(sched_setattr, 0, kernel, 0), -EFAULT, "the kernel's");
	check(sys(sched_getattr, 0, &got, 47, 0), -EINVAL, "too small");
	check(sys(sched_getattr, 0, &got, 4097, 0), -EINVAL, "too large");
	check(sys(sched_getattr, 0, &got, 48, 1), -EINVAL, "flags");
	check(sys(sched_getattr, 0, NULL, 48, 0), -EINVAL, "NULL");
	check(sys(sched_getattr, 0, kernel, 48, 0), -EFAULT, "the kernel's");
	check(sys(sched_getattr, 0x3ffffff, &got, 48, 0), -ESRCH, "nobody");
	check(sys(sched_setattr, 0, &a, 0), 0, "back to nice 0");
	end();
}

/* What an unprivileged child answers: the number of what failed, or 0. */
static int unprivileged(void)
{
	struct rlimit three = { 3, 3 };
	int three_i = 3, four = 4;

	if (setrlimit(RLIMIT_RTPRIO, &three) || setgid(1000) || setuid(1000))
		return 1;
	if (sys(sched_setscheduler, 0, RR, &three_i) ||
	    sys(sched_setscheduler, 0, RR, &four) != -EPERM)
		return 2;
	if (sys(sched_setscheduler, 0, FIFO, &one) || sys(sched_setscheduler, 0, IDLE, &zero))
		return 3;
	if (sys(sched_setscheduler, 0, OTHER, &zero) != -EPERM)
		return 4; /* leaving IDLE is for whoever may lower a nice value */
	if (sys(sched_setscheduler, 1, OTHER, &zero) != -EPERM || sys(sched_getscheduler, 1) < 0)
		return 5;
	if (sys(sched_setscheduler, 0, IDLE | RESET, &zero) ||
	    sys(sched_setscheduler, 0, IDLE, &zero) != -EPERM)
		return 6;
	return 0;
}

static void child_says_ok(int (*fn)(void), const char *what)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn());
	waitpid(pid, &status, 0);
	check(status >> 8, 0, "%s", what);
	check(status & 0xff, 0, "%s: not by a signal", what);
}

static int forgets(void)
{
	pid_t pid;
	int status;

	if (sys(sched_setscheduler, 0, RR | RESET, &one))
		return 1;
	pid = fork();
	if (pid == 0)
		_exit(sys(sched_getscheduler, 0) != OTHER);
	waitpid(pid, &status, 0);
	return status ? 2 : 0;
}

static int inherits(void)
{
	pid_t pid;
	int status;

	if (sys(sched_setscheduler, 0, RR, &one))
		return 1;
	pid = fork();
	if (pid == 0)
		_exit(sys(sched_getscheduler, 0) != RR);
	waitpid(pid, &status, 0);
	return status ? 2 : 0;
}

static void test_privilege(void)
{
	begin("sched_setscheduler, setrlimit: what an unprivileged process may; what a child "
	      "inherits");
	child_says_ok(unprivileged, "RLIMIT_RTPRIO 3");
	child_says_ok(inherits, "the policy is inherited");
	child_says_ok(forgets, "but not under RESET_ON_FORK");
	end();
}

static void test_policy_arguments(void)
{
	struct sched_param p = { 0 };
	struct timespec ts = { -1, -1 };

	begin("sched_setscheduler, sched_getscheduler, sched_setparam, sched_getparam, "
	      "sched_get_priority_max, sched_get_priority_min, sched_rr_get_interval: policies");
	CALL(SCHED_OTHER, sched_getscheduler, 0);
	CALL(SCHED_OTHER, sched_getscheduler, getpid());
	CALL(-ESRCH, sched_getscheduler, NOBODY);
	CALL(-EINVAL, sched_getscheduler, -1);
	CALL(0, sched_getparam, 0, &p);
	check(p.sched_priority, 0, "priority");
	CALL(-ESRCH, sched_getparam, NOBODY, &p);
	CALL(-EINVAL, sched_getparam, -1, &p);
	CALL(-EINVAL, sched_getparam, 0, NULL);
	CALL(0, sched_setparam, 0, &p);
	CALL(0, sched_setscheduler, 0, SCHED_BATCH, &p);
	CALL(0, sched_setscheduler, 0, SCHED_OTHER, &p);
	CALL(-EINVAL, sched_setscheduler, 0, -1, &p);
	CALL(-EINVAL, sched_setscheduler, 0, 99, &p);
	CALL(-EINVAL, sched_setscheduler, 0, SCHED_OTHER, NULL);
	CALL(-EINVAL, sched_setscheduler, -1, SCHED_OTHER, &p);
	CALL(-ESRCH, sched_setscheduler, NOBODY, SCHED_OTHER, &p);
	CALL(-EINVAL, sched_setscheduler, 0, SCHED_FIFO, &p);
	p.sched_priority = 1;
	CALL(-EINVAL, sched_setscheduler, 0, SCHED_OTHER, &p);
	CALL(-EINVAL, sched_setparam, 0, &p);
	CALL(-EINVAL, sched_setparam, -1, &p);
	CALL(-ESRCH, sched_setparam, NOBODY, &p);
	for (int i = 0; hostile_pointer(&i, 4, OPT_IN);) {
		CALL(-EFAULT, sched_setparam, 0, bad);
		CALL(-EFAULT, sched_setscheduler, 0, SCHED_OTHER, bad);
	}
	FAULTS(OPT_OUT, 4, sched_getparam, 0, bad);
	CALL(0, sched_get_priority_max, SCHED_OTHER);
	CALL(99, sched_get_priority_max, SCHED_FIFO);
	CALL(1, sched_get_priority_min, SCHED_RR);
	CALL(0, sched_get_priority_min, SCHED_BATCH);
	CALL(-EINVAL, sched_get_priority_max, 99);
	CALL(-EINVAL, sched_get_priority_min, -1);
	CALL(0, sched_rr_get_interval, 0, &ts);
	expect(ts.tv_sec == 0 && ts.tv_nsec >= 0 && ts.tv_nsec < 1000000000, "an interval");
	CALL(-EINVAL, sched_rr_get_interval, -1, &ts);
	CALL(-ESRCH, sched_rr_get_interval, NOBODY, &ts);
	FAULTS(OUT, sizeof(ts), sched_rr_get_interval, 0, bad);
	end();
}

static void test_affinity(void)
{
	uint64_t all[16] = { 0 }, mask[16] = { 0 };
	long n;

	begin("sched_setaffinity, sched_getaffinity, sched_yield: masks");
	n = sys(sched_getaffinity, 0, sizeof(all), all);
	expect(n >= 8 && n % 8 == 0 && all[0] & 1, "a mask of %ld bytes: %#lx", n, all[0]);
	CALL(-EINVAL, sched_getaffinity, 0, 0, all);
	CALL(-EINVAL, sched_getaffinity, 0, 12, all);
	CALL(-ESRCH, sched_getaffinity, NOBODY, sizeof(all), mask);
	FAULTS(OUT, 8, sched_getaffinity, 0, sizeof(all), bad);
	mask[0] = 1;
	CALL(0, sched_setaffinity, 0, sizeof(mask), mask);
	sys(sched_getaffinity, 0, sizeof(mask), mask);
	check(mask[0], 1, "core 0 alone");
	mask[0] = 0;
	CALL(-EINVAL, sched_setaffinity, 0, sizeof(mask), mask);
	mask[0] = 1ull << 62;
	CALL(-EINVAL, sched_setaffinity, 0, sizeof(mask), mask);
	CALL(-EINVAL, sched_setaffinity, 0, 0, mask);
	mask[0] = 1;
	CALL(-ESRCH, sched_setaffinity, NOBODY, sizeof(mask), mask);
	FAULTS(IN, 8, sched_setaffinity, 0, 8, bad);
	CALL(0, sched_setaffinity, 0, sizeof(all), all);
	CALL(0, sched_yield);
	end();
}

static void nice_as_user(void)
{
	CALL(0, setresuid, 77, 77, 77);
	CALL(0, setpriority, PRIO_USER, 0, 3);
	CALL(17, getpriority, PRIO_USER, 77);
	CALL(-EACCES, setpriority, PRIO_PROCESS, 0, 2);
	CALL(-EPERM, setpriority, PRIO_PROCESS, 1, 10);
	CALL(0, setpriority, PRIO_PROCESS, 0, 4);
}

static void niceness(void)
{
	CALL(0, setpriority, PRIO_PROCESS, 0, 100);
	CALL(1, getpriority, PRIO_PROCESS, 0);
	CALL(0, setpriority, PRIO_PROCESS, 0, -100);
	CALL(40, getpriority, PRIO_PROCESS, getpid());
	CALL(0, setpgid, 0, 0);
	CALL(0, setpriority, PRIO_PGRP, 0, 5);
	CALL(15, getpriority, PRIO_PGRP, getpid());
}

static void test_priority(void)
{
	begin("setpriority, getpriority: of a process, a group, a user; errors");
	CALL(20, getpriority, PRIO_PROCESS, 0);
	CALL(-EINVAL, getpriority, 3, 0);
	CALL(-EINVAL, getpriority, -1, 0);
	CALL(-EINVAL, setpriority, 3, 0, 0);
	CALL(-ESRCH, getpriority, PRIO_PROCESS, NOBODY);
	CALL(-ESRCH, getpriority, PRIO_USER, 12345);
	CALL(-ESRCH, setpriority, PRIO_PROCESS, NOBODY, 0);
	CALL(-ESRCH, setpriority, PRIO_PGRP, NOBODY, 0);
	check_child(niceness, 0, "nice");
	check_child(nice_as_user, 0, "as a user");
	end();
}

/* ---- who runs ---- */

static void pin(void)
{
	unsigned long mask[16] = { 1 };

	sys(sched_setaffinity, 0, sizeof(mask), mask);
}

static pid_t spinner(int i, int policy, int *priority)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	pin();
	sys(sched_setscheduler, 0, policy, priority);
	for (;;)
		shared[i]++;
}

static void wait_ms(unsigned int ms)
{
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

/* Until the counter has moved by itself; false after a minute. */
static bool moves(int i)
{
	uint64_t was = shared[i];

	for (int n = 0; n < 6000 && shared[i] == was; n++)
		wait_ms(10);
	return shared[i] != was;
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* A real-time task that never sleeps keeps its core, and nobody is shut out for good. */
static void test_who_runs(void)
{
	pid_t a, b, c;

	begin("sched_setscheduler, sched_setaffinity: FIFO before OTHER, RR in turn, none starves");
	a = spinner(0, RR, &one);
	b = spinner(1, RR, &one);
	expect(moves(0) && moves(1) && moves(0), "two RR tasks of one core take turns");
	c = spinner(2, OTHER, &zero);
	expect(moves(2) && moves(2), "an OTHER task of the same core is let through");
	stop(a);
	stop(b);
	stop(c);
	a = spinner(3, FIFO, &one);
	expect(moves(3), "a FIFO task runs");
	b = spinner(4, FIFO, &ninety_nine);
	expect(moves(4), "a higher one takes its core");
	stop(b);
	expect(moves(3), "and leaves it");
	stop(a);
	end();
}

/* Many busy tasks: each gets on. */
static void test_many(void)
{
#ifdef __GLIBC__
	enum { MANY = 200 };
#else
	enum { MANY = 20 }; /* the library makes no difference, and it takes its time */
#endif
	pid_t pid[MANY];
	uint64_t was[MANY];
	int still = MANY;

	begin("sched_yield, getcpu: none of many busy tasks starves");
	for (int i = 0; i < MANY; i++) {
		pid[i] = fork();
		if (pid[i] == 0)
			for (;;)
				shared[8 + i]++;
	}
	memcpy(was, (void *)&shared[8], sizeof(was));
	for (int n = 0; n < 6000 && still; n++) {
		wait_ms(10);
		still = 0;
		for (int i = 0; i < MANY; i++)
			still += shared[8 + i] == was[i];
	}
	check(still, 0, "tasks that did not move");
	check(sys(sched_yield), 0, "yield");
	check(sys(getcpu, NULL, NULL, NULL), 0, "getcpu without asking for anything");
	check(sys(getcpu, kernel, NULL, NULL), -EFAULT, "the kernel's");
	for (int i = 0; i < MANY; i++)
		kill(pid[i], SIGKILL);
	for (int i = 0; i < MANY; i++)
		waitpid(pid[i], NULL, 0);
	end();
}

/* ---- what /proc counts of it ---- */

struct figures {
	unsigned long ran, waited, runs;
};

static struct figures figures_of(const char *who)
{
	struct figures f = { 0, 0, 0 };
	char name[64], text[100];
	int end = 0;

	snprintf(name, sizeof(name), "/proc/%s/schedstat", who);
	read_text(name, text, sizeof(text));
	sscanf(text, "%lu %lu %lu\n%n", &f.ran, &f.waited, &f.runs, &end);
	expect(end && !text[end], "%s: %s", name, text);
	return f;
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Its time, beside one or none that wants the same core. */
static void run_for(uint64_t ns)
{
	for (uint64_t since = now_ns(CLOCK_THREAD_CPUTIME_ID);
	     now_ns(CLOCK_THREAD_CPUTIME_ID) - since < ns;)
		;
}

static void test_figures(void)
{
	const uint64_t ms = 1000000, mask = 1;
	uint64_t since;
	struct figures a, b;
	char name[64];
	pid_t other, zombie;
	siginfo_t info;

	begin("sched_yield, sched_setaffinity: /proc/PID/schedstat: ran, waited, how often");
	mount_proc();
	a = figures_of("self");
	expect(a.ran && a.ran <= now_ns(CLOCK_THREAD_CPUTIME_ID), "ran %lu of %lu", a.ran,
	       now_ns(CLOCK_THREAD_CPUTIME_ID));
	run_for(20 * ms);
	b = figures_of("thread-self");
	/* Linux counts by ticks. */
	expect(b.ran - a.ran >= 10 * ms && b.ran <= now_ns(CLOCK_THREAD_CPUTIME_ID), "%lu more",
	       b.ran - a.ran);
	expect(b.runs >= a.runs, "%lu times, then %lu", a.runs, b.runs);

	a = figures_of("self");
	since = now_ns(CLOCK_MONOTONIC);
	b = a;
	/* A machine that stands still before a wait may find it over: it is none then. */
	for (int i = 0; i < 20 || (i < 500 && b.runs - a.runs < 20); i++) {
		wait_ms(10);
		b = figures_of("self");
	}
	expect(b.runs - a.runs >= 20, "woken 20 times, %lu are counted", b.runs - a.runs);
	/* Of what passed it slept 200 ms at least. */
	expect(b.waited - a.waited + 150 * ms < now_ns(CLOCK_MONOTONIC) - since,
	       "who sleeps does not wait: %lu", b.waited - a.waited);

	other = spinner(5, OTHER, &zero);
	pin();
	moves(5);
	b = a = figures_of("self");
	for (int i = 0; i < 20 && b.waited - a.waited < 5 * ms; i++) {
		run_for(50 * ms);
		b = figures_of("self");
	}
	expect(b.waited - a.waited >= 5 * ms, "beside another: waited %lu", b.waited - a.waited);
	expect(b.runs > a.runs, "got the core again");
	snprintf(name, sizeof(name), "%d/task/%d", other, other);
	a = figures_of(name);
	/* It waits, as we run; to be placed anew is not to sleep. */
	for (int i = 0; i < 10; i++) {
		run_for(2 * ms);
		CALL(0, sched_setaffinity, other, sizeof(mask), &mask);
	}
	for (int i = 0; i < 100 && figures_of(name).waited - a.waited < 5 * ms; i++)
		wait_ms(10);
	b = figures_of(name);
	expect(b.waited - a.waited >= 5 * ms, "the other waited %lu", b.waited - a.waited);
	kill(other, SIGSTOP);
	waitid(P_PID, (id_t)other, &info, WSTOPPED);
	a = figures_of(name);
	wait_ms(30);
	b = figures_of(name);
	check((long)(b.waited - a.waited), 0, "who is stopped does not wait");
	stop(other);
	zombie = fork();
	if (zombie == 0)
		_exit(0);
	waitid(P_PID, (id_t)zombie, &info, WEXITED | WNOWAIT);
	snprintf(name, sizeof(name), "%d", zombie);
	a = figures_of(name);
	expect(a.ran > 0, "a zombie has run");
	stop(zombie);
	end();
}

int main(void)
{
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	test_setscheduler();
	test_setparam();
	test_attr();
	test_privilege();
	test_policy_arguments();
	test_affinity();
	test_priority();
	test_who_runs();
	test_many();
	test_figures();
	return tap_done();
}
