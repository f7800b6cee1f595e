/*
 * cpu_alarm.h - something to do when a thread or a process has had so much CPU time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/spinlock.h"
#include "task/time/cpu_clock.h"
#include "task/time/deadline.h"

/*
 * An alarm: @fn is called once when the clock has reached at.ns, or soon after the next tick of the
 * scheduler that sees so.
 */
struct cpu_alarm {
	struct deadline at;	/* among its clock's; the process's alarms.lock, as running */
	struct cpu_clock clock; /* the owner's, with references */
	bool running;
	/*
	 * In a thread of the clock's process, on its way to EL0; interrupts masked.  It may set the
	 * alarm again.
	 */
	void (*fn)(struct cpu_alarm *a);
};

/* Alarms by the CPU time of one, one queue for each of CPU_CLOCK_PROF, _VIRT, _SCHED. */
struct cpu_alarms {
	struct deadlines queue[3];
};

/* A process's, and the lock of its threads' too. */
struct process_alarms {
	struct spinlock lock; /* irqsave, a leaf */
	struct cpu_alarms own;
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
 * cpu_alarm_tick - @t has run, and its time has been counted: if there are alarms, @t is to call
 * cpu_alarms_run.  Timer interrupt.
 */
void cpu_alarm_tick(struct task *t);
/*
 * cpu_alarms_run - what is due by the time of current or its process goes off.  On the way to EL0,
 * interrupts on.
 */
void cpu_alarms_run(void);
