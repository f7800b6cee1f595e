/*
 * tlb.c - see tlb.h.
 */
#include "el2/tlb.h"

#include "arm/atomic.h"
#include "el2/guest.h"
#include "el2/vhe.h"

#define PAGE_BITS   12

/* More pages than this, and all of the VM's leave the TLBs at once. */
#define FLUSH_PAGES 16

/*
 * TLBI by guest address goes for the VMID in VTTBR_EL2, and with VHE only while HCR_EL2.TGE is
 * clear.  What EL1's registers hold meanwhile, the host's or another guest's, must not be walked
 * with it (el2/switch.S); VTCR_EL2 may stay, as nothing is walked.
 */
struct visit {
	uint64_t vttbr, tcr, sctlr, hcr;
};

static struct visit visit_vm(uint64_t vttbr)
{
	struct visit v = { READ_SYSREG(vttbr_el2), READ_SYSREG_S(GUEST_TCR),
			   READ_SYSREG_S(GUEST_SCTLR), READ_SYSREG(hcr_el2) };

	WRITE_SYSREG_S(GUEST_TCR, v.tcr | TCR_EPD0 | TCR_EPD1);
	isb();
	WRITE_SYSREG_S(GUEST_SCTLR, v.sctlr | SCTLR_M);
	isb();
	WRITE_SYSREG(vttbr_el2, vttbr);
	isb();
	if (EL2_IS_VHE) {
		WRITE_SYSREG(hcr_el2, v.hcr & ~HCR_TGE);
		isb();
	}
	return v;
}

static void leave_vm(const struct visit *v)
{
	if (EL2_IS_VHE) {
		WRITE_SYSREG(hcr_el2, v->hcr);
		isb();
	}
	WRITE_SYSREG(vttbr_el2, v->vttbr);
	isb();
	WRITE_SYSREG_S(GUEST_SCTLR, v->sctlr);
	isb();
	WRITE_SYSREG_S(GUEST_TCR, v->tcr);
	isb();
}

/*
 * What IPAS2E1 takes away are translations of guest addresses; a TLB may also hold what the two
 * stages make together, which only VMALLE1 takes (DDI 0487, D8.14 "TLB maintenance").
 */
void el2_tlb_forget(struct el2_table *t, uint64_t ipa, uint64_t size)
{
	const struct el2_vm *vm = t->arg;
	struct visit v;
	uint64_t vttbr;

	dsb(ishst);
	/* Without a VMID nothing of it is in any TLB: el2/vmid.c. */
	vttbr = READ_ONCE(vm->regime.vttbr);
	if (!(vttbr >> VTTBR_VMID_SHIFT))
		return;
	v = visit_vm(vttbr);
	if (size / EL2_PAGE > FLUSH_PAGES) {
		__asm__ volatile("tlbi vmalls12e1is" ::: "memory");
	} else {
		for (; size; ipa += EL2_PAGE, size -= EL2_PAGE)
			__asm__ volatile("tlbi ipas2e1is, %0" ::"r"(ipa >> PAGE_BITS) : "memory");
		dsb(ish);
		__asm__ volatile("tlbi vmalle1is" ::: "memory");
	}
	dsb(ish);
	isb();
	leave_vm(&v);
}

void el2_tlb_forget_here(const struct el2_vm *vm)
{
	struct visit v = visit_vm(vm->regime.vttbr);

	__asm__ volatile("tlbi vmalle1\n\tic iallu\n\tdsb nsh\n\tisb" ::: "memory");
	leave_vm(&v);
}
