/*
 * joinable.h - threads that share everything, and are waited for through the futex that the kernel
 * wakes at their end.
 */
#pragma once

#include <stdint.h>

struct thread {
	uint8_t stack[32768] __attribute__((aligned(16)));
	int tid; /* the kernel clears it at the thread's end (CLONE_CHILD_CLEARTID) */
};

/*
 * thread_start - run @fn(@arg) in a thread of its own; 0 or -errno.  thread_join - wait for its
 * end.
 */
int thread_start(struct thread *t, void (*fn)(void *), void *arg);
void thread_join(struct thread *t);
