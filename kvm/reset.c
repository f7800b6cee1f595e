/*
 * reset.c - KVM_ARM_VCPU_INIT, and what a vcpu's registers are after it and after PSCI's CPU_ON.
 *
 * Invariant: all vcpus of a VM have the same features, which the first one's KVM_ARM_VCPU_INIT
 * chooses; with them its ID registers are settled but for what the VMM lowers.
 */
#include "abi/errno.h"
#include "abi/kvm.h"
#include "arm/id.h"
#include "arm/levels.h"
#include "arm/sysreg.h"
#include "kvm/firmware.h"
#include "kvm/idreg.h"
#include "kvm/kvm.h"
#include "kvm/sysreg.h"
#include "lib/string.h"

#define TARGET_CORTEX_A57 2
#define TARGET_CORTEX_A53 4
#define FEATURE(name)	  BIT(KVM_ARM_VCPU_##name)
#define FEATURES_KNOWN	  (FEATURE(PTRAUTH_GENERIC) * 2 - 1) /* Linux 6.12's, without nesting */
#define FEATURES_CHOSEN	  BIT(31)			     /* of vm->features: there are some */
#define PTRAUTH		  (FEATURE(PTRAUTH_ADDRESS) | FEATURE(PTRAUTH_GENERIC))
#define SCTLR_EE	  SYSREG_BIT(25)

/* The numbers of the first cores that KVM knew; later ones are GENERIC_V8. */
static uint32_t own_target(void)
{
	uint64_t midr = READ_SYSREG(midr_el1);

	if (MIDR_IMPLEMENTER(midr) == MIDR_ARM && MIDR_PART(midr) == MIDR_CORTEX_A57)
		return TARGET_CORTEX_A57;
	if (MIDR_IMPLEMENTER(midr) == MIDR_ARM && MIDR_PART(midr) == MIDR_CORTEX_A53)
		return TARGET_CORTEX_A53;
	return KVM_ARM_TARGET_GENERIC_V8;
}

/* Pointer authentication: for addresses and for other data, or not at all. */
static int check_features(const struct kvm_vcpu_init *init)
{
	uint32_t wanted = init->features[0], can = FEATURE(POWER_OFF) | FEATURE(PSCI_0_2);

	for (size_t i = 1; i < ARRAY_SIZE(init->features); i++)
		if (init->features[i])
			return -ENOENT;
	if (wanted & ~FEATURES_KNOWN)
		return -ENOENT;
	if (id_has_pauth())
		can |= PTRAUTH;
	if ((wanted & ~can) || ((wanted & PTRAUTH) && (wanted & PTRAUTH) != PTRAUTH))
		return -EINVAL;
	return 0;
}

/* The first vcpu chooses for all; vm->lock is held. */
static int choose_features(struct kvm_vm *vm, uint32_t features)
{
	if (vm->features)
		return vm->features == (features | FEATURES_CHOSEN) ? 0 : -EINVAL;
	vm->features = features | FEATURES_CHOSEN;
	if (features & PTRAUTH)
		kvm_idreg_pauth(vm);
	return 0;
}

static void first_init(struct kvm_vcpu *v, uint32_t features)
{
	v->features = features;
	if (features & PTRAUTH)
		v->ctx->flags |= EL2_RUN_PAUTH;
	for (unsigned int i = 0; i < ARRAY_SIZE(v->kept.ccsidr); i++)
		v->kept.ccsidr[i] = kvm_ccsidr_least(i);
	v->initialized = true;
}

int kvm_vcpu_init(struct kvm_vcpu *v, const struct kvm_vcpu_init *init)
{
	uint32_t features = init->features[0] & ~(uint32_t)FEATURE(POWER_OFF);
	int error;

	if (init->target != KVM_ARM_TARGET_GENERIC_V8 && init->target != own_target())
		return -EINVAL;
	error = check_features(init);
	if (error)
		return error;
	error = kvm_locked(v->vm, choose_features(v->vm, features));
	if (error)
		return error;
	if (!v->initialized)
		first_init(v, features);
	kvm_reset_vcpu(v);
	/* the VMM has written a new program: what a core has cached of the old one is not its */
	if (v->vm->has_run)
		kvm_memory_flush(v->vm);
	store_release(&v->mp_state, init->features[0] & FEATURE(POWER_OFF) ? KVM_MP_STATE_STOPPED
									   : KVM_MP_STATE_RUNNABLE);
	return 0;
}

/* PSCI's CPU_ON: where it begins, in its caller's byte order. */
static void apply_cpu_on(struct kvm_vcpu *v)
{
	mutex_lock(&v->vm->lock);
	if (v->reset.wanted) {
		v->ctx->pc = v->reset.pc;
		v->ctx->x[0] = v->reset.x0;
		if (v->reset.big_endian)
			v->ctx->sys[EL2_SCTLR] |= SCTLR_EE;
		v->reset.wanted = false;
	}
	mutex_unlock(&v->vm->lock);
}

void kvm_reset_vcpu(struct kvm_vcpu *v)
{
	struct el2_vcpu *c = v->ctx;

	if (fp_is_lent(&v->fp))
		fp_return();
	memset(v->fp.v, 0, sizeof(v->fp.v));
	v->fp.fpsr = v->fp.fpcr = 0;
	memset(c->x, 0, sizeof(c->x));
	memset(c->sys, 0, sizeof(c->sys));
	memset(v->kept.spsr, 0, sizeof(v->kept.spsr));
	c->pc = 0;
	c->pstate = PSR_MODE_EL1h | PSR_DAIF;
	sysreg_reset(v);
	/* its caches are off: what turns them on traps, and what says how they are (sysreg.c) */
	c->hcr = HCR_TVM | HCR_TID2;
	c->vsesr = 0;
	v->debug_dirty = false;
	v->mmio.pending = false;
	kvm_timer_reset(v);
	apply_cpu_on(v);
}
