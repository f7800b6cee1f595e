/*
 * tap.h - TAP for the programs of this folder: the C library and the system calls, nothing else.
 *
 * 	begin("dup3, dup: a new descriptor; errors");	the calls that the group tries, before the colon: tools/coverage.py reads them
 * 	check(sys(dup3, 0, 0, 0), -EINVAL, "dup3 to itself");
 * 	expect(p != NULL, "got memory");
 * 	end();						one TAP line for the group; a comment for each check that failed
 * 	return tap_done();
 *
 * Outside of a group ok(), is() and fails() are a line of their own.
 */
#pragma once

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Younger than the C library's headers may be. */
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

#define TAP_SHOWN_MAX 20 /* failures shown in a group: enough to understand it */
#define TAP_USE	      static __attribute__((unused))
#define TAP_FMT(n)    __attribute__((format(printf, n, (n) + 1)))

static int tap_run, tap_failed; /* lines, and those that say "not ok" */
static int tap_failures;	/* of the running group */
static char tap_group[200];
static const char *tap_skipped;

/*
 * sys(name, ...) - the system call itself, as no libc changes or checks it: its result, or -errno.
 * Arguments are cast to long, so a pointer is as good as a number.
 */
#define sys(name, ...) tap_svc(SYS_##name, ##__VA_ARGS__)
#define tap_svc(...)   tap_svc_(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define tap_svc_(n, a, b, c, d, e, f, ...) \
	tap_raw((n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

TAP_USE long tap_raw(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

/* A group of checks starts; end() prints its line. */
TAP_USE TAP_FMT(1) void begin(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(tap_group, sizeof(tap_group), fmt, ap);
	va_end(ap);
	tap_failures = 0;
	tap_skipped = NULL;
}

/* skip - the running group cannot be tried here. */
TAP_USE void skip(const char *why)
{
	tap_skipped = why;
}

TAP_USE void end(void)
{
	tap_run++;
	tap_failed += tap_failures != 0;
	if (tap_failures > TAP_SHOWN_MAX)
		printf("# and %d more\n", tap_failures - TAP_SHOWN_MAX);
	printf("%sok %d - %s%s%s\n", tap_failures ? "not " : "", tap_run, tap_group,
	       tap_skipped ? " # SKIP " : "", tap_skipped ? tap_skipped : "");
	fflush(stdout);
	tap_failures = 0;
	tap_group[0] = '\0';
}

TAP_USE void tap_fail(const char *got, const char *fmt, va_list ap)
{
	char line[300]; /* one write: children speak too */

	if (++tap_failures > TAP_SHOWN_MAX)
		return;
	vsnprintf(line, sizeof(line), fmt, ap);
	printf("# %s%s\n", line, got);
	fflush(stdout);
}

/* Both as errno where they are one. */
TAP_USE const char *tap_value(long v, char *buf, size_t size)
{
	if (v < 0 && v > -4096)
		snprintf(buf, size, "%ld (%s)", v, strerror((int)-v));
	else
		snprintf(buf, size, v > -4096 && v < 65536 ? "%ld" : "%#lx", v);
	return buf;
}

/* check - @got must be @want.  Returns whether it was so. */
TAP_USE TAP_FMT(3) bool check(long got, long want, const char *fmt, ...)
{
	char g[64], w[64], both[160];
	va_list ap;

	if (got == want)
		return true;
	snprintf(both, sizeof(both), ": got %s, want %s", tap_value(got, g, sizeof(g)),
		 tap_value(want, w, sizeof(w)));
	va_start(ap, fmt);
	tap_fail(both, fmt, ap);
	va_end(ap);
	return false;
}

/* check_one_of - @got must be either. */
TAP_USE TAP_FMT(4) bool check_one_of(long got, long want, long or_want, const char *fmt, ...)
{
	char g[64], w[64], both[160];
	va_list ap;

	if (got == want || got == or_want)
		return true;
	snprintf(both, sizeof(both), ": got %s, want %s or another", tap_value(got, g, sizeof(g)),
		 tap_value(want, w, sizeof(w)));
	va_start(ap, fmt);
	tap_fail(both, fmt, ap);
	va_end(ap);
	return false;
}

/* expect - @good must be true. */
TAP_USE TAP_FMT(2) bool expect(bool good, const char *fmt, ...)
{
	va_list ap;

	if (good)
		return true;
	va_start(ap, fmt);
	tap_fail("", fmt, ap);
	va_end(ap);
	return false;
}

/* note - a comment in the output. */
TAP_USE TAP_FMT(1) void note(const char *fmt, ...)
{
	char line[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	printf("# %s\n", line);
	fflush(stdout);
}

/*
 * in_child - run @fn in a child, which exits with 1 if a check of its own failed; its wait status,
 * or -1.
 */
TAP_USE int in_child(void (*fn)(void))
{
	int status, got;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		tap_failures = 0;
		fn();
		_exit(tap_failures != 0);
	}
	do {
		got = waitpid(pid, &status, 0);
	} while (got < 0 && errno == EINTR);
	return pid < 0 || got != pid ? -1 : status;
}

/*
 * check_child - @fn's checks hold in a child of its own: for what cannot be undone (ids, limits,
 * signals, death).
 */
TAP_USE TAP_FMT(2) bool check_child(void (*fn)(void), const char *fmt, ...)
{
	int status = in_child(fn);
	char what[64];
	va_list ap;

	if (status == 0)
		return true;
	snprintf(what, sizeof(what), ": wait status %#x", status);
	va_start(ap, fmt);
	tap_fail(what, fmt, ap);
	va_end(ap);
	return false;
}

/* sleeper - a child that waits for signals.  bury - it is killed, and waited for. */
TAP_USE pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

TAP_USE void bury(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* One check; @good says whether it holds.  Returns @good. */
TAP_USE TAP_FMT(2) bool ok(bool good, const char *fmt, ...)
{
	char line[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (tap_group[0])
		return expect(good, "%s", line);
	tap_run++;
	tap_failed += !good;
	printf("%sok %d - %s\n", good ? "" : "not ", tap_run, line);
	fflush(stdout);
	return good;
}

/*
 * mount_proc - /proc is there from now on, for whoever comes after too: an earlier program may have
 * mounted it.
 */
TAP_USE void mount_proc(void)
{
	syscall(SYS_mkdirat, 0, "/proc", 0755);
	if (syscall(SYS_mount, "proc", "/proc", "proc", 0, NULL) && errno != EBUSY)
		ok(false, "mount /proc: %s", strerror(errno));
}

/* @got must be @want. */
TAP_USE bool is(long got, long want, const char *what)
{
	if (got == want)
		return ok(true, "%s", what);
	return ok(false, "%s: got %ld, want %ld", what, got, want);
}

/* A call of libc's that must fail: @result -1 and errno @err. */
TAP_USE bool fails(long result, int err, const char *what)
{
	if (result == -1 && errno == err)
		return ok(true, "%s", what);
	return ok(false, "%s: got %ld, errno %d, want errno %d", what, result, errno, err);
}

/* The plan, and the program's exit status. */
TAP_USE int tap_done(void)
{
	printf("1..%d\n", tap_run);
	return tap_failed != 0;
}
