/*
 * sched.h - which task runs on which core: one run queue a core, round robin by time slice; a woken task goes to an
 * idle core if there is one, and a core with nothing to do takes from the others.
 *
 * Context switch happens only in schedule(): kernel code is never preempted, so per-CPU data needs no guard beyond
 * not sleeping.  schedule() itself is declared in task/wait.h, with sleeping.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/util.h"

struct task;

/* task_wake - make a sleeping task runnable; false when it was not asleep.  Any context. */
bool task_wake(struct task *t);

/* task_kick - make @t, wherever it is, look at its work flags soon.  Any context. */
void task_kick(struct task *t);

/* sched_yield(2): go to the end of this core's queue. */
void sched_yield(void);

/* sched_sleep_until - sleep until @deadline_ns of the monotonic clock; 0, or -EINTR when a signal comes first. */
int sched_sleep_until(uint64_t deadline_ns) __must_check;

/* sched_idle - the idle task's loop, on each core, after everything is set up.  Never returns. */
__noreturn void sched_idle(void);

/* sched_init_cpu - this core joins: @idle is the task it stands on. */
void sched_init_cpu(struct task *idle);

/* Cores that run tasks, as a bit mask, and how many. */
uint64_t sched_cpus_online(void);
unsigned int sched_nr_cpus(void);

/* How many tasks want a core (loadavg, sysinfo). */
unsigned int sched_nr_running(void);
