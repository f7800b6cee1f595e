/*
 * asm.h - the one form in which an assembly routine is written: FUNC(name) … ENDFUNC(name).
 * Every routine says its C prototype in the comment above it.
 */
#pragma once

#ifdef __ASSEMBLER__

/* clang-format off */
.macro FUNC name
	.globl	\name
	.type	\name, %function
	.balign	16
\name:
.endm

.macro LOCAL_FUNC name
	.type	\name, %function
	.balign	16
\name:
.endm

.macro ENDFUNC name
	.size	\name, . - \name
.endm
/* What a vector saves before any register is free: x0..x29, each at SP + 8 * its number. */
.macro SAVE_X0_X29
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
.endm

.macro RESTORE_X2_X17
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
.endm

.macro RESTORE_X0_X29
	ldp	x0, x1, [sp, #0]
	RESTORE_X2_X17
	ldp	x18, x19, [sp, #144]
	ldp	x20, x21, [sp, #160]
	ldp	x22, x23, [sp, #176]
	ldp	x24, x25, [sp, #192]
	ldp	x26, x27, [sp, #208]
	ldp	x28, x29, [sp, #224]
.endm
/* clang-format on */

#endif
