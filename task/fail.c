/*
 * fail.c - which allocation fails (task/fail.h).
 *
 * Comes from /dev/fail, and through mm/page.h's hook from each allocation.  Invariant: a task that
 * takes part in no experiment is never refused anything.
 */
#include "task/fail.h"

#include "mm/page.h"
#include "task/task.h"

static uint32_t left; /* atomic */

static bool count(void)
{
	uint32_t n = READ_ONCE(left);

	if (!current->fail.may)
		return false;
	do
		if (!n)
			return false;
	while (!atomic_cmpxchg(&left, &n, n - 1));
	if (n == 1)
		current->fail.has = true;
	return n == 1;
}

void fail_begin(uint32_t nth)
{
	current->fail.may = nth != 0;
	current->fail.has = false;
	WRITE_ONCE(left, nth);
	WRITE_ONCE(fail_hook, count);
}

uint32_t fail_left(void)
{
	return READ_ONCE(left);
}

bool fail_take(void)
{
	bool failed = current->fail.has;

	current->fail.has = false;
	return failed;
}
