/*
 * vgic.c - the state machine of a guest's interrupts: pure, and without its locks built for the
 * host tests, too.
 *
 * Invariant, but during vgic_update: an interrupt is in the queue of its holder while it is active,
 * or enabled and pending; and nowhere else.  So no register that a guest writes makes a walk over
 * all interrupts necessary, and what goes into the list registers is found in a few steps, however
 * many are pending.
 *
 * The queue's order is the guest's: by priority, active ones before pending ones.  The first of
 * them go into the list registers.  Where there are more, those that are left out are the least
 * urgent: an active one that the guest ends while it is in no list register is counted by the
 * hardware (EOIcount), and guests end the most urgent first.
 */
#include "kvm/vgic.h"

#include "arm/atomic.h"
#include "kvm/vcpus.h"

void vgic_cpu_init(struct vgic_cpu *c, unsigned int version)
{
	for (unsigned int i = 0; i < VGIC_PRIORITIES; i++)
		list_init(&c->queue[i]);
	for (unsigned int id = 0; id < VGIC_PRIVATE; id++)
		vgic_irq_init(&c->irqs[id], id, c, version);
}

void vgic_irq_init(struct vgic_irq *irq, unsigned int id, struct vgic_cpu *target,
		   unsigned int version)
{
	*irq = (struct vgic_irq){ .id = id, .target = target, .lr = -1, .group1 = version == 3 };
	list_init(&irq->link);
	/* As Linux: an SPI is an edge until the guest says what it is. */
	irq->edge = id < VGIC_SGIS || id >= VGIC_PRIVATE;
	irq->enabled = id < VGIC_SGIS;
	if (id < VGIC_PRIVATE && version == 2)
		irq->route = 1U << target->id;
}

static unsigned int queue_of(const struct vgic_irq *irq)
{
	return irq->priority >> (8 - VGIC_PRIORITY_BITS);
}

static void vgic_unqueue(struct vgic_irq *irq)
{
	struct vgic_cpu *c = irq->holder;
	struct list_node *rest = irq->link.next;

	irq->holder = NULL;
	list_del(&irq->link);
	/* What is left points at itself: it is the head of a queue that is empty now. */
	if (list_empty(rest))
		c->queued &= ~(1U << (rest - c->queue));
}

static void vgic_enqueue(struct vgic_irq *irq, struct vgic_cpu *c)
{
	unsigned int q = queue_of(irq);

	irq->holder = c;
	if (irq->active)
		list_add_head(&c->queue[q], &irq->link);
	else
		list_add_tail(&c->queue[q], &irq->link);
	c->queued |= 1U << q;
}

void vgic_update(struct vgic *g, struct vgic_irq *irq)
{
	bool pending = irq->enabled && vgic_is_pending(irq);
	struct vgic_cpu *to = pending ? irq->target : NULL;

	/*
	 * In a list register: vgic_fold looks at it anew.  A level that is asserted needs no kick:
	 * its end is a maintenance interrupt.
	 */
	if (irq->lr >= 0) {
		if (irq->edge || !pending)
			kvm_kick(irq->holder->vcpu);
		return;
	}
	/* Whoever has begun to serve it ends it, wherever it goes next. */
	if (irq->active)
		to = irq->holder ? irq->holder : irq->target;
	if (irq->holder)
		vgic_unqueue(irq);
	if (!to)
		return;
	vgic_enqueue(irq, to);
	if (pending && (irq->edge || !irq->active))
		kvm_kick(to->vcpu);
}

void vgic_raise(struct vgic *g, struct vgic_irq *irq, bool level)
{
	if (irq->edge && !level)
		return;
	if (irq->edge)
		irq->latch = true;
	else if (irq->line == level)
		return;
	else
		irq->line = level;
	vgic_update(g, irq);
}

void vgic_send_sgi(struct vgic *g, struct vgic_cpu *to, unsigned int id, unsigned int sender)
{
	struct vgic_irq *irq = &to->irqs[id];

	irq->latch = true;
	if (g->version == 2)
		irq->source |= 1U << sender;
	vgic_update(g, irq);
}

void vgic_set_pending(struct vgic *g, struct vgic_irq *irq, bool pending)
{
	irq->latch = pending;
	if (!pending) /* nor is it any more what its list register goes back to */
		irq->lr_latch = false;
	vgic_update(g, irq);
}

void vgic_set_active(struct vgic *g, struct vgic_irq *irq, bool active, unsigned int source)
{
	irq->active = active;
	irq->active_source = source;
	if (irq->lr >= 0) {
		irq->active_written = true;
		kvm_kick(irq->holder->vcpu);
		return;
	}
	vgic_update(g, irq);
}

/* ---- list registers ---- */

/*
 * @irq's list register; what of its pending state went there is no longer in @irq.
 *
 * Levels and the timer's are never pending and active there: whether they still are is asked when
 * they have ended.  An SGI of a GICv2 would need two senders.
 */
static uint64_t compose_lr(const struct vgic *g, struct vgic_irq *irq)
{
	uint64_t lr = irq->id | (uint64_t)irq->priority << ICH_LR_PRIORITY;
	bool v2_sgi = vgic_is_v2_sgi(g, irq);
	unsigned int sender = irq->active_source;

	irq->lr_latch = false;
	if (irq->group1)
		lr |= ICH_LR_GROUP1;
	if (irq->active)
		lr |= ICH_LR_ACTIVE;
	if (vgic_is_pending(irq) && irq->enabled && g->enabled &&
	    !(irq->active && (!irq->edge || v2_sgi))) {
		lr |= ICH_LR_PENDING;
		irq->lr_latch = irq->latch;
		if (v2_sgi) {
			sender = __builtin_ctz(irq->source | 1U << 8);
			irq->source &= irq->source - 1;
		}
		irq->latch = irq->source;
	}
	if (irq->phys)
		return lr | ICH_LR_HW | (uint64_t)irq->phys << ICH_LR_PHYSICAL;
	if (v2_sgi)
		lr |= (uint64_t)(sender & 7) << ICH_LR_PHYSICAL;
	/* It may have to come again as soon as it has ended. */
	if (!irq->edge || irq->source)
		lr |= ICH_LR_EOI;
	return lr;
}

static void load_lr(struct vgic_cpu *c, unsigned int n, struct vgic_irq *irq)
{
	irq->lr = (int8_t)n;
	c->in_lr[n] = irq;
	c->ctx->lr[n] = compose_lr(c->vgic, irq);
}

/* More than one sender waits: after the first has been served it comes at once again. */
static bool has_more_senders(const struct vgic *g, const struct vgic_irq *irq)
{
	return vgic_is_v2_sgi(g, irq) && !irq->active && irq->source & (irq->source - 1);
}

/*
 * Which ones: c->in_lr[0 ..], how many; and whether others that pend are left out.  One that pends
 * is always there: a guest may drop the priority of many and end them later (EOImode 1).
 */
static unsigned int choose_irqs(struct vgic_cpu *c, bool *left_out)
{
	struct vgic *g = c->vgic;
	unsigned int n = 0, room = g->nr_lrs;
	bool one_pends = false, more_senders = false;

	for (uint32_t left = c->queued; left; left &= left - 1) {
		struct list_node *queue = &c->queue[__builtin_ctz(left)];

		for (struct list_node *l = queue->next; l != queue; l = l->next) {
			struct vgic_irq *irq = list_entry(l, struct vgic_irq, link);

			/* Behind it none is active. */
			if (!irq->active && !g->enabled)
				break;
			if (n < room) {
				c->in_lr[n++] = irq;
				one_pends |= !irq->active;
				more_senders |= has_more_senders(g, irq);
				continue;
			}
			if (irq->active) {
				c->spilled = true;
				continue;
			}
			*left_out = true;
			if (!one_pends) {
				c->in_lr[n - 1] = irq;
				c->spilled = one_pends = true;
			}
			break;
		}
		/* All senders of an SGI come before whatever is less urgent. */
		if (more_senders)
			room = n;
	}
	return n;
}

void vgic_fill(struct vgic_cpu *c)
{
	bool left_out = false;
	unsigned int n;

	c->spilled = false;
	n = choose_irqs(c, &left_out);
	for (unsigned int i = 0; i < n; i++)
		load_lr(c, i, c->in_lr[i]);
	c->ctx->nr_lrs = n;
	/*
	 * Maintenance only for what waits: while more than one list register is in use there is
	 * none, so a guest that ends nothing makes no storm of them.
	 */
	c->ctx->ich_hcr = ICH_HCR_En | (left_out && n > 1 ? ICH_HCR_UIE : 0) |
			  (c->spilled ? ICH_HCR_LRENPIE | ICH_HCR_TDIR : 0);
	WRITE_ONCE(c->running, n > 0);
}

/* The guest has ended one that was in no list register: the most urgent of them. */
static void end_spilled(struct vgic_cpu *c)
{
	for (uint32_t left = c->queued; left; left &= left - 1) {
		struct list_node *queue = &c->queue[__builtin_ctz(left)];

		for (struct list_node *l = queue->next; l != queue; l = l->next) {
			struct vgic_irq *irq = list_entry(l, struct vgic_irq, link);

			if (!irq->active)
				break;
			if (irq->lr >= 0)
				continue;
			irq->active = false;
			vgic_update(c->vgic, irq);
			return;
		}
	}
}

static void fold_lr(struct vgic_cpu *c, struct vgic_irq *irq, uint64_t lr)
{
	bool v2_sgi = vgic_is_v2_sgi(c->vgic, irq);
	uint8_t sender = lr >> ICH_LR_PHYSICAL & 7;

	if (lr & ICH_LR_PENDING && irq->lr_latch) {
		irq->latch = true;
		if (v2_sgi)
			irq->source |= 1U << sender;
	}
	if (!irq->active_written) {
		irq->active = lr & ICH_LR_ACTIVE;
		if (v2_sgi && irq->active)
			irq->active_source = sender;
	}
	if (!irq->edge && irq->id >= VGIC_PRIVATE && !(lr & (ICH_LR_ACTIVE | ICH_LR_PENDING)))
		c->acked[c->nr_acked++] = irq->id;
	irq->active_written = irq->lr_latch = false;
	irq->lr = -1;
	vgic_update(c->vgic, irq);
}

void vgic_fold(struct vgic_cpu *c)
{
	struct el2_vcpu *ctx = c->ctx;

	/* First: they were active behind those in the list registers. */
	for (uint64_t n = ctx->ich_hcr >> ICH_HCR_EOIcount & 0x1f; n; n--)
		end_spilled(c);
	c->nr_acked = 0;
	for (unsigned int i = 0; i < ctx->nr_lrs; i++)
		fold_lr(c, c->in_lr[i], ctx->lr[i]);
	ctx->nr_lrs = 0;
	ctx->ich_hcr = 0;
	WRITE_ONCE(c->running, false);
	store_release(&c->folds, c->folds + 1);
}

bool vgic_deliverable(const struct vgic_cpu *c)
{
	uint64_t vmcr = c->ctx->ich_vmcr;
	unsigned int pmr = vmcr >> ICH_VMCR_VPMR & 0xff;

	if (!c->vgic->enabled)
		return false;
	for (uint32_t left = c->queued; left; left &= left - 1) {
		const struct list_node *queue = &c->queue[__builtin_ctz(left)];

		if ((unsigned int)__builtin_ctz(left) << (8 - VGIC_PRIORITY_BITS) >= pmr)
			return false;
		for (const struct list_node *l = queue->next; l != queue; l = l->next) {
			const struct vgic_irq *irq = list_entry(l, struct vgic_irq, link);

			if (!irq->active && vmcr & (irq->group1 ? ICH_VMCR_VENG1 : ICH_VMCR_VENG0))
				return true;
		}
	}
	return false;
}
