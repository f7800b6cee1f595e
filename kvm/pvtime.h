/*
 * pvtime.h - stolen time (Arm DEN 0057): the calls of a guest that ask for it.
 */
#pragma once

#include <stdint.h>

#include "arm/smccc.h"

struct kvm_vcpu;

#define PV_TIME_FEATURES (SMCCC_FAST(5, 0x20) | SMCCC_64)
#define PV_TIME_ST	 (SMCCC_FAST(5, 0x21) | SMCCC_64)

/* kvm_pvtime_features - SMCCC_SUCCESS: the guest of @v has @fn, one of the two. */
int64_t kvm_pvtime_features(const struct kvm_vcpu *v, uint32_t fn);
/*
 * kvm_pvtime_begin - from now on it is told what is stolen: the address; or SMCCC_NOT_SUPPORTED.
 * vcpu->lock is held.  May sleep.
 */
int64_t kvm_pvtime_begin(struct kvm_vcpu *v);
