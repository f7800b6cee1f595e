/*
 * vectors.S - where a core comes into EL3, and where it waits there: SMC from below is served
 * (el3/trap.c), nothing else should come.
 */
#define LEVEL(name)	 el3_##name
#define SERVED_AT_ONCE	 FORGET_BRANCHES
#define SERVED_SOON
#define LEVEL_STACK_SIZE 2048
#include "arm/sysreg.h"

/* clang-format off */

/*
 * SMCCC_ARCH_WORKAROUND_1 (arm/smccc.h: 0x80008000), which a kernel may make at each switch of
 * address space: served without a single access to memory, for none is cached here.  What it asks
 * first is whether it is served at all (el3/predictor.c); x30 waits in TPIDR_EL3, which nobody
 * uses; x0 to x3 are the call's to lose.
 */
.macro	FORGET_BRANCHES
	msr	tpidr_el3, x30
	mrs	x30, ttbr0_el3
	cbz	x30, .Lother
	mrs	x30, esr_el3
	lsr	x30, x30, #(ESR_EC_SHIFT - 1)
	cmp	x30, #(ESR_EC_SMC64 << 1 | 1)	/* with IL: 32 bits of instruction */
	mov	w30, #0x80008000
	ccmp	w0, w30, #0, eq
	b.eq	forget_branches
.Lother:
	mrs	x30, tpidr_el3
.endm

/* clang-format on */

#include "arm/resident_vectors.S"

/* clang-format off */

/* void el3_bystander(void) */
FUNC el3_bystander
	/* uint64_t el3_join(void): waits for the first */
	bl	el3_join
	adr	x9, join_there
	add	x9, x9, x0
	ic	iallu			/* what was copied there is fetched anew */
	dsb	nsh
	isb
	br	x9
ENDFUNC el3_bystander

/* Where el3/ stays: its stack is another. */
LOCAL_FUNC join_there
	bl	el3_stack
	mov	sp, x0
	/* void el3_join_there(void): makes this core ready */
	bl	el3_join_there
	b	el3_park
ENDFUNC join_there

/* __noreturn void el3_park(void) */
FUNC el3_park
	bl	el3_stack
	mov	sp, x0
	/* uint64_t el3_wait_on(void): x0 = context; ELR_EL3 and SPSR_EL3 are set */
	bl	el3_wait_on
	.irp	n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	mov	x\n, xzr
	.endr
	eret
	dsb	nsh			/* nothing is speculated beyond the ERET */
	isb
ENDFUNC el3_park

/* From FORGET_BRANCHES, and back to the level below: as el3_predictor_forget does it. */
LOCAL_FUNC forget_branches
	mrs	x0, sctlr_el3
	orr	x1, x0, #SCTLR_M
	msr	sctlr_el3, x1
	isb
	msr	sctlr_el3, x0
	isb
	mov	x0, #0				/* SMCCC_SUCCESS */
	mrs	x30, tpidr_el3
	eret
	dsb	nsh
	isb
ENDFUNC forget_branches

	.bss
	.balign	16
el3_stacks:
	.space	MPIDR_SLOTS * LEVEL_STACK_SIZE
