/*
 * vm.c - a virtual machine: its descriptor, and what ioctl(2) asks of it.
 *
 * Comes from /dev/kvm (dev.c).  Invariant: only tasks of the address space that made a VM may ask
 * anything of it: its memory is theirs, and whoever has been handed the descriptor gets -EIO.
 *
 * What a VM has is made with it, or under vm->lock, and goes with the last reference.
 */
#include "abi/kvm.h"
#include "fs/anon/anon.h"
#include "kvm/kvm.h"
#include "kvm/seen.h"
#include "kvm/slots.h"
#include "mm/slab.h"
#include "mm/vm.h"
#include "task/cred.h"
#include "task/process.h"
#include "task/task.h"

#define DEFAULT_IPA_BITS 40
#define IPA_BITS_MIN	 32

/* What a VM costs the kernel, its ring too.  A page of el2's lies in a chunk: kvm/el2.c. */
#define VM_STRUCTS	 (sizeof(struct kvm_vm) + sizeof(struct kvm_memory))
#define VM_CHARGE	 (VM_STRUCTS + 2 * CHARGE_SMALL + PAGE_SIZE)

/* ---- its life ---- */

/* No descriptor, vcpu or device has it any more: no lock. */
static void free_vm(struct kvm_vm *vm)
{
	kvm_seen_gone(vm);
	kvm_eventfds_free(vm);
	for (unsigned int i = 0, left = vm->nr_vcpus; left; i++) {
		if (!vm->vcpus[i])
			continue;
		kvm_vcpu_free(vm->vcpus[i]);
		left--;
		(void)give_way(); /* there may be 512 */
	}
	kvm_vgic_free(vm);
	kvm_coalesced_free(vm);
	kvm_filter_free(vm);
	kvm_memory_free(vm);
	el2_vm_destroy(vm->el2);
	mm_unpin(vm->mm);
	charge_drop(vm->charge, VM_CHARGE);
	kfree(vm);
}

void kvm_vm_put(struct kvm_vm *vm)
{
	if (ref_put(&vm->refs))
		free_vm(vm);
}

static struct kvm_vm *new_vm(unsigned int ipa_bits)
{
	struct kvm_vm *vm = kzalloc(sizeof(*vm));
	int err;

	if (!vm)
		return err_ptr(-ENOMEM);
	ref_init(&vm->refs);
	mutex_init(&vm->lock);
	vm->ipa_bits = ipa_bits;
	vm->mm = current->mm;
	vm->user = current_cred()->uid;
	vm->charge = charge_mine(VM_CHARGE);
	vm->el2 = err = el2_vm_create(ipa_bits, kvm_payer(vm));
	if (err < 0)
		goto out;
	err = kvm_coalesced_new(vm);
	if (err)
		goto out_el2;
	err = kvm_memory_new(vm);
	if (err)
		goto out_ring;
	mm_pin(vm->mm);
	kvm_vm_regs_new(vm);
	kvm_seen_vm(vm);
	return vm;

out_ring:
	page_put(virt_to_page(vm->ring));
out_el2:
	el2_vm_destroy(vm->el2);
out:
	charge_drop(vm->charge, VM_CHARGE);
	kfree(vm);
	return err_ptr(err);
}

/* ---- requests ---- */

static int enable_cap(struct kvm_vm *vm, const struct kvm_enable_cap *c)
{
	static const uint64_t dirty_all =
		KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE | KVM_DIRTY_LOG_INITIALLY_SET;

	if (c->flags)
		return -EINVAL;
	switch (c->cap) {
	case KVM_CAP_ARM_NISV_TO_USER: WRITE_ONCE(vm->nisv_to_user, true); return 0;
	case KVM_CAP_ARM_SYSTEM_SUSPEND: WRITE_ONCE(vm->suspend_to_user, true); return 0;
	/* How long WFI may poll at most before it parks: it never does. */
	case KVM_CAP_HALT_POLL: return c->args[0] > UINT32_MAX ? -EINVAL : 0;
	case KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2:
		/* INITIALLY_SET says something only with the other. */
		if (c->args[0] & ~dirty_all || c->args[0] == KVM_DIRTY_LOG_INITIALLY_SET)
			return -EINVAL;
		WRITE_ONCE(vm->dirty_caps, (uint32_t)c->args[0]);
		return 0;
	default: return -EINVAL;
	}
}

static int preferred_target(uptr to)
{
	struct kvm_vcpu_init init = { .target = KVM_ARM_TARGET_GENERIC_V8 };

	return copy_to_user(to, &init, sizeof(init)) ? -EFAULT : 0;
}

static int create_device(struct kvm_vm *vm, uptr arg)
{
	struct kvm_create_device d;
	int err;

	if (copy_from_user(&d, arg, sizeof(d)))
		return -EFAULT;
	err = kvm_create_device(vm, &d);
	if (!err && copy_to_user(arg, &d, sizeof(d)))
		err = -EFAULT;
	return err;
}

static int vm_attr(struct kvm_vm *vm, uint32_t cmd, uptr arg)
{
	struct kvm_device_attr a;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	if (a.group != KVM_ARM_VM_SMCCC_CTRL)
		return -ENXIO;
	return kvm_filter_attr(vm, kvm_attr_op(cmd), &a);
}

static long vm_ioctl(struct file *f, uint32_t cmd, void *number)
{
	struct kvm_vm *vm = f->private;
	uptr arg = uptr_of((uintptr_t)number);

	if (vm->mm != current->mm || READ_ONCE(vm->dead))
		return -EIO;
	switch (cmd) {
	case KVM_IRQ_LINE: return kvm_with_arg(kvm_irq_level, l, kvm_irq_line(vm, &l));
	case KVM_CHECK_EXTENSION: return kvm_extension(vm, arg.va);
	case KVM_CREATE_VCPU: return kvm_vcpu_create(vm, arg.va);
	case KVM_SET_USER_MEMORY_REGION:
		return kvm_with_arg(kvm_userspace_memory_region, r, kvm_memory_set(vm, &r));
	case KVM_SET_USER_MEMORY_REGION2:
		return kvm_with_arg(kvm_userspace_memory_region2, r, kvm_memory_set(vm, &r.region));
	case KVM_GET_DIRTY_LOG: return kvm_with_arg(kvm_dirty_log, l, kvm_memory_get_dirty(vm, &l));
	case KVM_CLEAR_DIRTY_LOG:
		return kvm_with_arg(kvm_clear_dirty_log, l, kvm_memory_clear_dirty(vm, &l));
	case KVM_CREATE_IRQCHIP: return kvm_create_irqchip(vm);
	case KVM_CREATE_DEVICE: return create_device(vm, arg);
	case KVM_SET_GSI_ROUTING:
		return kvm_with_arg(kvm_irq_routing, r,
				    kvm_set_routing(vm, &r, uptr_add(arg, sizeof(r))));
	case KVM_IRQFD: return kvm_with_arg(kvm_irqfd, i, kvm_irqfd(vm, &i));
	case KVM_IOEVENTFD: return kvm_with_arg(kvm_ioeventfd, i, kvm_ioeventfd(vm, &i));
	case KVM_REGISTER_COALESCED_MMIO:
	case KVM_UNREGISTER_COALESCED_MMIO:
		return kvm_with_arg(kvm_coalesced_mmio_zone, z,
				    kvm_coalesced_zone(vm, &z, cmd == KVM_REGISTER_COALESCED_MMIO));
	case KVM_ENABLE_CAP: return kvm_with_arg(kvm_enable_cap, c, enable_cap(vm, &c));
	case KVM_ARM_SET_DEVICE_ADDR:
		return kvm_with_arg(kvm_arm_device_addr, a, kvm_set_device_addr(vm, &a));
	case KVM_GET_STATS_FD: return kvm_stats_fd(vm, NULL);
	case KVM_ARM_PREFERRED_TARGET: return preferred_target(arg);
	case KVM_ARM_GET_REG_WRITABLE_MASKS:
		return kvm_with_arg(reg_mask_range, r, kvm_reg_masks(&r));
	case KVM_ARM_SET_COUNTER_OFFSET:
		return kvm_with_arg(kvm_arm_counter_offset, o, kvm_set_counter(vm, &o));
	case KVM_SET_DEVICE_ATTR:
	case KVM_HAS_DEVICE_ATTR: return vm_attr(vm, cmd, arg);
	default: return -EINVAL;
	}
}

static void vm_release(struct file *f)
{
	struct kvm_vm *vm = f->private;

	/* As on Linux: its vcpus may go on, but nobody can add or remove any more. */
	kvm_eventfds_close(vm);
	kvm_vm_put(vm);
}

static const struct file_ops vm_fops = {
	.anon = "kvm-vm",
	.ioctl = vm_ioctl,
	.own_ioctls = KVM_IOCTLS,
	.seek = file_seek_nowhere,
	.release = vm_release,
};

int kvm_vm_create(uint64_t type)
{
	uint64_t bits = type ? type & KVM_VM_TYPE_ARM_IPA_SIZE_MASK : DEFAULT_IPA_BITS;
	struct kvm_vm *vm;
	int fd;

	if (type & ~KVM_VM_TYPE_ARM_IPA_SIZE_MASK || bits < IPA_BITS_MIN || bits > el2_ipa_bits())
		return -EINVAL;
	vm = new_vm((unsigned int)bits);
	if (is_err(vm))
		return (int)ptr_err(vm);
	fd = anon_add(&vm_fops, vm, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		kvm_vm_put(vm);
	return fd;
}

bool kvm_is_vm(const struct file *f)
{
	return f->ops == &vm_fops;
}
