/*
 * counters.c - /proc/counters: how often each core has crossed between exception levels since this
 * was loaded, by what made it cross and from which level to which.
 *
 * Counted by an observer of the trace (trace/observe.h), which turns on what shows the crossings,
 * and off again when it goes.  Invariant: a core's counts are written by that core alone, with
 * interrupts masked; a reader gets each count as it is at that moment, no two of one moment.
 */
#include "kmod/module.h"

#include "arm/sysreg.h"
#include "fs/proc/register.h"
#include "task/cores.h"
#include "trace/observe.h"

enum crossing { SVC, FAULT_EL0, FAULT_KERNEL, IRQ_EL0, IRQ_KERNEL, HVC, SMC, SCHED, NR_CROSSINGS };

/* The level that the kernel is at: 1, or 2 with newel.el2=vhe. */
#define KERNEL 0xff

static const struct {
	const char *kind;
	uint8_t from, to;
} rows[NR_CROSSINGS] = {
	[SVC] = { "svc", 0, KERNEL },
	[FAULT_EL0] = { "fault", 0, KERNEL },
	[FAULT_KERNEL] = { "fault", KERNEL, KERNEL },
	[IRQ_EL0] = { "irq", 0, KERNEL },
	[IRQ_KERNEL] = { "irq", KERNEL, KERNEL },
	[HVC] = { "hvc", KERNEL, 2 },
	[SMC] = { "smc", KERNEL, 3 },
	[SCHED] = { "sched", 0, 0 },
};

/* Each core's on lines of its own. */
static struct {
	uint64_t n[NR_CROSSINGS];
} __attribute__((aligned(64))) counts[NR_CPUS];

static int crossing_of(const struct trace_head *r)
{
	unsigned int from = TRACE_FROM(r->levels);

	switch (r->kind) {
	case TRACE_KIND_SVC: return SVC;
	case TRACE_KIND_FAULT: return from ? FAULT_KERNEL : FAULT_EL0;
	case TRACE_KIND_IRQ: return from ? IRQ_KERNEL : IRQ_EL0;
	case TRACE_KIND_CALL: return TRACE_TO(r->levels) == 3 ? SMC : HVC;
	case TRACE_KIND_SCHED: return SCHED;
	default: return -1; /* the way back of one that was counted */
	}
}

static void count(const struct trace_head *r)
{
	uint64_t *n = counts[cpu_id()].n;
	int which = crossing_of(r);

	if (which >= 0)
		WRITE_ONCE(n[which], n[which] + 1);
}

static unsigned int level_of(uint8_t side)
{
	return side == KERNEL ? this_el() : side;
}

static void show_row(struct proc_text *t, int i)
{
	if (rows[i].to)
		proc_printf(t, "%-6s EL%u->EL%u ", rows[i].kind, level_of(rows[i].from),
			    level_of(rows[i].to));
	else
		proc_printf(t, "%-6s %-9s", rows[i].kind, "-");
}

static int counters_show(struct proc_text *t, void *arg, uint64_t *at)
{
	proc_printf(t, "%-6s %-9s", "kind", "levels");
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		if (cores_online() & BIT(cpu))
			proc_printf(t, " %11s%u", "cpu", cpu);
	proc_puts(t, "\n");
	for (int i = 0; i < NR_CROSSINGS; i++) {
		show_row(t, i);
		for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
			if (cores_online() & BIT(cpu))
				proc_printf(t, " %12llu",
					    (unsigned long long)READ_ONCE(counts[cpu].n[i]));
		proc_puts(t, "\n");
	}
	return 0;
}

static struct proc_file counters_file = {
	.name = "counters",
	.mode = 0444,
	.show = counters_show,
	.owner = THIS_OWNER,
};

static struct trace_observer observer = { .what = TRACE_ALL, .fn = count };

static int __init counters_init(void)
{
	int err = proc_register(&counters_file);

	if (err)
		return err;
	err = trace_observe(&observer);
	if (err)
		proc_unregister(&counters_file);
	return err;
}

static void __exit counters_exit(void)
{
	trace_unobserve(&observer);
	proc_unregister(&counters_file);
}

module_init(counters_init);
module_exit(counters_exit);
MODULE_LICENSE("MIT");
MODULE_DESCRIPTION("/proc/counters: crossings between exception levels, by kind, level and core");
