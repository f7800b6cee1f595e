/*
 * tally.h - what one core has counted of the trace's records: crossings, and how long they took.
 *
 * Pure but for the memory, which the owner gives; host too.
 */
#pragma once

#include "abi/counters.h"
#include "abi/trace_stream.h"
#include "lib/util.h"

/* What leads from one level to another. */
enum tally_kind {
	TALLY_SVC,
	TALLY_FAULT_EL0,
	TALLY_FAULT_EL1,
	TALLY_IRQ_EL0,
	TALLY_IRQ_EL1,
	TALLY_HVC,
	TALLY_SMC,
	TALLY_EL2, /* noted there alone: trapped, or called by what the trace does not see */
	TALLY_EL3,
	TALLY_KINDS,
	TALLY_NONE = TALLY_KINDS
};

/* How long what had an end took. */
struct measure {
	uint64_t sum_ns, max_ns;
	uint64_t times[COUNTERS_BUCKETS];
};

/* The table of calls, by number; what is beyond counts as the last. */
#define TALLY_CALLS	 512
#define TALLY_PAGE	 4096
#define TALLY_CALLS_PAGE (TALLY_PAGE / sizeof(struct measure))
#define TALLY_IRQS_PAGE	 (TALLY_PAGE / sizeof(uint64_t))
#define TALLY_IRQS	 (2 * TALLY_IRQS_PAGE)
#define TALLY_PAGES	 (1 + TALLY_CALLS / TALLY_CALLS_PAGE + TALLY_IRQS / TALLY_IRQS_PAGE)
_Static_assert(TALLY_CALLS % TALLY_CALLS_PAGE == 0, "calls fill their pages");

/* One core's.  Written by that core alone, with interrupts masked; read by any (READ_ONCE). */
struct tally {
	uint64_t entries[TALLY_KINDS];
	struct measure of[TALLY_KINDS];
	uint64_t called_up; /* in ticks, of the call to EL2 or EL3 that has not returned; 0: none */
	/* A page of zeros each, the owner's. */
	union {
		void *pages[TALLY_PAGES];
		struct {
			uint64_t *called; /* entries, by call */
			struct measure *calls[TALLY_CALLS / TALLY_CALLS_PAGE];
			uint64_t *irqs[TALLY_IRQS / TALLY_IRQS_PAGE];
		};
	};
};
_Static_assert(sizeof(struct tally) <= TALLY_PAGE, "a page");

/*
 * tally_count - @r, of this core, counts in @t.  @to_ns: of ticks.  A return whose entry was not
 * seen has no time, and counts nowhere.
 */
void tally_count(struct tally *t, const struct trace_head *r, uint64_t (*to_ns)(uint64_t ticks));

/* tally_kind_name - "svc"; and its levels. */
const char *tally_kind_name(enum tally_kind kind);
unsigned int tally_kind_from(enum tally_kind kind);
unsigned int tally_kind_to(enum tally_kind kind);

/* tally_call - how long call @nr took. */
static inline struct measure *tally_call(const struct tally *t, unsigned int nr)
{
	return &t->calls[nr / TALLY_CALLS_PAGE][nr % TALLY_CALLS_PAGE];
}

static inline uint64_t *tally_irq(const struct tally *t, unsigned int nr)
{
	return &t->irqs[nr / TALLY_IRQS_PAGE][nr % TALLY_IRQS_PAGE];
}

/* measure_add - what @from, of another core that may be counting, has besides; sum: @to's own. */
void measure_add(struct measure *to, const struct measure *from);
/* measure_count - how many times there are in it. */
uint64_t measure_count(const struct measure *m);
