/*
 * epoll.c - epoll(7): which of many files are ready, without looking at all of them.
 *
 * Comes from sys/file/epoll.c; an item (a file as one descriptor in one epoll) stays in the wait
 * queues that its file's poll operation names.  A wake-up there, which may be an interrupt's, puts
 * the item on the ready list, and epoll_wait() asks only the files of that list.  An item is taken
 * off the list before its file is asked, so that a wake-up after the answer puts it there again:
 * none is lost.
 *
 * An item holds no reference to its file: file_put() takes a file out of its epolls before it is
 * released, so that under ep->lock every item's file is there.  Epolls in an epoll form no cycle
 * and are at most MAX_LEVELS deep.
 *
 * Locks, in the order in which they are taken:
 *   nest_lock (mutex)		an epoll being added to an epoll, or anything to an epoll that is in
 *				another
 *   ep->lock (mutex)		the items and what they want; an outer epoll's before an inner one's
 *   watch_lock (mutex)		file->watchers of all files
 *   a wait queue's lock
 *   ep->ready_lock (irqsave)	the ready list; the epoll's own wait queues are woken after it
 *   ep->polled's lock		whether anybody polls it; to wake them it is the first of all: they
 *				may be epolls (tell_polled)
 */
#include "fs/anon/epoll.h"
#include "fs/fdtable.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "fs/anon/anon.h"
#include "fs/poll.h"
#include "mm/giveway.h"
#include "mm/layout.h"
#include "mm/page.h"
#include "mm/slab.h"
#include "task/cred.h"
#include "task/sched.h"
#include "task/task.h"

_Static_assert(sizeof(struct epoll_event) == 16, "struct epoll_event");

#define PRIVATE_BITS (EPOLLEXCLUSIVE | EPOLLWAKEUP | EPOLLONESHOT | EPOLLET)
#define MAX_LEVELS   5
#define FIRST_CAP    16 /* buckets */
#define MAX_CAP	     (1u << 18)

/* A place in a wait queue. */
struct hook {
	struct waiter waiter;
	struct wait_queue *queue;
	struct epoll_item *item;
	struct hook *next;
	uint32_t events; /* what the queue tells */
};

#define FEW_HOOKS 2

struct epoll_item {
	struct epoll_item *next; /* in its bucket */
	struct eventpoll *ep;
	struct file *file;
	int fd;
	bool queued; /* on a ready list; ready_lock */
	struct charge *charge;
	uint32_t events; /* wanted, with PRIVATE_BITS; ep->lock, and ready_lock to change it */
	uint64_t data;
	struct list_node ready; /* ready_lock */
	struct list_node watch; /* in file->watchers */
	struct hook *hooks;	/* all of them */
	uint32_t nr_hooks;
	struct hook first[FEW_HOOKS];
};

struct eventpoll {
	struct ref refs; /* the file's, and of those in epoll_forget() */
	struct mutex lock;
	struct file *file;
	struct user *user; /* of who made it: its items are charged to him */
	struct epoll_item **buckets;
	uint32_t cap, nr_items;

	struct spinlock ready_lock;
	struct list_node ready;		/* oldest first */
	bool scanning;			/* somebody has the list in hand */
	struct wait_queue wait, polled; /* epoll_wait(); polls of this epoll */
	struct wake_late late;		/* tells the latter */
	bool late_due;			/* it is to run; ready_lock, as the next */
	uint32_t late_runs;		/* how many of it are due or at work: the epoll stays */

	uint32_t round, height; /* nest_lock: this one's levels as found in that round */
};

static struct mutex nest_lock = MUTEX_INIT(nest_lock);
static uint32_t nest_round;				       /* nest_lock */
static struct wait_queue late_end = WAIT_QUEUE_INIT(late_end); /* of late_runs */
static struct mutex watch_lock = MUTEX_INIT(watch_lock); /* the list file->watchers of every file */

/* ---- the ready list ---- */

static bool maybe_ready(struct eventpoll *ep)
{
	return READ_ONCE(ep->ready.next) != &ep->ready || READ_ONCE(ep->scanning);
}

/* False: it was there already, or nothing is wanted.  ready_lock held. */
static void enqueue(struct epoll_item *item)
{
	if (item->queued)
		return;
	item->queued = true;
	list_add_tail(&item->ep->ready, &item->ready);
}

/* Tells those who wait for the epoll; true: one of them slept in epoll_wait(). */
static bool announce(struct eventpoll *ep)
{
	bool woken = wake_up_one(&ep->wait);

	wake_up(&ep->polled);
	return woken;
}

/*
 * Does @h's queue tell what @wanted asks for?  One that asks for neither input nor output listens
 * to all.
 */
static bool concerns(const struct hook *h, uint32_t wanted)
{
	return wanted & h->events || !(wanted & (POLL_IN_EVENTS | POLL_OUT_EVENTS));
}

/* Who polls the epoll is told, no other queue's lock held. */
static void tell_polled(struct wake_late *l)
{
	struct eventpoll *ep = container_of(l, struct eventpoll, late);
	unsigned long flags = spin_lock_irqsave(&ep->ready_lock);

	ep->late_due = false;
	spin_unlock_irqrestore(&ep->ready_lock, flags);
	wake_up(&ep->polled);
	flags = spin_lock_irqsave(&ep->ready_lock);
	ep->late_runs--;
	spin_unlock_irqrestore(&ep->ready_lock, flags); /* from here on it may be gone */
	wake_up(&late_end);
}

/* Others may poll @ep: who woke tells them, later.  ready_lock held. */
static void tell_polled_later(struct eventpoll *ep)
{
	if (ep->late_due || !wait_is_awaited(&ep->polled))
		return;
	ep->late_due = true;
	ep->late_runs++;
	wake_later(&ep->late);
}

/* A queue that an item's file named was woken; its lock is held. */
static bool on_wake(struct waiter *w)
{
	const struct hook *h = container_of(w, struct hook, waiter);
	struct epoll_item *item = h->item;
	struct eventpoll *ep = item->ep;
	unsigned long flags = spin_lock_irqsave(&ep->ready_lock);
	uint32_t wanted = item->events & ~PRIVATE_BITS;
	bool concerned = wanted && concerns(h, wanted);

	if (concerned) {
		enqueue(item);
		tell_polled_later(ep);
	}
	spin_unlock_irqrestore(&ep->ready_lock, flags);
	return concerned && wake_up_one(&ep->wait);
}

/* Takes the whole list in hand; ep->lock held. */
static void begin_scan(struct eventpoll *ep, struct list_node *mine)
{
	unsigned long flags = spin_lock_irqsave(&ep->ready_lock);

	WRITE_ONCE(ep->scanning, true);
	list_init(mine);
	list_splice_tail(mine, &ep->ready);
	spin_unlock_irqrestore(&ep->ready_lock, flags);
}

/* The next item, which from here on can be put on the list anew; NULL: all done. */
static struct epoll_item *next_item(struct eventpoll *ep, struct list_node *mine)
{
	struct epoll_item *item = NULL;
	unsigned long flags = spin_lock_irqsave(&ep->ready_lock);

	if (!list_empty(mine)) {
		item = list_first(mine, struct epoll_item, ready);
		list_del(&item->ready);
		item->queued = false;
	}
	spin_unlock_irqrestore(&ep->ready_lock, flags);
	return item;
}

static void requeue(struct epoll_item *item)
{
	unsigned long flags = spin_lock_irqsave(&item->ep->ready_lock);

	enqueue(item);
	spin_unlock_irqrestore(&item->ep->ready_lock, flags);
}

/* What was not looked at comes first next time.  Whether there is anything on the list. */
static bool end_scan(struct eventpoll *ep, struct list_node *mine)
{
	unsigned long flags = spin_lock_irqsave(&ep->ready_lock);
	bool more;

	list_splice_tail(mine, &ep->ready); /* behind the rest of @mine */
	list_splice_tail(&ep->ready, mine);
	WRITE_ONCE(ep->scanning, false);
	more = !list_empty(&ep->ready);
	spin_unlock_irqrestore(&ep->ready_lock, flags);
	return more;
}

static uint32_t ask(const struct epoll_item *item, struct poll_wait *w)
{
	return file_poll(item->file, w) & item->events & ~PRIVATE_BITS;
}

/* ---- items ---- */

static struct epoll_item **bucket_of(const struct eventpoll *ep, const struct file *file, int fd)
{
	uint64_t key = ((uintptr_t)file >> 4) + (uint64_t)(uint32_t)fd * 0x9e3779b1u;

	return &ep->buckets[(key ^ key >> 16) & (ep->cap - 1)];
}

static struct epoll_item *find_item(const struct eventpoll *ep, const struct file *file, int fd)
{
	struct epoll_item *i;

	for (i = *bucket_of(ep, file, fd); i; i = i->next)
		if (i->file == file && i->fd == fd)
			return i;
	return NULL;
}

static void hash_item(struct eventpoll *ep, struct epoll_item *item)
{
	struct epoll_item **b = bucket_of(ep, item->file, item->fd);

	item->next = *b;
	*b = item;
}

/* Twice the buckets; without memory for them the chains grow instead. */
static void grow(struct eventpoll *ep)
{
	struct epoll_item **old = ep->buckets, **fresh;
	uint32_t cap = ep->cap;

	if (ep->nr_items < cap || cap >= MAX_CAP)
		return;
	fresh = kzalloc(2 * cap * sizeof(struct epoll_item *));
	if (!fresh)
		return;
	ep->buckets = fresh;
	ep->cap = 2 * cap;
	for (uint32_t b = 0; b < cap; b++)
		for (struct epoll_item *i = old[b], *next; i; i = next) {
			next = i->next;
			hash_item(ep, i);
			give_way();
		}
	kfree(old);
}

static uint64_t max_watches = UINT64_MAX; /* that number: nobody has set it */

/* As Linux: a 25th of memory, by what an item costs there. */
uint64_t epoll_max_watches(void)
{
	uint64_t set = READ_ONCE(max_watches);

	return set == UINT64_MAX ? page_total_count() / 25 * PAGE_SIZE / 184 : set;
}

int epoll_set_max_watches(uint64_t n)
{
	if (n > INT64_MAX)
		return -EINVAL;
	WRITE_ONCE(max_watches, n);
	return 0;
}

static bool count_watch(struct eventpoll *ep)
{
	return user_charge(ep->user, USER_WATCHES, 1, epoll_max_watches());
}

static void leave_queues(struct epoll_item *item)
{
	for (struct hook *h = item->hooks, *next; h; h = next) {
		next = h->next;
		wait_remove(h->queue, &h->waiter);
		if (h < item->first || h >= item->first + FEW_HOOKS)
			kfree(h);
	}
}

/* Takes @item out of everything; ep->lock held. */
static void remove_item(struct eventpoll *ep, struct epoll_item *item)
{
	struct epoll_item **at = bucket_of(ep, item->file, item->fd);
	unsigned long flags;

	leave_queues(item);
	while (*at != item)
		at = &(*at)->next;
	*at = item->next;
	ep->nr_items--;
	mutex_lock(&watch_lock);
	list_del(&item->watch);
	mutex_unlock(&watch_lock);
	flags = spin_lock_irqsave(&ep->ready_lock);
	if (item->queued)
		list_del(&item->ready);
	spin_unlock_irqrestore(&ep->ready_lock, flags);
	charge_drop(item->charge, sizeof(*item));
	kfree(item);
	user_uncharge(ep->user, USER_WATCHES, 1);
}

/* An item's file names a queue. */
struct joining {
	struct poll_wait wait;
	struct epoll_item *item;
	bool no_memory;
};

static void join(struct poll_wait *w, struct wait_queue *q, uint32_t events)
{
	struct joining *j = container_of(w, struct joining, wait);
	struct epoll_item *item = j->item;
	struct hook *h =
		item->nr_hooks < FEW_HOOKS ? &item->first[item->nr_hooks] : kmalloc(sizeof(*h));

	if (!h) {
		j->no_memory = true;
		return;
	}
	*h = (struct hook){ .queue = q, .item = item, .next = item->hooks, .events = events };
	h->waiter.exclusive = item->events & EPOLLEXCLUSIVE;
	item->hooks = h;
	item->nr_hooks++;
	wait_add(q, &h->waiter, on_wake);
}

/* An item for @file, in the tables but in no queue yet.  NULL: no memory. */
static struct epoll_item *new_item(struct eventpoll *ep, struct file *file, int fd,
				   const struct epoll_event *ev)
{
	struct epoll_item *item = kzalloc(sizeof(*item));

	if (!item)
		return NULL;
	item->ep = ep;
	item->file = file;
	item->fd = fd;
	item->events = ev->events;
	item->data = ev->data;
	item->charge = charge_mine(sizeof(*item));
	grow(ep);
	hash_item(ep, item);
	ep->nr_items++;
	mutex_lock(&watch_lock);
	list_add_tail(&file->watchers, &item->watch);
	mutex_unlock(&watch_lock);
	return item;
}

/* ---- epolls in epolls ---- */

/*
 * The levels of epolls from @ep down; -ELOOP when @forbidden is among them, -EINTR.  nest_lock
 * held: what was found is kept for a round.
 */
static int levels_below(struct eventpoll *ep, const struct eventpoll *forbidden)
{
	int height = 1;

	if (ep == forbidden)
		return -ELOOP;
	if (ep->round == nest_round)
		return (int)ep->height;
	if (mutex_lock_killable(&ep->lock))
		return -EINTR;
	for (uint32_t b = 0; b < ep->cap && height > 0; b++) {
		for (struct epoll_item *i = ep->buckets[b]; i && height > 0; i = i->next) {
			int below;

			if (!epoll_is(i->file))
				continue;
			below = levels_below(i->file->private, forbidden);
			height = below < 0 ? below : max(height, below + 1);
		}
		give_way();
	}
	mutex_unlock(&ep->lock);
	ep->round = nest_round;
	ep->height = (uint32_t)height;
	return height;
}

/* The levels of epolls above @f; watch_lock held. */
static int levels_above(const struct file *f)
{
	const struct epoll_item *i;
	int most = 0;

	list_for_each(i, &f->watchers, watch) {
		most = max(most, 1 + levels_above(i->ep->file));
		give_way(); /* who is to die learns it by the next killable lock */
	}
	return most;
}

/*
 * A wake-up of @f goes up all ways through the epolls; there must not be too many, for each length.
 * watch_lock held.
 */
static bool ways_up_ok(const struct file *f, unsigned int length, uint32_t counts[MAX_LEVELS])
{
	static const uint32_t limits[MAX_LEVELS] = { UINT32_MAX, 500, 100, 50, 10 };
	const struct epoll_item *i;

	if (length >= MAX_LEVELS)
		return false;
	list_for_each(i, &f->watchers, watch) {
		const struct file *up = i->ep->file;

		if (list_empty(&up->watchers) ? ++counts[length] > limits[length]
					      : !ways_up_ok(up, length + 1, counts))
			return false;
		give_way();
	}
	return true;
}

static bool file_ways_ok(const struct file *f)
{
	uint32_t counts[MAX_LEVELS] = { 0 };
	bool good;

	mutex_lock(&watch_lock);
	good = ways_up_ok(f, 0, counts);
	mutex_unlock(&watch_lock);
	return good;
}

/*
 * The same for @ep and all files that are in it or below.  nest_lock held; each epoll once a round.
 */
static bool all_ways_ok(struct eventpoll *ep)
{
	bool good;

	if (ep->round == nest_round)
		return true;
	ep->round = nest_round;
	good = file_ways_ok(ep->file);
	if (mutex_lock_killable(&ep->lock))
		return false;
	for (uint32_t b = 0; b < ep->cap && good; b++) {
		for (struct epoll_item *i = ep->buckets[b]; i && good; i = i->next)
			good = epoll_is(i->file) ? all_ways_ok(i->file->private)
						 : file_ways_ok(i->file);
		give_way();
	}
	mutex_unlock(&ep->lock);
	return good;
}

/* May @target go into @ep?  nest_lock held.  0 or -ELOOP. */
static int check_nesting(struct eventpoll *ep, struct file *target)
{
	int below, above;

	if (!epoll_is(target))
		return 0;
	nest_round++;
	below = levels_below(target->private, ep);
	if (below < 0)
		return below;
	mutex_lock(&watch_lock);
	above = 1 + levels_above(ep->file);
	mutex_unlock(&watch_lock);
	return above + below > MAX_LEVELS ? -ELOOP : 0;
}

/* With @target in its new epoll: 0 or -EINVAL. */
static int check_ways(struct file *target)
{
	nest_round++;
	if (epoll_is(target))
		return all_ways_ok(target->private) ? 0 : -EINVAL;
	return file_ways_ok(target) ? 0 : -EINVAL;
}

/* ---- epoll_ctl ---- */

/* @item's file may have become what it wants. */
static void look_at(struct epoll_item *item, struct poll_wait *w)
{
	if (!ask(item, w))
		return;
	requeue(item);
	announce(item->ep);
}

static int add_item(struct eventpoll *ep, struct file *target, int fd, const struct epoll_event *ev)
{
	struct joining j = { .wait = { .join = join } };

	if (find_item(ep, target, fd))
		return -EEXIST;
	if (!count_watch(ep))
		return -ENOSPC;
	j.item = new_item(ep, target, fd, ev);
	if (!j.item) {
		user_uncharge(ep->user, USER_WATCHES, 1);
		return -ENOMEM;
	}
	look_at(j.item, &j.wait);
	if (j.no_memory) {
		remove_item(ep, j.item);
		return -ENOMEM;
	}
	return 0;
}

/* Adding where epolls are in epolls. */
static int add_nested(struct eventpoll *ep, struct file *target, int fd,
		      const struct epoll_event *ev)
{
	struct epoll_item *item;
	int err;

	if (mutex_lock_killable(&nest_lock))
		return -EINTR;
	err = check_nesting(ep, target);
	if (!err)
		err = mutex_lock_killable(&ep->lock);
	if (!err) {
		err = add_item(ep, target, fd, ev);
		mutex_unlock(&ep->lock);
		if (!err)
			err = check_ways(target);
		if (err == -EINVAL) {
			/* what was put in comes out again, whoever is to die */
			mutex_lock(&ep->lock);
			item = find_item(ep, target, fd);
			if (item)
				remove_item(ep, item);
			mutex_unlock(&ep->lock);
		}
	}
	mutex_unlock(&nest_lock);
	return err;
}

static int modify_item(struct eventpoll *ep, struct epoll_item *item, const struct epoll_event *ev)
{
	unsigned long flags;

	if (item->events & EPOLLEXCLUSIVE)
		return -EINVAL;
	flags = spin_lock_irqsave(&ep->ready_lock);
	item->events = ev->events;
	item->data = ev->data;
	spin_unlock_irqrestore(&ep->ready_lock, flags);
	look_at(item, NULL);
	return 0;
}

static bool exclusive_ok(int op, const struct file *target, uint32_t events)
{
	const uint32_t may =
		POLLIN | POLLOUT | POLLERR | POLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE;

	if (!(events & EPOLLEXCLUSIVE))
		return true;
	return op != EPOLL_CTL_MOD &&
	       (op != EPOLL_CTL_ADD || (!epoll_is(target) && !(events & ~may)));
}

int epoll_control(struct file *f, int op, struct file *target, int fd, struct epoll_event *ev)
{
	struct eventpoll *ep = f->private;
	struct epoll_item *item;
	int err = -EINVAL;

	if (!target->ops->poll)
		return -EPERM;
	if (f == target || !epoll_is(f))
		return -EINVAL;
	if (op != EPOLL_CTL_DEL && !exclusive_ok(op, target, ev->events))
		return -EINVAL;
	ev->events |= POLLERR | POLLHUP;
	if (op == EPOLL_CTL_ADD && (epoll_is(target) || !list_empty(&f->watchers)))
		return add_nested(ep, target, fd, ev);
	if (mutex_lock_killable(&ep->lock))
		return -EINTR;
	item = find_item(ep, target, fd);
	if (op == EPOLL_CTL_ADD) {
		err = add_item(ep, target, fd, ev);
	} else if (op == EPOLL_CTL_DEL || op == EPOLL_CTL_MOD) {
		err = item ? 0 : -ENOENT;
		if (item && op == EPOLL_CTL_MOD)
			err = modify_item(ep, item, ev);
		else if (item)
			remove_item(ep, item);
	}
	mutex_unlock(&ep->lock);
	return err;
}

/* ---- epoll_wait ---- */

/* One event to the user, and what becomes of its item then.  0 or -EFAULT. */
static int deliver(struct epoll_item *item, uint32_t ready, uptr to)
{
	struct epoll_event ev;
	unsigned long flags;

	__builtin_memset(&ev, 0, sizeof(ev));
	ev.events = ready;
	ev.data = item->data;
	if (copy_to_user(to, &ev, sizeof(ev))) {
		requeue(item);
		return -EFAULT;
	}
	if (item->events & EPOLLONESHOT) {
		flags = spin_lock_irqsave(&item->ep->ready_lock);
		item->events &= PRIVATE_BITS;
		spin_unlock_irqrestore(&item->ep->ready_lock, flags);
	} else if (!(item->events & EPOLLET)) {
		requeue(item); /* to be asked again next time, after all others */
	}
	return 0;
}

/* Up to @max events of what is ready now. */
static long harvest(struct eventpoll *ep, uptr to, int max)
{
	struct epoll_item *item;
	struct list_node mine;
	long n = 0, err = 0;
	bool more;

	if (mutex_lock_killable(&ep->lock))
		return -EINTR;
	begin_scan(ep, &mine);
	while (n < max && !err && (item = next_item(ep, &mine))) {
		uint32_t ready = ask(item, NULL);

		if (!ready)
			continue;
		err = deliver(item, ready, uptr_add(to, (uint64_t)n * sizeof(struct epoll_event)));
		n += !err;
		if (give_way())
			break;
	}
	more = end_scan(ep, &mine);
	mutex_unlock(&ep->lock);
	if (more)
		wake_up_one(&ep->wait);
	return n ? n : err;
}

long epoll_wait(struct file *f, uptr to, int max, uint64_t deadline_ns)
{
	struct eventpoll *ep = f->private;
	bool late = deadline_ns == 0;
	struct waiter w;

	for (;;) {
		long n = maybe_ready(ep) ? harvest(ep, to, max) : 0;

		if (n)
			return n;
		if (late)
			return 0;
		if (signal_pending())
			return -EINTR;
		wait_prepare(&ep->wait, &w, WAIT_SLEEPING);
		if (!maybe_ready(ep) && !signal_pending())
			late = sched_sleep_deadline(deadline_ns);
		wait_finish(&ep->wait, &w);
	}
}

/* ---- the file ---- */

static uint32_t epoll_poll(struct file *f, struct poll_wait *w)
{
	struct eventpoll *ep = f->private;
	struct epoll_item *item;
	struct list_node mine;
	uint32_t ready = 0;

	poll_on_for(w, &ep->polled, POLL_IN_EVENTS);
	if (!maybe_ready(ep))
		return 0;
	if (mutex_lock_killable(&ep->lock))
		return 0;
	begin_scan(ep, &mine);
	while (!ready && (item = next_item(ep, &mine))) {
		if (ask(item, NULL)) {
			ready = POLLIN | POLLRDNORM;
			requeue(item);
		}
		give_way();
	}
	end_scan(ep, &mine);
	mutex_unlock(&ep->lock);
	return ready;
}

static void ep_put(struct eventpoll *ep)
{
	if (!ref_put(&ep->refs))
		return;
	user_put(ep->user);
	kfree(ep->buckets);
	kfree(ep);
}

static bool is_late(struct eventpoll *ep)
{
	unsigned long flags = spin_lock_irqsave(&ep->ready_lock);
	bool late = ep->late_runs;

	spin_unlock_irqrestore(&ep->ready_lock, flags);
	return late;
}

static void epoll_release(struct file *f)
{
	struct eventpoll *ep = f->private;

	mutex_lock(&ep->lock);
	for (uint32_t b = 0; b < ep->cap; b++)
		for (; ep->buckets[b]; give_way())
			remove_item(ep, ep->buckets[b]);
	mutex_unlock(&ep->lock);
	wait_event(&late_end, !is_late(ep)); /* nothing wakes it any more */
	ep_put(ep);
}

static const struct file_ops epoll_fops = {
	.anon = "[eventpoll]",
	.seek = anon_seek,
	.poll = epoll_poll,
	.release = epoll_release,
};

bool epoll_is(const struct file *f)
{
	return f->ops == &epoll_fops;
}

/* The epoll of the first item that @f is in, with a reference; NULL: it is in none. */
static struct eventpoll *first_watcher(const struct file *f)
{
	struct eventpoll *ep = NULL;

	mutex_lock(&watch_lock);
	if (!list_empty(&f->watchers)) {
		ep = list_first(&f->watchers, struct epoll_item, watch)->ep;
		ref_get(&ep->refs);
	}
	mutex_unlock(&watch_lock);
	return ep;
}

/* The item by which @f is in @ep, if it still is; ep->lock held, which keeps it. */
static struct epoll_item *item_in(const struct file *f, const struct eventpoll *ep)
{
	struct epoll_item *i, *found = NULL;

	mutex_lock(&watch_lock);
	list_for_each(i, &f->watchers, watch)
		if (i->ep == ep) {
			found = i;
			break;
		}
	mutex_unlock(&watch_lock);
	return found;
}

/* @f is closed for good, and leaves all epolls it is in. */
static void epoll_forget(struct file *f)
{
	struct eventpoll *ep;

	while ((ep = first_watcher(f))) {
		struct epoll_item *item;

		mutex_lock(&ep->lock);
		item = item_in(f, ep);
		if (item)
			remove_item(ep, item);
		mutex_unlock(&ep->lock);
		ep_put(ep);
		give_way();
	}
}

void epoll_init(void)
{
	file_watched_hook = epoll_forget;
}

int epoll_create(uint32_t flags)
{
	struct eventpoll *ep = kzalloc(sizeof(*ep));
	struct file *f;

	if (!ep)
		return -ENOMEM;
	ep->cap = FIRST_CAP;
	ep->buckets = kzalloc(ep->cap * sizeof(struct epoll_item *));
	f = ep->buckets ? anon_file(&epoll_fops, ep, O_RDWR) : err_ptr(-ENOMEM);
	if (is_err(f)) {
		kfree(ep->buckets);
		kfree(ep);
		return (int)ptr_err(f);
	}
	ep->user = user_get(current_cred()->user);
	ref_init(&ep->refs);
	mutex_init(&ep->lock);
	list_init(&ep->ready);
	ep->late.run = tell_polled;
	wait_init(&ep->wait);
	wait_init(&ep->polled);
	ep->file = f;
	return fd_add(f, flags & O_CLOEXEC);
}
