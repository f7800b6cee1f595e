/*
 * trap.c - what comes up to EL3: calls, which are answered; traps, which are refused; anything
 * else, which is reported by name and ends this core.
 *
 * Invariant: no lower level can bring a core to a stop here by an instruction; what it executes and
 * EL3 has kept for itself is undefined to it, as on a core without the feature.
 */
#include "el3/el3.h"

#include "arm/level_calls.h"
#include "arm/rawreport.h"
#include "arm/undef.h"

void el3_sync_lower(struct resident_frame *f);
__noreturn void el3_unexpected(unsigned int slot);

static int64_t arch_features(uint32_t fn)
{
	return fn == SMCCC_VERSION || fn == SMCCC_ARCH_FEATURES ? SMCCC_SUCCESS
								: SMCCC_NOT_SUPPORTED;
}

static int64_t serve_smc(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3)
{
	switch (fn) {
	case SMCCC_VERSION: return SMCCC_VERSION_1_1;
	case SMCCC_ARCH_FEATURES: return arch_features((uint32_t)a1);
	case NEWEL_SMC_VERSION: return NEWEL_LEVELS_VERSION;
	case NEWEL_SMC_CURRENTEL: return (int64_t)READ_SYSREG(CurrentEL);
	}
	if (SMCCC_OWNER(fn) == SMCCC_OWNER_STANDARD)
		return el3_psci(fn, a1, a2, a3);
	return SMCCC_NOT_SUPPORTED;
}

static void report_exception(unsigned int slot)
{
	const struct rawreport r = RAWREPORT(el3, slot);

	for (unsigned int i = 0; i < RAWUARTS; i++) {
		struct rawuart u = { .base = el3_machine.uarts[i].base,
				     .kind = el3_machine.uarts[i].kind,
				     .dead = el3_machine.uarts[i].dead };

		rawreport_print(&u, &r);
		el3_machine.uarts[i].dead = u.dead;
	}
}

void el3_unexpected(unsigned int slot)
{
	report_exception(slot);
	for (;;)
		wfi();
}

/* Called by vectors.S; returns to the level below. */
void el3_sync_lower(struct resident_frame *f)
{
	static volatile bool said; /* a program could make the line scroll for ever */
	struct undef_target t;

	if (ESR_EC(READ_SYSREG(esr_el3)) == ESR_EC_SMC64) {
		f->x[0] = (uint64_t)serve_smc((uint32_t)f->x[0], f->x[1], f->x[2], f->x[3]);
		return;
	}
	if (!undef_to_el1(&t, READ_SYSREG(elr_el3), READ_SYSREG(spsr_el3)))
		el3_unexpected(SLOT_LOWER64 + SLOT_SYNC); /* EL2 is ours: it should not have */
	if (!said)
		report_exception(SLOT_LOWER64 + SLOT_SYNC);
	said = true;
	WRITE_SYSREG(elr_el3, t.pc);
	WRITE_SYSREG(spsr_el3, t.pstate);
}
