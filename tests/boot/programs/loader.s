// loader.s - stands in for boot loaders that leave the machine otherwise than QEMU does: every
// core, or one that is not the first, at EL2 or EL1; VHE left on; MMU and caches left on; an SError
// left pending (test_staircase_entry.py).
//
// Comes in at EL3 on all cores of a virt machine with a GICv2.  What to do stands in the words at
// params, which the test writes.  Leaves with x0 = device tree.
	.text
	.global _start
_start:
	adr	x20, params
	ldr	x21, [x20, #0]		// level to enter the kernel at: 1, 2
	ldr	x22, [x20, #8]		// bit n: core n goes on
	ldr	x23, [x20, #16]		// bit 0: VHE on, bit 1: MMU and caches on, 2: an SError
	mrs	x1, mpidr_el1
	and	x1, x1, #0xff
	lsr	x2, x22, x1
	tbnz	x2, #0, go
stay:	wfi
	b	stay

go:	mov	x2, #0x08000000		// all interrupts to the non-secure side
	mov	w3, #-1
	add	x4, x2, #0x80
	mov	x5, #8
1:	str	w3, [x4], #4
	subs	x5, x5, #1
	b.ne	1b
	mov	w3, #3
	str	w3, [x2]
	mov	x2, #0x08010000
	mov	w3, #0xff
	str	w3, [x2, #4]

	mov	x2, #0x531		// NS, HCE, RW
	movk	x2, #0x0803, lsl #16	// FGTEn, API, APK
	movk	x2, #0x40, lsl #32	// HXEn
	msr	scr_el3, x2
	msr	cptr_el3, xzr
	mov	x2, #0x80000000		// HCR_EL2.RW
	tbz	x23, #0, 2f
	orr	x2, x2, #1 << 34	// E2H
2:	tbz	x23, #2, 6f
	orr	x2, x2, #1 << 5		// AMO
	orr	x2, x2, #1 << 8		// VSE: pending at EL1, until it is taken there
6:	msr	hcr_el2, x2
	mrs	x2, midr_el1
	msr	vpidr_el2, x2
	mrs	x2, mpidr_el1
	msr	vmpidr_el2, x2
	msr	cntvoff_el2, xzr
	mov	x2, #0x0830
	movk	x2, #0x30c5, lsl #16
	msr	sctlr_el2, x2
	mov	x2, #0x0800
	movk	x2, #0x30d0, lsl #16
	msr	sctlr_el1, x2
	mov	x2, #0x3c5
	cmp	x21, #1
	b.eq	3f
	mov	x2, #0x3c9
3:	msr	spsr_el3, x2
	adr	x2, below
	msr	elr_el3, x2
	isb
	eret

below:	tbz	x23, #1, jump		// at EL2, EL1: an identity map of 4 GiB, Normal and Device
	adr	x2, tables
	mov	x3, #0xff04		// attribute 0 Device-nGnRE, 1 Normal
	mov	x4, #0x3519		// T0SZ 25 (39 bits), WBWA, inner shareable
	mov	x6, #0x1005		// M, C, I
	cmp	x21, #2
	b.eq	4f
	movk	x4, #0x0080, lsl #16	// EPD1
	movk	x4, #2, lsl #32		// IPS: 40 bits
	msr	mair_el1, x3
	msr	tcr_el1, x4
	msr	ttbr0_el1, x2
	isb
	mrs	x5, sctlr_el1
	orr	x5, x5, x6
	msr	sctlr_el1, x5
	b	5f
4:	movk	x4, #0x8082, lsl #16	// RES1 bits, PS: 40 bits
	msr	mair_el2, x3
	msr	tcr_el2, x4
	msr	ttbr0_el2, x2
	isb
	mrs	x5, sctlr_el2
	orr	x5, x5, x6
	msr	sctlr_el2, x5
5:	isb

jump:	ldr	x16, [x20, #24]		// the kernel
	ldr	x0, [x20, #32]		// the device tree
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	br	x16

	.balign	4096
tables:	.quad	0x401			// 0: devices
	.quad	0x40000705		// 1 GiB on: RAM
	.quad	0x80000705
	.quad	0xc0000401
	.fill	508, 8, 0

	.balign	4096
params:	.fill	5, 8, 0
