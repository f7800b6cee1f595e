/*
 * thread.c - clone(2) and futex(2).
 */
#include <stdbool.h>

#include "abi/futex.h"
#include "abi/mman.h"
#include "abi/sched.h"
#include "el0/lib/syscall.h"
#include "el0/lib/thread.h"

#define STACK (64UL << 10)
#define GUARD (64UL << 10) /* a page of any size */
#define THREAD_FLAGS \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

/* The child finds @fn and @arg on its stack: it must not use the parent's frame, which is gone. */
static long clone_thread(uint64_t *sp, uint32_t *tid)
{
	register uint64_t x0 __asm__("x0") =
		THREAD_FLAGS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
	register uint64_t *x1 __asm__("x1") = sp;
	register uint32_t *x2 __asm__("x2") = tid;
	register uint64_t x3 __asm__("x3") = 0;
	register uint32_t *x4 __asm__("x4") = tid;
	register uint64_t x8 __asm__("x8") = NR_clone;

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

int thread_run(struct thread *t, void (*fn)(void *), void *arg)
{
	long at = svc_mmap(0, GUARD + STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	uint64_t *sp = (uint64_t *)(at + (long)(GUARD + STACK)) - 2;
	long err;

	if (at < 0 && at > -4096)
		return (int)at;
	svc_mprotect((uintptr_t)at, GUARD, PROT_NONE);
	t->stack = (void *)at;
	sp[0] = (uint64_t)fn;
	sp[1] = (uint64_t)arg;
	err = clone_thread(sp, &t->tid);
	if (err < 0) {
		svc_munmap((uintptr_t)at, GUARD + STACK);
		*t = (struct thread){ 0 };
	}
	return err < 0 ? (int)err : 0;
}

void thread_await(struct thread *t)
{
	uint32_t tid;

	/* The kernel wakes without FUTEX_PRIVATE_FLAG. */
	while ((tid = __atomic_load_n(&t->tid, __ATOMIC_ACQUIRE)) != 0)
		svc_futex(&t->tid, FUTEX_WAIT, tid, NULL, NULL, 0);
	if (t->stack)
		svc_munmap((uintptr_t)t->stack, GUARD + STACK);
	t->stack = NULL;
}

void mutex_lock(struct mutex *m)
{
	uint32_t was = 0;

	if (__atomic_compare_exchange_n(&m->word, &was, 1, false, __ATOMIC_ACQUIRE,
					__ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(&m->word, 2, __ATOMIC_ACQUIRE))
		svc_futex(&m->word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 2, NULL, NULL, 0);
}

void mutex_unlock(struct mutex *m)
{
	if (__atomic_exchange_n(&m->word, 0, __ATOMIC_RELEASE) == 2)
		svc_futex(&m->word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
}
