/*
 * macros.h - the few lines that start/'s assembly shares.
 */
#pragma once

#ifdef __ASSEMBLER__
/* clang-format off */

/* The address of a symbol as it is now: physical before the MMU is on, virtual after. */
.macro	ADR_L reg, symbol
	adrp	\reg, \symbol
	add	\reg, \reg, :lo12:\symbol
.endm

/* The address that the linker gave it: virtual, before the MMU is on too. */
.macro	LOAD_VA reg, symbol
	movz	\reg, #:abs_g3:\symbol
	movk	\reg, #:abs_g2_nc:\symbol
	movk	\reg, #:abs_g1_nc:\symbol
	movk	\reg, #:abs_g0_nc:\symbol
.endm

.macro	LOAD_IMM reg, value
	movz	\reg, #((\value) & 0xffff)
	movk	\reg, #(((\value) >> 16) & 0xffff), lsl #16
	movk	\reg, #(((\value) >> 32) & 0xffff), lsl #32
	movk	\reg, #(((\value) >> 48) & 0xffff), lsl #48
.endm

/* clang-format on */
#endif
