/*
 * levels.c - see levels.h.
 *
 * Invariant: a core reads its own ring alone, with interrupts masked, so nothing is written there
 * meanwhile.  What is in it is believed to be no more than numbers: their end is a record.
 */
#include "trace/levels.h"

#include "arm/irqflags.h"
#include "arm/level_notes.h"
#include "arm/undef.h"

#define FIRST_LEVEL 2

static const volatile struct level_ring *rings[2]; /* of EL2 and EL3; NULL: not yet */
/* Of EL2 and EL3: how many of this core's notes were taken. */
static DEFINE_PERCPU(uint64_t[2], taken_notes);

static unsigned int smc_level = 3;

void trace_levels_init(const struct level_ring *el2, const struct level_ring *el3, bool smc_traps)
{
	rings[0] = el2;
	rings[1] = el3;
	smc_level = smc_traps ? 2 : 3;
}

unsigned int trace_smc_level(void)
{
	return smc_level;
}

void trace_levels_begin(unsigned int level)
{
	int slot = mpidr_slot(READ_SYSREG(mpidr_el1));

	if (rings[0] && slot >= 0)
		this_cpu(taken_notes)[level - FIRST_LEVEL] =
			rings[level - FIRST_LEVEL][slot].written;
}

static unsigned int level_before(uint64_t spsr)
{
	if (spsr & PSR_nRW) /* AArch32: no user mode is EL1's */
		return (spsr & 0xf) != 0;
	return spsr >> 2 & 3;
}

static bool is_call(uint64_t esr)
{
	switch (ESR_EC(esr)) {
	case ESR_EC_HVC64:
	case ESR_EC_SMC64:
	case ESR_EC_SMC32: return true;
	default: return false;
	}
}

/* @did: TRACE_LEVEL_SEEN, or 0. */
static void record_note(int32_t pid, unsigned int level, const volatile struct level_note *n,
			uint32_t did)
{
	struct trace_level r = {
		.head = { .ticks = n->came,
			  .kind = TRACE_KIND_LEVEL,
			  .words = sizeof(r) / sizeof(uint64_t),
			  .levels = (uint8_t)TRACE_LEVELS(level_before(n->spsr), level),
			  .slot = (uint8_t)(lower_sync_slot(n->spsr) | (did ? 0 : TRACE_LATE)) },
		.elr = n->elr,
		.esr = n->esr,
		.answer = (int64_t)n->answer,
		.until = n->left,
		.fn = is_call(n->esr) ? n->fn : 0,
		.did = did | (n->bounced ? TRACE_LEVEL_BOUNCED : TRACE_LEVEL_ANSWERED),
	};

	trace_put_as(pid, &r.head);
}

static void record_lost(int32_t pid, unsigned int level, uint64_t lost)
{
	struct trace_level r = { TRACE_HEAD(LEVEL, level), .answer = (int64_t)lost,
				 .did = TRACE_LEVEL_LOST };

	r.head.levels = (uint8_t)TRACE_LEVELS(this_el(), level);
	trace_put_as(pid, &r.head);
}

/* A level's ring of this core. */
struct source {
	unsigned int level;
	const volatile struct level_ring *ring;
	uint64_t *taken; /* of the `written` that there are now */
	uint64_t written;
};

static struct source source_of(unsigned int level, int slot)
{
	unsigned int i = level - FIRST_LEVEL;
	const volatile struct level_ring *ring = &rings[i][slot];

	return (struct source){ level, ring, &this_cpu(taken_notes)[i], ring->written };
}

static void skip_lost(int32_t pid, const struct source *s)
{
	if (s->written - *s->taken <= LEVEL_NOTES)
		return;
	record_lost(pid, s->level, s->written - *s->taken - LEVEL_NOTES);
	*s->taken = s->written - LEVEL_NOTES;
}

static const volatile struct level_note *next_note(const struct source *s)
{
	return *s->taken < s->written ? &s->ring->note[*s->taken % LEVEL_NOTES] : NULL;
}

/* The one whose next note is the older; NULL: there are none. */
static const struct source *older(const struct source *a, const struct source *b)
{
	const volatile struct level_note *na = next_note(a), *nb = next_note(b);

	if (na && (!nb || na->came <= nb->came))
		return a;
	return nb ? b : NULL;
}

void trace_levels_take(int32_t pid, unsigned int called, uint64_t since)
{
	int slot = mpidr_slot(READ_SYSREG(mpidr_el1));
	struct source el2, el3;
	const struct source *s;
	unsigned long flags;

	if (!rings[0] || slot < 0)
		return;
	/* An interrupt's own call, fault or switch would take what we are taking. */
	flags = irq_save();
	el2 = source_of(2, slot);
	el3 = source_of(3, slot);
	skip_lost(pid, &el2);
	skip_lost(pid, &el3);
	while ((s = older(&el2, &el3))) {
		const volatile struct level_note *n = next_note(s);
		/* Its level may not note yet: then the last note is another's, and older. */
		bool seen = called == s->level && *s->taken + 1 == s->written && n->came >= since;

		record_note(pid, s->level, n, seen ? TRACE_LEVEL_SEEN : 0);
		++*s->taken;
	}
	irq_restore(flags);
}
