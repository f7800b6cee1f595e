// handler.s - calls that a handler runs in: kill of itself, a read that is made again, a ppoll that
// is not.
//
// The signal that cuts the read short comes from a timer that goes on; its handler writes the byte
// that the read waits for.
	.text
	.global _start
_start:
	mov	x0, #10			// rt_sigaction(SIGUSR1, &action, NULL, 8)
	bl	catch
	mov	x8, #172		// getpid
	svc	#0
	mov	x1, #10
	mov	x8, #129		// kill
	svc	#0

	mov	x0, #14			// SIGALRM
	bl	catch
	adr	x0, ends
	mov	x1, #0
	mov	x8, #59			// pipe2
	svc	#0
	adr	x0, timer
	bl	start
	adr	x9, ends
	ldr	w0, [x9]
	adr	x1, byte
	mov	x2, #1
	mov	x8, #63			// read
	svc	#0

	adr	x0, timer
	bl	start
	mov	x0, #0
	mov	x1, #0
	mov	x2, #0
	mov	x3, #0
	mov	x8, #73			// ppoll: with nothing to wait for
	svc	#0
	mov	x0, #0
	mov	x8, #94			// exit_group
	svc	#0

catch:	adr	x1, action
	mov	x2, #0
	mov	x3, #8
	mov	x8, #134		// rt_sigaction
	svc	#0
	ret

start:	mov	x1, x0			// setitimer(ITIMER_REAL, x0, NULL): once, in a while
	mov	x0, #0
	mov	x2, #0
	mov	x8, #103
	svc	#0
	ret

handler:
	cmp	x0, #14
	b.ne	1f
	adr	x9, ends
	ldr	w0, [x9, #4]
	adr	x1, byte
	mov	x2, #1
	mov	x8, #64			// write
	svc	#0
1:	ret				// to the kernel's rt_sigreturn

	.data
	.balign	8
action:	.quad	handler, 0x10000000, 0, 0	// SA_RESTART
timer:	.quad	0, 0, 0, 100000
ends:	.word	0, 0
byte:	.byte	0
