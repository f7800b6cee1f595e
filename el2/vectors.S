/*
 * vectors.S - where a core comes into EL2.
 *
 * HVC from below is served and returned from; every other slot is a mistake that is reported by name
 * (el2/trap.c).
 */
#include "arm/asm.h"
#include "arm/mpidr.h"
#include "arm/sysreg.h"
#include "el2/el2.h"

/* clang-format off */

	.text

/* void *el2_stack(void): needs no stack itself */
FUNC el2_stack
	mrs	x9, mpidr_el1
	MPIDR_SLOT x10, x9, x11, 1f
	adrp	x0, el2_stacks
	add	x0, x0, :lo12:el2_stacks
	add	x10, x10, #1
	mov	x11, #EL2_STACK_SIZE
	madd	x0, x10, x11, x0
	ret
1:	wfi				/* a core nobody can name: el2/ has no place for it */
	b	1b
ENDFUNC el2_stack

.macro	SAVE_FRAME
	sub	sp, sp, #EL2_FRAME_SIZE
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

LOCAL_FUNC el2_entry_lower
	mov	x0, sp
	mov	x29, xzr
	bl	el2_sync_lower		/* void el2_sync_lower(struct el2_frame *) */
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
	add	sp, sp, #EL2_FRAME_SIZE
	eret
ENDFUNC el2_entry_lower

.macro	VECTOR slot
	.balign	0x80
.Lslot_\slot:
	.if	\slot == 8		/* synchronous, from a lower level in AArch64: HVC */
	SAVE_FRAME
	b	el2_entry_lower
	.else
	msr	spsel, #1		/* the slots of SP_EL0 too */
	mov	x0, #\slot
	b	el2_unexpected		/* __noreturn void el2_unexpected(unsigned int slot) */
	.endif
	.org	.Lslot_\slot + 0x80
.endm

	.balign	0x800
FUNC el2_vectors
	.irp	slot, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	VECTOR	\slot
	.endr
ENDFUNC el2_vectors

	.bss
	.balign	16
el2_stacks:
	.space	MPIDR_SLOTS * EL2_STACK_SIZE
