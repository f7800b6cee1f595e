/*
 * tally.c - see tally.h.
 *
 * Comes from an observer of the trace (el1/counters.c).  Invariant: no lock, no loop, and each
 * count is one aligned word, so that whoever reads meanwhile finds it as it was or as it is.
 */
#include "trace/tally.h"

#include "arm/atomic.h"
#include "arm/sysreg.h"

static const struct {
	const char *name;
	uint8_t from, to;
} kinds[TALLY_KINDS] = {
	[TALLY_SVC] = { "svc", 0, 1 },	       [TALLY_FAULT_EL0] = { "fault", 0, 1 },
	[TALLY_FAULT_EL1] = { "fault", 1, 1 }, [TALLY_IRQ_EL0] = { "irq", 0, 1 },
	[TALLY_IRQ_EL1] = { "irq", 1, 1 },     [TALLY_HVC] = { "hvc", 1, 2 },
	[TALLY_SMC] = { "smc", 1, 3 },	       [TALLY_EL2] = { "trap", 1, 2 },
	[TALLY_EL3] = { "trap", 1, 3 },
};

const char *tally_kind_name(enum tally_kind kind)
{
	return kinds[kind].name;
}

unsigned int tally_kind_from(enum tally_kind kind)
{
	return kinds[kind].from;
}

unsigned int tally_kind_to(enum tally_kind kind)
{
	return kinds[kind].to;
}

/* ---- counting ---- */

static void add_to(uint64_t *count, uint64_t n)
{
	WRITE_ONCE(*count, *count + n);
}

static void measure_time(struct measure *m, uint64_t ns)
{
	add_to(&m->sum_ns, ns);
	if (ns > m->max_ns)
		WRITE_ONCE(m->max_ns, ns);
	add_to(&m->times[counters_bucket(ns)], 1);
}

static unsigned int call_index(uint32_t nr)
{
	return nr < TALLY_CALLS ? nr : TALLY_CALLS - 1;
}

static void count_return(struct tally *t, const struct trace_return *r,
			 uint64_t (*to_ns)(uint64_t ticks))
{
	bool el0 = TRACE_TO(r->head.levels) == 0;
	enum tally_kind kind;
	uint64_t ns;

	if (!r->since)
		return;
	ns = to_ns(r->head.ticks - r->since);
	switch (r->cause) {
	case TRACE_KIND_SVC:
		measure_time(tally_call(t, call_index((uint32_t)r->nr)), ns);
		kind = TALLY_SVC;
		break;
	case TRACE_KIND_FAULT: kind = el0 ? TALLY_FAULT_EL0 : TALLY_FAULT_EL1; break;
	case TRACE_KIND_IRQ: kind = el0 ? TALLY_IRQ_EL0 : TALLY_IRQ_EL1; break;
	default: return;
	}
	measure_time(&t->of[kind], ns);
}

static void count_irq(struct tally *t, const struct trace_irq *r)
{
	add_to(&t->entries[TRACE_FROM(r->head.levels) ? TALLY_IRQ_EL1 : TALLY_IRQ_EL0], 1);
	if ((uint32_t)r->nr < TALLY_IRQS)
		add_to(tally_irq(t, (uint32_t)r->nr), 1);
}

/* The core does nothing else until the level above has answered, but for interrupts. */
static void count_call_return(struct tally *t, const struct trace_call_return *r,
			      uint64_t (*to_ns)(uint64_t ticks))
{
	uint64_t since = r->since ? r->since : t->called_up;

	t->called_up = 0;
	if (since)
		measure_time(&t->of[r->head.slot & TRACE_BY_SMC ? TALLY_SMC : TALLY_HVC],
			     to_ns(r->head.ticks - since));
}

/* Of what a level above has done: only what no CALL told of, which counts there. */
static void count_level(struct tally *t, const struct trace_level *r,
			uint64_t (*to_ns)(uint64_t ticks))
{
	enum tally_kind kind = TRACE_TO(r->head.levels) == 3 ? TALLY_EL3 : TALLY_EL2;

	if (r->did & TRACE_LEVEL_SEEN)
		return;
	if ((r->did & ~TRACE_LEVEL_SEEN) == TRACE_LEVEL_LOST) {
		add_to(&t->entries[kind], (uint64_t)r->answer);
		return;
	}
	add_to(&t->entries[kind], 1);
	if (r->until)
		measure_time(&t->of[kind], to_ns(r->until - r->head.ticks));
}

void tally_count(struct tally *t, const struct trace_head *r, uint64_t (*to_ns)(uint64_t ticks))
{
	switch (r->kind) {
	case TRACE_KIND_SVC:
		add_to(&t->entries[TALLY_SVC], 1);
		add_to(&t->called[call_index(((const struct trace_svc *)r)->nr)], 1);
		break;
	case TRACE_KIND_FAULT:
		add_to(&t->entries[TRACE_FROM(r->levels) ? TALLY_FAULT_EL1 : TALLY_FAULT_EL0], 1);
		break;
	case TRACE_KIND_IRQ: count_irq(t, (const struct trace_irq *)r); break;
	case TRACE_KIND_RETURN: count_return(t, (const struct trace_return *)r, to_ns); break;
	case TRACE_KIND_CALL:
		add_to(&t->entries[ESR_EC(((const struct trace_call *)r)->esr) == ESR_EC_HVC64
					   ? TALLY_HVC
					   : TALLY_SMC],
		       1);
		t->called_up = r->ticks;
		break;
	case TRACE_KIND_CALL_RETURN:
		count_call_return(t, (const struct trace_call_return *)r, to_ns);
		break;
	case TRACE_KIND_LEVEL: count_level(t, (const struct trace_level *)r, to_ns); break;
	default: break;
	}
}

/* ---- reading ---- */

void measure_add(struct measure *to, const struct measure *from)
{
	uint64_t max_ns = READ_ONCE(from->max_ns);

	to->sum_ns += READ_ONCE(from->sum_ns);
	to->max_ns = max(to->max_ns, max_ns);
	for (unsigned int b = 0; b < COUNTERS_BUCKETS; b++)
		to->times[b] += READ_ONCE(from->times[b]);
}

uint64_t measure_count(const struct measure *m)
{
	uint64_t n = 0;

	for (unsigned int b = 0; b < COUNTERS_BUCKETS; b++)
		n += READ_ONCE(m->times[b]);
	return n;
}
