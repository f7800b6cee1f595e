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

/*
 * Before the MMU is on: the address that a symbol will have then.  Made from where it is: no linked
 * address is read.
 */
.macro	VIRT_L	reg, symbol, tmp
	ADR_L	\reg, \symbol
	ADR_L	\tmp, __image_start
	sub	\reg, \reg, \tmp
	LOAD_IMM \tmp, KERNEL_VA
	add	\reg, \reg, \tmp
.endm

.macro	LOAD_IMM reg, value
	movz	\reg, #((\value) & 0xffff)
	movk	\reg, #(((\value) >> 16) & 0xffff), lsl #16
	movk	\reg, #(((\value) >> 32) & 0xffff), lsl #32
	movk	\reg, #(((\value) >> 48) & 0xffff), lsl #48
.endm

/* clang-format on */
#endif
