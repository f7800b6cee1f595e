/*
 * exit.c - the way back to EL0, where there is more to do than to return.
 *
 * Comes from ret_to_user (el1/vectors.S), whatever the way in was: one load and one branch found a
 * flag in current->work.  Invariant: code that sets a flag for a task also makes that task come
 * through here soon (by a wake-up, or an interrupt to its core).
 */
#include "el1/exit.h"

#include "drivers/irq.h"
#include "el1/signal.h"
#include "task/fp.h"
#include "task/sched.h"
#include "task/task.h"
#include "task/time/cpu_alarm.h"
#include "trace/crossing.h"

/* All but the record.  Interrupts masked, before and after: then nothing else is to be done. */
static inline uint32_t do_work(struct trapframe *tf)
{
	uint32_t work;

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
	return work;
}

static __attribute__((noinline)) void exit_traced(struct trapframe *tf)
{
	struct trace_way_out out;

	trace_exit_begin(tf, &out);
	/* Whom that has woken, as it gave a lock back, may be to run here. */
	do_work(tf);
	trace_exit(tf, &out);
	/* Nobody watches any more: the next exits are as short as before. */
	if (!trace_watches())
		atomic_and(&current->work, ~WORK_TRACE);
	/*
	 * The record says where the ERET goes, so that is where it goes.  Who reads the log, and
	 * was woken by its line, makes this core an interrupt, which comes first of all at EL0.
	 */
	if (READ_ONCE(current->work) & ~WORK_TRACE)
		irq_send_ipi(cpu_id(), IPI_RESCHED);
}

void exit_work(struct trapframe *tf)
{
	stretch_mask();
	if (do_work(tf) & WORK_TRACE)
		exit_traced(tf);
}
