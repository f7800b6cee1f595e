/*
 * cpu_clock.h - the clocks that tell CPU time, and alarms that it sets off.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/list.h"
#include "lib/util.h"

struct process;
struct task;

/* Whose time: a thread's, or that of a process's threads, those that have gone included. */
struct cpu_clock {
	struct process *process;
	struct task *task; /* NULL: the process's */
	uint8_t which;	   /* CPU_CLOCK_PROF, _VIRT, _SCHED */
};

/*
 * cpu_clock_find - the clock with number @id (CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID or a negative one), with references
 * (cpu_clock_put).  @to_read: to read it, the caller's own thread will do for its process.  0, -EINVAL: there is none.
 */
int cpu_clock_find(int32_t id, bool to_read, struct cpu_clock *c) __must_check;
void cpu_clock_put(struct cpu_clock *c);
/* cpu_clock_ns - what it says now, in ns. */
uint64_t cpu_clock_ns(const struct cpu_clock *c);

/*
 * An alarm: @fn is called when the clock has reached expiry_ns, or at the next tick of the scheduler after that.  It is called
 * once; expiry_ns is UINT64_MAX then, and may be set again by anybody.
 */
struct cpu_alarm {
	struct list_node link;
	struct cpu_clock clock; /* the owner's, with references */
	uint64_t expiry_ns;	/* atomic; UINT64_MAX: never */
	/* Timer interrupt; the alarms' lock held, so no alarm may be added or removed. */
	void (*fn)(struct cpu_alarm *a);
};

/* cpu_alarm_add, cpu_alarm_remove - after cpu_alarm_remove @fn is not running and will not.  Not from an interrupt handler, nor
 * with a lock held that @fn takes. */
void cpu_alarm_add(struct cpu_alarm *a);
void cpu_alarm_remove(struct cpu_alarm *a);

/* cpu_alarm_tick - @t has run, and its time has been counted: task/itimer.c.  Timer interrupt. */
void cpu_alarm_tick(struct task *t);

/* cpu_clock_sleep - until @c has reached @deadline_ns.  0, -ERESTARTSYS. */
int cpu_clock_sleep(const struct cpu_clock *c, uint64_t deadline_ns) __must_check;
