/*
 * emulate.c - the instructions that trap at EL0 and are carried out for it: reads of ID registers,
 * and WFI.
 *
 * Comes from el1/trap.c with an exception that EL0 took; what may be read is arm/idreg.c's matter.
 * Invariant: the only register that changes is the one the instruction names.
 */
#include "el1/emulate.h"

#include "arm/idreg.h"
#include "arm/trapframe.h"
#include "mm/uaccess.h"

/*
 * The MRS that EL0 executed, as the ISS of class 0x18 would describe it: from there, or from the
 * instruction itself.
 */
static bool trapped_mrs(const struct trapframe *tf, uint32_t *enc, unsigned int *rt)
{
	uint32_t insn;

	if (ESR_EC(tf->esr) == ESR_EC_SYS64) {
		*enc = ESR_SYS64_ENC(tf->esr);
		*rt = ESR_SYS64_RT(tf->esr);
		return ESR_SYS64_READ(tf->esr);
	}
	if (ESR_EC(tf->esr) != ESR_EC_UNKNOWN || get_user(insn, uptr_of(tf->pc)))
		return false;
	*enc = insn >> 5 & 0xffff; /* op0 op1 CRn CRm op2 lie side by side, as in SYSREG_ENC */
	*rt = insn & 31;
	return insn >> 20 == 0xd53; /* MRS */
}

/* On to the next instruction, as if this one had been executed. */
static void step_over_insn(struct trapframe *tf)
{
	tf->pc += 4;
	tf->pstate &= ~PSR_BTYPE; /* as after any instruction that is no branch */
}

void emulate_init(void)
{
	idreg_init();
}

bool emulate_mrs(struct trapframe *tf)
{
	unsigned int rt;
	uint64_t value;
	uint32_t enc;

	if (!trapped_mrs(tf, &enc, &rt) || !idreg_user_value(enc, &value))
		return false;
	if (rt != 31)
		tf->x[rt] = value;
	step_over_insn(tf);
	return true;
}

bool emulate_wfi(struct trapframe *tf)
{
	if (tf->esr & ESR_WFX_WFE)
		return false;
	step_over_insn(tf);
	return true;
}
