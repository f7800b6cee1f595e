/*
 * vcpus.h - what is done to a vcpu by others than the task that runs it.
 */
#pragma once

#include <stdint.h>

#include "lib/util.h"

struct kvm_vcpu;
struct kvm_vm;

/*
 * kvm_kick - what @v had to look at has changed (an interrupt is pending, a request): it leaves the
 * guest, or wakes up if it is parked, and looks.  Call it after the change.  Any context.
 */
void kvm_kick(struct kvm_vcpu *v);
/*
 * kvm_request - besides: it does one of KVM_REQ_* first.
 */
#define KVM_REQ_STOP  BIT(0) /* it looks at mp_state, which has been set, before it goes on */
#define KVM_REQ_RESET BIT(1) /* PSCI: CPU_ON has set vcpu->reset */
#define KVM_REQ_ACKED BIT(2) /* its guest has ended a level that a resamplefd may be for */
void kvm_request(struct kvm_vcpu *v, uint32_t requests);
/*
 * KVM_SEEN - beside the requests, as long as the trace records guests: so that nothing more is
 * looked at in a round than what is looked at anyway.  seen's.
 */
#define KVM_SEEN    BIT(31)
/* KVM_STOLEN - the same for a vcpu whose guest is told of stolen time; pvtime's. */
#define KVM_STOLEN  BIT(30)
#define KVM_LASTING (KVM_SEEN | KVM_STOLEN)

/*
 * kvm_lock_all - vm->lock, and all vcpus' locks: none of them runs until kvm_unlock_all.  0, -EBUSY
 * (one runs), -EINTR.  May sleep.
 */
int kvm_lock_all(struct kvm_vm *vm) __must_check;
void kvm_unlock_all(struct kvm_vm *vm);
