/*
 * hypercall.c - HVC and SMC of a guest, by the SMC Calling Convention (Arm DEN 0028).
 *
 * SMC #0 is served as HVC is; there is no EL3 below.  Order: what the VMM's filter says, what the
 * VMM has left of the services (KVM_REG_ARM_FW_FEAT_BMAP), who answers.  What nobody knows is
 * NOT_SUPPORTED.  The answers are Linux 6.12's, also where it could know better.
 */
#include "abi/errno.h"
#include "abi/kvm.h"
#include "arm/counter.h"
#include "arm/id.h"
#include "arm/irqflags.h"
#include "arm/levels.h"
#include "arm/smccc.h"
#include "drivers/psci/psci.h"
#include "fs/random.h"
#include "kvm/firmware.h"
#include "kvm/kvm.h"
#include "kvm/psci.h"
#include "kvm/pvtime.h"
#include "task/time/clock.h"

#define ESR_EC_HVC64	0x16
#define ESR_IMM(esr)	((esr)&0xffff)

/* Random numbers (Arm DEN 0098) */
#define TRNG(n)		SMCCC_FAST(SMCCC_OWNER_STANDARD, 0x50 + (n))
#define TRNG_VERSION	TRNG(0)
#define TRNG_FEATURES	TRNG(1)
#define TRNG_GET_UUID	TRNG(2)
#define TRNG_RND	TRNG(3)
#define TRNG_1_0	0x10000
#define TRNG_BITS	64 /* of a register; the answer has three */
#define TRNG_INVALID	(-2)

/* The hypervisor's own: Linux's KVM, as its guests know it */
#define VENDOR_UID	SMCCC_FAST(SMCCC_OWNER_HYPERVISOR, 0xff01)
#define VENDOR_FEATURES SMCCC_FAST(SMCCC_OWNER_HYPERVISOR, 0)
#define VENDOR_PTP	SMCCC_FAST(SMCCC_OWNER_HYPERVISOR, 1)
#define PTP_VIRTUAL	0 /* which counter */
#define PTP_PHYSICAL	1

static int answer(struct kvm_vcpu *v, int64_t x0)
{
	kvm_answer(v, (uint64_t)x0, 0, 0, 0);
	return KVM_RESUME;
}

/* Which service @fn is of, if it is of one that the VMM can take away. */
static bool service_is_off(const struct kvm_vm *vm, uint32_t fn)
{
	switch (fn) {
	case TRNG_VERSION:
	case TRNG_FEATURES:
	case TRNG_GET_UUID:
	case TRNG_RND:
	case TRNG_RND | SMCCC_64: return !(vm->fw_bmap[FW_STD] & FW_STD_TRNG);
	case PV_TIME_FEATURES:
	case PV_TIME_ST: return !(vm->fw_bmap[FW_STD_HYP] & FW_STD_HYP_PV_TIME);
	case VENDOR_UID:
	case VENDOR_FEATURES: return !(vm->fw_bmap[FW_VENDOR_HYP] & FW_VENDOR_FEATURES);
	case VENDOR_PTP: return !(vm->fw_bmap[FW_VENDOR_HYP] & FW_VENDOR_PTP);
	default: return false;
	}
}

static int64_t workaround_feature(unsigned int n)
{
	switch (kvm_workaround_level(n)) {
	case KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1_AVAIL: return SMCCC_SUCCESS;
	case KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1_NOT_REQUIRED: return SMCCC_NOT_REQUIRED;
	default: return SMCCC_NOT_SUPPORTED;
	}
}

/* SMCCC_ARCH_FEATURES: what it says of @fn. */
static int64_t arch_feature(const struct kvm_vm *vm, uint32_t fn)
{
	switch (fn) {
	case SMCCC_WORKAROUND_1: return workaround_feature(1);
	case SMCCC_WORKAROUND_3: return workaround_feature(3);
	case SMCCC_WORKAROUND_2:
		/* 3: there is nothing to mitigate.  Switching it off and on is not offered. */
		return kvm_workaround_level(2) == KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2_NOT_REQUIRED
			       ? SMCCC_NOT_REQUIRED
			       : SMCCC_NOT_SUPPORTED;
	case PV_TIME_FEATURES: return service_is_off(vm, fn) ? SMCCC_NOT_SUPPORTED : SMCCC_SUCCESS;
	default: return SMCCC_NOT_SUPPORTED;
	}
}

/* TRNG_RND: @bits of them, right justified in x3, x2, x1; a register has @width bits. */
static int random_numbers(struct kvm_vcpu *v, uint64_t bits, unsigned int width)
{
	uint64_t word[3] = { 0 };

	if (bits > 3 * width)
		return answer(v, TRNG_INVALID);
	for (unsigned int i = 0; i < 3 && bits > i * width; i++) {
		uint64_t left = bits - i * width, n = left < width ? left : width;

		random_bytes(&word[i], sizeof(word[i]));
		if (n < 64)
			word[i] &= (UINT64_C(1) << n) - 1;
	}
	kvm_answer(v, SMCCC_SUCCESS, word[2], word[1], word[0]);
	return KVM_RESUME;
}

static int trng_feature(uint32_t fn)
{
	switch (fn) {
	case TRNG_VERSION:
	case TRNG_FEATURES:
	case TRNG_GET_UUID:
	case TRNG_RND:
	case TRNG_RND | SMCCC_64: return SMCCC_SUCCESS;
	default: return SMCCC_NOT_SUPPORTED;
	}
}

/* The wall clock, and one of the guest's counters at that moment. */
static int wall_clock(struct kvm_vcpu *v, uint32_t which)
{
	unsigned long flags;
	uint64_t ns, count;

	if (which != PTP_VIRTUAL && which != PTP_PHYSICAL)
		return answer(v, SMCCC_NOT_SUPPORTED);
	/* Of one moment: what comes between would be the guest's clock's error. */
	flags = irq_save();
	ns = clock_wall_ns();
	count = kvm_timer_get(v, which == PTP_PHYSICAL, KVM_TIMER_CNT);
	irq_restore(flags);
	kvm_answer(v, ns >> 32, (uint32_t)ns, count >> 32, (uint32_t)count);
	return KVM_RESUME;
}

static int serve_other(struct kvm_vcpu *v, uint32_t fn)
{
	uint64_t x1 = kvm_get_x(v, 1);

	if (service_is_off(v->vm, fn))
		return answer(v, SMCCC_NOT_SUPPORTED);
	switch (fn) {
	case SMCCC_VERSION: return answer(v, SMCCC_VERSION_1_1);
	case SMCCC_ARCH_FEATURES: return answer(v, arch_feature(v->vm, (uint32_t)x1));
	case TRNG_VERSION: return answer(v, TRNG_1_0);
	case TRNG_FEATURES: return answer(v, trng_feature((uint32_t)x1));
	case TRNG_GET_UUID: /* Linux's, of its generator */
		kvm_answer(v, 0x00e0210d, 0xeb118443, 0x44527080, 0x4c5a4e55);
		return KVM_RESUME;
	case TRNG_RND: return random_numbers(v, (uint32_t)x1, TRNG_BITS / 2);
	case TRNG_RND | SMCCC_64: return random_numbers(v, x1, TRNG_BITS);
	case PV_TIME_FEATURES: return answer(v, kvm_pvtime_features(v, (uint32_t)x1));
	case PV_TIME_ST: return answer(v, kvm_pvtime_begin(v));
	case VENDOR_UID:
		kvm_answer(v, 0xb66fb428, 0xe911c52e, 0x564bcaa9, 0x743a004d);
		return KVM_RESUME;
	case VENDOR_FEATURES: return answer(v, (int64_t)v->vm->fw_bmap[FW_VENDOR_HYP]);
	case VENDOR_PTP: return wall_clock(v, (uint32_t)x1);
	default:
		/* PSCI 0.1 has numbers of its own. */
		return kvm_psci_version(v) == PSCI_0_1 ? kvm_psci_0_1_call(v, fn)
						       : answer(v, SMCCC_NOT_SUPPORTED);
	}
}

static inline int serve(struct kvm_vcpu *v, uint32_t fn)
{
	return kvm_psci_is(fn) ? kvm_psci_call(v, fn) : serve_other(v, fn);
}

/* The VMM answers it: it sees the guest past the instruction, with x0 still the number. */
static int forward(struct kvm_vcpu *v, uint32_t fn, bool smc)
{
	v->run->exit_reason = KVM_EXIT_HYPERCALL;
	v->run->hypercall.nr = fn;
	v->run->hypercall.flags = smc ? KVM_HYPERCALL_EXIT_SMC : 0;
	return KVM_LEAVE;
}

static bool is_workaround(uint32_t fn)
{
	return fn == SMCCC_WORKAROUND_1 || fn == SMCCC_WORKAROUND_2 || fn == SMCCC_WORKAROUND_3;
}

/* What more there is to be looked at than who answers. */
static __attribute__((noinline)) int serve_special(struct kvm_vcpu *v, uint32_t fn, bool smc)
{
	/* a trapped SMC has not been executed: PC is at it */
	if (smc)
		kvm_skip(v);
	if (smc && ESR_IMM(v->ctx->esr)) {
		v->ctx->x[0] = ~UINT64_C(0);
		return KVM_RESUME;
	}
	/*
	 * A guest's kernel makes these at each switch of its programs.  By HVC they are no more
	 * than the exit that they have caused, and what the core's firmware adds to it.
	 */
	if (!smc && is_workaround(fn)) {
		if (fn != SMCCC_WORKAROUND_2 &&
		    kvm_workaround_level(1) == KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1_AVAIL)
			psci_arch_call(SMCCC_WORKAROUND_1);
		v->ctx->x[0] = v->ctx->x[1] = 0;
		return KVM_RESUME;
	}
	switch (kvm_filter_action(v->vm, fn)) {
	case KVM_SMCCC_FILTER_HANDLE: return serve(v, fn);
	case KVM_SMCCC_FILTER_FWD_TO_USER: return forward(v, fn, smc);
	default: return answer(v, SMCCC_NOT_SUPPORTED);
	}
}

int kvm_hypercall(struct kvm_vcpu *v)
{
	bool smc = ESR_EC(v->ctx->esr) != ESR_EC_HVC64;
	uint32_t fn = (uint32_t)v->ctx->x[0];

	if (smc || SMCCC_OWNER(fn) == SMCCC_OWNER_ARCH || READ_ONCE(v->vm->filter))
		return serve_special(v, fn, smc);
	return serve(v, fn);
}
