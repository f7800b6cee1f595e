/*
 * syscall.c - from the number in w8 to the handler, and its answer into x0.
 *
 * Comes from el1/vectors.S, goes to the handlers in sys/.  Invariant: whatever w8 holds, the index
 * into the table is inside it, also under speculation; x0 is the only register of the frame that
 * changes (but for calls that replace the frame: execve, rt_sigreturn).
 */
#include "el1/syscall.h"

#include "abi/errno.h"
#include "arm/atomic.h"
#include "arm/nospec.h"
#include "arm/stretch.h"
#include "log/printk.h"
#include "sys/syscall.h"
#include "task/task.h"

typedef long (*syscall_fn)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

/* Room for w8: a power of two, so that one AND keeps an index inside, also under speculation. */
#define TABLE_SIZE 512
_Static_assert(TABLE_SIZE >= NR_SYSCALLS, "abi/syscall.def");

#define NR_RSEQ 293 /* rseq(2): glibc asks for it in each program, and does without */

/* The thunks: from six registers to a handler's own types. */
#define SYSCALL(nr, name, ...)                                                                    \
	static long thunk_##name(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, \
				 uint64_t a5)                                                     \
	{                                                                                         \
		return sys_##name(SYSCALL_MAP(SYSCALL_ARG, SYSCALL_COMMA, ##__VA_ARGS__));        \
	}
#include "abi/syscall.def"
#undef SYSCALL

static const syscall_fn table[TABLE_SIZE] = {
#define SYSCALL(nr, name, ...) [nr] = thunk_##name,
#include "abi/syscall.def"
#undef SYSCALL
};

/* Says once per number that a program asked for what is not served. */
static __attribute__((noinline, cold)) long not_served(uint64_t nr)
{
	static uint64_t said[TABLE_SIZE / 64]; /* atomic bits */

	if (nr < TABLE_SIZE && nr != NR_RSEQ &&
	    !(atomic_or(&said[nr / 64], BIT(nr % 64)) & BIT(nr % 64)))
		pr_info("%s[%d]: system call %lu is not served: ENOSYS\n", current->comm,
			current->tid, (unsigned long)nr);
	return -ENOSYS;
}

long syscall_dispatch(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5,
		      uint32_t nr)
{
	syscall_fn fn;

	if (unlikely(nr >= TABLE_SIZE) || unlikely(!(fn = table[index_nospec(nr, TABLE_SIZE)])))
		return not_served(nr);
	stretch_enter((uintptr_t)fn);
	return fn(a0, a1, a2, a3, a4, a5);
}
