/*
 * trace.h - the record of every crossing between exception levels, and of what happens in between.
 *
 * trace= on the command line chooses what is recorded: all, or a list of the words of
 * trace/kinds.h; with "ring" in the list the records are kept for /dev/trace only, else each is
 * printed as well, one decoded line:
 *
 * 	trace: [    0.123456789] cpu0 pid 1 EL0->EL1 svc write(1, 0x400120, 17)
 * 		esr=0x56000000 elr=0x400098 (without a break)
 * 	trace: [    0.123457601] cpu0 pid 1 EL1->EL0 eret svc write = 17 812 ns elr=0x400098
 *
 * The lines of a core are in the order in which it made the crossings, with esr and elr as the
 * hardware gave them: they can be held against an emulator's own log of exceptions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arm/atomic.h"
#include "arm/percpu.h"
#include "arm/smccc.h"
#include "arm/trapframe.h"
#include "trace/kinds.h"
#include "trace/record.h"

/*
 * TRACE_*: what is recorded, or told to who observes (trace/observe.h).  TRACE_SLOW in it:
 * something else is to be done with a record than to put it into the ring.
 */
extern uint32_t trace_mask;
/* Not 0: records of system calls go into the ring, and nothing else is to be done with them. */
extern uint32_t trace_svc_plain;

static inline bool trace_on(uint32_t what)
{
	return unlikely(READ_ONCE(trace_mask) & what);
}

/* trace_svc_on - whether a core's vector table must be the one that shows each SVC. */
static inline bool trace_svc_on(void)
{
	return trace_on(TRACE_SVC);
}

/* trace_watches - whether an exit to EL0 is anything to the trace. */
static inline bool trace_watches(void)
{
	return trace_on(TRACE_SVC | TRACE_FAULT | TRACE_IRQ);
}

#define TRACE_CHUNKS_MAX 1536

struct trace_filter;

/* What trace/ cannot do by itself; el1/tracing.c has it. */
struct trace_ops {
	int (*pid)(void); /* of the running task */
	/* Make the running task's way back to EL0 call trace_exit. */
	void (*watch)(void);
	/* Whether the filter speaks of the running task (trace/filter.h).  NULL: of none. */
	bool (*marked)(const struct trace_filter *f);
	/*
	 * What a call's arguments point to, as chunks (abi/trace_stream.h) into @buf of
	 * TRACE_CHUNKS_MAX bytes, for its SVC and its RETURN: bytes, a multiple of 8.
	 * Interrupts masked, a frame of EL0's.
	 */
	size_t (*capture_enter)(const struct trapframe *tf, void *buf);
	size_t (*capture_exit)(const struct trapframe *tf, int64_t result, void *buf);
	void (*capture_done)(void); /* behind each of them: what they hold is given back */
	/*
	 * trace_mask has changed: each core gets the vector table that it asks for, and has been
	 * interrupted once when this returns.  May sleep
	 */
	void (*apply)(void);
	/*
	 * The way back of an interrupt has been printed, which on a slow console takes longer than
	 * it is to the timer's next: the program goes on for a moment first.  Interrupts masked.
	 */
	void (*irq_printed)(void);
};

/*
 * trace_configure - take trace= from a command line; hvc and smc are seen from here on, and @calls
 * (trace_smccc) makes their records.  Boot core, before the others.
 */
void trace_configure(const char *cmdline, smccc_observer calls);

/* trace_init - there are tasks, and @ops, which must live for ever. */
void trace_init(const struct trace_ops *ops);

/* trace_kinds - what is chosen by trace_configure or trace_set: TRACE_WORDS. */
uint32_t trace_kinds(void);

/* trace_is_filtered - whether trace_set has said that not all of them are recorded. */
bool trace_is_filtered(void);

/*
 * trace_set - @kinds are chosen, and of them what @filter lets through (NULL: all), which stays as
 * it is until trace_apply returns after the next trace_set.  One call at a time; any context.
 * trace_choose - beside that, the kinds @what are told to @tell (NULL when @what is 0), which is
 * called for each record with its kinds, interrupts masked.  For observe.c, one call at a time; any
 * context.
 * trace_apply - and when this returns, that is so on every core.  May sleep.
 */
typedef void trace_tell_fn(const struct trace_head *r, uint32_t what);
void trace_set(uint32_t kinds, const struct trace_filter *filter);
void trace_choose(uint32_t what, trace_tell_fn *tell);
void trace_apply(void);

/* ---- anything ---- */

/*
 * trace_put - @r, whole, its kind, words and levels set, is recorded if the filters let it: into
 * this core's ring, the log, and to who observes.  ticks 0: it is of now; pid is set here.  Any
 * context: it masks interrupts, and takes no lock but the log's, when it prints.
 */
void trace_put(struct trace_head *r);
/* trace_put_as - the same, of something that task @pid did. */
void trace_put_as(int32_t pid, struct trace_head *r);
/* trace_put_masked - trace_put where interrupts are masked. */
void trace_put_masked(struct trace_head *r);

/* ---- for trace/crossing.c ---- */

extern const struct trace_ops *trace_ops; /* NULL: there are no tasks yet */
int trace_pid(void);			  /* of the running task; before there are any: 0 */
/* In ticks: what a frame remembers from before that is no memory of ours. */
extern uint64_t trace_started;

/*
 * trace_takes_args - whether records have what arguments point to.  trace_decides_late - whether a
 * call is recorded or not is known at its return alone.  trace_passes - whether the filters let @r
 * through; interrupts masked.
 */
bool trace_takes_args(void);
bool trace_decides_late(void);
bool trace_passes(const struct trace_head *r);
