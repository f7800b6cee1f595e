/*
 * usage.h - what processes and tasks have used: CPU time, page faults.
 */
#pragma once

#include <stdint.h>

struct process;
struct task;

/* CPU time used. */
struct cpu_time {
	uint64_t user_ns, kernel_ns;
};

/* process_time - CPU time of all threads of @p, those that have gone included. */
struct cpu_time process_time(struct process *p);
/* process_runtime_ns - the sum, up to now. */
uint64_t process_runtime_ns(struct process *p);
/* process_faults - page faults resolved, as process_time. */
uint64_t process_faults(struct process *p);

/*
 * process_begin_sum - current's process is about to have a second thread: from here on the time of
 * all is summed up as it is used.
 */
void process_begin_sum(void);
