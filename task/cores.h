/*
 * cores.h - the cores that run tasks: which they are, and how busy.
 */
#pragma once

#include <stdint.h>

#include "arm/percpu.h"

struct run_queue;

/* Of each core; its lock guards it (task/runqueue.h). */
DECLARE_PERCPU(struct run_queue, run_queue);

static inline struct run_queue *rq_of(unsigned int cpu)
{
	return &per_cpu(run_queue, cpu);
}

/*
 * cores_online - those that run tasks, as a bit mask; cores_count - how many.  A core that sees
 * another's bit sees its queue made.
 * cores_join - this core, whose queue is made, runs tasks from now on.
 */
extern uint64_t cores_mask; /* the same for readers that look at hints alone; atomic */
uint64_t cores_online(void);
unsigned int cores_count(void);
void cores_join(void);

/* cores_running - how many tasks want a core (loadavg, sysinfo). */
unsigned int cores_running(void);

/*
 * cores_loads - the averages over 1, 5 and 15 minutes, fixed point with 11 bits of fraction.
 * cores_count_load - brings them up to @now_ns: the scheduler's tick calls it.
 */
void cores_loads(uint64_t loads[3]);
void cores_count_load(uint64_t now_ns);

/* What a core has spent its time on since it joined (/proc/stat). */
struct core_times {
	/* Nice: at EL0, by tasks with a nice value above 0. */
	uint64_t user_ns, nice_ns, kernel_ns, idle_ns;
	uint64_t guest_ns, guest_nice_ns; /* of the first two: in guests */
};
struct core_times core_times(unsigned int cpu);

/* cores_switches - of tasks, on all of them (/proc/stat). */
uint64_t cores_switches(void);
