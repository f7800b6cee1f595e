/*
 * util.h - the few macros that every folder uses.  Pure C, built for the host too.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a)	   (sizeof(a) / sizeof((a)[0]))

/*
 * ALIGN_UP, ALIGN_DOWN: @a is a power of two.  ALIGN_UP wraps to 0 at the top of the type: check
 * first.
 */
#define ALIGN_DOWN(x, a)   ((x) & ~((__typeof__(x))(a)-1))
#define ALIGN_UP(x, a)	   ALIGN_DOWN((x) + ((__typeof__(x))(a)-1), a)
#define IS_ALIGNED(x, a)   (((x) & ((__typeof__(x))(a)-1)) == 0)
#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))

#define min(a, b)                                  \
	({                                         \
		__typeof__(a) min_a_ = (a);        \
		__typeof__(b) min_b_ = (b);        \
		min_a_ < min_b_ ? min_a_ : min_b_; \
	})
#define max(a, b)                                  \
	({                                         \
		__typeof__(a) max_a_ = (a);        \
		__typeof__(b) max_b_ = (b);        \
		max_a_ > max_b_ ? max_a_ : max_b_; \
	})

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#define likely(x)			__builtin_expect(!!(x), 1)
#define unlikely(x)			__builtin_expect(!!(x), 0)

#define BIT(n)				(1UL << (n))

#define __must_check			__attribute__((warn_unused_result))
#define __noreturn			__attribute__((noreturn))
#define __printf(fmt, first)		__attribute__((format(printf, fmt, first)))

/*
 * Error pointers: a function whose header says so returns a pointer or -errno in the top 4095
 * values, which no mapping ever uses.
 */
static inline void *err_ptr(long err)
{
	return (void *)err;
}

static inline long ptr_err(const void *p)
{
	return (long)p;
}

static inline int is_err(const void *p)
{
	return (uintptr_t)p >= (uintptr_t)-4095L;
}
