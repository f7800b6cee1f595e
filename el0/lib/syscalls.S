/*
 * syscalls.S - a stub for every line of abi/syscall.def: long svc_NAME(...), prototypes in
 * el0/lib/syscall.h.
 *
 * The arguments are in x0-x5 already, where a C caller and the kernel both want them; the answer
 * comes back in x0 as it is: 0 or positive, or -errno.  No other register changes, so a stub is
 * three instructions.
 */
#define SYSCALL(nr, name, ...)                                                                     \
	.section .text.svc_##name, "ax", %progbits;                                                \
	.globl	svc_##name;                                                                        \
	.type	svc_##name, %function;                                                             \
svc_##name:                                                                                        \
	mov	x8, nr;                                                                            \
	svc	0;                                                                                 \
	ret;                                                                                       \
	.size	svc_##name, . - svc_##name;

#include "abi/syscall.def"

	.section .note.GNU-stack, "", %progbits
