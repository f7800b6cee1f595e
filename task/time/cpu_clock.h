/*
 * cpu_clock.h - the clocks that tell CPU time, and alarms that it sets off.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/avl.h"
#include "lib/util.h"

struct process;
struct task;

/* CPU time used. */
struct cpu_time {
	uint64_t user_ns, kernel_ns;
};

/* Whose time: a thread's, or that of a process's threads, those that have gone included. */
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

/*
 * An alarm: @fn is called once when the clock has reached expiry_ns, or soon after the next tick of
 * the scheduler that sees so.
 */
struct cpu_alarm {
	struct avl_node node;	/* among its clock's; the process's alarms_lock, as the two flags */
	struct cpu_clock clock; /* the owner's, with references */
	uint64_t expiry_ns;
	bool queued, running;
	/*
	 * In a thread of the clock's process, on its way to EL0; interrupts masked.  It may set the
	 * alarm again.
	 */
	void (*fn)(struct cpu_alarm *a);
};

/* Alarms by the CPU time of one, soonest first: one tree for each of CPU_CLOCK_PROF, _VIRT, _SCHED. */
struct cpu_alarms {
	struct avl_tree tree[3];
};

/*
 * cpu_alarm_set - @a, which is not set, goes off at @expiry_ns of its clock.  Any context.
 * cpu_alarm_cancel - it does not: its fn is not running and will not.  Not with a lock held that
 * this takes.
 */
void cpu_alarm_set(struct cpu_alarm *a, uint64_t expiry_ns);
void cpu_alarm_cancel(struct cpu_alarm *a);

/*
 * cpu_alarm_now_ns - what its clock has counted up to the last tick or switch: for its fn, without
 * a lock.
 */
uint64_t cpu_alarm_now_ns(const struct cpu_alarm *a);

/*
 * cpu_alarm_tick - @t has run, and its time has been counted: if an alarm is due, @t is to call
 * cpu_alarms_run.  Timer interrupt.
 */
void cpu_alarm_tick(struct task *t);
/*
 * cpu_alarms_run - what is due by the time of current or its process goes off.  On the way to EL0,
 * interrupts on.
 */
void cpu_alarms_run(void);

/* cpu_clock_sleep - until @c has reached @deadline_ns.  0, -ERESTARTSYS. */
int cpu_clock_sleep(const struct cpu_clock *c, uint64_t deadline_ns) __must_check;
