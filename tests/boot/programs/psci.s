// psci.s - stands in for a kernel above our own EL3 on a Raspberry Pi 4: starts and stops cores,
// asks what it must be refused, calls from AArch32, and switches off (test_armstub.py).
//
// Comes in at EL2 on core 0 with the MMU off.  Says "psci: ok", or the number of the first question
// whose answer was wrong.
	.equ	UART, 0xfe201000
	.equ	CPU_OFF, 0x84000002
	.equ	SYSTEM_OFF, 0x84000008

// x0 = \fn (x1..x3); the answer must be \answer
.macro	ask fn, answer
	add	x20, x20, #1
	ldr	x0, =\fn
	smc	#0
	ldr	x9, =\answer
	cmp	x0, x9
	b.ne	wrong
.endm
	.equ	VERSION, 0x84000000
	.equ	CPU_ON, 0xc4000003
	.equ	AFFINITY_INFO, 0xc4000004

	.text
	.global _start
_start:
	mov	x20, #0
	ask	VERSION, 0x10001
	mov	x1, #1
	mov	x2, #0
	ask	AFFINITY_INFO, 1		// off

	// On, at EL2, with its context; off by itself; and once more.
	mov	x21, #2
again:	mov	x1, #1
	adr	x2, come_and_go
	add	x3, x21, #0x100
	ask	CPU_ON, 0
	adr	x4, came
1:	ldr	x5, [x4]
	add	x6, x21, #0x100
	cmp	x5, x6
	b.ne	1b
	ldr	x5, [x4, #8]
	cmp	x5, #8				// CurrentEL
	b.ne	wrong
2:	ldr	x0, =AFFINITY_INFO
	mov	x1, #1
	mov	x2, #0
	smc	#0
	cmp	x0, #1
	b.ne	2b
	subs	x21, x21, #1
	b.ne	again

	// One that stays.
	mov	x1, #2
	adr	x2, stay
	mov	x3, #0x200
	ask	CPU_ON, 0
	adr	x4, came
3:	ldr	x5, [x4]
	cmp	x5, #0x200
	b.ne	3b
	mov	x1, #2
	mov	x2, #0
	ask	AFFINITY_INFO, 0		// on
	mov	x1, #2
	adr	x2, stay
	ask	CPU_ON, -4			// is on already

	// No such core; EL3's memory, from its first byte to its last; an address that is none.
	mov	x1, #4
	adr	x2, stay
	ask	CPU_ON, -2
	mov	x1, #3
	mov	x2, #0
	ask	CPU_ON, -9
	mov	x1, #3
	mov	x2, #0xfffc
	ask	CPU_ON, -9
	mov	x1, #3
	mov	x2, #0x80000000
	add	x2, x2, #2
	ask	CPU_ON, -9

	// The same from AArch32, which has no 64-bit calls.
	adr	x0, vectors
	msr	vbar_el2, x0
	msr	hcr_el2, xzr
	ldr	x0, =0x00c50838
	msr	sctlr_el1, x0
	isb
	add	x20, x20, #1
	ldr	x0, =VERSION
	adr	x22, 4f
	b	in_aarch32
4:	ldr	w9, =0x10001
	cmp	w0, w9
	b.ne	wrong
	add	x20, x20, #1
	ldr	w0, =AFFINITY_INFO
	mov	x1, #2
	mov	x2, #0
	adr	x22, 5f
	b	in_aarch32
5:	cmn	w0, #1
	b.ne	wrong

	adr	x1, ok
	bl	say
off:	ldr	x0, =SYSTEM_OFF
	smc	#0
	b	off

wrong:	adr	x1, question
	bl	say
	mov	x2, #10
	udiv	x3, x20, x2
	msub	x4, x3, x2, x20
	ldr	x5, =UART
	add	w3, w3, #'0'
	str	w3, [x5]
	add	w4, w4, #'0'
	str	w4, [x5]
	adr	x1, newline
	bl	say
	b	off

say:	ldr	x2, =UART
1:	ldrb	w3, [x1], #1
	cbz	w3, 2f
	str	w3, [x2]
	b	1b
2:	ret

come_and_go:
	adr	x4, came
	mrs	x5, CurrentEL
	str	x5, [x4, #8]
	dmb	sy
	str	x0, [x4]
	dsb	sy
	ldr	x0, =CPU_OFF
	smc	#0
stay:	adr	x4, came
	str	x0, [x4]
	dsb	sy
1:	wfi
	b	1b

in_aarch32:
	mov	x3, #0x1d3			// Supervisor, interrupts masked
	msr	spsr_el2, x3
	adr	x3, code32
	msr	elr_el2, x3
	eret
code32:	.inst	0xe1600070			// smc #0
	.inst	0xe1400070			// hvc #0

	.balign	8
came:	.quad	0, 0
ok:	.asciz	"psci: ok\r\n"
question: .asciz "psci: wrong answer to question "
newline: .asciz	"\r\n"
	.ltorg

	.balign	0x800
vectors:
	.org	vectors + 0x600
	br	x22
	.org	vectors + 0x800
