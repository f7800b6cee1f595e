/*
 * vgic_run.c - around each run of a vcpu: its interrupts into the list registers, and back.
 *
 * run calls kvm_vgic_flush and kvm_vgic_sync with interrupts masked, on one core, and nothing of
 * what is in the machine's GIC for the guest is there at any other time.
 */
#include "arm/atomic.h"
#include "drivers/irq.h"
#include "kvm/kvm.h"
#include "kvm/timer.h"
#include "kvm/vgic.h"

static void fill_locked(struct vgic_cpu *c)
{
	spin_lock(&c->vgic->lock);
	vgic_fill(c);
	spin_unlock(&c->vgic->lock);
}

void kvm_vgic_flush(struct kvm_vcpu *v)
{
	struct vgic_cpu *c = v->vgic;
	struct el2_vcpu *ctx = v->ctx;

	if (!c) {
		ctx->hcr = (ctx->hcr & ~(uint64_t)(HCR_VI | HCR_VF)) | READ_ONCE(v->timers->lines);
		return;
	}
	/* No list register is in use (ctx->nr_lrs) between two runs. */
	ctx->ich_hcr = ICH_HCR_En;
	/* What comes to be queued after this look kicks this core, which run has named before. */
	if (READ_ONCE(c->queued))
		fill_locked(c);
	if (!(ctx->flags & EL2_RUN_GICV3))
		vgic_v2_load(ctx);
}

static void fold_locked(struct vgic_cpu *c)
{
	spin_lock(&c->vgic->lock);
	vgic_fold(c);
	spin_unlock(&c->vgic->lock);
	/* SPIs that were levels and have ended.  No lock is held. */
	for (unsigned int i = 0; c->vgic->vm->eventfds && i < c->nr_acked; i++)
		kvm_eventfds_ack(c->vgic->vm, c->acked[i]);
}

void kvm_vgic_sync(struct kvm_vcpu *v)
{
	struct vgic_cpu *c = v->vgic;

	if (!c)
		return;
	if (!(v->ctx->flags & EL2_RUN_GICV3))
		vgic_v2_save(v->ctx);
	if (c->running)
		fold_locked(c);
}

bool kvm_vgic_pending(struct kvm_vcpu *v)
{
	struct vgic_cpu *c = v->vgic;
	unsigned long flags;
	bool yes;

	kvm_timer_update(v);
	if (!c)
		return READ_ONCE(v->timers->lines) || v->timers->asserted;
	if (!READ_ONCE(c->queued))
		return false;
	flags = spin_lock_irqsave(&c->vgic->lock);
	yes = vgic_deliverable(c);
	spin_unlock_irqrestore(&c->vgic->lock, flags);
	return yes;
}
