/*
 * uaccess_copy.S - the instructions that touch user memory, all of them.
 *
 * LDTR and STTR act with EL0's permissions.  Each has an entry in the exception table, and no other
 * instruction has: if the kernel's side of a copy faults, that is a bug and must be seen as one.
 * An entry is two offsets from itself: the instruction, and where to go on.  el1/trap.c goes there
 * after mm_fault() could not help; the registers are as they were at the instruction.
 *
 * In the loops x0 = next byte to write, x1 = next byte to read, x2 = bytes left: so the number of
 * bytes not done is in x2 at any user instruction, and the one fix-up for all of them finishes byte
 * by byte to stop at the exact one.
 */
#include "abi/errno.h"
#include "arm/asm.h"

/* USER(to, instruction): the instruction may fault; then go on at `to`. */
.macro USER to, insn:vararg
.Luser_\@:
	\insn
	.pushsection __ex_table, "a"
	.balign	4
	.long	.Luser_\@ - .
	.long	\to - .
	.popsection
.endm

/* USER_EACH(instruction, at, n...): one register xn after the other, at `at` and on. */
.macro USER_EACH insn, at, regs:vararg
	.set	off, 0
	.irp	n, \regs
	USER	9f, \insn x\n, [\at, #off]
	.set	off, off + 8
	.endr
.endm

	.text

/*
 * size_t user_copy_in(void *dst, uint64_t src, size_t n)
 * The bytes not copied.
 *
 * After the blocks of 64 the bits of n say what is left.  Neither side need be aligned: it is
 * Normal memory.
 */
FUNC user_copy_in
	cmp	x2, #64
	b.lo	2f
1:	USER_EACH ldtr, x1, 4, 5, 6, 7, 8, 9, 10, 11
	stp	x4, x5, [x0], #16
	stp	x6, x7, [x0], #16
	stp	x8, x9, [x0], #16
	stp	x10, x11, [x0], #16
	add	x1, x1, #64
	sub	x2, x2, #64
	cmp	x2, #64
	b.hs	1b
2:	tbz	x2, #5, 3f
	USER_EACH ldtr, x1, 4, 5, 6, 7
	stp	x4, x5, [x0], #16
	stp	x6, x7, [x0], #16
	add	x1, x1, #32
	sub	x2, x2, #32
3:	tbz	x2, #4, 4f
	USER_EACH ldtr, x1, 4, 5
	stp	x4, x5, [x0], #16
	add	x1, x1, #16
	sub	x2, x2, #16
4:	tbz	x2, #3, 5f
	USER	9f, ldtr x4, [x1]
	str	x4, [x0], #8
	add	x1, x1, #8
	sub	x2, x2, #8
5:	cbz	x2, 8f
	tbz	x2, #2, 9f
	USER	9f, ldtr w4, [x1]
	str	w4, [x0], #4
	add	x1, x1, #4
	subs	x2, x2, #4
	b.eq	8f
9:	USER	8f, ldtrb w4, [x1]
	strb	w4, [x0], #1
	add	x1, x1, #1
	subs	x2, x2, #1
	b.ne	9b
8:	mov	x0, x2
	ret
ENDFUNC user_copy_in

/*
 * size_t user_copy_out(uint64_t dst, const void *src, size_t n)
 * The bytes not copied.
 */
FUNC user_copy_out
	cmp	x2, #64
	b.lo	2f
1:	ldp	x4, x5, [x1]
	ldp	x6, x7, [x1, #16]
	ldp	x8, x9, [x1, #32]
	ldp	x10, x11, [x1, #48]
	USER_EACH sttr, x0, 4, 5, 6, 7, 8, 9, 10, 11
	add	x0, x0, #64
	add	x1, x1, #64
	sub	x2, x2, #64
	cmp	x2, #64
	b.hs	1b
2:	tbz	x2, #5, 3f
	ldp	x4, x5, [x1]
	ldp	x6, x7, [x1, #16]
	USER_EACH sttr, x0, 4, 5, 6, 7
	add	x0, x0, #32
	add	x1, x1, #32
	sub	x2, x2, #32
3:	tbz	x2, #4, 4f
	ldp	x4, x5, [x1]
	USER_EACH sttr, x0, 4, 5
	add	x0, x0, #16
	add	x1, x1, #16
	sub	x2, x2, #16
4:	tbz	x2, #3, 5f
	ldr	x4, [x1]
	USER	9f, sttr x4, [x0]
	add	x0, x0, #8
	add	x1, x1, #8
	sub	x2, x2, #8
5:	cbz	x2, 8f
	tbz	x2, #2, 9f
	ldr	w4, [x1]
	USER	9f, sttr w4, [x0]
	add	x0, x0, #4
	add	x1, x1, #4
	subs	x2, x2, #4
	b.eq	8f
	.globl	user_copy_out_bytes
user_copy_out_bytes:
9:	ldrb	w4, [x1], #1
	USER	8f, sttrb w4, [x0]
	add	x0, x0, #1
	subs	x2, x2, #1
	b.ne	9b
8:	mov	x0, x2
	ret
ENDFUNC user_copy_out

/*
 * size_t user_clear(uint64_t dst, size_t n)
 * The bytes not cleared.
 */
FUNC user_clear
1:	cbz	x1, 4f
	tst	x0, #7
	b.ne	3f
2:	cmp	x1, #64
	b.lo	5f
	USER	4f, sttr xzr, [x0]	/* aligned: no byte of it was written, so x1 is exact */
	USER	3f, sttr xzr, [x0, #8]
	USER	3f, sttr xzr, [x0, #16]
	USER	3f, sttr xzr, [x0, #24]
	USER	3f, sttr xzr, [x0, #32]
	USER	3f, sttr xzr, [x0, #40]
	USER	3f, sttr xzr, [x0, #48]
	USER	3f, sttr xzr, [x0, #56]
	add	x0, x0, #64
	sub	x1, x1, #64
	b	2b
5:	cbz	x1, 4f
3:	USER	4f, sttrb wzr, [x0]
	add	x0, x0, #1
	sub	x1, x1, #1
	tst	x0, #7
	b.eq	1b
	cbnz	x1, 3b
4:	mov	x0, x1
	ret
ENDFUNC user_clear

/*
 * long user_strncpy(char *dst, uint64_t src, size_t n)
 * Length without the NUL; n when there was none; -1 when a byte could not be read.
 */
FUNC user_strncpy
	mov	x3, x1
	add	x2, x1, x2
1:	cmp	x1, x2
	b.eq	2f
	USER	3f, ldtrb w4, [x1]
	strb	w4, [x0], #1
	cbz	w4, 2f
	add	x1, x1, #1
	b	1b
2:	sub	x0, x1, x3
	ret
3:	mov	x0, #-1
	ret
ENDFUNC user_strncpy

/*
 * long user_strnlen(uint64_t src, size_t n)
 * The same, and nothing is kept.
 */
FUNC user_strnlen
	mov	x3, x0
	add	x2, x0, x1
1:	cmp	x0, x2
	b.eq	2f
	USER	3f, ldtrb w4, [x0]
	cbz	w4, 2f
	add	x0, x0, #1
	b	1b
2:	sub	x0, x0, x3
	ret
3:	mov	x0, #-1
	ret
ENDFUNC user_strnlen

/*
 * int user_load(uint64_t src, size_t size, uint64_t *value)    size 1, 2, 4, 8
 * int user_store(uint64_t dst, size_t size, uint64_t value)
 * 0 or -EFAULT.
 */
FUNC user_load
	tbnz	w1, #3, 8f
	tbnz	w1, #2, 4f
	tbnz	w1, #1, 2f
	USER	9f, ldtrb w3, [x0]
	b	7f
2:	USER	9f, ldtrh w3, [x0]
	b	7f
4:	USER	9f, ldtr w3, [x0]
	b	7f
8:	USER	9f, ldtr x3, [x0]
7:	str	x3, [x2]
	mov	x0, #0
	ret
9:	mov	w0, #-EFAULT
	ret
ENDFUNC user_load

FUNC user_store
	tbnz	w1, #3, 8f
	tbnz	w1, #2, 4f
	tbnz	w1, #1, 2f
	USER	9f, sttrb w2, [x0]
	b	7f
2:	USER	9f, sttrh w2, [x0]
	b	7f
4:	USER	9f, sttr w2, [x0]
	b	7f
8:	USER	9f, sttr x2, [x0]
7:	mov	x0, #0
	ret
9:	mov	w0, #-EFAULT
	ret
ENDFUNC user_store

/*
 * long user_cmpxchg32(uint64_t p, uint32_t old, uint32_t new, uint32_t *seen, bool pan)
 * 0, or -1 when it faulted; 1 when the store lost its reservation (try again).
 *
 * There are no unprivileged exclusives: LDTR asks first whether EL0 may read, then PAN is lifted
 * for two instructions. A store that EL0 may not do is refused to EL1 as well: every user page that
 * is read-only is so for both.
 */
	.arch_extension pan
FUNC user_cmpxchg32
	USER	9f, ldtr w5, [x0]
	cbz	w4, 1f
	msr	pan, #0
1:	USER	8f, ldaxr w5, [x0]
	cmp	w5, w1
	b.ne	2f
	USER	8f, stlxr w6, w2, [x0]
	cbnz	w6, 7f
2:	clrex
	str	w5, [x3]
	mov	x5, #0
	b	6f
7:	mov	x5, #1
	b	6f
8:	mov	x5, #-1
6:	cbz	w4, 5f
	msr	pan, #1
5:	mov	x0, x5
	ret
9:	mov	x0, #-1
	ret
ENDFUNC user_cmpxchg32
