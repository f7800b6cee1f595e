/*
 * head.S - the first instruction after the firmware: all four cores, EL3, MMU off.
 *
 * The path:  armstub_entry -> one core is chosen -> armstub_main (C: what the firmware left,
 * 	the device tree) -> el3_start (el3/, which stays) -> the kernel at EL2
 * The others wait in el3/.
 *
 * Invariant: this image runs where it is linked, at 0, and all of it lies in memory as written: no
 * cache is on at this level, ever.
 */
#include "armstub/armstub.h"

#include "arm/asm.h"
#include "arm/bcm2711.h"
#include "arm/sysreg.h"
#include "start/boot_info.h"
#include "start/macros.h"

/* clang-format off */

	.section .armstub.head, "ax"

FUNC armstub_entry
	b	armstub_reset

	/* The firmware's own stub has its spin table up to here. */
	.org	armstub_entry + ARMSTUB_MAGIC_AT
	.globl	armstub_handover
armstub_handover:
	.word	ARMSTUB_MAGIC
	.word	0, 0, 0
ENDFUNC armstub_entry

	.text

LOCAL_FUNC armstub_reset
	msr	daifset, #0xf
	msr	spsel, #1
	bl	el3_stack
	mov	sp, x0
	mrs	x9, CurrentEL
	cmp	x9, #CurrentEL_EL3
	b.ne	1f			/* armstub_main will say so */
	/*
	 * At once: L2CTLR before there is traffic in the L2, SMPEN before any cache maintenance
	 * (Arm 100095).
	 */
	bl	el3_bcm2711_set_l2
	bl	el3_errata_init_core
	/* Unknown after a reset, and the waits for a UART are measured by it. */
	LOAD_IMM x0, BCM2711_CRYSTAL_HZ
	msr	cntfrq_el0, x0
1:	bl	caches_off
	bl	elect
	cbz	x0, 2f

	/* From here on there is one core. */
	bl	early_vectors_set
	ADR_L	x0, boot_stack_top
	mov	sp, x0
	mov	x29, #0
	/* uint64_t armstub_main(struct boot_info *boot): the kernel's entry */
	ADR_L	x0, boot_info
	bl	armstub_main
	mov	x20, x0
	bl	el3_stack		/* where SMC finds it */
	mov	sp, x0
	ADR_L	x0, boot_info
	mov	x1, x20
	bl	el3_start		/* sets ELR_EL3 and SPSR_EL3 */
	ADR_L	x0, boot_info
	ldr	x0, [x0, #BOOT_X]	/* the device tree; x1-x3 are 0 by the boot protocol */
	.irp	n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	mov	x\n, xzr
	.endr
	eret
	dsb	nsh			/* nothing is speculated beyond the ERET */
	isb

2:	bl	el3_stack
	mov	sp, x0
	b	el3_bystander
ENDFUNC armstub_reset

	.bss
	.balign	16
	.space	ARMSTUB_STACK_SIZE
	.globl	boot_stack_top
boot_stack_top:				/* of start/early_vectors.S too */
