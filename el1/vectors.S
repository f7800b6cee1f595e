/*
 * vectors.S - where every exception to EL1 lands, and the one way back to EL0.
 *
 * EL0 → frame saved whole → C (el1/trap.c, el1/syscall.c) → one load and one branch: is there work?
 * → frame restored → ERET.
 * Invariants: an entry from EL0 finds SP at the top of the task's kernel stack less 16 bytes, where
 * the task's pointer lies; x18 holds that pointer as long as we are at EL1; ESR and FAR are read
 * here and never again.
 *
 * There are four tables, which differ in the slots of entries from EL0: the _traced ones show each
 * SVC to trace/ before it is served, those called vectors_bhb run a loop first that fills the
 * history of branches (el1/spectre.c).  Each core's VBAR_EL1 says which one it uses, so that
 * neither costs anything where it is off.
 */
#include "arm/asm.h"
#include "arm/slots.h"
#include "arm/sysreg.h"
#include "arm/trapframe.h"
#include "el1/trap.h"
#include "mm/layout.h"
#include "task/task.h"

/* clang-format off */

/*
 * The frame of an entry from EL0.  Afterwards x13 = ESR, x18 = the task; x0-x8 and x19-x29 are
 * still the user's.
 */
.macro ENTER_FROM_EL0
	sub	sp, sp, #TF_SIZE
	SAVE_X0_X29
	mrs	x10, sp_el0
	mrs	x11, elr_el1
	mrs	x12, spsr_el1
	mrs	x13, esr_el1
	stp	x30, x10, [sp, #TF_X(30)]
	stp	x11, x12, [sp, #TF_PC]
	ldr	x18, [sp, #TF_SIZE]
.endm

/*
 * Of the branches that EL0 has made none is left in the branch history, by which the kernel's
 * indirect branches are predicted (CVE-2022-23960; Arm, "Spectre-BHB", "Software mitigations"): as
 * many taken branches as the core's history is deep.  Before the first indirect branch.
 */
.macro	FILL_BRANCH_HISTORY
	adrp	x14, spectre_bhb_loops
	ldr	w15, [x14, :lo12:spectre_bhb_loops]
.Lagain\@:
	b	.Lnext\@
.Lnext\@:
	subs	w15, w15, #1
	b.ne	.Lagain\@
	dsb	nsh
	isb
.endm

/* What goes back into system registers. */
.macro RESTORE_PC_SP
	ldp	x11, x12, [sp, #TF_PC]
	ldp	x30, x10, [sp, #TF_X(30)]
	msr	elr_el1, x11
	msr	spsr_el1, x12
	msr	sp_el0, x10
.endm

.macro ERET_TO_EL0
	add	sp, sp, #TF_SIZE
	eret
	dsb	nsh			/* nothing is speculated beyond the ERET */
	isb
.endm

/* From here on other interrupts and SErrors may come. */
.macro UNMASK
	msr	daifclr, #6
.endm

/* ---- from EL0 ---- */

/*
 * A call's way back, when there is no work, is shorter than ret_to_user's: C has kept x19-x29,
 * which are the user's still, and x0 is the answer.  A call that has replaced the frame (execve,
 * rt_sigreturn) has replaced the FP state too: that is work.
 */
.macro EL0_SYNC name, traced, bhb
LOCAL_FUNC \name
	ENTER_FROM_EL0
	.if	\bhb
	FILL_BRANCH_HISTORY
	.endif
	lsr	x14, x13, #ESR_EC_SHIFT
	cmp	x14, #ESR_EC_SVC64
	b.ne	el0_not_svc
	str	x13, [sp, #TF_ESR]
	stp	x0, x8, [sp, #TF_ORIG_X0]
	.if	\traced
	mov	x6, sp			/* x0-x5 are still the user's */
	mov	x7, x8
	bl	svc_trace_enter
	ldp	x0, x1, [sp, #TF_X(0)]
	ldp	x2, x3, [sp, #TF_X(2)]
	ldp	x4, x5, [sp, #TF_X(4)]
	ldr	x8, [sp, #TF_X(8)]
	.endif
	UNMASK
	mov	w6, w8
	bl	syscall_dispatch	/* x0-x5 are the user's */
	msr	daifset, #0xf
	ldr	w9, [x18, #TASK_WORK]
	.if	\traced
	/* The record is made here where it is the only work, and goes to the ring alone. */
	adrp	x10, trace_svc_plain
	ldr	w10, [x10, :lo12:trace_svc_plain]
	cmp	w9, #WORK_TRACE
	b.ne	1f
	cbz	w10, 1f
	mov	x1, sp
	bl	svc_trace_leave
	.else
	cbnz	w9, 1f
	.endif
#ifdef CHECKED
	str	x0, [sp, #TF_X(0)]
	bl	stretch_leave
	ldr	x0, [sp, #TF_X(0)]
#endif
	RESTORE_PC_SP
	ldr	x1, [sp, #TF_X(1)]
	RESTORE_X2_X17
	ldr	x18, [sp, #TF_X(18)]
	ERET_TO_EL0
1:	str	x0, [sp, #TF_X(0)]
	b	ret_to_user
ENDFUNC \name
.endm

	.text

EL0_SYNC el0_sync, 0, 0
EL0_SYNC el0_sync_traced, 1, 0
EL0_SYNC el0_sync_bhb, 0, 1
EL0_SYNC el0_sync_bhb_traced, 1, 1

LOCAL_FUNC el0_not_svc
	mrs	x14, far_el1
	mov	x15, #-1
	stp	x13, x14, [sp, #TF_ESR]
	stp	x0, x15, [sp, #TF_ORIG_X0]
	mov	x0, sp
	bl	trap_el0_sync
	b	ret_to_user
ENDFUNC el0_not_svc

.macro EL0_IRQ name, bhb
LOCAL_FUNC \name
	ENTER_FROM_EL0
	.if	\bhb
	FILL_BRANCH_HISTORY
	.endif
	mov	x15, #-1
	stp	x13, xzr, [sp, #TF_ESR]
	stp	x0, x15, [sp, #TF_ORIG_X0]
	mov	x0, sp
	bl	trap_el0_irq
	b	ret_to_user
ENDFUNC \name
.endm

EL0_IRQ el0_irq, 0
EL0_IRQ el0_irq_bhb, 1

LOCAL_FUNC el0_serror
	ENTER_FROM_EL0
	mov	x15, #-1
	stp	x13, xzr, [sp, #TF_ESR]
	stp	x0, x15, [sp, #TF_ORIG_X0]
	mov	x0, sp
	bl	trap_el0_serror
	b	ret_to_user
ENDFUNC el0_serror

/*
 * ret_to_user - the whole frame's way back to EL0, for every exception and for a new task's first
 * step.  SP = the frame, x18 = the task. The work flags are looked at with interrupts masked, so
 * that none is set between the look and the ERET.
 */
FUNC ret_to_user
	msr	daifset, #0xf
	ldr	w19, [x18, #TASK_WORK]
	cbnz	w19, 2f
1:
#ifdef CHECKED
	bl	stretch_leave		/* it keeps x18, and all else is in the frame */
#endif
	RESTORE_PC_SP
	RESTORE_X0_X29
	ERET_TO_EL0
2:	mov	x0, sp
	bl	exit_work		/* returns with everything masked again */
	b	1b
ENDFUNC ret_to_user

/* ---- from EL1 ---- */

/*
 * The frame of an exception taken from EL1 itself, on the stack it was on.  The slot has made room
 * for it and knows that the stack has not run over.  x18 stays: it is the task's whatever happened.
 */
.macro ENTER_FROM_EL1
	SAVE_X0_X29
	add	x21, sp, #TF_SIZE
	mrs	x22, elr_el1
	mrs	x23, spsr_el1
	mrs	x24, esr_el1
	mrs	x25, far_el1
	mov	x26, #-1
	stp	x30, x21, [sp, #TF_X(30)]
	stp	x22, x23, [sp, #TF_PC]
	stp	x24, x25, [sp, #TF_ESR]
	stp	x0, x26, [sp, #TF_ORIG_X0]
	add	x29, sp, #TF_X(29)	/* a frame record: a backtrace goes on through it */
	mov	x0, sp
.endm

LOCAL_FUNC el1_sync
	ENTER_FROM_EL1
	bl	trap_el1_sync
	b	ret_to_kernel
ENDFUNC el1_sync

LOCAL_FUNC el1_irq
	ENTER_FROM_EL1
	bl	trap_el1_irq
	b	ret_to_kernel
ENDFUNC el1_irq

LOCAL_FUNC el1_serror
	ENTER_FROM_EL1
	mov	x1, #SLOT_SPX + SLOT_SERROR
	bl	trap_unexpected
	b	.			/* it does not return */
ENDFUNC el1_serror

LOCAL_FUNC ret_to_kernel
	msr	daifset, #0xf
	ldp	x22, x23, [sp, #TF_PC]
	ldr	x30, [sp, #TF_X(30)]
	msr	elr_el1, x22
	msr	spsr_el1, x23
	RESTORE_X0_X29
	add	sp, sp, #TF_SIZE
	eret
	dsb	nsh
	isb
ENDFUNC ret_to_kernel

/*
 * A slot that nothing should ever come through: which one it was (arm/slots.h) goes along, the dump
 * has the rest.
 */
.macro UNEXPECTED slot
LOCAL_FUNC unexpected_\slot
	.if	\slot >= SLOT_LOWER64
	sub	sp, sp, #TF_SIZE	/* from EL0: the stack is empty, no check was due */
	.endif
	ENTER_FROM_EL1
	mov	x1, #\slot
	bl	trap_unexpected
	b	.			/* it does not return */
ENDFUNC unexpected_\slot
.endm

	.irp	slot, 0, 1, 2, 3, 6, 10, 12, 13, 14, 15
	UNEXPECTED \slot
	.endr

/* SP = a frame on the core's emergency stack.  @percpu: where the core's data is.  x0 is lost. */
	.macro SP_TO_EMERGENCY_STACK percpu
	adrp	x0, emergency_stack + EMERGENCY_STACK_SIZE - TF_SIZE
	add	x0, x0, :lo12:emergency_stack + EMERGENCY_STACK_SIZE - TF_SIZE
	mov	sp, x0
	mrs	x0, \percpu
	add	sp, sp, x0
	.endm

/*
 * The kernel's stack has run over.  x0 is as it was, SP is where the frame would have begun; the
 * frame goes to the core's emergency stack instead.  TPIDRRO_EL0 and TPIDR_EL0 hold what there is
 * no register for: this core goes no further than a panic.
 */
LOCAL_FUNC stack_overflowed
	msr	tpidrro_el0, x0
	add	x0, sp, #TF_SIZE
	msr	tpidr_el0, x0
	SP_TO_EMERGENCY_STACK tpidr_el1
	mrs	x0, tpidrro_el0
	ENTER_FROM_EL1
	mrs	x21, tpidr_el0
	str	x21, [sp, #TF_SP]
	bl	trap_stack_overflow
	b	.			/* it does not return */
ENDFUNC stack_overflowed

/*
 * void vhe_unexpected(unsigned int slot): an exception of the kernel's own between host and guest
 * (newel.el2=vhe; el2/switch.S's tables are in).  TPIDRRO_EL0 = the kernel's x0, TPIDR_EL2 = where
 * this core's per-CPU data is.  The stack may be what is wrong, SP anything, and x18 the guest's:
 * the frame goes to the emergency stack, and the core has what C needs of it again.
 */
FUNC vhe_unexpected
	msr	tpidr_el1, x0
	mov	x0, sp
	msr	tpidr_el0, x0
	SP_TO_EMERGENCY_STACK tpidr_el2
	adrp	x0, vectors_el1
	msr	vbar_el1, x0
	isb
	mrs	x0, tpidrro_el0
	ENTER_FROM_EL1
	mrs	x1, tpidr_el1
	mrs	x21, tpidr_el0
	mrs	x22, tpidr_el2
	str	x21, [sp, #TF_SP]
	msr	tpidr_el1, x22
	mov	x19, x1
	bl	trap_task_of_core
	mov	x18, x0
	mov	x0, sp
	mov	x1, x19
	bl	trap_beside_guest
	b	.			/* it does not return */
ENDFUNC vhe_unexpected

/* ---- the tables ---- */

/*
 * One slot of \table, which jumps to \target.  What does not fit its 128 bytes, or stands out of
 * order, is a build error: .org never goes back.
 */
.macro VECTOR table, slot, target
	.org	\table + (\slot) * SLOT_SIZE
	.if	\slot < SLOT_LOWER64
	/*
	 * From EL1: room for the frame, and is SP still in the stack?  Bit STACK_SHIFT says it
	 * (mm/kmap.c); no register is free.
	 */
	sub	sp, sp, #TF_SIZE
	add	sp, sp, x0		/* SP + x0 */
	sub	x0, sp, x0		/* SP */
	tbz	x0, #STACK_SHIFT, 1f
	sub	x0, sp, x0		/* x0 */
	sub	sp, sp, x0		/* SP */
	b	\target
1:	sub	x0, sp, x0
	sub	sp, sp, x0
	b	stack_overflowed
	.else
	b	\target
	.endif
.endm

.macro VECTORS table, sync, irq
	.balign	SLOTS * SLOT_SIZE
	.globl	\table
\table:
	/* EL1t: SP_EL0 is never the kernel's stack */
	VECTOR	\table, SLOT_SP0 + SLOT_SYNC, unexpected_0
	VECTOR	\table, SLOT_SP0 + SLOT_IRQ, unexpected_1
	VECTOR	\table, SLOT_SP0 + SLOT_FIQ, unexpected_2
	VECTOR	\table, SLOT_SP0 + SLOT_SERROR, unexpected_3
	/* EL1h: the kernel itself */
	VECTOR	\table, SLOT_SPX + SLOT_SYNC, el1_sync
	VECTOR	\table, SLOT_SPX + SLOT_IRQ, el1_irq
	VECTOR	\table, SLOT_SPX + SLOT_FIQ, unexpected_6
	VECTOR	\table, SLOT_SPX + SLOT_SERROR, el1_serror
	/* EL0 */
	VECTOR	\table, SLOT_LOWER64 + SLOT_SYNC, \sync
	VECTOR	\table, SLOT_LOWER64 + SLOT_IRQ, \irq
	VECTOR	\table, SLOT_LOWER64 + SLOT_FIQ, unexpected_10
	VECTOR	\table, SLOT_LOWER64 + SLOT_SERROR, el0_serror
	/* EL0 in AArch32: no frame ever sets SPSR.M[4] */
	VECTOR	\table, SLOT_LOWER32 + SLOT_SYNC, unexpected_12
	VECTOR	\table, SLOT_LOWER32 + SLOT_IRQ, unexpected_13
	VECTOR	\table, SLOT_LOWER32 + SLOT_FIQ, unexpected_14
	VECTOR	\table, SLOT_LOWER32 + SLOT_SERROR, unexpected_15
	.org	\table + SLOTS * SLOT_SIZE
.endm

VECTORS vectors_el1, el0_sync, el0_irq
VECTORS vectors_el1_traced, el0_sync_traced, el0_irq
VECTORS vectors_bhb, el0_sync_bhb, el0_irq_bhb
VECTORS vectors_bhb_traced, el0_sync_bhb_traced, el0_irq_bhb
