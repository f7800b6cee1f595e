/*
 * mmio.c - a guest's loads and stores where it has no memory: devices, in the kernel or the VMM's.
 *
 * Comes from run.c with the syndrome of one access by one register, which says its size and which
 * register.  The vGIC is asked first, then the ioeventfds and zones, then the VMM: by
 * KVM_EXIT_MMIO, and what it answers is the register's when it calls KVM_RUN again.
 */
#include "abi/errno.h"
#include "abi/kvm.h"
#include "kvm/kvm.h"

#define SPSR_E	  BIT(9) /* of AArch32: data are big-endian */
#define SCTLR_EE  BIT(25)
#define SCTLR_E0E BIT(24)

static bool is_big_endian(const struct kvm_vcpu *v)
{
	uint64_t sctlr = v->ctx->sys[EL2_SCTLR], pstate = v->ctx->pstate;

	if (pstate & PSR_nRW)
		return pstate & SPSR_E;
	return sctlr & ((pstate & PSR_MODE_MASK) == PSR_MODE_EL0t ? SCTLR_E0E : SCTLR_EE);
}

/* The low @size bytes of @value, as a register or memory has them, for the other. */
static uint64_t convert(const struct kvm_vcpu *v, uint64_t value, unsigned int size)
{
	unsigned int unused = 64 - 8 * size;

	if (unlikely(is_big_endian(v)))
		value = __builtin_bswap64(value << unused);
	return value << unused >> unused;
}

static void load(struct kvm_vcpu *v, uint64_t esr, uint64_t value)
{
	unsigned int size = ESR_DABT_BYTES(esr), unused = 64 - 8 * size;

	value = convert(v, value, size);
	if (esr & ESR_DABT_SSE)
		value = (uint64_t)((int64_t)(value << unused) >> unused);
	if (!(esr & ESR_DABT_SF))
		value = (uint32_t)value;
	kvm_set_x(v, ESR_DABT_SRT(esr), value);
}

/* No register and size: an instruction of more than one of them, or with write-back. */
static int leave_unknown(struct kvm_vcpu *v, uint64_t ipa)
{
	uint64_t esr = v->ctx->esr;

	if (!READ_ONCE(v->vm->nisv_to_user))
		return -ENOSYS;
	v->run->exit_reason = KVM_EXIT_ARM_NISV;
	v->run->arm_nisv.esr_iss = esr & (ESR_DABT_CM | ESR_DABT_WnR | ESR_FSC(~0ul));
	v->run->arm_nisv.fault_ipa = ipa;
	return KVM_LEAVE;
}

/* Its eight bytes as one: they are aligned to that, and memcpy is a call. */
static uint64_t *mmio_data(struct kvm_run *run)
{
	_Static_assert(offsetof(struct kvm_run, mmio.data) % sizeof(uint64_t) == 0, "aligned");
	return (uint64_t *)(void *)run->mmio.data;
}

static int ask_vmm(struct kvm_vcpu *v, const struct kvm_access *a)
{
	struct kvm_run *run = v->run;

	run->mmio.phys_addr = a->addr;
	run->mmio.len = a->size;
	run->mmio.is_write = a->write;
	*mmio_data(run) = a->value;
	run->exit_reason = KVM_EXIT_MMIO;
	v->mmio.pending = true;
	v->mmio.esr = (uint32_t)v->ctx->esr;
	return KVM_LEAVE;
}

static bool serve_store(struct kvm_vcpu *v, const struct kvm_access *a)
{
	bool served = kvm_ioeventfd_signal(v->vm, a) || kvm_coalesce(v->vm, a);

	v->stores += served;
	return served;
}

int kvm_mmio(struct kvm_vcpu *v, uint64_t ipa)
{
	uint64_t esr = v->ctx->esr;
	struct kvm_access a = { .addr = ipa,
				.size = (uint8_t)ESR_DABT_BYTES(esr),
				.write = (esr & ESR_DABT_WnR) != 0 };
	int ret;

	/* Cache maintenance by address where there is no memory: nothing to maintain. */
	if (esr & ESR_DABT_CM) {
		kvm_skip(v);
		return KVM_RESUME;
	}
	if (!(esr & ESR_DABT_ISV))
		return leave_unknown(v, ipa);
	if (a.write)
		a.value = convert(v, kvm_get_x(v, ESR_DABT_SRT(esr)), a.size);
	ret = v->vm->vgic ? kvm_vgic_mmio(v, &a) : -ENXIO;
	if (ret == -ENXIO && READ_ONCE(v->vm->serves_stores) && a.write && serve_store(v, &a))
		ret = 0;
	if (ret == -ENXIO)
		return ask_vmm(v, &a);
	if (ret)
		return ret;
	if (!a.write)
		load(v, esr, a.value);
	kvm_skip(v);
	return KVM_RESUME;
}

void kvm_mmio_complete(struct kvm_vcpu *v)
{
	if (!v->mmio.pending)
		return;
	v->mmio.pending = false;
	/* The size is that of the access: the VMM may have written another into its page. */
	if (!(v->mmio.esr & ESR_DABT_WnR))
		load(v, v->mmio.esr, READ_ONCE(*mmio_data(v->run)));
	kvm_skip(v);
}
