/*
 * trace.h - /dev/trace: crossings of the boundary between exception levels, as binary records.
 *
 * A read gives whole records, oldest first, as many as fit; little-endian, as the core has them.
 * They come from a ring for each core: one that was overwritten before it was read is missing, and
 * leaves a gap in its core's seq.
 */
#pragma once

#include <stdint.h>

#define TRACE_DEVICE	       "/dev/trace"
#define TRACE_MAJOR	       10
#define TRACE_MINOR	       241

#define TRACE_KIND_SVC	       1 /* EL0 asked for a system call: nr, arg, text */
#define TRACE_KIND_FAULT       2 /* another synchronous exception: esr, elr, far */
/* an interrupt: nr is the controller's number, -1: none was pending */
#define TRACE_KIND_IRQ	       3
/* exception return: cause says from what; result, ns since it came */
#define TRACE_KIND_RETURN      4
/* hvc or smc to the level above: nr is the function, arg its arguments */
#define TRACE_KIND_CALL	       5
#define TRACE_KIND_CALL_RETURN 6 /* its answer: result */
/* no crossing: the core goes on with task nr instead of task pid */
#define TRACE_KIND_SCHED       7
#define TRACE_KIND_SIGNAL      8 /* no crossing: a fault became signal nr for task pid */

#define TRACE_TEXT_SIZE	       64
#define TRACE_ARGS_MAX	       6
#define TRACE_NO_STRING	       1 /* first byte of a string that could not be read */

struct trace_record {
	uint64_t seq;	  /* counts this core's records, from 1 */
	uint64_t time_ns; /* the log's clock */
	int32_t pid;	  /* the thread's id; 0: the kernel itself */
	uint16_t cpu;
	uint8_t kind;
	uint8_t from, to; /* exception levels */
	uint8_t slot;	  /* of the vector table, 0..15 */
	uint8_t cause;	  /* TRACE_KIND_RETURN: kind of the entry it ends; 0: unknown */
	uint8_t unused[5];
	uint64_t esr; /* 0 for an interrupt, which has none */
	uint64_t elr; /* where the lower level was interrupted, or will go on */
	uint64_t far; /* TRACE_KIND_FAULT, if the exception has one */
	int64_t nr; /* system call, interrupt, function, task or signal; of a RETURN, its cause's */
	uint64_t arg[TRACE_ARGS_MAX];
	/*
	 * x0; of a RETURN, the call's: a handler may have x0.  -ERESTART…: the call is made again
	 */
	int64_t result;
	uint64_t ns; /* between entry and return; 0: unknown */
	/* TRACE_KIND_SVC: its string arguments, in order, each ended by NUL, cut ones by "...". */
	char text[TRACE_TEXT_SIZE];
};

_Static_assert(sizeof(struct trace_record) == 192, "a record is 192 bytes");
