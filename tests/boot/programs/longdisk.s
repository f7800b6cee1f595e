// longdisk.s - a guest of vm's (an arm64 Image), for tests/boot/test_vm.py: its disk is asked for
// 128 times 2016 MiB at once, and its core writes to the disk's registers meanwhile.
	.text
	.global _start
_start:
	b	begin
	nop
	.quad	0, 0x100000		// at the start of memory; so long
	.quad	0, 0, 0, 0
	.ascii	"ARM\x64"
	.long	0
begin:
	movz	x0, #0x0a00, lsl #16	// virtio's first device
	movz	x1, #0x4010, lsl #16	// descriptors, at + 0x1000 avail, + 0x2000 used
	mov	x2, x1
	add	x3, x1, #3, lsl #12	// the request, all zero: read from sector 0
	mov	w4, #16
	movz	w5, #1			// NEXT, in the upper half which
	movk	w5, #1, lsl #16
	bl	descriptor
	movz	x3, #0x4200, lsl #16	// 126 times the same 16 MiB
	movz	w4, #0x100, lsl #16
	movz	w5, #3			// NEXT, WRITE
	movk	w5, #2, lsl #16
	mov	w6, #126
1:	bl	descriptor
	add	w5, w5, #16, lsl #12
	subs	w6, w6, #1
	b.ne	1b
	add	x3, x1, #4, lsl #12	// the status
	mov	w4, #1
	mov	w5, #2			// WRITE
	bl	descriptor
	add	x3, x1, #1, lsl #12	// avail: 128 times the chain that begins at 0
	mov	w4, #128
	strh	w4, [x3, #2]

	mov	w5, #1
	str	w5, [x0, #0x24]		// DriverFeaturesSel
	str	w5, [x0, #0x20]		// DriverFeatures: VERSION_1
	mov	w6, #0xb		// ACKNOWLEDGE, DRIVER, FEATURES_OK
	str	w6, [x0, #0x70]		// Status
	str	w4, [x0, #0x38]		// QueueNum
	str	w1, [x0, #0x80]		// QueueDescLow
	str	w3, [x0, #0x90]		// QueueDriverLow
	add	w3, w3, #1, lsl #12
	str	w3, [x0, #0xa0]		// QueueDeviceLow
	str	w5, [x0, #0x44]		// QueueReady
	mov	w6, #0xf		// and DRIVER_OK
	str	w6, [x0, #0x70]
	str	wzr, [x0, #0x50]	// QueueNotify

	movz	x1, #0x0900, lsl #16	// the UART
	adr	x2, text
2:	ldrb	w3, [x2], #1
	cbz	w3, 3f
	str	w3, [x1]
	b	2b
3:	str	wzr, [x0, #0x30]	// QueueSel: its device's lock
	b	3b

descriptor:
	str	x3, [x2], #8
	stp	w4, w5, [x2], #8
	ret
text:	.asciz	"disk asked\r\n"
