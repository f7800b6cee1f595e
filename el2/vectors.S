/*
 * vectors.S - where a core comes into EL2: HVC and SMC from below are served (el2/trap.c), nothing
 * else should come while the host runs (el2/switch.S has the table for a guest); and how a core
 * comes here at first, with the MMU off.
 */
#include "arm/el2call.h"
#include "arm/resident.h"
#include "arm/sysreg.h"
#include "el2/board.h"
#include "el2/el2.h"

/* clang-format off */

/*
 * The host lets a guest run: by its instruction alone, as this is what costs most when it is often.
 * As in a call of C, x1-x17 may be lost.
 */
.macro	RUN_AT_ONCE
	stp	x0, x1, [sp, #-16]!
	mrs	x0, esr_el2
	mov	w1, #ESR_EL2_RUN & 0xffff
	movk	w1, #ESR_EL2_RUN >> 16, lsl #16
	cmp	w0, w1
	ldp	x0, x1, [sp], #16
	b.eq	run_guest
.endm

/*
 * SMCCC_ARCH_WORKAROUND_1 (arm/smccc.h: 0x80008000), which the host may make at each switch of
 * address space: passed on by these few instructions.  x0 to x3 are the call's to lose.
 */
.macro	FORGET_BRANCHES
	mrs	x9, esr_el2
	lsr	x9, x9, #(ESR_EC_SHIFT - 1)
	cmp	x9, #(ESR_EC_SMC64 << 1 | 1)	/* with IL: 32 bits of instruction */
	mov	w9, #0x80008000
	ccmp	w0, w9, #0, eq
	b.ne	.Lother
	adrp	x9, el2_board
	add	x9, x9, :lo12:el2_board
	ldrb	w9, [x9, #EL2_BOARD_SMC]
	cbz	w9, .Lother
	mrs	x9, elr_el2
	add	x9, x9, #4		/* of an SMC that was trapped it is at it */
	msr	elr_el2, x9
	smc	#0
	ldr	x9, [sp, #(9 * 8)]
	add	sp, sp, #RESIDENT_FRAME_SIZE
	eret
	dsb	nsh
	isb
.Lother:
.endm

#define LEVEL(name)	 el2_##name
#define SERVED_SOON	 FORGET_BRANCHES
#define SERVED_AT_ONCE	 RUN_AT_ONCE
#define LEVEL_STACK_SIZE EL2_STACK_SIZE
#include "arm/resident_vectors.S"

/*
 * __noreturn void el2_unexpected(unsigned int slot): whatever it was, the line about it must come
 * out, and this level's tables or this core's stack may be what is wrong.  So it is said without
 * the MMU, on the page that guards the stack: nobody else has a use for it.
 */
FUNC el2_unexpected
	mrs	x9, sctlr_el2
	tbz	x9, #0, 1f		/* SCTLR_M: it was off already */
	mov	x19, x0
	bic	x9, x9, #SCTLR_M
	bic	x9, x9, #SCTLR_C
	msr	sctlr_el2, x9
	isb
	bl	el2_stack
	sub	sp, x0, #(EL2_STACK_SIZE - EL2_STACK_GUARD)
	mov	x0, x19
	mov	x29, xzr
	/* __noreturn void el2_last_words(unsigned int slot) */
	b	el2_last_words
1:	wfi
	b	1b
ENDFUNC el2_unexpected

LOCAL_FUNC run_guest
	stp	x29, x30, [sp, #-16]!
	mov	x29, xzr		/* a backtrace ends here */
	/* int64_t el2_guest_run(uint64_t handle) */
	bl	el2_guest_run
	ldp	x29, x30, [sp], #16
	eret
	dsb	nsh			/* nothing is speculated beyond the ERET */
	isb
ENDFUNC run_guest

/* x9 = &el2_boot, wherever the image is. */
.macro	EL2_BOOT
	adrp	x9, el2_boot
	add	x9, x9, :lo12:el2_boot
.endm

/*
 * The ways in, MMU off.  What el2_boot says was cleaned to memory by the first core, which alone
 * wrote it.
 */
FUNC el2_cpu_on_entry
	mov	x0, #EL2_AS_CPU_ON
	b	enter_anew
ENDFUNC el2_cpu_on_entry

FUNC el2_resume_entry
	mov	x0, #EL2_AS_RESUMED
	b	enter_anew
ENDFUNC el2_resume_entry

LOCAL_FUNC enter_anew
	msr	daifset, #0xf
	msr	spsel, #1
	b	el2_come_in
ENDFUNC enter_anew

/* A loader's spin table lets a core go at the loader's level: EL1 has nothing to guard. */
FUNC el2_spin_entry
	msr	daifset, #0xf
	msr	spsel, #1
	mrs	x9, CurrentEL
	cmp	x9, #CurrentEL_EL2
	b.ne	1f
	mov	x9, #(SCTLR_EL2_OFF & 0xffff)
	movk	x9, #(SCTLR_EL2_OFF >> 16), lsl #16
	msr	sctlr_el2, x9
	isb
	b	el2_bystander
1:	EL2_BOOT
	ldr	x10, [x9, #EL2_BOOT_PARK]
	br	x10
ENDFUNC el2_spin_entry

/*
 * What a core waits by until the first has made EL2 ready.  A build of the tests (build/parkwfi)
 * has WFI here, which no event ends: with it only the cores come on that need no further event.
 */
#ifdef PARK_WFI
#define BYSTANDER_WAIT wfi
#else
#define BYSTANDER_WAIT wfe
#endif

/* __noreturn void el2_bystander(void): look first, then wait (start/head.S, park). */
FUNC el2_bystander
	EL2_BOOT
1:	ldr	x10, [x9, #EL2_BOOT_READY]
	cbnz	x10, 2f
	BYSTANDER_WAIT
	b	1b
2:	dmb	sy
	ldr	x0, [x9, #EL2_BOOT_PARK]
	cmp	x10, #EL2_KERNEL_STAYS
	b.ne	el2_come_in
	br	x0
ENDFUNC el2_bystander

/* __noreturn void el2_come_in(uint64_t how) */
FUNC el2_come_in
	mov	x12, x0
	EL2_BOOT
	ldp	x10, x11, [x9, #EL2_BOOT_HCR]
	msr	hcr_el2, x10
	isb				/* E2H gives the registers below their form */
	msr	mair_el2, x11
	ldp	x10, x11, [x9, #EL2_BOOT_TCR]
	msr	tcr_el2, x10
	msr	ttbr0_el2, x11
	ldr	x10, [x9, #EL2_BOOT_SCTLR]
	isb
	tlbi	alle2			/* this core's: what ran before us may have left some */
	dsb	nsh
	isb
	msr	sctlr_el2, x10
	isb
	ic	iallu			/* fetched while the MMU was off */
	dsb	nsh
	isb
	bl	el2_stack
	mov	sp, x0
	mov	x0, x12
	mov	x29, xzr
	/* uint64_t el2_core_start(uint64_t how): x0 for EL1; ELR_EL2 and SPSR_EL2 are set */
	bl	el2_core_start
	/* x19 to x28 are the first core's, on its way down (start/head.S). */
	.irp	n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,29,30
	mov	x\n, xzr
	.endr
	eret
	dsb	nsh			/* nothing is speculated beyond the ERET */
	isb
ENDFUNC el2_come_in

/* void el2_call_el3(struct resident_frame *f): by the convention x18 and on are kept. */
FUNC el2_call_el3
	stp	x19, x30, [sp, #-16]!
	mov	x19, x0
	ldp	x2, x3, [x19, #16]
	ldp	x4, x5, [x19, #32]
	ldp	x6, x7, [x19, #48]
	ldp	x8, x9, [x19, #64]
	ldp	x10, x11, [x19, #80]
	ldp	x12, x13, [x19, #96]
	ldp	x14, x15, [x19, #112]
	ldp	x16, x17, [x19, #128]
	ldp	x0, x1, [x19]
	smc	#0
	stp	x0, x1, [x19]
	stp	x2, x3, [x19, #16]
	stp	x4, x5, [x19, #32]
	stp	x6, x7, [x19, #48]
	stp	x8, x9, [x19, #64]
	stp	x10, x11, [x19, #80]
	stp	x12, x13, [x19, #96]
	stp	x14, x15, [x19, #112]
	stp	x16, x17, [x19, #128]
	ldp	x19, x30, [sp], #16
	ret
ENDFUNC el2_call_el3
