/*
 * cpu.c - one core at EL2: EL1 gets the whole machine but for what EL2 and EL3 keep, and what was
 * set up here by someone before is undone.
 *
 * Rule: nothing is trapped that need not be, and nothing is believed of what a loader or a reset
 * left in a register: most of these reset to an unknown value.
 *
 * The first core goes through el2_start, with the MMU off, and el2_leave; it and all others, MMU
 * on, through el2_core_start.
 */
#include "el2/el2.h"
#include "el2/board.h"
#include "el2/entry.h"
#include "el2/machine.h"
#include "el2/memory.h"
#include "el2/smc.h"

#include "arm/cache.h"
#include "arm/errata.h"
#include "arm/gic.h"
#include "arm/levels.h"
#include "start/boot_info.h"

extern char el2_vectors[];
extern char __resident_el2_text[], __resident_el2_end[];
extern char __resident_el2_pages[], __resident_el2_pages_end[];

/* What EL1 may do and what it runs under, for as long as no guest does. */
static uint64_t host_hcr(void)
{
	uint64_t hcr = HCR_RW | HCR_VM | HCR_TSC;

	if (id_has_pauth())
		hcr |= HCR_APK | HCR_API;
	if (id_has_scxtnum())
		hcr |= HCR_EnSCXT;
	if (ID_FIELD(id_aa64pfr1_el1, PFR1_MTE) >= 2)
		hcr |= HCR_ATA;
	return hcr | (el2_boot.vhe ? HCR_E2H : 0);
}

/* FP, SVE and the physical timer: not trapped.  SME: trapped, EL1 does not know it. */
static void open_fp_and_timer(bool vhe)
{
	uint64_t cptr = CPTR_EL2_RES1, timer = CNTHCTL_EL1PCTEN | CNTHCTL_EL1PCEN;
	bool sve = ID_FIELD(id_aa64pfr0_el1, PFR0_SVE);

	if (vhe)
		cptr = CPTR_EL2_VHE_FPEN | (sve ? CPTR_EL2_VHE_ZEN : 0);
	else if (!sve)
		cptr |= CPTR_EL2_TZ;  /* RES1 where there is none */
	WRITE_SYSREG(cptr_el2, cptr); /* ZCR_EL2 may be EL3's to trap, and no one here uses SVE */
	WRITE_SYSREG(cnthctl_el2, vhe ? timer << CNTHCTL_VHE_SHIFT : timer);
	WRITE_SYSREG(cntvoff_el2, 0);
}

/*
 * Performance counters are EL1's, all of them; so are the profiling and trace buffers, where there
 * are any.
 */
static void open_debug(void)
{
	uint64_t mdcr = 0;

	if (id_has_pmu())
		mdcr |= (READ_SYSREG(pmcr_el0) >> 11) & MDCR_EL2_HPMN_MASK; /* PMCR_EL0.N */
	if (ID_FIELD(id_aa64dfr0_el1, DFR0_PMSVer))
		mdcr |= MDCR_EL2_E2PB;
	if (ID_FIELD(id_aa64dfr0_el1, DFR0_TRBE))
		mdcr |= MDCR_EL2_E2TB;
	WRITE_SYSREG(mdcr_el2, mdcr);
}

/*
 * Fine-grained traps: off.  Their inverted bits guard features that EL1 does not use, and stay 0.
 */
static void open_fine_grained(void)
{
	if (ID_FIELD(id_aa64mmfr1_el1, MMFR1_HCX))
		WRITE_SYSREG_S(HCRX_EL2, ID_FIELD(id_aa64isar2_el1, ISAR2_MOPS) ? HCRX_MSCEn : 0);
	if (!ID_FIELD(id_aa64mmfr0_el1, MMFR0_FGT))
		return;
	WRITE_SYSREG_S(HFGRTR_EL2, 0);
	WRITE_SYSREG_S(HFGWTR_EL2, 0);
	WRITE_SYSREG_S(HFGITR_EL2, 0);
	WRITE_SYSREG_S(HDFGRTR_EL2, 0);
	WRITE_SYSREG_S(HDFGWTR_EL2, 0);
	if (ID_FIELD(id_aa64pfr0_el1, PFR0_AMU))
		WRITE_SYSREG_S(HAFGRTR_EL2, 0);
}

static void open_gic(void)
{
	if (!ID_FIELD(id_aa64pfr0_el1, PFR0_GIC))
		return;
	WRITE_SYSREG_S(ICC_SRE_EL2, READ_SYSREG_S(ICC_SRE_EL2) | ICC_SRE_SRE | ICC_SRE_ENABLE);
	isb();
	if (READ_SYSREG_S(ICC_SRE_EL2) & ICC_SRE_SRE) /* EL3 may have forbidden it */
		WRITE_SYSREG_S(ICH_HCR_EL2, 0);
}

/* What is set apart from the step to EL1.  @vhe: HCR_EL2.E2H is on. */
static void open_all(bool vhe)
{
	open_fp_and_timer(vhe);
	open_debug();
	open_fine_grained();
	open_gic();
	WRITE_SYSREG(hstr_el2, 0);
	WRITE_SYSREG(vttbr_el2, 0); /* VMID 0 tags this core's TLB entries */
	WRITE_SYSREG(vpidr_el2, READ_SYSREG(midr_el1));
	WRITE_SYSREG(vmpidr_el2, READ_SYSREG(mpidr_el1));
}

void el2_start_kernel(uint64_t park)
{
	/* First: the other registers' forms follow it, and EL1's names are EL2's own then. */
	WRITE_SYSREG(hcr_el2, HCR_RW | HCR_E2H | HCR_TGE | HCR_AMO);
	isb();
	/* A core that is not like the first one, and has no VHE: it does not come up. */
	while (!(READ_SYSREG(hcr_el2) & HCR_E2H))
		wfi();
	open_all(true);
	WRITE_SYSREG(sctlr_el1, SCTLR_EL1_OFF);
	isb();
	/* Who came in together with the first waits for this; each core says the same. */
	el2_boot.park = park;
	el2_boot.ready = EL2_KERNEL_STAYS;
	dsb(sy);
	sev();
}

/* Only where the first core has read the register, under a net that this one has no more. */
static void mend_core(void)
{
	uint64_t want = errata_cpuactlr(READ_SYSREG(midr_el1)), is;

	if (!(el2_boot.cpuactlr_set | el2_boot.cpuactlr_clear) || !want)
		return;
	is = READ_SYSREG_S(CPUACTLR_EL1);
	want = (is & ~(want & el2_boot.cpuactlr_clear)) | (want & el2_boot.cpuactlr_set);
	if (want != is)
		WRITE_SYSREG_S(CPUACTLR_EL1, want);
	isb();
}

/* As start/errata.c does on the first core. */
static void note_errata(const struct boot_info *boot)
{
	bool own_el3 = boot_has_el3(boot);

	el2_boot.cpuactlr_set = el2_boot.cpuactlr_clear = 0;
	if (!boot->cpuactlr_read || !(boot->armstub || own_el3))
		return;
	el2_boot.cpuactlr_set = ~(boot->v4_off ? A72_NO_LOAD_PASS : 0);
	el2_boot.cpuactlr_clear = boot->v4_off && own_el3 ? A72_NO_LOAD_PASS : 0;
}

/*
 * A loader may have run with VHE (HCR_EL2.E2H), which gives other registers' bits other meanings.
 * Switched off it is the same EL2 everywhere; on the few cores that cannot (no FEAT_E2H0) it stays
 * on, and this returns true.
 */
static bool leave_vhe(void)
{
	WRITE_SYSREG(hcr_el2, HCR_RW);
	isb();
	return READ_SYSREG(hcr_el2) & HCR_E2H;
}

void el2_start(const struct boot_info *boot, uint64_t park)
{
	el2_boot.ready = 0;
	el2_boot.park = park;
	el2_boot.vhe = leave_vhe();
	el2_boot.hcr = HCR_RW | (el2_boot.vhe ? HCR_E2H : 0);
	note_errata(boot);
	el2_find_board(boot);
	el2_memory_start(el2_boot.vhe);
}

/*
 * A core in a loader's spin table is at EL2, in memory that EL1 can write, and looks at a word that
 * EL1 can write: it is called while EL1 is not yet, and waits at EL1 from then on.
 */
static void call_spinning(void)
{
	for (unsigned int i = 0; i < el2_board.nr_spinning; i++) {
		volatile uint64_t *release = (volatile uint64_t *)el2_board.spinning[i];

		/* Before: a line that a loader left dirty must not come down on what is written. */
		dcache_clean_invalidate(release, sizeof(*release));
		*release = (uint64_t)el2_spin_entry;
	}
	dsb(sy);
	/* The one event, also for who came in with us: all that they look at is written. */
	sev();
}

void el2_leave(uint64_t next)
{
	/*
	 * Written past the caches: no older line of it may be read, or come down on it, when they
	 * are on.
	 */
	dcache_clean_invalidate(__resident_el2_text,
				(size_t)(__resident_el2_end - __resident_el2_text));
	dcache_clean_invalidate(__resident_el2_pages,
				(size_t)(__resident_el2_pages_end - __resident_el2_pages));
	el2_boot.first = next;
	el2_boot.ready = EL2_IS_READY;
	dsb(sy);
	call_spinning();
	el2_come_in(next);
}

uint64_t el2_core_start(uint64_t how)
{
	uint64_t entry = how, context = 0;

	WRITE_SYSREG(vbar_el2, (uint64_t)el2_vectors);
	mend_core();
	open_all(el2_boot.vhe);
	el2_machine_start(how == el2_boot.first, el2_boot.vhe);
	WRITE_SYSREG(vtcr_el2, el2_boot.vtcr);
	WRITE_SYSREG(vttbr_el2, el2_boot.vttbr); /* VMID 0 */
	WRITE_SYSREG(hcr_el2, host_hcr());
	if (el2_boot.vhe)
		WRITE_SYSREG_S(SCTLR_EL12, SCTLR_EL1_OFF);
	else
		WRITE_SYSREG(sctlr_el1, SCTLR_EL1_OFF);
	isb();
	/* What a hypervisor before us may have left in the TLB for EL1. */
	__asm__ volatile("tlbi alle1\n\tdsb nsh" ::: "memory");
	if (how == EL2_AS_CPU_ON)
		entry = el2_take_cpu_on(&context);
	else if (how == EL2_AS_RESUMED)
		entry = el2_take_resume(&context);
	WRITE_SYSREG(elr_el2, entry);
	WRITE_SYSREG(spsr_el2, PSR_DAIF | PSR_MODE_EL1h);
	isb();
	return context;
}
