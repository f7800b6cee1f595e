/*
 * errata.S - the one register that the way down may write and that may be undefined
 * (early_vectors.S survives it between the two labels).
 */
#include "arm/asm.h"
#include "arm/errata.h"

/* clang-format off */

	.section .head.text, "ax"

/* uint64_t early_cpuactlr(uint64_t set, uint64_t clear) */
FUNC early_cpuactlr
	mrs	x2, CPUACTLR_EL1
	orr	x3, x2, x0
	bic	x3, x3, x1
	cmp	x2, x3
	b.eq	1f
	dsb	sy			/* DDI 100095: no access to memory under way */
	msr	CPUACTLR_EL1, x3
	isb
	mrs	x2, CPUACTLR_EL1
1:	mov	x0, x2
	.globl	early_cpuactlr_end
early_cpuactlr_end:
	ret
ENDFUNC early_cpuactlr
