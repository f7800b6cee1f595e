/*
 * trap.c - what comes up to EL3: calls, which are answered; traps, which are refused; anything
 * else, which is reported by name and ends this core.
 *
 * Invariant: no lower level can bring a core to a stop here by an instruction; what it executes and
 * EL3 has kept for itself is undefined to it, as on a core without the feature.
 */
#include "el3/el3.h"
#include "el3/predictor.h"

#include "arm/errata.h"
#include "arm/level_calls.h"
#include "arm/rawreport.h"
#include "arm/undef.h"

void el3_sync_lower(struct resident_frame *f);
void el3_sync_lower_noting(struct resident_frame *f);
__noreturn void el3_unexpected(unsigned int slot);

/*
 * The workarounds (DEN 0028, 7.4 and on): 1 and 3 are served or not known of; 2, for loads that
 * pass older stores, is not required on a core whose bit against it is set, and is not known of on
 * others.  The register has the word: EL2 may have cleared the bit, or the core not have taken it.
 */
static int64_t workaround_2(void)
{
	/* Where errata_cpuactlr asks for the bit there is the register; else it is undefined. */
	if (!(errata_cpuactlr(READ_SYSREG(midr_el1)) & A72_NO_LOAD_PASS))
		return SMCCC_NOT_SUPPORTED;
	return READ_SYSREG_S(CPUACTLR_EL1) & A72_NO_LOAD_PASS ? SMCCC_NOT_REQUIRED
							      : SMCCC_NOT_SUPPORTED;
}

static int64_t arch_features(uint32_t fn)
{
	switch (fn) {
	case SMCCC_VERSION:
	case SMCCC_ARCH_FEATURES: return SMCCC_SUCCESS;
	case SMCCC_WORKAROUND_1:
	case SMCCC_WORKAROUND_3:
		return el3_predictor_served() ? SMCCC_SUCCESS : SMCCC_NOT_SUPPORTED;
	case SMCCC_WORKAROUND_2: return workaround_2();
	default: return SMCCC_NOT_SUPPORTED;
	}
}

static int64_t forget_if_served(void)
{
	if (!el3_predictor_served())
		return SMCCC_NOT_SUPPORTED;
	el3_predictor_forget();
	return SMCCC_SUCCESS;
}

/* From its next exception on, this core is to note what comes, or not.  Return: x0. */
static int64_t el3_note(uint64_t on)
{
	if (!el3_own_rings())
		return SMCCC_NOT_SUPPORTED;
	if (on > 1)
		return SMCCC_INVALID_PARAMETER;
	WRITE_SYSREG(vbar_el3, level_table(READ_SYSREG(vbar_el3), on));
	isb();
	return SMCCC_SUCCESS;
}

static int64_t serve_smc(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3)
{
	switch (fn) {
	case SMCCC_VERSION: return SMCCC_VERSION_1_1;
	case SMCCC_ARCH_FEATURES: return arch_features((uint32_t)a1);
	case SMCCC_WORKAROUND_1: /* mostly served before it comes here: el3/vectors.S */
	case SMCCC_WORKAROUND_3: return forget_if_served();
	case SMCCC_WORKAROUND_2: return workaround_2() < 0 ? SMCCC_NOT_SUPPORTED : SMCCC_SUCCESS;
	case NEWEL_SMC_VERSION: return NEWEL_LEVELS_VERSION;
	case NEWEL_SMC_CURRENTEL: return (int64_t)READ_SYSREG(CurrentEL);
	case NEWEL_SMC_NOTE: return el3_note(a1);
	}
	if (SMCCC_OWNER(fn) == SMCCC_OWNER_STANDARD)
		return el3_psci(fn, a1, a2, a3);
	return SMCCC_NOT_SUPPORTED;
}

/* The one call whose answer takes four registers. */
static void answer_uid(struct resident_frame *f)
{
	static const uint32_t uid[] = NEWEL_UID;

	for (unsigned int i = 0; i < ARRAY_SIZE(uid); i++)
		f->x[i] = uid[i];
}

/* @aarch32: the caller has no upper halves of registers, and no call that is known by them. */
static void answer_smc(struct resident_frame *f, bool aarch32)
{
	uint32_t fn = (uint32_t)f->x[0];

	if (fn == NEWEL_SMC_UID)
		answer_uid(f);
	else if (aarch32 && fn & SMCCC_64)
		f->x[0] = (uint64_t)SMCCC_NOT_SUPPORTED;
	else
		f->x[0] = (uint64_t)serve_smc(fn, f->x[1], f->x[2], f->x[3]);
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

/* As undef_to_el1 (arm/undef.h), for what EL2 executed: it may be anyone's. */
static bool undef_to_el2(struct undef_target *t, uint64_t pc, uint64_t pstate)
{
	uint64_t from, mode = pstate & (PSR_MODE_MASK | PSR_nRW);

	if (mode != PSR_MODE_EL2h && mode != PSR_MODE_EL2t)
		return false;
	from = mode == PSR_MODE_EL2h ? SLOT_SPX : SLOT_SP0;
	WRITE_SYSREG(elr_el2, pc);
	WRITE_SYSREG(spsr_el2, pstate);
	WRITE_SYSREG(esr_el2, SYSREG_FIELD(ESR_EC_UNKNOWN, ESR_EC_SHIFT) | ESR_IL);
	t->pc = READ_SYSREG(vbar_el2) + (from + SLOT_SYNC) * SLOT_SIZE;
	t->pstate = PSR_DAIF | PSR_MODE_EL2h | (pstate & PSR_PAN);
	return true;
}

/* Called by vectors.S; returns to the level below. */
void el3_sync_lower(struct resident_frame *f)
{
	static volatile bool said; /* a program could make the line scroll for ever */
	uint64_t pc = READ_SYSREG(elr_el3), pstate = READ_SYSREG(spsr_el3);
	unsigned int slot = lower_sync_slot(pstate);
	struct undef_target t;

	switch (ESR_EC(READ_SYSREG(esr_el3))) {
	case ESR_EC_SMC64: answer_smc(f, false); return;
	case ESR_EC_SMC32: answer_smc(f, true); return;
	}
	if (!undef_to_el1(&t, pc, pstate) && !undef_to_el2(&t, pc, pstate))
		el3_unexpected(slot);
	if (!said)
		report_exception(slot);
	said = true;
	WRITE_SYSREG(elr_el3, t.pc);
	WRITE_SYSREG(spsr_el3, t.pstate);
}

/* The same, by the table that notes; a call that goes by another way, as CPU_OFF, is noted too. */
void el3_sync_lower_noting(struct resident_frame *f)
{
	static uint64_t written[MPIDR_SLOTS]; /* each by its core */
	volatile struct level_note *n =
		level_note_begin(el3_own_rings(), written, f, READ_SYSREG(esr_el3),
				 READ_SYSREG(elr_el3), READ_SYSREG(spsr_el3));

	el3_sync_lower(f);
	level_note_end(n, f, READ_SYSREG(elr_el3));
}
