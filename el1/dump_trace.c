/*
 * dump_trace.c - the last crossings before a panic, out of the rings of the trace.
 *
 * Called by el1/panic.c as the last part of the dump: what goes wrong here hides nothing else.
 * Invariant: a ring may be half way through anything, or overwritten by what caused the panic: its
 * pages are asked for by el1/probe.h, and a record is looked at only as far as its page says.
 */
#include "el1/dump_trace.h"

#include "arm/counter.h"
#include "el1/probe.h"
#include "lib/printf.h"
#include "log/ksym.h"
#include "log/printk.h"
#include "mm/layout.h"
#include "trace/chunk.h"
#include "trace/format.h"
#include "trace/ring.h"
#include "trace/trace.h"

#define MANY DUMP_TRACE_RECORDS

/* The last records of a core, the oldest at nr % MANY if there are as many, else at 0. */
struct tail {
	const struct trace_head *record[MANY];
	size_t nr; /* that were put into it, one over another */
};

/* Not on the stack: it may be the emergency one.  One core runs. */
static struct tail tails[NR_CPUS];
static char line[TRACE_LINE_MAX + KSYM_TEXT_MAX + 8];

/* ---- gathering ---- */

static bool can_be_read(const void *p)
{
	uint64_t v;

	return probe_u64(ALIGN_DOWN((uintptr_t)p, sizeof(v)), &v);
}

/* The @back-th newest page of @cpu's ring, if there is one that can be read. */
static bool peek_page(unsigned int cpu, unsigned int back, struct ring_piece *p)
{
	const struct trace_ring *ring = &per_cpu(trace_ring, cpu);
	const struct trace_page *page;
	struct trace_page **slot;

	if (back >= ring->nr_pages)
		return false;
	slot = &ring->pages[(ring->at + (uint64_t)ring->nr_pages - back) % ring->nr_pages];
	if (!can_be_read(slot))
		return false;
	page = *slot;
	return IS_ALIGNED((uintptr_t)page, sizeof(uint64_t)) && can_be_read(page) &&
	       can_be_read((const char *)page + TRACE_PAGE_SIZE - 1) && ring_peek(cpu, back, p);
}

static void add_records(struct tail *t, const struct ring_piece *p)
{
	size_t bytes;

	for (size_t at = 0; at < p->bytes; at += bytes) {
		const struct trace_head *r = (const void *)((const char *)p->data + at);

		bytes = trace_record_bytes(r, p->bytes - at);
		if (!bytes)
			return;
		t->record[t->nr++ % MANY] = r;
	}
}

/* The last records of @cpu: back to the page from which on there are enough, and forward again. */
static void gather_tail(unsigned int cpu, struct tail *t)
{
	struct ring_piece p;
	unsigned int back = 0;
	uint32_t have = 0;

	t->nr = 0;
	while (have < MANY && peek_page(cpu, back, &p)) {
		have += p.records;
		back++;
	}
	while (back-- > 0)
		if (peek_page(cpu, back, &p))
			add_records(t, &p);
}

static size_t kept(const struct tail *t)
{
	return min(t->nr, (size_t)MANY);
}

/* The @back-th record from the end, 0: the last; @back < kept(t). */
static const struct trace_head *from_end(const struct tail *t, size_t back)
{
	return t->record[(t->nr - 1 - back) % MANY];
}

/* ---- printing ---- */

/* Behind the line: what function of the kernel or of a module a crossing of EL1's was in. */
static void add_symbol(char *buf, size_t n, const struct trace_head *r)
{
	/* Each crossing's fields begin with elr. */
	uint64_t elr = r->kind <= TRACE_KIND_LEVEL ? ((const struct trace_irq *)r)->elr : 0;
	char symbol[KSYM_TEXT_MAX];

	if (elr < LINEAR_BASE || !ksym_lookup(elr, NULL, NULL))
		return;
	ksym_describe(symbol, sizeof(symbol), elr, 0);
	scnprintf(buf, n, " (%s)", symbol);
}

static void print_tail_record(unsigned int cpu, const struct trace_head *r)
{
	uint64_t ns = log_time_of(r->ticks);
	struct trace_place at = { .cpu = cpu, .ns = ns, .hz = READ_SYSREG(cntfrq_el0) };
	int n = trace_format(line, TRACE_LINE_MAX, r, r->words * sizeof(uint64_t), &at);

	add_symbol(line + n, sizeof(line) - (size_t)n, r);
	pr_emerg(" %s", line);
}

static void print_tail(unsigned int cpu)
{
	const struct tail *t = &tails[cpu];

	pr_emerg("The last %zu records of CPU %u:", kept(t), cpu);
	for (size_t back = kept(t); back-- > 0;)
		print_tail_record(cpu, from_end(t, back));
}

/* Whose record comes before those that were taken[] from the ends: the latest; NR_CPUS: none. */
static unsigned int latest(const size_t *taken)
{
	unsigned int best = NR_CPUS;

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		if (taken[cpu] < kept(&tails[cpu]) &&
		    (best == NR_CPUS || from_end(&tails[cpu], taken[cpu])->ticks >
						from_end(&tails[best], taken[best])->ticks))
			best = cpu;
	return best;
}

/*
 * The last of all cores, unless all of them are those of @cpu that have been printed.
 */
static void print_merged(unsigned int cpu)
{
	size_t taken[NR_CPUS] = { 0 }, n = 0;
	uint8_t whose[MANY];
	unsigned int next;

	/* From the end: the latest of all, the one before it ...; and then in the order of time. */
	for (; n < MANY && (next = latest(taken)) < NR_CPUS; n++) {
		whose[n] = (uint8_t)next;
		taken[next]++;
	}
	if (taken[cpu] == n) {
		pr_emerg("No other CPU has made one of the last %zu of all", n);
		return;
	}
	pr_emerg("The last %zu records of all CPUs:", n);
	while (n-- > 0)
		print_tail_record(whose[n], from_end(&tails[whose[n]], --taken[whose[n]]));
}

/* Were they printed as they were made, so that they stand above the dump? */
static bool are_on_console(void)
{
	return !(trace_kinds() & TRACE_QUIET) && log_console_level() > LOG_INFO;
}

void dump_trace(unsigned int cpu)
{
	unsigned int with = 0;

	for (unsigned int i = 0; i < NR_CPUS; i++) {
		/* A core that never started has no copy of its own: it would be the first one's. */
		if (i && !percpu_offset[i])
			continue;
		gather_tail(i, &tails[i]);
		with += tails[i].nr > 0;
	}
	if (!with) {
		pr_emerg(
			"No record of the crossings before it: trace=all,ring on the command line, "
			"or /sys/kernel/newel/trace/kinds, keeps them");
		return;
	}
	if (are_on_console())
		return;
	if (tails[cpu].nr)
		print_tail(cpu);
	if (with > 1 || !tails[cpu].nr)
		print_merged(cpu);
}
