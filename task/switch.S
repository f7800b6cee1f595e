/*
 * switch.S - from one task to another: what C cannot do, the change of stack and of x18.
 *
 * Called by schedule() with interrupts masked and the run queue's lock held.  A function call has
 * already saved the caller-saved registers, so a context is x19-x29, the return address and SP.
 */
#include "arm/asm.h"
#include "task/task.h"

/* struct task *cpu_switch(struct task *prev, struct task *next); */
FUNC cpu_switch
	add	x9, x0, #TASK_CONTEXT
	mov	x10, sp
	stp	x19, x20, [x9]
	stp	x21, x22, [x9, #16]
	stp	x23, x24, [x9, #32]
	stp	x25, x26, [x9, #48]
	stp	x27, x28, [x9, #64]
	stp	x29, x30, [x9, #80]
	str	x10, [x9, #96]

	add	x9, x1, #TASK_CONTEXT
	ldp	x19, x20, [x9]
	ldp	x21, x22, [x9, #16]
	ldp	x23, x24, [x9, #32]
	ldp	x25, x26, [x9, #48]
	ldp	x27, x28, [x9, #64]
	ldp	x29, x30, [x9, #80]
	ldr	x10, [x9, #96]
	mov	sp, x10
	mov	x18, x1
	ret				/* x0 is still prev */
ENDFUNC cpu_switch

/* A new task's first instruction; x0 = the task before it. */
FUNC task_entry
	blr	x21
	cbz	x19, 1f
	mov	x0, x20
	blr	x19
1:	b	ret_to_user		/* el1/vectors.S: SP is the frame */
ENDFUNC task_entry

	.arch_extension fp
	.arch_extension simd

/* void fp_save_regs(struct fp_state *to); */
FUNC fp_save_regs
	stp	q0, q1, [x0, #16]
	stp	q2, q3, [x0, #48]
	stp	q4, q5, [x0, #80]
	stp	q6, q7, [x0, #112]
	stp	q8, q9, [x0, #144]
	stp	q10, q11, [x0, #176]
	stp	q12, q13, [x0, #208]
	stp	q14, q15, [x0, #240]
	stp	q16, q17, [x0, #272]
	stp	q18, q19, [x0, #304]
	stp	q20, q21, [x0, #336]
	stp	q22, q23, [x0, #368]
	stp	q24, q25, [x0, #400]
	stp	q26, q27, [x0, #432]
	stp	q28, q29, [x0, #464]
	stp	q30, q31, [x0, #496]
	mrs	x1, fpsr
	mrs	x2, fpcr
	stp	w1, w2, [x0, #8]
	ret
ENDFUNC fp_save_regs

/* void fp_load_regs(const struct fp_state *from); */
FUNC fp_load_regs
	ldp	w1, w2, [x0, #8]
	ldp	q0, q1, [x0, #16]
	ldp	q2, q3, [x0, #48]
	ldp	q4, q5, [x0, #80]
	ldp	q6, q7, [x0, #112]
	ldp	q8, q9, [x0, #144]
	ldp	q10, q11, [x0, #176]
	ldp	q12, q13, [x0, #208]
	ldp	q14, q15, [x0, #240]
	ldp	q16, q17, [x0, #272]
	ldp	q18, q19, [x0, #304]
	ldp	q20, q21, [x0, #336]
	ldp	q22, q23, [x0, #368]
	ldp	q24, q25, [x0, #400]
	ldp	q26, q27, [x0, #432]
	ldp	q28, q29, [x0, #464]
	ldp	q30, q31, [x0, #496]
	msr	fpsr, x1
	msr	fpcr, x2
	ret
ENDFUNC fp_load_regs
