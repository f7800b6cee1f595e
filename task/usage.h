/*
 * usage.h - what processes and tasks have used: CPU time, page faults.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/util.h"
#include "task/cpu_time.h"

struct process;
struct task;

/* What a thread, or several together, have used. */
struct task_usage {
	struct cpu_time time;
	uint64_t faults;   /* resolved: getrusage(2)'s minflt */
	uint64_t peak_rss; /* pages, of the largest address space */
	uint64_t guest_ns; /* of time.user_ns: in guests */
};

/*
 * What a process has used; gone and waited are under proc_lock.  sum and told_ns are atomic: ticks
 * add to the one, and a task that reads a clock moves the other on.
 */
struct process_usage {
	struct task_usage gone;	  /* threads that have ended, and the peak of past address spaces */
	struct task_usage waited; /* children that were waited for, and theirs */
	/* once it has had more than one thread: of all, those that have gone too */
	struct cpu_time sum;
	uint64_t sum_guest_ns;
	bool has_sum;	  /* never goes back */
	uint64_t told_ns; /* the largest answer of process_runtime_ns */
};

/* usage_add - adds @more to *@to; of two peaks the larger one stays. */
static inline void usage_add(struct task_usage *to, const struct task_usage *more)
{
	to->time = cpu_time_sum(to->time, more->time);
	to->faults += more->faults;
	if (unlikely(more->guest_ns))
		to->guest_ns += more->guest_ns;
	to->peak_rss = max(to->peak_rss, more->peak_rss);
}

/* process_time - CPU time of all threads of @p, those that have gone included. */
struct cpu_time process_time(struct process *p);
/* process_guest_ns - of the user's time in it: in guests. */
uint64_t process_guest_ns(struct process *p);
/* process_runtime_ns - the sum, up to now. */
uint64_t process_runtime_ns(struct process *p);
/* process_faults - page faults resolved, as process_time. */
uint64_t process_faults(struct process *p);

/*
 * process_begin_sum - current's process is about to have a second thread: from here on the time of
 * all is summed up as it is used.
 */
void process_begin_sum(void);
