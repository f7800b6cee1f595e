/*
 * cache.S - caches before the kernel's own tables are on: what a loader has left in them, and what
 * has to be in memory for a core that runs without.
 */
#include "arm/asm.h"
#include "arm/sysreg.h"
#include "start/macros.h"

/* clang-format off */

	.section .head.text, "ax"

/*
 * caches_off - this core's MMU and data cache off at the level it came in at.
 * A loader that follows the protocol has done so; U-Boot's "go" has not.
 */
FUNC caches_off
	mov	x15, x30
	mrs	x9, CurrentEL
	cmp	x9, #CurrentEL_EL3
	b.eq	3f
	cmp	x9, #CurrentEL_EL2
	b.eq	2f
	mrs	x14, sctlr_el1
	b	4f
2:	mrs	x14, sctlr_el2
	b	4f
3:	mrs	x14, sctlr_el3
4:	tbz	x14, #0, 5f
	/*
	 * The instructions that follow are fetched from memory: nothing of them may be in the cache
	 * alone.
	 */
	ADR_L	x0, __image_start
	ADR_L	x1, __image_end
	bl	dcache_clean_range
5:	LOAD_IMM x10, SCTLR_EL2_OFF	/* the same bits are RES1 at EL3 */
	LOAD_IMM x11, SCTLR_EL1_OFF
	mrs	x9, CurrentEL
	cmp	x9, #CurrentEL_EL3
	b.eq	7f
	cmp	x9, #CurrentEL_EL2
	b.eq	6f
	msr	sctlr_el1, x11
	b	8f
6:	msr	sctlr_el2, x10
	b	8f
7:	msr	sctlr_el3, x10
8:	isb
	ic	iallu
	dsb	nsh
	isb
	ret	x15
ENDFUNC caches_off

/*
 * dcache_clean_range - void dcache_clean_range(uintptr_t start, uintptr_t end)
 * Clean and invalidate to the point of coherency.  Clobbers x0, x2, x3 only.
 */
FUNC dcache_clean_range
	mrs	x2, ctr_el0
	ubfx	x2, x2, #16, #4		/* DminLine: log2 of words */
	mov	x3, #4
	lsl	x2, x3, x2
	sub	x3, x2, #1
	bic	x0, x0, x3
	cmp	x0, x1
	b.hs	2f
1:	dc	civac, x0
	add	x0, x0, x2
	cmp	x0, x1
	b.lo	1b
2:	dsb	sy
	ret
ENDFUNC dcache_clean_range
