/*
 * trap.c - what an exception means: the one place that looks at ESR.
 *
 * Comes from el1/vectors.S with the frame saved; an SVC has gone straight to el1/syscall.c.  A
 * fault of EL0 is resolved (mm/fault.c), emulated (el1/emulate.c) or becomes a signal to that task
 * alone; a fault of EL1 is a user access that mm/uaccess.c announced, or a bug of the kernel and
 * its end (el1/panic.c).
 */
#include "el1/trap.h"

#include "arm/levels.h"
#include "arm/slots.h"
#include "drivers/irq.h"
#include "el1/emulate.h"
#include "el1/panic.h"
#include "el1/signal.h"
#include "el1/spectre.h"
#include "el1/waiting.h"
#include "lib/printf.h"
#include "mm/fault.h"
#include "task/sleep.h"
#include "trace/crossing.h"
#include "trace/events.h"

DEFINE_PERCPU(char[EMERGENCY_STACK_SIZE], emergency_stack)
__attribute__((aligned(16)));

/* ---- faults of EL0 ---- */

static __attribute__((noinline)) void trace_fault_signal(struct trapframe *tf, int signo, int code)
{
	trace_fault(tf, signo);
	trace_signal_send(signo, code, current->tid, TRACE_SENT_QUEUED);
}

/* The current task did something that ends in @signo, @code; @addr is what siginfo shows. */
static void fault_signal(struct trapframe *tf, int signo, int code, uint64_t addr)
{
	struct signal_info info = { .signo = signo, .code = code, .addr = addr };

	if (trace_any())
		trace_fault_signal(tf, signo, code);
	if (signal_is_fatal(signo))
		report_user_fault(tf, current->comm, current->tid, signo, code);
	signal_force(&info);
}

/*
 * The address without its tag: bits 63..56 are a copy of bit 55, as the translation sees it
 * (TCR_EL1.TBI0).
 */
static uint64_t untagged(uint64_t far)
{
	return far & SYSREG_BIT(55) ? far : far & ~SYSREG_FIELD(0xff, 56);
}

static enum vm_access access_of(uint64_t esr)
{
	if (ESR_EC(esr) == ESR_EC_IABT_LOW)
		return ACCESS_EXEC;
	/* cache maintenance reports itself as a write, and needs to read */
	return (esr & ESR_DABT_WnR) && !(esr & ESR_DABT_CM) ? ACCESS_WRITE : ACCESS_READ;
}

static bool resolvable(uint64_t esr)
{
	uint64_t type = ESR_FSC_TYPE(esr);

	return type == ESR_FSC_TRANSLATION || type == ESR_FSC_ACCESS || type == ESR_FSC_PERMISSION;
}

/* Brings the page in; when there is no memory for it, a process is killed first (task/oom.h). */
static enum fault_result bring_in(uint64_t addr, enum vm_access access)
{
	enum fault_result r;

	do
		r = mm_fault(current->mm, addr, access);
	while (r == FAULT_NOMEM && oom_wait());
	current->faults += r == FAULT_OK;
	return r;
}

static __attribute__((noinline)) void forget_branches(void)
{
	unsigned long flags = irq_save();

	spectre_forget_branches();
	irq_restore(flags);
}

static void el0_abort(struct trapframe *tf)
{
	uint64_t addr = untagged(tf->far);
	enum fault_result r;

	/* It may have jumped there to teach the core a branch of ours. */
	if (unlikely(addr >= USER_TOP))
		forget_branches();
	if (ESR_FSC(tf->esr) == ESR_FSC_ALIGNMENT) {
		fault_signal(tf, SIGBUS, BUS_ADRALN, tf->far);
		return;
	}
	if (!resolvable(tf->esr)) {
		fault_signal(tf, SIGBUS, BUS_OBJERR, tf->far);
		return;
	}
	r = bring_in(addr, access_of(tf->esr));
	if (likely(r == FAULT_OK)) {
		trace_fault(tf, 0);
		return;
	}
	switch (r) {
	case FAULT_OK: break;
	case FAULT_MAPERR: fault_signal(tf, SIGSEGV, SEGV_MAPERR, addr); break;
	case FAULT_ACCERR: fault_signal(tf, SIGSEGV, SEGV_ACCERR, addr); break;
	case FAULT_BUS: fault_signal(tf, SIGBUS, BUS_ADRERR, addr); break;
	case FAULT_NOMEM:
		if (!signal_pending_fatal()) /* pid 1 alone is left */
			fault_signal(tf, SIGKILL, SI_KERNEL, 0);
		break;
	}
}

/* An instruction that EL0 does not have, unless it was @emulated. */
static void el0_undefined(struct trapframe *tf, bool emulated)
{
	if (emulated)
		trace_fault(tf, 0);
	else
		fault_signal(tf, SIGILL, ILL_ILLOPC, tf->pc);
}

static void el0_fp_exception(struct trapframe *tf)
{
	static const uint8_t codes[] = { FPE_FLTINV, FPE_FLTDIV, FPE_FLTOVF, FPE_FLTUND,
					 FPE_FLTRES };
	uint64_t iss = ESR_ISS(tf->esr), which = iss & SYSREG_FIELD(0x1f, 0);

	/* TFV: the bits say which exceptions there were; the lowest is reported. */
	fault_signal(tf, SIGFPE,
		     iss & SYSREG_BIT(23) && which ? codes[__builtin_ctzl(which)] : FPE_FLTUNK,
		     tf->pc);
}

/* What is no abort. */
static __attribute__((noinline)) void el0_exception(struct trapframe *tf)
{
	switch (ESR_EC(tf->esr)) {
	case ESR_EC_UNKNOWN:
	/* reads of ID registers, which Linux lets EL0 make */
	case ESR_EC_SYS64: el0_undefined(tf, emulate_mrs(tf)); break;
	/* WFI traps: a program must not stop its core.  Linux goes on behind it. */
	case ESR_EC_WFX: el0_undefined(tf, emulate_wfi(tf)); break;
	case ESR_EC_PC_ALIGN:
	case ESR_EC_SP_ALIGN:
		fault_signal(tf, SIGBUS, BUS_ADRALN,
			     ESR_EC(tf->esr) == ESR_EC_SP_ALIGN ? tf->sp : tf->pc);
		break;
	case ESR_EC_BRK64: fault_signal(tf, SIGTRAP, TRAP_BRKPT, tf->pc); break;
	case ESR_EC_BREAKPT_LOW:
	case ESR_EC_WATCHPT_LOW: fault_signal(tf, SIGTRAP, TRAP_HWBKPT, tf->pc); break;
	case ESR_EC_SOFTSTP_LOW: fault_signal(tf, SIGTRAP, TRAP_TRACE, tf->pc); break;
	case ESR_EC_FP_EXC64: el0_fp_exception(tf); break;
	case ESR_EC_FPAC: fault_signal(tf, SIGILL, ILL_ILLOPN, tf->pc); break;
	/* FP and SVE and SME that are not granted, BTI, illegal state, what is new to us */
	default: fault_signal(tf, SIGILL, ILL_ILLOPC, tf->pc); break;
	}
}

void trap_el0_sync(struct trapframe *tf)
{
	uint64_t ec = ESR_EC(tf->esr);

	stretch_enter((uintptr_t)trap_el0_sync);
	trace_fault_enter(tf);
	irq_enable();
	if (likely(ec == ESR_EC_DABT_LOW || ec == ESR_EC_IABT_LOW))
		el0_abort(tf);
	else
		el0_exception(tf);
}

static void record_irq(void *tf, int irq)
{
	trace_irq_record(tf, irq);
}

/* What the handlers do, as to wake a task, is recorded behind the interrupt. */
static void serve_irqs(struct trapframe *tf)
{
	if (!trace_on(TRACE_IRQ)) {
		irq_dispatch();
		return;
	}
	trace_irq_stamp(tf);
	irq_dispatch_told(record_irq, tf);
}

void trap_el0_irq(struct trapframe *tf)
{
	stretch_enter((uintptr_t)trap_el0_irq);
	stretch_mask();
	this_cpu(irq_frame) = tf;
	/* It has jumped into our half, and the interrupt came before the fault. */
	if (unlikely(tf->pc >= USER_TOP))
		spectre_forget_branches();
	serve_irqs(tf);
}

/*
 * An SError that came while EL0 ran need not be that task's fault: it says that the machine is
 * broken.
 */
void trap_el0_serror(struct trapframe *tf)
{
	trap_unexpected(tf, SLOT_LOWER64 + SLOT_SERROR);
}

/* ---- EL1 itself ---- */

/* uaccess_refused_hook */
static void trace_refused(uint64_t address, uintptr_t pc, bool write)
{
	trace_copy(address, pc, 0, write ? TRACE_ACCESS_WRITE : TRACE_ACCESS_READ);
}

void trap_init(void)
{
	uaccess_refused_hook = trace_refused;
}

/*
 * A user access of the kernel (mm/uaccess_copy.S): the page is brought in, or the copy ends here.
 * False: no such access.
 */
static bool user_access(struct trapframe *tf)
{
	uintptr_t go_on = uaccess_fixup(tf->pc);
	uint64_t addr = untagged(tf->far);

	if (!go_on || addr >= USER_TOP || !current->mm)
		return false;
	if (!(tf->pstate & PSR_I))
		irq_enable();
	if (!resolvable(tf->esr) || bring_in(addr, access_of(tf->esr)) != FAULT_OK)
		tf->pc = go_on;
	irq_disable();
	return true;
}

/*
 * A user access has been dealt with.  If it was refused, @tf goes on behind it; the return address
 * of mm/uaccess_copy.S's functions, which call nothing, says who wanted it.
 */
static __attribute__((noinline)) void trace_access(struct trapframe *tf)
{
	if (uaccess_is_over(tf->pc))
		trace_copy(tf->far, tf->x[30], tf->esr,
			   access_of(tf->esr) == ACCESS_WRITE ? TRACE_ACCESS_WRITE
							      : TRACE_ACCESS_READ);
	trace_fault(tf, 0);
	trace_exit_kernel(tf, TRACE_FAULT);
}

void trap_el1_sync(struct trapframe *tf)
{
	stretch_mask();
	trace_fault_enter(tf);
	if (ESR_EC(tf->esr) != ESR_EC_DABT_CUR || !user_access(tf))
		die("Oops", tf);
	if (trace_any())
		trace_access(tf);
	if (!(tf->pstate & PSR_I))
		stretch_unmask();
}

void trap_el1_irq(struct trapframe *tf)
{
	struct spin_waiter waiter = spin_wait_suspend();
	uint64_t since = stretch_irq();

	this_cpu(irq_frame) = tf;
	serve_irqs(tf);
	trace_exit_kernel(tf, TRACE_IRQ);
	stretch_irq_done(since);
	spin_wait_resume(&waiter);
}

static const char *const slot_kind[] = { "synchronous exception", "IRQ", "FIQ", "SError" };

void trap_unexpected(struct trapframe *tf, unsigned int slot)
{
	static const char *const source[2][4] = {
		{ "EL1t", "EL1h", "EL0 (AArch64)", "EL0 (AArch32)" },
		{ "EL2t", "EL2h", "EL0 (AArch64)", "EL0 (AArch32)" }, /* newel.el2=vhe */
	};
	char what[64];

	snprintf(what, sizeof(what), "%s from %s", slot_kind[SLOT_KIND(slot)],
		 source[this_el() == 2][SLOT_FROM(slot)]);
	die(what, tf);
}

void trap_stack_overflow(struct trapframe *tf)
{
	stack_overflow(tf);
}

const struct task *trap_task_of_core(void)
{
	return sched_running(cpu_id());
}

void trap_beside_guest(struct trapframe *tf, unsigned int slot)
{
	char what[64];

	WRITE_SYSREG(hcr_el2, READ_SYSREG(hcr_el2) | HCR_TGE); /* EL0 and EL1 are the host's */
	isb();
	/*
	 * Below a stack there is nothing, and what was stored there is why we are here.  Of an
	 * interrupt or SError FAR says nothing.
	 */
	if (SLOT_KIND(slot) == SLOT_SYNC &&
	    ALIGN_DOWN(tf->far, STACK_SIZE) == (uintptr_t)current->stack - 2 * STACK_SIZE)
		stack_overflow(tf);
	snprintf(what, sizeof(what), "%s between host and guest", slot_kind[SLOT_KIND(slot)]);
	die(what, tf);
}
