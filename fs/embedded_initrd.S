/*
 * embedded_initrd.S - the archive that is there when no other is: our own EL0 programs
 * (el0/initrd.spec).
 *
 * C: extern const char embedded_initrd_start[], embedded_initrd_end[]; (fs/initrd.h).  Read-only,
 * unpacked by copying.
 */
	.section .rodata.initrd, "a", %progbits
	.balign	8
	.globl	embedded_initrd_start, embedded_initrd_end
embedded_initrd_start:
	.incbin	EMBEDDED_INITRD
embedded_initrd_end:

	.section .note.GNU-stack, "", %progbits
