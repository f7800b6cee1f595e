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
/* clang-format on */

#endif
