/*
 * fuzz_vgic_mmio.c - a guest's interrupt controller under any sequence of what its guests, its
 * devices and its VMM can do: every register of every frame at every size, lines, SGIs, runs in
 * which the guest acknowledges and ends what its list registers hold, in any order or never.
 *
 * After each step the queues hold what they must, and nothing else, and the list registers only
 * what hardware can take.
 */
#include "fuzz.h"

#include "arm/atomic.h"
#include "lib/string.h"

/* What inline functions of arm/levels.h would read. */
static uint64_t shim_id_aa64isar1_el1, shim_S3_0_C0_C6_2, shim_id_aa64pfr0_el1,
	shim_id_aa64pfr1_el1, shim_id_aa64dfr0_el1;

#include "kvm/vgic.c"
#include "kvm/vgic_cpuif.c"
#include "kvm/vgic_mmio.c"

enum { MAX_CPUS = 4, MAX_SPIS = 988, STEPS = 400, DIST = 0x8000000, OTHER = 0x8100000 };

static struct kvm_vm vm;
static struct vgic g;
static struct vgic_cpu cpus[MAX_CPUS];
static struct kvm_vcpu vcpus[MAX_CPUS];
static struct el2_vcpu pages[MAX_CPUS];
static struct vgic_irq spis[MAX_SPIS];
static bool loaded[MAX_CPUS], kicked[MAX_CPUS];

static struct {
	const uint8_t *p;
	size_t left;
} input;

/* The next @n bytes of the input, then zeroes. */
static uint64_t take(unsigned int n)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < n && input.left; i++, input.left--)
		value |= (uint64_t)*input.p++ << 8 * i;
	return value;
}

_Thread_local unsigned long shim_irqs_masked;
void shim_yield(void)
{
}

void kvm_kick(struct kvm_vcpu *v)
{
	MUST(v >= vcpus && v < vcpus + g.nr_cpus);
	kicked[v - vcpus] = true;
}

/* el2/'s: of an interface with as many bits of priority and preemption as QEMU's. */
uint64_t el2_gic_vtr(void)
{
	return UINT64_C(4) << ICH_VTR_PRIbits | UINT64_C(4) << ICH_VTR_PREbits;
}

static void make(void)
{
	static const uint8_t list_registers[] = { 1, 2, 4, 16 };
	unsigned int version = 2 + (take(1) & 1), apart = 1 + (take(1) & 1);

	memset(&g, 0, sizeof(g));
	memset(pages, 0, sizeof(pages));
	memset(vcpus, 0, sizeof(vcpus));
	memset(loaded, 0, sizeof(loaded));
	memset(kicked, 0, sizeof(kicked));
	g = (struct vgic){ .vm = &vm,
			   .version = version,
			   .revision = VGIC_REVISION,
			   .nr_lrs = list_registers[take(1) & 3],
			   .nr_cpus = 1 + (take(1) & 3),
			   .initialized = true,
			   .ready = true,
			   .spis = spis,
			   .dist = DIST,
			   .cpu = OTHER };
	g.nr_spis = min((take(1) & 31) * 32, (uint64_t)MAX_SPIS);
	vm.vgic = &g;
	for (unsigned int i = 0; i < g.nr_cpus; i++) {
		cpus[i] = (struct vgic_cpu){ .vgic = &g,
					     .vcpu = &vcpus[i],
					     .ctx = &pages[i],
					     .index = i,
					     .id = i * apart,
					     .affinity = i * apart,
					     .redist = OTHER + i * REDIST_BYTES };
		vgic_cpu_init(&cpus[i], version);
		g.cpus[i] = &cpus[i];
		vcpus[i].vm = &vm;
		vcpus[i].vgic = &cpus[i];
		vcpus[i].ctx = &pages[i];
	}
	for (unsigned int i = 0; i < g.nr_spis; i++)
		vgic_irq_init(&spis[i], VGIC_PRIVATE + i, &cpus[0], version);
}

/* ---- what must hold ---- */

static void check_list_registers(const struct vgic_cpu *c)
{
	const struct el2_vcpu *p = c->ctx;

	MUST(p->nr_lrs <= g.nr_lrs);
	for (unsigned int i = 0; i < p->nr_lrs; i++) {
		uint64_t lr = p->lr[i], id = lr & 0x3ff;

		MUST(c->in_lr[i]->id == id && c->in_lr[i]->lr == (int)i);
		MUST(c->in_lr[i]->holder == c);
		/* Hardware: no two of one number. */
		for (unsigned int k = 0; k < i; k++)
			MUST((p->lr[k] & 0x3ff) != id);
	}
}

static void check_queue(const struct vgic_cpu *c, unsigned int q, unsigned int *n)
{
	bool pends = false;

	MUST((c->queued >> q & 1) == !list_empty(&c->queue[q]));
	for (struct list_node *l = c->queue[q].next; l != &c->queue[q]; l = l->next) {
		const struct vgic_irq *irq = list_entry(l, struct vgic_irq, link);

		MUST(++*n <= VGIC_PRIVATE + g.nr_spis);
		MUST(irq->holder == c);
		if (irq->lr >= 0)
			continue;
		MUST(queue_of(irq) == q);
		MUST(irq->active || (irq->enabled && vgic_is_pending(irq)));
		MUST(!(irq->active && pends));
		pends |= !irq->active;
	}
}

static void check_irq(const struct vgic_irq *irq)
{
	if (irq->lr >= 0)
		return;
	if (irq->active || (irq->enabled && vgic_is_pending(irq)))
		MUST(irq->holder || !irq->target);
	else
		MUST(!irq->holder);
	/* Who has sent an SGI of a GICv2's is known exactly while it pends. */
	if (!irq->active && vgic_is_v2_sgi(&g, irq))
		MUST(!irq->source || irq->latch);
}

static void check(void)
{
	for (unsigned int i = 0; i < g.nr_cpus; i++) {
		unsigned int n = 0;

		for (unsigned int q = 0; q < VGIC_PRIORITIES; q++)
			check_queue(&cpus[i], q, &n);
		for (unsigned int id = 0; id < VGIC_PRIVATE; id++)
			check_irq(&cpus[i].irqs[id]);
		if (loaded[i])
			check_list_registers(&cpus[i]);
	}
	for (unsigned int i = 0; i < g.nr_spis; i++)
		check_irq(&spis[i]);
}

/* ---- a vcpu and its interface ---- */

static void leave(unsigned int i)
{
	if (loaded[i])
		vgic_fold(&cpus[i]);
	loaded[i] = kicked[i] = false;
}

static void leave_all(void)
{
	for (unsigned int i = 0; i < g.nr_cpus; i++)
		leave(i);
}

/* Someone waits for a vcpu that has been kicked. */
void shim_relax(void)
{
	bool any = false;

	for (unsigned int i = 0; i < g.nr_cpus; i++) {
		any |= kicked[i] && loaded[i];
		if (kicked[i])
			leave(i);
	}
	MUST(any);
}

static void enter(unsigned int i)
{
	leave(i);
	vgic_fill(&cpus[i]);
	loaded[i] = true;
	check_list_registers(&cpus[i]);
	for (unsigned int k = 0; k < pages[i].nr_lrs; k++) {
		uint64_t lr = pages[i].lr[k];

		MUST(lr & (ICH_LR_PENDING | ICH_LR_ACTIVE) || !g.enabled ||
		     !cpus[i].in_lr[k]->enabled);
		/* Hardware: with HW set it is not both. */
		if (lr & ICH_LR_HW)
			MUST(!(lr & ICH_LR_PENDING) || !(lr & ICH_LR_ACTIVE));
	}
}

/* The guest acknowledges, ends, or drops what is in no list register. */
static void guest_step(unsigned int i, unsigned int what)
{
	struct el2_vcpu *p = &pages[i];
	unsigned int n = take(1) & 15;

	if (!loaded[i])
		enter(i);
	if (what == 2 && cpus[i].spilled)
		p->ich_hcr = (p->ich_hcr + BIT(ICH_HCR_EOIcount)) | ICH_HCR_En;
	if (n >= p->nr_lrs)
		return;
	if (what == 0 && (p->lr[n] & (ICH_LR_PENDING | ICH_LR_ACTIVE)) == ICH_LR_PENDING)
		p->lr[n] ^= ICH_LR_PENDING | ICH_LR_ACTIVE;
	else if (what == 1)
		p->lr[n] &= ~ICH_LR_ACTIVE;
}

/* ---- accesses ---- */

static void access_by_guest(unsigned int i, bool distributor)
{
	unsigned int how = take(1), at = take(3);
	struct kvm_access a = { .size = 1 << (how & 3), .write = how & 4, .value = take(8) };
	uint64_t value;

	a.addr = (distributor ? DIST : OTHER) + (at & (distributor ? 0x1ffff : 0x9ffff));
	if (g.version == 2 && !(how & 8))
		a.addr = DIST + (at & 0xfff);
	leave(i); /* that is what an access to memory which is none does */
	MUST(kvm_vgic_owns(&vcpus[i], a.addr) ? !kvm_vgic_mmio(&vcpus[i], &a)
					      : kvm_vgic_mmio(&vcpus[i], &a) != -EINVAL);
	value = take(4);
	(void)kvm_vgic_sysreg(&vcpus[i], SYSREG_ENC(3, 0, 12, 11, 1 + (how >> 4 & 7)), how & 4,
			      &value);
}

static void access_by_vmm(unsigned int i)
{
	static const enum vgic_frame frames[2][2] = { { VGIC_DIST, VGIC_CPUIF },
						      { VGIC_DIST, VGIC_REDIST } };
	unsigned int how = take(1), at = take(3) & 0x1ffff;
	enum vgic_frame frame = frames[g.version - 2][how >> 1 & 1];
	uint64_t value = how & 4 && g.version == 3 ? take(8) : take(8) & UINT32_MAX;

	leave_all();
	/* GICv3: a distributor's private ones are the first vcpu's. */
	if (how & 8)
		frame = VGIC_LINES;
	else if (how & 4 && g.version == 3)
		frame = VGIC_SYSREGS;
	(void)vgic_reg_has(&g, frame, at);
	(void)vgic_reg_user(&cpus[i], frame, at, &value, how & 1);
}

static void raise_any(unsigned int i)
{
	unsigned int id = take(2) & 0x3ff;
	struct vgic_irq *irq = vgic_find(&g, &cpus[i], id);

	if (irq && id >= VGIC_SGIS)
		vgic_raise(&g, irq, take(1) & 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input.p = data;
	input.left = size;
	make();
	for (unsigned int n = 0; n < STEPS && input.left; n++) {
		unsigned int what = take(1), i = (what >> 4) % g.nr_cpus;

		switch (what & 7) {
		case 0: access_by_guest(i, true); break;
		case 1: access_by_guest(i, false); break;
		case 2: access_by_vmm(i); break;
		case 3: raise_any(i); break;
		case 4: enter(i); break;
		case 5: leave(i); break;
		case 6: guest_step(i, 0); break;
		case 7: guest_step(i, 1 + (what >> 3 & 1)); break;
		}
		(void)vgic_deliverable(&cpus[i]);
		check();
	}
	return 0;
}
