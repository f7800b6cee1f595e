/*
 * aarch32.c - what a guest's programs in AArch32 trap by, at its EL0 (its EL1 is AArch64): a
 * register of coprocessor 14 or 15 is that of AArch64 which it stands for (DDI 0487, D19.1.3).
 *
 * An instruction whose condition fails may trap all the same, and does nothing then (DDI 0487,
 * D1.3.5).
 */
#include "arm/id.h"
#include "arm/sysreg.h"
#include "kvm/idreg.h"
#include "kvm/kvm.h"
#include "kvm/sysreg.h"
#include "lib/util.h"

/* The syndromes of MRC and MCR, and of MRRC and MCRR: the registers' numbers, in place. */
#define ISS_32(opc1, crn, crm, opc2) ((opc2) << 17 | (opc1) << 14 | (crn) << 10 | (crm) << 1)
#define ISS_64(opc1, crm)	     ((opc1) << 16 | (crm) << 1)
#define ISS_32_REGS		     ISS_32(7, 15, 15, 7)
#define ISS_64_REGS		     ISS_64(15, 15)
#define ISS_RT(iss)		     ((unsigned int)(iss) >> 5 & 0x1f)
#define ISS_RT2(iss)		     ((unsigned int)(iss) >> 10 & 0x1f)
#define ISS_CV			     BIT(24)
#define ISS_COND(iss)		     ((iss) >> 20 & 0xf)

#define DBGDIDR			     SYSREG_ENC(2, 0, 0, 0, 0) /* AArch64 has no such register */

static const struct {
	uint8_t class;
	uint32_t iss;
	uint32_t enc;
} regs[] = {
	{ ESR_EC_CP15_32, ISS_32(0, 14, 2, 0), SYSREG_ENC(3, 3, 14, 2, 0) }, /* CNTP_TVAL */
	{ ESR_EC_CP15_32, ISS_32(0, 14, 2, 1), SYSREG_ENC(3, 3, 14, 2, 1) }, /* CNTP_CTL */
	{ ESR_EC_CP15_64, ISS_64(2, 14), SYSREG_ENC(3, 3, 14, 2, 2) },	     /* CNTP_CVAL */
	{ ESR_EC_CP15_64, ISS_64(0, 14), SYSREG_ENC(3, 3, 14, 0, 1) },	     /* CNTPCT */
	{ ESR_EC_CP15_64, ISS_64(8, 14), SYSREG_ENC(3, 3, 14, 0, 5) },	     /* CNTPCTSS */
	{ ESR_EC_CP14_32, ISS_32(0, 0, 0, 0), DBGDIDR },
	{ ESR_EC_CP14_32, ISS_32(0, 0, 1, 0), SYSREG_ENC(2, 3, 0, 1, 0) }, /* DBGDSCRint */
	{ ESR_EC_CP14_32, ISS_32(0, 0, 5, 0), SYSREG_ENC(2, 3, 0, 5, 0) }, /* DBGDTRTXint, RXint */
	{ ESR_EC_CP14_32, ISS_32(0, 1, 0, 0), SYSREG_ENC(2, 0, 1, 0, 0) }, /* DBGDRAR */
	{ ESR_EC_CP14_64, ISS_64(0, 1), SYSREG_ENC(2, 0, 1, 0, 0) },
	{ ESR_EC_CP14_32, ISS_32(0, 2, 0, 0), SYSREG_ENC(2, 0, 1, 0, 0) }, /* DBGDSAR */
	{ ESR_EC_CP14_64, ISS_64(0, 2), SYSREG_ENC(2, 0, 1, 0, 0) },
};

/* @flags: of PSTATE, NZCV in bits 3 to 0. */
static bool condition_holds(unsigned int cond, unsigned int flags)
{
	bool n = flags & 8, z = flags & 4, c = flags & 2, v = flags & 1, holds;

	switch (cond >> 1) {
	case 0: holds = z; break;
	case 1: holds = c; break;
	case 2: holds = n; break;
	case 3: holds = v; break;
	case 4: holds = c && !z; break;
	case 5: holds = n == v; break;
	case 6: holds = !z && n == v; break;
	default: return true;
	}
	return holds != (cond & 1);
}

bool kvm_a32_executes(const struct kvm_vcpu *v)
{
	uint64_t esr = v->ctx->esr, pstate = v->ctx->pstate, it;
	unsigned int flags = (unsigned int)(pstate >> 28 & 0xf);

	if (esr & ISS_CV)
		return condition_holds((unsigned int)ISS_COND(esr), flags);
	/* T32 does not say: where there is one it is that of the block the instruction is in. */
	it = (pstate >> 25 & 3) | (pstate >> 8 & 0xfc);
	return !it || condition_holds((unsigned int)it >> 4, flags);
}

/* As ID_AA64DFR0_EL1 has it: how many of what, and the architecture's version. */
static uint64_t read_dbgdidr(const struct kvm_vcpu *v)
{
	uint64_t dfr = v->vm->id_regs[kvm_idreg_index(SYSREG_ENC(3, 0, 0, 5, 0))];
	uint64_t pfr = v->vm->id_regs[kvm_idreg_index(SYSREG_ENC(3, 0, 0, 4, 0))];
	uint64_t el3 = pfr >> 12 & 0xf ? 1 : 0;

	return (dfr >> 20 & 0xf) << 28 | (dfr >> 12 & 0xf) << 24 | (dfr >> 28 & 0xf) << 20 |
	       (dfr & 0xf) << 16 | BIT(15) | el3 << 14 | el3 << 12;
}

static bool access_reg(struct kvm_vcpu *v, uint64_t class, bool wide, bool write, uint64_t *value)
{
	uint64_t iss = v->ctx->esr & (wide ? ISS_64_REGS : ISS_32_REGS);

	for (unsigned int i = 0; i < ARRAY_SIZE(regs); i++) {
		if (regs[i].class != class || regs[i].iss != iss)
			continue;
		if (regs[i].enc != DBGDIDR)
			return kvm_sysreg_access(v, regs[i].enc, write, value);
		*value = read_dbgdidr(v);
		return !write;
	}
	return false;
}

int kvm_a32_trap(struct kvm_vcpu *v)
{
	uint64_t esr = v->ctx->esr, class = ESR_EC(esr), value;
	bool wide = class == ESR_EC_CP15_64 || class == ESR_EC_CP14_64, write = !(esr & 1);

	if (kvm_a32_executes(v)) {
		value = (uint32_t)kvm_get_x(v, ISS_RT(esr));
		if (wide)
			value |= kvm_get_x(v, ISS_RT2(esr)) << 32;
		if (!access_reg(v, class, wide, write, &value)) {
			kvm_inject_undef(v);
			return KVM_RESUME;
		}
		if (!write)
			kvm_set_x(v, ISS_RT(esr), (uint32_t)value);
		if (!write && wide)
			kvm_set_x(v, ISS_RT2(esr), value >> 32);
	}
	kvm_skip(v);
	return KVM_RESUME;
}
