/*
 * caps.c - what KVM_CHECK_EXTENSION answers.
 *
 * Invariant: what it says there is, the files of kvm/ do; all else is 0.
 */
#include "abi/kvm.h"
#include "arm/id.h"
#include "arm/levels.h"
#include "kvm/kvm.h"
#include "task/cores.h"

/* What depends on the machine's cores. */
static int core_extension(uint64_t cap)
{
	switch (cap) {
	case KVM_CAP_GUEST_DEBUG_HW_BPS: return (int)ID_FIELD(id_aa64dfr0_el1, DFR0_BRPs) + 1;
	case KVM_CAP_GUEST_DEBUG_HW_WPS: return (int)ID_FIELD(id_aa64dfr0_el1, DFR0_WRPs) + 1;
	case KVM_CAP_ARM_INJECT_SERROR_ESR: return kvm_has_ras();
	case KVM_CAP_ARM_PTRAUTH_ADDRESS:
	case KVM_CAP_ARM_PTRAUTH_GENERIC: return id_has_pauth();
	default: return 0;
	}
}

int kvm_extension(const struct kvm_vm *vm, uint64_t cap)
{
	switch (cap) {
	case KVM_CAP_IRQCHIP:
	case KVM_CAP_USER_MEMORY:
	case KVM_CAP_MP_STATE:
	case KVM_CAP_COALESCED_MMIO: /* KVM_COALESCED_MMIO_PAGE_OFFSET */
	case KVM_CAP_SYNC_MMU:
	case KVM_CAP_DESTROY_MEMORY_REGION_WORKS:
	case KVM_CAP_SET_GUEST_DEBUG:
	case KVM_CAP_JOIN_MEMORY_REGIONS_WORKS:
	case KVM_CAP_IRQFD:
	case KVM_CAP_IOEVENTFD:
	case KVM_CAP_INTERNAL_ERROR_DATA:
	case KVM_CAP_VCPU_EVENTS:
	case KVM_CAP_ONE_REG:
	case KVM_CAP_READONLY_MEM:
	case KVM_CAP_IRQFD_RESAMPLE:
	case KVM_CAP_ARM_PSCI:
	case KVM_CAP_ARM_SET_DEVICE_ADDR:
	case KVM_CAP_DEVICE_CTRL:
	case KVM_CAP_ENABLE_CAP_VM:
	case KVM_CAP_ARM_PSCI_0_2:
	case KVM_CAP_CHECK_EXTENSION_VM:
	case KVM_CAP_IOEVENTFD_ANY_LENGTH:
	case KVM_CAP_VCPU_ATTRIBUTES:
	case KVM_CAP_IMMEDIATE_EXIT:
	case KVM_CAP_ARM_USER_IRQ:
	case KVM_CAP_ARM_IRQ_LINE_LAYOUT_2:
	case KVM_CAP_ARM_NISV_TO_USER:
	case KVM_CAP_ARM_INJECT_EXT_DABT:
	case KVM_CAP_SYSTEM_EVENT_DATA:
	case KVM_CAP_COALESCED_PIO:
	case KVM_CAP_HALT_POLL:
	case KVM_CAP_STEAL_TIME:
	case KVM_CAP_PTP_KVM:
	case KVM_CAP_BINARY_STATS_FD:
	case KVM_CAP_ARM_SYSTEM_SUSPEND:
	case KVM_CAP_ARM_SUPPORTED_REG_MASK_RANGES: /* BIT(KVM_ARM_FEATURE_ID_RANGE) */
	case KVM_CAP_COUNTER_OFFSET:
	case KVM_CAP_USER_MEMORY2: return 1;
	case KVM_CAP_NR_VCPUS: return (int)min(cores_count(), kvm_max_vcpus(vm));
	case KVM_CAP_MAX_VCPUS:
	case KVM_CAP_MAX_VCPU_ID: return (int)kvm_max_vcpus(vm);
	case KVM_CAP_NR_MEMSLOTS: return KVM_MAX_SLOTS;
	case KVM_CAP_IRQ_ROUTING: return KVM_MAX_ROUTES;
	case KVM_CAP_ARM_VM_IPA_SIZE: return (int)el2_ipa_bits();
	case KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2:
		return KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE | KVM_DIRTY_LOG_INITIALLY_SET;
	case KVM_CAP_SET_GUEST_DEBUG2:
		return KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP | KVM_GUESTDBG_USE_SW_BP |
		       KVM_GUESTDBG_USE_HW;
	default: return core_extension(cap);
	}
}
