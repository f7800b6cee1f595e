/*
 * run.c - KVM_RUN: a vcpu is in its guest until something needs more than the kernel.
 *
 * Comes from vcpu.c, with vcpu->lock held.  Each round looks for what is to be done outside of the
 * guest, enters it with interrupts masked, and serves what ended the run.
 *
 * Invariant: what makes something pending for a vcpu does so before it calls kvm_kick, and a round
 * says on which core it is (vcpu->cpu) before it looks at what is pending: so either the round sees
 * it, or kvm_kick sees the core, whose interrupt ends the run.
 */
#include "abi/errno.h"
#include "abi/kvm.h"
#include "arm/irqflags.h"
#include "drivers/irq.h"
#include "drivers/timer/timer.h"
#include "kvm/kvm.h"
#include "kvm/seen.h"
#include "kvm/timer.h"
#include "lib/string.h"
#include "task/cores.h"
#include "task/signal_take.h"
#include "task/sleep.h"
#include "task/task.h"
#include "task/time/cpu_alarm.h"

/* A task's flags for which a guest is left, or not entered. */
#define WORK_OUTSIDE (WORK_RESCHED | WORK_SIGNAL | WORK_ALARM)

static bool is_off(const struct kvm_vcpu *v)
{
	return READ_ONCE(v->mp_state) == KVM_MP_STATE_STOPPED;
}

/* ---- exits ---- */

/* WFE: a lock's holder may be a vcpu that waits for this core. */
static int serve_wfx(struct kvm_vcpu *v)
{
	bool executes = !(v->ctx->pstate & PSR_nRW) || kvm_a32_executes(v);
	uint64_t esr = v->ctx->esr, until;

	kvm_skip(v);
	if (!executes)
		return KVM_RESUME;
	if (esr & ESR_WFX_WFE) {
		v->wfe++;
		sched_yield();
		return KVM_RESUME;
	}
	until = UINT64_MAX;
	if (esr & ESR_WFX_T)
		until = counter_to_ns(kvm_get_x(v, ESR_SYS64_RT(esr)) + v->ctx->cntvoff);
	kvm_park(v, until);
	return KVM_RESUME;
}

/* The guest's first use of them since it had to give them up. */
static int serve_fp(struct kvm_vcpu *v)
{
	unsigned long flags = irq_save();

	fp_lend(&v->fp);
	irq_restore(flags);
	return KVM_RESUME;
}

static int serve_undef(struct kvm_vcpu *v)
{
	if ((v->ctx->pstate & PSR_nRW) && !kvm_a32_executes(v))
		kvm_skip(v);
	else
		kvm_inject_undef(v);
	return KVM_RESUME;
}

/* An instruction's or data's address, of the guest's physical space, of which nothing is mapped. */
static int serve_abort(struct kvm_vcpu *v)
{
	const struct el2_vcpu *c = v->ctx;
	bool fetch = ESR_EC(c->esr) == ESR_EC_IABT_LOW, walk = c->esr & ESR_ABT_S1PTW;
	uint64_t type = ESR_FSC_TYPE(c->esr), ipa = HPFAR_IPA(c->hpfar);
	/* A walk that stores is one that updates a descriptor: that faults by permission alone. */
	bool write = walk ? type == ESR_FSC_PERMISSION : !fetch && c->esr & ESR_DABT_WnR;
	int ret;

	if (ESR_FSC_EXT(c->esr)) {
		/* The machine's own memory does not answer: the guest has to bear it. */
		kvm_inject_serror(v, KVM_SERROR_UNKNOWN);
		return KVM_RESUME;
	}
	if (type == ESR_FSC_TRANSLATION && ipa >> v->vm->ipa_bits) {
		if (ipa >> el2_ipa_bits())
			kvm_inject_size_abort(v, fetch, c->far);
		else if (fetch)
			kvm_inject_prefetch_abort(v, c->far);
		else
			kvm_inject_data_abort(v, c->far);
		return KVM_RESUME;
	}
	if (type != ESR_FSC_TRANSLATION && type != ESR_FSC_PERMISSION && type != ESR_FSC_ACCESS)
		return -EFAULT;
	ret = kvm_memory_fault(v, ipa, write, fetch);
	if (ret != -ENXIO)
		return ret ? ret : KVM_RESUME;
	if (fetch)
		kvm_inject_prefetch_abort(v, c->far);
	else if (walk)
		kvm_inject_data_abort(v, c->far);
	else
		return kvm_mmio(v, ipa | (c->far & ~PAGE_MASK));
	return KVM_RESUME;
}

/* WFE traps while another task waits for this core: a hint, so it is not asked at each round. */
static void choose_wfe(struct kvm_vcpu *v)
{
	v->ctx->hcr = (v->ctx->hcr & ~HCR_TWE) | (sched_is_wanted() ? HCR_TWE : 0);
}

/* The vGIC's registers are what a guest accesses most of what is no memory. */
static int serve_data_abort(struct kvm_vcpu *v)
{
	const struct el2_vcpu *c = v->ctx;
	uint64_t ipa = HPFAR_IPA(c->hpfar);

	if (ESR_FSC_TYPE(c->esr) == ESR_FSC_TRANSLATION && !(c->esr & ESR_ABT_S1PTW) &&
	    kvm_vgic_owns(v, ipa))
		return kvm_mmio(v, ipa | (c->far & ~PAGE_MASK));
	v->elsewhere++;
	return serve_abort(v);
}

typedef int (*serve_fn)(struct kvm_vcpu *v);

/* By ESR_EL2's EC.  What is not here is undefined to the guest. */
static const serve_fn by_class[64] = {
	[ESR_EC_WFX] = serve_wfx,
	[ESR_EC_CP15_32] = kvm_a32_trap,
	[ESR_EC_CP15_64] = kvm_a32_trap,
	[ESR_EC_CP14_32] = kvm_a32_trap,
	[ESR_EC_CP14_64] = kvm_a32_trap,
	[ESR_EC_FP_ACCESS] = serve_fp,
	[ESR_EC_HVC64] = kvm_hypercall,
	[ESR_EC_SMC64] = kvm_hypercall,
	[ESR_EC_SYS64] = kvm_sysreg_trap,
	[ESR_EC_IABT_LOW] = serve_abort,
	[ESR_EC_DABT_LOW] = serve_data_abort,
	[ESR_EC_BREAKPT_LOW] = kvm_debug_exit,
	[ESR_EC_SOFTSTP_LOW] = kvm_debug_exit,
	[ESR_EC_WATCHPT_LOW] = kvm_debug_exit,
	[ESR_EC_BRK64] = kvm_debug_exit,
	[ESR_EC_BKPT32] = kvm_debug_exit,
};

/*
 * The interrupt that ended the run is taken here: what its tick accounts for is the guest's time,
 * and a dump that it leads to says so.
 */
static int serve_irq(struct kvm_vcpu *v)
{
	WRITE_ONCE(current->in_guest, true);
	irq_enable();
	isb(); /* it comes before what follows */
	WRITE_ONCE(current->in_guest, false);
	choose_wfe(v);
	return KVM_RESUME;
}

/* Interrupts are masked on entry, and let in here. */
static int serve_exit(struct kvm_vcpu *v, const struct el2_vcpu *c, enum el2_exit exit)
{
	unsigned int ec = ESR_EC(c->esr);

	v->exits[KVM_COUNT(exit, ec)]++;
	if (exit == EL2_EXIT_IRQ)
		return serve_irq(v);
	irq_enable();
	if (likely(exit == EL2_EXIT_SYNC))
		return by_class[ec] ? by_class[ec](v) : serve_undef(v);
	switch (exit) {
	case EL2_EXIT_SERROR: kvm_inject_serror(v, KVM_SERROR_UNKNOWN); return KVM_RESUME;
	default:
		/* Its PSTATE is none of EL1's or EL0's: the VMM's doing. */
		v->run->exit_reason = KVM_EXIT_FAIL_ENTRY;
		v->run->fail_entry.hardware_entry_failure_reason = 0;
		v->run->fail_entry.cpu = cpu_id();
		return KVM_LEAVE;
	}
}

/* ---- a round ---- */

static void serve_requests(struct kvm_vcpu *v)
{
	uint32_t requests = atomic_and(&v->requests, KVM_LASTING);

	dmb(ish); /* what was asked for is seen by now */
	if (requests & KVM_REQ_ACKED)
		kvm_vgic_tell_acked(v);
	/* a KVM_ARM_VCPU_INIT since then has had it already */
	if ((requests & KVM_REQ_RESET) && load_acquire(&v->reset.wanted))
		kvm_reset_vcpu(v);
}

/* KVM_MP_STATE_SUSPENDED: the VMM is told of each interrupt that would wake it. */
static int stay_suspended(struct kvm_vcpu *v)
{
	struct kvm_run *run = v->run;

	kvm_park(v, UINT64_MAX);
	if (!kvm_vgic_pending(v))
		return KVM_RESUME;
	memset(&run->system_event, 0, sizeof(run->system_event));
	run->system_event.type = KVM_SYSTEM_EVENT_WAKEUP;
	run->exit_reason = KVM_EXIT_SYSTEM_EVENT;
	return KVM_LEAVE;
}

/* The thread has been off its core since the guest was told what that has cost it. */
static bool is_stolen_from(const struct kvm_vcpu *v)
{
	/* It runs: one more than the times that it was taken off. */
	return (READ_ONCE(v->requests) & KVM_STOLEN) &&
	       current->voluntary + current->involuntary + 1 != v->stolen.runs;
}

/* What is to be done before the guest is entered.  KVM_RESUME: look again. */
static int work_outside(struct kvm_vcpu *v)
{
	uint32_t work = READ_ONCE(current->work);

	if (work & WORK_RESCHED)
		schedule();
	if (work & WORK_ALARM)
		cpu_alarms_run();
	if (work & WORK_SIGNAL) {
		v->signals++;
		v->run->exit_reason = KVM_EXIT_INTR;
		return -EINTR;
	}
	if (kvm_is_asked(v))
		serve_requests(v);
	else if (is_off(v))
		(void)wait_event_interruptible(&v->parked, !is_off(v) || kvm_is_asked(v));
	else if (READ_ONCE(v->mp_state) == KVM_MP_STATE_SUSPENDED)
		return stay_suspended(v);
	else if (is_stolen_from(v))
		kvm_pvtime_tell(v);
	return KVM_RESUME;
}

/*
 * Its state first: a vcpu that is found turned on has been asked to reset before (cpu_on).
 * What lasts is among the requests: it costs no look of its own.
 */
static bool is_held_up(const struct kvm_vcpu *v)
{
	return load_acquire(&v->mp_state) != KVM_MP_STATE_RUNNABLE || READ_ONCE(v->requests) ||
	       READ_ONCE(current->work) & WORK_OUTSIDE;
}

static __attribute__((noinline)) bool may_go_on(const struct kvm_vcpu *v)
{
	return load_acquire(&v->mp_state) == KVM_MP_STATE_RUNNABLE && !kvm_is_asked(v) &&
	       !(READ_ONCE(current->work) & WORK_OUTSIDE) && !is_stolen_from(v);
}

/* What lasts, and what is so for this run: but EL2_RUN_DEBUG, which is kvm_debug_flush's. */
static inline uint64_t run_flags(const struct kvm_vcpu *v, const struct el2_vcpu *c)
{
	uint64_t flags = c->flags & (EL2_RUN_GICV3 | EL2_RUN_PAUTH);

	if (fp_is_lent(&v->fp))
		flags |= EL2_RUN_FP;
	if (unlikely(READ_ONCE(v->vm->pcounter_offset)))
		flags |= EL2_RUN_CNTPCT;
	return flags;
}

static void moved_to_core(struct kvm_vcpu *v)
{
	v->ran_on = v->cpu;
	kvm_timer_core();
}

static int run_round(struct kvm_vcpu *v)
{
	struct el2_vcpu *c = v->ctx;
	enum el2_exit exit;
	bool seen = false;
	uint64_t hidden, flags;
	bool debug;

	irq_disable();
	WRITE_ONCE(v->cpu, (int)cpu_id());
	/* From here on it can be kicked; what came before is seen now. */
	dmb(ish);
	if (unlikely(is_held_up(v))) {
		if (!may_go_on(v)) {
			WRITE_ONCE(v->cpu, -1);
			irq_enable();
			return work_outside(v);
		}
		seen = READ_ONCE(v->requests) & KVM_SEEN;
	}
	if (unlikely(v->ran_on != v->cpu))
		moved_to_core(v);
	flags = run_flags(v, c);
	c->cntvoff = READ_ONCE(v->vm->counter_offset);
	c->flags = flags;
	debug = kvm_debug_wanted(v, c);
	if (unlikely(debug))
		kvm_debug_flush(v);
	if (!kvm_timers_rest(v))
		kvm_timer_flush(v);
	if (v->vgic)
		kvm_vgic_flush(v);
	else
		c->hcr = (c->hcr & ~(uint64_t)(HCR_VI | HCR_VF)) | READ_ONCE(v->timers->lines);
	hidden = stretch_hide();
	exit = unlikely(seen) ? kvm_run_seen(v) : el2_run(v->el2);
	stretch_show(hidden);
	WRITE_ONCE(v->cpu, -1);
	if (unlikely(debug))
		kvm_debug_sync(v);
	if (v->vgic)
		kvm_vgic_sync(v);
	if (unlikely(v->timers->silenced))
		kvm_timer_sync(v);
	return serve_exit(v, c, exit);
}

/* ---- KVM_RUN ---- */

static int run_first(struct kvm_vcpu *v)
{
	int err = kvm_vgic_first_run(v);

	if (err)
		return err;
	mutex_lock(&v->vm->lock);
	if (!v->vm->has_run)
		kvm_vm_regs_settle(v->vm);
	WRITE_ONCE(v->vm->has_run, true);
	mutex_unlock(&v->vm->lock);
	v->ctx->ctr = v->vm->ctr;
	v->has_run = true;
	return 0;
}

static inline bool tells_user_lines(struct kvm_vcpu *v)
{
	if (v->vgic || (likely(kvm_timers_rest(v)) && !READ_ONCE(v->run->s.regs.device_irq_level)))
		return false;
	return kvm_timer_user_lines(v);
}

static int run_rounds(struct kvm_vcpu *v)
{
	int ret;

	WRITE_ONCE(current->vcpu, v);
	choose_wfe(v);
	do {
		/* A round begins with a look at who else wants the core. */
		stretch_point((uintptr_t)run_rounds);
		ret = run_round(v);
		if (unlikely(tells_user_lines(v)) && ret == KVM_RESUME) {
			v->run->exit_reason = KVM_EXIT_INTR;
			ret = -EINTR;
		}
	} while (ret == KVM_RESUME);
	/* The VMM may wait for it before it calls again. */
	if (unlikely(READ_ONCE(v->requests) & KVM_REQ_ACKED)) {
		atomic_and(&v->requests, ~(uint32_t)KVM_REQ_ACKED);
		kvm_vgic_tell_acked(v);
	}
	/* Before v can be closed by another thread, and before EL0. */
	if (fp_is_lent(&v->fp))
		fp_return();
	WRITE_ONCE(current->vcpu, NULL);
	v->left[v->mmio.pending]++;
	return ret == KVM_LEAVE ? 0 : ret;
}

long kvm_run_vcpu(struct kvm_vcpu *v)
{
	struct kvm_run *run = v->run;
	uint64_t old = current->signals.blocked;
	int ret = 0;

	if (unlikely(!v->has_run))
		ret = run_first(v);
	if (ret)
		return ret;
	if (READ_ONCE(run->exit_reason) == KVM_EXIT_MMIO)
		kvm_mmio_complete(v);
	if (READ_ONCE(run->immediate_exit))
		return -EINTR;
	run->exit_reason = KVM_EXIT_UNKNOWN;
	run->flags = 0;
	if (v->has_sigmask)
		signal_set_mask(v->sigmask);
	ret = run_rounds(v);
	if (v->has_sigmask)
		signal_set_mask(old);
	return ret;
}
