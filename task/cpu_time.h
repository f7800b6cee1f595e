/*
 * cpu_time.h - CPU time used, as it is counted.
 */
#pragma once

#include <stdint.h>

#include "arm/atomic.h"

struct cpu_time {
	uint64_t user_ns, kernel_ns;
};

/* What a tick has found a task at (task->seen); 0: EL0.  By their signs they are told apart. */
#define SEEN_KERNEL (-1)
#define SEEN_GUEST  1

static inline struct cpu_time cpu_time_sum(struct cpu_time a, struct cpu_time b)
{
	return (struct cpu_time){ a.user_ns + b.user_ns, a.kernel_ns + b.kernel_ns };
}

/* cpu_time_read - of one that is counted on meanwhile: each word is whole. */
static inline struct cpu_time cpu_time_read(const struct cpu_time *t)
{
	return (struct cpu_time){ READ_ONCE(t->user_ns), READ_ONCE(t->kernel_ns) };
}
