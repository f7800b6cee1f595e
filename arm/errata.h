/*
 * errata.h - the implementation-defined registers of Cortex-A53, A57 and A72, and what their errata
 * notices ask to be set there before the caches are on.
 *
 * EL3 may write these always; EL2 where ACTLR_EL3 lets it, EL1 where ACTLR_EL2 does too: else the
 * write is undefined.  Sources: Arm DDI 0500 (Cortex-A53), DDI 0488 (A57), 100095 (A72).
 */
#pragma once

#ifndef __ASSEMBLER__
#include <stdbool.h>

#include "arm/levels.h"
#include "lib/util.h"
#endif

#define CPUACTLR_EL1	 S3_1_C15_C2_0
#define CPUECTLR_EL1	 S3_1_C15_C2_1
#define CPUECTLR_SMPEN	 SYSREG_BIT(6)
#define L2CTLR_EL1	 S3_1_C11_C0_2
#define L2CTLR_LATENCY	 SYSREG_FIELD(7, 0) /* of the data RAM */
#define L2CTLR_3_CYCLES	 SYSREG_FIELD(2, 0)
#define L2CTLR_SETUP	 SYSREG_BIT(5) /* one cycle more */

/* ACTLR_EL3: what EL2 may write; ACTLR_EL2: what EL1 may */
#define ACTLR_CPUACTLR	 SYSREG_BIT(0)
#define ACTLR_CPUECTLR	 SYSREG_BIT(1)
#define ACTLR_L2CTLR	 SYSREG_BIT(4)
#define ACTLR_L2ECTLR	 SYSREG_BIT(5)
#define ACTLR_L2ACTLR	 SYSREG_BIT(6)

/* A53: a clean invalidates the line too; A72: no instruction prefetch, no load past a store. */
#define A53_ENDCCASCI	 SYSREG_BIT(44)
#define A72_NO_IPREFETCH SYSREG_BIT(32)
#define A72_NO_LOAD_PASS SYSREG_BIT(55)

#ifndef __ASSEMBLER__

/* rMAJORpMINOR as one number, to be compared */
#define MIDR_RP(midr) (MIDR_VARIANT(midr) << 4 | MIDR_REVISION(midr))

/*
 * errata_stage1_later - 834220 (Cortex-A57 errata notice; up to r1p2): a fault of stage
 * 2 is told where one of stage 1 should have been, and HPFAR_EL2 is none then.
 */
static inline bool errata_stage1_later(uint64_t midr)
{
	return MIDR_IMPLEMENTER(midr) == MIDR_ARM && MIDR_PART(midr) == MIDR_CORTEX_A57 &&
	       MIDR_RP(midr) <= 0x12;
}

/*
 * errata_cpuactlr - the bits of CPUACTLR_EL1 that the core with MIDR_EL1 @midr should have set.
 *
 * 855873 (Cortex-A53 errata notice, EPM 048406): a clean of a line may undo another core's store;
 * r0p3 and later can make every clean an invalidation too, older ones need their kernel to.
 * 859971 (Cortex-A72 errata notice, EPM 012079; up to r0p3): an instruction prefetch may read where
 * nothing must be read.
 * CVE-2018-3639 (Arm, "Cache Speculation Side-channels", variant 4; every A72): a load may pass an
 * older store to the same address.
 */
static inline uint64_t errata_cpuactlr(uint64_t midr)
{
	if (MIDR_IMPLEMENTER(midr) != MIDR_ARM)
		return 0;
	switch (MIDR_PART(midr)) {
	case MIDR_CORTEX_A53: return MIDR_RP(midr) >= 0x03 ? A53_ENDCCASCI : 0;
	case MIDR_CORTEX_A72:
		return A72_NO_LOAD_PASS | (MIDR_RP(midr) <= 0x03 ? A72_NO_IPREFETCH : 0);
	default: return 0;
	}
}

/*
 * errata_843419 - may the core with these compute a wrong address from an ADRP in the last 8
 * bytes of a page?  Cortex-A53 up to r0p4 (its errata notice, EPM 048406); REVIDR_EL1 bit 8 of an
 * r0p4 says that this one does not.
 */
static inline bool errata_843419(uint64_t midr, uint64_t revidr)
{
	if (MIDR_IMPLEMENTER(midr) != MIDR_ARM || MIDR_PART(midr) != MIDR_CORTEX_A53)
		return false;
	return MIDR_RP(midr) < 0x04 || (MIDR_RP(midr) == 0x04 && !(revidr & BIT(8)));
}

/*
 * errata_bhb_loops - how many branches flush the branch history of the core with MIDR_EL1 @midr
 * (CVE-2022-23960; Arm, "Spectre-BHB", table 2); 0: it is not known to need any.
 */
static inline uint32_t errata_bhb_loops(uint64_t midr)
{
	static const struct {
		uint16_t part, loops;
	} cores[] = {
		{ MIDR_CORTEX_A57, 8 },	  { MIDR_CORTEX_A72, 8 },   { MIDR_CORTEX_A76, 24 },
		{ MIDR_CORTEX_A77, 24 },  { MIDR_NEOVERSE_N1, 24 }, { MIDR_CORTEX_A78, 32 },
		{ MIDR_CORTEX_X1, 32 },	  { MIDR_CORTEX_A710, 32 }, { MIDR_CORTEX_X2, 32 },
		{ MIDR_NEOVERSE_N2, 32 }, { MIDR_NEOVERSE_V1, 32 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cores); i++)
		if (MIDR_IMPLEMENTER(midr) == MIDR_ARM && cores[i].part == MIDR_PART(midr))
			return cores[i].loops;
	return 0;
}

#endif
