/*
 * user.h - a user: what all processes of one real user number have taken together, where a limit is
 * the user's.
 *
 * There is one struct user for each real uid that a credential bears (task/cred.h), or that
 * something charged keeps by a reference of its own.  A count is changed by atomic operations alone
 * and needs no lock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/atomic.h"
#include "log/panic.h"
#include "task/sched.h"

enum user_count {
	/* threads, and the ended processes that nobody has waited for yet: RLIMIT_NPROC */
	USER_TASKS,
	USER_IN_FLIGHT, /* files on their way in messages of AF_UNIX: RLIMIT_NOFILE */
	/* that the rings of pipes may have: /proc/sys/fs/pipe-user-pages-soft, -hard */
	USER_PIPE_PAGES,
	USER_WATCHES, /* epolls' items: /proc/sys/fs/epoll/max_user_watches */
	USER_SIGNALS, /* queued, and those that timers have ready: RLIMIT_SIGPENDING */
	USER_LEFT,    /* bytes that ended processes have left behind in the kernel: task/oom.c */
	USER_COUNTS
};

#define USER_NO_LIMIT UINT64_MAX

struct user {
	struct ref refs;
	uint32_t uid;
	struct list_node hash; /* task/user.c */
	uint64_t count[USER_COUNTS];
	struct sched_group group; /* its tasks in the scheduler */
};

/* root's, which is always there. */
extern struct user root_user;

/*
 * user_find - the user with number @uid, made if there is none, with a reference for the caller;
 * NULL: no memory.
 */
struct user *user_find(uint32_t uid) __must_check;

/*
 * user_get - one more reference, for a caller that has one.  user_put - drop one; the last one
 * frees, and then nothing is charged.
 */
static inline struct user *user_get(struct user *u)
{
	ref_get(&u->refs);
	return u;
}
void user_put_last(struct user *u); /* as user_put, which is quicker */
static inline void user_put(struct user *u)
{
	uint32_t n = READ_ONCE(u->refs.n);

	while (likely(n > 1))
		if (atomic_cmpxchg(&u->refs.n, &n, n - 1))
			return;
	user_put_last(u);
}

/*
 * user_charge - @n more of @what, unless @u would have more than @limit then (USER_NO_LIMIT:
 * never): false, and nothing has changed. user_uncharge - give back what was charged.  user_count -
 * how much it is now.
 */
static inline void user_uncharge(struct user *u, enum user_count what, uint64_t n)
{
	CHECK((int64_t)atomic_sub(&u->count[what], n) >= 0);
}
static inline bool __must_check user_charge(struct user *u, enum user_count what, uint64_t n,
					    uint64_t limit)
{
	if (likely(atomic_add(&u->count[what], n) <= limit))
		return true;
	user_uncharge(u, what, n);
	return false;
}
static inline void user_charge_anyway(struct user *u, enum user_count what, uint64_t n)
{
	atomic_add(&u->count[what], n);
}
static inline uint64_t user_count(const struct user *u, enum user_count what)
{
	return READ_ONCE(u->count[what]);
}
