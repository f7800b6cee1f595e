/*
 * cpu_clock.h - the clocks of CPU time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "task/usage.h"

struct process;
struct task;

/* A thread's time, or that of a process's threads, those that have ended included. */
struct cpu_clock {
	struct process *process;
	struct task *task; /* NULL: the process's */
	uint8_t which;	   /* CPU_CLOCK_PROF, _VIRT, _SCHED */
};

/*
 * cpu_clock_find - the clock with number @id (CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID or
 * a negative one), with references (cpu_clock_put).  @to_read: to read it, the caller's own thread
 * will do for its process.  0, -EINVAL: there is none.
 */
int cpu_clock_find(int32_t id, bool to_read, struct cpu_clock *c) __must_check;
void cpu_clock_put(struct cpu_clock *c);
/* cpu_clock_ns - what it says now, in ns. */
uint64_t cpu_clock_ns(const struct cpu_clock *c);
