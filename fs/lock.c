/*
 * lock.c - advisory locks on files, and which owner waits for which.
 *
 * Comes from lock_ops.c and from the closing of files.  Invariants (inode_locks->lock): an owner's
 * records never overlap, and are sorted by their start; two that overlap are both shared or have
 * one owner; an owner has one whole lock of a file at most; an owner without a lock is not on the
 * list.  A change that may let a waiter go on wakes all that wait for that file: each looks again.
 * A waiter is in `waiting` by its owner with the one that it waits for, so that a circle is seen
 * before it closes.
 *
 * Locks: inode_locks->lock (mutex), under which a list may be long, so that each loop over one
 * gives way; inside it waiting_lock (spinlock), and the queues of the waiters.
 */
#include "fs/lock.h"

#include "abi/errno.h"
#include "fs/inode.h"
#include "mm/giveway.h"
#include "mm/slab.h"
#include "task/sleep.h"

struct file_lock {
	struct list_node link;
	int32_t pid;
	int16_t type; /* F_RDLCK, F_WRLCK */
	uint64_t start, end;
	struct charge *charge; /* of the process that set it */
};

/* An owner that has locks on a file. */
struct lock_owner {
	struct list_node link;
	const void *owner;
	struct list_node locks;
};

struct inode_locks {
	struct mutex lock;
	struct list_node records, whole; /* of struct lock_owner */
	struct list_node waiters;
};

/* A task that waits for a lock. */
struct lock_waiter {
	struct list_node link;
	struct wait_queue wait;
	bool again; /* something has changed */
	/* For records: in waiting, unless it is about to look again.  waiting_lock */
	struct avl_node node;
	bool counted;
	const void *owner, *blocker;
};

static struct spinlock waiting_lock = SPINLOCK_INIT;
static struct avl_tree waiting; /* by owner; of one owner's (several threads) by address */

#define CIRCLE_MAX 64  /* owners looked at before a wait counts as harmless */
#define STRETCH	   128 /* locks looked at before others may run */

/*
 * Memory that a request may need, allocated before the lock is taken; the caller frees what is not
 * used.
 */
struct lock_room {
	struct file_lock *lock[2];
	struct lock_owner *owner;
};

/* At the end of each round of a loop over locks, of which a file may have very many. */
static void give_way_by_rounds(uint32_t *rounds)
{
	if (unlikely(++*rounds % STRETCH == 0))
		give_way(); /* a change is never left half done: it goes on to its end */
}

/*
 * The file's locks; made when there are none yet.  NULL: no memory.  The exchange publishes what
 * was initialised before it; the acquire of a task that finds the pointer without a lock pairs with
 * it. Once made they stay as long as the inode.
 */
static struct inode_locks *locks_of(struct inode *inode)
{
	struct inode_locks *l = __atomic_load_n(&inode->locks, __ATOMIC_ACQUIRE), *was = NULL;

	if (l)
		return l;
	l = kzalloc(sizeof(*l));
	if (!l)
		return NULL;
	mutex_init(&l->lock);
	list_init(&l->records);
	list_init(&l->whole);
	list_init(&l->waiters);
	if (__atomic_compare_exchange_n(&inode->locks, &was, l, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return l;
	kfree(l); /* another was first */
	return was;
}

static struct list_node *family(struct inode_locks *l, bool whole)
{
	return whole ? &l->whole : &l->records;
}

/* The first lock that stands in the way of @rq, or NULL; *@whose. */
static struct file_lock *conflict(struct inode_locks *all, const struct lock_request *rq,
				  const void **whose)
{
	struct lock_owner *o;
	struct file_lock *l;
	uint32_t rounds = 0;

	/* The mutex is held while the loop gives way: what has been passed stays true. */
	list_for_each(o, family(all, rq->whole), link) {
		give_way_by_rounds(&rounds);
		*whose = o->owner;
		if (o->owner == rq->owner)
			continue;
		list_for_each(l, &o->locks, link) {
			if (l->start > rq->end)
				break;
			if (l->end >= rq->start && (l->type == F_WRLCK || rq->type == F_WRLCK))
				return l;
			give_way_by_rounds(&rounds);
		}
	}
	return NULL;
}

/* ---- waiting ---- */

static struct lock_waiter *waiter_of(struct avl_node *n)
{
	return container_of(n, struct lock_waiter, node);
}

/* The owner that a waiter of @owner's waits for, or NULL.  waiting_lock held. */
static const void *blocker_of(const void *owner)
{
	struct avl_node *n = waiting.root;

	spin_assert_held(&waiting_lock);
	while (n && waiter_of(n)->owner != owner)
		n = n->child[(uintptr_t)waiter_of(n)->owner < (uintptr_t)owner];
	return n ? waiter_of(n)->blocker : NULL;
}

/* Would @owner, waiting for @blocker, wait for itself?  waiting_lock held. */
static bool closes_circle(const void *owner, const void *blocker)
{
	for (int i = 0; blocker && i < CIRCLE_MAX; i++) {
		blocker = blocker_of(blocker);
		if (blocker == owner)
			return true;
	}
	return false;
}

static void count_waiter(struct lock_waiter *w)
{
	struct avl_node *parent = NULL, *n = waiting.root;
	unsigned int side = 0;

	while (n) {
		const struct lock_waiter *v = waiter_of(n);

		parent = n;
		side = v->owner != w->owner ? (uintptr_t)v->owner < (uintptr_t)w->owner : v < w;
		n = n->child[side];
	}
	avl_insert(&waiting, &w->node, parent, side);
	w->counted = true;
}

/* @w waits for no owner any more. */
static void uncount_waiter(struct lock_waiter *w)
{
	spin_lock(&waiting_lock);
	if (w->counted)
		avl_erase(&waiting, &w->node);
	w->counted = false;
	spin_unlock(&waiting_lock);
}

/*
 * @w begins to wait for @blocker; the file's locks are locked.  0 or -EDEADLK. The circle is looked
 * for and @w counted under one hold of waiting_lock: of two tasks that close a circle on two files
 * at the same moment, the second sees the first.
 */
static int begin_waiting(struct inode_locks *all, struct lock_waiter *w, const void *blocker,
			 bool count)
{
	int err = 0;

	/*
	 * Before @w is on the list: a task sets again only when it finds it there, and for that
	 * needs the mutex, which we hold.
	 */
	w->again = false;
	w->blocker = blocker;
	if (count) {
		spin_lock(&waiting_lock);
		if (closes_circle(w->owner, blocker))
			err = -EDEADLK;
		else
			count_waiter(w);
		spin_unlock(&waiting_lock);
	}
	if (!err)
		list_add_tail(&all->waiters, &w->link);
	return err;
}

/* @w lies on its task's stack: the mutex makes sure that changed() is done with it. */
static void end_waiting(struct inode_locks *all, struct lock_waiter *w)
{
	mutex_lock(&all->lock);
	list_del(&w->link);
	mutex_unlock(&all->lock);
	uncount_waiter(w);
}

/*
 * Something became free: no task counts as waiting here until it has looked again, or a third one
 * would see a circle that is none.  The mutex keeps the list, and the waiters' stacks, in place.
 */
static void changed(struct inode_locks *all)
{
	struct lock_waiter *w;
	uint32_t rounds = 0;

	list_for_each(w, &all->waiters, link) {
		uncount_waiter(w);
		/* Before the wake-up: the waiter tests it when it runs. */
		WRITE_ONCE(w->again, true);
		wake_up(&w->wait);
		give_way_by_rounds(&rounds);
	}
}

/* ---- one owner's locks ---- */

static struct lock_owner *find_owner(struct list_node *owners, const void *owner)
{
	struct lock_owner *o;
	uint32_t rounds = 0;

	list_for_each(o, owners, link) {
		if (o->owner == owner)
			return o;
		give_way_by_rounds(&rounds);
	}
	return NULL;
}

static void drop_if_empty(struct lock_owner *o)
{
	if (!list_empty(&o->locks))
		return;
	list_del(&o->link);
	kfree(o);
}

static void remove_lock(struct file_lock *l)
{
	list_del(&l->link);
	charge_drop(l->charge, sizeof(*l));
	kfree(l);
}

/* What of the record @l lies in @rq goes.  *@room: for the part behind, if it is cut in two. */
static void cut_out(struct file_lock *l, const struct lock_request *rq, struct file_lock **room)
{
	if (l->start < rq->start && l->end > rq->end) {
		**room = *l;
		charge_add(l->charge, sizeof(*l));
		(*room)->start = rq->end + 1;
		l->end = rq->start - 1;
		list_insert(&(*room)->link, &l->link);
		*room = NULL;
	} else if (l->start < rq->start) {
		l->end = rq->start - 1;
	} else if (l->end > rq->end) {
		l->start = rq->end + 1; /* no other of the owner's begins before that */
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

/*
 * Makes room for @rq among the owner's @locks; those of its type that it touches become part of it.
 * Returns the node behind which it belongs.
 */
static struct list_node *clear(struct list_node *locks, struct lock_request *rq,
			       const struct lock_request *asked, struct file_lock **room)
{
	struct list_node *place = locks;
	struct file_lock *l, *tmp;
	uint32_t rounds = 0;

	list_for_each_safe(l, tmp, locks, link) {
		give_way_by_rounds(&rounds);
		if (!touches(l, rq)) {
			if (l->start > rq->start)
				break;
			place = &l->link;
		} else if (l->type == rq->type) {
			rq->start = min(rq->start, l->start);
			rq->end = max(rq->end, l->end);
			remove_lock(l);
		} else {
			bool before = l->start < asked->start;

			if (before)
				place = &l->link;
			if (l->start <= asked->end && l->end >= asked->start)
				cut_out(l, asked, room);
		}
	}
	return place;
}

/* Does what @rq says; no other lock conflicts with it. */
static void apply(struct inode_locks *all, const struct lock_request *rq, struct lock_room *room)
{
	struct list_node *owners = family(all, rq->whole), *place;
	struct lock_owner *o = find_owner(owners, rq->owner);
	struct lock_request all_of_it = *rq; /* grows over neighbours of the same type */

	if (!o && rq->type == F_UNLCK)
		return;
	if (!o) {
		o = room->owner;
		room->owner = NULL;
		o->owner = rq->owner;
		list_init(&o->locks);
		list_add_tail(owners, &o->link);
	}
	place = clear(&o->locks, &all_of_it, rq, &room->lock[1]);
	if (rq->type != F_UNLCK) {
		*room->lock[0] =
			(struct file_lock){ .pid = rq->pid,
					    .charge = charge_mine(sizeof(struct file_lock)),
					    .type = rq->type,
					    .start = all_of_it.start,
					    .end = all_of_it.end };
		list_insert(&room->lock[0]->link, place);
		room->lock[0] = NULL;
	}
	drop_if_empty(o);
	changed(all);
}

/*
 * flock(2) converts in two steps: the owner's lock of another type goes, whether or not the new one
 * is granted.
 */
static void convert_whole(struct inode_locks *all, const struct lock_request *rq)
{
	struct lock_owner *o = find_owner(&all->whole, rq->owner);
	struct file_lock *l = o ? list_first(&o->locks, struct file_lock, link) : NULL;

	if (!l || l->type == rq->type)
		return;
	remove_lock(l);
	drop_if_empty(o);
	changed(all);
}

/* One attempt, locked.  0, or -EAGAIN with the owner in the way in *@blocker. */
static int try_set(struct inode_locks *all, const struct lock_request *rq, struct lock_room *room,
		   const void **blocker)
{
	if (rq->whole)
		convert_whole(all, rq);
	if (rq->type != F_UNLCK && conflict(all, rq, blocker))
		return -EAGAIN;
	apply(all, rq, room);
	return 0;
}

static int set_or_wait(struct inode_locks *all, const struct lock_request *rq, bool wait,
		       struct lock_room *room)
{
	struct lock_waiter w = { .owner = rq->owner };
	bool waits = true;
	int err = 0;

	wait_init(&w.wait);
	while (!err && waits) {
		const void *blocker;

		mutex_lock(&all->lock);
		err = try_set(all, rq, room, &blocker);
		waits = err == -EAGAIN && wait;
		if (waits) {
			err = begin_waiting(all, &w, blocker, !rq->whole && rq->pid >= 0);
			waits = !err;
		}
		/*
		 * @w is on the list: whatever the blocker gives up from now on sets again, so the
		 * wait below does not miss it.
		 */
		mutex_unlock(&all->lock);
		if (waits) {
			err = wait_event_interruptible(&w.wait, READ_ONCE(w.again));
			end_waiting(all, &w);
		}
	}
	return err;
}

/* All memory is had before the mutex, so that a change, once begun, goes through to its end. */
int lock_set(struct inode *inode, const struct lock_request *rq, bool wait)
{
	struct inode_locks *all;
	struct lock_room room;
	int err = -ENOLCK;

	if (rq->type == F_UNLCK && !READ_ONCE(inode->locks))
		return 0;
	all = locks_of(inode);
	room.lock[0] = kmalloc(sizeof(*room.lock[0]));
	room.lock[1] = kmalloc(sizeof(*room.lock[1]));
	room.owner = kmalloc(sizeof(*room.owner));
	if (all && room.lock[0] && room.lock[1] && room.owner)
		err = set_or_wait(all, rq, wait, &room);
	kfree(room.lock[0]);
	kfree(room.lock[1]);
	kfree(room.owner);
	return err;
}

void lock_test(struct inode *inode, struct lock_request *rq)
{
	struct inode_locks *all = __atomic_load_n(&inode->locks, __ATOMIC_ACQUIRE);
	struct file_lock *l = NULL;
	const void *whose;

	if (all) {
		mutex_lock(&all->lock);
		l = conflict(all, rq, &whose);
		if (l) {
			rq->type = l->type;
			rq->start = l->start;
			rq->end = l->end;
			rq->pid = l->pid;
		}
		mutex_unlock(&all->lock);
	}
	if (!l)
		rq->type = F_UNLCK;
}

/* Drops all that @owner has among @owners.  Returns whether there was anything. */
static bool drop_family(struct list_node *owners, const void *owner)
{
	struct lock_owner *o = find_owner(owners, owner);
	uint32_t rounds = 0;

	if (!o)
		return false;
	while (!list_empty(&o->locks)) {
		remove_lock(list_first(&o->locks, struct file_lock, link));
		give_way_by_rounds(&rounds);
	}
	drop_if_empty(o);
	return true;
}

void locks_drop(struct inode *inode, const void *owner)
{
	struct inode_locks *all = __atomic_load_n(&inode->locks, __ATOMIC_ACQUIRE);
	bool any;

	mutex_lock(&all->lock);
	any = drop_family(&all->records, owner);
	any |= drop_family(&all->whole, owner);
	if (any)
		changed(all);
	mutex_unlock(&all->lock);
}

/* No file is open on @inode any more, so every owner has dropped its locks, and none can come. */
void locks_free(struct inode *inode)
{
	kfree(inode->locks);
}
