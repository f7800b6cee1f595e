/*
 * vdso_image.S - the vDSO as vdso/ links it: what task/vdso.c maps into programs.
 *
 * C: extern const char vdso_image_start[], vdso_image_end[];
 */
	.section .rodata.vdso, "a", %progbits
	.balign	8
	.globl	vdso_image_start, vdso_image_end
vdso_image_start:
	.incbin	VDSO_IMAGE
vdso_image_end:

	.section .note.GNU-stack, "", %progbits
