/*
 * run.c - EL2_RUN: this core becomes a guest's until something ends that.
 *
 * Rule: of the host's page of the vcpu nothing is believed.  Its values become the guest's
 * registers of EL1 and EL0, whatever they are; what EL2 relies on (HCR_EL2, CPTR_EL2, MDCR_EL2, the
 * mode in SPSR_EL2) is made here, and each word of the page that decides anything is read once.
 */
#include "el2/run.h"

#include "arm/gic.h"
#include "el2/guest.h"
#include "el2/machine.h"
#include "el2/pool.h"
#include "el2/tlb.h"
#include "el2/vmid.h"

/* As el2/switch.S counts. */
_Static_assert(EL2_EXIT_SYNC == 0 && EL2_EXIT_IRQ == 1 && EL2_EXIT_SERROR == 2, "enum el2_exit");

#define PMUSERENR_EN	1
#define PSR_MODE_USER32 0x10 /* M[4:0]: AArch32's only mode without privilege */
#define PSR_MODE32_MASK 0x1f
#define ESR_S1PTW	SYSREG_BIT(7)
#define ESR_EC_HIGH	SYSREG_BIT(31) /* of a class of 0x20 or more */

/* ICH_HCR_EL2 of a guest without a GICv3: all of its accesses to one trap. */
#define ICH_HCR_TRAPS	(SYSREG_BIT(10) | SYSREG_BIT(11) | SYSREG_BIT(12)) /* TC, TALL0, TALL1 */

/* What the host had, to be put back. */
struct host_side {
	uint64_t sys[NR_EL2_REGS];
	uint64_t vbar, elr, spsr;
	uint64_t cntv_ctl, cntv_cval;
};

/* ---- the GIC ---- */

/* clang-format off */
#define LIST_REGISTERS(X)                                                       \
	X(0, S3_4_C12_C12_0) X(1, S3_4_C12_C12_1) X(2, S3_4_C12_C12_2)          \
	X(3, S3_4_C12_C12_3) X(4, S3_4_C12_C12_4) X(5, S3_4_C12_C12_5)          \
	X(6, S3_4_C12_C12_6) X(7, S3_4_C12_C12_7) X(8, S3_4_C12_C13_0)          \
	X(9, S3_4_C12_C13_1) X(10, S3_4_C12_C13_2) X(11, S3_4_C12_C13_3)        \
	X(12, S3_4_C12_C13_4) X(13, S3_4_C12_C13_5) X(14, S3_4_C12_C13_6)       \
	X(15, S3_4_C12_C13_7)
/* clang-format on */

#define LOAD_LR(i, reg)   \
	if (n <= (i))     \
		return n; \
	WRITE_SYSREG_S(reg, page->lr[i]);

static unsigned int load_lrs(const struct el2_vcpu *page, unsigned int n)
{
	LIST_REGISTERS(LOAD_LR)
	return n;
}

/* They are empty then: a guest that uses fewer is not to find them. */
#define SAVE_LR(i, reg)                   \
	if (n <= (i))                     \
		return n;                 \
	page->lr[i] = READ_SYSREG_S(reg); \
	WRITE_SYSREG_S(reg, 0);

static unsigned int save_lrs(struct el2_vcpu *page, unsigned int n)
{
	LIST_REGISTERS(SAVE_LR)
	return n;
}

#define LOAD_APR(i)                                 \
	WRITE_SYSREG_S(ICH_AP0R(i), page->ap0r[i]); \
	WRITE_SYSREG_S(ICH_AP1R(i), page->ap1r[i])
#define SAVE_APR(i)                                 \
	page->ap0r[i] = READ_SYSREG_S(ICH_AP0R(i)); \
	page->ap1r[i] = READ_SYSREG_S(ICH_AP1R(i))
/* Of each group there are one, two or four (el2_machine.aprs). */
#define FOR_APRS(X)                                 \
	do {                                        \
		unsigned int nr = el2_machine.aprs; \
		X(0);                               \
		if (nr > 1) {                       \
			X(1);                       \
		}                                   \
		if (nr > 2) {                       \
			X(2);                       \
			X(3);                       \
		}                                   \
	} while (0)

/* Return: how many list registers are in use. */
static unsigned int give_gic(const struct el2_vcpu *page, uint64_t flags)
{
	unsigned int wanted = (unsigned int)READ_ONCE(page->nr_lrs);
	unsigned int n = min(wanted, el2_machine.lrs);

	/* ICC_SRE_EL1 is one for host and guest: not the guest's to change. */
	WRITE_SYSREG_S(ICC_SRE_EL2, el2_machine.icc_sre);
	if (!(flags & EL2_RUN_GICV3)) {
		WRITE_SYSREG_S(ICH_HCR_EL2, ICH_HCR_TRAPS);
		return 0;
	}
	WRITE_SYSREG_S(ICH_VMCR_EL2, page->ich_vmcr);
	FOR_APRS(LOAD_APR);
	load_lrs(page, n);
	WRITE_SYSREG_S(ICH_HCR_EL2, page->ich_hcr);
	return n;
}

static void take_gic(struct el2_vcpu *page, uint64_t flags, unsigned int n)
{
	if (flags & EL2_RUN_GICV3) {
		page->ich_vmcr = READ_SYSREG_S(ICH_VMCR_EL2);
		FOR_APRS(SAVE_APR);
		if (n) {
			page->ich_hcr = READ_SYSREG_S(ICH_HCR_EL2); /* EOIcount */
			save_lrs(page, n);
		}
	}
	WRITE_SYSREG_S(ICH_HCR_EL2, 0);
	WRITE_SYSREG_S(ICC_SRE_EL2, el2_machine.host.icc_sre);
}

/* ---- breakpoints and watchpoints: the host's kernel has none ---- */

/* clang-format off */
#define DEBUG_NUMBERS(X) \
	X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
/* clang-format on */

#define LOAD_DEBUG(n)                                          \
	if (el2_machine.breakpoints > (n)) {                   \
		WRITE_SYSREG_S(dbgbvr##n##_el1, page->bvr[n]); \
		WRITE_SYSREG_S(dbgbcr##n##_el1, page->bcr[n]); \
	}                                                      \
	if (el2_machine.watchpoints > (n)) {                   \
		WRITE_SYSREG_S(dbgwvr##n##_el1, page->wvr[n]); \
		WRITE_SYSREG_S(dbgwcr##n##_el1, page->wcr[n]); \
	}
#define SAVE_DEBUG(n)                                          \
	if (el2_machine.breakpoints > (n)) {                   \
		page->bvr[n] = READ_SYSREG_S(dbgbvr##n##_el1); \
		page->bcr[n] = READ_SYSREG_S(dbgbcr##n##_el1); \
		WRITE_SYSREG_S(dbgbcr##n##_el1, 0);            \
	}                                                      \
	if (el2_machine.watchpoints > (n)) {                   \
		page->wvr[n] = READ_SYSREG_S(dbgwvr##n##_el1); \
		page->wcr[n] = READ_SYSREG_S(dbgwcr##n##_el1); \
		WRITE_SYSREG_S(dbgwcr##n##_el1, 0);            \
	}

static __attribute__((noinline)) void give_debug(const struct el2_vcpu *page)
{
	DEBUG_NUMBERS(LOAD_DEBUG)
	WRITE_SYSREG(mdccint_el1, page->sys[EL2_MDCCINT]);
}

static __attribute__((noinline)) void take_debug(struct el2_vcpu *page)
{
	DEBUG_NUMBERS(SAVE_DEBUG)
	page->sys[EL2_MDCCINT] = READ_SYSREG(mdccint_el1);
	WRITE_SYSREG(mdccint_el1, 0);
}

/* ---- timers ---- */

/*
 * The virtual timer becomes the guest's.  The host's deadline waits in EL2's own physical timer:
 * they count alike, as the host's CNTVOFF_EL2 is 0.  Its interrupt ends the run; the host sees its
 * own timer's then.
 */
static void park_host_timer(struct host_side *host)
{
	uint64_t ctl = READ_SYSREG(cntv_ctl_el0), cval = READ_SYSREG(cntv_cval_el0);

	WRITE_SYSREG(cnthp_cval_el2, cval);
	WRITE_SYSREG(cnthp_ctl_el2, ctl);
	host->cntv_ctl = ctl;
	host->cntv_cval = cval;
}

/* A kernel at EL2 has a virtual timer of its own, which goes on; and CNTVOFF_EL2 is not for it. */
static void give_timer(struct host_side *host, const struct el2_vcpu *page)
{
	uint64_t ctl = page->cntv_ctl, cval = page->cntv_cval;

	if (!EL2_IS_VHE)
		park_host_timer(host);
	WRITE_SYSREG(cntvoff_el2, page->cntvoff);
	WRITE_SYSREG_S(GUEST_CNTV_CVAL, cval);
	WRITE_SYSREG_S(GUEST_CNTV_CTL, ctl);
}

static void take_timer(const struct host_side *host, struct el2_vcpu *page)
{
	uint64_t host_ctl = host->cntv_ctl, host_cval = host->cntv_cval;
	uint64_t ctl = READ_SYSREG_S(GUEST_CNTV_CTL), cval = READ_SYSREG_S(GUEST_CNTV_CVAL);

	page->cntv_ctl = ctl;
	page->cntv_cval = cval;
	if (EL2_IS_VHE) {
		WRITE_SYSREG_S(GUEST_CNTV_CTL, 0);
		return;
	}
	WRITE_SYSREG(cnthp_ctl_el2, 0);
	WRITE_SYSREG(cntvoff_el2, 0);
	WRITE_SYSREG(cntv_cval_el0, host_cval);
	WRITE_SYSREG(cntv_ctl_el0, host_ctl);
}

/* ---- errors ---- */

/* What it had deferred by ESB, and what it is to take. */
static void give_errors(const struct el2_vcpu *page, uint64_t hcr)
{
	WRITE_SYSREG_S(VDISR_EL2, page->vdisr);
	if (hcr & HCR_VSE)
		WRITE_SYSREG_S(VSESR_EL2, page->vsesr);
}

/* ---- traps ---- */

/*
 * A guest has no PMU, and to its EL0, too, the registers are undefined: not trapped by its EL1,
 * which never said so.  As that would come before MDCR_EL2.TPM, EL0 has them as far as EL1 goes.
 * The host's EL0 has them not.
 */
static void let_pmu_trap(uint64_t userenr)
{
	if (el2_machine.has_pmu)
		WRITE_SYSREG(pmuserenr_el0, userenr);
}

static void set_traps(struct host_side *host, const struct el2_vcpu *page, uint64_t flags,
		      uint64_t core)
{
	uint64_t cptr = el2_machine.cptr, mdcr = el2_machine.mdcr;

	if (flags & EL2_RUN_FP)
		cptr = CPTR_WITH_FP(cptr);
	mdcr |= READ_ONCE(page->mdcr) & EL2_MDCR_MAY;
	if (!(flags & EL2_RUN_DEBUG))
		mdcr |= MDCR_EL2_TDA;
	host->vbar = READ_SYSREG(vbar_el2);
	WRITE_SYSREG(cptr_el2, cptr);
	WRITE_SYSREG(mdcr_el2, mdcr);
	WRITE_SYSREG(cnthctl_el2, CNTHCTL_GUEST(el2_machine.host.cnthctl,
						flags & EL2_RUN_CNTPCT ? 0 : CNTHCTL_EL1PCTEN));
	WRITE_SYSREG(vmpidr_el2, page->mpidr);
	let_pmu_trap(PMUSERENR_EN);
	WRITE_SYSREG(vbar_el2, el2_machine.vectors[core]);
}

static void clear_traps(const struct host_side *host)
{
	let_pmu_trap(0);
	WRITE_SYSREG(cptr_el2, el2_machine.host.cptr);
	WRITE_SYSREG(mdcr_el2, el2_machine.host.mdcr);
	/* To a kernel at EL2, and to its programs, the bits and the number say nothing. */
	if (!EL2_IS_VHE) {
		WRITE_SYSREG(cnthctl_el2, el2_machine.host.cnthctl);
		WRITE_SYSREG(vmpidr_el2, READ_SYSREG(mpidr_el1));
	}
	WRITE_SYSREG(vbar_el2, host->vbar);
}

static uint64_t guest_hcr(uint64_t hcr, uint64_t flags)
{
	hcr = el2_machine.hcr | (hcr & EL2_HCR_MAY);
	return flags & EL2_RUN_PAUTH ? hcr | HCR_API | HCR_APK : hcr;
}

/* ---- the exit ---- */

/*
 * HPFAR_EL2 says nothing of a permission fault (DDI 0487, D19.2.64): the guest's own tables are
 * asked which address FAR_EL2 is.  They may have changed: then the guest tries again.
 */
static bool find_ipa(struct el2_vcpu *page, uint64_t far)
{
	uint64_t was = READ_SYSREG(par_el1), par;

	__asm__ volatile("at s1e1r, %0\n\tisb" ::"r"(far) : "memory");
	par = READ_SYSREG(par_el1);
	WRITE_SYSREG(par_el1, was);
	page->hpfar = (par & PTE_ADDR_MASK) >> 8;
	return !(par & 1); /* PAR_EL1.F */
}

/* HPFAR_EL2 is not to be relied on. */
static bool hides_ipa(uint64_t esr)
{
	if (esr & ESR_S1PTW)
		return false;
	return ESR_FSC_TYPE(esr) == ESR_FSC_PERMISSION ||
	       (unlikely(el2_machine.stage1_later) && ESR_FSC_TYPE(esr) == ESR_FSC_TRANSLATION);
}

/* The guest's registers of EL1 are still the core's.  Return: how the exit is told. */
static unsigned int note_sync(struct el2_vcpu *page)
{
	uint64_t esr = READ_SYSREG(esr_el2), far, ec = ESR_EC(esr);

	page->esr = esr;
	/* First, as they are the most: calls and trapped registers have no address. */
	if (!(esr & ESR_EC_HIGH))
		return EL2_EXIT_SYNC;
	if (ec != ESR_EC_IABT_LOW && ec != ESR_EC_DABT_LOW && ec != ESR_EC_WATCHPT_LOW)
		return EL2_EXIT_SYNC;
	far = READ_SYSREG(far_el2);
	page->far = far;
	page->hpfar = READ_SYSREG(hpfar_el2);
	if (ec != ESR_EC_WATCHPT_LOW && hides_ipa(esr) && !find_ipa(page, far))
		return EL2_EXIT_IRQ;
	return EL2_EXIT_SYNC;
}

/* An SError that the guest caused, and that has come since: taken here, not by the host. */
static bool take_serror(void)
{
	dsb(sy);
	isb();
	if (likely(!(READ_SYSREG(isr_el1) & SYSREG_BIT(ISR_EL1_A_SHIFT))))
		return false;
	__asm__ volatile("msr daifclr, #4\n\tisb" ::
				 : "memory"); /* el2_guest_vectors masks it again */
	return true;
}

/* @hcr: what it has run with. */
static unsigned int note_exit(struct el2_vcpu *page, uint64_t hcr, unsigned int exit)
{
	uint64_t pc = READ_SYSREG(elr_el2), pstate = READ_SYSREG(spsr_el2);

	page->pc = pc;
	page->pstate = pstate;
	if (exit == EL2_EXIT_SYNC)
		exit = note_sync(page);
	if (unlikely(take_serror()))
		exit = EL2_EXIT_SERROR;
	if (exit == EL2_EXIT_SERROR)
		page->esr = READ_SYSREG(esr_el2);
	/* The hardware clears it when the guest takes its virtual SError. */
	if (unlikely(hcr & HCR_VSE) && !(READ_SYSREG(hcr_el2) & HCR_VSE))
		page->hcr &= ~(uint64_t)HCR_VSE;
	return exit;
}

/* ---- the run ---- */

static bool may_enter(uint64_t pstate)
{
	if (pstate & PSR_nRW)
		return el2_machine.has_aarch32 && (pstate & PSR_MODE32_MASK) == PSR_MODE_USER32;
	switch (pstate & PSR_MODE_MASK) {
	case PSR_MODE_EL0t:
	case PSR_MODE_EL1t:
	case PSR_MODE_EL1h: return true;
	default: return false;
	}
}

/* The vcpu @handle has not run last of @vm on this core, or @vm may have no VMID. */
static __attribute__((noinline)) void come_to_core(struct el2_vm *vm, uint32_t *last,
						   uint32_t handle)
{
	el2_vmid_hold(vm, last, handle);
	/*
	 * Two vcpus of a VM are two cores to the guest, whose ASIDs need not mean the same; here
	 * they share a TLB that tells guests apart by VMID alone.
	 */
	el2_tlb_forget_here(vm);
}

static inline __attribute__((always_inline)) unsigned int run_vcpu(struct el2_vm *vm,
								   struct el2_vcpu *page,
								   uint32_t handle)
{
	uint64_t flags = READ_ONCE(page->flags), pstate = READ_ONCE(page->pstate);
	uint64_t hcr = guest_hcr(READ_ONCE(page->hcr), flags);
	bool keys = el2_machine.has_pauth && flags & EL2_RUN_PAUTH;
	uint64_t core = EL2_CORE;
	uint32_t *last = &vm->last[core];
	struct host_side host;
	unsigned int exit, lrs = 0;

	if (!may_enter(pstate))
		return EL2_EXIT_ILLEGAL;
	if (unlikely(load_acquire(last) != handle))
		come_to_core(vm, last, handle);
	if (!EL2_IS_VHE) {
		uint64_t elr = READ_SYSREG(elr_el2), spsr = READ_SYSREG(spsr_el2);

		host.elr = elr;
		host.spsr = spsr;
	}
	set_traps(&host, page, flags, core);
	give_timer(&host, page);
	if (el2_machine.has_gicv3)
		lrs = give_gic(page, flags);
	if (flags & EL2_RUN_DEBUG)
		give_debug(page);
	if (keys)
		el2_keys_swap(&host.sys[EL2_APIAKEYLO], &page->sys[EL2_APIAKEYLO]);
	if (el2_machine.has_ras)
		give_errors(page, hcr);
	el2_regs_to_guest(host.sys, page->sys, &vm->regime, hcr);
	WRITE_SYSREG(elr_el2, page->pc);
	WRITE_SYSREG(spsr_el2, pstate & UINT32_MAX);
	exit = note_exit(page, hcr, el2_enter(page));
	if (el2_machine.has_ras)
		page->vdisr = READ_SYSREG_S(VDISR_EL2);
	el2_regs_to_host(page->sys, host.sys, &el2_machine.host.regime, el2_machine.host.hcr);
	if (keys)
		el2_keys_swap(&page->sys[EL2_APIAKEYLO], &host.sys[EL2_APIAKEYLO]);
	if (flags & EL2_RUN_DEBUG)
		take_debug(page);
	if (el2_machine.has_gicv3)
		take_gic(page, flags, lrs);
	take_timer(&host, page);
	clear_traps(&host);
	if (!EL2_IS_VHE) {
		uint64_t elr = host.elr, spsr = host.spsr;

		WRITE_SYSREG(elr_el2, elr);
		WRITE_SYSREG(spsr_el2, spsr);
	}
	return exit;
}

int64_t el2_guest_run(uint64_t handle)
{
	/* From here on nobody else runs it, and neither it nor its VM can go. */
	struct el2_vcpu_own *v = el2_vcpu_claim(handle);
	unsigned int exit;

	if (!v)
		return el2_held(handle, EL2_VCPU_RUNS) ? EL2_BUSY : EL2_INVALID;
	exit = run_vcpu(v->vm, v->page, (uint32_t)handle);
	el2_set_held(handle, EL2_VCPU);
	return exit;
}
