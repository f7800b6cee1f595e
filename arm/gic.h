/*
 * gic.h - the registers of Arm's interrupt controllers, GICv2 (Arm IHI 0048) and GICv3 (IHI 0069),
 * for the drivers of EL1 and for el3/, which sets up the secure side.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arm/sysreg.h"

#define GIC_SPECIAL 1020 /* numbers from here on are no interrupts */

/*
 * The distributor.  A GICv3 redistributor's SGI_base frame has the same registers at the same
 * offsets, for the 32 interrupts that are the core's own.
 */
struct gicd {
	uint32_t ctlr;
	uint32_t typer;
	uint32_t iidr;
	uint32_t reserved0[29];
	uint32_t igroupr[32];
	uint32_t isenabler[32];
	uint32_t icenabler[32];
	uint32_t ispendr[32];
	uint32_t icpendr[32];
	uint32_t isactiver[32];
	uint32_t icactiver[32];
	uint8_t ipriorityr[1024];
	uint8_t itargetsr[1024]; /* GICv2 */
	uint32_t icfgr[64];
	uint32_t igrpmodr[64]; /* GICv3 */
	uint32_t reserved1[64];
	uint32_t sgir; /* GICv2 */
	uint32_t reserved2[3];
	uint32_t cpendsgir[4]; /* GICv2: a byte an SGI, a bit a sender */
	uint32_t reserved3[5176];
	uint64_t irouter[GIC_SPECIAL]; /* GICv3; [32] is the first */
};

_Static_assert(offsetof(struct gicd, igroupr) == 0x080, "GICD_IGROUPR");
_Static_assert(offsetof(struct gicd, isenabler) == 0x100, "GICD_ISENABLER");
_Static_assert(offsetof(struct gicd, icpendr) == 0x280, "GICD_ICPENDR");
_Static_assert(offsetof(struct gicd, icactiver) == 0x380, "GICD_ICACTIVER");
_Static_assert(offsetof(struct gicd, ipriorityr) == 0x400, "GICD_IPRIORITYR");
_Static_assert(offsetof(struct gicd, itargetsr) == 0x800, "GICD_ITARGETSR");
_Static_assert(offsetof(struct gicd, icfgr) == 0xc00, "GICD_ICFGR");
_Static_assert(offsetof(struct gicd, igrpmodr) == 0xd00, "GICD_IGRPMODR");
_Static_assert(offsetof(struct gicd, sgir) == 0xf00, "GICD_SGIR");
_Static_assert(offsetof(struct gicd, cpendsgir) == 0xf10, "GICD_CPENDSGIR");
_Static_assert(offsetof(struct gicd, irouter) == 0x6000, "GICD_IROUTER");

/*
 * GICD_CTLR.  From the non-secure side, or where there is one state alone, EnableGrp1 is bit 1 of a
 * GICv3 and bit 0 of a GICv2.
 */
#define GICD_CTLR_EnableGrp0	 0x1
#define GICD_CTLR_EnableGrp1	 0x2 /* from the secure side: the non-secure group 1 */
#define GICD_CTLR_EnableGrp1S	 0x4
#define GICD_CTLR_ARE		 0x10 /* affinity routing; from the secure side: its own */
#define GICD_CTLR_ARE_NS	 0x20
#define GICD_CTLR_DS		 0x40 /* GICv3: there is one security state alone */
#define GICD_CTLR_RWP		 0x80000000
#define GICD_TYPER_ITLinesNumber 0x1f  /* (lines / 32) - 1 */
#define GICD_TYPER_SecurityExtn	 0x400 /* GICv2 */
#define GICD_ICFGR_EDGE		 0x2
#define GICD_SGIR_TARGETS_SHIFT	 16

/* GICv2's CPU interface; each core sees its own at the same address. */
struct gicc {
	uint32_t ctlr;
	uint32_t pmr;
	uint32_t bpr;
	uint32_t iar;
	uint32_t eoir;
	uint32_t reserved[47];
	uint32_t apr[4]; /* priorities that are active; what is not implemented ignores writes */
};

_Static_assert(offsetof(struct gicc, iar) == 0x0c, "GICC_IAR");
_Static_assert(offsetof(struct gicc, eoir) == 0x10, "GICC_EOIR");
_Static_assert(offsetof(struct gicc, apr) == 0xd0, "GICC_APR");

#define GICC_CTLR_ENABLE    0x1
/*
 * From the secure side FIQBypDisGrp0, IRQBypDisGrp0, FIQBypDisGrp1, IRQBypDisGrp1: no interrupt
 * goes around the GIC to the core while a group is off (IHI 0048, 2.3.2).  From the non-secure side
 * the first two are group 1's.
 */
#define GICC_CTLR_NO_BYPASS 0x1e0
#define GIC_PMR_ALL	    0xff

/*
 * GICv2's virtual interface control, by which a hypervisor hands interrupts to its guest's virtual
 * CPU interface; each core sees its own at the same address.
 */
struct gich {
	uint32_t hcr;
	uint32_t vtr;
	uint32_t vmcr;
	uint32_t reserved0;
	uint32_t misr;
	uint32_t reserved1[55];
	uint32_t apr;
	uint32_t reserved2[3];
	uint32_t lr[64];
};

_Static_assert(offsetof(struct gich, misr) == 0x010, "GICH_MISR");
_Static_assert(offsetof(struct gich, apr) == 0x0f0, "GICH_APR");
_Static_assert(offsetof(struct gich, lr) == 0x100, "GICH_LR");

#define GICH_VTR_ListRegs 0x3f /* list registers - 1 */

/*
 * List registers as GICv3 has them (ICH_LR<n>_EL2), and the other registers of both generations:
 * ICH_HCR_EL2 and GICH_HCR, ICH_VMCR_EL2 and GICH_VMCR have the same fields at the same places.
 * Where HW is 0, a GICv2's SGI has its sender in the low bits of the physical number.
 */
#define ICH_LR_ACTIVE	  SYSREG_BIT(63)
#define ICH_LR_PENDING	  SYSREG_BIT(62)
#define ICH_LR_HW	  SYSREG_BIT(61) /* ending it ends the physical interrupt */
#define ICH_LR_GROUP1	  SYSREG_BIT(60)
#define ICH_LR_PRIORITY	  48
#define ICH_LR_EOI	  SYSREG_BIT(41) /* HW = 0: a maintenance interrupt at its end */
#define ICH_LR_PHYSICAL	  32
#define ICH_HCR_En	  SYSREG_BIT(0)
#define ICH_HCR_UIE	  SYSREG_BIT(1) /* a maintenance interrupt: at most one is in use */
#define ICH_HCR_LRENPIE	  SYSREG_BIT(2) /* the same: EOIcount is not 0 */
#define ICH_HCR_TC	  SYSREG_BIT(10)
#define ICH_HCR_TALL0	  SYSREG_BIT(11)
#define ICH_HCR_TALL1	  SYSREG_BIT(12)
#define ICH_HCR_TDIR	  SYSREG_BIT(14)
#define ICH_HCR_EOIcount  27
#define ICH_VMCR_VENG0	  SYSREG_BIT(0)
#define ICH_VMCR_VENG1	  SYSREG_BIT(1)
#define ICH_VMCR_VCBPR	  SYSREG_BIT(4)
#define ICH_VMCR_VEOIM	  SYSREG_BIT(9)
#define ICH_VMCR_VBPR1	  18
#define ICH_VMCR_VBPR0	  21
#define ICH_VMCR_VPMR	  24
#define ICH_VTR_PREbits	  26
#define ICH_VTR_PRIbits	  29
#define ICH_VTR_IDbits	  23
#define ICH_VTR_SEIS	  SYSREG_BIT(22)
#define ICH_VTR_A3V	  SYSREG_BIT(21)
#define ICH_VTR_TDS	  SYSREG_BIT(19)
#define ICH_VTR_ListRegs  0x1f

/*
 * GICv3's redistributor, RD_base: the first of its frames.  The second, SGI_base, looks like a
 * distributor.
 */
struct gicr {
	uint32_t ctlr;
	uint32_t iidr;
	uint64_t typer;
	uint32_t statusr;
	uint32_t waker;
	uint32_t reserved[22];
	uint64_t propbaser, pendbaser; /* of LPIs: what is enabled, what pends */
};

_Static_assert(offsetof(struct gicr, typer) == 0x08, "GICR_TYPER");
_Static_assert(offsetof(struct gicr, waker) == 0x14, "GICR_WAKER");
_Static_assert(offsetof(struct gicr, propbaser) == 0x70, "GICR_PROPBASER");

#define GICR_FRAME	       0x10000 /* bytes */
#define GICR_CTLR_ENABLE_LPIS  0x1
#define GICR_CTLR_RWP	       0x8
#define GICR_TYPER_PLPIS       0x1
#define GICR_TYPER_VLPIS       0x2
#define GICR_TYPER_Last	       0x10
#define GICR_TYPER_AFFINITY    32
#define GICR_WAKER_Sleep       0x2
#define GICR_WAKER_ChildAsleep 0x4

/* GICv3's CPU interface.  ICC_SRE_ELx: system registers, and the lower level may choose */
#define ICC_SRE_SRE	       SYSREG_BIT(0)
#define ICC_SRE_DFB	       SYSREG_BIT(1)
#define ICC_SRE_DIB	       SYSREG_BIT(2)
#define ICC_SRE_ENABLE	       SYSREG_BIT(3)
#define ICC_IGRPEN_EN	       0x1
#define ICC_SGI1R_AFF1	       16
#define ICC_SGI1R_INTID	       24
#define ICC_SGI1R_AFF2	       32
#define ICC_SGI1R_IRM	       SYSREG_BIT(40) /* to all others */
#define ICC_SGI1R_RS	       44
#define ICC_SGI1R_AFF3	       48

/* How far it is from a redistributor to the next, by its GICR_TYPER. */
static inline uint64_t gicr_stride(uint64_t typer)
{
	return (typer & GICR_TYPER_VLPIS ? 4 : 2) * GICR_FRAME;
}

/* MPIDR_EL1's affinity, in the 32 bits Aff3.Aff2.Aff1.Aff0 in which GICR_TYPER has it. */
static inline uint32_t gicr_affinity(uint64_t mpidr)
{
	return (uint32_t)((mpidr >> 32 & 0xff) << 24 | (mpidr & 0xffffff));
}
