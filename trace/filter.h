/*
 * filter.h - which records are wanted: the filters beside the kinds, as texts and as a question.
 *
 * A filter's text is a list, its items between commas or white space; "all", or nothing, is no
 * filter; a "!" before it: all but these.
 *
 *	pid	numbers of processes and threads; 0: the kernel's own tasks
 *	nr	system calls, by name or number
 *	result	what a call answered: "ok", "error", numbers, names of errors
 *	level	exception levels, 0-3, and ranges of them: a crossing from or to one
 *	core	cores, also as ranges
 *
 * pid, level and core are asked of every record; nr and result of system calls alone, at their
 * entry and return.  Any bytes, any context, host too.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/trace_stream.h"
#include "lib/util.h"

#define TRACE_PIDS_MAX	  128
#define TRACE_RESULTS_MAX 64
#define TRACE_CALLS	  512 /* numbers that a filter can name */

enum trace_filter_name {
	TRACE_FILTER_PID,
	TRACE_FILTER_NR,
	TRACE_FILTER_RESULT,
	TRACE_FILTER_LEVEL,
	TRACE_FILTER_CORE,
	TRACE_FILTERS,
};

/* All filters but the kinds; zeroed: none.  One that is in use never changes. */
struct trace_filter {
	/* of the tasks that pid marks: task->trace_mark; 0: there is no such filter */
	uint32_t generation;
	bool children; /* with what they fork from then on, and what that forks */
	struct trace_filter_pid {
		bool but; /* "!" */
		uint8_t n;
		int32_t pid[TRACE_PIDS_MAX]; /* rising */
	} pid;
	struct trace_filter_nr {
		bool asks, but;
		uint64_t calls[TRACE_CALLS / 64];
	} nr;
	struct trace_filter_result {
		bool but, ok, error;
		uint8_t n;
		int64_t value[TRACE_RESULTS_MAX]; /* rising */
	} result;
	uint32_t levels, cores; /* bits; 0: all */
};

/*
 * trace_filter_parse - @s, @n bytes of anything, becomes @f's filter @which; @f->generation is the
 * caller's.  @pause, if there is one, is called before each item: to find one among all names costs
 * 10,000 instructions; unless it answers 0, that is the end.
 * Return: 0; -EINVAL: not understood, -E2BIG: more items than there is room for, what @pause
 * said, and @f is as it was.
 */
int trace_filter_parse(struct trace_filter *f, enum trace_filter_name which, const char *s,
		       size_t n, int (*pause)(void)) __must_check;

/*
 * trace_filter_print - the text of @f's filter @which, as trace_filter_parse takes it, into @buf,
 * @size bytes with its NUL; the length.  4096 bytes hold any.
 */
size_t trace_filter_print(const struct trace_filter *f, enum trace_filter_name which, char *buf,
			  size_t size);

/*
 * trace_filter_names - whether @pid is in the list of @f's filter pid, with a "!" or without.
 * trace_filter_asks - whether there is any filter in @f at all.
 */
bool trace_filter_names(const struct trace_filter *f, int32_t pid);
bool trace_filter_asks(const struct trace_filter *f);

/* trace_filter_late - whether a call is wanted or not is known at its return alone. */
static inline bool trace_filter_late(const struct trace_filter *f)
{
	return f->result.ok || f->result.error || f->result.n;
}

/*
 * trace_filter_match - whether @r, all its words of 8 bytes there, is wanted
 * @cpu:    where it happened
 * @marked: the task that it is about is one of @f->generation
 *
 * Where trace_filter_late, the record of a call's entry is not, before TRACE_LATE says that its
 * return was.
 */
bool trace_filter_match(const struct trace_filter *f, const struct trace_head *r, unsigned int cpu,
			bool marked);
