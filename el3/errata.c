/*
 * errata.c - what a core's manual and its errata notice ask of EL3 before any level turns its
 * caches on.
 *
 * Invariant: MIDR_EL1 decides, and a core that is not named here is left as it is.
 */
#include "el3/errata.h"

#include <stdbool.h>

#include "arm/barrier.h"
#include "arm/errata.h"

static bool has_these_registers(uint64_t midr)
{
	if (MIDR_IMPLEMENTER(midr) != MIDR_ARM)
		return false;
	switch (MIDR_PART(midr)) {
	case MIDR_CORTEX_A53:
	case MIDR_CORTEX_A57:
	case MIDR_CORTEX_A72: return true;
	default: return false;
	}
}

void el3_errata_init_core(void)
{
	uint64_t midr = READ_SYSREG(midr_el1);

	if (!has_these_registers(midr))
		return;
	WRITE_SYSREG_S(CPUACTLR_EL1, READ_SYSREG_S(CPUACTLR_EL1) | errata_cpuactlr(midr));
	/* Coherency with the other cores is a switch of its own: on before the caches are. */
	WRITE_SYSREG_S(CPUECTLR_EL1, READ_SYSREG_S(CPUECTLR_EL1) | CPUECTLR_SMPEN);
	/*
	 * As under the Raspberry Pi's own stub: a kernel that knows more of its core than we do
	 * mends it from EL2.
	 */
	WRITE_SYSREG(actlr_el3, ACTLR_CPUACTLR | ACTLR_CPUECTLR | ACTLR_L2CTLR | ACTLR_L2ECTLR |
					ACTLR_L2ACTLR);
	isb();
}
