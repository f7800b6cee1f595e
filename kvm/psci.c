/*
 * psci.c - PSCI 0.1 to 1.1 for a guest (Arm DEN 0022): vcpus go on and off, the machine too.
 *
 * Invariant: whether a vcpu is on is its mp_state alone.  Who turns one on holds vm->lock: of two
 * at once the second is told that it is on already.  What the machine's end means is for the VMM to
 * say: every vcpu stops, and KVM_RUN returns with KVM_EXIT_SYSTEM_EVENT.
 */
#include "arm/psci.h"

#include "abi/errno.h"
#include "abi/kvm.h"
#include "arm/levels.h"
#include "kvm/firmware.h"
#include "kvm/kvm.h"
#include "kvm/psci.h"
#include "lib/string.h"

#define SCTLR_EE SYSREG_BIT(25)

/* The 32-bit form of a function has 32-bit arguments. */
static uint64_t argument(const struct kvm_vcpu *v, uint32_t fn, unsigned int n)
{
	uint64_t x = kvm_get_x(v, n);

	return fn & SMCCC_64 ? x : (uint32_t)x;
}

static bool is_on(const struct kvm_vcpu *v)
{
	return READ_ONCE(v->mp_state) != KVM_MP_STATE_STOPPED;
}

static struct kvm_vcpu *find_by_affinity(const struct kvm_vm *vm, uint64_t mpidr)
{
	for (unsigned int i = 0; i < KVM_MAX_VCPUS; i++) {
		struct kvm_vcpu *v = kvm_vcpu_find(vm, i);

		if (v && (READ_ONCE(v->ctx->mpidr) & PSCI_AFFINITIES) == mpidr)
			return v;
	}
	return NULL;
}

/*
 * CPU_ON: what the new one starts with is written, and its task is asked to read that
 * (KVM_REQ_RESET), before it is on: it may look at any time, and must not go on where it went off.
 */
static int64_t cpu_on(struct kvm_vcpu *v, uint32_t fn)
{
	uint64_t affinity = argument(v, fn, 1);
	struct kvm_vcpu *target;

	if (affinity & ~PSCI_AFFINITIES)
		return PSCI_INVALID_PARAMETERS;
	target = find_by_affinity(v->vm, affinity);
	if (!target)
		return PSCI_INVALID_PARAMETERS;
	mutex_lock(&v->vm->lock);
	if (is_on(target)) {
		mutex_unlock(&v->vm->lock);
		return kvm_psci_version(v) == PSCI_0_1 ? PSCI_INVALID_PARAMETERS : PSCI_ALREADY_ON;
	}
	target->reset.pc = argument(v, fn, 2);
	target->reset.x0 = argument(v, fn, 3);
	target->reset.big_endian = v->ctx->sys[EL2_SCTLR] & SCTLR_EE;
	store_release(&target->reset.wanted, true);
	atomic_or(&target->requests, KVM_REQ_RESET);
	store_release(&target->mp_state, KVM_MP_STATE_RUNNABLE);
	mutex_unlock(&v->vm->lock);
	kvm_request(target, KVM_REQ_RESET); /* it may have served that while it was off */
	return PSCI_SUCCESS;
}

/* AFFINITY_INFO: is any vcpu on of those that are @affinity's down to level @level? */
static int64_t affinity_info(const struct kvm_vcpu *v, uint64_t affinity, uint64_t level)
{
	uint64_t mask = PSCI_AFFINITIES;
	bool found = false;

	if ((affinity & ~PSCI_AFFINITIES) || level > 3)
		return PSCI_INVALID_PARAMETERS;
	mask &= level == 3 ? ~UINT64_C(0xffffffff) : ~UINT64_C(0) << 8 * level;
	for (unsigned int i = 0; i < KVM_MAX_VCPUS; i++) {
		const struct kvm_vcpu *other = kvm_vcpu_find(v->vm, i);

		if (!other || (READ_ONCE(other->ctx->mpidr) & mask) != (affinity & mask))
			continue;
		found = true;
		if (is_on(other))
			return PSCI_AFFINITY_ON;
	}
	return found ? PSCI_AFFINITY_OFF : PSCI_INVALID_PARAMETERS;
}

static void turn_off(struct kvm_vcpu *v)
{
	store_release(&v->mp_state, KVM_MP_STATE_STOPPED);
	kvm_request(v, KVM_REQ_STOP);
}

/* The VMM is told; until it runs a vcpu again, none goes on. */
static int end_of_machine(struct kvm_vcpu *v, uint32_t type, uint64_t flags)
{
	for (unsigned int i = 0; i < KVM_MAX_VCPUS; i++) {
		struct kvm_vcpu *other = kvm_vcpu_find(v->vm, i);

		if (other)
			turn_off(other);
	}
	/* what a guest reads that is run again all the same */
	kvm_answer(v, (uint64_t)PSCI_INTERNAL_FAILURE, 0, 0, 0);
	memset(&v->run->system_event, 0, sizeof(v->run->system_event));
	v->run->exit_reason = KVM_EXIT_SYSTEM_EVENT;
	v->run->system_event.type = type;
	v->run->system_event.ndata = 1;
	v->run->system_event.data[0] = flags;
	return KVM_LEAVE;
}

/* SYSTEM_SUSPEND: the VMM alone decides what becomes of it, of x0 too. */
static int suspend_machine(struct kvm_vcpu *v)
{
	memset(&v->run->system_event, 0, sizeof(v->run->system_event));
	v->run->exit_reason = KVM_EXIT_SYSTEM_EVENT;
	v->run->system_event.type = KVM_SYSTEM_EVENT_SUSPEND;
	return KVM_LEAVE;
}

static int64_t has_feature(const struct kvm_vcpu *v, uint32_t fn)
{
	bool there;

	switch (fn) {
	case PSCI_VERSION:
	case PSCI_CPU_SUSPEND:
	case PSCI_CPU_SUSPEND | SMCCC_64:
	case PSCI_CPU_OFF:
	case PSCI_CPU_ON:
	case PSCI_CPU_ON | SMCCC_64:
	case PSCI_AFFINITY_INFO:
	case PSCI_AFFINITY_INFO | SMCCC_64:
	case PSCI_MIGRATE_INFO_TYPE:
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_FEATURES:
	case SMCCC_VERSION: there = true; break;
	case PSCI_SYSTEM_SUSPEND:
	case PSCI_SYSTEM_SUSPEND | SMCCC_64: there = v->vm->suspend_to_user; break;
	case PSCI_SYSTEM_RESET2:
	case PSCI_SYSTEM_RESET2 | SMCCC_64: there = kvm_psci_version(v) >= PSCI_1_1; break;
	default: there = false;
	}
	return there ? 0 : PSCI_NOT_SUPPORTED;
}

static int answer(struct kvm_vcpu *v, int64_t x0)
{
	kvm_answer(v, (uint64_t)x0, 0, 0, 0);
	return KVM_RESUME;
}

/* reset2 - 1.1: only the kinds that the architecture and a vendor have defined. */
static int reset2(struct kvm_vcpu *v, uint64_t kind)
{
	if (kind != 0 && kind < PSCI_RESET2_VENDOR)
		return answer(v, PSCI_INVALID_PARAMETERS);
	return end_of_machine(v, KVM_SYSTEM_EVENT_RESET, KVM_SYSTEM_EVENT_RESET_FLAG_PSCI_RESET2);
}

static int call_1_0(struct kvm_vcpu *v, uint32_t fn)
{
	switch (fn) {
	case PSCI_FEATURES: return answer(v, has_feature(v, (uint32_t)kvm_get_x(v, 1)));
	case PSCI_SYSTEM_SUSPEND:
	case PSCI_SYSTEM_SUSPEND | SMCCC_64:
		return v->vm->suspend_to_user ? suspend_machine(v) : answer(v, PSCI_NOT_SUPPORTED);
	case PSCI_SYSTEM_RESET2:
	case PSCI_SYSTEM_RESET2 | SMCCC_64:
		if (kvm_psci_version(v) >= PSCI_1_1)
			return reset2(v, argument(v, fn, 1));
		/* fall through */
	default: return answer(v, PSCI_NOT_SUPPORTED);
	}
}

static int call_0_2(struct kvm_vcpu *v, uint32_t fn)
{
	switch (fn) {
	case PSCI_VERSION: return answer(v, kvm_psci_version(v));
	case PSCI_CPU_SUSPEND:
	case PSCI_CPU_SUSPEND | SMCCC_64:
		/* every power state is a standby: what it was asked with is not looked at */
		kvm_park(v, UINT64_MAX);
		return answer(v, PSCI_SUCCESS);
	case PSCI_CPU_OFF: turn_off(v); return answer(v, PSCI_SUCCESS);
	case PSCI_CPU_ON:
	case PSCI_CPU_ON | SMCCC_64: return answer(v, cpu_on(v, fn));
	case PSCI_AFFINITY_INFO:
	case PSCI_AFFINITY_INFO | SMCCC_64:
		return answer(v, affinity_info(v, argument(v, fn, 1), argument(v, fn, 2)));
	case PSCI_MIGRATE_INFO_TYPE: return answer(v, PSCI_MIGRATE_NOT_REQUIRED);
	case PSCI_SYSTEM_OFF: return end_of_machine(v, KVM_SYSTEM_EVENT_SHUTDOWN, 0);
	case PSCI_SYSTEM_RESET: return end_of_machine(v, KVM_SYSTEM_EVENT_RESET, 0);
	default:
		return kvm_psci_version(v) >= PSCI_1_0 ? call_1_0(v, fn)
						       : answer(v, PSCI_NOT_SUPPORTED);
	}
}

int kvm_psci_call(struct kvm_vcpu *v, uint32_t fn)
{
	if (kvm_psci_version(v) != PSCI_0_1)
		return call_0_2(v, fn);
	switch (fn) {
	case PSCI_0_1_CPU_OFF: turn_off(v); return answer(v, PSCI_SUCCESS);
	/* its numbers have no 64-bit form: the arguments have 64 bits */
	case PSCI_0_1_CPU_ON: return answer(v, cpu_on(v, fn | SMCCC_64));
	default: return answer(v, PSCI_NOT_SUPPORTED);
	}
}
