/*
 * user.c - finding the one struct user of a number, and charging it.
 *
 * Comes from task/cred.c: a credential holds its user.  Invariant (users_lock): a user in the table
 * has a reference; the last one is dropped under the lock, so that no task finds a user that is
 * being freed.
 */
#include "task/user.h"

#include "mm/slab.h"
#include "task/runqueue.h"

#define BUCKETS 256

/*
 * users_lock - of the table below.  Innermost: nothing is taken under it.  irqsave, so that it may
 * be taken under any lock.
 */
static struct spinlock users_lock = SPINLOCK_INIT;

/*
 * A chain's head is NULL-ended until its first use: so users can be looked up from the first
 * instruction on.
 */
static struct list_node table[BUCKETS];

struct user root_user = { .refs = { 1 },
			  .hash = LIST_INIT(root_user.hash),
			  .group.is_systems = true };

static struct list_node *user_bucket(uint32_t uid)
{
	struct list_node *b = &table[uid % BUCKETS];

	if (!b->next)
		list_init(b);
	return b;
}

/* users_lock held; a reference for the caller. */
static struct user *look_up(uint32_t uid)
{
	struct user *u;

	list_for_each(u, user_bucket(uid), hash)
		if (u->uid == uid)
			return user_get(u);
	return NULL;
}

struct user *user_find(uint32_t uid)
{
	struct user *fresh = NULL, *u;
	unsigned long flags;

	if (uid == root_user.uid)
		return user_get(&root_user);
	flags = spin_lock_irqsave(&users_lock);
	u = look_up(uid);
	spin_unlock_irqrestore(&users_lock, flags);
	if (u)
		return u;
	fresh = kzalloc(sizeof(*fresh));
	if (!fresh)
		return NULL;
	ref_init(&fresh->refs);
	fresh->uid = uid;
	sched_group_init(&fresh->group);
	flags = spin_lock_irqsave(&users_lock);
	u = look_up(uid); /* another task may have made it */
	if (!u) {
		u = fresh;
		list_add_head(user_bucket(uid), &u->hash);
	}
	spin_unlock_irqrestore(&users_lock, flags);
	if (u != fresh)
		kfree(fresh);
	return u;
}

void user_put_last(struct user *u)
{
	unsigned long flags;
	bool last;

	flags = spin_lock_irqsave(&users_lock);
	/*
	 * Under the lock: user_find may have taken a reference since the caller saw that it had the
	 * last.
	 */
	last = ref_put(&u->refs);
	if (last)
		list_del(&u->hash);
	spin_unlock_irqrestore(&users_lock, flags);
	if (!last)
		return;
	for (unsigned int i = 0; i < USER_COUNTS; i++)
		CHECK(!u->count[i]);
	/* Without users_lock, as it takes each core's queue. Nobody finds the user any more. */
	sched_group_end(&u->group);
	kfree(u);
}
