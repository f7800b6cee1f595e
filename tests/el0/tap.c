/*
 * tap.c - TAP output, for programs on any C library.
 *
 * Invariant: a line is one write(2), and nothing waits in a buffer: children and threads report
 * too, and what a process that forks had not written yet would be written twice.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#if __STDC_HOSTED__
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#define interrupted() (errno == EINTR)
#else
#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#define interrupted() false /* waitpid() starts again by itself */
#define write	      svc_write
#define _exit	      exit
#endif

#include "tests/el0/tap.h"

#define LINE_MAX  512
#define SHOWN_MAX 20 /* failures shown in a group: enough to understand it */

static char group[200];
static int groups, groups_failed, failures;
static const char *skipped;

/* One line of output; @fmt ends with a newline. */
TAP_FORMAT(1) static void print_line(const char *fmt, ...)
{
	char line[LINE_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof(line)) {
		n = sizeof(line) - 1;
		line[n - 1] = '\n';
	}
	if (write(1, line, (size_t)n) != n)
		failures++; /* what cannot be said has failed */
}

/* ---- groups ---- */

void begin(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(group, sizeof(group), fmt, ap);
	va_end(ap);
	failures = 0;
	skipped = NULL;
}

void skip(const char *why)
{
	skipped = why;
}

void end(void)
{
	groups++;
	groups_failed += failures != 0;
	if (failures > SHOWN_MAX)
		print_line("# and %d more\n", failures - SHOWN_MAX);
	print_line("%sok %d - %s%s%s\n", failures ? "not " : "", groups, group,
		   skipped ? " # SKIP " : "", skipped ? skipped : "");
	failures = 0;
}

/* ---- checks ---- */

/* A check failed: what it was, and @how. */
static void failed(const char *how, const char *fmt, va_list ap)
{
	char what[300];

	if (++failures > SHOWN_MAX)
		return;
	vsnprintf(what, sizeof(what), fmt, ap);
	print_line("# %s%s\n", what, how);
}

/* A value in words: as errno where it is one. */
static const char *value_text(long v, char *buf, size_t size)
{
	if (v < 0 && v > -4096)
		snprintf(buf, size, "%ld (%s)", v, strerror((int)-v));
	else
		snprintf(buf, size, v > -4096 && v < 65536 ? "%ld" : "%#lx", v);
	return buf;
}

static const char *got_and_want(long got, long want, char *buf, size_t size)
{
	char g[64], w[64];

	snprintf(buf, size, ": got %s, want %s", value_text(got, g, sizeof(g)),
		 value_text(want, w, sizeof(w)));
	return buf;
}

bool check(long got, long want, const char *fmt, ...)
{
	char how[160];
	va_list ap;

	if (got == want)
		return true;
	va_start(ap, fmt);
	failed(got_and_want(got, want, how, sizeof(how)), fmt, ap);
	va_end(ap);
	return false;
}

bool check_one_of(long got, long want, long or_want, const char *fmt, ...)
{
	char how[160], other[64], all[240];
	va_list ap;

	if (got == want || got == or_want)
		return true;
	snprintf(all, sizeof(all), "%s or %s", got_and_want(got, want, how, sizeof(how)),
		 value_text(or_want, other, sizeof(other)));
	va_start(ap, fmt);
	failed(all, fmt, ap);
	va_end(ap);
	return false;
}

bool expect(bool good, const char *fmt, ...)
{
	va_list ap;

	if (good)
		return true;
	va_start(ap, fmt);
	failed("", fmt, ap);
	va_end(ap);
	return false;
}

bool ok(bool good, const char *fmt, ...)
{
	char what[sizeof(group)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	begin("%s", what);
	failures = !good;
	end();
	return good;
}

bool is(long got, long want, const char *what)
{
	begin("%s", what);
	check(got, want, "%s", what);
	end();
	return got == want;
}

void note(const char *fmt, ...)
{
	char line[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	print_line("# %s\n", line);
}

/* ---- children ---- */

int in_child(void (*fn)(void))
{
	int status, got, pid = fork();

	if (pid == 0) {
		tap_forget();
		fn();
		_exit(failures != 0);
	}
	do {
		got = waitpid(pid, &status, 0);
	} while (got < 0 && interrupted());
	return pid < 0 || got != pid ? -1 : status;
}

/* A wait status in words. */
static const char *ending(int status, char *buf, size_t size)
{
	if (status == -1)
		snprintf(buf, size, "no child");
	else if (WIFEXITED(status))
		snprintf(buf, size, "exit status %d", WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		snprintf(buf, size, "signal %d", WTERMSIG(status));
	else
		snprintf(buf, size, "wait status %#x", (unsigned int)status);
	return buf;
}

bool check_child(void (*fn)(void), int want, const char *fmt, ...)
{
	char how[160], g[64], w[64];
	int status = in_child(fn);
	va_list ap;

	if (status == want)
		return true;
	snprintf(how, sizeof(how), ": got %s, want %s", ending(status, g, sizeof(g)),
		 ending(want, w, sizeof(w)));
	va_start(ap, fmt);
	failed(how, fmt, ap);
	va_end(ap);
	return false;
}

int tap_failures(void)
{
	return failures;
}

void tap_forget(void)
{
	failures = 0;
}

/* ---- the end ---- */

int tap_done(void)
{
	print_line("1..%d\n", groups);
	return groups_failed != 0;
}

int bail_out(const char *why)
{
	print_line("Bail out! %s\n", why);
	return 1;
}
