/*
 * inject.c - exceptions that a guest takes at its own EL1: the registers become what they would be
 * had its core taken them (DDI 0487, AArch64.TakeException), and the next run begins at the vector.
 *
 * Also the step past an instruction that has been carried out for the guest.
 */
#include "kvm/kvm.h"

#define SCTLR_DSSBS	 BIT(44)
#define VECTOR_OTHER_SP	 0x200 /* from EL1 with its own SP */
#define VECTOR_LOWER	 0x400
#define VECTOR_LOWER_A32 0x600

/* Of AArch32: where in an IT block it is, bits 26:25 and 15:10. */
#define PSR_IT		 (SYSREG_FIELD(3, 25) | SYSREG_FIELD(0x3f, 10))
#define PSR_T32		 BIT(5)

/* The IT state of the next instruction: the block's conditions move up, and it ends. */
static uint64_t advance_it(uint64_t pstate)
{
	uint64_t it = (pstate >> 25 & 3) | (pstate >> 10 & 0x3f) << 2;

	it = it & 7 ? (it & 0xe0) | (it << 1 & 0x1f) : 0;
	return (pstate & ~PSR_IT) | (it & 3) << 25 | (it >> 2) << 10;
}

void kvm_skip(struct kvm_vcpu *v)
{
	struct el2_vcpu *c = v->ctx;

	if (unlikely(c->pstate & PSR_nRW)) {
		c->pc += c->pstate & PSR_T32 && !(c->esr & ESR_IL) ? 2 : 4;
		c->pstate = advance_it(c->pstate);
	} else {
		c->pc += 4;
		c->pstate &= ~PSR_BTYPE;
	}
	/* Stepped over: the guest's or the VMM's single step sees it as done. */
	c->pstate &= ~PSR_SS;
}

static uint64_t vector_of(uint64_t pstate)
{
	if (pstate & PSR_nRW)
		return VECTOR_LOWER_A32;
	switch (pstate & PSR_MODE_MASK) {
	case PSR_MODE_EL1t: return 0;
	case PSR_MODE_EL1h: return VECTOR_OTHER_SP;
	default: return VECTOR_LOWER;
	}
}

static void take_sync_exception(struct kvm_vcpu *v, uint64_t esr)
{
	struct el2_vcpu *c = v->ctx;
	uint64_t sctlr = c->sys[EL2_SCTLR], was = c->pstate;
	/* What an exception leaves as it is; all else becomes 0. */
	uint64_t now = was & (PSR_NZCV | PSR_PAN | PSR_DIT);

	if (!(sctlr & SCTLR_SPAN))
		now |= PSR_PAN;
	if (sctlr & SCTLR_DSSBS)
		now |= PSR_SSBS;
	c->sys[EL2_ESR] = esr;
	c->sys[EL2_ELR] = c->pc;
	c->sys[EL2_SPSR] = was;
	c->pc = c->sys[EL2_VBAR] + vector_of(was);
	c->pstate = now | PSR_DAIF | PSR_MODE_EL1h;
}

void kvm_inject_undef(struct kvm_vcpu *v)
{
	/* IL as of the instruction that trapped: all of AArch64's have 32 bits. */
	uint64_t il = v->ctx->pstate & PSR_nRW ? v->ctx->esr & ESR_IL : ESR_IL;

	take_sync_exception(v, SYSREG_FIELD(ESR_EC_UNKNOWN, ESR_EC_SHIFT) | il);
}

/* @class: of one that comes from EL0; the next is that of EL1's own. */
static void inject_abort(struct kvm_vcpu *v, uint64_t class, uint64_t fsc, uint64_t addr)
{
	bool own = !(v->ctx->pstate & PSR_nRW) && (v->ctx->pstate & PSR_MODE_MASK) != PSR_MODE_EL0t;

	v->ctx->sys[EL2_FAR] = addr;
	take_sync_exception(v, (class + own) << ESR_EC_SHIFT | (v->ctx->esr & ESR_IL) | fsc);
}

void kvm_inject_data_abort(struct kvm_vcpu *v, uint64_t addr)
{
	inject_abort(v, ESR_EC_DABT_LOW, ESR_FSC_EXTERNAL, addr);
}

void kvm_inject_prefetch_abort(struct kvm_vcpu *v, uint64_t addr)
{
	inject_abort(v, ESR_EC_IABT_LOW, ESR_FSC_EXTERNAL, addr);
}

void kvm_inject_size_abort(struct kvm_vcpu *v, bool prefetch, uint64_t addr)
{
	inject_abort(v, prefetch ? ESR_EC_IABT_LOW : ESR_EC_DABT_LOW, ESR_FSC_SIZE, addr);
}

void kvm_inject_serror(struct kvm_vcpu *v, uint64_t esr)
{
	v->ctx->vsesr = esr & (ESR_IL - 1);
	v->ctx->hcr |= HCR_VSE;
}
