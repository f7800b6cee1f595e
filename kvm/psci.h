/*
 * psci.h - the Power State Coordination Interface that a guest is given (arm/psci.h has the rest of
 * its numbers).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/psci.h"
#include "lib/util.h"

struct kvm_vcpu;

#define PSCI_0_1	   1u /* the version of a VM whose vcpus have no KVM_ARM_VCPU_PSCI_0_2 */
#define PSCI_0_2	   2u
#define PSCI_1_0	   PSCI_VERSION_1_0
#define PSCI_1_1	   PSCI_VERSION_1_1

#define PSCI_MIGRATE	   SMCCC_FAST(SMCCC_OWNER_STANDARD, 5)
#define PSCI_SYSTEM_RESET2 SMCCC_FAST(SMCCC_OWNER_STANDARD, 18)
#define PSCI_RESET2_VENDOR 0x80000000u		  /* from here on a vendor's kinds of reset */
#define PSCI_AFFINITIES	   UINT64_C(0xff00ffffff) /* of an MPIDR */

/* PSCI 0.1's own numbers, which Linux's KVM chose */
#define PSCI_0_1_FN(n)	   (0x95c1ba5eu + (n))
#define PSCI_0_1_CPU_OFF   PSCI_0_1_FN(1)
#define PSCI_0_1_CPU_ON	   PSCI_0_1_FN(2)

/* kvm_psci_is - @fn is in PSCI's range (0.2 and on): nobody else's. */
static inline bool kvm_psci_is(uint32_t fn)
{
	return (fn & ~(SMCCC_64 | 0x1f)) == PSCI_VERSION;
}

/*
 * kvm_psci_call - @fn is in PSCI's range; kvm_psci_0_1_call - it is none that anybody knows, and
 * the guest has PSCI 0.1.  x1..x3 are its arguments, x0 gets the answer.  enum kvm_served or
 * -errno.  May sleep.
 */
int kvm_psci_call(struct kvm_vcpu *v, uint32_t fn) __must_check;
int kvm_psci_0_1_call(struct kvm_vcpu *v, uint32_t fn) __must_check;
