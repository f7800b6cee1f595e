/*
 * trap.c - what comes up to EL2: calls, which are answered; traps, which are refused; anything
 * else, which is reported by name and ends this core.
 *
 * Invariant: nothing EL1 or EL0 executes can bring a core to a stop here.
 */
#include "el2/el2.h"
#include "el2/guest.h"
#include "el2/run.h"

#include "arm/level_calls.h"
#include "arm/level_notes.h"
#include "arm/rawreport.h"
#include "arm/undef.h"

struct rawuart el2_uarts[RAWUARTS];
LEVEL_RINGS volatile struct level_ring el2_rings[MPIDR_SLOTS];

/* From its next exception on, this core is to note what comes, or not.  Return: x0. */
static int64_t el2_note(uint64_t on)
{
	if (on > 1)
		return SMCCC_INVALID_PARAMETER;
	WRITE_SYSREG(vbar_el2, level_table(READ_SYSREG(vbar_el2), on));
	isb();
	return SMCCC_SUCCESS;
}

static int64_t serve_hvc(const struct resident_frame *f)
{
	uint32_t fn = (uint32_t)f->x[0];

	switch (fn) {
	case NEWEL_HVC_VERSION: return NEWEL_LEVELS_VERSION;
	case NEWEL_HVC_CURRENTEL: return (int64_t)READ_SYSREG(CurrentEL);
	case NEWEL_HVC_NOTE: return el2_note(f->x[1]);
	default: return el2_guest_call(fn, f->x); /* PSCI is none of them: its conduit is SMC */
	}
}

static void report_to_uarts(unsigned int slot)
{
	const struct rawreport r = RAWREPORT(el2, slot);

	for (unsigned int i = 0; i < RAWUARTS; i++)
		rawreport_print(&el2_uarts[i], &r);
}

void el2_unexpected(unsigned int slot)
{
	report_to_uarts(slot);
	for (;;)
		wfi();
}

void el2_sync_lower(struct resident_frame *f)
{
	static bool said; /* a program could make the line scroll for ever */
	unsigned int slot = lower_sync_slot(READ_SYSREG(spsr_el2));
	struct undef_target t;

	if (READ_SYSREG(esr_el2) == ESR_EL2_RUN) { /* by the table that notes: see vectors.S */
		f->x[0] = (uint64_t)el2_guest_run(f->x[0]);
		return;
	}
	if (ESR_EC(READ_SYSREG(esr_el2)) == ESR_EC_HVC64) {
		f->x[0] = (uint64_t)serve_hvc(f);
		return;
	}
	if (!undef_to_el1(&t, READ_SYSREG(elr_el2), READ_SYSREG(spsr_el2)))
		el2_unexpected(slot);
	if (!said)
		report_to_uarts(slot);
	said = true;
	WRITE_SYSREG(elr_el2, t.pc);
	WRITE_SYSREG(spsr_el2, t.pstate);
}

void el2_sync_lower_noting(struct resident_frame *f)
{
	static uint64_t written[MPIDR_SLOTS]; /* each by its core */
	volatile struct level_note *n =
		level_note_begin(el2_rings, written, f, READ_SYSREG(esr_el2), READ_SYSREG(elr_el2),
				 READ_SYSREG(spsr_el2));

	el2_sync_lower(f);
	level_note_end(n, f, READ_SYSREG(elr_el2));
}
