/*
 * early_vectors.S - the net under the way down: where an exception lands before a level has vectors
 * of its own.
 *
 * Serves whichever level it happens at.  Two exceptions are expected: probe_read32 asks for a word
 * that may not be there, early_cpuactlr for a register that may be undefined.  Every other is
 * reported by name on the UART, if that is known by then.
 */
#include "arm/asm.h"
#include "arm/slots.h"
#include "arm/sysreg.h"
#include "start/macros.h"

/* clang-format off */

	.section .head.text, "ax"

/* First: its alignment is the section's, and code before it would cost as much. */
	.balign	SLOTS * SLOT_SIZE
	.weak	vectors_el1		/* until el1/ has its own */
	.set	vectors_el1, early_vectors
LOCAL_FUNC early_vectors
	.set	slot, 0
	.rept	SLOTS
	.balign	SLOT_SIZE
	mov	x9, #slot
	b	early_fault
	.set	slot, slot + 1
	.endr
	.balign	SLOT_SIZE
ENDFUNC early_vectors

/* \op the ELR, ESR … of the level that x12 (CurrentEL) names. */
.macro	AT_LEVEL el1, el2, el3
	cmp	x12, #CurrentEL_EL2
	b.hi	.Lel3\@
	b.eq	.Lel2\@
	\el1
	b	.Lend\@
.Lel2\@:
	\el2
	b	.Lend\@
.Lel3\@:
	\el3
.Lend\@:
.endm

/* void early_vectors_set(void) */
FUNC early_vectors_set
	ADR_L	x9, early_vectors
	mrs	x12, CurrentEL
	AT_LEVEL "msr vbar_el1, x9", "msr vbar_el2, x9", "msr vbar_el3, x9"
	isb
	ret
ENDFUNC early_vectors_set

/* uint64_t probe_read32(uint64_t pa): the word at @pa, or all ones if nothing answers there. */
FUNC probe_read32
	mrs	x1, isr_el1
.Lprobe:
	ldr	w0, [x0]
	dsb	sy
	/*
	 * On a Raspberry Pi 4 the word of an absent device is any word, and an SError follows: one
	 * that was not pending before says that nothing is there.
	 */
	mrs	x2, isr_el1
	bic	x2, x2, x1
	tbz	x2, #ISR_EL1_A_SHIFT, 1f
	mov	x0, #-1
1:	ret
ENDFUNC probe_read32

LOCAL_FUNC early_fault
	mrs	x12, CurrentEL
	AT_LEVEL "mrs x10, elr_el1", "mrs x10, elr_el2", "mrs x10, elr_el3"
	AT_LEVEL "mrs x11, esr_el1", "mrs x11, esr_el2", "mrs x11, esr_el3"
	ADR_L	x13, early_cpuactlr
	ADR_L	x14, early_cpuactlr_end
	cmp	x10, x13
	ccmp	x10, x14, #2, hs
	b.lo	3f
	adr	x13, .Lprobe
	cmp	x10, x13
	b.ne	1f
	ubfx	x14, x11, #ESR_EC_SHIFT, #6
	cmp	x14, #ESR_EC_DABT_CUR
	b.ne	1f
	add	x10, x10, #4
4:	AT_LEVEL "msr elr_el1, x10", "msr elr_el2, x10", "msr elr_el3, x10"
	mov	x0, #-1
	eret
3:	ubfx	x14, x11, #ESR_EC_SHIFT, #6
	cmp	x14, #ESR_EC_UNKNOWN
	b.ne	1f
	mov	x10, x30		/* back to the caller, with the answer that there is none */
	b	4b
1:	AT_LEVEL "mrs x3, far_el1", "mrs x3, far_el2", "mrs x3, far_el3"
	ADR_L	x0, boot_stack_top
	mov	sp, x0
	mov	x0, x9
	mov	x1, x11
	mov	x2, x10
	bl	early_report
2:	wfi
	b	2b
ENDFUNC early_fault
