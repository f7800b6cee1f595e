/*
 * endings.c - what a parent is told of a child's end, whoever the parent is by then.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include "tests/el0/libc/tap.h"

#define TOUCHED (16l << 20)

/* ---- what it used ---- */

static void touch(void)
{
	char *p = mmap(NULL, TOUCHED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (long i = 0; i < TOUCHED; i += 4096)
		*(volatile char *)(p + i) = 1;
}

static void usage(void)
{
	struct rusage own, all;
	pid_t pid;

	begin("wait4, getrusage: the most memory of a child, and its faults, outlive it");
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		touch();
		_exit(0);
	}
	check(sys(wait4, pid, NULL, 0, &own), pid, "wait4");
	check(sys(getrusage, RUSAGE_CHILDREN, &all), 0, "getrusage");
	expect(own.ru_maxrss >= TOUCHED >> 10, "wait4: ru_maxrss %ld", own.ru_maxrss);
	expect(all.ru_maxrss >= own.ru_maxrss, "getrusage: ru_maxrss %ld", all.ru_maxrss);
	expect(own.ru_minflt > 0, "wait4: ru_minflt %ld", own.ru_minflt);
	expect(all.ru_minflt >= own.ru_minflt, "getrusage: ru_minflt %ld", all.ru_minflt);
	end();
}

/* ---- given to another ---- */

static volatile int *number;

/* A child that leaves a zombie behind. */
static void leave_zombie(void)
{
	siginfo_t info;
	pid_t pid;

	signal(SIGCHLD, SIG_DFL);
	pid = fork();
	if (pid == 0)
		_exit(0);
	*number = pid;
	sys(waitid, P_PID, pid, &info, WEXITED | WNOWAIT, NULL);
	_exit(0);
}

static void heir_ignores(void)
{
	check(sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0, "prctl");
	signal(SIGCHLD, SIG_IGN);
	if (fork() == 0)
		leave_zombie();
	check(sys(wait4, -1, NULL, 0, NULL), -ECHILD, "nobody is left to wait for");
	expect(*number > 0, "there was a zombie");
	check(sys(kill, *number, 0), -ESRCH, "it is gone");
}

static void heir_waits(void)
{
	int status = -1;
	pid_t child;

	check(sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0, "prctl");
	child = fork();
	if (child == 0)
		leave_zombie();
	check(sys(wait4, child, NULL, 0, NULL), child, "the child");
	check(sys(wait4, -1, &status, 0, NULL), *number, "its zombie");
	check(status, 0, "which ended well");
	check(sys(wait4, -1, NULL, 0, NULL), -ECHILD, "no other");
}

enum { CROWD = 300 };

/* Many children, half of them zombies, whose parent ends. */
static void crowd(void)
{
	siginfo_t info;

	check(sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0, "prctl");
	if (fork() == 0) {
		for (int i = 0; i < CROWD; i++) {
			pid_t pid = fork();

			if (pid == 0) {
				if (i % 2)
					usleep(1000);
				_exit(0);
			}
			if (pid < 0)
				_exit(1);
			if (i % 2 == 0)
				sys(waitid, P_PID, pid, &info, WEXITED | WNOWAIT, NULL);
		}
		_exit(0);
	}
	for (int i = 0; i < CROWD + 1; i++)
		if (!expect(sys(wait4, -1, NULL, 0, NULL) > 0, "child %d", i))
			break;
	check(sys(wait4, -1, NULL, 0, NULL), -ECHILD, "no more");
}

static void heirs(void)
{
	begin("prctl, wait4: a zombie goes to a subreaper, which waits for it or does not care");
	check_child(heir_waits, "one that waits");
	check_child(heir_ignores, "one that ignores SIGCHLD");
	check_child(crowd, "many of them");
	end();
}

/* ---- by which signal ---- */

static void *end_soon(void *arg)
{
	usleep(20000);
	return arg;
}

/* No such signal can be sent; who waits is woken nevertheless. */
static void no_signal(void)
{
	static const int signals[] = { 0, 65, 100, 255 };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		int status = -1;
		long pid = sys(clone, signals[i], 0, 0, 0, 0);

		if (pid == 0) {
			end_soon(NULL);
			_exit(7);
		}
		check(sys(wait4, pid, &status, 0, NULL), -ECHILD, "%d: not without __WALL",
		      signals[i]);
		check(sys(wait4, pid, &status, __WALL, NULL), pid, "%d: wait4", signals[i]);
		check(status, 7 << 8, "%d: its status", signals[i]);
	}
}

static void ignored_signal(void)
{
	struct timespec none = { 0, 0 };
	uint64_t set = 1ull << (SIGCHLD - 1);

	signal(SIGCHLD, SIG_IGN);
	sys(rt_sigprocmask, SIG_BLOCK, &set, NULL, sizeof(set));
	if (fork() == 0)
		_exit(0);
	check(sys(wait4, -1, NULL, 0, NULL), -ECHILD, "nobody to wait for");
	check(sys(rt_sigtimedwait, &set, NULL, &none, sizeof(set)), -EAGAIN, "no signal came");
}

static void exit_signals(void)
{
	uint64_t args[8] = { 0, 0, 0, 0, 65 };

	begin("clone, wait4: an exit signal that is none; one that is ignored");
	check_child(no_signal, "who waits is woken");
	check_child(ignored_signal, "SIGCHLD blocked and ignored");
	check(sys(clone3, args, sizeof(args)), -EINVAL, "clone3 with exit signal 65");
	args[4] = 1ull << 32;
	check(sys(clone3, args, sizeof(args)), -EINVAL, "clone3 with exit signal 2^32");
	end();
}

/* ---- signals that are waited for ---- */

static void send_soon(int sig)
{
	pid_t to = getpid();

	if (fork() == 0) {
		usleep(50000);
		kill(to, sig);
		_exit(0);
	}
}

static void not_blocked(void)
{
	struct timespec limit = { 0, 300000000 };
	uint64_t set = 1ull << (SIGUSR1 - 1);

	signal(SIGUSR1, SIG_IGN);
	send_soon(SIGUSR1);
	check(sys(rt_sigtimedwait, &set, NULL, &limit, sizeof(set)), -EAGAIN, "it is dropped");
}

static void not_blocked_deadly(void)
{
	struct timespec limit = { 20, 0 };
	uint64_t set = 1ull << (SIGUSR1 - 1);

	send_soon(SIGUSR1);
	sys(rt_sigtimedwait, &set, NULL, &limit, sizeof(set));
}

static void waited_signals(void)
{
	begin("rt_sigtimedwait: a signal that is not blocked does what it would do without");
	check_child(not_blocked, "an ignored one");
	check(in_child(not_blocked_deadly), SIGUSR1, "a deadly one");
	end();
}

/* ---- threads ---- */

static uint32_t word;

static void *futex_waiter(void *arg)
{
	sys(futex, &word, FUTEX_WAIT, 0, NULL, 0, 0);
	return arg;
}

static void wake_none(void)
{
	long woken = 0;
	pthread_t t;

	begin("futex: FUTEX_WAKE of 0 and of less wakes one");
	for (int i = 0; i < 2; i++) {
		pthread_create(&t, NULL, futex_waiter, NULL);
		do {
			sched_yield();
			woken = sys(futex, &word, FUTEX_WAKE, -i, 0, 0, 0);
		} while (woken == 0);
		check(woken, 1, "FUTEX_WAKE of %d", -i);
		pthread_join(t, NULL);
	}
	end();
}

static int order[3], arrived;
static volatile int waiting;

static void *in_turn(void *arg)
{
	waiting++;
	sys(futex, &word, FUTEX_WAIT, 0, NULL, 0, 0);
	order[arrived++] = (int)(long)arg;
	return NULL;
}

/* As root, all on one core: who is woken runs before who wakes. */
static void by_priority(void)
{
	static const int priority[] = { 5, 10, 20 };
	struct sched_param param = { .sched_priority = 1 };
	pthread_attr_t attr;
	pthread_t t[3];
	cpu_set_t set;

	begin("futex: of real-time threads the one with the highest priority is woken first");
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	check(sys(sched_setaffinity, 0, sizeof(set), &set), 0, "sched_setaffinity");
	check(sys(sched_setscheduler, 0, SCHED_FIFO, &param), 0, "sched_setscheduler");
	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_INHERIT_SCHED);
	for (int i = 0; i < 3; i++) {
		param.sched_priority = priority[i];
		sys(sched_setparam, 0, &param);
		pthread_create(&t[i], &attr, in_turn, (void *)(long)priority[i]);
		param.sched_priority = 1;
		sys(sched_setparam, 0, &param); /* now it runs, until it waits */
		while (waiting <= i)
			usleep(1000);
	}
	for (int i = 0; i < 3; i++)
		while (sys(futex, &word, FUTEX_WAKE, 1, 0, 0, 0) != 1)
			usleep(1000);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	param.sched_priority = 0;
	sys(sched_setscheduler, 0, SCHED_OTHER, &param);
	check(order[0], 20, "first");
	check(order[1], 10, "second");
	check(order[2], 5, "third");
	end();
}

/* ---- handlers of two processes ---- */

static char stack[65536] __attribute__((aligned(16)));

static void caught(int sig)
{
	word = (uint32_t)sig;
}

/* A process of its own with the caller's memory; musl's clone does not let one choose the flags. */
static long sharing_child(unsigned long flags, int (*fn)(void))
{
	register long x8 __asm__("x8") = SYS_clone;
	register long x0 __asm__("x0") = (long)(flags | SIGCHLD);
	register long x1 __asm__("x1") = (long)(stack + sizeof(stack));
	register long x2 __asm__("x2") = 0;
	register long x3 __asm__("x3") = 0;
	register long x4 __asm__("x4") = 0;
	register long x9 __asm__("x9") = (long)fn;

	__asm__ volatile("svc #0\n"
			 "cbnz x0, 1f\n"
			 "blr x9\n"
			 "mov x8, #94\n"
			 "svc #0\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x9)
			 : "memory", "x10", "x30");
	return x0;
}

struct kernel_action {
	void (*handler)(int);
	unsigned long flags, restorer, mask;
};

static int catch_it(void)
{
	struct kernel_action a = { .handler = caught };

	return (int)sys(rt_sigaction, SIGUSR1, &a, NULL, 8);
}

static int run_another(void)
{
	char *argv[] = { (char *)"/proc/self/exe", (char *)"none", NULL };

	sys(execve, "/proc/self/exe", argv, NULL);
	return 9;
}

static void shared_handlers(void)
{
	static const struct {
		unsigned long flags;
		bool shared;
	} tries[] = { { CLONE_VM, false },
		      { CLONE_VM | CLONE_SIGHAND, true },
		      { CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND, true } };
	struct kernel_action a, none = { .handler = SIG_DFL };
	int status;

	begin("clone, rt_sigaction: processes that share their handlers, until execve");
	check(sys(clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0), -EINVAL, "not without CLONE_VM");
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		long pid;

		sys(rt_sigaction, SIGUSR1, &none, NULL, 8);
		pid = sharing_child(tries[i].flags, catch_it);
		check(sys(wait4, pid, &status, 0, NULL), pid, "%#lx: wait4", tries[i].flags);
		check(status, 0, "%#lx: the child's status", tries[i].flags);
		sys(rt_sigaction, SIGUSR1, NULL, &a, 8);
		expect((a.handler == caught) == tries[i].shared, "%#lx: the handler",
		       tries[i].flags);
	}
	if (catch_it() == 0) {
		long pid = sharing_child(CLONE_VM | CLONE_SIGHAND, run_another);

		check(sys(wait4, pid, &status, 0, NULL), pid, "wait4");
		check(status, 0, "what it ran");
		sys(rt_sigaction, SIGUSR1, NULL, &a, 8);
		expect(a.handler == caught, "the handler has outlived the other's execve");
	}
	end();
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "none"))
		return 0;
	mount_proc();
	number = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	usage();
	heirs();
	exit_signals();
	waited_signals();
	wake_none();
	by_priority();
	shared_handlers();
	return tap_done();
}
