/*
 * undef.h - how EL2 and EL3 refuse: an instruction that trapped to them becomes, to the code that
 * executed it, an instruction that its core does not have.
 *
 * The exception that EL1 would have taken is made by hand, as AArch64.TakeException does (DDI 0487,
 * D1.3).
 */
#pragma once

#include <stdbool.h>

#include "arm/slots.h"
#include "arm/sysreg.h"

/* lower_sync_slot - which slot of the table an exception from below, with SPSR @spsr, came by. */
static inline unsigned int lower_sync_slot(uint64_t spsr)
{
	return (spsr & PSR_nRW ? SLOT_LOWER32 : SLOT_LOWER64) + SLOT_SYNC;
}

struct undef_target {
	uint64_t pc, pstate; /* for the ERET of the level that refuses */
};

/*
 * exception_to_el1 - set EL1's exception registers for a synchronous exception with the syndrome
 * @esr by what was executed at @pc with @pstate; FAR_EL1 is the caller's, if there is one.
 * Return: false if that was not at EL0 or EL1; then nothing was changed.
 */
static inline bool exception_to_el1(struct undef_target *t, uint64_t pc, uint64_t pstate,
				    uint64_t esr)
{
	uint64_t from;

	switch (pstate & (PSR_MODE_MASK | PSR_nRW)) {
	case PSR_MODE_EL1t: from = SLOT_SP0; break;
	case PSR_MODE_EL1h: from = SLOT_SPX; break;
	case PSR_MODE_EL0t: from = SLOT_LOWER64; break;
	case PSR_nRW: from = SLOT_LOWER32; break; /* AArch32's user mode */
	default: return false;
	}
	WRITE_SYSREG(elr_el1, pc);
	WRITE_SYSREG(spsr_el1, pstate);
	WRITE_SYSREG(esr_el1, esr);
	t->pc = READ_SYSREG(vbar_el1) + (from + SLOT_SYNC) * SLOT_SIZE;
	t->pstate = PSR_DAIF | PSR_MODE_EL1h | (pstate & PSR_PAN);
	/* RES1 where there is no PAN. */
	if (!(READ_SYSREG(sctlr_el1) & SCTLR_SPAN))
		t->pstate |= PSR_PAN;
	return true;
}

/* undef_to_el1 - exception_to_el1 for an instruction that is undefined. */
static inline bool undef_to_el1(struct undef_target *t, uint64_t pc, uint64_t pstate)
{
	return exception_to_el1(t, pc, pstate, SYSREG_FIELD(ESR_EC_UNKNOWN, ESR_EC_SHIFT) | ESR_IL);
}
