/*
 * test_vgic.c - kvm/vgic.c against a virtual CPU interface made of the Arm text: random devices,
 * registers and guests, on which no interrupt is lost, none comes twice, the most urgent comes
 * first, and what is active does not come again.
 *
 * The interface acknowledges and ends by the list registers alone, as hardware does; the test keeps
 * what each interrupt's state must be beside it.
 */
#include "unit.h"
#include "shim.h"
#include "arm/sysreg.h"
#include "lib/string.h"

/* What inline functions of arm/levels.h would read. */
static uint64_t shim_id_aa64isar1_el1, shim_S3_0_C0_C6_2, shim_id_aa64pfr0_el1,
	shim_id_aa64pfr1_el1, shim_id_aa64dfr0_el1;

#include "kvm/vgic.c"

enum { CPUS = 3, SPIS = 32, IRQS = 32 + SPIS, MAX_DEPTH = 64 };

static struct vgic g;
static struct vgic_cpu cpus[CPUS];
static struct vgic_irq spis[SPIS];
static struct el2_vcpu pages[CPUS];
static bool loaded[CPUS]; /* it is in the guest */
static unsigned int kicks[CPUS];

/* What the guest is at: the interrupts that it has acknowledged and not ended, innermost last. */
static struct {
	unsigned int n;
	struct {
		uint16_t id;
		uint8_t sender, priority;
	} in[MAX_DEPTH];
} stack[CPUS];

/* What must be true of each interrupt: of the senders of a GICv2's SGI, a bit each. */
struct model {
	uint32_t pending; /* latched */
	bool line, enabled, edge, active;
	uint8_t priority;
	unsigned int target;
};
static struct model own[CPUS][32], shared[SPIS];

/* A vcpu is no more than its number here. */
void kvm_kick(struct kvm_vcpu *v)
{
	kicks[(uintptr_t)v]++;
}

static struct model *model_of(unsigned int cpu, unsigned int id)
{
	return id < 32 ? &own[cpu][id] : &shared[id - 32];
}

static struct vgic_irq *irq_at(unsigned int cpu, unsigned int id)
{
	return vgic_find(&g, &cpus[cpu], id);
}

static void make(unsigned int version, unsigned int lrs)
{
	memset(&g, 0, sizeof(g));
	memset(cpus, 0, sizeof(cpus));
	memset(pages, 0, sizeof(pages));
	memset(stack, 0, sizeof(stack));
	memset(loaded, 0, sizeof(loaded));
	memset(own, 0, sizeof(own));
	memset(shared, 0, sizeof(shared));
	g.version = version;
	g.nr_lrs = lrs;
	g.nr_cpus = CPUS;
	g.nr_spis = SPIS;
	g.spis = spis;
	g.enabled = true;
	for (unsigned int i = 0; i < CPUS; i++) {
		cpus[i] = (struct vgic_cpu){ .vgic = &g,
					     .vcpu = (void *)(uintptr_t)i,
					     .ctx = &pages[i],
					     .id = i,
					     .index = i };
		vgic_cpu_init(&cpus[i], version);
		g.cpus[i] = &cpus[i];
		pages[i].ich_vmcr =
			UINT64_C(0xff) << ICH_VMCR_VPMR | ICH_VMCR_VENG0 | ICH_VMCR_VENG1;
		for (unsigned int id = 0; id < 16; id++)
			own[i][id].edge = own[i][id].enabled = true;
		for (unsigned int id = 0; id < 32; id++)
			own[i][id].target = i;
	}
	for (unsigned int i = 0; i < SPIS; i++) {
		vgic_irq_init(&spis[i], 32 + i, &cpus[0], version);
		shared[i].edge = true;
	}
}

static void enter(unsigned int cpu)
{
	vgic_fill(&cpus[cpu]);
	loaded[cpu] = true;
}

/* ---- the virtual CPU interface ---- */

static uint64_t state(uint64_t lr)
{
	return lr >> 62;
}

static void leave(unsigned int cpu)
{
	if (!loaded[cpu])
		return;
	vgic_fold(&cpus[cpu]);
	loaded[cpu] = false;
}

/* The maintenance interrupt that ICH_HCR asks for: the run ends. */
static bool wants_maintenance(unsigned int cpu)
{
	const struct el2_vcpu *p = &pages[cpu];
	unsigned int used = 0;
	bool eoi = false;

	for (unsigned int i = 0; i < p->nr_lrs; i++) {
		used += state(p->lr[i]) != 0;
		eoi |= !state(p->lr[i]) && p->lr[i] & ICH_LR_EOI && !(p->lr[i] & ICH_LR_HW);
	}
	return eoi || (p->ich_hcr & ICH_HCR_UIE && used <= 1) ||
	       (p->ich_hcr & ICH_HCR_LRENPIE && p->ich_hcr >> ICH_HCR_EOIcount & 0x1f);
}

static unsigned int running_priority(unsigned int cpu)
{
	unsigned int n = stack[cpu].n, least = 0x100;

	for (unsigned int i = 0; i < n; i++)
		least = min(least, (unsigned int)stack[cpu].in[i].priority);
	return least;
}

/* No list register has one that pends and is more urgent than any that pends in the model. */
static void check_most_urgent(unsigned int cpu, unsigned int priority)
{
	for (unsigned int id = 0; id < IRQS; id++) {
		struct model *m = model_of(cpu, id);

		if (m->target == cpu && m->enabled && !m->active &&
		    (m->pending || (m->line && !m->edge)))
			assert_true(m->priority >= priority);
	}
}

static bool acknowledge(unsigned int cpu, bool was_just_entered)
{
	struct el2_vcpu *p = &pages[cpu];
	int best = -1;
	unsigned int priority, id, sender, n = stack[cpu].n;
	struct model *m;

	for (unsigned int i = 0; i < p->nr_lrs; i++) {
		if (state(p->lr[i]) != 1)
			continue;
		priority = p->lr[i] >> ICH_LR_PRIORITY & 0xff;
		if (best < 0 || priority < (p->lr[best] >> ICH_LR_PRIORITY & 0xff))
			best = (int)i;
	}
	if (best < 0)
		return false;
	priority = p->lr[best] >> ICH_LR_PRIORITY & 0xff;
	if (priority >= running_priority(cpu) || n == MAX_DEPTH)
		return false;
	if (was_just_entered)
		check_most_urgent(cpu, priority);
	id = p->lr[best] & 0x3ff;
	sender = g.version == 2 && id < 16 ? p->lr[best] >> ICH_LR_PHYSICAL & 7 : 0;
	p->lr[best] ^= ICH_LR_PENDING | ICH_LR_ACTIVE;
	m = model_of(cpu, id);
	/* It was pending, and not active: neither twice nor from nowhere. */
	assert_false(m->active);
	if (m->edge)
		assert_true(m->pending >> sender & 1);
	m->active = true;
	m->pending &= ~(1U << sender);
	stack[cpu].in[n].id = (uint16_t)id;
	stack[cpu].in[n].sender = (uint8_t)sender;
	stack[cpu].in[n].priority = (uint8_t)priority;
	stack[cpu].n++;
	return true;
}

/* The guest ends the innermost one: priority and activity at once. */
static bool end(unsigned int cpu)
{
	struct el2_vcpu *p = &pages[cpu];
	unsigned int id, sender;

	if (!stack[cpu].n)
		return false;
	stack[cpu].n--;
	id = stack[cpu].in[stack[cpu].n].id;
	sender = stack[cpu].in[stack[cpu].n].sender;
	model_of(cpu, id)->active = false;
	for (unsigned int i = 0; i < p->nr_lrs; i++) {
		if (!(p->lr[i] & ICH_LR_ACTIVE) || (p->lr[i] & 0x3ff) != id)
			continue;
		if (g.version == 2 && id < 16)
			assert_int_equal(p->lr[i] >> ICH_LR_PHYSICAL & 7, sender);
		p->lr[i] &= ~ICH_LR_ACTIVE;
		return true;
	}
	/* In none: it is counted. */
	assert_true(cpus[cpu].spilled);
	p->ich_hcr += UINT64_C(1) << ICH_HCR_EOIcount;
	return true;
}

/* ---- what happens ---- */

/* @irq, which pends and is not what its list register says: the vcpu is going to come out. */
static void check_told(unsigned int cpu, const struct vgic_irq *irq)
{
	bool end = pages[cpu].ich_hcr & ICH_HCR_UIE;

	if (irq->lr >= 0 ? !irq->latch || !irq->enabled : irq->active)
		return;
	for (unsigned int i = 0; i < pages[cpu].nr_lrs; i++)
		end |= !!(pages[cpu].lr[i] & ICH_LR_EOI);
	if (!end)
		assert_true(kicks[cpu] || !g.enabled);
}

static void check_queues(void)
{
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		struct vgic_cpu *c = &cpus[cpu];

		for (unsigned int q = 0; q < VGIC_PRIORITIES; q++) {
			bool pends = false;

			assert_int_equal(c->queued >> q & 1, !list_empty(&c->queue[q]));
			for (struct list_node *l = c->queue[q].next; l != &c->queue[q];
			     l = l->next) {
				struct vgic_irq *irq = list_entry(l, struct vgic_irq, link);

				assert_ptr_equal(irq->holder, c);
				if (loaded[cpu])
					check_told(cpu, irq);
				if (irq->lr >= 0)
					continue;
				assert_true(irq->active || (irq->enabled && vgic_is_pending(irq)));
				assert_false(irq->active && pends);
				pends |= !irq->active;
			}
		}
	}
}

/* A register or a line changes, at any time. */
static void change(void)
{
	unsigned int cpu = random_below(CPUS), id = random_below(IRQS), to = random_below(CPUS);
	struct vgic_irq *irq = irq_at(cpu, id);
	struct model *m = model_of(cpu, id);

	switch (random_below(7)) {
	case 0:
		if (id < 16) {
			vgic_send_sgi(&g, &cpus[cpu], id, to);
			m->pending |= g.version == 2 ? 1U << to : 1;
			return;
		}
		/* fallthrough */
	case 1:
		if (id < 16)
			return;
		if (m->edge)
			m->pending = 1;
		else
			m->line = !m->line;
		vgic_raise(&g, irq, m->edge || m->line);
		return;
	case 2:
		m->enabled = irq->enabled = random_below(4);
		vgic_update(&g, irq);
		break;
	case 3:
		m->priority = irq->priority = random_below(8) << 5;
		vgic_update(&g, irq);
		break;
	case 4:
		/* An active one stays whose it is; one that pends goes when it is looked at. */
		if (id < 32 || m->active)
			return;
		m->target = to;
		irq->target = &cpus[to];
		vgic_update(&g, irq);
		break;
	case 5:
		if (id < 32 || m->active || m->pending || m->line)
			return;
		m->edge = irq->edge = !m->edge;
		vgic_update(&g, irq);
		break;
	case 6:
		if (vgic_is_v2_sgi(&g, irq))
			return;
		m->pending = random_below(2);
		vgic_set_pending(&g, irq, m->pending);
		break;
	}
	/* What it was before is in a list register until the vcpu comes out, which it does now. */
	if (irq->lr >= 0)
		leave((unsigned int)(irq->holder - cpus));
}

static void guest_step(unsigned int cpu)
{
	bool entered = !loaded[cpu];

	/* Kicked, or not in the guest: it looks anew. */
	if (kicks[cpu] && loaded[cpu]) {
		leave(cpu);
		entered = true;
	}
	kicks[cpu] = 0;
	if (!loaded[cpu])
		enter(cpu);
	if (random_below(3))
		(void)acknowledge(cpu, entered);
	else
		(void)end(cpu);
	if (wants_maintenance(cpu) || !random_below(8))
		leave(cpu);
}

/* Nothing changes any more, and every guest serves what it has: each comes as often as it must. */
static void drain(void)
{
	unsigned int left = 100000;
	bool more = true;

	for (unsigned int cpu = 0; cpu < CPUS; cpu++)
		leave(cpu);
	while (more && left--) {
		more = false;
		for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
			/* From here on it comes out if the hardware or the kernel says so. */
			if (kicks[cpu] || wants_maintenance(cpu))
				leave(cpu);
			kicks[cpu] = 0;
			if (!loaded[cpu])
				enter(cpu);
			if (acknowledge(cpu, false)) {
				unsigned int id = stack[cpu].in[stack[cpu].n - 1].id;

				more = true;
				if (id >= 16 && irq_at(cpu, id)->line) {
					model_of(cpu, id)->line = false;
					vgic_raise(&g, irq_at(cpu, id), false);
				}
			} else {
				more |= end(cpu);
			}
			more |= kicks[cpu] || wants_maintenance(cpu);
		}
	}
	assert_true(left);
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		leave(cpu);
		for (unsigned int id = 0; id < IRQS; id++) {
			struct model *m = model_of(cpu, id);
			struct vgic_irq *irq = irq_at(cpu, id);

			assert_false(m->active);
			assert_false(irq->active);
			/* What is left is disabled, and still pends. */
			if (m->enabled)
				assert_int_equal(m->pending, 0);
			else
				assert_int_equal(!!m->pending || (m->line && !m->edge),
						 vgic_is_pending(irq));
		}
		assert_int_equal(cpus[cpu].queued, 0);
	}
}

static void random_guests(unsigned int version, unsigned int lrs)
{
	make(version, lrs);
	for (unsigned int i = 0; i < 40000; i++) {
		if (random_below(2))
			change();
		else
			guest_step(random_below(CPUS));
		if (i % 4 == 0)
			check_queues();
	}
	drain();
}

static void nothing_is_lost_v2(void **st)
{
	random_guests(2, 4);
	random_guests(2, 2);
	random_guests(2, 16);
}

static void nothing_is_lost_v3(void **st)
{
	random_guests(3, 4);
	random_guests(3, 2);
	random_guests(3, 16);
}

/* Four list registers, and eight interrupts nested in one another, each more urgent. */
static void deep_nesting(void **st)
{
	make(3, 4);
	for (unsigned int i = 0; i < 8; i++) {
		spis[i].enabled = spis[i].edge = shared[i].enabled = shared[i].edge = true;
		spis[i].priority = shared[i].priority = (7 - i) << 5;
		shared[i].pending = 1;
		vgic_raise(&g, &spis[i], true);
		leave(0);
		enter(0);
		assert_true(acknowledge(0, true));
	}
	for (unsigned int i = 0; i < 8; i++) {
		assert_true(end(0));
		if (wants_maintenance(0)) {
			leave(0);
			enter(0);
		}
	}
	leave(0);
	assert_int_equal(cpus[0].queued, 0);
}

/* All list registers are active ones that nobody ends: no maintenance, and one that pends. */
static void no_storm(void **st)
{
	unsigned int active = 0;

	make(2, 4);
	for (unsigned int i = 0; i < 6; i++) {
		spis[i].enabled = spis[i].edge = true;
		spis[i].active = i < 5;
		spis[i].priority = 0x80;
		vgic_update(&g, &spis[i]);
	}
	vgic_raise(&g, &spis[5], true);
	enter(0);
	assert_int_equal(pages[0].nr_lrs, 4);
	assert_int_equal(state(pages[0].lr[3]), 1);
	assert_int_equal(pages[0].lr[3] & 0x3ff, 37);
	assert_false(wants_maintenance(0));
	leave(0);
	/* And one that is spilled is ended by its count. */
	enter(0);
	pages[0].ich_hcr += UINT64_C(2) << ICH_HCR_EOIcount;
	assert_true(wants_maintenance(0));
	leave(0);
	for (unsigned int i = 0; i < 5; i++)
		active += spis[i].active;
	assert_int_equal(active, 3);
}

static void off_and_on(void **st)
{
	make(3, 4);
	g.enabled = false;
	spis[0].enabled = true;
	vgic_raise(&g, &spis[0], true);
	enter(0);
	assert_int_equal(pages[0].nr_lrs, 0);
	leave(0);
	assert_false(vgic_deliverable(&cpus[0]));
	g.enabled = true;
	assert_true(vgic_deliverable(&cpus[0]));
	pages[0].ich_vmcr &= ~ICH_VMCR_VENG1;
	assert_false(vgic_deliverable(&cpus[0]));
	pages[0].ich_vmcr |= ICH_VMCR_VENG1;
	spis[0].priority = 0xf0;
	vgic_update(&g, &spis[0]);
	pages[0].ich_vmcr &= ~(UINT64_C(0xff) << ICH_VMCR_VPMR);
	pages[0].ich_vmcr |= UINT64_C(0xf0) << ICH_VMCR_VPMR;
	assert_false(vgic_deliverable(&cpus[0]));
}

/* ICACTIVER is written while it is in a list register: that holds, not what comes back. */
static void active_written(void **st)
{
	make(3, 4);
	spis[0].enabled = spis[0].edge = true;
	shared[0].enabled = shared[0].edge = true;
	shared[0].pending = 1;
	vgic_raise(&g, &spis[0], true);
	enter(0);
	assert_true(acknowledge(0, true));
	kicks[0] = 0;
	vgic_set_active(&g, &spis[0], false, 0);
	assert_true(kicks[0]);
	leave(0);
	assert_false(spis[0].active);
	assert_int_equal(cpus[0].queued, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_lost_v2), cmocka_unit_test(nothing_is_lost_v3),
		cmocka_unit_test(deep_nesting),	      cmocka_unit_test(no_storm),
		cmocka_unit_test(off_and_on),	      cmocka_unit_test(active_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
