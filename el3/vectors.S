/*
 * vectors.S - where a core comes into EL3, and where it waits there.
 *
 * SMC from below is served and returned from; every other slot is a mistake that is reported by name
 * (el3/trap.c).  Every entry saves x0-x30: SMCCC asks for x4-x17, a caller that forgot the rest gets it too.
 */
#include "arm/asm.h"
#include "arm/mpidr.h"
#include "arm/sysreg.h"
#include "el3/el3.h"

/* clang-format off */

	.text

/* void *el3_stack(void): needs no stack itself */
FUNC el3_stack
	mrs	x9, mpidr_el1
	MPIDR_SLOT x10, x9, x11, 1f
	adrp	x0, el3_stacks
	add	x0, x0, :lo12:el3_stacks
	add	x10, x10, #1
	mov	x11, #EL3_STACK_SIZE
	madd	x0, x10, x11, x0
	ret
1:	wfi				/* a core nobody can name: el3/ has no place for it */
	b	1b
ENDFUNC el3_stack

/* void el3_bystander(void) */
FUNC el3_bystander
	bl	el3_join		/* void el3_join(void): waits for the first, makes this core ready */
	b	el3_park
ENDFUNC el3_bystander

/* __noreturn void el3_park(void) */
FUNC el3_park
	bl	el3_stack
	mov	sp, x0
	bl	el3_wait_on		/* uint64_t el3_wait_on(void): x0 = context; ELR_EL3, SPSR_EL3 are set */
	.irp	n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	mov	x\n, xzr
	.endr
	eret
ENDFUNC el3_park

.macro	SAVE_FRAME
	sub	sp, sp, #EL3_FRAME_SIZE
	stp	x0, x1, [sp, #0]
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	str	x30, [sp, #240]
.endm

LOCAL_FUNC el3_entry_lower
	mov	x0, sp
	mov	x29, xzr
	bl	el3_sync_lower		/* void el3_sync_lower(struct el3_frame *) */
	ldp	x0, x1, [sp, #0]
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldp	x18, x19, [sp, #144]
	ldp	x20, x21, [sp, #160]
	ldp	x22, x23, [sp, #176]
	ldp	x24, x25, [sp, #192]
	ldp	x26, x27, [sp, #208]
	ldp	x28, x29, [sp, #224]
	ldr	x30, [sp, #240]
	add	sp, sp, #EL3_FRAME_SIZE
	eret
ENDFUNC el3_entry_lower

.macro	VECTOR slot
	.balign	0x80
.Lslot_\slot:
	.if	\slot == 8		/* synchronous, from a lower level in AArch64: SMC */
	SAVE_FRAME
	b	el3_entry_lower
	.else
	msr	spsel, #1		/* the slots of SP_EL0 too */
	mov	x0, #\slot
	b	el3_unexpected		/* __noreturn void el3_unexpected(unsigned int slot) */
	.endif
	.org	.Lslot_\slot + 0x80
.endm

	.balign	0x800
FUNC el3_vectors
	.irp	slot, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	VECTOR	\slot
	.endr
ENDFUNC el3_vectors

	.bss
	.balign	16
el3_stacks:
	.space	MPIDR_SLOTS * EL3_STACK_SIZE
