/*
 * vgic_run.c - around each run of a vcpu: its interrupts into the list registers, and back.
 *
 * run calls kvm_vgic_flush and kvm_vgic_sync with interrupts masked, on one core, and nothing of
 * what is in the machine's GIC for the guest is there at any other time.
 */
#include "arm/atomic.h"
#include "arm/barrier.h"
#include "arm/mmio.h"
#include "kvm/kvm.h"
#include "kvm/timer.h"
#include "kvm/vgic.h"

/*
 * ---- the list registers of a GICv2 (GICH) ----
 *
 * The kernel writes them itself.  In struct el2_vcpu a guest's interface looks like a GICv3's, for
 * both: here it is packed for the hardware and unpacked again.  The fields have the same order, so
 * that three shifts do.  Each core has its own GICH at the same address.
 */

/* A GICH_LR: HW, group, state, five bits of priority, ten of each number. */
static uint32_t pack_lr(uint64_t lr)
{
	return (uint32_t)((lr & ICH_LR_HW) >> 61 << 31 | (lr & ICH_LR_GROUP1) >> 60 << 30 |
			  lr >> 62 << 28 | (lr >> (ICH_LR_PRIORITY + 3) & 0x1f) << 23 |
			  (lr >> ICH_LR_PHYSICAL & 0x3ff) << 10 | (lr & 0x3ff));
}

/* Its state and sender, with what @lr had besides. */
static uint64_t unpack_lr(uint64_t lr, uint32_t hw)
{
	return (lr & ~(ICH_LR_ACTIVE | ICH_LR_PENDING | UINT64_C(7) << ICH_LR_PHYSICAL)) |
	       (uint64_t)(hw >> 28 & 3) << 62 | (uint64_t)(hw >> 10 & 7) << ICH_LR_PHYSICAL;
}

/* @n: of ctx->lr in use. */
static inline void load_gich(const struct vgic_cpu *c, uint64_t n)
{
	volatile struct gich *h = c->gich;
	const struct el2_vcpu *ctx = c->ctx;

	mmio_write32(&h->vmcr, (uint32_t)ctx->ich_vmcr);
	if (unlikely(ctx->ap0r[0]))
		mmio_write32(&h->apr, (uint32_t)ctx->ap0r[0]);
	for (unsigned int i = 0; i < n; i++)
		mmio_write32(&h->lr[i], pack_lr(ctx->lr[i]));
	/* Nothing of TDIR here: those bits are reserved. */
	mmio_write32(&h->hcr, (uint32_t)ctx->ich_hcr & 0xff);
	/* In the GIC before the guest runs. */
	dsb(sy);
}

/* Between two runs no priority is active in it (apr). */
static inline void save_gich(struct vgic_cpu *c, uint64_t n)
{
	volatile struct gich *h = c->gich;
	struct el2_vcpu *ctx = c->ctx;

	if (n)
		ctx->ich_hcr = mmio_read32(&h->hcr); /* EOIcount */
	ctx->ich_vmcr = mmio_read32(&h->vmcr);
	/* Without a list register none becomes active that was not. */
	if (n || unlikely(ctx->ap0r[0])) {
		ctx->ap0r[0] = mmio_read32(&h->apr);
		mmio_write32(&h->apr, 0);
	}
	for (unsigned int i = 0; i < n; i++) {
		ctx->lr[i] = unpack_lr(ctx->lr[i], mmio_read32(&h->lr[i]));
		/* Another guest with fewer does not write it. */
		mmio_write32(&h->lr[i], 0);
	}
	/* Last: its maintenance interrupt goes with it, before the kernel lets interrupts in. */
	mmio_write32(&h->hcr, 0);
}

/* ---- around a run ---- */

static __attribute__((noinline)) void flush_queued(struct vgic_cpu *c)
{
	spin_lock(&c->vgic->lock);
	vgic_fill(c);
	spin_unlock(&c->vgic->lock);
	if (c->gich)
		load_gich(c, c->ctx->nr_lrs);
}

void kvm_vgic_flush(struct kvm_vcpu *v)
{
	struct vgic_cpu *c = v->vgic;

	/* No list register is in use (ctx->nr_lrs) between two runs. */
	v->ctx->ich_hcr = ICH_HCR_En;
	/* What comes to be queued after this look kicks this core, which run has named before. */
	if (READ_ONCE(c->queued))
		flush_queued(c);
	else if (c->gich)
		load_gich(c, 0);
}

static __attribute__((noinline)) void sync_running(struct vgic_cpu *c)
{
	struct vgic *g = c->vgic;

	if (c->gich)
		save_gich(c, c->ctx->nr_lrs);
	spin_lock(&g->lock);
	vgic_fold(c);
	spin_unlock(&g->lock);
	/* Not here: who waits for them may be many, and interrupts are masked. */
	if (c->nr_acked && kvm_eventfds_want_ack(g->vm))
		atomic_or(&c->vcpu->requests, KVM_REQ_ACKED);
}

void kvm_vgic_tell_acked(struct kvm_vcpu *v)
{
	struct vgic_cpu *c = v->vgic;

	for (unsigned int i = 0; i < c->nr_acked; i++)
		kvm_eventfds_ack(v->vm, c->acked[i]);
}

void kvm_vgic_sync(struct kvm_vcpu *v)
{
	struct vgic_cpu *c = v->vgic;

	if (c->running)
		sync_running(c);
	else if (c->gich)
		save_gich(c, 0);
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
