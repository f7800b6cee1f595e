/*
 * adjust.h - what a time daemon tells of the wall clock: adjtimex(2).
 */
#pragma once

#include "abi/timex.h"
#include "lib/util.h"

/*
 * clock_adjust - does what @t->modes asks for, and fills @t with how things are.  The clock's state
 * (TIME_*), or -EINVAL, -EPERM, -EOPNOTSUPP.  May sleep.
 */
int clock_adjust(struct timex *t) __must_check;
