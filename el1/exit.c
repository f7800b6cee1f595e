/*
 * exit.c - the way back to EL0, where there is more to do than to return.
 *
 * Comes from ret_to_user (el1/vectors.S), whatever the way in was: one load and one branch found a
 * flag in current->work.  Invariant: code that sets a flag for a task also makes that task come
 * through here soon (by a wake-up, or an interrupt to its core).
 */
#include "el1/exit.h"

#include "el1/signal.h"
#include "task/fp.h"
#include "task/sched.h"
#include "task/task.h"
#include "task/time/cpu_alarm.h"
#include "trace/crossing.h"

void exit_work(struct trapframe *tf)
{
	uint32_t work;

	stretch_mask();
	while ((work = READ_ONCE(current->work)) & ~WORK_TRACE) {
		if (!(work & (WORK_RESCHED | WORK_SIGNAL | WORK_ALARM))) {
			fp_load(); /* last: nothing may be scheduled in between */
			continue;
		}
		irq_enable();
		if (work & WORK_RESCHED)
			schedule();
		if (work & WORK_ALARM)
			cpu_alarms_run();
		if (work & WORK_SIGNAL)
			signal_deliver(tf);
		irq_disable();
	}
	if (!(work & WORK_TRACE))
		return;
	trace_exit(tf);
	/* Nobody watches any more: the next exits are as short as before. */
	if (!trace_watches())
		atomic_and(&current->work, ~WORK_TRACE);
}
