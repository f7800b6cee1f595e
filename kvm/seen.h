/*
 * seen.h - what is seen of guests from outside: the list of all VMs, how often each came up to EL2
 * and why (/sys/kernel/newel/kvm/), each entry and exit in the trace.
 */
#pragma once

#include "kvm/kvm.h"

/* kvm_seen_init - the files.  Boot core. */
void kvm_seen_init(void);
/*
 * kvm_seen_vm, kvm_seen_vcpu - there is one more, whole; vm->lock may be held.  kvm_seen_gone -
 * nobody looks at it, or at its vcpus, when this returns.  May sleep.
 */
void kvm_seen_vm(struct kvm_vm *vm);
void kvm_seen_vcpu(struct kvm_vcpu *v);
void kvm_seen_gone(struct kvm_vm *vm);
/*
 * kvm_trace_apply - trace_mask has changed: each vcpu records its entries and exits from its next
 * round on, or no more.  May sleep.
 */
void kvm_trace_apply(void);
/*
 * kvm_run_seen - el2_run of @v, between two records of the trace.  Interrupts masked.
 */
enum el2_exit kvm_run_seen(struct kvm_vcpu *v);
