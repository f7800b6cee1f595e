/*
 * resident.h - how a core comes into a level that stays resident above the kernel, EL2 or EL3: one
 * stack for each core, and a vector table with one slot that serves.
 *
 * A call from below (HVC, SMC) is served and returned from; every other slot is a mistake that is
 * reported by name. Each entry saves x0-x30: SMCCC asks for x4-x17, a caller that forgot the rest
 * gets it too.  Source: Arm DEN 0028.
 */
#pragma once

#define RESIDENT_FRAME_SIZE 256 /* struct resident_frame */
#define RESIDENT_STACK_SIZE 2048
#define SLOT_LOWER_SYNC	    8 /* of a vector table: synchronous, from a lower level in AArch64 */

#ifndef __ASSEMBLER__

#include <stdint.h>

struct resident_frame {
	uint64_t x[31];
	uint64_t unused;
};

_Static_assert(sizeof(struct resident_frame) == RESIDENT_FRAME_SIZE, "RESIDENT_FRAME_SIZE");

#else

#include "arm/asm.h"
#include "arm/mpidr.h"

/* clang-format off */

.macro RESIDENT_SAVE
	sub	sp, sp, #RESIDENT_FRAME_SIZE
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

.macro RESIDENT_RESTORE
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
	add	sp, sp, #RESIDENT_FRAME_SIZE
.endm

.macro RESIDENT_VECTOR el, slot
	.balign	0x80
.Lslot_\slot:
	.if	\slot == SLOT_LOWER_SYNC
	RESIDENT_SAVE
	b	.Llower_sync
	.else
	msr	spsel, #1		/* the slots of SP_EL0 too */
	mov	x0, #\slot
	b	\el\()_unexpected	/* __noreturn void el_unexpected(unsigned int slot) */
	.endif
	.org	.Lslot_\slot + 0x80
.endm

/*
 * RESIDENT_LEVEL el2 - makes
 *   void *el2_stack(void)	the top of this core's stack; needs no stack itself.  A core that
 *				nobody can name never comes back.
 *   el2_vectors		for VBAR; calls void el2_sync_lower(struct resident_frame *) and
 *				el2_unexpected(slot).
 */
.macro RESIDENT_LEVEL el
	.text
FUNC \el\()_stack
	mrs	x9, mpidr_el1
	MPIDR_SLOT x10, x9, x11, 1f
	adrp	x0, .Lstacks
	add	x0, x0, :lo12:.Lstacks
	add	x10, x10, #1
	mov	x11, #RESIDENT_STACK_SIZE
	madd	x0, x10, x11, x0
	ret
1:	wfi
	b	1b
ENDFUNC \el\()_stack

.Llower_sync:
	mov	x0, sp
	mov	x29, xzr
	bl	\el\()_sync_lower
	RESIDENT_RESTORE
	eret

	.balign	0x800
FUNC \el\()_vectors
	.irp	slot, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	RESIDENT_VECTOR \el, \slot
	.endr
ENDFUNC \el\()_vectors

	.bss
	.balign	16
.Lstacks:
	.space	MPIDR_SLOTS * RESIDENT_STACK_SIZE
	.text
.endm

/* clang-format on */

#endif
