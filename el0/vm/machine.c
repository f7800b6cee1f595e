/*
 * machine.c - the VM as the kernel makes it: memory, vCPUs, interrupt controller.
 */
#include "abi/mman.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "el0/vm/vm.h"

#define HUGE	    (2UL << 20) /* memory aligned so may be mapped by blocks, in the guest too */
#define MPIDR_EL1   KVM_ARM64_SYS_REG(3, 0, 0, 0, 5)
#define IPA_DEFAULT 40

static long create_vm(struct vm *vm)
{
	long bits = svc_ioctl(vm->kvm, KVM_CHECK_EXTENSION, (void *)KVM_CAP_ARM_VM_IPA_SIZE);

	/* 0 asks for 40 bits, which a small machine does not have. */
	bits = bits > 0 && bits < IPA_DEFAULT ? bits : 0;
	vm->fd = (int)svc_ioctl(vm->kvm, KVM_CREATE_VM, (void *)KVM_VM_TYPE_ARM_IPA_SIZE(bits));
	if (vm->fd == -ENOMEM)
		vm_say("the kernel has no memory for one more guest: end another, or programs");
	else if (vm->fd < 0)
		vm_say("KVM_CREATE_VM: %s", strerror(vm->fd));
	return vm->fd < 0 ? vm->fd : 0;
}

static long create_memory(struct vm *vm)
{
	struct kvm_userspace_memory_region slot = { .guest_phys_addr = vm->ram.base,
						    .memory_size = vm->ram.size };
	long at = svc_mmap(0, vm->ram.size + HUGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at > 0) {
		vm->ram_mapped = (void *)at;
		vm->ram.at = (uint8_t *)(((uint64_t)at + HUGE - 1) & ~(HUGE - 1));
		svc_madvise((uintptr_t)vm->ram.at, vm->ram.size, MADV_HUGEPAGE);
		slot.userspace_addr = (uint64_t)vm->ram.at;
		at = svc_ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &slot);
	}
	if (at < 0)
		vm_say("no %lu MiB of memory for the guest (%s): give it less by -m",
		       vm->ram.size >> 20, strerror(at));
	return at;
}

static bool has_cap(const struct vm *vm, unsigned long cap)
{
	return svc_ioctl(vm->fd, KVM_CHECK_EXTENSION, (void *)cap) > 0;
}

static long create_vcpu(struct vm *vm, unsigned int id)
{
	struct vcpu *cpu = &vm->vcpu[id];
	struct kvm_vcpu_init init = { 0 };
	long at;

	cpu->vm = vm;
	cpu->id = id;
	cpu->fd = (int)svc_ioctl(vm->fd, KVM_CREATE_VCPU, (void *)(uint64_t)id);
	if (cpu->fd < 0)
		return cpu->fd;
	at = svc_mmap(0, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu->fd, 0);
	if (at < 0)
		return at;
	cpu->run = (void *)at;
	at = svc_ioctl(vm->fd, KVM_ARM_PREFERRED_TARGET, &init);
	init.features[0] = 1u << KVM_ARM_VCPU_PSCI_0_2 | (id ? 1u << KVM_ARM_VCPU_POWER_OFF : 0);
	if (has_cap(vm, KVM_CAP_ARM_PTRAUTH_ADDRESS) && has_cap(vm, KVM_CAP_ARM_PTRAUTH_GENERIC))
		init.features[0] |=
			1u << KVM_ARM_VCPU_PTRAUTH_ADDRESS | 1u << KVM_ARM_VCPU_PTRAUTH_GENERIC;
	return at ?: svc_ioctl(cpu->fd, KVM_ARM_VCPU_INIT, &init) ?:
		     vcpu_reg(cpu, KVM_GET_ONE_REG, MPIDR_EL1, &cpu->mpidr);
}

static long create_vcpus(struct vm *vm)
{
	long err = 0;

	for (unsigned int i = 0; i < vm->cpus && !err; i++) {
		err = create_vcpu(vm, i);
		if (err)
			vm_say("vCPU %u was refused: %s; ask for fewer by -c", i, strerror(err));
	}
	return err;
}

static long set_attr(int fd, uint32_t group, uint64_t attr, uint64_t value)
{
	struct kvm_device_attr a = { .group = group, .attr = attr, .addr = (uint64_t)&value };

	return svc_ioctl(fd, KVM_SET_DEVICE_ATTR, &a);
}

/* The same version as the machine's own, mostly: the newer one if there is a choice. */
static long create_gic(struct vm *vm)
{
	struct kvm_create_device dev = { .type = KVM_DEV_TYPE_ARM_VGIC_V3 };
	uint64_t base = KVM_VGIC_V3_ADDR_TYPE_DIST, cpu = VM_GICR;
	long err = svc_ioctl(vm->fd, KVM_CREATE_DEVICE, &dev);

	vm->gic_version = err < 0 ? 2 : 3;
	if (err < 0) {
		dev.type = KVM_DEV_TYPE_ARM_VGIC_V2;
		base = KVM_VGIC_V2_ADDR_TYPE_DIST;
		cpu = VM_GICC;
		err = svc_ioctl(vm->fd, KVM_CREATE_DEVICE, &dev);
	}
	if (!err) {
		vm->gic = (int)dev.fd;
		/* The address types of both follow on: distributor, and what each core has. */
		err = set_attr(vm->gic, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, 32 + VM_SPIS) ?:
		      set_attr(vm->gic, KVM_DEV_ARM_VGIC_GRP_ADDR, base, VM_GICD) ?:
		      set_attr(vm->gic, KVM_DEV_ARM_VGIC_GRP_ADDR, base + 1, cpu) ?:
		      set_attr(vm->gic, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, 0);
	}
	if (err)
		vm_say("an interrupt controller for %u vCPUs was refused: %s", vm->cpus,
		       strerror(err));
	return err;
}

long vm_create(struct vm *vm)
{
	vm->fd = vm->gic = -1;
	vm->ram_mapped = NULL;
	vm->nr_mmio = vm->nr_virtio = 0;
	for (unsigned int i = 0; i < vm->cpus; i++)
		vm->vcpu[i] = (struct vcpu){ .fd = -1 };
	/* The vGIC is the last: no vCPU may come after it. */
	return create_vm(vm) ?: create_memory(vm) ?: create_vcpus(vm) ?: create_gic(vm);
}

void vm_destroy(struct vm *vm)
{
	for (unsigned int i = 0; i < vm->cpus; i++) {
		if (vm->vcpu[i].run)
			svc_munmap((uintptr_t)vm->vcpu[i].run, vm->run_size);
		svc_close(vm->vcpu[i].fd);
	}
	svc_close(vm->gic);
	svc_close(vm->fd);
	if (vm->ram_mapped)
		svc_munmap((uintptr_t)vm->ram_mapped, vm->ram.size + HUGE);
}

void vm_irq(struct vm *vm, uint32_t spi, bool level)
{
	struct kvm_irq_level l = { .irq = KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | spi,
				   .level = level };

	svc_ioctl(vm->fd, KVM_IRQ_LINE, &l);
}
