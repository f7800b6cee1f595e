/*
 * signal.c - the last thing before EL0: signals to handlers, interrupted calls, and the way back
 * from a handler.
 *
 * Comes from exit_work() when WORK_SIGNAL is set, and from rt_sigreturn(2).  The frame on the
 * user's stack is Linux's (abi/signal.h), so that a program's unwinder, garbage collector or
 * longjmp finds what it knows.  What comes back in it is the user's word: only what EL0 could have
 * set by itself is taken from it.
 */
#include "el1/signal.h"

#include "abi/errno.h"
#include "lib/string.h"
#include "mm/vmstat.h"
#include "sys/syscall.h"
#include "task/fp.h"
#include "task/siginfo.h"
#include "task/signal_take.h"
#include "task/sigstack.h"
#include "task/sleep.h"
#include "task/vdso.h"
#include "trace/crossing.h"
#include "trace/events.h"

/* PSTATE that EL0 may ask for: Linux's valid_user_regs.  SS would single-step, IL would fault:
 * neither is EL0's to set. */
#define PSTATE_USER	 (PSR_NZCV | PSR_TCO | PSR_DIT | PSR_SSBS | PSR_BTYPE)
#define PSTATE_MUST_BE_0 (PSR_MODE_MASK | PSR_nRW | PSR_DAIF)

/*
 * struct rt_sigframe in the pieces that we write: what the program finds before the registers, the
 * registers as they lie in a trapframe, and the record of the vector registers as a task has it.
 * The 120 bytes that Linux keeps for longer masks are left as they are on the user's stack.
 */
struct frame_head {
	struct siginfo info;
	uint64_t uc_flags, uc_link;
	struct sigaltstack stack;
	uint64_t mask;
};

#define UC(field) (offsetof(struct rt_sigframe, uc) + offsetof(struct ucontext, field))
#define MC(field) (UC(uc_mcontext) + offsetof(struct sigcontext, field))
#define REGS_SIZE (offsetof(struct trapframe, pstate) + 8 - offsetof(struct trapframe, x))
_Static_assert(offsetof(struct frame_head, stack) == UC(uc_stack), "uc_stack");
_Static_assert(offsetof(struct frame_head, mask) == UC(uc_sigmask), "uc_sigmask");
_Static_assert(MC(pstate) + 8 - MC(regs) == REGS_SIZE, "the same 34 words as in a trapframe");
#define FP_SIZE sizeof(struct fpsimd_context)
_Static_assert(offsetof(struct fp_state, v) == offsetof(struct fpsimd_context, vregs) &&
		       offsetof(struct fp_state, end) == FP_SIZE,
	       "the same record as in a task");

/* What follows the vector registers. */
struct frame_tail {
	struct esr_context esr;
	struct _aarch64_ctx end;
};

struct frame_record {
	uint64_t fp, lr;
};

/* ---- the frame ---- */

/* Where the frame goes: below the interrupted stack, or on the alternate one. */
static uint64_t frame_top(const struct trapframe *tf, const struct sigaction *a)
{
	const struct task_signals *s = &current->signals;

	if (!(a->sa_flags & SA_ONSTACK) || (s->altstack_flags & SS_DISABLE) ||
	    sigstack_is_on(tf->sp))
		return tf->sp;
	return s->altstack_sp + s->altstack_size;
}

/*
 * The syndrome that goes with a fault's signal; for a kernel address it must not show whether
 * something is mapped there.
 */
static uint64_t fault_esr(const struct trapframe *tf, uint64_t *address)
{
	uint64_t ec = ESR_EC(tf->esr), keep = ESR_IL | SYSREG_FIELD(0x3f, ESR_EC_SHIFT);

	*address = 0;
	if (ec == ESR_EC_PC_ALIGN || ec == ESR_EC_SP_ALIGN)
		return tf->esr;
	if (ec != ESR_EC_DABT_LOW && ec != ESR_EC_IABT_LOW)
		return 0;
	*address = tf->far;
	if (!(tf->far & SYSREG_BIT(55)))
		return tf->esr;
	if (ec == ESR_EC_DABT_LOW)
		keep |= ESR_DABT_CM | ESR_DABT_WnR;
	return (tf->esr & keep) | ESR_FSC_TRANSLATION;
}

static bool put_in_frame(uint64_t at, const void *p, size_t n)
{
	return copy_to_user(uptr_of(at), p, n) == 0;
}

static void fill_head(struct frame_head *h, const struct signal_info *info, uint64_t mask)
{
	const struct task_signals *s = &current->signals;

	siginfo_fill(&h->info, info);
	h->uc_flags = h->uc_link = 0;
	h->stack = (struct sigaltstack){ .ss_sp = s->altstack_sp,
					 .ss_size = s->altstack_size,
					 .ss_flags = (int32_t)s->altstack_flags };
	h->mask = mask;
}

/* The records at @at: the vector registers, the syndrome of a fault (0: it was none), the end. */
static bool put_records(uint64_t at, uint64_t esr)
{
	struct fp_state *fp = &current->fp;
	struct frame_tail tail = { .esr = { .head = { ESR_MAGIC, sizeof(struct esr_context) },
					    .esr = esr } };

	fp_switch_out(current);
	fp->magic = FPSIMD_MAGIC;
	fp->size = sizeof(struct fpsimd_context);
	if (!esr)
		return put_in_frame(at, fp, FP_SIZE + sizeof(fp->end));
	return put_in_frame(at, fp, FP_SIZE) && put_in_frame(at + FP_SIZE, &tail, sizeof(tail));
}

/* Writes the frame at @at.  @mask: what the handler's return puts back. */
static bool put_frame(uint64_t at, const struct trapframe *tf, const struct signal_info *info,
		      uint64_t mask)
{
	uint64_t esr = 0, address = 0;
	struct frame_head head;

	fill_head(&head, info, mask);
	if (info->code > 0 && info->code != SI_KERNEL && siginfo_is_fault(info->signo))
		esr = fault_esr(tf, &address);
	return put_in_frame(at, &head, sizeof(head)) &&
	       put_in_frame(at + MC(regs), tf->x, REGS_SIZE) &&
	       !put_user(address, uptr_of(at + MC(fault_address))) &&
	       put_records(at + MC(__reserved), esr);
}

/* The call that @tf came in with, if any, is answered, and @a's handler is going to run. */
static __attribute__((noinline)) void trace_handler(struct trapframe *tf,
						    const struct signal_info *info,
						    const struct sigaction *a)
{
	trace_answer(tf, (int64_t)tf->x[0]);
	trace_signal_take(info->signo, info->code, TRACE_TAKEN_HANDLER, a->sa_handler);
}

/* Makes @tf run @a's handler on a new frame; false: the stack can't take it, @tf is as it was. */
static bool setup_handler(struct trapframe *tf, const struct signal_info *info,
			  const struct sigaction *a, uint64_t mask)
{
	struct frame_record record = { tf->x[29], tf->x[30] };
	uint64_t record_at = ALIGN_DOWN(frame_top(tf, a) - sizeof(record), 16);
	uint64_t at = record_at - sizeof(struct rt_sigframe);

	if (!put_in_frame(record_at, &record, sizeof(record)) || !put_frame(at, tf, info, mask))
		return false;
	if (current->signals.altstack_flags & SS_AUTODISARM) {
		current->signals.altstack_sp = current->signals.altstack_size = 0;
		current->signals.altstack_flags = SS_DISABLE;
	}
	if (trace_any())
		trace_handler(tf, info, a);
	tf->x[0] = (uint64_t)info->signo;
	if (a->sa_flags & SA_SIGINFO) {
		tf->x[1] = at + offsetof(struct rt_sigframe, info);
		tf->x[2] = at + offsetof(struct rt_sigframe, uc);
	}
	tf->x[29] = record_at;
	tf->x[30] = a->sa_flags & SA_RESTORER ? a->sa_restorer : vdso_sigreturn(current->mm);
	tf->sp = at;
	tf->pc = a->sa_handler;
	tf->pstate &= ~(PSR_BTYPE | PSR_TCO);
	return true;
}

/* ---- delivery ---- */

static void run_handler(struct trapframe *tf, const struct signal_info *info,
			const struct sigaction *a)
{
	struct task_signals *s = &current->signals;
	uint64_t back = s->restore_blocked ? s->saved_blocked : s->blocked;
	uint64_t mask = s->blocked | a->sa_mask;

	if (!setup_handler(tf, info, a, back)) {
		signal_force_segv(info->signo);
		return;
	}
	s->restore_blocked = false;
	if (!(a->sa_flags & SA_NODEFER))
		mask |= SIGBIT(info->signo);
	signal_set_mask(mask);
}

/* Whether the call that @tf came in with was cut short by a signal and is to be looked at again. */
static bool was_interrupted(const struct trapframe *tf)
{
	int64_t r = (int64_t)tf->x[0];

	return tf->syscall >= 0 && (r == -ERESTARTSYS || r == -ERESTARTNOINTR ||
				    r == -ERESTARTNOHAND || r == -ERESTART_RESTARTBLOCK);
}

/* A handler is going to run in an interrupted call: it fails with EINTR, or is made again when the
 * handler returns. */
static void settle_call(struct trapframe *tf, const struct sigaction *a)
{
	int64_t r = (int64_t)tf->x[0];

	if (r == -ERESTARTNOINTR || (r == -ERESTARTSYS && (a->sa_flags & SA_RESTART))) {
		trace_answer(tf, r);
		tf->x[0] = tf->orig_x0;
		tf->pc -= 4;
	} else {
		tf->x[0] = (uint64_t)-EINTR;
	}
}

/* No handler ran: the call is made again, as it was or by restart_syscall(2). */
static void restart_call(struct trapframe *tf)
{
	trace_answer(tf, (int64_t)tf->x[0]);
	if ((int64_t)tf->x[0] == -ERESTART_RESTARTBLOCK)
		tf->x[8] = NR_restart_syscall;
	tf->x[0] = tf->orig_x0;
	tf->pc -= 4;
}

void signal_deliver(struct trapframe *tf)
{
	bool interrupted = was_interrupted(tf);
	struct signal_info info;
	struct sigaction action;

	do {
		signal_take(&info, &action);
		if (!info.signo)
			break;
		if (interrupted)
			settle_call(tf, &action);
		interrupted = false;
		run_handler(tf, &info, &action);
	} while (signal_pending());
	if (interrupted)
		restart_call(tf);
	if (current->signals.restore_blocked) {
		current->signals.restore_blocked = false;
		signal_set_mask(current->signals.saved_blocked);
	}
}

bool signal_is_fatal(int signo)
{
	return signal_blocked_or_ignored(signo) ||
	       current->process->signals.actions->of[signo - 1].sa_handler == SIG_HANDLER_DFL;
}

/* ---- rt_sigreturn(2) ---- */

/* Finds the FP/SIMD record among those at @at, and checks that all are what can be there. */
static bool find_fp_record(uint64_t at, uint64_t *fp)
{
	const uint64_t room = sizeof(((struct sigcontext *)0)->__reserved);
	uint64_t off = 0;

	*fp = 0;
	for (;;) {
		struct _aarch64_ctx head;

		if (room - off < sizeof(head) ||
		    copy_from_user(&head, uptr_of(at + off), sizeof(head)))
			return false;
		if (!head.magic)
			return !head.size && *fp;
		if (head.size < sizeof(head) || head.size % 16 || head.size > room - off)
			return false;
		if (head.magic == FPSIMD_MAGIC && head.size == sizeof(struct fpsimd_context) &&
		    !*fp)
			*fp = at + off;
		else if (head.magic != ESR_MAGIC)
			return false;
		off += head.size;
	}
}

/* The record at @at becomes current's registers; of a bad one some may have. */
static bool get_fp(uint64_t at)
{
	const size_t head = offsetof(struct fp_state, fpsr);

	fp_changed(); /* first: a copy may sleep, and what the core holds must not come over it */
	return copy_from_user(&current->fp.fpsr, uptr_of(at + head), FP_SIZE - head) == 0;
}

/*
 * Takes the registers out of the frame.  A frame that turns out bad may leave some of them changed:
 * the task gets SIGSEGV for it, with what it has then, as under Linux; but PSTATE is always one of
 * EL0's.
 */
static bool get_frame(struct trapframe *tf, struct sigaltstack *stack, uint64_t *mask)
{
	uint64_t at = tf->sp, asked, fp;

	if (!IS_ALIGNED(at, 16) || at > USER_TOP)
		return false;
	if (copy_from_user(mask, uptr_of(at + UC(uc_sigmask)), sizeof(*mask)) ||
	    copy_from_user(stack, uptr_of(at + UC(uc_stack)), sizeof(*stack)) ||
	    copy_from_user(tf->x, uptr_of(at + MC(regs)), REGS_SIZE - sizeof(asked)) ||
	    copy_from_user(&asked, uptr_of(at + MC(pstate)), sizeof(asked))) {
		memset(tf->x, 0, REGS_SIZE - sizeof(asked)); /* as Linux: what can't be read is 0 */
		return false;
	}
	if (asked & PSTATE_MUST_BE_0)
		return false;
	tf->pstate = PSR_MODE_EL0t | (asked & PSTATE_USER);
	return find_fp_record(at + MC(__reserved), &fp) && get_fp(fp);
}

/*
 * SIGSEGV for a frame at @sp that cannot have been ours.  As Linux says it: that nothing is mapped
 * only where nothing is above either.
 */
static void bad_frame(uint64_t sp)
{
	struct signal_info info = { .signo = SIGSEGV, .code = SEGV_MAPERR, .addr = sp };
	struct vma_info v;

	if (mm_next_vma(current->mm, (uintptr_t)((int64_t)(sp << 8) >> 8), 0, &v))
		info.code = SEGV_ACCERR;
	trace_signal_send(SIGSEGV, info.code, current->tid, TRACE_SENT_QUEUED);
	signal_force(&info);
}

long sys_rt_sigreturn(void)
{
	struct trapframe *tf = task_frame(current);
	struct sigaltstack stack;
	uint64_t mask;
	int ignored;

	current->restart.again = NULL; /* what the handler interrupted has failed with EINTR */
	tf->syscall = -1;	       /* whatever x0 will be, there is no call to be made again */
	if (!get_frame(tf, &stack, &mask)) {
		bad_frame(tf->sp);
		return (long)tf->x[0];
	}
	signal_set_mask(mask);
	/* as Linux: what it does not take is left */
	ignored = sigstack_set(&stack, tf->sp);
	(void)ignored;
	return (long)tf->x[0];
}
