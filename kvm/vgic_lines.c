/*
 * vgic_lines.c - the lines of a guest's interrupt controller: what raises them from outside of the
 * guest, KVM_IRQ_LINE, and by the routes (KVM_SET_GSI_ROUTING) the numbers of eventfds.
 *
 * Lines are raised without vm->lock: a vGIC is seen whole (vm->vgic), and what is raised is there
 * once it is initialised.
 */
#include "abi/errno.h"
#include "abi/kvm.h"
#include "kvm/kvm.h"
#include "kvm/timer.h"
#include "kvm/vgic.h"
#include "mm/giveway.h"
#include "mm/slab.h"

_Static_assert(VGIC_ROUTES == KVM_MAX_ROUTES, "KVM_CAP_IRQ_ROUTING");

/* The VMM's line: one that is a timer's is left as it is. */
static int raise_line(struct vgic *g, struct vgic_cpu *c, unsigned int id, bool level)
{
	unsigned long flags = spin_lock_irqsave(&g->lock);
	struct vgic_irq *irq = vgic_find(g, c, id);

	if (irq && !irq->owned)
		vgic_raise(g, irq, level);
	spin_unlock_irqrestore(&g->lock, flags);
	return irq ? 0 : -EINVAL;
}

/* Without a vGIC: the vcpu's own two. */
static int raise_cpu_line(struct kvm_vcpu *v, unsigned int which, bool level)
{
	uint64_t bit = which == KVM_ARM_IRQ_CPU_IRQ ? HCR_VI : HCR_VF;

	if (level)
		atomic_or(&v->timers->lines, bit);
	else
		atomic_and(&v->timers->lines, ~bit);
	kvm_kick(v);
	return 0;
}

/* The first use initialises a GICv2, as it always has; a GICv3 waits for CTRL_INIT. */
static int init_at_use(struct vgic *g)
{
	if (load_acquire(&g->initialized))
		return 0;
	return g->version == 3 ? -EBUSY : kvm_locked(g->vm, vgic_init(g));
}

int kvm_irq_line(struct kvm_vm *vm, const struct kvm_irq_level *l)
{
	unsigned int type = l->irq >> KVM_ARM_IRQ_TYPE_SHIFT & KVM_ARM_IRQ_TYPE_MASK;
	unsigned int id = l->irq & KVM_ARM_IRQ_NUM_MASK;
	unsigned int cpu = (l->irq >> KVM_ARM_IRQ_VCPU_SHIFT & KVM_ARM_IRQ_VCPU_MASK) +
			   (l->irq >> KVM_ARM_IRQ_VCPU2_SHIFT & KVM_ARM_IRQ_VCPU2_MASK) *
				   (KVM_ARM_IRQ_VCPU_MASK + 1);
	struct vgic *g = vm->vgic;
	struct kvm_vcpu *v = kvm_vcpu_find(vm, cpu);
	int err;

	if (type > KVM_ARM_IRQ_TYPE_PPI)
		return -EINVAL;
	if (!g == (type != KVM_ARM_IRQ_TYPE_CPU))
		return -ENXIO;
	if (type != KVM_ARM_IRQ_TYPE_SPI && !v)
		return -EINVAL;
	if (type == KVM_ARM_IRQ_TYPE_CPU)
		return id > KVM_ARM_IRQ_CPU_FIQ ? -EINVAL : raise_cpu_line(v, id, l->level);
	if (type == KVM_ARM_IRQ_TYPE_PPI ? id < VGIC_SGIS || id >= VGIC_PRIVATE : id < VGIC_PRIVATE)
		return -EINVAL;
	err = init_at_use(g);
	return err ? err : raise_line(g, v ? v->vgic : NULL, id, l->level);
}

/* ---- routes: from an eventfd's number to a line ---- */

int kvm_set_gsi(struct kvm_vm *vm, uint32_t gsi, bool level)
{
	struct vgic *g = vm->vgic;
	uint16_t id;

	if (!g || !load_acquire(&g->initialized) || gsi >= VGIC_ROUTES)
		return -EINVAL;
	/* A route is one word: what is changed meanwhile may still go the old way. */
	id = READ_ONCE(g->routes[gsi]);
	return id ? raise_line(g, NULL, id, level) : -EINVAL;
}

bool kvm_gsi_is(struct kvm_vm *vm, uint32_t gsi, unsigned int irq)
{
	return gsi < VGIC_ROUTES && READ_ONCE(vm->vgic->routes[gsi]) == irq;
}

static int check_route(const struct kvm_irq_routing_entry *e, const uint16_t *routes)
{
	bool msi = e->type == KVM_IRQ_ROUTING_MSI;

	if (e->gsi >= VGIC_ROUTES || routes[e->gsi] || e->flags & ~(msi ? 1U : 0U))
		return -EINVAL;
	if (msi)
		return 0;
	return e->type != KVM_IRQ_ROUTING_IRQCHIP || e->u.irqchip.irqchip >= KVM_NR_IRQCHIPS ||
			       e->u.irqchip.pin >= GIC_SPECIAL - VGIC_PRIVATE
		       ? -EINVAL
		       : 0;
}

static int read_routes(uint16_t *routes, const struct kvm_irq_routing *head, uptr entries)
{
	struct kvm_irq_routing_entry e;

	for (uint32_t i = 0; i < head->nr; i++) {
		if (copy_from_user(&e, uptr_add(entries, i * sizeof(e)), sizeof(e)))
			return -EFAULT;
		if (check_route(&e, routes))
			return -EINVAL;
		/* A message goes nowhere: there is no ITS. */
		routes[e.gsi] =
			e.type == KVM_IRQ_ROUTING_MSI ? UINT16_MAX : e.u.irqchip.pin + VGIC_PRIVATE;
		if (i % 256 == 255 && give_way())
			return -EINTR;
	}
	return 0;
}

/* Routes that are given before the vGIC is initialised are forgotten then, as on Linux. */
static int put_routes(struct vgic *g, const uint16_t *routes)
{
	for (unsigned int i = 0; g && g->initialized && i < VGIC_ROUTES; i++)
		WRITE_ONCE(g->routes[i], routes[i]);
	return 0;
}

int kvm_set_routing(struct kvm_vm *vm, const struct kvm_irq_routing *head, uptr entries)
{
	uint16_t *routes;
	int err;

	if (head->nr > VGIC_ROUTES || head->flags)
		return -EINVAL;
	routes = kzalloc(VGIC_ROUTES * sizeof(*routes));
	if (!routes)
		return -ENOMEM;
	err = read_routes(routes, head, entries);
	if (!err)
		err = kvm_locked(vm, put_routes(vm->vgic, routes));
	kfree(routes);
	return err;
}
