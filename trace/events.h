/*
 * events.h - what happens in the kernel between two crossings, as records: a core changes tasks, a
 * task wakes, makes, becomes or ends one, signals are sent and acted on, an access to user memory
 * is refused, a request goes to a disk and comes back.
 *
 * Each is an inline function that asks the mask, which is one load and one branch, in front of one
 * that makes the record.  Context: any; interrupts masked or not, any lock but a run queue's and
 * the log's: a record may be printed.
 */
#pragma once

#include "trace/trace.h"

/*
 * trace_any - anything is recorded, or observed: a branch less than a test for two kinds, in front
 * of a function that asks for each.
 */
static inline bool trace_any(void)
{
	return unlikely(READ_ONCE(trace_mask));
}

/*
 * trace_sched_record - this core has left task @prev for @next, named @comm; @why: TRACE_WHY_*.
 * On @next's stack, interrupts masked; whether TRACE_SCHED is on was asked before (task/sched.c).
 */
void trace_sched_record(int32_t prev, int32_t next, const char *comm, uint32_t why);

/*
 * trace_wake_record - at @ticks current woke task @tid, which is to run on core @target.
 * Interrupts masked since: nothing of this core was recorded in between.  Whether TRACE_WAKE is on
 * was asked.
 */
void trace_wake_record(int32_t tid, unsigned int target, uint64_t ticks);

void trace_task_fork_record(int32_t child, int32_t process, uint64_t flags, const char *comm);
void trace_task_exec_record(int32_t process, const char *comm, const char *path);
void trace_task_name_record(int32_t task, const char *comm);
void trace_task_exit_record(int32_t process, int status);
void trace_signal_send_record(int nr, int code, int32_t to, uint32_t did);
void trace_signal_take_record(int nr, int code, uint32_t did, uint64_t handler);
void trace_copy_record(uint64_t address, uint64_t pc, uint64_t esr, uint32_t access);

/*
 * trace_task_fork - current has made thread @child of process @process, by clone(2)'s @flags with
 * the signal of its end in the low byte.  @comm: its name.
 */
static inline void trace_task_fork(int32_t child, int32_t process, uint64_t flags, const char *comm)
{
	if (trace_on(TRACE_TASK))
		trace_task_fork_record(child, process, flags, comm);
}

/* trace_task_exec - current, now called @comm, has become the program at @path. */
static inline void trace_task_exec(int32_t process, const char *comm, const char *path)
{
	if (trace_on(TRACE_TASK))
		trace_task_exec_record(process, comm, path);
}

/* trace_task_name - thread @task, which may be another than current, is called @comm now. */
static inline void trace_task_name(int32_t task, const char *comm)
{
	if (trace_on(TRACE_TASK))
		trace_task_name_record(task, comm);
}

/* trace_task_exit - current ends, with @status as wait(2) has it. */
static inline void trace_task_exit(int32_t process, int status)
{
	if (trace_on(TRACE_TASK))
		trace_task_exit_record(process, status);
}

/*
 * trace_signal_send - signal @nr was sent to @to, a thread's number or a process's; @did:
 * TRACE_SENT_*.
 */
static inline void trace_signal_send(int nr, int code, int32_t to, uint32_t did)
{
	if (trace_on(TRACE_SIGNAL))
		trace_signal_send_record(nr, code, to, did);
}

/* trace_signal_take - current acts on signal @nr; @did: TRACE_TAKEN_*; @handler: or 0. */
static inline void trace_signal_take(int nr, int code, uint32_t did, uint64_t handler)
{
	if (trace_on(TRACE_SIGNAL))
		trace_signal_take_record(nr, code, did, handler);
}

/*
 * trace_copy - code at @pc was refused user memory at @address; @esr: of the fault, 0: refused
 * before there was one; @access: TRACE_ACCESS_*.
 */
static inline void trace_copy(uint64_t address, uint64_t pc, uint64_t esr, uint32_t access)
{
	if (trace_on(TRACE_COPY))
		trace_copy_record(address, pc, esr, access);
}

/*
 * trace_block_record - what trace.def says of BLOCK: @r's fields but those of its head, and ticks,
 * which may be 0: now.  Whether TRACE_BLOCK is on was asked.
 */
void trace_block_record(struct trace_block *r);
