/*
 * idreg.c - see idreg.h; the table is idreg.def.
 *
 * Invariant: a register shows no more than id_limits, which is made of the machine's once; what the
 * VMM sets is field by field that or less.  All cores are taken to be alike, as arm/idreg.c does.
 */
#include "kvm/idreg.h"

#include "abi/errno.h"
#include "abi/kvm.h"
#include "arm/id.h"
#include "arm/levels.h"
#include "kvm/firmware.h"
#include "kvm/kvm.h"
#include "mm/uaccess.h"

#define AA32		  UINT64_C(0xffffffff)
#define F(shift)	  (UINT64_C(0xf) << (shift))
#define INDEX(crm, op2)	  ((crm) << 3 | (op2))

#define ID_PFR1		  INDEX(1, 1)
#define ID_DFR0		  INDEX(1, 2)
#define ID_MMFR4	  INDEX(2, 6)
#define AA64PFR0	  INDEX(4, 0)
#define AA64DFR0	  INDEX(5, 0)
#define AA64ISAR1	  INDEX(6, 1)
#define AA64ISAR2	  INDEX(6, 2)
#define AA64MMFR0	  INDEX(7, 0)
#define AA64MMFR1	  INDEX(7, 1)

#define PAUTH_ISAR1	  (F(ISAR1_APA) | F(ISAR1_API) | F(ISAR1_GPA) | F(ISAR1_GPI))
#define PAUTH_ISAR2	  (F(ISAR2_APA3) | F(ISAR2_GPA3))
#define DEBUG_V8	  6  /* DebugVer, CopDbg: of ARMv8, the least there is */
#define DEBUG_V8P8	  10 /* of ARMv8.8: the most that is shown */
#define MMFR0_48_BITS	  5  /* PARange */
#define MMFR0_TGran4	  28
#define MMFR0_TGran4_52	  1
#define PFR0_CSV3	  60
#define MMFR1_VH	  8
#define MMFR1_SpecSEI	  24
#define MMFR2_NV	  24

/* CTR_EL0: log2 of the words in the shortest line; what needs no maintenance. */
#define CTR_SHOWN	  UINT64_C(0xffffffff)
#define CTR_WRITABLE	  UINT64_C(0x300f000f)
#define CTR_IminLine(ctr) ((ctr)&0xf)
#define CTR_DminLine(ctr) (((ctr) >> 16) & 0xf)
#define CTR_IDC		  SYSREG_BIT(28)
#define CTR_DIC		  SYSREG_BIT(29)

#define CLIDR_INSTRUCTION UINT64_C(1) /* Ctype1; three bits a level */
#define CLIDR_DATA	  UINT64_C(2)
#define CLIDR_UNIFIED	  UINT64_C(4)
#define CLIDR_LoUIS_SHIFT 21
#define CLIDR_LoC_SHIFT	  24
#define CLIDR_LoUU_SHIFT  27
#define CLIDR_LoC	  SYSREG_FIELD(7, CLIDR_LoC_SHIFT)
#define CLIDR_LoU	  (SYSREG_FIELD(7, CLIDR_LoUIS_SHIFT) | SYSREG_FIELD(7, CLIDR_LoUU_SHIFT))
#define CLIDR_RES0	  (~UINT64_C(0) << 47)

struct id_row {
	uint64_t shown, writable, is_signed;
};

static const struct id_row rows[64] = {
#define ID(crm, op2, shown, writable, is_signed) [INDEX(crm, op2)] = { shown, writable, is_signed },
#include "kvm/idreg.def"
};

/* clang-format off */
static uint64_t read_machine(unsigned int index)
{
	switch (index) {
#define ID(crm, op2, shown, writable, is_signed) \
	case INDEX(crm, op2): return READ_SYSREG(S3_0_C0_C##crm##_##op2);
#include "kvm/idreg.def"
	default: return 0;
	}
}
/* clang-format on */

static uint64_t field(uint64_t value, unsigned int shift)
{
	return value >> shift & 0xf;
}

/* at_most - @value with the field at @shift lowered to @most. */
static uint64_t at_most(uint64_t value, unsigned int shift, uint64_t most)
{
	return field(value, shift) <= most ? value : (value & ~F(shift)) | most << shift;
}

/*
 * What a core does not say itself, as it is older than the field: whether another program's
 * branches become its guesses (CSV2; else SMCCC_WORKAROUND_1 is asked for), and whether it forwards
 * what it had no right to read (CSV3).  Arm, "Cache Speculation Side-channels", its table of cores.
 */
static uint64_t pfr0_speculation(uint64_t pfr0)
{
	uint64_t midr = READ_SYSREG(midr_el1);
	unsigned int part = MIDR_IMPLEMENTER(midr) == MIDR_ARM ? MIDR_PART(midr) : 0;
	bool in_order = part == MIDR_CORTEX_A53 || part == MIDR_CORTEX_A55;

	if (in_order && !field(pfr0, PFR0_CSV2))
		pfr0 |= UINT64_C(1) << PFR0_CSV2;
	if (in_order || part == MIDR_CORTEX_A57 || part == MIDR_CORTEX_A72)
		pfr0 = (pfr0 & ~F(PFR0_CSV3)) | UINT64_C(1) << PFR0_CSV3;
	return at_most(pfr0, PFR0_CSV2,
		       1); /* from 2 on a guest has SCXTNUM_EL1, which we do not keep */
}

static bool needs_cleaning(uint64_t clidr)
{
	return (clidr & CLIDR_LoC) && (clidr & CLIDR_LoU);
}

/* CTR_EL0; what CLIDR_EL1 says of cleaning, older cores' CTR_EL0 does not. */
static uint64_t machine_ctr(void)
{
	uint64_t ctr = READ_SYSREG(ctr_el0) & CTR_SHOWN;

	return needs_cleaning(READ_SYSREG(clidr_el1)) ? ctr : ctr | CTR_IDC;
}

static uint64_t machine_value(unsigned int index)
{
	bool aa32 = field(READ_SYSREG_S(S3_0_C0_C4_0), 0) == 2;
	uint64_t value = read_machine(index) & rows[index].shown;

	if (index < INDEX(4, 0) && !aa32)
		return 0;
	switch (index) {
	case ID_DFR0: return at_most(value, 0, DEBUG_V8P8);
	case AA64DFR0: return at_most(value, 0, DEBUG_V8P8);
	case AA64PFR0: return at_most(pfr0_speculation(value), PFR0_GIC, 1);
	case AA64ISAR1: return value & ~PAUTH_ISAR1;
	case AA64ISAR2: return value & ~PAUTH_ISAR2;
	case AA64MMFR0:
		value = at_most(value, MMFR0_PARange, MMFR0_48_BITS);
		return field(value, MMFR0_TGran4) == MMFR0_TGran4_52 ? value & ~F(MMFR0_TGran4)
								     : value;
	case AA64MMFR1: /* VHE, which no guest can use, is shown beside NV2, as by Linux */
		return field(READ_SYSREG_S(S3_0_C0_C7_2), MMFR2_NV) >= 2 ? value
									 : value & ~F(MMFR1_VH);
	default: return value;
	}
}

void kvm_vm_regs_new(struct kvm_vm *vm)
{
	for (unsigned int i = INDEX(1, 0); i < 64; i++)
		vm->id_regs[i] = vm->id_limits[i] = machine_value(i);
	vm->ctr = machine_ctr();
	for (unsigned int i = 0; i < NR_FW_BMAPS; i++)
		vm->fw_bmap[i] = kvm_fw_bmap_all[i];
}

/* The interface of system registers is there with a vGICv3 alone. */
void kvm_vm_regs_settle(struct kvm_vm *vm)
{
	if (kvm_has_vgic_v3(vm))
		return;
	vm->id_regs[AA64PFR0] &= ~F(PFR0_GIC);
	vm->id_regs[ID_PFR1] &= ~F(28);
}

void kvm_idreg_pauth(struct kvm_vm *vm)
{
	vm->id_limits[AA64ISAR1] |= READ_SYSREG_S(S3_0_C0_C6_1) & PAUTH_ISAR1;
	vm->id_limits[AA64ISAR2] |= READ_SYSREG_S(S3_0_C0_C6_2) & PAUTH_ISAR2;
	vm->id_regs[AA64ISAR1] = vm->id_limits[AA64ISAR1];
	vm->id_regs[AA64ISAR2] = vm->id_limits[AA64ISAR2];
}

/*
 * Fields that say what may go wrong: any value is safe (SpecSEI, of ID_MMFR4 and ID_AA64MMFR1: an
 * SError may come of what was only speculated).
 */
static uint64_t any_value(unsigned int index)
{
	return index == ID_MMFR4 ? F(0) : index == AA64MMFR1 ? F(MMFR1_SpecSEI) : 0;
}

/* Is @value's field at @shift that of @limit, or less? */
static bool field_fits(const struct id_row *r, unsigned int shift, uint64_t limit, uint64_t value)
{
	/* a signed field from 8 on is less than 0: turn both halves around */
	uint64_t turn = r->is_signed & F(shift) ? 8 : 0;

	return (field(value, shift) ^ turn) <= (field(limit, shift) ^ turn);
}

static bool value_fits(unsigned int index, uint64_t limit, uint64_t value)
{
	const struct id_row *r = &rows[index];
	uint64_t any = any_value(index);

	if ((value ^ limit) & ~r->writable & ~any)
		return false;
	for (unsigned int shift = 0; shift < 64; shift += 4)
		if (!(any & F(shift)) && !field_fits(r, shift, limit, value))
			return false;
	return (index != ID_DFR0 && index != AA64DFR0) || field(value, 0) >= DEBUG_V8 || !limit;
}

int kvm_idreg_set(struct kvm_vm *vm, uint32_t enc, uint64_t value)
{
	unsigned int index = kvm_idreg_index(enc);

	/* 15 was how a PMU of no architecture was shown once: none */
	if (index == AA64DFR0 && field(value, DFR0_PMUVer) == 15)
		value &= ~F(DFR0_PMUVer);
	if (vm->has_run)
		return value == vm->id_regs[index] ? 0 : -EBUSY;
	if (!value_fits(index, vm->id_limits[index], value))
		return -EINVAL;
	vm->id_regs[index] = value;
	return 0;
}

int kvm_ctr_set(struct kvm_vm *vm, uint64_t value)
{
	uint64_t limit = machine_ctr();

	if (vm->has_run)
		return value == vm->ctr ? 0 : -EBUSY;
	if (((value ^ limit) & ~CTR_WRITABLE) || (value & ~limit & (CTR_IDC | CTR_DIC)) ||
	    CTR_IminLine(value) > CTR_IminLine(limit) || CTR_DminLine(value) > CTR_DminLine(limit))
		return -EINVAL;
	vm->ctr = value;
	return 0;
}

/*
 * Where data has to be cleaned for instructions, level 1 has them both and is the point of it all.
 * Else no level has to be cleaned that far; behind what instructions may be kept in (if they have
 * to be invalidated) lies one unified level.
 */
uint64_t kvm_clidr(uint64_t ctr)
{
	uint64_t instructions = ctr & CTR_DIC ? 0 : CLIDR_INSTRUCTION;
	uint64_t behind = instructions ? 2 : 1;

	if (!(ctr & CTR_IDC))
		return instructions | CLIDR_DATA | SYSREG_FIELD(1, CLIDR_LoUIS_SHIFT) |
		       SYSREG_FIELD(1, CLIDR_LoC_SHIFT) | SYSREG_FIELD(1, CLIDR_LoUU_SHIFT);
	return instructions | CLIDR_UNIFIED << 3 * (behind - 1) | behind << CLIDR_LoC_SHIFT;
}

bool kvm_clidr_fits(uint64_t ctr, uint64_t clidr)
{
	return !(clidr & CLIDR_RES0) && ((ctr & CTR_IDC) || needs_cleaning(clidr));
}

/* LineSize: log2 of its bytes, less 4; one set, one way. */
uint32_t kvm_ccsidr_least(unsigned int csselr)
{
	uint64_t ctr = READ_SYSREG(ctr_el0);

	return (uint32_t)(csselr & 1 ? CTR_IminLine(ctr) : CTR_DminLine(ctr)) + 2 - 4;
}

int kvm_reg_masks(const struct reg_mask_range *range)
{
	uptr to = uptr_of(range->addr);

	for (size_t i = 0; i < ARRAY_SIZE(range->reserved); i++)
		if (range->reserved[i])
			return -EINVAL;
	if (range->range != KVM_ARM_FEATURE_ID_RANGE)
		return -EINVAL;
	for (unsigned int i = 0; i < KVM_ARM_FEATURE_ID_RANGE_SIZE; i++) {
		/* op1 is 0, 1, 3 */
		uint64_t mask = i < 64	   ? rows[i].writable
				: i == 65  ? ~CLIDR_RES0
				: i == 129 ? CTR_WRITABLE
					   : 0;

		if (put_user(mask, uptr_add(to, i * sizeof(mask))))
			return -EFAULT;
	}
	return 0;
}
