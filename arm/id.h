/*
 * id.h - what a core has: the ID registers' fields, four bits each, by the Arm ARM's names (DDI
 * 0487, D19.2).  Read by C (ID_FIELD) and by assembly (ubfx x, x, #FIELD, #ID_FIELD_BITS).
 */
#pragma once

#include "arm/sysreg.h"

#define ID_FIELD_BITS  4

#define PFR0_EL0       0 /* ID_AA64PFR0_EL1; 2: AArch32 too */
#define PFR0_EL2       8
#define PFR0_FP	       16
#define PFR0_AdvSIMD   20
#define PFR0_GIC       24 /* system-register CPU interface */
#define PFR0_RAS       28
#define PFR0_SVE       32
#define PFR0_AMU       44
#define PFR0_CSV2      56
#define PFR1_MTE       8 /* ID_AA64PFR1_EL1 */
#define PFR1_SME       24
#define PFR1_CSV2_frac 32
#define DFR0_PMUVer    8 /* ID_AA64DFR0_EL1; 0 and 15: none that is architected */
#define DFR0_BRPs      12
#define DFR0_WRPs      20
#define DFR0_PMSVer    32
#define DFR0_TRBE      44
#define ISAR0_CRC32    16 /* ID_AA64ISAR0_EL1 */
#define ISAR0_RNDR     60
#define ISAR1_APA      4 /* ID_AA64ISAR1_EL1 */
#define ISAR1_API      8
#define ISAR1_GPA      24
#define ISAR1_GPI      28
#define ISAR2_GPA3     8 /* ID_AA64ISAR2_EL1 */
#define ISAR2_APA3     12
#define ISAR2_MOPS     16
#define MMFR0_PARange  0 /* ID_AA64MMFR0_EL1 */
#define MMFR0_ASIDBits 4 /* 2: 16 bits */
#define MMFR0_FGT      56
#define MMFR0_ECV      60
#define MMFR1_VMIDBits 4 /* ID_AA64MMFR1_EL1; 2: 16 bits */
#define MMFR1_VH       8
#define MMFR1_PAN      20 /* 3: with EPAN */
#define MMFR1_HCX      40
#define MMFR1_ECBHB    60 /* an exception clears the branch history */
#define MMFR2_FWB      40 /* ID_AA64MMFR2_EL1 */

#ifndef __ASSEMBLER__

/* By encoding: newer than the assembler's base architecture */
#define id_aa64isar2_el1     S3_0_C0_C6_2

/* ID_FIELD - a field of this core's register, now. */
#define ID_FIELD(reg, shift) (READ_SYSREG_S(reg) >> (shift)&0xf)

#endif
