/*
 * timer.h - a vcpu's timers, as the vGIC and timer share them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/counter.h"
#include "kvm/kvm.h"
#include "kvm/vgic.h"
#include "lib/util.h"
#include "task/time/timer.h"

struct kvm_timers {
	struct kvm_vcpu *vcpu;
	uint64_t pctl, pcval; /* the physical timer: emulated.  The virtual one's are in ctx */
	struct timer due;     /* the physical timer's deadline, while due_set */
	struct timer park;    /* the virtual timer's, while the vcpu sleeps and park_set */
	bool due_set, park_set;
	uint32_t asserted;		/* their lines: KVM_ARM_DEV_EL1_VTIMER, _PTIMER */
	bool silenced;			/* the machine's interrupt counts as being served */
	const struct vgic_irq *virtual; /* with a vGIC, once it runs: the virtual one's interrupt */
	uint64_t lines;			/* atomic: HCR_VI, HCR_VF: without a vGIC, KVM_IRQ_LINE's */
};

/*
 * kvm_timer_core - @v is about to run on this core, and was not on it before.
 * kvm_timer_flush, kvm_timer_sync - around a run, interrupts masked: the machine's virtual timer is
 * the guest's meanwhile.
 * kvm_timer_update - the lines of its timers are what they are now.  By who runs @v.
 * kvm_timers_rest - both are off and were, and nobody serves one: there is nothing to do for them.
 */
void kvm_timer_core(void);
void kvm_timer_flush(struct kvm_vcpu *v);
void kvm_timer_sync(struct kvm_vcpu *v);
void kvm_timer_update(struct kvm_vcpu *v);
static inline bool kvm_timers_rest(const struct kvm_vcpu *v)
{
	const struct kvm_timers *t = v->timers;

	return !((v->ctx->cntv_ctl | t->pctl) & CNT_CTL_ENABLE) && !t->asserted &&
	       (!t->virtual || !READ_ONCE(t->virtual->active));
}

/*
 * kvm_timer_user_lines - without a vGIC it is the VMM's that has to hear of the timers' lines, by
 * kvm_run.s.regs.device_irq_level: true: it has changed.
 */
bool kvm_timer_user_lines(struct kvm_vcpu *v);

/* kvm_timer_new, kvm_timer_free - with the vcpu.  0, -ENOMEM. */
int kvm_timer_new(struct kvm_vcpu *v) __must_check;
void kvm_timer_free(struct kvm_vcpu *v);
/* kvm_timer_first_run - its interrupts' numbers are settled: 0, or -EINVAL: they are one. */
int kvm_timer_first_run(struct kvm_vcpu *v) __must_check;
