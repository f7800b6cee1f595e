/*
 * cpu.c - one core at EL3: what it lets the levels below do, and the way down from it.
 *
 * Rule: nothing that EL2 and EL1 can use by their own controls is kept from them here; what a core
 * does not have is not written.
 */
#include "el3/el3.h"
#include "el3/entry.h"
#include "el3/errata.h"
#include "el3/predictor.h"

#include "arm/levels.h"
#include "start/boot_info.h"

extern char el3_vectors[];

static bool has_el2(void)
{
	return ID_FIELD(id_aa64pfr0_el1, PFR0_EL2) != 0;
}

/*
 * SCR_EL3: the next level down is non-secure and AArch64, SMC comes here, later features' registers
 * do not.
 */
static uint64_t scr_value(void)
{
	uint64_t scr = SCR_RES1 | SCR_NS | SCR_RW;

	if (has_el2())
		scr |= SCR_HCE;
	if (id_has_pauth())
		scr |= SCR_APK | SCR_API;
	if (id_has_scxtnum())
		scr |= SCR_EnSCXT;
	if (ID_FIELD(id_aa64pfr1_el1, PFR1_MTE) >= 2)
		scr |= SCR_ATA;
	if (ID_FIELD(id_aa64mmfr0_el1, MMFR0_FGT))
		scr |= SCR_FGTEn;
	if (ID_FIELD(id_aa64mmfr0_el1, MMFR0_ECV) >= 2)
		scr |= SCR_ECVEn;
	if (ID_FIELD(id_aa64mmfr1_el1, MMFR1_HCX))
		scr |= SCR_HXEn;
	if (ID_FIELD(id_aa64pfr1_el1, PFR1_SME))
		scr |= SCR_EnTP2;
	return scr;
}

/* FP, SVE, SME, profiling and trace buffers: the level that uses them decides, not this one. */
static void open_extensions(void)
{
	uint64_t cptr = 0, mdcr = 0;

	if (ID_FIELD(id_aa64pfr0_el1, PFR0_SVE))
		cptr |= CPTR_EL3_EZ;
	if (ID_FIELD(id_aa64pfr1_el1, PFR1_SME))
		cptr |= CPTR_EL3_ESM;
	WRITE_SYSREG(cptr_el3, cptr);
	isb();
	if (cptr & CPTR_EL3_EZ)
		WRITE_SYSREG_S(ZCR_EL3, 0xf); /* any vector length */
	if (ID_FIELD(id_aa64dfr0_el1, DFR0_PMSVer))
		mdcr |= MDCR_EL3_NSPB;
	if (ID_FIELD(id_aa64dfr0_el1, DFR0_TRBE))
		mdcr |= MDCR_EL3_NSTB;
	WRITE_SYSREG(mdcr_el3, mdcr);
}

/*
 * CNTFRQ_EL0 is a note to software and resets to an unknown value (DDI 0487, D19.12): after a reset
 * it is written whatever it holds.  A firmware or an emulator before us knew better.
 */
static void set_timer_frequency(void)
{
	if (el3_machine.timer_hz && (el3_machine.from_reset || !READ_SYSREG(cntfrq_el0)))
		WRITE_SYSREG(cntfrq_el0, el3_machine.timer_hz);
}

static void core_init(void)
{
	el3_errata_init_core();
	el3_predictor_init_core();
	set_timer_frequency();
	WRITE_SYSREG(vbar_el3, (uint64_t)el3_vectors);
	WRITE_SYSREG(scr_el3, scr_value());
	isb();
	open_extensions();
	el3_gic_open_core();
	isb();
}

/* Aim this core's next ERET at @entry, at EL2 or, where there is none, at EL1. */
static void drop_to(uint64_t entry)
{
	/* What is entered by reset would find these so; with the MMU off, above all. */
	WRITE_SYSREG(sctlr_el1, SCTLR_EL1_OFF);
	if (has_el2()) {
		WRITE_SYSREG(sctlr_el2, SCTLR_EL2_OFF);
		WRITE_SYSREG(hcr_el2, HCR_RW);
		WRITE_SYSREG(cntvoff_el2, 0); /* one virtual time for all cores */
		WRITE_SYSREG(spsr_el3, PSR_DAIF | PSR_MODE_EL2h);
	} else {
		WRITE_SYSREG(spsr_el3, PSR_DAIF | PSR_MODE_EL1h);
	}
	WRITE_SYSREG(elr_el3, entry);
	isb();
}

/* Runs where el3/ stays: its addresses, of the vectors above all, are those of its own copy. */
static __attribute__((noinline)) void start_staying(uint64_t next)
{
	volatile struct el3_core *self = &el3_machine.cores[el3_this_slot()];

	core_init();
	self->mpidr = READ_SYSREG(mpidr_el1) & MPIDR_AFFINITY_MASK;
	self->state = EL3_CORE_ON;
	dsb(sy);
	drop_to(next);
}

uint64_t el3_start(struct boot_info *boot, uint64_t next)
{
	void (*start)(uint64_t);

	el3_find_machine(boot);
	el3_gic_open();
	boot->el3_moved = el3_move();
	start = (void (*)(uint64_t))((uint64_t)start_staying + boot->el3_moved);
	start(next);
	el3_machine.ready = 1;
	dsb(sy);
	sev();
	return boot->el3_moved;
}

/*
 * Called by vectors.S on the cores that came in with the first, in the image; each goes on where
 * that one has taken el3/ meanwhile: how far from here that is.
 */
uint64_t el3_join(void);
uint64_t el3_join(void)
{
	while (!el3_machine.ready)
		wfe();
	dsb(sy);
	return el3_machine.moved;
}

/* The same, there. */
void el3_join_there(void);
void el3_join_there(void)
{
	core_init();
}

/*
 * Called by vectors.S: returns when CPU_ON has named this core, with what goes into x0.  The event
 * register makes a wake-up between the test and the WFE safe: CPU_ON sends the event after it wrote
 * the state.
 */
uint64_t el3_wait_on(void);
uint64_t el3_wait_on(void)
{
	volatile struct el3_core *self = &el3_machine.cores[el3_this_slot()];

	while (self->state != EL3_CORE_PENDING)
		wfe();
	dsb(sy);
	drop_to(self->entry);
	self->state = EL3_CORE_ON;
	dsb(sy);
	return self->context;
}
