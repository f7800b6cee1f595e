/*
 * vectors.S - where a core comes into EL3, and where it waits there: SMC from below is served
 * (el3/trap.c), nothing else should come.
 */
#define LEVEL(name) el3_##name
#include "arm/resident_vectors.S"

/* clang-format off */

/* void el3_bystander(void) */
FUNC el3_bystander
	/* void el3_join(void): waits for the first, makes this core ready */
	bl	el3_join
	b	el3_park
ENDFUNC el3_bystander

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
ENDFUNC el3_park
