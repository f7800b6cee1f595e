/*
 * spectre.c - see spectre.h.
 *
 * Called by el1/main.c and el1/smp.c on each core, because cores may differ; mm/asid.c comes
 * through its hook, el1/trap.c when a program was in the kernel's half.  Invariant: where nothing
 * is to be done, or it was forbidden, the hook is NULL and the vector table is the plain one.
 */
#include "el1/spectre.h"

#include "arm/errata.h"
#include "arm/smccc.h"
#include "drivers/psci/psci.h"
#include "kvm/el2.h"
#include "lib/parse.h"
#include "log/printk.h"
#include "mm/asid.h"
#include "start/boot_info.h"

/* Linux's words for the same (Documentation/ABI/testing/sysfs-devices-system-cpu). */
enum state { NOT_AFFECTED, MITIGATED, VULNERABLE, UNKNOWN };
static const char *const state_words[] = { "not affected", "mitigated", "vulnerable", "unknown" };

static bool v2_off, bhb_off, hook_set;
static DEFINE_PERCPU(bool, asks_firmware);
static DEFINE_PERCPU(bool, fills_history);

/* The most that any core needs. */
uint32_t spectre_bhb_loops = 1;

/* 0: this core is not known to need any. */
static uint32_t bhb_loops(void)
{
	uint64_t midr = READ_SYSREG(midr_el1);

	if (ID_FIELD(id_aa64pfr0_el1, PFR0_CSV2) >= 3 || ID_FIELD(id_aa64mmfr1_el1, MMFR1_ECBHB))
		return 0;
	return errata_bhb_loops(midr);
}

/*
 * Whether another program's branches can be this core's guesses.  Not where ID_AA64PFR0_EL1.CSV2
 * says so; of the older cores not where nothing is executed on a guess.
 */
static enum state v2_of_core(void)
{
	uint64_t midr = READ_SYSREG(midr_el1);
	int64_t answer;

	if (ID_FIELD(id_aa64pfr0_el1, PFR0_CSV2) ||
	    (MIDR_IMPLEMENTER(midr) == MIDR_ARM &&
	     (MIDR_PART(midr) == MIDR_CORTEX_A53 || MIDR_PART(midr) == MIDR_CORTEX_A55)))
		return NOT_AFFECTED;
	if (v2_off)
		return VULNERABLE;
	answer = psci_arch_feature(SMCCC_WORKAROUND_1);
	if (answer == SMCCC_SUCCESS)
		return MITIGATED;
	return answer > 0 ? NOT_AFFECTED : VULNERABLE;
}

/* Of a core that is affected: is it the firmware that keeps loads from passing stores, for good? */
static enum state v4_of_firmware(void)
{
	int64_t answer = psci_arch_feature(SMCCC_WORKAROUND_2);

	return answer == SMCCC_NOT_REQUIRED || answer == SMCCC_NOT_NEEDED ? MITIGATED : UNKNOWN;
}

static enum state v4_of_core(const struct boot_info *boot)
{
	uint64_t midr = READ_SYSREG(midr_el1);

	if (MIDR_IMPLEMENTER(midr) != MIDR_ARM)
		return UNKNOWN;
	switch (MIDR_PART(midr)) {
	case MIDR_CORTEX_A53:
	case MIDR_CORTEX_A55: return NOT_AFFECTED;
	case MIDR_CORTEX_A72:
		if (!boot->cpuactlr_read)
			return v4_of_firmware();
		return boot->cpuactlr & A72_NO_LOAD_PASS ? MITIGATED : VULNERABLE;
	default: return UNKNOWN;
	}
}

void spectre_forget_branches(void)
{
	if (this_cpu(asks_firmware))
		psci_arch_call(SMCCC_WORKAROUND_1);
}

/* A guest is to a core what a program is, and leaves it through EL2. */
static void tell_el2(void)
{
	if (this_cpu(asks_firmware))
		el2_guesses(EL2_GUESSES_FORGET, 0);
	else if (this_cpu(fills_history))
		el2_guesses(EL2_GUESSES_FILL, bhb_loops());
}

/* What is done on this core.  Return: against the history. */
static enum state init_core(enum state v2)
{
	uint32_t loops = bhb_loops();

	this_cpu(asks_firmware) = v2 == MITIGATED;
	if (v2 == MITIGATED && !hook_set) {
		hook_set = true;
		asid_switch_hook = spectre_forget_branches;
	}
	if (!loops)
		return NOT_AFFECTED;
	if (v2 == VULNERABLE || bhb_off)
		return VULNERABLE;
	/* The others are not there yet, or read it for their next entry. */
	if (loops > READ_ONCE(spectre_bhb_loops))
		WRITE_ONCE(spectre_bhb_loops, loops);
	this_cpu(fills_history) = true;
	return MITIGATED;
}

void spectre_init_cpu(void)
{
	(void)init_core(v2_of_core());
	tell_el2();
}

bool spectre_fills_history(void)
{
	return this_cpu(fills_history);
}

void spectre_init(const struct boot_info *boot, const char *cmdline)
{
	struct cmdline_word w;
	enum state v2, bhb;
	bool all_off = cmdline_says(cmdline, "mitigations", "off");

	v2_off = all_off || cmdline_find(cmdline, "nospectre_v2", &w);
	bhb_off = all_off || cmdline_find(cmdline, "nospectre_bhb", &w);
	v2 = v2_of_core();
	bhb = init_core(v2);
	tell_el2();
	pr_info("spectre: v2 %s, bhb %s, v4 %s\n", state_words[v2], state_words[bhb],
		state_words[v4_of_core(boot)]);
}
