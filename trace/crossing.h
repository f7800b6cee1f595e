/*
 * crossing.h - what el1/ tells the trace at each entry to EL1 and each way back.
 *
 * Off, each costs one load and one branch, the SVC path nothing (el1/vectors.S).  Context:
 * interrupts masked or not, any lock; they take no lock but the log's.
 */
#pragma once

#include "trace/trace.h"

/* ---- EL0 and EL1 to EL1, and back ---- */

/*
 * What a frame remembers between entry and exit, in its trace_what: TRACE_WHAT(kind, number).
 */
#define TRACE_WHAT(kind, nr)  ((kind) | (uint64_t)(uint32_t)(nr) << 32)
#define TRACE_WHAT_KIND(what) ((uint32_t)(what)&0xff)
#define TRACE_WHAT_NR(what)   ((int32_t)((what) >> 32))
#define TRACE_WHAT_ANSWERED   0x100 /* trace_answer is the call's, not x0 */

/* The record of a way back to EL0, and room behind it for what the call's arguments point to. */
struct trace_way_out {
	struct trace_return ret;
	uint64_t chunks[TRACE_CHUNKS_MAX / sizeof(uint64_t)];
	size_t bytes; /* of chunks */
};
_Static_assert(offsetof(struct trace_way_out, bytes) <= 8 * TRACE_WORDS_MAX, "fits a record");

/*
 * Records of @tf, made whatever the mask says: the inline functions below ask it first.  Interrupts
 * masked.
 */
void trace_svc_enter(struct trapframe *tf);
void trace_fault_record(struct trapframe *tf);
void trace_fault_result(struct trapframe *tf, int signo);
void trace_irq_stamp(struct trapframe *tf);
void trace_irq_record(struct trapframe *tf, int irq);
void trace_return_begin(struct trapframe *tf, struct trace_way_out *out);
void trace_return_record(struct trapframe *tf, struct trace_way_out *out);
void trace_return_kernel(struct trapframe *tf);
void trace_answer_keep(struct trapframe *tf, int64_t answer);

/* trace_fault_enter - a synchronous exception that is no SVC came in, from EL0 or EL1. */
static inline void trace_fault_enter(struct trapframe *tf)
{
	if (trace_on(TRACE_FAULT))
		trace_fault_record(tf);
}

/* trace_fault - it was resolved (@signo 0), or became this signal. */
static inline void trace_fault(struct trapframe *tf, int signo)
{
	if (trace_on(TRACE_FAULT))
		trace_fault_result(tf, signo);
}

/*
 * trace_answer - x0 of @tf is about to become something else than the answer of the call that it
 * came in with, which is
 * @answer: a handler's argument, or the call's own again.  The first one counts.
 */
static inline void trace_answer(struct trapframe *tf, int64_t answer)
{
	if (trace_on(TRACE_SVC))
		trace_answer_keep(tf, answer);
}

/*
 * trace_exit_begin - on the way back to EL0 by @tf, for a task that trace_ops.watch was called for:
 * what may wake others, as a lock is given back, into @out: the bytes that a call's arguments point
 * to.  trace_exit - the last thing before the ERET.  Interrupts masked; between the two the task
 * may sleep.
 */
static inline void trace_exit_begin(struct trapframe *tf, struct trace_way_out *out)
{
	out->bytes = 0;
	if (trace_watches())
		trace_return_begin(tf, out);
}

static inline void trace_exit(struct trapframe *tf, struct trace_way_out *out)
{
	if (trace_watches())
		trace_return_record(tf, out);
}

/*
 * trace_exit_kernel - the same for the ERET back into EL1 from an exception of kind @what,
 * TRACE_FAULT or TRACE_IRQ.
 */
static inline void trace_exit_kernel(struct trapframe *tf, uint32_t what)
{
	if (trace_on(what))
		trace_return_kernel(tf);
}

/* ---- up to EL2 and EL3, and back ---- */

/* trace_smccc - an hvc (@conduit 2) or smc (3), before and after it (arm/smccc.h).  Any context. */
void trace_smccc(unsigned int conduit, uint32_t fn, const uint64_t arg[3], uint64_t elr,
		 const struct smccc_result *result);
