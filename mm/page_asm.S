/*
 * page_asm.S - a whole page at a time: what C cannot say, DC ZVA and pairs of registers.
 */
#include "arm/asm.h"
#include "mm/layout.h"

	.text

/* void clear_page(void *va) */
FUNC clear_page
	mrs	x1, dczid_el0
	tbnz	w1, #4, 2f		/* DZP: DC ZVA is prohibited */
	and	w1, w1, #0xf
	mov	x2, #4
	lsl	x2, x2, x1		/* bytes a DC ZVA zeroes */
	add	x3, x0, #PAGE_SIZE
1:	dc	zva, x0
	add	x0, x0, x2
	cmp	x0, x3
	b.ne	1b
	ret
2:	add	x3, x0, #PAGE_SIZE
3:	stp	xzr, xzr, [x0], #16
	stp	xzr, xzr, [x0], #16
	cmp	x0, x3
	b.ne	3b
	ret
ENDFUNC clear_page

/* void copy_page(void *dst, const void *src) */
FUNC copy_page
	add	x2, x1, #PAGE_SIZE
1:	ldp	x3, x4, [x1], #16
	ldp	x5, x6, [x1], #16
	ldp	x7, x8, [x1], #16
	ldp	x9, x10, [x1], #16
	stp	x3, x4, [x0], #16
	stp	x5, x6, [x0], #16
	stp	x7, x8, [x0], #16
	stp	x9, x10, [x0], #16
	cmp	x1, x2
	b.ne	1b
	ret
ENDFUNC copy_page
