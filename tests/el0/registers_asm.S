/*
 * registers_asm.S - fill every register from a buffer, do one thing, and store them all back.
 *
 * The buffer: x0-x30 (x18 included), 1 word of NZCV, then FPCR, FPSR, then V0-V31.
 */
#define BUF_NZCV 248
#define BUF_FPCR 256
#define BUF_FPSR 264
#define BUF_V	 272

	.text

	/* \reg points to the buffer */
	.macro	LOAD_V reg
	ldr	x1, [\reg, #BUF_FPCR]
	msr	fpcr, x1
	ldr	x1, [\reg, #BUF_FPSR]
	msr	fpsr, x1
	add	x1, \reg, #BUF_V
	.irp	i, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
	ldr	q\i, [x1], #16
	.endr
	.irp	i, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
	ldr	q\i, [x1], #16
	.endr
	.endm

	.macro	STORE_V reg
	mrs	x1, fpcr
	str	x1, [\reg, #BUF_FPCR]
	mrs	x1, fpsr
	str	x1, [\reg, #BUF_FPSR]
	add	x1, \reg, #BUF_V
	.irp	i, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
	str	q\i, [x1], #16
	.endr
	.irp	i, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
	str	q\i, [x1], #16
	.endr
	.endm

/*
 * void regs_svc(const uint64_t *in, uint64_t *out): all registers from in, svc #0, all registers to
 * out. in's x8 says which call.  The stack holds the caller's registers and out meanwhile.
 */
	.globl	regs_svc
	.type	regs_svc, %function
regs_svc:
	stp	x29, x30, [sp, #-112]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	stp	x1, x18, [sp, #96]
	stp	d8, d9, [sp, #-64]!
	stp	d10, d11, [sp, #16]
	stp	d12, d13, [sp, #32]
	stp	d14, d15, [sp, #48]
	LOAD_V	x0
	ldr	x1, [x0, #BUF_NZCV]
	msr	nzcv, x1
	ldp	x2, x3, [x0, #16]
	ldp	x4, x5, [x0, #32]
	ldp	x6, x7, [x0, #48]
	ldp	x8, x9, [x0, #64]
	ldp	x10, x11, [x0, #80]
	ldp	x12, x13, [x0, #96]
	ldp	x14, x15, [x0, #112]
	ldp	x16, x17, [x0, #128]
	ldp	x18, x19, [x0, #144]
	ldp	x20, x21, [x0, #160]
	ldp	x22, x23, [x0, #176]
	ldp	x24, x25, [x0, #192]
	ldp	x26, x27, [x0, #208]
	ldp	x28, x29, [x0, #224]
	ldr	x30, [x0, #240]
	ldp	x0, x1, [x0]
	svc	#0
	stp	x0, x1, [sp, #-16]!
	ldr	x0, [sp, #16 + 64 + 96]		/* out */
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
	str	x30, [x0, #240]
	mrs	x1, nzcv
	str	x1, [x0, #BUF_NZCV]
	ldp	x2, x3, [sp], #16
	stp	x2, x3, [x0]
	STORE_V	x0
	ldp	d10, d11, [sp, #16]
	ldp	d12, d13, [sp, #32]
	ldp	d14, d15, [sp, #48]
	ldp	d8, d9, [sp], #64
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldr	x18, [sp, #104]
	ldp	x29, x30, [sp], #112
	ret
	.size	regs_svc, . - regs_svc

/*
 * uint64_t regs_spin(const uint64_t *in, uint64_t *out, uint64_t loops): V registers and flags from
 * in, loop without a call so that only interrupts enter the kernel, then store them to out; returns
 * the last loop counter (0).
 */
	.globl	regs_spin
	.type	regs_spin, %function
regs_spin:
	stp	d8, d9, [sp, #-64]!
	stp	d10, d11, [sp, #16]
	stp	d12, d13, [sp, #32]
	stp	d14, d15, [sp, #48]
	mov	x9, x1
	LOAD_V	x0
	ldr	x1, [x0, #BUF_NZCV]
	msr	nzcv, x1
1:	sub	x2, x2, #1			/* flags stay */
	cbnz	x2, 1b
	mrs	x1, nzcv
	str	x1, [x9, #BUF_NZCV]
	STORE_V	x9
	mov	x0, x2
	ldp	d10, d11, [sp, #16]
	ldp	d12, d13, [sp, #32]
	ldp	d14, d15, [sp, #48]
	ldp	d8, d9, [sp], #64
	msr	fpcr, xzr
	ret
	.size	regs_spin, . - regs_spin

	.section .note.GNU-stack, "", %progbits
