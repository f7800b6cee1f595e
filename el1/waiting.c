/*
 * waiting.c - which core waits for whose spin lock, in words: a warning for a long wait, the
 * panic's message for a circle.
 *
 * Comes from arm/spinlock.c, which knows what is a circle and what is only slow.  Invariant:
 * nothing here waits for a lock that the caller waits for.
 */
#include "el1/waiting.h"

#include "arm/counter.h"
#include "drivers/irq.h"
#include "drivers/uart.h"
#include "el1/dump.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "log/ksym.h"
#include "task/pid.h"
#include "task/sched.h"
#include "task/task.h"

/*
 * For a core to say where it is; one that masks interrupts does not, nor one that its host has
 * stopped.
 */
#define ANSWER_NS UINT64_C(200000000)

#define PLACE_MAX KSYM_TEXT_MAX

/* What a core has answered last; written by itself. */
struct place {
	uintptr_t pc;
	pid_t tid;
	char comm[sizeof(((struct task *)0)->comm)];
	uint32_t answers;
};
static struct place places[NR_CPUS];

DEFINE_PERCPU(const struct trapframe *, irq_frame);

/* IPI_WHERE. */
static void say_place(void *arg)
{
	struct place *p = &places[cpu_id()];

	p->pc = this_cpu(irq_frame)->pc;
	p->tid = current->tid;
	strlcpy(p->comm, current->comm, sizeof(p->comm));
	/* Last: the core that asked waits for the number, and then reads the rest. */
	store_release(&p->answers, p->answers + 1);
}

static uint32_t running(unsigned int cpu)
{
	return cpu == cpu_id() ? (uint32_t)(uintptr_t)current
			       : (uint32_t)(uintptr_t)sched_running(cpu);
}

static bool ask_core(unsigned int cpu)
{
	uint32_t before = load_acquire(&places[cpu].answers);
	uint64_t start = counter_read();

	irq_send_ipi(cpu, IPI_WHERE);
	while (load_acquire(&places[cpu].answers) == before)
		/* Given up: the core has interrupts masked, or its host has stopped it. */
		if (counter_to_ns(counter_read() - start) > ANSWER_NS)
			return false;
	return true;
}

static void warn_of_holder(unsigned int cpu)
{
	struct spin_waiter w;
	char pc[PLACE_MAX];

	if (cpu == NR_CPUS) {
		pr_warn("spin lock: its holder is not known: it changes hands");
		return;
	}
	if (cpu != cpu_id() && ask_core(cpu)) {
		const struct place *p = &places[cpu];

		dump_symbol(pc, sizeof(pc), p->pc);
		pr_warn("spin lock: cpu %u, which holds it, is at %s, in %s[%d]", cpu, pc, p->comm,
			p->tid);
		return;
	}
	w = spin_waiting(cpu);
	dump_symbol(pc, sizeof(pc), w.pc);
	if (w.lock)
		pr_warn("spin lock: cpu %u, which holds it, waits itself at %s for the one at "
			"%016lx",
			cpu, pc, (uintptr_t)w.lock);
	else
		pr_warn("spin lock: cpu %u, which holds it, does not answer: it has interrupts "
			"masked, or does not run",
			cpu);
}

static void warn_of_wait(const struct spin_waiter *w)
{
	char pc[PLACE_MAX];

	/* The warning itself would need this lock: it is counted instead. */
	if (log_uses(w->lock) || uart_uses(w->lock)) {
		log_lost();
		return;
	}
	dump_symbol(pc, sizeof(pc), w->pc);
	pr_warn("spin lock: cpu %u has waited for %u s at %s for the one at %016lx", cpu_id(),
		SPIN_PATIENCE, pc, (uintptr_t)w->lock);
	warn_of_holder(spin_holder(w->lock));
}

void waiting_describe(char *buf, size_t n)
{
	unsigned int cpu = cpu_id();
	size_t at = (size_t)scnprintf(buf, n, "cpu %u", cpu);

	for (unsigned int i = 0; i < NR_CPUS; i++) {
		struct spin_waiter w = spin_waiting(cpu);
		char pc[PLACE_MAX];

		if (!w.lock)
			return;
		cpu = spin_holder(w.lock);
		dump_symbol(pc, sizeof(pc), w.pc);
		at += (size_t)scnprintf(buf + at, n - at,
					" waits at %s for the spin lock at %016lx", pc,
					(uintptr_t)w.lock);
		if (cpu == NR_CPUS)
			return;
		at += (size_t)scnprintf(buf + at, n - at, ", which cpu %u holds", cpu);
		if (cpu == cpu_id())
			return;
		at += (size_t)scnprintf(buf + at, n - at, ", which");
	}
}

static const struct spin_ops ops = { .running = running, .slow = warn_of_wait };

void waiting_init(void)
{
	irq_register_ipi(IPI_WHERE, say_place);
	spin_ops = &ops;
}
