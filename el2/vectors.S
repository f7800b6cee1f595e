/*
 * vectors.S - where a core comes into EL2: HVC from below is served (el2/trap.c), nothing else
 * should come while the host runs; el2/switch.S has the table for a guest.
 */
#include "arm/el2call.h"

#define LEVEL(name) el2_##name

/* clang-format off */

/*
 * The host lets a guest run: by its instruction alone, as this is what costs most when it is often.
 * As in a call of C, x1-x17 may be lost.
 */
.macro	RUN_AT_ONCE
	stp	x0, x1, [sp, #-16]!
	mrs	x0, esr_el2
	mov	w1, #ESR_EL2_RUN & 0xffff
	movk	w1, #ESR_EL2_RUN >> 16, lsl #16
	cmp	w0, w1
	ldp	x0, x1, [sp], #16
	b.eq	run_guest
.endm

#define SERVED_AT_ONCE RUN_AT_ONCE
#include "arm/resident_vectors.S"

LOCAL_FUNC run_guest
	stp	x29, x30, [sp, #-16]!
	mov	x29, xzr		/* a backtrace ends here */
	/* int64_t el2_guest_run(uint64_t handle) */
	bl	el2_guest_run
	ldp	x29, x30, [sp], #16
	eret
	dsb	nsh			/* nothing is speculated beyond the ERET */
	isb
ENDFUNC run_guest
