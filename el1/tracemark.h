/*
 * tracemark.h - which tasks the trace's filter `pid` speaks of: they bear its generation.
 *
 * A process's number means all its threads, those to come too; another thread's number means that
 * thread alone.  With children it means what they make as well: processes, and the one thread's
 * threads.  So to mark is one store, and a task that comes later and is given a number of the list
 * is not meant by it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/util.h"

struct task;
struct trace_filter;

/*
 * tracemark_check - 0, or -ESRCH: a number in @f's list (0 apart) is nobody's.
 * tracemark_set - whom the list names bears @f->generation from here on.  Any context but under
 * proc_lock, as tracemark_check.
 */
int tracemark_check(const struct trace_filter *f) __must_check;
void tracemark_set(const struct trace_filter *f);

/* tracemark_is - whether @f's list means @t, a "!" before it or not.  Any context. */
bool tracemark_is(const struct trace_filter *f, const struct task *t);
