// speed.s - a fixed amount of work, for tests/boot/speed.py to time: arithmetic, calls, memory;
// then the machine goes off.
	.text
	.global _start
_start:
	adr	x9, end			// EL1, MMU off, on a stack behind the program
	add	x9, x9, #4096
	and	x9, x9, #~0xff
	mov	sp, x9
	mov	x0, #0
	mov	x1, #0
	movz	x2, #0x0200, lsl #16	// 2^25 rounds
1:	bl	round
	subs	x2, x2, #1
	b.ne	1b
	movz	x0, #0x8400, lsl #16	// SYSTEM_OFF
	movk	x0, #0x0008
	hvc	#0
2:	wfi
	b	2b

round:	stp	x0, x30, [sp, #-16]!
	add	x1, x1, x0
	eor	x1, x1, x1, lsr #7
	ldp	x0, x30, [sp], #16
	add	x0, x0, #1
	ret
	.balign	256
end:
