/*
 * firmware.h - the firmware that /dev/kvm is for its guests: what it offers, and the VMM's
 * say in that.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kvm/kvm.h"
#include "kvm/psci.h"
#include "lib/string.h"
#include "lib/util.h"

struct list;

/* KVM_REG_ARM_FW_FEAT_BMAP: which service a bit of vm->fw_bmap stands for. */
enum kvm_fw_bmap { FW_STD, FW_STD_HYP, FW_VENDOR_HYP, NR_FW_BMAPS };
#define FW_STD_TRNG	   BIT(0)
#define FW_STD_HYP_PV_TIME BIT(0)
#define FW_VENDOR_FEATURES BIT(0)
#define FW_VENDOR_PTP	   BIT(1)
extern const uint64_t kvm_fw_bmap_all[NR_FW_BMAPS];

/* kvm_firmware_reg - KVM_REG_ARM_FW and KVM_REG_ARM_FW_FEAT_BMAP.  kvm_firmware_list - which. */
int kvm_firmware_reg(struct kvm_vcpu *v, uint64_t id, uint64_t *value, bool set) __must_check;
void kvm_firmware_list(void (*add)(struct list *l, uint64_t id), struct list *l);

/* kvm_psci_version - PSCI_0_1 ... PSCI_1_1: what @v's guest is told. */
static inline uint32_t kvm_psci_version(const struct kvm_vcpu *v)
{
	uint32_t chosen = READ_ONCE(v->vm->psci);

	if (!(v->features & BIT(KVM_ARM_VCPU_PSCI_0_2)))
		return PSCI_0_1;
	return chosen ? chosen : PSCI_1_1;
}

/* kvm_workaround_level - KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_@n's, 1..3, on this machine. */
unsigned int kvm_workaround_level(unsigned int n);

/* kvm_answer - what a call returns in x0..x3. */
static inline void kvm_answer(struct kvm_vcpu *v, uint64_t x0, uint64_t x1, uint64_t x2,
			      uint64_t x3)
{
	uint64_t *x = v->ctx->x;

	x[0] = x0;
	x[1] = x1;
	x[2] = x2;
	x[3] = x3;
}

/* kvm_tell_event - KVM_RUN is to return with KVM_SYSTEM_EVENT_*, and no data yet. */
static inline void kvm_tell_event(struct kvm_vcpu *v, uint32_t type)
{
	memset(&v->run->system_event, 0, sizeof(v->run->system_event));
	v->run->system_event.type = type;
	v->run->exit_reason = KVM_EXIT_SYSTEM_EVENT;
}

/* kvm_filter_action - KVM_SMCCC_FILTER_*: what the VMM wants done with @fn. */
unsigned int kvm_filter_action(struct kvm_vm *vm, uint32_t fn);
