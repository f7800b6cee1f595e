/*
 * predictor.c - see predictor.h.
 *
 * A Cortex-A57, or an A72 whose ID_AA64PFR0_EL1.CSV2 is 0 (the Raspberry Pi 4's r0p3), has no
 * instruction for it in AArch64.  It forgets when EL3's MMU is switched off and on (Arm, Trusted
 * Firmware Security Advisory TFV 6).  EL3 runs with the MMU off, so it goes on and off again: both
 * edges lie between what was learned and the return.
 *
 * For the few instructions between, the code that runs needs a translation: one block at 0, read
 * only, Normal non-cacheable, as the fetches are with the MMU off.  So this is served only where
 * EL3's image lies in that block, which is where the Raspberry Pi's firmware puts it (armstub/).
 */
#include "el3/el3.h"
#include "el3/predictor.h"

#include "arm/levels.h"

extern char __resident_end[];

#define BLOCK_SIZE    (UINT64_C(2) << 20)
#define TABLE_BITS    25 /* of address: 16 blocks, the smallest table there is */

/* Level 2: AF, SH inner, AP read only (its low bit is RES1 at EL3), attribute 0, block at 0. */
#define BLOCK_AT_0    0x7c1
#define MAIR_NORMAL0  0x44 /* attribute 0: Normal, non-cacheable */
/* RES1 bits; 4K granule, table walks non-cacheable, 32 bits of physical address */
#define TCR_EL3_VALUE (SYSREG_BIT(31) | SYSREG_BIT(23) | (64 - TABLE_BITS))

static const uint64_t predictor_table[1 << (TABLE_BITS - 21)] __attribute__((aligned(128))) = {
	BLOCK_AT_0,
};

static bool learns_branches(void)
{
	uint64_t midr = READ_SYSREG(midr_el1);

	if (MIDR_IMPLEMENTER(midr) != MIDR_ARM || ID_FIELD(id_aa64pfr0_el1, PFR0_CSV2))
		return false;
	return MIDR_PART(midr) == MIDR_CORTEX_A57 || MIDR_PART(midr) == MIDR_CORTEX_A72;
}

void el3_predictor_init_core(void)
{
	if (!learns_branches() || (uint64_t)__resident_end > BLOCK_SIZE) {
		WRITE_SYSREG(ttbr0_el3, 0);
		return;
	}
	WRITE_SYSREG(mair_el3, MAIR_NORMAL0);
	WRITE_SYSREG(tcr_el3, TCR_EL3_VALUE);
	WRITE_SYSREG(ttbr0_el3, (uint64_t)predictor_table);
	isb();
	/* Whatever a reset leaves in the TLB: nothing else is ever in it for this level. */
	__asm__ volatile("tlbi alle3\n\tdsb nsh\n\tisb" ::: "memory");
}

bool el3_predictor_served(void)
{
	return READ_SYSREG(ttbr0_el3) != 0;
}

void el3_predictor_forget(void)
{
	uint64_t off = READ_SYSREG(sctlr_el3), on = off | SCTLR_M;

	/* In one piece: no access to memory but the fetches may come between. */
	__asm__ volatile("msr sctlr_el3, %0\n\tisb\n\tmsr sctlr_el3, %1\n\tisb" ::"r"(on), "r"(off)
			 : "memory");
}
