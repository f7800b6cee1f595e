/*
 * raw.S - a system call by number, whether abi/syscall.def knows it or not.
 */

/* long svc_call(long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f) */
	.section .text.svc_call, "ax", %progbits
	.globl	svc_call
	.type	svc_call, %function
svc_call:
	mov	x8, x0
	mov	x0, x1
	mov	x1, x2
	mov	x2, x3
	mov	x3, x4
	mov	x4, x5
	mov	x5, x6
	svc	0
	ret
	.size	svc_call, . - svc_call

	.section .note.GNU-stack, "", %progbits
