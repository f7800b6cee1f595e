/*
 * elect.S - one core of all that a reset starts.
 */
#include "arm/asm.h"
#include "arm/mpidr.h"
#include "start/macros.h"
#include "start/start.h"

/* clang-format off */

	.section .head.text, "ax"

/*
 * elect - bool elect(void): whether this core is the one that boots.
 *
 * By plain loads and stores, because exclusives promise nothing while the MMU is off.  Affinity 0
 * goes on at once: where a reset starts all cores, it is there.  Any other core waits to see it do
 * so, and takes its place only after a time in which a running core 0 must have been seen (a loader
 * may well start us on another core alone); of two such cores the one that wrote last wins
 * (Fischer's algorithm).
 */
FUNC elect
	mrs	x9, mpidr_el1
	LOAD_IMM x10, MPIDR_AFFINITY_MASK
	and	x9, x9, x10
	add	x9, x9, #1		/* never 0: that means none */
	ADR_L	x11, park_claim
	cmp	x9, #1
	b.eq	2f
	mov	x12, #ELECT_POLLS
1:	ldr	x13, [x11]
	cbnz	x13, lost
	yield
	subs	x12, x12, #1
	b.ne	1b
2:	ldr	x13, [x11]
	cbnz	x13, lost
	str	x9, [x11]
	dsb	sy
	cmp	x9, #1
	b.eq	won
	mov	x12, #ELECT_POLLS
3:	yield
	subs	x12, x12, #1
	b.ne	3b
	ldr	x13, [x11]
	cmp	x13, x9
	b.ne	lost
won:	mov	x0, #1
	ret
lost:	mov	x0, #0
	ret
ENDFUNC elect
