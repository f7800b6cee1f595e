/*
 * secondary.S - a core that is not the first: from wherever it was started to secondary_main.
 *
 * In: x0 = physical address of a struct secondary_boot; MMU off, any level, at any time after the
 * boot core is up. The staircase gives it nothing but its registers, so what it needs is loaded
 * only at EL1.
 */
#include "arm/asm.h"
#include "arm/sysreg.h"
#include "mm/layout.h"
#include "start/macros.h"
#include "start/secondary.h"

/* clang-format off */

	.section .head.text, "ax"

FUNC secondary_entry
	msr	daifset, #0xf
	msr	spsel, #1
	mov	x26, x0
	bl	caches_off
	mov	x27, #0			/* the levels were recorded by the first core */
	adr	x28, secondary_el1
	b	staircase
ENDFUNC secondary_entry

/* A spin table gives no context: the slot in which parked cores wait has it. */
FUNC secondary_spin_entry
	msr	daifset, #0xf
	bl	caches_off
	b	park
ENDFUNC secondary_spin_entry

LOCAL_FUNC secondary_el1
	bl	early_vectors_set
	ldp	x0, x20, [x26, #SECONDARY_ROOT]
	ldp	x21, x22, [x26, #SECONDARY_TASK]
	ldr	x23, [x26, #SECONDARY_CPU]
	VIRT_L	x1, secondary_high, x2
	b	mmu_on
ENDFUNC secondary_el1

	.text

LOCAL_FUNC secondary_high
	bl	idmap_drop
	ADR_L	x0, vectors_el1
	msr	vbar_el1, x0
	msr	tpidr_el1, x22
	isb
	mov	x18, x21
	mov	sp, x20
	stp	x18, xzr, [sp, #-16]!
	mov	x29, #0
	mov	x30, #0
	mov	x0, x23
	bl	secondary_main
	b	.			/* it does not return */
ENDFUNC secondary_high
