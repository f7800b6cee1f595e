/*
 * vermagic.S - the text that modules/modules.mk makes, terminated.
 *
 * C: extern const char vermagic[];
 */
	.section .rodata, "a", %progbits
	.globl	vermagic
vermagic:
	.incbin	VERMAGIC
	.byte	0

	.section .note.GNU-stack, "", %progbits
