/*
 * idreg.c - the core's ID registers as EL0 sees them, and AT_HWCAP.
 *
 * Invariant: a field shows what the core has only if a program can use it with what this kernel
 * does; every other one reads as "not there".  AT_HWCAP is computed from the same values, so that
 * the two never disagree.
 */
#include "arm/idreg.h"

#include <stddef.h>

#include "abi/auxv.h"
#include "arm/id.h"
#include "lib/export.h"
#include "lib/util.h"

#define F(shift)	 (UINT64_C(0xf) << (shift)) /* a field of an ID register: 4 bits */

#define MIDR_EL1	 SYSREG_ENC(3, 0, 0, 0, 0)
#define MPIDR_EL1	 SYSREG_ENC(3, 0, 0, 0, 5)
#define REVIDR_EL1	 SYSREG_ENC(3, 0, 0, 0, 6)
#define ID_AA64PFR0_EL1	 SYSREG_ENC(3, 0, 0, 4, 0)
#define ID_AA64PFR1_EL1	 SYSREG_ENC(3, 0, 0, 4, 1)
#define ID_AA64DFR0_EL1	 SYSREG_ENC(3, 0, 0, 5, 0)
#define ID_AA64ISAR0_EL1 SYSREG_ENC(3, 0, 0, 6, 0)
#define ID_AA64ISAR1_EL1 SYSREG_ENC(3, 0, 0, 6, 1)
#define ID_AA64ISAR2_EL1 SYSREG_ENC(3, 0, 0, 6, 2)
#define ID_AA64MMFR0_EL1 SYSREG_ENC(3, 0, 0, 7, 0)
#define ID_AA64MMFR1_EL1 SYSREG_ENC(3, 0, 0, 7, 1)
#define ID_AA64MMFR2_EL1 SYSREG_ENC(3, 0, 0, 7, 2)
#define CTR_EL0		 SYSREG_ENC(3, 3, 0, 0, 1)

/* Newer than the headers that abi/ is held against. */
#define HWCAP2_CSSC	 (UINT64_C(1) << 34)
#define HWCAP2_RPRFM	 (UINT64_C(1) << 35)
#define HWCAP2_HBC	 (UINT64_C(1) << 44)

/*
 * What EL0 reads: (the core's value & visible) | fixed.  Visible is each field that a capability
 * below stands for, and what is marked here besides.  fixed says "not there" where zero would not,
 * and what is the same for every program: EL1 and EL0 are AArch64 (PFR0), the debug architecture is
 * ARMv8's, the least there can be (DFR0), no translation granule is ours to know (MMFR0).
 */
static struct id_register {
	uint32_t enc;
	uint64_t visible, fixed;
	uint64_t value;
} registers[] = {
	{ MIDR_EL1, ~UINT64_C(0), 0, 0 },
	{ MPIDR_EL1, 0, SYSREG_BIT(31), 0 },
	{ REVIDR_EL1, 0, 0, 0 },
	{ ID_AA64PFR0_EL1, F(PFR0_FP) | F(PFR0_AdvSIMD), 0x11, 0 },
	{ ID_AA64PFR1_EL1, 0, 0, 0 },
	{ ID_AA64DFR0_EL1, 0, 6, 0 },
	{ ID_AA64ISAR0_EL1, 0, 0, 0 },
	{ ID_AA64ISAR1_EL1, 0, 0, 0 },
	{ ID_AA64ISAR2_EL1, 0, 0, 0 },
	{ ID_AA64MMFR0_EL1, 0, UINT64_C(0x111ff000000), 0 },
	{ ID_AA64MMFR1_EL1, 0, 0, 0 },
	{ ID_AA64MMFR2_EL1, 0, 0, 0 },
};

/* A capability is there when the field of the register is at least @min. */
static const struct capability {
	uint32_t enc;
	uint8_t shift, min;
	uint64_t hwcap, hwcap2;
} capabilities[] = {
	{ ID_AA64PFR0_EL1, 48, 1, HWCAP_DIT, 0 },
	{ ID_AA64PFR1_EL1, 4, 2, HWCAP_SSBS, 0 },
	{ ID_AA64ISAR0_EL1, 4, 1, HWCAP_AES, 0 },
	{ ID_AA64ISAR0_EL1, 4, 2, HWCAP_PMULL, 0 },
	{ ID_AA64ISAR0_EL1, 8, 1, HWCAP_SHA1, 0 },
	{ ID_AA64ISAR0_EL1, 12, 1, HWCAP_SHA2, 0 },
	{ ID_AA64ISAR0_EL1, 12, 2, HWCAP_SHA512, 0 },
	{ ID_AA64ISAR0_EL1, 16, 1, HWCAP_CRC32, 0 },
	{ ID_AA64ISAR0_EL1, 20, 2, HWCAP_ATOMICS, 0 },
	{ ID_AA64ISAR0_EL1, 28, 1, HWCAP_ASIMDRDM, 0 },
	{ ID_AA64ISAR0_EL1, 32, 1, HWCAP_SHA3, 0 },
	{ ID_AA64ISAR0_EL1, 36, 1, HWCAP_SM3, 0 },
	{ ID_AA64ISAR0_EL1, 40, 1, HWCAP_SM4, 0 },
	{ ID_AA64ISAR0_EL1, 44, 1, HWCAP_ASIMDDP, 0 },
	{ ID_AA64ISAR0_EL1, 48, 1, HWCAP_ASIMDFHM, 0 },
	{ ID_AA64ISAR0_EL1, 52, 1, HWCAP_FLAGM, 0 },
	{ ID_AA64ISAR0_EL1, 52, 2, 0, HWCAP2_FLAGM2 },
	{ ID_AA64ISAR0_EL1, ISAR0_RNDR, 1, 0, HWCAP2_RNG },
	{ ID_AA64ISAR1_EL1, 0, 1, HWCAP_DCPOP, 0 },
	{ ID_AA64ISAR1_EL1, 0, 2, 0, HWCAP2_DCPODP },
	{ ID_AA64ISAR1_EL1, 12, 1, HWCAP_JSCVT, 0 },
	{ ID_AA64ISAR1_EL1, 16, 1, HWCAP_FCMA, 0 },
	{ ID_AA64ISAR1_EL1, 20, 1, HWCAP_LRCPC, 0 },
	{ ID_AA64ISAR1_EL1, 20, 2, HWCAP_ILRCPC, 0 },
	{ ID_AA64ISAR1_EL1, 32, 1, 0, HWCAP2_FRINT },
	{ ID_AA64ISAR1_EL1, 36, 1, HWCAP_SB, 0 },
	{ ID_AA64ISAR1_EL1, 44, 1, 0, HWCAP2_BF16 },
	{ ID_AA64ISAR1_EL1, 44, 2, 0, HWCAP2_EBF16 },
	{ ID_AA64ISAR1_EL1, 48, 1, 0, HWCAP2_DGH },
	{ ID_AA64ISAR1_EL1, 52, 1, 0, HWCAP2_I8MM },
	{ ID_AA64ISAR2_EL1, 0, 2, 0, HWCAP2_WFXT },
	{ ID_AA64ISAR2_EL1, 4, 1, 0, HWCAP2_RPRES },
	{ ID_AA64ISAR2_EL1, 20, 1, 0, HWCAP2_HBC },
	{ ID_AA64ISAR2_EL1, 48, 1, 0, HWCAP2_RPRFM },
	{ ID_AA64ISAR2_EL1, 52, 1, 0, HWCAP2_CSSC },
	{ ID_AA64MMFR0_EL1, MMFR0_ECV, 1, 0, HWCAP2_ECV },
	{ ID_AA64MMFR1_EL1, 44, 1, 0, HWCAP2_AFP },
	{ ID_AA64MMFR2_EL1, 32, 1, HWCAP_USCAT, 0 },
};

static uint64_t hwcap = HWCAP_CPUID, hwcap2;

/* The register's encoding is part of the instruction, so each has an MRS of its own. */
static uint64_t read_hardware(uint32_t enc)
{
	switch (enc) {
	case MIDR_EL1: return READ_SYSREG(S3_0_C0_C0_0);
	case ID_AA64PFR0_EL1: return READ_SYSREG(S3_0_C0_C4_0);
	case ID_AA64PFR1_EL1: return READ_SYSREG(S3_0_C0_C4_1);
	case ID_AA64ISAR0_EL1: return READ_SYSREG(S3_0_C0_C6_0);
	case ID_AA64ISAR1_EL1: return READ_SYSREG(S3_0_C0_C6_1);
	case ID_AA64ISAR2_EL1: return READ_SYSREG(S3_0_C0_C6_2);
	case ID_AA64MMFR0_EL1: return READ_SYSREG(S3_0_C0_C7_0);
	case ID_AA64MMFR1_EL1: return READ_SYSREG(S3_0_C0_C7_1);
	case ID_AA64MMFR2_EL1: return READ_SYSREG(S3_0_C0_C7_2);
	default: return 0;
	}
}

/*
 * Linux emulates CRm 0 and 2..7 of op0 3, op1 0, CRn 0; what has no row here reads as zero, but for
 * CRm 0.
 */
bool idreg_user_value(uint32_t enc, uint64_t *value)
{
	unsigned int crm = enc >> 3 & 15;

	if (enc == CTR_EL0) {
		*value = READ_SYSREG(ctr_el0);
		return true;
	}
	if ((enc & ~SYSREG_ENC(0, 0, 0, 15, 7)) != MIDR_EL1 || crm == 1 || crm > 7)
		return false;
	*value = 0;
	for (size_t i = 0; i < ARRAY_SIZE(registers); i++)
		if (registers[i].enc == enc) {
			*value = registers[i].value;
			return true;
		}
	return crm != 0;
}
EXPORT(idreg_user_value);

static unsigned int field_of_reg(uint32_t enc, unsigned int shift)
{
	uint64_t value = 0;

	return idreg_user_value(enc, &value) ? value >> shift & 15 : 0;
}

static uint64_t visible(const struct id_register *r)
{
	uint64_t bits = r->visible;

	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++)
		if (capabilities[i].enc == r->enc)
			bits |= F(capabilities[i].shift);
	return bits;
}

/* FP and AdvSIMD are signed: 15 is "not there", 0 is "there", 1 adds half precision. */
static void find_fp_features(void)
{
	unsigned int fp = field_of_reg(ID_AA64PFR0_EL1, PFR0_FP),
		     simd = field_of_reg(ID_AA64PFR0_EL1, PFR0_AdvSIMD);

	if (fp < 8)
		hwcap |= HWCAP_FP | (fp ? HWCAP_FPHP : 0);
	if (simd < 8)
		hwcap |= HWCAP_ASIMD | (simd ? HWCAP_ASIMDHP : 0);
}

void idreg_init(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(registers); i++)
		registers[i].value = (read_hardware(registers[i].enc) & visible(&registers[i])) |
				     registers[i].fixed;
	find_fp_features();
	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++) {
		const struct capability *c = &capabilities[i];

		if (field_of_reg(c->enc, c->shift) >= c->min) {
			hwcap |= c->hwcap;
			hwcap2 |= c->hwcap2;
		}
	}
}

/*
 * The event stream is no feature of the core but a setting of its timer: drivers/timer turns it on.
 */
uint64_t cpu_hwcap(void)
{
	return hwcap | (READ_SYSREG(cntkctl_el1) & CNTKCTL_EVNTEN ? HWCAP_EVTSTRM : 0);
}
EXPORT(cpu_hwcap);

uint64_t cpu_hwcap2(void)
{
	return hwcap2;
}
EXPORT(cpu_hwcap2);
