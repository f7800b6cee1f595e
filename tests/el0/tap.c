/*
 * tap.c - TAP output, on el0's own C library.
 */
#include <stdarg.h>

#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "tests/el0/tap.h"

#define SHOWN_MAX 20 /* failures shown in a group: enough to understand it */

static char group[160];
static int groups, groups_failed, failures, shown;
static const char *skipped;

void begin(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(group, sizeof(group), fmt, ap);
	va_end(ap);
	failures = shown = 0;
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
	if (failures > shown)
		printf("# and %d more\n", failures - shown);
	printf("%sok %d - %s%s%s\n", failures ? "not " : "", groups, group,
	       skipped ? " # SKIP " : "", skipped ? skipped : "");
	failures = 0;
}

static const char *value_text(long v, char *buf, size_t size)
{
	if (v < 0 && v > -4096 && strcmp(strerror(v), "an error") != 0)
		snprintf(buf, size, "-%s", strerror(v));
	else if (v > -4096 && v < 65536)
		snprintf(buf, size, "%ld", v);
	else
		snprintf(buf, size, "%#lx", (unsigned long)v);
	return buf;
}

static void failed(const char *fmt, va_list ap, const char *got, const char *want)
{
	char what[200];

	failures++;
	if (++shown > SHOWN_MAX) {
		shown = SHOWN_MAX;
		return;
	}
	vsnprintf(what, sizeof(what), fmt, ap);
	if (got)
		printf("# %s: got %s, want %s\n", what, got, want);
	else
		printf("# %s\n", what);
}

bool check(long got, long want, const char *fmt, ...)
{
	char g[32], w[32];
	va_list ap;

	if (got == want)
		return true;
	va_start(ap, fmt);
	failed(fmt, ap, value_text(got, g, sizeof(g)), value_text(want, w, sizeof(w)));
	va_end(ap);
	return false;
}

bool check_one_of(long got, long want, long or_want, const char *fmt, ...)
{
	char g[32], w[32];
	va_list ap;

	if (got == want || got == or_want)
		return true;
	va_start(ap, fmt);
	failed(fmt, ap, value_text(got, g, sizeof(g)), value_text(want, w, sizeof(w)));
	va_end(ap);
	return false;
}

bool expect(bool good, const char *fmt, ...)
{
	va_list ap;

	if (good)
		return true;
	va_start(ap, fmt);
	failed(fmt, ap, NULL, NULL);
	va_end(ap);
	return false;
}

void note(const char *fmt, ...)
{
	char line[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	printf("# %s\n", line);
}

int tap_failures(void)
{
	return failures;
}

int tap_done(void)
{
	printf("1..%d\n", groups);
	return groups_failed != 0;
}

int in_child(void (*fn)(void))
{
	int status, pid;

	failures = 0;
	pid = fork();
	if (pid == 0) {
		fn();
		exit(failures != 0);
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid ? -1 : status;
}

bool check_child(void (*fn)(void), int want, const char *fmt, ...)
{
	int before = failures, status = in_child(fn);
	char g[64], w[64];
	va_list ap;

	failures = before;
	if (status == want)
		return true;
	va_start(ap, fmt);
	failed(fmt, ap, status_text(status, g, sizeof(g)), status_text(want, w, sizeof(w)));
	va_end(ap);
	return false;
}
