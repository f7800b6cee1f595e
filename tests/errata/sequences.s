// sequences.s - the two sequences of tools/errata.py, for the linker to take apart.
	.text
	.globl	_start
	.balign	4096
_start:
	.skip	0xff8, 0
	adrp	x0, datum		// 843419: the last but one instruction of a page
	ldr	x1, [x1]
	ldr	x2, [x0, #:lo12:datum]
	ret
	.balign	4096
	.skip	0xffc, 0
	adrp	x3, datum		// the last one, and an instruction between
	str	x1, [x1]
	add	x4, x4, #1
	str	x2, [x3, #:lo12:datum]
	ret

	ldr	x1, [x2]		// 835769
	madd	x3, x4, x5, x6
	ret

	.data
	.balign	8
	.skip	16
datum:	.quad	1
