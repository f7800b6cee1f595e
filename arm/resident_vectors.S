/*
 * resident_vectors.S - how a core comes into a level that stays resident above the kernel: a vector
 * table with two slots that serve, another that notes what is served (arm/level_notes.h), and a
 * stack for each core.
 *
 * A call from below (HVC, SMC; Arm DEN 0028), in AArch64 or AArch32, is served and returned from;
 * every other slot is a mistake that is reported by name.  el2/vectors.S and el3/vectors.S include
 * this file, each with LEVEL(name) making the symbols its own: no level runs what a lower one can
 * write.  SERVED_AT_ONCE is what a level does, if anything, before a register is saved, SERVED_SOON
 * when x0-x29 are in the frame and still what they were; LEVEL_STACK_SIZE is
 * the bytes of each core's stack, of MPIDR_SLOTS at LEVEL(stacks).
 */
#include "arm/asm.h"
#include "arm/mpidr.h"
#include "arm/resident.h"
#include "arm/slots.h"

/* clang-format off */

	.text

.macro	RESIDENT_TABLE name, serve, at_once
FUNC \name
	.set	slot, 0
	.rept	SLOTS
	.org	\name + slot * SLOT_SIZE
	.if	\at_once && slot == SLOT_LOWER64 + SLOT_SYNC
	SERVED_AT_ONCE
	.endif
	.if	slot == SLOT_LOWER64 + SLOT_SYNC || slot == SLOT_LOWER32 + SLOT_SYNC
	sub	sp, sp, #RESIDENT_FRAME_SIZE
	SAVE_X0_X29
	b	\serve
	.else
	msr	spsel, #1		/* the slots of SP_EL0 too */
	mov	x0, #slot
	/* __noreturn void LEVEL(unexpected)(unsigned int slot) */
	b	LEVEL(unexpected)
	.endif
	.set	slot, slot + 1
	.endr
	.org	\name + SLOTS * SLOT_SIZE
ENDFUNC \name
.endm

/*
 * A pair, aligned to its size: by one bit of VBAR a core changes between them (level_table()).
 * First of all: their alignment is the section's, and code before them would cost as much.
 */
	.balign	2 * SLOTS * SLOT_SIZE
RESIDENT_TABLE LEVEL(vectors), lower_sync, 1
/* What is served at once is seen by nobody: here it goes the long way. */
RESIDENT_TABLE LEVEL(vectors_noting), lower_sync_noting, 0

/*
 * void *LEVEL(stack)(void): the top of this core's stack; needs no stack itself.  A core without a
 * slot never comes back.
 */
FUNC LEVEL(stack)
	mrs	x9, mpidr_el1
	MPIDR_SLOT x10, x9, x11, 1f
	adrp	x0, LEVEL(stacks)
	add	x0, x0, :lo12:LEVEL(stacks)
	add	x10, x10, #1
	mov	x11, #LEVEL_STACK_SIZE
	madd	x0, x10, x11, x0
	ret
1:	wfi
	b	1b
ENDFUNC LEVEL(stack)

/* SP = a struct resident_frame of the level below, x30 of it not yet saved. */
.macro	LOWER_SYNC function
	str	x30, [sp, #240]
	mov	x0, sp
	mov	x29, xzr		/* a backtrace ends here */
	bl	\function
	RESTORE_X0_X29
	ldr	x30, [sp, #240]
	add	sp, sp, #RESIDENT_FRAME_SIZE
	eret
	dsb	nsh			/* nothing is speculated beyond the ERET */
	isb
.endm

LOCAL_FUNC lower_sync
	SERVED_SOON
	/* void LEVEL(sync_lower)(struct resident_frame *f) */
	LOWER_SYNC LEVEL(sync_lower)
ENDFUNC lower_sync

LOCAL_FUNC lower_sync_noting
	/* void LEVEL(sync_lower_noting)(struct resident_frame *f) */
	LOWER_SYNC LEVEL(sync_lower_noting)
ENDFUNC lower_sync_noting

