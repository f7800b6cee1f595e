/*
 * vgic_device.c - a guest's interrupt controller as its VMM sees it: it is made, given addresses,
 * initialised, saved and restored by attributes of a device's descriptor; and its lines.
 *
 * vm->lock is held by all that makes or configures it.  Where state of vcpus is read or written all
 * of them are kept from running (kvm_lock_all).  Which error comes first is as Linux has it.
 */
#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/kvm.h"
#include "arm/mmio.h"
#include "drivers/irq.h"
#include "fs/anon/anon.h"
#include "fs/file.h"
#include "kvm/kvm.h"
#include "kvm/timer.h"
#include "kvm/vgic.h"
#include "lib/string.h"
#include "mm/charge.h"
#include "mm/slab.h"
#include "mm/vm.h"
#include "task/task.h"

#define REDIST_BYTES 0x20000
#define MAX_REGIONS  255 /* their index is a byte */
#define GICV_PAGE    EL2_PAGE
/* An NR_IRQS of 1024 would have numbers that are no interrupts. */
#define NR_IRQS_MIN  64
#define NR_IRQS_MAX  1023

_Static_assert(VGIC_MAX_CPUS >= KVM_MAX_VCPUS, "vgic->cpus");
_Static_assert(VGIC_ROUTES == KVM_MAX_ROUTES, "KVM_CAP_IRQ_ROUTING");

/* ---- its life ---- */

static unsigned int host_version(void)
{
	return irq_virt() ? irq_virt()->version : 0;
}

unsigned int kvm_max_vcpus(const struct kvm_vm *vm)
{
	return host_version() == 2 ? VGIC_V2_MAX_CPUS : KVM_MAX_VCPUS;
}

bool kvm_has_vgic(const struct kvm_vm *vm)
{
	return vm->vgic && READ_ONCE(vm->vgic->initialized);
}

bool kvm_has_vgic_v3(const struct kvm_vm *vm)
{
	return vm->vgic && vm->vgic->version == 3;
}

static void *alloc_charged(struct kvm_vm *vm, size_t n)
{
	void *p = kzalloc(n);

	if (p)
		charge_add(vm->charge, n + CHARGE_SMALL);
	return p;
}

static void free_charged(struct kvm_vm *vm, void *p, size_t n)
{
	if (p)
		charge_drop(vm->charge, n + CHARGE_SMALL);
	kfree(p);
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
	struct vgic_cpu *c = alloc_charged(v->vm, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->vgic = g;
	c->vcpu = v;
	c->ctx = v->ctx;
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
	free_charged(v->vm, c, sizeof(*c));
}

void kvm_vgic_free(struct kvm_vm *vm)
{
	struct vgic *g = vm->vgic;

	if (!g)
		return;
	if (g->ready && g->version == 2)
		el2_unmap(vm->el2, g->cpu, GICV_PAGE);
	free_charged(vm, g->spis, g->nr_spis * sizeof(*g->spis));
	free_charged(vm, g->routes, VGIC_ROUTES * sizeof(*g->routes));
	charge_drop(vm->charge, g->nr_regions * sizeof(*g->regions));
	kfree(g->regions);
	free_charged(vm, g, sizeof(*g));
}

/* There was no memory for all of it. */
static void unmake_vgic(struct vgic *g)
{
	while (g->nr_cpus) {
		struct vgic_cpu *c = g->cpus[--g->nr_cpus];

		c->vcpu->vgic = NULL;
		c->ctx->flags &= ~(uint64_t)EL2_RUN_GICV3;
		free_charged(g->vm, c, sizeof(*c));
	}
	free_charged(g->vm, g, sizeof(*g));
}

static void find_list_registers(struct vgic *g)
{
	uint64_t vtr;

	if (g->version == 2) {
		g->gich = irq_virt()->gich;
		vtr = mmio_read32(&g->gich->vtr) & GICH_VTR_ListRegs;
	} else {
		vtr = vgic_v3_vtr() & ICH_VTR_ListRegs;
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
	g = alloc_charged(vm, sizeof(*g));
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

static int create_vgic(struct kvm_vm *vm, unsigned int version)
{
	int err = kvm_lock_all(vm);

	if (err)
		return err;
	err = make_vgic(vm, version);
	kvm_unlock_all(vm);
	return err;
}

/*
 * vm->lock is held.  The number of interrupts and vcpus is settled; the routes are those of a
 * machine without any: the first SPI is 0.
 */
static int init_vgic(struct vgic *g)
{
	struct kvm_vm *vm = g->vm;

	if (g->initialized)
		return 0;
	if (!g->nr_spis)
		g->nr_spis = VGIC_SPIS_DEFAULT;
	if (!g->spis)
		g->spis = alloc_charged(vm, g->nr_spis * sizeof(*g->spis));
	if (!g->routes)
		g->routes = alloc_charged(vm, VGIC_ROUTES * sizeof(*g->routes));
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
	return g->dist == VGIC_NO_ADDR || !meets_regions(g, g->dist, 0x10000);
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

static int set_addr(struct vgic *g, uint64_t type, uint64_t addr)
{
	bool v2 = type == KVM_VGIC_V2_ADDR_TYPE_DIST || type == KVM_VGIC_V2_ADDR_TYPE_CPU;
	uint64_t size = 0x10000, *at = &g->dist;
	int err;

	if (type > KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION || type == KVM_VGIC_ITS_ADDR_TYPE ||
	    g->version != (v2 ? 2 : 3))
		return -ENODEV;
	if (type == KVM_VGIC_V3_ADDR_TYPE_REDIST)
		return add_region(g, 0, addr, 0);
	if (type == KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION) {
		/* count << 52 | base | flags << 12 | index */
		if (!(addr >> 52) || addr >> 12 & 0xf)
			return -EINVAL;
		return add_region(g, addr & 0xff, addr & (BIT(52) - BIT(16)), addr >> 52);
	}
	if (v2)
		size = type ? KVM_VGIC_V2_CPU_SIZE : KVM_VGIC_V2_DIST_SIZE;
	if (type == KVM_VGIC_V2_ADDR_TYPE_CPU)
		at = &g->cpu;
	err = check_range(g->vm, *at, addr, v2 ? 0x1000 : 0x10000, size);
	if (!err)
		*at = addr;
	return err;
}

/* @addr: in for a region's index. */
static int get_addr(const struct vgic *g, uint64_t type, uint64_t *addr)
{
	unsigned int index = *addr & 0xff;

	if (g->version == 2 && type <= KVM_VGIC_V2_ADDR_TYPE_CPU) {
		*addr = type ? g->cpu : g->dist;
	} else if (g->version == 3 && type == KVM_VGIC_V3_ADDR_TYPE_DIST) {
		*addr = g->dist;
	} else if (g->version == 3 && type == KVM_VGIC_V3_ADDR_TYPE_REDIST) {
		*addr = g->nr_regions ? g->regions[0].base : VGIC_NO_ADDR;
	} else if (g->version == 3 && type == KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION) {
		if (index >= g->nr_regions)
			return -ENOENT;
		*addr = index | g->regions[index].base | (uint64_t)g->regions[index].count << 52;
	} else {
		return -ENODEV;
	}
	return 0;
}

/* Before a vcpu's first run: all that the guest is going to touch has its place.  vm->lock. */
static int settle_v2(struct vgic *g)
{
	int err;

	if (g->dist == VGIC_NO_ADDR || g->cpu == VGIC_NO_ADDR)
		return -ENXIO;
	if (ranges_meet(g->dist, KVM_VGIC_V2_DIST_SIZE, g->cpu, KVM_VGIC_V2_CPU_SIZE))
		return -EINVAL;
	err = init_vgic(g);
	if (err)
		return err;
	return el2_map(g->vm->el2, g->cpu, irq_virt()->gicv, GICV_PAGE,
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

int kvm_vgic_first_run(struct kvm_vcpu *v)
{
	struct kvm_vm *vm = v->vm;
	struct vgic *g = vm->vgic;
	int err;

	if (!g)
		return 0;
	err = mutex_lock_killable(&vm->lock);
	if (err)
		return err;
	if (!g->ready) {
		err = g->version == 2 ? settle_v2(g) : settle_v3(g);
		if (err) /* what it is to be will not be changed any more: as Linux */
			WRITE_ONCE(vm->dead, true);
		else
			g->ready = true;
	}
	/* It has no part of a vGIC that could not be made ready. */
	if (!err && !v->vgic)
		err = -ENXIO;
	if (!err) {
		v->vgic->affinity = affinity_of(v);
		err = kvm_timer_first_run(v);
	}
	mutex_unlock(&vm->lock);
	return err;
}

/* ---- attributes ---- */

static struct vgic_cpu *cpu_of_attr(struct vgic *g, const struct kvm_device_attr *a)
{
	uint64_t who = a->attr >> KVM_DEV_ARM_VGIC_CPUID_SHIFT;
	struct kvm_vcpu *v;

	if (g->version == 2) {
		v = kvm_vcpu_find(g->vm, who & 0xff);
		return v ? v->vgic : NULL;
	}
	if (a->group == KVM_DEV_ARM_VGIC_GRP_DIST_REGS)
		return g->nr_cpus ? g->cpus[0] : NULL;
	for (unsigned int i = 0; i < g->nr_cpus; i++)
		if (g->cpus[i]->affinity == who)
			return g->cpus[i];
	return NULL;
}

static bool is_reg_group(const struct vgic *g, uint32_t group)
{
	if (g->version == 2)
		return group == KVM_DEV_ARM_VGIC_GRP_DIST_REGS ||
		       group == KVM_DEV_ARM_VGIC_GRP_CPU_REGS;
	return group == KVM_DEV_ARM_VGIC_GRP_DIST_REGS ||
	       (group >= KVM_DEV_ARM_VGIC_GRP_REDIST_REGS &&
		group <= KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO);
}

static enum vgic_frame frame_of(uint32_t group)
{
	return group == KVM_DEV_ARM_VGIC_GRP_DIST_REGS	? VGIC_DIST
	       : group == KVM_DEV_ARM_VGIC_GRP_CPU_REGS ? VGIC_CPUIF
							: VGIC_REDIST;
}

static int access_level(struct vgic_cpu *c, uint64_t attr, uint32_t *value, bool write)
{
	unsigned int id = attr & KVM_DEV_ARM_VGIC_LINE_LEVEL_INTID_MASK;

	if ((attr & KVM_DEV_ARM_VGIC_LINE_LEVEL_INFO_MASK) || id % 32)
		return -EINVAL;
	vgic_line_levels(c, id, value, write);
	return 0;
}

/* A register: 32 bits, but those of the CPU interface.  vcpus do not run. */
static int access_reg(struct vgic *g, struct vgic_cpu *c, const struct kvm_device_attr *a,
		      uint64_t *value, bool write)
{
	uint32_t low = (uint32_t)*value;
	int err;

	if (g->version == 2)
		err = init_vgic(g);
	else
		err = g->initialized ? 0 : -EBUSY;
	if (err)
		return err;
	if (a->group == KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS) {
		err = vgic_sysreg_user(c, a->attr & KVM_DEV_ARM_VGIC_SYSREG_INSTR_MASK, value,
				       write);
		return err == -ENXIO ? -ENOENT : err;
	}
	if (a->group == KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO)
		err = access_level(c, a->attr, &low, write);
	else
		err = vgic_reg_user(c, frame_of(a->group), (uint32_t)a->attr, &low, write);
	*value = low;
	return err;
}

static int reg_attr(struct vgic *g, enum kvm_attr_op op, const struct kvm_device_attr *a)
{
	struct vgic_cpu *c = cpu_of_attr(g, a);
	size_t size = a->group == KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS ? 8 : 4;
	uptr at = uptr_of(a->addr);
	uint64_t value = 0;
	int err;

	if (!c)
		return -EINVAL;
	if (op == KVM_ATTR_SET && get_user_n(&value, at, size))
		return -EFAULT;
	err = kvm_lock_all(g->vm);
	if (err)
		return err;
	err = access_reg(g, c, a, &value, op == KVM_ATTR_SET);
	kvm_unlock_all(g->vm);
	if (!err && op == KVM_ATTR_GET && put_user_n(at, value, size))
		err = -EFAULT;
	return err;
}

static int has_attr(struct vgic *g, const struct kvm_device_attr *a)
{
	uint64_t addr = 0;
	int err;

	switch (a->group) {
	case KVM_DEV_ARM_VGIC_GRP_ADDR:
		err = get_addr(g, a->attr, &addr);
		return err == -ENODEV ? -ENXIO : 0;
	case KVM_DEV_ARM_VGIC_GRP_NR_IRQS: return 0;
	case KVM_DEV_ARM_VGIC_GRP_CTRL:
		return a->attr == KVM_DEV_ARM_VGIC_CTRL_INIT ||
				       (g->version == 3 &&
					a->attr == KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES)
			       ? 0
			       : -ENXIO;
	case KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO:
		return g->version == 3 && !(a->attr & KVM_DEV_ARM_VGIC_LINE_LEVEL_INFO_MASK)
			       ? 0
			       : -ENXIO;
	}
	if (!is_reg_group(g, a->group))
		return -ENXIO;
	if (!cpu_of_attr(g, a))
		return -EINVAL;
	if (a->group == KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS)
		return vgic_sysreg_user(NULL, a->attr & KVM_DEV_ARM_VGIC_SYSREG_INSTR_MASK, NULL,
					false);
	return vgic_reg_has(g, frame_of(a->group), (uint32_t)a->attr);
}

static int addr_attr(struct vgic *g, enum kvm_attr_op op, const struct kvm_device_attr *a)
{
	uptr at = uptr_of(a->addr);
	uint64_t addr = 0;
	int err;

	/* A region's index is in what is read, too. */
	if ((op == KVM_ATTR_SET || a->attr == KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION) &&
	    get_user(addr, at))
		return -EFAULT;
	err = mutex_lock_killable(&g->vm->lock);
	if (err)
		return err;
	err = op == KVM_ATTR_SET ? set_addr(g, a->attr, addr) : get_addr(g, a->attr, &addr);
	mutex_unlock(&g->vm->lock);
	if (!err && op == KVM_ATTR_GET && put_user(addr, at))
		err = -EFAULT;
	return err == -ENODEV ? -ENXIO : err;
}

static int nr_irqs_attr(struct vgic *g, enum kvm_attr_op op, const struct kvm_device_attr *a)
{
	uptr at = uptr_of(a->addr);
	uint32_t n;
	int err;

	if (op == KVM_ATTR_GET)
		return put_user((uint32_t)vgic_nr_irqs(g), at);
	if (get_user(n, at))
		return -EFAULT;
	if (n < NR_IRQS_MIN || n > NR_IRQS_MAX || n % 32)
		return -EINVAL;
	err = mutex_lock_killable(&g->vm->lock);
	if (err)
		return err;
	if (g->nr_spis)
		err = -EBUSY;
	else
		g->nr_spis = n - VGIC_PRIVATE;
	mutex_unlock(&g->vm->lock);
	return err;
}

static int ctrl_attr(struct vgic *g, const struct kvm_device_attr *a)
{
	int err;

	if (a->attr == KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES) /* of LPIs: there are none */
		return g->version == 3 && g->initialized ? 0 : -ENXIO;
	if (a->attr != KVM_DEV_ARM_VGIC_CTRL_INIT)
		return -ENXIO;
	err = mutex_lock_killable(&g->vm->lock);
	if (err)
		return err;
	err = init_vgic(g);
	mutex_unlock(&g->vm->lock);
	return err;
}

static int vgic_attr(struct vgic *g, enum kvm_attr_op op, const struct kvm_device_attr *a)
{
	if (op == KVM_ATTR_HAS)
		return has_attr(g, a);
	if (a->group == KVM_DEV_ARM_VGIC_GRP_ADDR)
		return addr_attr(g, op, a);
	if (a->group == KVM_DEV_ARM_VGIC_GRP_NR_IRQS)
		return nr_irqs_attr(g, op, a);
	if (a->group == KVM_DEV_ARM_VGIC_GRP_CTRL && op == KVM_ATTR_SET)
		return ctrl_attr(g, a);
	return is_reg_group(g, a->group) ? reg_attr(g, op, a) : -ENXIO;
}

static long device_ioctl(struct file *f, uint32_t cmd, void *arg)
{
	struct kvm_vm *vm = f->private;
	struct kvm_device_attr a;

	if (vm->mm != current->mm || READ_ONCE(vm->dead))
		return -EIO;
	if (cmd != KVM_SET_DEVICE_ATTR && cmd != KVM_GET_DEVICE_ATTR && cmd != KVM_HAS_DEVICE_ATTR)
		return -ENOTTY;
	if (copy_from_user(&a, uptr_of((uintptr_t)arg), sizeof(a)))
		return -EFAULT;
	return vgic_attr(vm->vgic, kvm_attr_op(cmd), &a);
}

static void device_release(struct file *f)
{
	kvm_vm_put(f->private);
}

static const struct file_ops v2_fops = { .anon = "kvm-arm-vgic-v2",
					 .ioctl = device_ioctl,
					 .own_ioctls = true,
					 .seek = file_seek_nowhere,
					 .release = device_release };
static const struct file_ops v3_fops = { .anon = "kvm-arm-vgic-v3",
					 .ioctl = device_ioctl,
					 .own_ioctls = true,
					 .seek = file_seek_nowhere,
					 .release = device_release };

/* ---- a VM's requests ---- */

int kvm_create_device(struct kvm_vm *vm, struct kvm_create_device *d)
{
	unsigned int version = d->type == KVM_DEV_TYPE_ARM_VGIC_V2   ? 2
			       : d->type == KVM_DEV_TYPE_ARM_VGIC_V3 ? 3
								     : 0;
	int err;

	if (!version || version != host_version())
		return -ENODEV;
	if (d->flags & KVM_CREATE_DEVICE_TEST)
		return 0;
	err = create_vgic(vm, version);
	if (err)
		return err;
	kvm_vm_get(vm);
	err = anon_add(version == 2 ? &v2_fops : &v3_fops, vm, O_RDWR | O_CLOEXEC);
	if (err < 0) {
		kvm_vm_put(vm);
		return err;
	}
	d->fd = (uint32_t)err;
	return 0;
}

int kvm_create_irqchip(struct kvm_vm *vm)
{
	return host_version() == 2 ? create_vgic(vm, 2) : -ENODEV;
}

int kvm_set_device_addr(struct kvm_vm *vm, const struct kvm_arm_device_addr *a)
{
	uint64_t type = a->id & 0xffff;
	int err;

	if ((a->id >> KVM_ARM_DEVICE_ID_SHIFT & 0xffff) != KVM_ARM_DEVICE_VGIC_V2)
		return -ENODEV;
	if (type > KVM_VGIC_V2_ADDR_TYPE_CPU || !vm->vgic)
		return -ENODEV;
	err = mutex_lock_killable(&vm->lock);
	if (err)
		return err;
	err = set_addr(vm->vgic, type, a->addr);
	mutex_unlock(&vm->lock);
	return err;
}

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
	int err;

	if (load_acquire(&g->initialized))
		return 0;
	if (g->version == 3)
		return -EBUSY;
	err = mutex_lock_killable(&g->vm->lock);
	if (err)
		return err;
	err = init_vgic(g);
	mutex_unlock(&g->vm->lock);
	return err;
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

int kvm_set_routing(struct kvm_vm *vm, const struct kvm_irq_routing *head, uptr entries)
{
	size_t size = VGIC_ROUTES * sizeof(uint16_t);
	struct vgic *g;
	uint16_t *routes;
	int err;

	if (head->nr > VGIC_ROUTES || head->flags)
		return -EINVAL;
	routes = kzalloc(size);
	if (!routes)
		return -ENOMEM;
	err = read_routes(routes, head, entries);
	if (!err)
		err = mutex_lock_killable(&vm->lock);
	if (err)
		goto out;
	g = vm->vgic;
	/* Routes that were given before it is initialised are forgotten then, as on Linux. */
	for (unsigned int i = 0; g && g->initialized && i < VGIC_ROUTES; i++)
		WRITE_ONCE(g->routes[i], routes[i]);
	mutex_unlock(&vm->lock);
out:
	kfree(routes);
	return err;
}
