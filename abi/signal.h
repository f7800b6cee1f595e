/*
 * signal.h - signals as EL0 sees them: numbers, rt_sigaction(2), siginfo, and the frame on the user
 * stack that a handler runs on and rt_sigreturn(2) takes back.
 */
#pragma once

#define SIGHUP		  1
#define SIGINT		  2
#define SIGQUIT		  3
#define SIGILL		  4
#define SIGTRAP		  5
#define SIGABRT		  6
#define SIGIOT		  6
#define SIGBUS		  7
#define SIGFPE		  8
#define SIGKILL		  9
#define SIGUSR1		  10
#define SIGSEGV		  11
#define SIGUSR2		  12
#define SIGPIPE		  13
#define SIGALRM		  14
#define SIGTERM		  15
#define SIGSTKFLT	  16
#define SIGCHLD		  17
#define SIGCONT		  18
#define SIGSTOP		  19
#define SIGTSTP		  20
#define SIGTTIN		  21
#define SIGTTOU		  22
#define SIGURG		  23
#define SIGXCPU		  24
#define SIGXFSZ		  25
#define SIGVTALRM	  26
#define SIGPROF		  27
#define SIGWINCH	  28
#define SIGIO		  29
#define SIGPOLL		  SIGIO
#define SIGPWR		  30
#define SIGSYS		  31
#define SIGRTMIN	  32
#define _NSIG		  64

/* rt_sigprocmask(2) */
#define SIG_BLOCK	  0
#define SIG_UNBLOCK	  1
#define SIG_SETMASK	  2

/* rt_sigaction(2) */
#define SA_NOCLDSTOP	  0x00000001
#define SA_NOCLDWAIT	  0x00000002
#define SA_SIGINFO	  0x00000004
#define SA_UNSUPPORTED	  0x00000400
#define SA_EXPOSE_TAGBITS 0x00000800
#define SA_RESTORER	  0x04000000
#define SA_ONSTACK	  0x08000000
#define SA_RESTART	  0x10000000
#define SA_NODEFER	  0x40000000
#define SA_RESETHAND	  0x80000000

/* Where things are in struct rt_sigframe, for assembly; asserted below. */
#define SIGFRAME_CONTEXT  304 /* struct sigcontext */
#define SIGFRAME_REGS	  312
#define SIGFRAME_SP	  560
#define SIGFRAME_PC	  568
#define SIGFRAME_VREGS	  608 /* of the record that comes first, which is the one of FP/SIMD */

#ifndef __ASSEMBLER__

#include <stdint.h>

/* The special values of sa_handler */
#define SIG_HANDLER_DFL 0UL
#define SIG_HANDLER_IGN 1UL

typedef uint64_t sigset_bits; /* bit n-1 is signal n: all 64 of them */

struct sigaction {
	uint64_t sa_handler; /* user address, or SIG_HANDLER_* */
	uint64_t sa_flags;
	uint64_t sa_restorer;
	sigset_bits sa_mask;
};

/* sigaltstack(2) */
struct sigaltstack {
	uint64_t ss_sp;
	int32_t ss_flags;
	uint32_t pad;
	uint64_t ss_size;
};

#define SS_ONSTACK    1
#define SS_DISABLE    2
#define SS_AUTODISARM 0x80000000U
#define MINSIGSTKSZ   5120
#define SIGSTKSZ      16384

/* siginfo_t: 128 bytes, of which the union is laid out by what si_code says */
#define SI_MAX_SIZE   128

struct siginfo {
	int32_t si_signo;
	int32_t si_errno;
	int32_t si_code;
	int32_t pad;
	union {
		/*
		 * kill(2), tkill(2); and with value: rt_sigqueueinfo(2); or si_band in place of the
		 * first two, and si_fd
		 */
		struct {
			int32_t pid;
			uint32_t uid;
			uint64_t value;
		} kill;
		struct { /* SIGCHLD, waitid(2) */
			int32_t pid;
			uint32_t uid;
			int32_t status;
			int32_t pad;
			int64_t utime, stime;
		} child;
		struct { /* SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP */
			uint64_t addr;
			int16_t addr_lsb;
		} fault;
		uint8_t bytes[SI_MAX_SIZE - 16];
	};
};

_Static_assert(sizeof(struct siginfo) == SI_MAX_SIZE, "struct siginfo");

/* si_code of any signal */
#define SI_USER	      0
#define SI_KERNEL     0x80
#define SI_QUEUE      (-1)
#define SI_TIMER      (-2)
#define SI_SIGIO      (-5)
#define SI_TKILL      (-6)

#define ILL_ILLOPC    1
#define ILL_ILLOPN    2
#define ILL_PRVOPC    5
#define FPE_INTDIV    1
#define FPE_FLTDIV    3
#define FPE_FLTOVF    4
#define FPE_FLTUND    5
#define FPE_FLTRES    6
#define FPE_FLTINV    7
#define FPE_FLTUNK    14
#define SEGV_MAPERR   1
#define SEGV_ACCERR   2
#define BUS_ADRALN    1
#define BUS_ADRERR    2
#define BUS_OBJERR    3
#define TRAP_BRKPT    1
#define TRAP_TRACE    2
#define TRAP_HWBKPT   4
#define POLL_IN	      1
#define POLL_OUT      2
#define POLL_MSG      3
#define POLL_ERR      4
#define POLL_PRI      5
#define POLL_HUP      6
#define CLD_EXITED    1
#define CLD_KILLED    2
#define CLD_DUMPED    3
#define CLD_TRAPPED   4
#define CLD_STOPPED   5
#define CLD_CONTINUED 6

/*
 * The frame.  A handler finds, from its SP upwards: struct rt_sigframe, then a frame record {x29,
 * x30} that x29 points to.  x0 = signal, x1 = &info, x2 = &uc, x30 = sa_restorer or the kernel's
 * own.
 */
struct sigcontext {
	uint64_t fault_address;
	uint64_t regs[31];
	uint64_t sp;
	uint64_t pc;
	uint64_t pstate;
	uint8_t __reserved[4096] __attribute__((aligned(16))); /* records, ended by one of size 0 */
};

struct _aarch64_ctx {
	uint32_t magic;
	uint32_t size; /* of the record with this head; a multiple of 16 */
};

#define FPSIMD_MAGIC 0x46508001
#define ESR_MAGIC    0x45535201
#define EXTRA_MAGIC  0x45585401

struct fpsimd_context {
	struct _aarch64_ctx head;
	uint32_t fpsr;
	uint32_t fpcr;
	uint64_t vregs[64]; /* V0 low, V0 high, V1 low … */
};

struct esr_context {
	struct _aarch64_ctx head;
	uint64_t esr;
};

struct ucontext {
	uint64_t uc_flags;
	uint64_t uc_link;
	struct sigaltstack uc_stack;
	sigset_bits uc_sigmask;
	uint8_t pad[128 - sizeof(sigset_bits)]; /* room for 1024 signals */
	struct sigcontext uc_mcontext;
};

struct rt_sigframe {
	struct siginfo info;
	struct ucontext uc;
};

_Static_assert(sizeof(struct fpsimd_context) == 528, "struct fpsimd_context");
_Static_assert(__builtin_offsetof(struct ucontext, uc_mcontext) == 176, "uc_mcontext");
_Static_assert(sizeof(struct rt_sigframe) == 4688, "struct rt_sigframe");
#define SIGFRAME_AT(field) __builtin_offsetof(struct rt_sigframe, uc.uc_mcontext.field)
_Static_assert(__builtin_offsetof(struct rt_sigframe, uc.uc_mcontext) == SIGFRAME_CONTEXT, "");
_Static_assert(SIGFRAME_AT(regs) == SIGFRAME_REGS, "SIGFRAME_REGS");
_Static_assert(SIGFRAME_AT(sp) == SIGFRAME_SP, "SIGFRAME_SP");
_Static_assert(SIGFRAME_AT(pc) == SIGFRAME_PC, "SIGFRAME_PC");
_Static_assert(SIGFRAME_AT(__reserved) + __builtin_offsetof(struct fpsimd_context, vregs) ==
		       SIGFRAME_VREGS,
	       "SIGFRAME_VREGS");

#endif
