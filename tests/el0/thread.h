/*
 * thread.h - a thread, a process, or what is between them, on a stack of its own: clone(2) with a
 * function to run.
 *
 * For programs on any C library; whoever uses it includes what has CLONE_*: abi/sched.h or
 * <sched.h>. A C library's clone() would add rules of its own; the tests here want every
 * combination of flags to be possible.
 */
#pragma once

#include <stdint.h>

#include "abi/syscall.h"

#define THREAD_FLAGS \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

/*
 * spawn - clone @flags; the child runs @fn(@arg) on the stack whose end is @stack_top (aligned to
 * 16), then exit(2)s. @tid is what CLONE_PARENT_SETTID, CLONE_CHILD_SETTID and CLONE_CHILD_CLEARTID
 * write to.  The child's id, or -errno.
 */
static inline long spawn(uint64_t flags, void *stack_top, void (*fn)(void *), void *arg, int *tid)
{
	uint64_t *sp = stack_top;
	register uint64_t x0 __asm__("x0") = flags;
	register uint64_t *x1 __asm__("x1") = sp -= 2;
	register int *x2 __asm__("x2") = tid;
	register uint64_t x3 __asm__("x3") = 0;
	register int *x4 __asm__("x4") = tid;
	register uint64_t x8 __asm__("x8") = NR_clone;

	sp[0] = (uint64_t)fn;
	sp[1] = (uint64_t)arg;
	__asm__ volatile("	svc	0\n"
			 "	cbnz	x0, 1f\n"
			 "	ldp	x1, x0, [sp], #16\n"
			 "	mov	x29, xzr\n"
			 "	blr	x1\n"
			 "	mov	x0, xzr\n"
			 "	mov	x8, %[exit]\n"
			 "	svc	0\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x8), [exit] "i"(NR_exit)
			 : "memory", "cc");
	return (long)x0;
}
