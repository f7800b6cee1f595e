/*
 * machine.c - see machine.h.
 */
#include "el2/machine.h"
#include "el2/pool.h"

#include "arm/errata.h"
#include "arm/gic.h"
#include "arm/levels.h"
#include "arm/slots.h"

struct el2_machine el2_machine;
extern char el2_guest_vectors[]; /* switch.S */

/* By ID_AA64MMFR0_EL1.PARange.  More than 48 bits would need other descriptors. */
static const uint8_t pa_sizes[] = { 32, 36, 40, 42, 44, 48 };

static void look_at_gic(struct el2_machine *m)
{
	uint64_t vtr;

	/* EL3 may have forbidden EL2 the registers: then there is none. */
	m->has_gicv3 =
		ID_FIELD(id_aa64pfr0_el1, PFR0_GIC) && READ_SYSREG_S(ICC_SRE_EL2) & ICC_SRE_SRE;
	if (!m->has_gicv3)
		return;
	vtr = READ_SYSREG_S(ICH_VTR_EL2);
	m->lrs = (vtr & 0x1f) + 1;
	m->aprs = 1u << ((vtr >> 26 & 7) - 4); /* PREbits: 5, 6 or 7 */
}

/*
 * What every guest traps: all that it could change for others.  Its memory, interrupts, WFI and ID
 * registers, SMC, set/way maintenance, implementation defined registers; SVE, SME, trace, activity
 * monitors, counters, profiling: there are none for it.
 */
static void choose_traps(struct el2_machine *m)
{
	m->hcr = HCR_VM | HCR_SWIO | HCR_PTW | HCR_FMO | HCR_IMO | HCR_AMO | HCR_FB | HCR_BSU_IS |
		 HCR_TWI | HCR_TID1 | HCR_TID2 | HCR_TID3 | HCR_TSC | HCR_TIDCP | HCR_TACR |
		 HCR_TSW | HCR_RW | HCR_TLOR | HCR_OF_GUEST;
	if (m->has_ras)
		m->hcr |= HCR_TERR | HCR_TEA;
	if (m->has_fwb)
		m->hcr |= HCR_FWB;
	m->cptr = CPTR_OF_GUEST;
	if (ID_FIELD(id_aa64pfr0_el1, PFR0_AMU))
		m->cptr |= CPTR_EL2_TAM;
	m->mdcr = MDCR_EL2_TPM | MDCR_EL2_TPMCR | MDCR_EL2_TDOSA | MDCR_EL2_TDRA | MDCR_EL2_TPMS |
		  MDCR_EL2_TTRF;
	if (id_has_pmu())
		m->mdcr |= READ_SYSREG(mdcr_el2) & MDCR_EL2_HPMN_MASK;
}

void el2_machine_start(bool first, bool vhe)
{
	struct el2_machine *m = &el2_machine;
	uint64_t dfr0 = READ_SYSREG(id_aa64dfr0_el1);

	WRITE_SYSREG(tpidr_el2, EL2_TPIDR);
	/* A core that was off keeps what its host has chosen. */
	if (!m->vectors[EL2_CORE])
		m->vectors[EL2_CORE] = (uint64_t)el2_guest_vectors;
	WRITE_SYSREG_S(EL2_RUN_TIMER_CTL, 0);
	if (errata_stage1_later(READ_SYSREG(midr_el1)))
		m->stage1_later = true;
	if (!first)
		return;
	if (!EL2_IS_VHE)
		el2_pool_start();
	m->has_ras = ID_FIELD(id_aa64pfr0_el1, PFR0_RAS);
	m->has_pauth = id_has_pauth();
	m->has_pmu = id_has_pmu();
	m->has_aarch32 = ID_FIELD(id_aa64pfr0_el1, PFR0_EL0) == 2;
	m->has_fwb = ID_FIELD(id_aa64mmfr2_el1, MMFR2_FWB);
	m->pa_range = min((unsigned int)ID_FIELD(id_aa64mmfr0_el1, MMFR0_PARange),
			  (unsigned int)ARRAY_SIZE(pa_sizes) - 1);
	m->pa_bits = pa_sizes[m->pa_range];
	m->breakpoints = (unsigned int)(dfr0 >> 12 & 0xf) + 1;
	m->watchpoints = (unsigned int)(dfr0 >> 20 & 0xf) + 1;
	look_at_gic(m);
	choose_traps(m);
	m->present = EL2_IS_VHE || !vhe;
}

int64_t el2_machine_guesses(uint64_t how, uint64_t branches)
{
	/* An SMC that nobody serves would be EL2's own fault. */
	if (how > EL2_GUESSES_FORGET || branches > EL2_BRANCHES_MAX ||
	    (how == EL2_GUESSES_FORGET && !EL2_HAS_SMC))
		return EL2_INVALID;
	el2_branches = max(el2_branches, (uint32_t)branches);
	el2_machine.vectors[EL2_CORE] = (uint64_t)el2_guest_vectors + how * SLOTS * SLOT_SIZE;
	return 0;
}

void el2_machine_host(void)
{
	el2_machine.host.hcr = READ_SYSREG(hcr_el2);
	el2_machine.host.regime.vttbr = READ_SYSREG(vttbr_el2);
	el2_machine.host.regime.vtcr = READ_SYSREG(vtcr_el2);
	el2_machine.host.cptr = READ_SYSREG(cptr_el2);
	el2_machine.host.mdcr = READ_SYSREG(mdcr_el2);
	el2_machine.host.cnthctl = READ_SYSREG(cnthctl_el2);
	if (el2_machine.has_gicv3) {
		el2_machine.host.icc_sre = READ_SYSREG_S(ICC_SRE_EL2);
		el2_machine.icc_sre = el2_machine.host.icc_sre & ~(uint64_t)ICC_SRE_ENABLE;
	}
}
