/*
 * dev.c - /dev/kvm: what a VMM opens first, to ask what there is and to make a VM.
 */
#include "abi/kvm.h"
#include "fs/dev.h"
#include "kvm/kvm.h"
#include "kvm/seen.h"
#include "lib/parse.h"
#include "log/printk.h"

#define KVM_DEVICE DEV(10, 232)

static long kvm_ioctl(struct file *f, uint32_t cmd, void *arg)
{
	uint64_t number = (uintptr_t)arg;

	switch (cmd) {
	case KVM_GET_API_VERSION: return number ? -EINVAL : KVM_API_VERSION;
	case KVM_CREATE_VM: return kvm_vm_create(number);
	case KVM_CHECK_EXTENSION: return kvm_extension(NULL, number);
	case KVM_GET_VCPU_MMAP_SIZE: return number ? -EINVAL : KVM_VCPU_PAGES * (long)PAGE_SIZE;
	default: return -EINVAL;
	}
}

void kvm_init(const char *cmdline)
{
	static const struct file_ops ops = { .ioctl = kvm_ioctl,
					     .own_ioctls = KVM_IOCTLS,
					     .seek = file_seek_nowhere };
	static struct device dev = {
		.name = "kvm", .number = KVM_DEVICE, .mode = 0600, .ops = &ops
	};

	/* Of its values only `none` says something here: the kernel has its level by now. */
	if (el2_init() || cmdline_says(cmdline, "kvm-arm.mode", "none"))
		return;
	dev_register_boot(&dev);
	pr_info("kvm: guests by /dev/kvm, with addresses of up to %u bits\n", el2_ipa_bits());
	kvm_seen_init();
}
