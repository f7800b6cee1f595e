/*
 * crt0.S - the first instructions of every EL0 program: from the stack that the kernel made to
 * el0_start() in C.
 *
 * At entry SP points to argc and every other register is zero; x29 and x30 stay so, which ends a
 * backtrace.
 */
	.text
	.globl	_start
	.type	_start, %function
_start:
	mov	x29, xzr
	mov	x30, xzr
	mov	x0, sp			/* el0_start(const uint64_t *stack) */
	b	el0_start
	.size	_start, . - _start

	.section .note.GNU-stack, "", %progbits
