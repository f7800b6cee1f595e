/*
 * panic.c - from an exception that EL1 cannot serve to the last line on the console.
 *
 * Comes from el1/trap.c and el1/vectors.S, or from panic() and CHECK() anywhere; log/panic.c
 * decides the order: stop_others, the message, dump, reset.  Invariant: from stop_others() on only
 * one core runs.
 */
#include "el1/panic.h"

#include "arm/counter.h"
#include "arm/spinlock.h"
#include "drivers/irq.h"
#include "drivers/reset.h"
#include "drivers/uart.h"
#include "el1/dump.h"
#include "el1/dump_trace.h"
#include "el1/earlycon.h"
#include "el1/waiting.h"
#include "log/ksym.h"
#include "log/panic.h"
#include "mm/layout.h"
#include "task/cores.h"
#include "task/sched.h"
#include "task/task.h"
#include "trace/esr.h"

/* For the others to take the interrupt; a core that masks it never will. */
#define STOP_PATIENCE_NS UINT64_C(200000000)

/* What a core that was stopped was doing. */
struct stopped {
	uint64_t pc, fp;
	const struct task *task;
	bool done;
};
static struct stopped stopped[NR_CPUS];

/* IPI_STOP. */
static void stop_this_core(void *arg __attribute__((unused)))
{
	struct stopped *s = &stopped[cpu_id()];

	s->pc = (uint64_t)__builtin_return_address(0);
	s->fp = *(uint64_t *)__builtin_frame_address(0);
	s->task = current;
	/* After what it was doing is stored: the dump reads that once it sees done. */
	store_release(&s->done, true);
	machine_halt();
}

static uint64_t other_cores(void)
{
	return cores_online() & ~BIT(cpu_id());
}

static uint64_t not_stopped(void)
{
	uint64_t cores = other_cores();

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		if (load_acquire(&stopped[cpu].done))
			cores &= ~BIT(cpu);
	return cores;
}

static void stop_others(void)
{
	uint64_t start = counter_read();

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		if (other_cores() & BIT(cpu))
			irq_send_ipi(cpu, IPI_STOP);
	/*
	 * Not for ever: a core that has interrupts masked, perhaps waiting for a lock of ours,
	 * never answers.
	 */
	while (not_stopped() && counter_to_ns(counter_read() - start) < STOP_PATIENCE_NS)
		cpu_relax();
	uart_panic_mode();
}

static void dump_stopped(unsigned int cpu, const struct stopped *s)
{
	if (!s->done) {
		pr_emerg("CPU: %u did not stop: it has interrupts masked", cpu);
		return;
	}
	dump_who(cpu, s->task);
	dump_backtrace(s->pc, 0, s->fp, s->task);
}

static void dump(const struct trapframe *tf)
{
	if (tf) {
		dump_oops(tf);
	} else {
		dump_modules();
		dump_who(cpu_id(), current);
		dump_backtrace((uintptr_t)__builtin_return_address(0), 0,
			       *(uintptr_t *)__builtin_frame_address(0), current);
	}
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		if (other_cores() & BIT(cpu))
			dump_stopped(cpu, &stopped[cpu]);
	dump_trace(cpu_id());
	blink_panic(!panic_seconds());
}

static const struct panic_ops ops = {
	.stop_others = stop_others,
	.dump = dump,
	.reset = machine_fail,
};

void panic_init(void)
{
	irq_register_ipi(IPI_STOP, stop_this_core);
	panic_set_ops(&ops);
	waiting_init();
}

/* Module code at @pc would sleep, and holds what lies in x0 (arm/might_sleep.h). */
static __noreturn void die_asleep(const struct trapframe *tf, const char *pc)
{
	const struct module_lock *held = (const struct module_lock *)tf->x[0];
	/* The name is the module's: where that is gone nothing knows the place any more. */
	bool known = ksym_lookup(held->pc, NULL, NULL);
	char taken[KSYM_TEXT_MAX];

	if (!held->lock)
		panic_at(tf, "sleep with interrupts masked: task %.*s, pc %s",
			 (int)sizeof(current->comm), current->comm, pc);
	dump_symbol(taken, sizeof(taken), held->pc);
	panic_at(tf, "sleep under a lock: task %.*s holds %s, taken at %s, pc %s",
		 (int)sizeof(current->comm), current->comm, known ? held->name : "one", taken, pc);
}

void die(const char *what, struct trapframe *tf)
{
	const char *reason = dump_fault_reason(tf);
	uint32_t brk = ESR_EC(tf->esr) == ESR_EC_BRK64 ? ESR_BRK_IMM(tf->esr) : 0;
	char words[ESR_TEXT_MAX], pc[KSYM_TEXT_MAX];

	/* The task must not be switched off this core in the middle of its own end. */
	irq_disable();
	dump_symbol(pc, sizeof(pc), tf->pc);
	if (brk == BRK_NOT_HELD)
		panic_at(tf, "not held: %s, pc %s", (const char *)tf->x[0], pc);
	if (brk == BRK_SLEEPS)
		die_asleep(tf, pc);
	if (brk == BRK_DEADLOCK) {
		char circle[512]; /* all its cores may find it at once: only the first reports it */

		waiting_describe(circle, sizeof(circle));
		panic_at(tf, "deadlock: %s", circle);
	}
	if (reason)
		panic_at(tf, "%s: %s at %016lx, pc %s", what, reason, tf->far, pc);
	esr_describe(words, sizeof(words), tf->esr);
	panic_at(tf, "%s: %s, pc %s", what, words, pc);
}

void stack_overflow(struct trapframe *tf)
{
	/* A stack is the upper half of its slot (mm/kmap.c), and SP has not left the slot. */
	uintptr_t top = ALIGN_DOWN(tf->sp, 2 * STACK_SIZE) + 2 * STACK_SIZE;

	irq_disable();
	panic_at(tf, "kernel stack overflow: sp %016lx, stack [%016lx..%016lx]", tf->sp,
		 top - STACK_SIZE, top);
}
