/*
 * mmu.S - the step from physical to virtual addresses, the same for every core.
 *
 * Lies in a page of its own (.idmap.text), the one page of which TTBR0 has an identity map while
 * SCTLR_EL1.M changes.
 */
#include "arm/asm.h"
#include "arm/id.h"
#include "arm/sysreg.h"
#include "start/macros.h"

/* clang-format off */

	.section .idmap.text, "ax"

/*
 * mmu_on - EL1, MMU off.  x0 = physical address of the root table for TTBR1, x1 = virtual address
 * to go on at. Clobbers x2-x6; leaves the physical address of empty_root in x6, for idmap_drop.
 */
FUNC mmu_on
	ADR_L	x2, idmap_root
	msr	ttbr0_el1, x2
	msr	ttbr1_el1, x0
	ADR_L	x6, empty_root
	LOAD_IMM x2, MAIR_VALUE
	msr	mair_el1, x2
	LOAD_IMM x2, TCR_EL1_BASE
	mrs	x3, id_aa64mmfr0_el1
	ubfx	x4, x3, #MMFR0_PARange, #ID_FIELD_BITS
	mov	x5, #5			/* 48 bits: more needs other descriptors */
	cmp	x4, x5
	csel	x4, x4, x5, lo
	orr	x2, x2, x4, lsl #TCR_IPS_SHIFT
	ubfx	x4, x3, #MMFR0_ASIDBits, #ID_FIELD_BITS
	cmp	x4, #2			/* 16 bits */
	b.ne	1f
	orr	x2, x2, #TCR_AS_16
1:	msr	tcr_el1, x2
	mov	x2, #CPACR_FPEN_NONE
	msr	cpacr_el1, x2
	mov	x2, #CNTKCTL_EL0VCTEN
	msr	cntkctl_el1, x2
	mov	x2, #MDSCR_TDCC		/* or EL0 could read and write the debug channel */
	msr	mdscr_el1, x2
	mrs	x3, id_aa64dfr0_el1
	ubfx	x3, x3, #DFR0_PMUVer, #ID_FIELD_BITS
	cbz	x3, 2f			/* 0: none, 15: not the architected one */
	cmp	x3, #15
	b.eq	2f
	msr	pmuserenr_el0, xzr
2:	mrs	x3, id_aa64pfr0_el1
	ubfx	x3, x3, #PFR0_AMU, #ID_FIELD_BITS
	cbz	x3, 3f
	msr	AMUSERENR_EL0, xzr	/* or EL0's reads would trap past us, to EL2 or EL3 */
3:	tlbi	vmalle1			/* this core's: whatever ran before us may have left some */
	dsb	nsh
	isb
	LOAD_IMM x2, SCTLR_EL1_ON
	mrs	x3, id_aa64mmfr1_el1
	ubfx	x3, x3, #MMFR1_PAN, #ID_FIELD_BITS
	cbnz	x3, 4f
	orr	x2, x2, #SCTLR_SPAN
4:	cmp	x3, #3
	b.lo	5f
	orr	x2, x2, #SCTLR_EPAN	/* pages that EL0 may only execute, too */
5:	mrs	x3, id_aa64pfr0_el1
	ubfx	x3, x3, #PFR0_RAS, #ID_FIELD_BITS
	cbz	x3, 6f
	orr	x2, x2, #SCTLR_IESB
6:	mrs	x3, id_aa64pfr1_el1
	ubfx	x3, x3, #PFR1_MTE, #ID_FIELD_BITS
	cmp	x3, #2
	b.lo	7f
	orr	x2, x2, #SCTLR_ITFSB
7:	msr	sctlr_el1, x2
	isb
	ic	iallu			/* fetched while the MMU was off */
	dsb	nsh
	isb
	br	x1
ENDFUNC mmu_on

	.text

/*
 * idmap_drop - higher half: no user half any more, and user memory out of reach by plain loads and
 * stores where the core has PAN.  x6 as mmu_on left it.  Clobbers x2.
 */
FUNC idmap_drop
	msr	ttbr0_el1, x6
	isb
	tlbi	vmalle1
	dsb	nsh
	isb
	mrs	x2, id_aa64mmfr1_el1
	ubfx	x2, x2, #MMFR1_PAN, #ID_FIELD_BITS
	cbz	x2, 1f
	.inst	0xd500419f		/* msr pan, #1: ARMv8.1's own spelling */
1:	ret
ENDFUNC idmap_drop
