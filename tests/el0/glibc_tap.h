/*
 * glibc_tap.h - TAP for the programs that are linked with the GNU C library: one line a check.
 */
#pragma once

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static int tap_run, tap_failed;

/* One check; @good says whether it holds.  Returns @good. */
__attribute__((format(printf, 2, 3))) static inline bool ok(bool good, const char *fmt, ...)
{
	va_list ap;

	tap_run++;
	tap_failed += !good;
	printf("%sok %d - ", good ? "" : "not ", tap_run);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	return good;
}

/* @got must be @want. */
static inline bool is(long got, long want, const char *what)
{
	if (got == want)
		return ok(true, "%s", what);
	return ok(false, "%s: got %ld, want %ld", what, got, want);
}

/* A call that must fail: @result -1 and errno @err. */
static inline bool fails(long result, int err, const char *what)
{
	if (result == -1 && errno == err)
		return ok(true, "%s", what);
	return ok(false, "%s: got %ld, errno %d, want errno %d", what, result, errno, err);
}

static inline int tap_done(void)
{
	printf("1..%d\n", tap_run);
	return tap_failed != 0;
}
