/*
 * child_end.c - what a parent is told of a child's end, whoever the parent is by then.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include "tests/el0/libc/calls.h"

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
	check_child(heir_waits, 0, "one that waits");
	check_child(heir_ignores, 0, "one that ignores SIGCHLD");
	check_child(crowd, 0, "many of them");
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
	check_child(no_signal, 0, "who waits is woken");
	check_child(ignored_signal, 0, "SIGCHLD blocked and ignored");
	check(sys(clone3, args, sizeof(args)), -EINVAL, "clone3 with exit signal 65");
	args[4] = 1ull << 32;
	check(sys(clone3, args, sizeof(args)), -EINVAL, "clone3 with exit signal 2^32");
	end();
}

int main(void)
{
	number = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	usage();
	heirs();
	exit_signals();
	return tap_done();
}
