/*
 * page_asm.S - pages and much of them: what C cannot say, DC ZVA and pairs of wide registers.
 */
#include "arm/asm.h"
#include "mm/layout.h"

	.text

/* void clear_pages(void *va, size_t n) */
FUNC clear_pages
	add	x3, x0, x1, lsl #PAGE_SHIFT
	mrs	x1, dczid_el0
	tbnz	w1, #4, 3f		/* DZP: DC ZVA is prohibited */
	and	w1, w1, #0xf
	mov	x2, #4
	lsl	x2, x2, x1		/* bytes a DC ZVA zeroes */
	cmp	x2, #64
	b.ne	2f
1:	.rept	32			/* 64 bytes is what all cores have that we know */
	dc	zva, x0
	add	x0, x0, #64
	.endr
	cmp	x0, x3
	b.ne	1b
	ret
2:	cmp	x2, #1024
	b.hi	4f
1:	dc	zva, x0			/* four at a time: a page is a multiple of that */
	add	x0, x0, x2
	dc	zva, x0
	add	x0, x0, x2
	dc	zva, x0
	add	x0, x0, x2
	dc	zva, x0
	add	x0, x0, x2
	cmp	x0, x3
	b.ne	1b
	ret
4:	dc	zva, x0			/* 2 KiB each, the most there is */
	add	x0, x0, x2
	cmp	x0, x3
	b.ne	4b
	ret
3:	stp	xzr, xzr, [x0], #16
	stp	xzr, xzr, [x0], #16
	cmp	x0, x3
	b.ne	3b
	ret
ENDFUNC clear_pages

/* The next @bytes, a multiple of 64: of each 64 all are read before one is written. */
.macro MOVE bytes
	.rept	\bytes / 64
	ldp	q0, q1, [x1], #32
	ldp	q2, q3, [x1], #32
	stp	q0, q1, [x0], #32
	stp	q2, q3, [x0], #32
	.endr
.endm

/*
 * void copy_wide(void *dst, const void *src, size_t n)
 *
 * V0-V3 are EL0's, and may be the only copy of them (task/fp.h): back they go.  Nothing between can
 * switch tasks, and an interrupt does not look at them.
 */
FUNC copy_wide
	stp	q0, q1, [sp, #-64]!
	stp	q2, q3, [sp, #32]
	subs	x2, x2, #512
	b.lo	2f
1:	MOVE	512
	subs	x2, x2, #512
	b.hs	1b
2:	ands	x2, x2, #511		/* the bits say what is left */
	b.eq	9f
	tbz	x2, #8, 3f
	MOVE	256
3:	tbz	x2, #7, 4f
	MOVE	128
4:	tbz	x2, #6, 5f
	MOVE	64
5:	tbz	x2, #5, 6f
	ldp	q0, q1, [x1], #32
	stp	q0, q1, [x0], #32
6:	tbz	x2, #4, 7f
	ldr	q0, [x1], #16
	str	q0, [x0], #16
7:	ands	x2, x2, #15
	b.eq	9f
8:	ldrb	w3, [x1], #1
	strb	w3, [x0], #1
	subs	x2, x2, #1
	b.ne	8b
9:	ldp	q2, q3, [sp, #32]
	ldp	q0, q1, [sp], #64
	ret
ENDFUNC copy_wide

/*
 * void sync_icache_page(const void *va)
 *
 * CTR_EL0 says how long the lines are, and whether a step can be left out: IDC (bit 28), data is
 * coherent to the point of unification as it is; DIC (bit 29), instruction caches follow it by
 * themselves.  L1Ip (bits 15:14): only what is PIPT finds the lines of all addresses that the page
 * has; of others (VIPT: Cortex-A53) the program's own may lie elsewhere than @va's, and all goes
 * (DDI 0487, D7.5.10.4).
 *
 * Cortex-A53 may lose a store by DC CVAU (erratum 855873 and its kin: Arm EPM 048406): DC CIVAC
 * there.
 */
#define CTR_L1Ip_PIPT 3
#define MIDR_A53      0x410fd030	/* without variant and revision: each has one of these */

FUNC sync_icache_page
	mrs	x1, ctr_el0
	mov	x2, #4
	tbnz	x1, #28, 2f
	ubfx	x3, x1, #16, #4		/* DminLine: log2 of words */
	lsl	x3, x2, x3
	mov	x4, x0
	add	x5, x0, #PAGE_SIZE
	mrs	x6, midr_el1
	bic	x6, x6, #0xf00000
	bic	x6, x6, #0xf
	mov	w7, #MIDR_A53 & 0xffff
	movk	w7, #MIDR_A53 >> 16, lsl #16
	cmp	w6, w7
	b.eq	5f
1:	dc	cvau, x4
	add	x4, x4, x3
	cmp	x4, x5
	b.lo	1b
2:	dsb	ish
	tbnz	x1, #29, 4f
	ubfx	x3, x1, #14, #2
	cmp	x3, #CTR_L1Ip_PIPT
	b.ne	6f
	and	x3, x1, #0xf		/* IminLine */
	lsl	x3, x2, x3
	mov	x4, x0
	add	x5, x0, #PAGE_SIZE
3:	ic	ivau, x4
	add	x4, x4, x3
	cmp	x4, x5
	b.lo	3b
	dsb	ish
4:	isb
	ret
5:	dc	civac, x4
	add	x4, x4, x3
	cmp	x4, x5
	b.lo	5b
	b	2b
6:	ic	ialluis
	dsb	ish
	isb
	ret
ENDFUNC sync_icache_page

/* void drop_icaches(void) */
FUNC drop_icaches
	ic	ialluis
	dsb	ish
	isb
	ret
ENDFUNC drop_icaches

/* void flush_pages(const void *va, size_t n) */
FUNC flush_pages
	add	x3, x0, x1, lsl #PAGE_SHIFT
	mrs	x1, ctr_el0
	ubfx	x1, x1, #16, #4		/* DminLine: log2 of words */
	mov	x2, #4
	lsl	x2, x2, x1
	cmp	x2, #64
	b.ne	2f
1:	.rept	64			/* as all cores have it that we know */
	dc	civac, x0
	add	x0, x0, #64
	.endr
	cmp	x0, x3
	b.ne	1b
	dsb	sy
	ret
2:	dc	civac, x0
	add	x0, x0, x2
	cmp	x0, x3
	b.lo	2b
	dsb	sy
	ret
ENDFUNC flush_pages
