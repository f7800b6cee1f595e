/*
 * tap.h - how a test program reports, whichever C library it is on (el0/lib, the GNU one, musl):
 * one TAP line for each group of checks, a comment for each check that failed.
 *
 * 	begin("dup3, dup: a new descriptor; errors");
 * 	check(got, -EBADF, "dup3 of %d", fd);
 * 	expect(p != NULL, "got memory");
 * 	end();
 * 	return tap_done();
 *
 * The words before the colon of a heading are the calls that the group tries: tools/coverage.py
 * reads them.  A child made by fork(2) counts its own failures, and hands them on as its exit
 * status.
 */
#pragma once

#include <stdbool.h>

#define TAP_FORMAT(n) __attribute__((format(printf, n, (n) + 1)))

/* A group of checks starts; end() prints its line. */
void begin(const char *fmt, ...) TAP_FORMAT(1);
void end(void);

/* skip - the running group cannot be tried here: its line will say @why. */
void skip(const char *why);

/*
 * check - @got must be @want; both are shown, as errno where they are one.  Returns whether it was
 * so.
 */
bool check(long got, long want, const char *fmt, ...) TAP_FORMAT(3);
/* check_one_of - @got must be either. */
bool check_one_of(long got, long want, long or_want, const char *fmt, ...) TAP_FORMAT(4);
/* expect - @good must be true. */
bool expect(bool good, const char *fmt, ...) TAP_FORMAT(2);

/* ok, is - outside of a group: expect() or check() as a group of its own. */
bool ok(bool good, const char *fmt, ...) TAP_FORMAT(2);
bool is(long got, long want, const char *what);

/* note - a comment in the output. */
void note(const char *fmt, ...) TAP_FORMAT(1);

/*
 * in_child - run @fn in a child, which exits with 1 if a check of it failed; its wait status, or
 * -1.
 */
int in_child(void (*fn)(void));
/*
 * check_child - so run, @fn ends with the wait status @want; 0: its checks hold.  For what cannot
 * be undone (ids, limits, signals, death).
 */
bool check_child(void (*fn)(void), int want, const char *fmt, ...) TAP_FORMAT(3);

/* Failures of this process in the running group; a child forgets those of its parent. */
int tap_failures(void);
void tap_forget(void);

/* The plan, and the program's exit status. */
int tap_done(void);
/* bail_out - the program cannot go on; its exit status. */
int bail_out(const char *why);
