/*
 * joinable.c - the smallest threads that can be waited for.
 */
#include "abi/futex.h"
#include "abi/sched.h"
#include "el0/lib/syscall.h"
#include "tests/el0/joinable.h"
#include "tests/el0/thread.h"

int thread_start(struct thread *t, void (*fn)(void *), void *arg)
{
	long tid = spawn(THREAD_FLAGS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,
			 t->stack + sizeof(t->stack), fn, arg, &t->tid);

	return tid < 0 ? (int)tid : 0;
}

void thread_join(struct thread *t)
{
	int tid;

	while ((tid = __atomic_load_n(&t->tid, __ATOMIC_ACQUIRE)) != 0)
		svc_futex((uint32_t *)&t->tid, FUTEX_WAIT, (uint64_t)tid, NULL, NULL, 0);
}
