/*
 * owner.h - whose code something is: while it is in use, the module that brought it stays loaded.
 *
 * What is registered (a device, a file of /proc or /sys) names its owner, NULL: the kernel itself.
 * Who calls into it takes the owner first and gives it back when the last instruction of the
 * module's has been executed.  No lock: the count and the mark OWNER_GONE are one word.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/atomic.h"
#include "lib/util.h"

#define OWNER_GONE BIT(31) /* unloading: nobody gets in any more */

struct owner {
	uint32_t users; /* atomic: how many, OWNER_GONE */
};

/*
 * owner_get - the caller uses code of @o (NULL: the kernel's, always there).  False: it is being
 * unloaded: as if the thing were not registered.  Any context.
 */
static inline bool __must_check owner_get(struct owner *o)
{
	uint32_t n = o ? READ_ONCE(o->users) : 0;

	while (o && !(n & OWNER_GONE))
		if (atomic_cmpxchg(&o->users, &n, n + 1))
			return true;
	return !o;
}

/* owner_put - no longer.  Any context. */
static inline void owner_put(struct owner *o)
{
	/* Release: all that the caller did with the module's memory comes before its unloading. */
	if (o)
		__atomic_sub_fetch(&o->users, 1, __ATOMIC_RELEASE);
}

/* owner_users - how many use it now. */
static inline uint32_t owner_users(const struct owner *o)
{
	return READ_ONCE(o->users) & ~OWNER_GONE;
}

/* owner_close - nobody gets in from now on, if nobody is in; else false. */
static inline bool __must_check owner_close(struct owner *o)
{
	uint32_t nobody = 0;

	return atomic_cmpxchg(&o->users, &nobody, OWNER_GONE);
}
