/*
 * raw.S - a system call by number, whether abi/syscall.def knows it or not.
 */

/* long sys_call(long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f) */
	.section .text.sys_call, "ax", %progbits
	.globl	sys_call
	.type	sys_call, %function
sys_call:
	mov	x8, x0
	mov	x0, x1
	mov	x1, x2
	mov	x2, x3
	mov	x3, x4
	mov	x4, x5
	mov	x5, x6
	svc	0
	ret
	.size	sys_call, . - sys_call

	.section .note.GNU-stack, "", %progbits
