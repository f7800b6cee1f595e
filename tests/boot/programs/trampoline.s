// trampoline.s - stands in for a boot loader that hands over a device tree of the test's own
// making: an Image that QEMU loads, with the tree 4 KiB and the kernel 4 MiB further on
// (test_bad_input.py).
	.text
	.global _start
_start:
	b	1f
	.long	0
	.quad	0		// text_offset
	.quad	0x1000000	// image_size
	.quad	0xa		// little endian, 4K pages, anywhere
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0
1:	adr	x0, _start + 0x1000
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	mov	x4, #0x400000
	adr	x5, _start
	add	x4, x4, x5
	br	x4
