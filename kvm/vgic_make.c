/*
 * vgic_make.c - a guest's interrupt controller is made, gets its places in the guest's physical
 * address space, and is settled: the interrupts with CTRL_INIT, the places with the first run.
 *
 * vm->lock is held by all that makes or changes it.  Which error comes first is as Linux has it.
 */
#include "abi/errno.h"
#include "abi/kvm.h"
#include "arm/mmio.h"
#include "arm/nospec.h"
#include "drivers/irq.h"
#include "kvm/kvm.h"
#include "kvm/timer.h"
#include "kvm/vgic.h"
#include "lib/string.h"
#include "mm/charge.h"
#include "mm/slab.h"

#define REDIST_BYTES 0x20000
#define MAX_REGIONS  255 /* their index is a byte */
#define GICV_PAGE    EL2_PAGE
#define V3_DIST_SIZE 0x10000

_Static_assert(VGIC_MAX_CPUS >= KVM_MAX_VCPUS, "vgic->cpus");

/* ---- its life ---- */

unsigned int vgic_host_version(void)
{
	return irq_virt() ? irq_virt()->version : 0;
}

unsigned int kvm_max_vcpus(const struct kvm_vm *vm)
{
	return vgic_host_version() == 2 ? VGIC_V2_MAX_CPUS : KVM_MAX_VCPUS;
}

bool kvm_has_vgic(const struct kvm_vm *vm)
{
	return vm->vgic && READ_ONCE(vm->vgic->initialized);
}

bool kvm_has_vgic_v3(const struct kvm_vm *vm)
{
	return vm->vgic && vm->vgic->version == 3;
}

/* As the vcpu's MPIDR_EL1 has it: sixteen vcpus a cluster. */
static uint32_t affinity_of(const struct kvm_vcpu *v)
{
	if (v->ctx->mpidr)
		return gicr_affinity(v->ctx->mpidr);
	return (v->id & 0xf) | (v->id >> 4 & 0xff) << 8 | (v->id >> 12 & 0xff) << 16;
}

/*
 * Where each vcpu's redistributor is: the regions are filled in the order in which they were given,
 * by the vcpus in the order in which they were made.
 */
static void place_redists(struct vgic *g)
{
	unsigned int i = 0;

	for (unsigned int r = 0; r < g->nr_regions; r++) {
		const struct vgic_region *region = &g->regions[r];
		uint64_t at = region->base;

		for (unsigned int n = 0; i < g->nr_cpus && (!region->count || n < region->count);
		     n++, at += REDIST_BYTES)
			g->cpus[i++]->redist = at;
	}
	for (unsigned int n = 0; n < g->nr_cpus; n++)
		g->cpus[n]->redist_last =
			n + 1 >= i || g->cpus[n + 1]->redist != g->cpus[n]->redist + REDIST_BYTES;
}

static int add_cpu(struct vgic *g, struct kvm_vcpu *v)
{
	struct vgic_cpu *c = kvm_alloc(v->vm, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->vgic = g;
	c->vcpu = v;
	c->ctx = v->ctx;
	c->gich = g->gich;
	c->index = g->nr_cpus;
	c->id = v->id;
	c->affinity = affinity_of(v);
	c->redist = VGIC_NO_ADDR;
	vgic_cpu_init(c, g->version);
	if (g->version == 3)
		v->ctx->flags |= EL2_RUN_GICV3;
	v->vgic = c;
	g->cpus[g->nr_cpus++] = c;
	place_redists(g);
	return 0;
}

int kvm_vgic_vcpu_new(struct kvm_vcpu *v)
{
	struct vgic *g = v->vm->vgic;
	int err;

	if (g && g->initialized)
		return -EBUSY;
	err = kvm_timer_new(v);
	if (!err && g)
		err = add_cpu(g, v);
	return err;
}

void kvm_vgic_vcpu_free(struct kvm_vcpu *v)
{
	struct vgic_cpu *c = v->vgic;

	kvm_timer_free(v);
	if (!c)
		return;
	/* One that could not be made; else the VM goes with all of them. */
	if (c->index + 1 == c->vgic->nr_cpus)
		c->vgic->nr_cpus--;
	kvm_free(v->vm, c, sizeof(*c));
}

void kvm_vgic_free(struct kvm_vm *vm)
{
	struct vgic *g = vm->vgic;

	if (!g)
		return;
	if (g->ready && g->version == 2)
		el2_unmap(vm->el2, g->cpu, GICV_PAGE);
	kvm_free(vm, g->spis, g->nr_spis * sizeof(*g->spis));
	kvm_free(vm, g->routes, VGIC_ROUTES * sizeof(*g->routes));
	charge_drop(vm->charge, g->nr_regions * sizeof(*g->regions));
	kfree(g->regions);
	kvm_free(vm, g, sizeof(*g));
}

/* There was no memory for all of it. */
static void unmake_vgic(struct vgic *g)
{
	while (g->nr_cpus) {
		struct vgic_cpu *c = g->cpus[--g->nr_cpus];

		c->vcpu->vgic = NULL;
		c->ctx->flags &= ~(uint64_t)EL2_RUN_GICV3;
		kvm_free(g->vm, c, sizeof(*c));
	}
	kvm_free(g->vm, g, sizeof(*g));
}

static void find_list_registers(struct vgic *g)
{
	uint64_t vtr;

	if (g->version == 2) {
		g->gich = irq_virt()->gich;
		vtr = mmio_read32(&g->gich->vtr) & GICH_VTR_ListRegs;
	} else {
		vtr = el2_gic_vtr() & ICH_VTR_ListRegs;
	}
	g->nr_lrs = (unsigned int)min(vtr + 1, (uint64_t)EL2_LRS);
}

/* All vcpus' locks are held. */
static int make_vgic(struct kvm_vm *vm, unsigned int version)
{
	struct vgic *g;
	int err = 0;

	if (vm->vgic)
		return -EEXIST;
	if (vm->has_run)
		return -EBUSY;
	g = kvm_alloc(vm, sizeof(*g));
	if (!g)
		return -ENOMEM;
	spin_init(&g->lock);
	g->vm = vm;
	g->version = version;
	find_list_registers(g);
	g->revision = VGIC_REVISION;
	g->dist = g->cpu = VGIC_NO_ADDR;
	memcpy(g->timer_ppi, (const uint8_t[]){ 27, 30, 28, 26 }, sizeof(g->timer_ppi));
	for (unsigned int i = 0; i < KVM_MAX_VCPUS && !err; i++)
		if (vm->vcpus[i])
			err = add_cpu(g, vm->vcpus[i]);
	if (err) {
		unmake_vgic(g);
		return err;
	}
	/* All vcpus have their part: lines are raised without vm->lock. */
	store_release(&vm->vgic, g);
	return 0;
}

int vgic_create(struct kvm_vm *vm, unsigned int version)
{
	return kvm_stopped(vm, make_vgic(vm, version));
}

/*
 * vm->lock is held.  The number of interrupts and vcpus is settled; the routes are those of a
 * machine without any: the first SPI is 0.
 */
int vgic_init(struct vgic *g)
{
	struct kvm_vm *vm = g->vm;

	if (g->initialized)
		return 0;
	if (!g->nr_spis)
		g->nr_spis = VGIC_SPIS_DEFAULT;
	if (!g->spis)
		g->spis = kvm_alloc(vm, g->nr_spis * sizeof(*g->spis));
	if (!g->routes)
		g->routes = kvm_alloc(vm, VGIC_ROUTES * sizeof(*g->routes));
	if (!g->spis || !g->routes)
		return -ENOMEM;
	for (unsigned int i = 0; i < g->nr_spis; i++) {
		vgic_irq_init(&g->spis[i], VGIC_PRIVATE + i, g->nr_cpus ? g->cpus[0] : NULL,
			      g->version);
		g->routes[i] = VGIC_PRIVATE + i;
	}
	for (unsigned int i = 0; i < g->nr_cpus; i++)
		g->cpus[i]->affinity = affinity_of(g->cpus[i]->vcpu);
	store_release(&g->initialized, true);
	return 0;
}

/* ---- addresses ---- */

static bool ranges_meet(uint64_t a, uint64_t na, uint64_t b, uint64_t nb)
{
	return a < b + nb && b < a + na;
}

static int check_range(const struct kvm_vm *vm, uint64_t was, uint64_t addr, uint64_t align,
		       uint64_t size)
{
	uint64_t top = BIT(vm->ipa_bits);

	if (was != VGIC_NO_ADDR)
		return -EEXIST;
	if (addr % align || size % align || addr + size < addr)
		return -EINVAL;
	return addr >= top || size > top - addr ? -E2BIG : 0;
}

static uint64_t region_bytes(const struct vgic *g, const struct vgic_region *r)
{
	return (r->count ? r->count : g->nr_cpus) * (uint64_t)REDIST_BYTES;
}

static bool meets_regions(const struct vgic *g, uint64_t base, uint64_t size)
{
	for (unsigned int i = 0; i < g->nr_regions; i++)
		if (ranges_meet(base, size, g->regions[i].base, region_bytes(g, &g->regions[i])))
			return true;
	return false;
}

/* Redistributors and distributor lie apart. */
static bool v3_is_apart(const struct vgic *g)
{
	return g->dist == VGIC_NO_ADDR || !meets_regions(g, g->dist, V3_DIST_SIZE);
}

/* @count 0: the one region of the older interface.  vm->lock is held. */
static int add_region(struct vgic *g, unsigned int index, uint64_t base, uint32_t count)
{
	uint64_t size = (uint64_t)count * REDIST_BYTES;
	struct vgic_region *more, *last = g->nr_regions ? &g->regions[g->nr_regions - 1] : NULL;
	int err;

	if (base + size < base || index != (count ? g->nr_regions : 0) || index >= MAX_REGIONS)
		return -EINVAL;
	if (last && !count)
		return last->count ? -EINVAL : -EEXIST;
	if (meets_regions(g, base, size))
		return -EINVAL;
	/* Of the one region, as many as there are vcpus by now. */
	err = check_range(g->vm, VGIC_NO_ADDR, base, 0x10000,
			  count ? size : g->nr_cpus * (uint64_t)REDIST_BYTES);
	if (err)
		return err;
	more = krealloc(g->regions, g->nr_regions * sizeof(*more),
			(g->nr_regions + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	g->regions = more;
	more[g->nr_regions++] = (struct vgic_region){ base, count };
	if (!v3_is_apart(g) && g->nr_cpus) {
		g->nr_regions--;
		return -EINVAL;
	}
	charge_add(g->vm->charge, sizeof(*more));
	place_redists(g);
	return 0;
}

/* KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION: count << 52 | base | flags << 12 | index. */
static int set_region(struct vgic *g, uint64_t region)
{
	uint64_t base = region & (BIT(52) - BIT(16)), flags = region >> 12 & 0xf;

	if (!(region >> 52) || flags)
		return -EINVAL;
	return add_region(g, region & 0xff, base, region >> 52);
}

static int get_region(const struct vgic *g, uint64_t *region)
{
	unsigned int index = *region & 0xff;

	if (index >= g->nr_regions)
		return -ENOENT;
	*region = index | g->regions[index].base | (uint64_t)g->regions[index].count << 52;
	return 0;
}

/* Whose place, how it is aligned, how long it is; by KVM_VGIC_*_ADDR_TYPE_*. */
static const struct {
	uint8_t version;
	bool cpu;
	uint32_t align, size;
} places[] = {
	[KVM_VGIC_V2_ADDR_TYPE_DIST] = { 2, false, 0x1000, KVM_VGIC_V2_DIST_SIZE },
	[KVM_VGIC_V2_ADDR_TYPE_CPU] = { 2, true, 0x1000, KVM_VGIC_V2_CPU_SIZE },
	[KVM_VGIC_V3_ADDR_TYPE_DIST] = { 3, false, V3_DIST_SIZE, V3_DIST_SIZE },
	[KVM_VGIC_V3_ADDR_TYPE_REDIST] = { .version = 3 },
	[KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION] = { .version = 3 },
};

int vgic_address(struct vgic *g, uint64_t type, uint64_t *addr, bool set)
{
	uint64_t *at;
	int err;

	if (type >= ARRAY_SIZE(places))
		return -ENODEV;
	type = index_nospec(type, ARRAY_SIZE(places));
	if (places[type].version != g->version)
		return -ENODEV;
	if (type == KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION)
		return set ? set_region(g, *addr) : get_region(g, addr);
	if (type == KVM_VGIC_V3_ADDR_TYPE_REDIST && set)
		return add_region(g, 0, *addr, 0);
	if (type == KVM_VGIC_V3_ADDR_TYPE_REDIST) {
		*addr = g->nr_regions ? g->regions[0].base : VGIC_NO_ADDR;
		return 0;
	}
	at = places[type].cpu ? &g->cpu : &g->dist;
	if (!set) {
		*addr = *at;
		return 0;
	}
	err = check_range(g->vm, *at, *addr, places[type].align, places[type].size);
	if (!err)
		*at = *addr;
	return err;
}

/* Before a vcpu's first run: all that the guest is going to touch has its place.  vm->lock. */
static int settle_v2(struct vgic *g)
{
	int err;

	if (g->dist == VGIC_NO_ADDR || g->cpu == VGIC_NO_ADDR)
		return -ENXIO;
	if (ranges_meet(g->dist, KVM_VGIC_V2_DIST_SIZE, g->cpu, KVM_VGIC_V2_CPU_SIZE))
		return -EINVAL;
	err = vgic_init(g);
	if (err)
		return err;
	return el2_map(g->vm->el2, kvm_payer(g->vm), g->cpu, irq_virt()->gicv, GICV_PAGE,
		       EL2_MAP_WRITE | EL2_MAP_DEVICE);
}

static int settle_v3(struct vgic *g)
{
	for (unsigned int i = 0; i < g->nr_cpus; i++)
		if (g->cpus[i]->redist == VGIC_NO_ADDR)
			return -ENXIO;
	if (g->dist == VGIC_NO_ADDR)
		return -ENXIO;
	if (!v3_is_apart(g))
		return -EINVAL;
	/* The one region of the older interface has grown with the vcpus since it was given. */
	for (unsigned int i = 0; i < g->nr_regions; i++)
		if (g->regions[i].base + region_bytes(g, &g->regions[i]) > BIT(g->vm->ipa_bits))
			return -EINVAL;
	return g->initialized ? 0 : -EBUSY;
}

static int first_run(struct vgic *g, struct kvm_vcpu *v)
{
	int err = g->ready ? 0 : g->version == 2 ? settle_v2(g) : settle_v3(g);

	if (err) {
		/* What it is to be will not be changed any more: as Linux. */
		WRITE_ONCE(g->vm->dead, true);
		return err;
	}
	g->ready = true;
	/* It has no part of a vGIC that could not be made ready. */
	if (!v->vgic)
		return -ENXIO;
	v->vgic->affinity = affinity_of(v);
	return kvm_timer_first_run(v);
}

int kvm_vgic_first_run(struct kvm_vcpu *v)
{
	struct vgic *g = v->vm->vgic;

	return g ? kvm_locked(v->vm, first_run(g, v)) : 0;
}
