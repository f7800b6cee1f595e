/*
 * sysreg.h - system registers and their fields, spelled as in the Arm ARM (DDI 0487).
 *
 * Read by C and by assembly.  READ_SYSREG gives the value now: it is volatile, never merged with
 * another read.
 */
#pragma once

#ifdef __ASSEMBLER__
#define SYSREG_BIT(n)	   (1 << (n))
#define SYSREG_FIELD(v, n) ((v) << (n))
#else
#include <stdint.h>
#define SYSREG_BIT(n)	   (UINT64_C(1) << (n))
#define SYSREG_FIELD(v, n) (UINT64_C(v) << (n))

#define READ_SYSREG(reg)                                                       \
	({                                                                     \
		uint64_t sysreg_v_;                                            \
		__asm__ volatile("mrs %0, " #reg : "=r"(sysreg_v_)::"memory"); \
		sysreg_v_;                                                     \
	})
/* clang-format off */
#define WRITE_SYSREG(reg, v) \
	__asm__ volatile("msr " #reg ", %x0" ::"rZ"((uint64_t)(v)) : "memory")
/* clang-format on */

/* The same for a register whose name is a macro: its encoding */
#define READ_SYSREG_S(reg)     READ_SYSREG(reg)
#define WRITE_SYSREG_S(reg, v) WRITE_SYSREG(reg, v)
#endif

/* CurrentEL */
#define CurrentEL_EL1 0x4
#define CurrentEL_EL2 0x8
#define CurrentEL_EL3 0xc

#ifndef __ASSEMBLER__
/* The level that this runs at: the kernel's is 1, or 2 if it stays there (start/boot_info.h). */
static inline unsigned int this_el(void)
{
	return (unsigned int)READ_SYSREG(CurrentEL) >> 2;
}
#endif

/* PSTATE as SPSR_ELx holds it */
#define PSR_MODE_EL0t	   0x0
#define PSR_MODE_EL1t	   0x4
#define PSR_MODE_EL1h	   0x5
#define PSR_MODE_EL2t	   0x8
#define PSR_MODE_EL2h	   0x9
#define PSR_MODE_MASK	   0xf
#define PSR_nRW		   SYSREG_BIT(4) /* AArch32 */
#define PSR_F		   SYSREG_BIT(6)
#define PSR_I		   SYSREG_BIT(7)
#define PSR_A		   SYSREG_BIT(8)
#define PSR_D		   SYSREG_BIT(9)
#define PSR_DAIF	   (PSR_F | PSR_I | PSR_A | PSR_D)
#define PSR_BTYPE	   SYSREG_FIELD(3, 10)
#define PSR_SSBS	   SYSREG_BIT(12)
#define PSR_SS		   SYSREG_BIT(21)
#define PSR_PAN		   SYSREG_BIT(22)
#define PSR_UAO		   SYSREG_BIT(23)
#define PSR_DIT		   SYSREG_BIT(24)
#define PSR_TCO		   SYSREG_BIT(25)
#define PSR_V		   SYSREG_BIT(28)
#define PSR_C		   SYSREG_BIT(29)
#define PSR_Z		   SYSREG_BIT(30)
#define PSR_N		   SYSREG_BIT(31)
#define PSR_NZCV	   SYSREG_FIELD(0xf, 28)

/* ESR_ELx */
#define ESR_EC_SHIFT	   26
#define ESR_EC(esr)	   (((esr) >> ESR_EC_SHIFT) & 0x3f)
#define ESR_IL		   SYSREG_BIT(25)
#define ESR_ISS(esr)	   ((esr)&0x1ffffff)
#define ESR_EC_UNKNOWN	   0x00
#define ESR_EC_WFX	   0x01
#define ESR_EC_CP15_32	   0x03 /* AArch32: MRC and MCR of coprocessor 15 */
#define ESR_EC_CP15_64	   0x04 /* MRRC and MCRR */
#define ESR_EC_CP14_32	   0x05
#define ESR_EC_CP14_64	   0x0c
#define ESR_EC_FP_ACCESS   0x07
#define ESR_EC_BTI	   0x0d
#define ESR_EC_ILL	   0x0e
#define ESR_EC_SVC64	   0x15
#define ESR_EC_SMC32	   0x13
#define ESR_EC_HVC64	   0x16
#define ESR_EC_SMC64	   0x17
#define ESR_EC_SYS64	   0x18
#define ESR_EC_FPAC	   0x1c
#define ESR_EC_IABT_LOW	   0x20
#define ESR_EC_IABT_CUR	   0x21
#define ESR_EC_PC_ALIGN	   0x22
#define ESR_EC_DABT_LOW	   0x24
#define ESR_EC_DABT_CUR	   0x25
#define ESR_EC_SP_ALIGN	   0x26
#define ESR_EC_FP_EXC64	   0x2c
#define ESR_EC_SERROR	   0x2f
#define ESR_EC_BREAKPT_LOW 0x30
#define ESR_EC_SOFTSTP_LOW 0x32
#define ESR_EC_WATCHPT_LOW 0x34
#define ESR_EC_BKPT32	   0x38
#define ESR_EC_BRK64	   0x3c
#define ESR_BRK_IMM(esr)   ((esr)&0xffff)

/*
 * The encoding of a system register or instruction in one number: op0, op1, CRn, CRm, op2 in the
 * order in which the Arm ARM sorts its tables.
 */
#define SYSREG_ENC(op0, op1, crn, crm, op2) \
	((uint32_t)((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2)))

/* ISS of a trapped WFI, WFE, WFIT or WFET: is it one of the E kind? */
#define ESR_WFX_WFE SYSREG_BIT(0)
#define ESR_WFX_T   SYSREG_BIT(1) /* of one with a time, in the register of ESR_SYS64_RT */

/*
 * ISS of a trapped MSR, MRS or system instruction (EC 0x18): its encoding, its general register,
 * whether it reads
 */
#define ESR_SYS64_ENC(esr)                                                                      \
	SYSREG_ENC(((esr) >> 20) & 3, ((esr) >> 14) & 7, ((esr) >> 10) & 15, ((esr) >> 1) & 15, \
		   ((esr) >> 17) & 7)
#define ESR_SYS64_RT_SHIFT  5
#define ESR_SYS64_RT(esr)   (((esr) >> ESR_SYS64_RT_SHIFT) & 31)
#define ESR_SYS64_READ(esr) (((esr)&1) != 0)

/* ISS of an instruction or data abort */
#define ESR_FSC(esr)	    ((esr)&0x3f)
#define ESR_FSC_TYPE(esr)   ((esr)&0x3c)
#define ESR_FSC_TRANSLATION 0x04
#define ESR_FSC_ACCESS	    0x08
#define ESR_FSC_PERMISSION  0x0c
#define ESR_FSC_ALIGNMENT   0x21
#define ESR_FSC_SIZE	    0x00 /* the address has more bits than there are */
#define ESR_FSC_EXTERNAL    0x10 /* synchronous, not of a walk */
/* An external abort, 0x10 to 0x1f: nothing answered there, or it answered with an error. */
#define ESR_FSC_EXT(esr)    (((esr)&0x30) == 0x10)
#define ESR_FSC_EXT_ACCESS  0x10	  /* by the access itself */
#define ESR_FSC_EXT_WALK(n) (0x14 + (n))  /* by its table walk, at level n */
#define ESR_ABT_S1PTW	    SYSREG_BIT(7) /* at EL2: by a table walk of stage 1 */
#define ESR_DABT_WnR	    SYSREG_BIT(6)
#define ESR_ABT_S1PTW	    SYSREG_BIT(7) /* of stage 2: a walk of stage 1 was refused */
#define ESR_DABT_CM	    SYSREG_BIT(8)
#define ESR_DABT_FnV	    SYSREG_BIT(10)
/* of a data abort to EL2, where ISV says so: the access */
#define ESR_DABT_SF	    SYSREG_BIT(15) /* its register has 64 bits */
#define ESR_DABT_SRT(esr)   (((esr) >> 16) & 31)
#define ESR_DABT_SSE	    SYSREG_BIT(21) /* what is loaded is extended by its sign */
#define ESR_DABT_BYTES(esr) (1u << (((esr) >> 22) & 3))
#define ESR_DABT_ISV	    SYSREG_BIT(24)
/* HPFAR_EL2: the page of the intermediate physical address */
#define HPFAR_IPA(hpfar)    (((hpfar)&SYSREG_FIELD(0xfffffffff, 4)) << 8)

/* SCTLR_EL1 (M, C, SA, I are the same in SCTLR_EL2 and SCTLR_EL3) */
#define ISR_EL1_A_SHIFT	    8 /* an SError is pending */

#define SCTLR_M		    SYSREG_BIT(0)
#define SCTLR_C		    SYSREG_BIT(2)
#define SCTLR_SA	    SYSREG_BIT(3)
#define SCTLR_SA0	    SYSREG_BIT(4)
#define SCTLR_SED	    SYSREG_BIT(8)
#define SCTLR_EOS	    SYSREG_BIT(11)
#define SCTLR_I		    SYSREG_BIT(12)
#define SCTLR_DZE	    SYSREG_BIT(14)
#define SCTLR_UCT	    SYSREG_BIT(15)
#define SCTLR_nTWE	    SYSREG_BIT(18)
#define SCTLR_TSCXT	    SYSREG_BIT(20)
#define SCTLR_IESB	    SYSREG_BIT(21)
#define SCTLR_EIS	    SYSREG_BIT(22)
#define SCTLR_SPAN	    SYSREG_BIT(23)
#define SCTLR_UCI	    SYSREG_BIT(26)
#define SCTLR_nTLSMD	    SYSREG_BIT(28)
#define SCTLR_LSMAOE	    SYSREG_BIT(29)
#define SCTLR_ITFSB	    SYSREG_BIT(37)
#define SCTLR_EPAN	    SYSREG_BIT(57)

/* MMU and caches off, every RES1 bit of the first architecture version set */
#define SCTLR_EL1_OFF \
	(SCTLR_EOS | SCTLR_TSCXT | SCTLR_EIS | SCTLR_SPAN | SCTLR_nTLSMD | SCTLR_LSMAOE)
#define SCTLR_EL2_OFF 0x30c50830 /* of SCTLR_EL3 too */

/*
 * What the kernel runs with.  EL0's side is Linux's: CTR_EL0, cache maintenance, DC ZVA and WFE are
 * free, WFI traps (and is skipped), SCXTNUM_EL0 traps.  Bits of extensions that a core need not
 * have are added by mmu_on (start/mmu.S): SPAN, which is 0 where there is PAN, so that every
 * exception to EL1 sets PSTATE.PAN, and RES1 where there is none; EPAN, IESB, ITFSB.
 */
#define SCTLR_EL1_ON                                                                              \
	(SCTLR_M | SCTLR_C | SCTLR_SA | SCTLR_SA0 | SCTLR_SED | SCTLR_EOS | SCTLR_I | SCTLR_DZE | \
	 SCTLR_UCT | SCTLR_nTWE | SCTLR_TSCXT | SCTLR_EIS | SCTLR_UCI | SCTLR_nTLSMD |            \
	 SCTLR_LSMAOE)

/*
 * TCR_EL1: 48 bits on both sides, 4K granule, walks as Normal WBWA inner shareable, user tags
 * ignored
 */
#define TCR_T0SZ(bits) (64 - (bits))
#define TCR_EPD0       SYSREG_BIT(7) /* no walks by TTBR0 */
#define TCR_T1SZ(bits) SYSREG_FIELD(64 - (bits), 16)
#define TCR_EPD1       SYSREG_BIT(23)
#define TCR_WBWA0      (SYSREG_FIELD(1, 8) | SYSREG_FIELD(1, 10))
#define TCR_WBWA1      (SYSREG_FIELD(1, 24) | SYSREG_FIELD(1, 26))
#define TCR_SH_INNER   (SYSREG_FIELD(3, 12) | SYSREG_FIELD(3, 28))
#define TCR_TG1_4K     SYSREG_FIELD(2, 30)
#define TCR_IPS_SHIFT  32
#define TCR_AS_16      SYSREG_BIT(36)
#define TCR_TBI0       SYSREG_BIT(37)
#define TCR_EL1_BASE \
	(TCR_T0SZ(48) | TCR_T1SZ(48) | TCR_WBWA0 | TCR_WBWA1 | TCR_SH_INNER | TCR_TG1_4K | TCR_TBI0)

/* CPACR_EL1.FPEN: no access traps */
#define CPACR_FPEN_NONE	    SYSREG_FIELD(3, 20)

/* By encoding: newer than the assembler's base architecture */
#define AMUSERENR_EL0	    S3_3_C13_C2_3

/* MDSCR_EL1: EL0's accesses to the debug communication channel trap */
#define MDSCR_TDCC	    SYSREG_BIT(12)

/* CNTKCTL_EL1: EL0 may read CNTVCT_EL0 and CNTFRQ_EL0, nothing else of the timers */
#define CNTKCTL_EL0VCTEN    SYSREG_BIT(1)
/* the event stream: a transition of bit EVNTI of the counter is an event, and ends a WFE */
#define CNTKCTL_EVNTEN	    SYSREG_BIT(2)
#define CNTKCTL_EVNTI_SHIFT 4
#define CNTKCTL_EVNTI_MAX   15

/* DCZID_EL0: log2 of the words that a DC ZVA zeroes; it may not be used */
#define DCZID_BS	    0xf
#define DCZID_DZP	    SYSREG_BIT(4)

/* CNTx_CTL */
#define CNT_CTL_ENABLE	    SYSREG_BIT(0)
#define CNT_CTL_IMASK	    SYSREG_BIT(1)
#define CNT_CTL_ISTATUS	    SYSREG_BIT(2)

/* MAIR_EL1 attribute indexes, and the value that gives them their meaning */
#define MAIR_DEVICE_nGnRnE  0
#define MAIR_DEVICE_nGnRE   1
#define MAIR_NORMAL_NC	    2
#define MAIR_NORMAL	    3
#define MAIR_VALUE	    0xff440400

/*
 * MPIDR_EL1: affinity levels 3 (bits 39:32) and 2..0 (23:0), as a device tree's cpu@reg and PSCI
 * spell them
 */
#define MPIDR_AFFINITY_MASK 0xff00ffffff
