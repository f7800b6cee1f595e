/*
 * trapframe.h - what EL1 saves when an exception comes in: the interrupted state, whole, and the
 * syndrome, read once at entry.  One layout for C and assembly; a wrong offset does not build.
 *
 * The frame of an entry from EL0 lies at the very top of the task's kernel stack, just below the 16
 * bytes that hold the task's pointer (el1/vectors.S loads x18 from there).
 */
#pragma once

#define TF_X(n)	   ((n)*8)
#define TF_SP	   248 /* SP_EL0 for an entry from EL0; the kernel's own SP for one from EL1 */
#define TF_PC	   256 /* ELR_EL1 */
#define TF_PSTATE  264 /* SPSR_EL1 */
#define TF_ESR	   272 /* ESR_EL1; of an SVC too */
#define TF_FAR	   280 /* FAR_EL1, when the exception writes it */
#define TF_ORIG_X0 288 /* x0 as the SVC found it: a restarted call needs it */
#define TF_SYSCALL 296 /* x8 of an SVC that is being served, else -1 */
#define TF_TRACE   304 /* four words that trace/ alone writes and reads */
#define TF_SIZE	   336

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arm/sysreg.h"

struct trapframe {
	uint64_t x[31];
	uint64_t sp;
	uint64_t pc;
	uint64_t pstate;
	uint64_t esr;
	uint64_t far;
	uint64_t orig_x0;
	int64_t syscall;
	/*
	 * When and how it came in, and the call's answer if x0 no longer is; valid only while
	 * tracing (trace/trace.h).
	 */
	uint64_t trace_ticks, trace_what;
	int64_t trace_answer;
	uint64_t trace_unused;
};

_Static_assert(offsetof(struct trapframe, sp) == TF_SP, "TF_SP");
_Static_assert(offsetof(struct trapframe, pc) == TF_PC, "TF_PC");
_Static_assert(offsetof(struct trapframe, pstate) == TF_PSTATE, "TF_PSTATE");
_Static_assert(offsetof(struct trapframe, esr) == TF_ESR, "TF_ESR");
_Static_assert(offsetof(struct trapframe, far) == TF_FAR, "TF_FAR");
_Static_assert(offsetof(struct trapframe, orig_x0) == TF_ORIG_X0, "TF_ORIG_X0");
_Static_assert(offsetof(struct trapframe, syscall) == TF_SYSCALL, "TF_SYSCALL");
_Static_assert(offsetof(struct trapframe, trace_ticks) == TF_TRACE, "TF_TRACE");
_Static_assert(sizeof(struct trapframe) == TF_SIZE, "TF_SIZE");
_Static_assert(TF_SIZE % 16 == 0, "SP stays 16-byte aligned");

static inline bool frame_from_el0(const struct trapframe *tf)
{
	return (tf->pstate & (PSR_MODE_MASK | PSR_nRW)) == PSR_MODE_EL0t;
}

#endif
