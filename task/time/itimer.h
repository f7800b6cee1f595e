/*
 * itimer.h - a process's alarm clocks (setitimer(2)), and its limit of CPU time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/util.h"
#include "task/time/timer.h"

struct process;
struct task;

/* A timer that CPU time runs down. */
struct cpu_timer {
	int64_t left_ns; /* 0: off */
	uint64_t interval_ns;
};

/* Those of a process; signals.lock. */
struct itimers {
	uint64_t ticked_ns;	     /* CPU time as the ticks saw it: for RLIMIT_CPU */
	struct cpu_timer virt, prof; /* ITIMER_VIRTUAL and ITIMER_PROF */
	struct timer real;	     /* ITIMER_REAL */
	uint64_t real_interval_ns;
	bool real_runs; /* it has been started and not gone off */
};

/*
 * itimer_get, itimer_set - setitimer(2) of current's process, times in ns (0: off).  0; -EINVAL: no
 * such timer.
 */
int itimer_get(int which, uint64_t *left_ns, uint64_t *interval_ns) __must_check;
int itimer_set(int which, uint64_t value_ns, uint64_t interval_ns) __must_check;

/*
 * itimer_taken - a SIGALRM has been taken from the queue of @p: its ITIMER_REAL, if it has an
 * interval, goes on.  signals.lock held.
 */
void itimer_taken(struct process *p);

/* itimer_end - nobody knows @p any more: its alarm is off for good. */
void itimer_end(struct process *p);

/*
 * process_tick - a tick found @t running, at EL1 if @in_kernel, @ns after the last one: what runs
 * by CPU time goes on.  Timer interrupt.
 */
void process_tick(struct task *t, uint64_t ns, bool in_kernel);
