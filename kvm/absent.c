/*
 * absent.c - stands for the files of kvm/ that are not in the tree yet: there are no registers,
 * no vGIC, so that /dev/kvm is only there if the command line asks for it (dev.c).
 *
 * All of it is weak: a function leaves this file by being written elsewhere.
 */
#include "abi/errno.h"
#include "kvm/kvm.h"

#define ABSENT(...) __attribute__((weak)) __VA_ARGS__
#define NONE(ret, name, ...)          \
	ABSENT(ret name(__VA_ARGS__)) \
	{                             \
		return (ret)-ENXIO;   \
	}
#define NOTHING(ret, name, ...)       \
	ABSENT(ret name(__VA_ARGS__)) \
	{                             \
		return (ret)0;        \
	}
#define NO(name, ...)                  \
	ABSENT(void name(__VA_ARGS__)) \
	{                              \
	}

/* clang-format off */
#define VM struct kvm_vm *vm
#define VCPU struct kvm_vcpu *v

/* vgic, timer */
NONE(int, kvm_create_device, VM, struct kvm_create_device *d)
NONE(int, kvm_create_irqchip, VM)
NONE(int, kvm_irq_line, VM, const struct kvm_irq_level *l)
NONE(int, kvm_set_routing, VM, const struct kvm_irq_routing *head, uptr entries)
NONE(int, kvm_set_device_addr, VM, const struct kvm_arm_device_addr *a)
NONE(int, kvm_set_gsi, VM, uint32_t gsi, bool level)
NOTHING(unsigned int, kvm_max_vcpus, const struct kvm_vm *vm)
NOTHING(bool, kvm_has_vgic, const struct kvm_vm *vm)
NOTHING(int, kvm_vgic_vcpu_new, VCPU)
NO(kvm_vgic_vcpu_free, VCPU)
NO(kvm_vgic_free, VM)
NOTHING(int, kvm_vgic_first_run, VCPU)
NO(kvm_vgic_flush, VCPU)
NO(kvm_vgic_sync, VCPU)
NOTHING(bool, kvm_vgic_pending, VCPU)
NOTHING(uint64_t, kvm_timer_get, VCPU, bool physical, enum kvm_timer_reg reg)
NO(kvm_timer_set, VCPU, bool physical, enum kvm_timer_reg reg, uint64_t value)
NO(kvm_timer_reset, VCPU)
NOTHING(bool, kvm_vgic_sysreg, VCPU, uint32_t enc, bool write, uint64_t *value)
NOTHING(bool, kvm_has_vgic_v3, const struct kvm_vm *vm)
NO(kvm_timer_park, VCPU)
NO(kvm_timer_unpark, VCPU)
NONE(int, kvm_vgic_mmio, VCPU, struct kvm_access *a)
NONE(int, kvm_timer_attr, VCPU, enum kvm_attr_op op, const struct kvm_device_attr *a)
NONE(int, kvm_set_counter, VM, const struct kvm_arm_counter_offset *o)
NOTHING(bool, kvm_vgic_user_lines, VCPU)
