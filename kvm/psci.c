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

static int answer(struct kvm_vcpu *v, int64_t x0)
{
	kvm_answer(v, (uint64_t)x0, 0, 0, 0);
	return KVM_RESUME;
}

/*
 * CPU_ON: what the new one starts with is written, and its task is asked to read that
 * (KVM_REQ_RESET), before it is on: it may look at any time, and must not go on where it went off.
 */
static int turn_on(struct kvm_vcpu *v, uint32_t fn)
{
	uint64_t affinity = argument(v, fn, 1);
	struct kvm_vcpu *target;

	if (affinity & ~PSCI_AFFINITIES)
		return answer(v, PSCI_INVALID_PARAMETERS);
	target = find_by_affinity(v->vm, affinity);
	if (!target)
		return answer(v, PSCI_INVALID_PARAMETERS);
	mutex_lock(&v->vm->lock);
	if (is_on(target)) {
		mutex_unlock(&v->vm->lock);
		return answer(v, kvm_psci_version(v) == PSCI_0_1 ? PSCI_INVALID_PARAMETERS
								 : PSCI_ALREADY_ON);
	}
	target->reset.pc = argument(v, fn, 2);
	target->reset.x0 = argument(v, fn, 3);
	target->reset.big_endian = v->ctx->sys[EL2_SCTLR] & SCTLR_EE;
	store_release(&target->reset.wanted, true);
	atomic_or(&target->requests, KVM_REQ_RESET);
	store_release(&target->mp_state, KVM_MP_STATE_RUNNABLE);
	mutex_unlock(&v->vm->lock);
	kvm_request(target, KVM_REQ_RESET); /* it may have served that while it was off */
	return answer(v, PSCI_SUCCESS);
}

/* AFFINITY_INFO: is any vcpu on of those that are the first argument's down to that level? */
static int affinity_info(struct kvm_vcpu *v, uint32_t fn)
{
	uint64_t affinity = argument(v, fn, 1), level = argument(v, fn, 2), mask = PSCI_AFFINITIES;
	bool found = false;

	if ((affinity & ~PSCI_AFFINITIES) || level > 3)
		return answer(v, PSCI_INVALID_PARAMETERS);
	mask &= level == 3 ? ~UINT64_C(0xffffffff) : ~UINT64_C(0) << 8 * level;
	for (unsigned int i = 0; i < KVM_MAX_VCPUS; i++) {
		const struct kvm_vcpu *other = kvm_vcpu_find(v->vm, i);

		if (!other || (READ_ONCE(other->ctx->mpidr) & mask) != (affinity & mask))
			continue;
		found = true;
		if (is_on(other))
			return answer(v, PSCI_AFFINITY_ON);
	}
	return answer(v, found ? PSCI_AFFINITY_OFF : PSCI_INVALID_PARAMETERS);
}

static void stop(struct kvm_vcpu *v)
{
	store_release(&v->mp_state, KVM_MP_STATE_STOPPED);
	kvm_request(v, KVM_REQ_STOP);
}

static int turn_off(struct kvm_vcpu *v, uint32_t fn)
{
	stop(v);
	return answer(v, PSCI_SUCCESS);
}

/* Every power state is a standby: what it was asked with is not looked at. */
static int stand_by(struct kvm_vcpu *v, uint32_t fn)
{
	kvm_park(v, UINT64_MAX);
	return answer(v, PSCI_SUCCESS);
}

/* The VMM is told; until it runs a vcpu again, none goes on. */
static int end_machine(struct kvm_vcpu *v, uint32_t type, uint64_t flags)
{
	for (unsigned int i = 0; i < KVM_MAX_VCPUS; i++) {
		struct kvm_vcpu *other = kvm_vcpu_find(v->vm, i);

		if (other)
			stop(other);
	}
	/* what a guest reads that is run again all the same */
	kvm_answer(v, (uint64_t)PSCI_INTERNAL_FAILURE, 0, 0, 0);
	kvm_tell_event(v, type);
	v->run->system_event.ndata = 1;
	v->run->system_event.data[0] = flags;
	return KVM_LEAVE;
}

static int power_off(struct kvm_vcpu *v, uint32_t fn)
{
	return end_machine(v, KVM_SYSTEM_EVENT_SHUTDOWN, 0);
}

static int reset_machine(struct kvm_vcpu *v, uint32_t fn)
{
	return end_machine(v, KVM_SYSTEM_EVENT_RESET, 0);
}

/* Only of the kinds that the architecture and a vendor have defined. */
static int reset_by_kind(struct kvm_vcpu *v, uint32_t fn)
{
	uint64_t kind = argument(v, fn, 1);

	if (kind != 0 && kind < PSCI_RESET2_VENDOR)
		return answer(v, PSCI_INVALID_PARAMETERS);
	return end_machine(v, KVM_SYSTEM_EVENT_RESET, KVM_SYSTEM_EVENT_RESET_FLAG_PSCI_RESET2);
}

/* The VMM alone decides what becomes of it, of x0 too. */
static int suspend_machine(struct kvm_vcpu *v, uint32_t fn)
{
	if (!v->vm->suspend_to_user)
		return answer(v, PSCI_NOT_SUPPORTED);
	kvm_tell_event(v, KVM_SYSTEM_EVENT_SUSPEND);
	return KVM_LEAVE;
}

static int tell_version(struct kvm_vcpu *v, uint32_t fn)
{
	return answer(v, kvm_psci_version(v));
}

static int tell_migration(struct kvm_vcpu *v, uint32_t fn)
{
	return answer(v, PSCI_MIGRATE_NOT_REQUIRED);
}

static int has_feature(struct kvm_vcpu *v, uint32_t fn);

/* Whether a version has it, and whether it has a 64-bit form. */
#define NUMBER(fn) ((fn)&0x1f)
static const struct psci_function {
	int (*serve)(struct kvm_vcpu *v, uint32_t fn);
	uint32_t since;
	bool wide;
} functions[] = {
	[NUMBER(PSCI_VERSION)] = { tell_version, PSCI_0_2, false },
	[NUMBER(PSCI_CPU_SUSPEND)] = { stand_by, PSCI_0_2, true },
	[NUMBER(PSCI_CPU_OFF)] = { turn_off, PSCI_0_2, false },
	[NUMBER(PSCI_CPU_ON)] = { turn_on, PSCI_0_2, true },
	[NUMBER(PSCI_AFFINITY_INFO)] = { affinity_info, PSCI_0_2, true },
	[NUMBER(PSCI_MIGRATE_INFO_TYPE)] = { tell_migration, PSCI_0_2, false },
	[NUMBER(PSCI_SYSTEM_OFF)] = { power_off, PSCI_0_2, false },
	[NUMBER(PSCI_SYSTEM_RESET)] = { reset_machine, PSCI_0_2, false },
	[NUMBER(PSCI_FEATURES)] = { has_feature, PSCI_1_0, false },
	[NUMBER(PSCI_SYSTEM_SUSPEND)] = { suspend_machine, PSCI_1_0, true },
	[NUMBER(PSCI_SYSTEM_RESET2)] = { reset_by_kind, PSCI_1_1, true },
	[NUMBER(~0u)] = { NULL, 0, false },
};

/* @fn is in PSCI's range.  NULL: the version that @v is told of does not have it. */
static const struct psci_function *find_function(const struct kvm_vcpu *v, uint32_t fn)
{
	const struct psci_function *f = &functions[NUMBER(fn)];

	return f->serve && kvm_psci_version(v) >= f->since && (f->wide || !(fn & SMCCC_64)) ? f
											    : NULL;
}

static int has_feature(struct kvm_vcpu *v, uint32_t fn)
{
	uint32_t asked = (uint32_t)kvm_get_x(v, 1);
	bool has = asked == SMCCC_VERSION || (kvm_psci_is(asked) && find_function(v, asked));

	if ((asked & ~SMCCC_64) == PSCI_SYSTEM_SUSPEND)
		has = v->vm->suspend_to_user;
	return answer(v, has ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED);
}

int kvm_psci_call(struct kvm_vcpu *v, uint32_t fn)
{
	const struct psci_function *f = find_function(v, fn);

	return f ? f->serve(v, fn) : answer(v, PSCI_NOT_SUPPORTED);
}

/* Its numbers have no 64-bit form: the arguments have 64 bits. */
int kvm_psci_0_1_call(struct kvm_vcpu *v, uint32_t fn)
{
	switch (fn) {
	case PSCI_0_1_CPU_OFF: return turn_off(v, fn);
	case PSCI_0_1_CPU_ON: return turn_on(v, fn | SMCCC_64);
	default: return answer(v, PSCI_NOT_SUPPORTED);
	}
}
