/*
 * levels.h - registers and fields that only EL2 and EL3 see, spelled as in the Arm ARM (DDI 0487).
 *
 * Registers newer than the assembler's base architecture are named by their encoding.
 */
#pragma once

#include <stdbool.h>

#include "arm/id.h"

/* By encoding: op0_op1_Cn_Cm_op2 */
#define SCTLR_EL12	    S3_5_C1_C0_0
#define TCR_EL12	    S3_5_C2_C0_2
#define CNTV_CTL_EL02	    S3_5_C14_C3_1
#define CNTV_CVAL_EL02	    S3_5_C14_C3_2
#define ICC_SRE_EL2	    S3_4_C12_C9_5
#define ICC_SRE_EL3	    S3_6_C12_C12_5
#define ICC_CTLR_EL3	    S3_6_C12_C12_4
#define ICH_HCR_EL2	    S3_4_C12_C11_0
#define ICH_AP0R(n)	    S3_4_C12_C8_##n
#define ICH_AP1R(n)	    S3_4_C12_C9_##n
#define ICH_VTR_EL2	    S3_4_C12_C11_1
#define ICH_VMCR_EL2	    S3_4_C12_C11_7
#define VDISR_EL2	    S3_4_C12_C1_1
#define VSESR_EL2	    S3_4_C5_C2_3
#define HCRX_EL2	    S3_4_C1_C2_2
#define HFGRTR_EL2	    S3_4_C1_C1_4
#define HFGWTR_EL2	    S3_4_C1_C1_5
#define HFGITR_EL2	    S3_4_C1_C1_6
#define HDFGRTR_EL2	    S3_4_C3_C1_4
#define HDFGWTR_EL2	    S3_4_C3_C1_5
#define HAFGRTR_EL2	    S3_4_C3_C1_6
#define ZCR_EL3		    S3_6_C1_C2_0

/* MIDR_EL1 */
#define MIDR_IMPLEMENTER(v) (((v) >> 24) & 0xff)
#define MIDR_VARIANT(v)	    (((v) >> 20) & 0xf)
#define MIDR_PART(v)	    (((v) >> 4) & 0xfff)
#define MIDR_REVISION(v)    ((v)&0xf)
#define MIDR_ARM	    0x41
#define MIDR_CORTEX_A53	    0xd03
#define MIDR_CORTEX_A57	    0xd07
#define MIDR_CORTEX_A72	    0xd08
#define MIDR_CORTEX_A55	    0xd05
#define MIDR_CORTEX_A76	    0xd0b
#define MIDR_NEOVERSE_N1    0xd0c
#define MIDR_CORTEX_A77	    0xd0d
#define MIDR_NEOVERSE_V1    0xd40
#define MIDR_CORTEX_A78	    0xd41
#define MIDR_CORTEX_X1	    0xd44
#define MIDR_CORTEX_A710    0xd47
#define MIDR_CORTEX_X2	    0xd48
#define MIDR_NEOVERSE_N2    0xd49

/* SCR_EL3 */
#define SCR_NS		    SYSREG_BIT(0)
#define SCR_RES1	    SYSREG_FIELD(3, 4)
#define SCR_HCE		    SYSREG_BIT(8)
#define SCR_RW		    SYSREG_BIT(10)
#define SCR_APK		    SYSREG_BIT(16)
#define SCR_API		    SYSREG_BIT(17)
#define SCR_EnSCXT	    SYSREG_BIT(25)
#define SCR_ATA		    SYSREG_BIT(26)
#define SCR_FGTEn	    SYSREG_BIT(27)
#define SCR_ECVEn	    SYSREG_BIT(28)
#define SCR_HXEn	    SYSREG_BIT(38)
#define SCR_EnTP2	    SYSREG_BIT(41)

/* CPTR_EL3, MDCR_EL3 */
#define CPTR_EL3_EZ	    SYSREG_BIT(8)
#define CPTR_EL3_ESM	    SYSREG_BIT(12)
#define MDCR_EL3_NSPB	    SYSREG_FIELD(3, 12)
#define MDCR_EL3_NSTB	    SYSREG_FIELD(3, 24)

/* HCR_EL2 */
#define HCR_VM		    SYSREG_BIT(0)
#define HCR_SWIO	    SYSREG_BIT(1)
#define HCR_PTW		    SYSREG_BIT(2)
#define HCR_FMO		    SYSREG_BIT(3)
#define HCR_IMO		    SYSREG_BIT(4)
#define HCR_AMO		    SYSREG_BIT(5)
#define HCR_VF		    SYSREG_BIT(6)
#define HCR_VI		    SYSREG_BIT(7)
#define HCR_VSE		    SYSREG_BIT(8)
#define HCR_FB		    SYSREG_BIT(9)
#define HCR_BSU_IS	    SYSREG_BIT(10)
#define HCR_TWI		    SYSREG_BIT(13)
#define HCR_TWE		    SYSREG_BIT(14)
#define HCR_TID1	    SYSREG_BIT(16)
#define HCR_TID2	    SYSREG_BIT(17)
#define HCR_TID3	    SYSREG_BIT(18)
#define HCR_TSC		    SYSREG_BIT(19)
#define HCR_TIDCP	    SYSREG_BIT(20)
#define HCR_TACR	    SYSREG_BIT(21)
#define HCR_TSW		    SYSREG_BIT(22)
#define HCR_TVM		    SYSREG_BIT(26)
#define HCR_TGE		    SYSREG_BIT(27)
#define HCR_RW		    SYSREG_BIT(31)
#define HCR_E2H		    SYSREG_BIT(34)
#define HCR_TLOR	    SYSREG_BIT(35)
#define HCR_TERR	    SYSREG_BIT(36)
#define HCR_TEA		    SYSREG_BIT(37)
#define HCR_APK		    SYSREG_BIT(40)
#define HCR_API		    SYSREG_BIT(41)
#define HCR_FWB		    SYSREG_BIT(46)
#define HCR_EnSCXT	    SYSREG_BIT(53)
#define HCR_ATA		    SYSREG_BIT(56)

/* TCR_EL2 without VHE, and VTCR_EL2: one lower half, 4 KiB granule, walks as TCR_EL1_BASE's */
#define TCR_EL2_RES1	    (SYSREG_BIT(31) | SYSREG_BIT(23))
#define TCR_EL2_PS_SHIFT    16
#define TCR_EL2_WALKS	    (SYSREG_FIELD(1, 8) | SYSREG_FIELD(1, 10) | SYSREG_FIELD(3, 12))
/* With VHE it has TCR_EL1's form: no walks by TTBR1_EL2. */
#define TCR_EL2_VHE_EPD1    SYSREG_BIT(23)
#define VTCR_RES1	    SYSREG_BIT(31)
#define VTCR_SL0(level)	    ((2 - (uint64_t)(level)) << 6)
#define SCTLR_EL2_WXN	    SYSREG_BIT(19)

#define PAR_F		    SYSREG_BIT(0)

/* HCRX_EL2 */
#define HCRX_MSCEn	    SYSREG_BIT(11)

/*
 * CPTR_EL2 without VHE: RES1 bits, among them TSM (SME traps); TZ is clear.  With VHE it has
 * CPACR_EL1's form.
 */
#define CPTR_EL2_RES1	    0x32ff
#define CPTR_EL2_TZ	    SYSREG_BIT(8)
#define CPTR_EL2_TFP	    SYSREG_BIT(10)
#define CPTR_EL2_TTA	    SYSREG_BIT(20)
#define CPTR_EL2_TAM	    SYSREG_BIT(30)
#define CPTR_EL2_VHE_FPEN   SYSREG_FIELD(3, 20)
#define CPTR_EL2_VHE_ZEN    SYSREG_FIELD(3, 16)
#define CPTR_EL2_VHE_TTA    SYSREG_BIT(28)

/*
 * CNTHCTL_EL2: EL1 may use the physical counter and timer.  With VHE the same two bits are 10
 * higher.
 */
#define CNTHCTL_EL1PCTEN    SYSREG_BIT(0)
#define CNTHCTL_EL1PCEN	    SYSREG_BIT(1)
#define CNTHCTL_VHE_SHIFT   10
#define CNTHCTL_VHE_EL1	    SYSREG_FIELD(3, 10)

#define VTTBR_VMID_SHIFT    48

/* MDCR_EL2 */
#define MDCR_EL2_HPMN_MASK  0x1f
#define MDCR_EL2_TPMCR	    SYSREG_BIT(5)
#define MDCR_EL2_TPM	    SYSREG_BIT(6)
#define MDCR_EL2_TDE	    SYSREG_BIT(8)
#define MDCR_EL2_TDA	    SYSREG_BIT(9)
#define MDCR_EL2_TDOSA	    SYSREG_BIT(10)
#define MDCR_EL2_TDRA	    SYSREG_BIT(11)
#define MDCR_EL2_TPMS	    SYSREG_BIT(14)
#define MDCR_EL2_TTRF	    SYSREG_BIT(19)
#define MDCR_EL2_E2PB	    SYSREG_FIELD(3, 12)
#define MDCR_EL2_E2TB	    SYSREG_FIELD(3, 24)

/* Pointer authentication, by any of its algorithms */
static inline bool id_has_pauth(void)
{
	return ID_FIELD(id_aa64isar1_el1, ISAR1_APA) || ID_FIELD(id_aa64isar1_el1, ISAR1_API) ||
	       ID_FIELD(id_aa64isar1_el1, ISAR1_GPA) || ID_FIELD(id_aa64isar1_el1, ISAR1_GPI) ||
	       ID_FIELD(id_aa64isar2_el1, ISAR2_APA3) || ID_FIELD(id_aa64isar2_el1, ISAR2_GPA3);
}

/* SCXTNUM_ELx are there: CSV2 of 2 or more, or 1 with CSV2_frac 2 */
static inline bool id_has_scxtnum(void)
{
	return ID_FIELD(id_aa64pfr0_el1, PFR0_CSV2) >= 2 ||
	       (ID_FIELD(id_aa64pfr0_el1, PFR0_CSV2) == 1 &&
		ID_FIELD(id_aa64pfr1_el1, PFR1_CSV2_frac) == 2);
}

static inline bool id_has_pmu(void)
{
	uint64_t version = ID_FIELD(id_aa64dfr0_el1, DFR0_PMUVer);

	return version != 0 && version != 15;
}
