/*
 * lock.c - advisory locks on files, and who waits for whom.
 *
 * Comes from el1/sys_fcntl.c and from the closing of files.  Invariants (locks_lock): records of one owner never overlap, and are
 * sorted by their start; two that overlap are both shared or have one owner; a file has one whole lock of an owner
 * at most.  Whatever may let a waiter go on counts up `changes` and wakes all who wait for that file: each looks
 * again.  A waiter is on `waiting` with the owner it waits for, so that a circle is seen before it closes.
 */
#include "fs/lock.h"

#include "abi/errno.h"
#include "fs/vfs.h"
#include "mm/slab.h"
#include "task/signal.h"

struct file_lock {
	struct list_node link;
	const void *owner;
	int32_t pid;
	enum lock_type type;
	uint64_t start, end;
};

struct inode_locks {
	struct list_node records, whole;
	struct wait_queue wait;
	uint32_t changes;
};

/* A process that waits for a record. */
struct lock_waiter {
	struct list_node link;
	const struct inode_locks *file;
	const void *owner, *blocker; /* NULL: it is about to look again */
};

/* All locks of all files; a leaf but for the allocator and wait queues. */
static struct spinlock locks_lock = SPINLOCK_INIT;
static struct list_node waiting = LIST_INIT(waiting);

#define CIRCLE_MAX 64 /* owners looked at before a wait counts as harmless */

/* The file's locks; made when there are none yet.  NULL: no memory. */
static struct inode_locks *locks_of(struct inode *inode)
{
	struct inode_locks *l = __atomic_load_n(&inode->locks, __ATOMIC_ACQUIRE), *was = NULL;

	if (l)
		return l;
	l = kzalloc(sizeof(*l));
	if (!l)
		return NULL;
	list_init(&l->records);
	list_init(&l->whole);
	wait_init(&l->wait);
	if (__atomic_compare_exchange_n(&inode->locks, &was, l, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return l;
	kfree(l); /* another was first */
	return was;
}

static struct list_node *family(struct inode_locks *l, const struct lock_request *rq)
{
	return rq->whole ? &l->whole : &l->records;
}

/* The first lock that stands in the way of @rq, or NULL. */
static struct file_lock *conflict(struct inode_locks *all, const struct lock_request *rq)
{
	struct file_lock *l;

	list_for_each(l, family(all, rq), link)
		if (l->owner != rq->owner && l->start <= rq->end && l->end >= rq->start &&
		    (l->type == LOCK_EXCLUSIVE || rq->type == LOCK_EXCLUSIVE))
			return l;
	return NULL;
}

/* Would @owner, waiting for @blocker, wait for itself? */
static bool closes_circle(const void *owner, const void *blocker)
{
	for (int i = 0; i < CIRCLE_MAX; i++) {
		const void *next = NULL;
		struct lock_waiter *w;

		list_for_each(w, &waiting, link)
			if (w->owner == blocker && w->blocker)
				next = w->blocker;
		if (!next)
			return false;
		if (next == owner)
			return true;
		blocker = next;
	}
	return false;
}

/* Something became free: nobody waits for anybody here until he has looked again. */
static void changed(struct inode_locks *all)
{
	struct lock_waiter *w;

	WRITE_ONCE(all->changes, all->changes + 1);
	list_for_each(w, &waiting, link)
		if (w->file == all)
			w->blocker = NULL;
	wake_up(&all->wait);
}

static void remove_lock(struct file_lock *l)
{
	list_del(&l->link);
	kfree(l);
}

/* Before the first lock of its family that begins behind it. */
static void insert(struct list_node *locks, struct file_lock *new_lock)
{
	struct file_lock *l;

	list_for_each(l, locks, link)
		if (l->start > new_lock->start)
			break;
	list_add_tail(&l->link, &new_lock->link); /* the head itself, when there is none */
}

/* What of the owner's record @l lies in @rq goes.  *@room: for the part behind, if it is cut in two. */
static void cut_out(struct list_node *locks, struct file_lock *l, const struct lock_request *rq,
		    struct file_lock **room)
{
	if (l->start < rq->start && l->end > rq->end) {
		**room = *l;
		(*room)->start = rq->end + 1;
		l->end = rq->start - 1;
		insert(locks, *room);
		*room = NULL;
	} else if (l->start < rq->start) {
		l->end = rq->start - 1;
	} else if (l->end > rq->end) {
		list_del(&l->link);
		l->start = rq->end + 1;
		insert(locks, l);
	} else {
		remove_lock(l);
	}
}

/* Do they overlap, or does one begin where the other ends? */
static bool touches(const struct file_lock *l, const struct lock_request *rq)
{
	return (rq->end == UINT64_MAX || l->start <= rq->end + 1) &&
	       (l->end == UINT64_MAX || l->end + 1 >= rq->start);
}

/* Nothing stands in the way: make it so.  @room: two locks' memory; what is not used stays there. */
static void apply(struct inode_locks *all, const struct lock_request *rq, struct file_lock *room[2])
{
	struct list_node *locks = family(all, rq);
	struct lock_request all_of_it = *rq; /* grows over neighbours of the same type */
	struct file_lock *l, *tmp;

	list_for_each_safe(l, tmp, locks, link) {
		if (l->owner != rq->owner || !touches(l, &all_of_it))
			continue;
		if (l->type == rq->type) {
			all_of_it.start = min(all_of_it.start, l->start);
			all_of_it.end = max(all_of_it.end, l->end);
			remove_lock(l);
		} else if (l->start <= rq->end && l->end >= rq->start) {
			cut_out(locks, l, rq, &room[1]);
		}
	}
	if (rq->type != LOCK_NONE) {
		*room[0] = (struct file_lock){ .owner = rq->owner,
					       .pid = rq->pid,
					       .type = rq->type,
					       .start = all_of_it.start,
					       .end = all_of_it.end };
		insert(locks, room[0]);
		room[0] = NULL;
	}
	changed(all);
}

/* flock(2) converts in two steps: the owner's lock of another type goes, whether or not the new one can be had. */
static void convert_whole(struct inode_locks *all, const struct lock_request *rq)
{
	struct file_lock *l, *tmp;

	list_for_each_safe(l, tmp, &all->whole, link) {
		if (l->owner != rq->owner || l->type == rq->type)
			continue;
		remove_lock(l);
		changed(all);
	}
}

/* One attempt, locked.  0, -EAGAIN with the owner in the way in *@blocker, -EDEADLK. */
static int try_set(struct inode_locks *all, const struct lock_request *rq, bool wait,
		   struct file_lock *room[2], const void **blocker)
{
	struct file_lock *l;

	if (rq->whole)
		convert_whole(all, rq);
	l = rq->type == LOCK_NONE ? NULL : conflict(all, rq);
	if (!l) {
		apply(all, rq, room);
		return 0;
	}
	*blocker = l->owner;
	return wait && !rq->whole && rq->pid >= 0 && closes_circle(rq->owner, l->owner) ? -EDEADLK
											: -EAGAIN;
}

static int set_or_wait(struct inode_locks *all, const struct lock_request *rq, bool wait,
		       struct file_lock *room[2])
{
	struct lock_waiter w = { .file = all, .owner = rq->owner };
	uint32_t seen;
	int err;

	for (;;) {
		spin_lock(&locks_lock);
		err = try_set(all, rq, wait, room, &w.blocker);
		seen = all->changes;
		if (err != -EAGAIN || !wait)
			break;
		list_add_tail(&waiting, &w.link);
		if (rq->whole || rq->pid < 0)
			w.blocker = NULL;
		spin_unlock(&locks_lock);
		err = wait_event_interruptible(&all->wait, READ_ONCE(all->changes) != seen);
		spin_lock(&locks_lock);
		list_del(&w.link);
		if (err)
			break;
		spin_unlock(&locks_lock);
	}
	spin_unlock(&locks_lock);
	return err;
}

int lock_set(struct inode *inode, const struct lock_request *rq, bool wait)
{
	struct inode_locks *all;
	struct file_lock *room[2];
	int err = -ENOLCK;

	if (rq->type == LOCK_NONE && !READ_ONCE(inode->locks))
		return 0;
	all = locks_of(inode);
	room[0] = kmalloc(sizeof(*room[0]));
	room[1] = kmalloc(sizeof(*room[1]));
	if (all && room[0] && room[1])
		err = set_or_wait(all, rq, wait, room);
	kfree(room[0]);
	kfree(room[1]);
	return err;
}

void lock_test(struct inode *inode, struct lock_request *rq)
{
	struct inode_locks *all = __atomic_load_n(&inode->locks, __ATOMIC_ACQUIRE);
	struct file_lock *l = NULL;

	spin_lock(&locks_lock);
	if (all)
		l = conflict(all, rq);
	if (l) {
		rq->type = l->type;
		rq->start = l->start;
		rq->end = l->end;
		rq->pid = l->pid;
	}
	spin_unlock(&locks_lock);
	if (!l)
		rq->type = LOCK_NONE;
}

void locks_drop(struct inode *inode, const void *owner)
{
	struct inode_locks *all = __atomic_load_n(&inode->locks, __ATOMIC_ACQUIRE);
	struct list_node *families[2] = { &all->records, &all->whole };
	struct file_lock *l, *tmp;

	spin_lock(&locks_lock);
	for (int i = 0; i < 2; i++)
		list_for_each_safe(l, tmp, families[i], link)
			if (l->owner == owner)
				remove_lock(l);
	changed(all);
	spin_unlock(&locks_lock);
}

void locks_free(struct inode *inode)
{
	kfree(inode->locks);
}
