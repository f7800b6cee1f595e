/*
 * fail.h - fault injection: the n-th allocation that some tasks make fails.  Its file is /dev/fail
 * (fs/fail.c).
 *
 * An experiment is one number, and the tasks that take part: the one that began it and all that it
 * makes, threads and processes, from then on.  Each memory allocation of theirs counts it down; the
 * one that makes it zero fails, as if memory had run out. There is one experiment at a time; a new
 * one takes the place of the old.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A task's part in the experiment; its own. */
struct failing {
	bool may; /* it takes part */
	bool has; /* an allocation of its was the one */
};

/* fail_begin - the @nth allocation from here on fails (0: none), and current takes part. */
void fail_begin(uint32_t nth);

/*
 * fail_left - how many allocations are still to come before the one that fails; 0: it has been, or
 * there is no experiment.
 */
uint32_t fail_left(void);

/*
 * fail_take - whether an allocation of current was made to fail since the last call: memory has not
 * run out.
 */
bool fail_take(void);
