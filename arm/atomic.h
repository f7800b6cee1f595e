/*
 * atomic.h - atomic reads and writes of a shared word.
 *
 * Thin names over the compiler's __atomic builtins (exclusives on ARMv8.0: one image runs on a
 * Cortex-A53).  Plain names order nothing; _acquire and _release order as the Arm ARM's LDAR and
 * STLR; the read-modify-writes that take a reference order nothing, those that drop one order
 * release and acquire, so that the last owner sees all that the others did.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* volatile rather than __atomic: gcc then folds the address into the load */
#define READ_ONCE(x)	    (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)    (*(volatile __typeof__(x) *)&(x) = (v))
#define load_acquire(p)	    __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define atomic_add(p, v)    __atomic_add_fetch((p), (v), __ATOMIC_RELAXED)
#define atomic_sub(p, v)    __atomic_sub_fetch((p), (v), __ATOMIC_RELAXED)
#define atomic_or(p, v)	    __atomic_fetch_or((p), (v), __ATOMIC_RELAXED)
#define atomic_and(p, v)    __atomic_fetch_and((p), (v), __ATOMIC_RELAXED)
#define atomic_xchg(p, v)   __atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL)
/* atomic_cmpxchg: if *p == *old, store v and return true; else put *p into *old */
#define atomic_cmpxchg(p, old, v) \
	__atomic_compare_exchange_n((p), (old), (v), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)

/* A reference count.  It never goes from 0 back to 1 (ref_get_unless_zero fails). */
struct ref {
	uint32_t n;
};

/* ref_init - one, the caller's.  ref_get - for a caller that has one already. */
static inline void ref_init(struct ref *r)
{
	WRITE_ONCE(r->n, 1);
}

static inline void ref_get(struct ref *r)
{
	atomic_add(&r->n, 1);
}

/* true when the caller held the last reference and must free the object */
static inline bool ref_put(struct ref *r)
{
	return __atomic_sub_fetch(&r->n, 1, __ATOMIC_ACQ_REL) == 0;
}

static inline bool ref_get_unless_zero(struct ref *r)
{
	uint32_t n = READ_ONCE(r->n);

	while (n)
		if (atomic_cmpxchg(&r->n, &n, n + 1))
			return true;
	return false;
}
