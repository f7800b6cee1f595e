/*
 * vgic_device.c - a guest's interrupt controller as its VMM sees it: a device's descriptor, by
 * whose attributes it is given addresses, initialised, saved and restored.
 *
 * The groups of attributes are a table; what is in none of its rows is -ENXIO.  Where state of
 * vcpus is read or written all of them are kept from running (kvm_stopped).  Which error comes
 * first is as Linux has it.
 */
#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/kvm.h"
#include "arm/nospec.h"
#include "fs/anon/anon.h"
#include "fs/file.h"
#include "kvm/kvm.h"
#include "kvm/vgic.h"
#include "mm/vm.h"
#include "task/task.h"

/* An NR_IRQS of 1024 would have numbers that are no interrupts. */
#define NR_IRQS_MIN 64
#define NR_IRQS_MAX 1023

struct attr_group;
typedef int (*attr_fn)(struct vgic *g, const struct attr_group *group, enum kvm_attr_op op,
		       const struct kvm_device_attr *a);

struct attr_group {
	attr_fn serve;
	uint8_t versions;      /* of a vGIC that have it: a bit each */
	uint8_t bytes;	       /* of a register's value */
	enum vgic_frame frame; /* whose registers */
};

/* ---- its addresses, the number of its interrupts, what it is told to do ---- */

static int addr_attr(struct vgic *g, const struct attr_group *group, enum kvm_attr_op op,
		     const struct kvm_device_attr *a)
{
	uptr at = uptr_of(a->addr);
	uint64_t addr = 0;
	int err;

	/* A region's index is in what is read, too. */
	if ((op == KVM_ATTR_SET ||
	     (op == KVM_ATTR_GET && a->attr == KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION)) &&
	    get_user(addr, at))
		return -EFAULT;
	err = kvm_locked(g->vm, vgic_address(g, a->attr, &addr, op == KVM_ATTR_SET));
	if (op == KVM_ATTR_HAS)
		return err == -ENODEV ? -ENXIO : 0;
	if (!err && op == KVM_ATTR_GET && put_user(addr, at))
		err = -EFAULT;
	return err == -ENODEV ? -ENXIO : err;
}

static int set_nr_irqs(struct vgic *g, uint32_t n)
{
	if (g->nr_spis)
		return -EBUSY;
	g->nr_spis = n - VGIC_PRIVATE;
	return 0;
}

static int nr_irqs_attr(struct vgic *g, const struct attr_group *group, enum kvm_attr_op op,
			const struct kvm_device_attr *a)
{
	uptr at = uptr_of(a->addr);
	uint32_t n;

	if (op == KVM_ATTR_HAS)
		return 0;
	if (op == KVM_ATTR_GET)
		return put_user((uint32_t)vgic_nr_irqs(g), at);
	if (get_user(n, at))
		return -EFAULT;
	if (n < NR_IRQS_MIN || n > NR_IRQS_MAX || n % 32)
		return -EINVAL;
	return kvm_locked(g->vm, set_nr_irqs(g, n));
}

static int ctrl_attr(struct vgic *g, const struct attr_group *group, enum kvm_attr_op op,
		     const struct kvm_device_attr *a)
{
	bool init = a->attr == KVM_DEV_ARM_VGIC_CTRL_INIT;
	bool save = a->attr == KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES && g->version == 3;

	if ((!init && !save) || op == KVM_ATTR_GET)
		return -ENXIO;
	if (op == KVM_ATTR_HAS)
		return 0;
	if (save) /* of LPIs: there are none */
		return g->initialized ? 0 : -ENXIO;
	return kvm_locked(g->vm, vgic_init(g));
}

/* ---- its registers ---- */

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

/* vcpus do not run.  The first use initialises a GICv2. */
static int access_reg(struct vgic_cpu *c, enum vgic_frame frame, uint32_t reg, uint64_t *value,
		      bool write)
{
	struct vgic *g = c->vgic;
	int err = g->version == 2 ? vgic_init(g) : g->initialized ? 0 : -EBUSY;

	if (err)
		return err;
	err = vgic_reg_user(c, frame, reg, value, write);
	return err == -ENXIO ? -ENOENT : err;
}

static int reg_attr(struct vgic *g, const struct attr_group *group, enum kvm_attr_op op,
		    const struct kvm_device_attr *a)
{
	struct vgic_cpu *c = cpu_of_attr(g, a);
	uint32_t reg = (uint32_t)a->attr;
	uptr at = uptr_of(a->addr);
	uint64_t value = 0;
	int err;

	/* There are lines whoever is named. */
	if (!c && !(op == KVM_ATTR_HAS && group->frame == VGIC_LINES))
		return -EINVAL;
	if (op == KVM_ATTR_HAS)
		return vgic_reg_has(g, group->frame, reg);
	if (op == KVM_ATTR_SET && get_user_n(&value, at, group->bytes))
		return -EFAULT;
	err = kvm_stopped(g->vm, access_reg(c, group->frame, reg, &value, op == KVM_ATTR_SET));
	if (!err && op == KVM_ATTR_GET && put_user_n(at, value, group->bytes))
		err = -EFAULT;
	return err;
}

/* ---- its descriptor ---- */

#define V2 BIT(2)
#define V3 BIT(3)
/* clang-format off */
static const struct attr_group groups[] = {
	[KVM_DEV_ARM_VGIC_GRP_ADDR] = { .serve = addr_attr, .versions = V2 | V3 },
	[KVM_DEV_ARM_VGIC_GRP_DIST_REGS] = { reg_attr, V2 | V3, 4, VGIC_DIST },
	[KVM_DEV_ARM_VGIC_GRP_CPU_REGS] = { reg_attr, V2, 4, VGIC_CPUIF },
	[KVM_DEV_ARM_VGIC_GRP_NR_IRQS] = { .serve = nr_irqs_attr, .versions = V2 | V3 },
	[KVM_DEV_ARM_VGIC_GRP_CTRL] = { .serve = ctrl_attr, .versions = V2 | V3 },
	[KVM_DEV_ARM_VGIC_GRP_REDIST_REGS] = { reg_attr, V3, 4, VGIC_REDIST },
	[KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS] = { reg_attr, V3, 8, VGIC_SYSREGS },
	[KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO] = { reg_attr, V3, 4, VGIC_LINES },
};
/* clang-format on */

static long device_ioctl(struct file *f, uint32_t cmd, void *arg)
{
	struct kvm_vm *vm = f->private;
	const struct attr_group *group;
	struct kvm_device_attr a;

	if (vm->mm != current->mm || READ_ONCE(vm->dead))
		return -EIO;
	if (cmd != KVM_SET_DEVICE_ATTR && cmd != KVM_GET_DEVICE_ATTR && cmd != KVM_HAS_DEVICE_ATTR)
		return -ENOTTY;
	if (copy_from_user(&a, uptr_of((uintptr_t)arg), sizeof(a)))
		return -EFAULT;
	if (a.group >= ARRAY_SIZE(groups))
		return -ENXIO;
	group = &groups[index_nospec(a.group, ARRAY_SIZE(groups))];
	if (!(group->versions & BIT(vm->vgic->version)))
		return -ENXIO;
	return group->serve(vm->vgic, group, kvm_attr_op(cmd), &a);
}

static void device_release(struct file *f)
{
	kvm_vm_put(f->private);
}

#define VGIC_FOPS(name)                                                    \
	{                                                                  \
		.anon = (name), .ioctl = device_ioctl, .own_ioctls = true, \
		.seek = file_seek_nowhere, .release = device_release       \
	}

int kvm_create_device(struct kvm_vm *vm, struct kvm_create_device *d)
{
	static const struct file_ops fops[] = { VGIC_FOPS("kvm-arm-vgic-v2"),
						VGIC_FOPS("kvm-arm-vgic-v3") };
	unsigned int version = d->type == KVM_DEV_TYPE_ARM_VGIC_V2   ? 2
			       : d->type == KVM_DEV_TYPE_ARM_VGIC_V3 ? 3
								     : 0;
	int err;

	if (!version || version != vgic_host_version())
		return -ENODEV;
	if (d->flags & KVM_CREATE_DEVICE_TEST)
		return 0;
	err = vgic_create(vm, version);
	if (err)
		return err;
	kvm_vm_get(vm);
	err = anon_add(&fops[version - 2], vm, O_RDWR | O_CLOEXEC);
	if (err < 0) {
		kvm_vm_put(vm);
		return err;
	}
	d->fd = (uint32_t)err;
	return 0;
}

/* ---- the older interface ---- */

int kvm_create_irqchip(struct kvm_vm *vm)
{
	return vgic_host_version() == 2 ? vgic_create(vm, 2) : -ENODEV;
}

int kvm_set_device_addr(struct kvm_vm *vm, const struct kvm_arm_device_addr *a)
{
	uint64_t type = a->id & 0xffff, addr = a->addr;

	if ((a->id >> KVM_ARM_DEVICE_ID_SHIFT & 0xffff) != KVM_ARM_DEVICE_VGIC_V2)
		return -ENODEV;
	if (type > KVM_VGIC_V2_ADDR_TYPE_CPU || !vm->vgic)
		return -ENODEV;
	return kvm_locked(vm, vgic_address(vm->vgic, type, &addr, true));
}
