/*
 * vectors.S - a vector table for each core that counts what comes through, and goes on in the
 * kernel's, as if nothing had been.
 *
 * A slot finds every register in use, and a stack that may have run over: only the kernel's slot
 * looks.  So it leaves the stack alone, keeps x0 in TPIDRRO_EL0, which is zero otherwise, and finds
 * a place for x1 in the core's own record, whose address is a constant of this core's table: that
 * is why each core has one.  The flags are free: the interrupted ones are in SPSR_EL1.  They carry
 * which of the kernel's tables is meant past the moment where the registers are the interrupted
 * ones again.  Nothing here can fault, and interrupts are masked, so no slot is entered inside of
 * another.
 *
 * C: extern char own_tables[NR_CPUS * SLOTS * SLOT_SIZE];
 */
#include "arm/slots.h"
#include "modules/own/own.h"

#define NR_CPUS 8 /* arm/percpu.h; own.c asserts it */

/* clang-format off */
.macro OWN_SLOT cpu, slot
	.org	own_tables + (\cpu * SLOTS + \slot) * SLOT_SIZE
	msr	tpidrro_el0, x0
	adrp	x0, own_cores + \cpu * OWN_CORE_SIZE
	add	x0, x0, :lo12:own_cores + \cpu * OWN_CORE_SIZE
	str	x1, [x0, #OWN_X1]
	ldr	x1, [x0, #\slot * 8]
	add	x1, x1, #1
	str	x1, [x0, #\slot * 8]
	ldr	x1, [x0, #OWN_BEHIND]
	msr	nzcv, x1
	ldr	x1, [x0, #OWN_X1]
	mrs	x0, tpidrro_el0
	msr	tpidrro_el0, xzr
	b.cs	2f
	b.eq	1f
	b	vectors_el1 + \slot * SLOT_SIZE
1:	b	vectors_el1_traced + \slot * SLOT_SIZE
2:	b.eq	3f
	b	vectors_bhb + \slot * SLOT_SIZE
3:	b	vectors_bhb_traced + \slot * SLOT_SIZE
.endm

.macro OWN_TABLE cpu
	.irp	slot, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	OWN_SLOT \cpu, \slot
	.endr
.endm

	.text
	.balign	SLOTS * SLOT_SIZE
	.globl	own_tables
	.type	own_tables, %function	/* so that a backtrace names it */
own_tables:
	.irp	cpu, 0, 1, 2, 3, 4, 5, 6, 7
	OWN_TABLE \cpu
	.endr
	.org	own_tables + NR_CPUS * SLOTS * SLOT_SIZE
	.size	own_tables, . - own_tables

	.section .note.GNU-stack, "", %progbits
