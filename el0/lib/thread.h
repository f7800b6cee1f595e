/*
 * thread.h - threads that share everything, and a lock between them.
 *
 * malloc() is not for two threads at once: whoever has threads says which of them may call it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct thread {
	uint32_t tid; /* 0: it has ended; the kernel writes it */
	void *stack;
};

/* thread_run - run @fn(@arg) on a stack of 64 KiB; *@t stays where it is.  0 or -errno. */
int thread_run(struct thread *t, void (*fn)(void *), void *arg);

/* thread_await - wait for its end; of one that was never started (all zero): nothing. */
void thread_await(struct thread *t);

/* A lock, all zero at first; not recursive. */
struct mutex {
	uint32_t word; /* 0 free, 1 held, 2 held and waited for */
};

void mutex_lock(struct mutex *m);
void mutex_unlock(struct mutex *m);
