/*
 * trap.c - what comes up to EL2: calls, which are answered; accesses to memory that is not the
 * host's, and traps, which are refused; anything else, which is reported by name and ends this
 * core.
 *
 * Invariant: nothing EL1 or EL0 executes can bring a core to a stop here.
 */
#include "el2/el2.h"
#include "el2/board.h"
#include "el2/guest.h"
#include "el2/host.h"
#include "el2/run.h"
#include "el2/smc.h"

#include "arm/level_calls.h"
#include "arm/level_notes.h"
#include "arm/rawreport.h"
#include "arm/undef.h"

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
	case NEWEL_HVC_ARENA: return el2_set_arena(f->x[1], f->x[2]);
	case NEWEL_HVC_SEAL_KERNEL: return el2_seal_kernel();
	case NEWEL_HVC_SEAL: return el2_seal_module(f->x[1], f->x[2], f->x[3]);
	case NEWEL_HVC_UNSEAL: return el2_unseal_module(f->x[1], f->x[2]);
	default: return el2_guest_call(fn, f->x); /* PSCI is none of them: its conduit is SMC */
	}
}

static void report_to_uarts(unsigned int slot)
{
	const struct rawreport r = RAWREPORT(el2, slot);

	for (unsigned int i = 0; i < RAWUARTS; i++)
		rawreport_print(&el2_uarts[i], &r);
}

void el2_last_words(unsigned int slot)
{
	report_to_uarts(slot);
	for (;;)
		wfi();
}

/* An instruction that EL2 has kept for itself is undefined to who executed it. */
static void refuse_instruction(void)
{
	static bool said; /* a program could make the line scroll for ever */
	unsigned int slot = lower_sync_slot(READ_SYSREG(spsr_el2));
	struct undef_target t;

	if (!undef_to_el1(&t, READ_SYSREG(elr_el2), READ_SYSREG(spsr_el2)))
		el2_unexpected(slot);
	if (!said)
		report_to_uarts(slot);
	said = true;
	WRITE_SYSREG(elr_el2, t.pc);
	WRITE_SYSREG(spsr_el2, t.pstate);
}

#define SMC_SIZE 4

static void serve(struct resident_frame *f)
{
	switch (ESR_EC(READ_SYSREG(esr_el2))) {
	case ESR_EC_HVC64:
		/* By the table that notes: see vectors.S. */
		f->x[0] = READ_SYSREG(esr_el2) == ESR_EL2_RUN ? (uint64_t)el2_guest_run(f->x[0])
							      : (uint64_t)serve_hvc(f);
		break;
	case ESR_EC_SMC64:
		/* An HVC's ELR_EL2 is behind it, that of an SMC that was trapped is at it. */
		WRITE_SYSREG(elr_el2, READ_SYSREG(elr_el2) + SMC_SIZE);
		el2_smc(f);
		break;
	case ESR_EC_IABT_LOW:
	case ESR_EC_DABT_LOW:
		if (!el2_host_abort(f))
			el2_unexpected(lower_sync_slot(READ_SYSREG(spsr_el2)));
		break;
	default: refuse_instruction();
	}
}

void el2_sync_lower(struct resident_frame *f)
{
	serve(f);
}

void el2_sync_lower_noting(struct resident_frame *f)
{
	static uint64_t written[MPIDR_SLOTS]; /* each by its core */
	uint64_t esr = READ_SYSREG(esr_el2), elr = READ_SYSREG(elr_el2);
	volatile struct level_note *n =
		level_note_begin(el2_rings, written, f, esr, elr, READ_SYSREG(spsr_el2));

	serve(f);
	elr = READ_SYSREG(elr_el2);
	/* Stepped over, it went back to where it came from. */
	level_note_end(n, f, ESR_EC(esr) == ESR_EC_SMC64 ? elr - SMC_SIZE : elr);
}
