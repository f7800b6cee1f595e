/*
 * debug.c - a guest's debug registers, and the VMM that debugs it (KVM_SET_GUEST_DEBUG).
 *
 * The breakpoint and watchpoint registers of a core are the host's until the guest uses its own:
 * accesses to them trap (MDCR_EL2.TDA).  A write makes them dirty: in the next run they are loaded
 * and do not trap, and so in each while they do something (MDSCR_EL1.MDE, KDE).  A VMM that debugs
 * has its own in their place, all debug exceptions come to it, and accesses trap.
 */
#include "abi/errno.h"
#include "abi/kvm.h"
#include "arm/levels.h"
#include "arm/sysreg.h"
#include "kvm/kvm.h"
#include "lib/string.h"
#include "mm/charge.h"
#include "mm/slab.h"

#define MDSCR_SS   SYSREG_BIT(0)
#define MDSCR_ON   KVM_MDSCR_ON
#define OSLSR_OSLK SYSREG_BIT(1)
#define GUESTDBG_KNOWN                                                            \
	(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP | KVM_GUESTDBG_USE_SW_BP | \
	 KVM_GUESTDBG_USE_HW)

/* What the VMM's debugging is, and what is the guest's meanwhile. */
struct kvm_debug {
	uint32_t control;
	bool in_place; /* the VMM's are in ctx, between flush and sync */
	/*
	 * A step has begun: PSTATE.SS is the VMM's, and off once the instruction has been done, by
	 * the guest or for it (kvm_skip); the exception comes before the next one.
	 */
	bool stepping;
	struct kvm_guest_debug_arch vmm, guest;
	uint64_t mdscr, ss; /* the guest's */
};

static void copy_breakpoints(struct el2_vcpu *c, const struct kvm_guest_debug_arch *from)
{
	memcpy(c->bcr, from->dbg_bcr, sizeof(c->bcr));
	memcpy(c->bvr, from->dbg_bvr, sizeof(c->bvr));
	memcpy(c->wcr, from->dbg_wcr, sizeof(c->wcr));
	memcpy(c->wvr, from->dbg_wvr, sizeof(c->wvr));
}

static void keep_breakpoints(struct kvm_guest_debug_arch *to, const struct el2_vcpu *c)
{
	memcpy(to->dbg_bcr, c->bcr, sizeof(c->bcr));
	memcpy(to->dbg_bvr, c->bvr, sizeof(c->bvr));
	memcpy(to->dbg_wcr, c->wcr, sizeof(c->wcr));
	memcpy(to->dbg_wvr, c->wvr, sizeof(c->wvr));
}

static void begin_step(struct el2_vcpu *c, struct kvm_debug *d)
{
	if (d->stepping)
		return;
	d->stepping = true;
	d->ss = c->pstate & PSR_SS;
	c->pstate |= PSR_SS;
}

static void end_step(struct el2_vcpu *c, struct kvm_debug *d)
{
	if (d->stepping)
		c->pstate = (c->pstate & ~PSR_SS) | d->ss;
	d->stepping = false;
}

void kvm_debug_free(struct kvm_vcpu *v)
{
	if (!v->debug)
		return;
	if (v->ctx)
		end_step(v->ctx, v->debug);
	kvm_free(v->vm, v->debug, sizeof(*v->debug));
	v->debug = NULL;
}

int kvm_debug_set(struct kvm_vcpu *v, const struct kvm_guest_debug *d)
{
	if (d->control & ~GUESTDBG_KNOWN)
		return -EINVAL;
	if (!(d->control & KVM_GUESTDBG_ENABLE)) {
		kvm_debug_free(v);
		return 0;
	}
	if (!v->debug)
		v->debug = kvm_alloc(v->vm, sizeof(*v->debug));
	if (!v->debug)
		return -ENOMEM;
	if (!(d->control & KVM_GUESTDBG_SINGLESTEP))
		end_step(v->ctx, v->debug);
	v->debug->control = d->control;
	if (d->control & KVM_GUESTDBG_USE_HW)
		v->debug->vmm = d->arch;
	return 0;
}

/* The VMM's step and breakpoints take the place of the guest's, which the guest does not see. */
static void put_in_place(struct kvm_vcpu *v, struct kvm_debug *d)
{
	struct el2_vcpu *c = v->ctx;

	d->in_place = true;
	d->mdscr = c->sys[EL2_MDSCR];
	c->sys[EL2_MDSCR] &= ~MDSCR_SS;
	if (d->control & KVM_GUESTDBG_SINGLESTEP) {
		c->sys[EL2_MDSCR] |= MDSCR_SS;
		begin_step(c, d);
	}
	if (!(d->control & KVM_GUESTDBG_USE_HW))
		return;
	keep_breakpoints(&d->guest, c);
	copy_breakpoints(c, &d->vmm);
	c->sys[EL2_MDSCR] |= KVM_MDSCR_MDE;
	c->flags |= EL2_RUN_DEBUG;
}

void kvm_debug_flush(struct kvm_vcpu *v)
{
	struct el2_vcpu *c = v->ctx;

	if (unlikely(v->debug)) {
		c->mdcr = MDCR_EL2_TDE | MDCR_EL2_TDA;
		put_in_place(v, v->debug);
	} else if (v->kept.oslsr & OSLSR_OSLK) {
		/* the core's OS lock is open: what the guest's forbids is switched off by hand */
		v->kept.mdscr_hidden = c->sys[EL2_MDSCR] & MDSCR_ON;
		c->sys[EL2_MDSCR] &= ~MDSCR_ON;
	} else {
		c->flags |= EL2_RUN_DEBUG;
	}
}

void kvm_debug_sync(struct kvm_vcpu *v)
{
	struct kvm_debug *d = v->debug;
	struct el2_vcpu *c = v->ctx;

	c->mdcr = 0;
	v->debug_dirty = false;
	c->sys[EL2_MDSCR] |= v->kept.mdscr_hidden;
	v->kept.mdscr_hidden = 0;
	if (!d || !d->in_place)
		return;
	d->in_place = false;
	c->sys[EL2_MDSCR] = d->mdscr;
	if (d->control & KVM_GUESTDBG_USE_HW)
		copy_breakpoints(c, &d->guest);
}

/* A debug exception that the VMM has asked for (TDE): PC is at the instruction. */
int kvm_debug_exit(struct kvm_vcpu *v)
{
	struct kvm_debug_exit_arch *out = &v->run->debug.arch;
	uint64_t esr = v->ctx->esr;

	v->run->exit_reason = KVM_EXIT_DEBUG;
	v->run->flags = KVM_DEBUG_ARCH_HSR_HIGH_VALID;
	memset(out, 0, sizeof(*out));
	out->hsr = (uint32_t)esr;
	out->hsr_high = (uint32_t)(esr >> 32);
	if (ESR_EC(esr) == ESR_EC_WATCHPT_LOW)
		out->far = v->ctx->far;
	if (v->debug && ESR_EC(esr) == ESR_EC_SOFTSTP_LOW)
		end_step(v->ctx, v->debug);
	return KVM_LEAVE;
}
