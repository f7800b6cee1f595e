/*
 * fail.h - allocations that are made to fail, to see what their callers do (task/fail.c).
 */
#pragma once

#include <stdbool.h>

#include "arm/atomic.h"
#include "lib/util.h"

/*
 * What page_alloc and kmalloc ask before each allocation, where it is not NULL: true, and this one
 * answers NULL.  Set when the first experiment begins, for good.  Called as they are: with
 * spinlocks held, not from an interrupt handler.
 */
extern bool (*fail_hook)(void);

static inline bool alloc_must_fail(void)
{
	bool (*hook)(void) = READ_ONCE(fail_hook);

	return unlikely(hook != NULL) && hook();
}
