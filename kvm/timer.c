/*
 * timer.c - a guest's time.
 *
 * The machine's virtual timer is the guest's while it runs (el2/ parks the host's deadline in its
 * own timer): its interrupt comes to the host, ends the run, and is found here, at the next run, by
 * its registers: the line of the guest's own interrupt is what CNTV_CTL and CNTV_CVAL say.  While
 * the guest has not served that, the machine's interrupt counts as active in the machine's GIC
 * (irq_set_active), or it would end each run at once; the list register has HW set, so that the
 * guest's end of it is also the machine's, and the next one comes.
 *
 * The physical timer is emulated: its registers trap, and a task's timer kicks the vcpu when it is
 * due.  So does one for the virtual timer while the vcpu sleeps.
 *
 * All of it is the vcpu's that runs, under vcpu->lock, but the functions that timers call, which
 * only kick.
 */
#include "kvm/timer.h"

#include "abi/errno.h"
#include "abi/kvm.h"
#include "arm/nospec.h"
#include "arm/percpu.h"
#include "drivers/irq.h"
#include "drivers/timer/timer.h"
#include "kvm/kvm.h"
#include "kvm/vgic.h"
#include "mm/charge.h"
#include "mm/slab.h"

/* Linux keeps what the architecture has no meaning for, too. */
#define CTL_WRITABLE (UINT32_MAX & ~(uint64_t)CNT_CTL_ISTATUS)
/* A deadline that is further away is none: the product of ticks would not fit (146 years). */
#define NO_DEADLINE  (UINT64_MAX / 4)

/* ---- the machine's part ---- */

static unsigned int virtual_irq; /* a PPI, as the machine numbers it */
static bool virtual_is_ours;	 /* the host's own timer is another */
static DEFINE_PERCPU(bool, ppis_enabled);

/* What has come has done its work: the guest's run has ended, and its level went with that. */
static void nothing_to_do(void *arg)
{
}

/* Interrupts masked. */
static void enable_ppis(void)
{
	this_cpu(ppis_enabled) = true;
	el2_init_cpu(); /* /dev/kvm may have been made after this core came up */
	if (READ_ONCE(virtual_is_ours))
		irq_enable_ppi(virtual_irq, IRQ_LEVEL);
	if (irq_virt())
		irq_enable_ppi(irq_virt()->maintenance, IRQ_LEVEL);
}

/* For good, with the first vcpu; two at once find that one is taken. */
static int request_ppis(void)
{
	unsigned int irq;
	int err;

	if (READ_ONCE(virtual_irq))
		return 0;
	err = timer_guest_irq(&irq);
	if (err)
		return err;
	err = irq_request(irq, IRQ_LEVEL, nothing_to_do, NULL, "guest_timer");
	if (!err)
		WRITE_ONCE(virtual_is_ours, true);
	if (irq_virt() && (!err || err == -EBUSY))
		err = irq_request(irq_virt()->maintenance, IRQ_LEVEL, nothing_to_do, NULL,
				  "guest_gic");
	if (err && err != -EBUSY)
		return err;
	WRITE_ONCE(virtual_irq, irq);
	return 0;
}

/* ---- lines ---- */

static uint64_t offset_of(const struct kvm_vcpu *v, bool physical)
{
	return physical ? READ_ONCE(v->vm->pcounter_offset) : READ_ONCE(v->vm->counter_offset);
}

static uint64_t ctl_of(const struct kvm_vcpu *v, bool physical)
{
	return physical ? v->timers->pctl : v->ctx->cntv_ctl;
}

static uint64_t cval_of(const struct kvm_vcpu *v, bool physical)
{
	return physical ? v->timers->pcval : v->ctx->cntv_cval;
}

static uint64_t count_of(const struct kvm_vcpu *v, bool physical)
{
	return counter_read() - offset_of(v, physical);
}

/* Enabled, and not masked: it may assert its line. */
static bool is_armed(const struct kvm_vcpu *v, bool physical)
{
	return (ctl_of(v, physical) & (CNT_CTL_ENABLE | CNT_CTL_IMASK)) == CNT_CTL_ENABLE;
}

static bool is_asserted(const struct kvm_vcpu *v, bool physical)
{
	return is_armed(v, physical) && count_of(v, physical) >= cval_of(v, physical);
}

static struct vgic_irq *irq_of(const struct kvm_vcpu *v, bool physical)
{
	return &v->vgic->irqs[v->vgic->vgic->timer_ppi[physical]];
}

static void set_line(struct kvm_vcpu *v, bool physical)
{
	bool level = is_asserted(v, physical);
	struct vgic_irq *irq;
	unsigned long flags;

	if (level)
		v->timers->asserted |= BIT(physical);
	else
		v->timers->asserted &= ~BIT(physical);
	if (!v->vgic)
		return;
	irq = irq_of(v, physical);
	if (likely(READ_ONCE(irq->line) == level))
		return;
	flags = spin_lock_irqsave(&v->vgic->vgic->lock);
	vgic_raise(v->vgic->vgic, irq, level);
	spin_unlock_irqrestore(&v->vgic->vgic->lock, flags);
}

void kvm_timer_update(struct kvm_vcpu *v)
{
	/* Off, and off before: what most runs find. */
	if (likely(!((v->ctx->cntv_ctl | v->timers->pctl) & CNT_CTL_ENABLE) &&
		   !v->timers->asserted))
		return;
	set_line(v, false);
	set_line(v, true);
}

void kvm_timer_core(void)
{
	if (unlikely(!this_cpu(ppis_enabled)))
		enable_ppis();
}

void kvm_timer_flush(struct kvm_vcpu *v)
{
	struct kvm_timers *t = v->timers;

	kvm_timer_update(v);
	t->silenced = t->asserted & KVM_ARM_DEV_EL1_VTIMER ||
		      (t->virtual && READ_ONCE(t->virtual->active));
	if (t->silenced)
		irq_set_active(virtual_irq, true);
}

void kvm_timer_sync(struct kvm_vcpu *v)
{
	if (v->timers->silenced)
		irq_set_active(virtual_irq, false);
	v->timers->silenced = false;
}

bool kvm_timer_user_lines(struct kvm_vcpu *v)
{
	uint64_t *seen = &v->run->s.regs.device_irq_level;

	kvm_timer_update(v);
	if (likely(READ_ONCE(*seen) == v->timers->asserted))
		return false;
	WRITE_ONCE(*seen, v->timers->asserted);
	return true;
}

/* ---- deadlines ---- */

/* When the timer, which is armed, will assert its line: a time for timer_start; 0: never. */
static uint64_t deadline_of(const struct kvm_vcpu *v, bool physical)
{
	uint64_t left = cval_of(v, physical) - count_of(v, physical);

	return left < counter_from_ns(NO_DEADLINE) ? timer_now_ns() + counter_to_ns(left) + 1 : 0;
}

static void ptimer_due(struct timer *t)
{
	kvm_kick(container_of(t, struct kvm_timers, due)->vcpu);
}

static void vtimer_due(struct timer *t)
{
	kvm_kick(container_of(t, struct kvm_timers, park)->vcpu);
}

/* @t, which is started if *@set, is started if the guest's timer is going to assert its line. */
static void start_timer(struct kvm_vcpu *v, bool physical, struct timer *t, bool *set,
			void (*due)(struct timer *))
{
	uint64_t deadline;

	if (*set)
		(void)timer_cancel(t);
	*set = false;
	if (!is_armed(v, physical) || is_asserted(v, physical))
		return;
	deadline = deadline_of(v, physical);
	if (!deadline)
		return;
	*set = true;
	timer_start(TIMER_MONOTONIC, t, deadline, due);
}

static void start_ptimer(struct kvm_vcpu *v)
{
	start_timer(v, true, &v->timers->due, &v->timers->due_set, ptimer_due);
}

void kvm_timer_park(struct kvm_vcpu *v)
{
	start_timer(v, false, &v->timers->park, &v->timers->park_set, vtimer_due);
}

void kvm_timer_unpark(struct kvm_vcpu *v)
{
	if (v->timers->park_set)
		(void)timer_cancel(&v->timers->park);
	v->timers->park_set = false;
}

/* ---- registers ---- */

uint64_t kvm_timer_get(struct kvm_vcpu *v, bool physical, enum kvm_timer_reg reg)
{
	uint64_t count = count_of(v, physical), cval = cval_of(v, physical);

	switch (reg) {
	case KVM_TIMER_CTL:
		return (ctl_of(v, physical) & CTL_WRITABLE) | (count >= cval ? CNT_CTL_ISTATUS : 0);
	case KVM_TIMER_CVAL: return cval;
	case KVM_TIMER_TVAL: return (cval - count) & UINT32_MAX;
	default: return count;
	}
}

/* The counter is the VM's: all vcpus' moves, unless the VMM has said for good what it is. */
static void set_count(struct kvm_vm *vm, bool physical, uint64_t value)
{
	uint64_t *offset = physical ? &vm->pcounter_offset : &vm->counter_offset;

	if (!READ_ONCE(vm->counter_set))
		WRITE_ONCE(*offset, counter_read() - value);
}

void kvm_timer_set(struct kvm_vcpu *v, bool physical, enum kvm_timer_reg reg, uint64_t value)
{
	uint64_t *ctl = physical ? &v->timers->pctl : &v->ctx->cntv_ctl;
	uint64_t *cval = physical ? &v->timers->pcval : &v->ctx->cntv_cval;

	switch (reg) {
	case KVM_TIMER_CTL: *ctl = value & CTL_WRITABLE; break;
	case KVM_TIMER_CVAL: *cval = value; break;
	case KVM_TIMER_TVAL: *cval = count_of(v, physical) + (uint64_t)(int32_t)value; break;
	default: set_count(v->vm, physical, value); break;
	}
	if (physical)
		start_ptimer(v);
}

void kvm_timer_reset(struct kvm_vcpu *v)
{
	v->ctx->cntv_ctl = v->timers->pctl = 0;
	start_ptimer(v);
}

static int set_offsets(struct kvm_vm *vm, uint64_t offset)
{
	vm->counter_set = true;
	WRITE_ONCE(vm->counter_offset, offset);
	WRITE_ONCE(vm->pcounter_offset, offset);
	return 0;
}

int kvm_set_counter(struct kvm_vm *vm, const struct kvm_arm_counter_offset *o)
{
	return o->reserved ? -EINVAL : kvm_stopped(vm, set_offsets(vm, o->counter_offset));
}

/* ---- their life, their interrupts' numbers ---- */

int kvm_timer_new(struct kvm_vcpu *v)
{
	int err = request_ppis();

	if (err)
		return err;
	v->timers = kvm_alloc(v->vm, sizeof(*v->timers));
	if (!v->timers)
		return -ENOMEM;
	v->timers->vcpu = v;
	/* The guest's time begins with its last vcpu. */
	set_count(v->vm, false, 0);
	return 0;
}

void kvm_timer_free(struct kvm_vcpu *v)
{
	if (!v->timers)
		return;
	kvm_timer_unpark(v);
	if (v->timers->due_set)
		(void)timer_cancel(&v->timers->due);
	kvm_free(v->vm, v->timers, sizeof(*v->timers));
}

int kvm_timer_first_run(struct kvm_vcpu *v)
{
	struct vgic *g = v->vm->vgic;

	if (g->timer_ppi[false] == g->timer_ppi[true])
		return -EINVAL;
	g->timer_ppis_fixed = true;
	v->timers->virtual = irq_of(v, false);
	irq_of(v, false)->phys = (uint8_t)virtual_irq;
	irq_of(v, false)->owned = irq_of(v, true)->owned = true;
	return 0;
}

static int set_ppi(struct vgic *g, uint64_t which, uint32_t irq)
{
	if (g->timer_ppis_fixed)
		return -EBUSY;
	g->timer_ppi[which] = (uint8_t)irq;
	return 0;
}

int kvm_timer_attr(struct kvm_vcpu *v, enum kvm_attr_op op, const struct kvm_device_attr *a)
{
	static const uint8_t ppis[] = { 27, 30, 28, 26 };
	const uint64_t which = index_nospec(a->attr, ARRAY_SIZE(ppis));
	struct vgic *g = v->vm->vgic;
	uptr at = uptr_of(a->addr);
	uint32_t irq = 0;

	if (op == KVM_ATTR_SET && !g)
		return -EINVAL;
	if (op == KVM_ATTR_SET && get_user(irq, at))
		return -EFAULT;
	if (op == KVM_ATTR_SET && (irq < VGIC_SGIS || irq >= VGIC_PRIVATE))
		return -EINVAL;
	if (a->attr >= ARRAY_SIZE(ppis))
		return -ENXIO;
	if (op == KVM_ATTR_HAS)
		return 0;
	if (op == KVM_ATTR_GET)
		return put_user((uint32_t)(g ? g->timer_ppi[which] : ppis[which]), at);
	return kvm_locked(v->vm, set_ppi(g, which, irq));
}
