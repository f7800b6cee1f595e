/*
 * tap.h - how the programs here report: one TAP line for each group of checks, a comment for each
 * check that failed.
 *
 * 	begin("read: bad pointers");
 * 	check(got, -EFAULT, "read at %#lx", p);
 * 	end();
 * 	return tap_done();
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A group of checks starts; end() prints its line. */
void begin(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void end(void);

/*
 * check - @got must be @want; both are shown, as errno where they are one.  Returns whether it was
 * so.
 */
bool check(long got, long want, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* check_one_of - @got must be either. */
bool check_one_of(long got, long want, long or_want, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* expect - @good must be true. */
bool expect(bool good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* note - a comment in the output. */
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* skip - the running group cannot be tried here; ends it. */
void skip(const char *why);

/* The plan, and the program's exit status. */
int tap_done(void);

/* Failures in this process so far: a child hands its own on as exit status. */
int tap_failures(void);

/*
 * in_child - run @fn in a child; its wait status, or -1.  check_child - its wait status must be
 * @want (WAIT_* of abi/wait.h).
 */
int in_child(void (*fn)(void));
bool check_child(void (*fn)(void), int want, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
