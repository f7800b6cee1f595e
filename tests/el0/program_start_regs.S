/*
 * program_start_regs.S - the first instructions of the program `entry`: keep every register as the
 * kernel set it, before any C has touched one, then go on as el0/lib/crt0.S does.
 */
	.text
	.globl	_start
	.type	_start, %function
_start:
	/*
	 * x18 and x19 would do as well: some register must hold the address, so keep that one in
	 * the stack's free part.
	 */
	stp	x0, x1, [sp, #-16]
	adrp	x0, entry_regs
	add	x0, x0, :lo12:entry_regs
	stp	x2, x3, [x0, #16]
	stp	x4, x5, [x0, #32]
	stp	x6, x7, [x0, #48]
	stp	x8, x9, [x0, #64]
	stp	x10, x11, [x0, #80]
	stp	x12, x13, [x0, #96]
	stp	x14, x15, [x0, #112]
	stp	x16, x17, [x0, #128]
	stp	x18, x19, [x0, #144]
	stp	x20, x21, [x0, #160]
	stp	x22, x23, [x0, #176]
	stp	x24, x25, [x0, #192]
	stp	x26, x27, [x0, #208]
	stp	x28, x29, [x0, #224]
	ldp	x2, x3, [sp, #-16]
	stp	x2, x3, [x0]
	mov	x1, sp
	stp	x30, x1, [x0, #240]
	mrs	x1, nzcv
	mrs	x2, tpidr_el0
	stp	x1, x2, [x0, #256]
	mrs	x1, fpcr
	mrs	x2, fpsr
	stp	x1, x2, [x0, #272]
	add	x1, x0, #288
	stp	q0, q1, [x1]
	stp	q2, q3, [x1, #32]
	stp	q4, q5, [x1, #64]
	stp	q6, q7, [x1, #96]
	stp	q8, q9, [x1, #128]
	stp	q10, q11, [x1, #160]
	stp	q12, q13, [x1, #192]
	stp	q14, q15, [x1, #224]
	stp	q16, q17, [x1, #256]
	stp	q18, q19, [x1, #288]
	stp	q20, q21, [x1, #320]
	stp	q22, q23, [x1, #352]
	stp	q24, q25, [x1, #384]
	stp	q26, q27, [x1, #416]
	stp	q28, q29, [x1, #448]
	stp	q30, q31, [x1, #480]
	mov	x29, xzr
	mov	x30, xzr
	mov	x0, sp
	b	el0_start
	.size	_start, . - _start

	.bss
	.balign	16
	.globl	entry_regs
entry_regs:
	.skip	800

	.section .note.GNU-stack, "", %progbits
