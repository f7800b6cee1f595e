/*
 * idreg.h - what a guest reads about its core: ID_*_EL1, CTR_EL0, CLIDR_EL1 and CCSIDR_EL1, as
 * Linux's KVM shows them to a guest without SVE, PMU, MTE, SME and nested virtualisation.
 *
 * A VM has one set for all its vcpus, which its VMM may lower before the first run
 * (KVM_SET_ONE_REG).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/sysreg.h"
#include "lib/util.h"

struct kvm_vm;

/* kvm_is_idreg - @enc (SYSREG_ENC) is op0 3, op1 0, CRn 0, CRm 1..7: read alone, by TID3's trap. */
static inline bool kvm_is_idreg(uint32_t enc)
{
	return enc - SYSREG_ENC(3, 0, 0, 1, 0) < 7 * 8;
}
/* kvm_idreg_index - its place in vm->id_regs. */
static inline unsigned int kvm_idreg_index(uint32_t enc)
{
	return enc & 63;
}

/* kvm_idreg_pauth - the guests may authenticate pointers: their fields are shown.  vm->lock. */
void kvm_idreg_pauth(struct kvm_vm *vm);

/*
 * kvm_idreg_set, kvm_ctr_set - KVM_SET_ONE_REG.  0; -EINVAL: not what the machine has, or less;
 * -EBUSY: the VM has run, and it would change.  vm->lock is held.
 */
int kvm_idreg_set(struct kvm_vm *vm, uint32_t enc, uint64_t value) __must_check;
int kvm_ctr_set(struct kvm_vm *vm, uint64_t value) __must_check;

/*
 * kvm_clidr - the caches that a guest is told of: one level, as far as CTR_EL0 @ctr makes it look
 * after it.  kvm_clidr_fits - the VMM's CLIDR_EL1 does not promise more than @ctr.
 */
uint64_t kvm_clidr(uint64_t ctr);
bool kvm_clidr_fits(uint64_t ctr, uint64_t clidr);
/* kvm_ccsidr_least - CCSIDR_EL1 of cache @csselr: its lines, of the machine's length. */
uint32_t kvm_ccsidr_least(unsigned int csselr);
