/*
 * epoll.c - epoll(7): which of many files are ready, without looking at all of them.
 *
 * Comes from sys/file/epoll.c.  An item (a file as one descriptor in one epoll) stays in the wait
 * queues that its file's poll operation names.  A wake-up there, which may be an interrupt's, puts
 * the item on the ready list, and epoll_wait() asks only the files of that list.  An item is taken
 * off the list before its file is asked, so that a wake-up after the answer puts it there again:
 * none is lost.
 *
 * An item holds no reference to its file: file_put() takes a file out of its epolls before it is
 * released, so that under ep->lock every item's file is there.  Epolls in an epoll are
 * epoll_nest.c's.
 *
 * Locks: epoll_nest.h.
 */
#include "fs/anon/epoll.h"

#include "fs/anon/anon.h"
#include "fs/anon/epoll_nest.h"
#include "fs/fdtable.h"
#include "fs/poll.h"
#include "mm/slab.h"

_Static_assert(sizeof(struct epoll_event) == 16, "struct epoll_event");

#define PRIVATE_BITS (EPOLLEXCLUSIVE | EPOLLWAKEUP | EPOLLONESHOT | EPOLLET)
#define FIRST_CAP    16 /* buckets */
#define MAX_CAP	     (1u << 18)

static struct wait_queue late_end = WAIT_QUEUE_INIT(late_end); /* of late_runs */

/* ---- the ready list ---- */

static bool maybe_ready(struct eventpoll *ep)
{
	/*
	 * Without ready_lock.  While a scan has the items it says yes, as they may come back.
	 */
	return READ_ONCE(ep->ready.next) != &ep->ready || READ_ONCE(ep->scanning);
}

/* False: it was there already, or nothing is wanted.  ready_lock held. */
static void enqueue_item(struct epoll_item *item)
{
	spin_assert_held(&item->ep->ready_lock);
	if (item->queued)
		return;
	item->queued = true;
	list_add_tail(&item->ep->ready, &item->ready);
}

/* Wakes the tasks that wait for the epoll; true: one of them slept in epoll_wait(). */
static bool announce_ready(struct eventpoll *ep)
{
	bool woken = wake_up_one(&ep->wait);

	wake_up(&ep->polled);
	return woken;
}

/*
 * Does a wake-up of @h's queue concern the events @wanted?  An item that wants neither input nor
 * output is concerned by each of its queues.
 */
static bool hook_concerns(const struct hook *h, uint32_t wanted)
{
	return wanted & h->events || !(wanted & (POLL_IN_EVENTS | POLL_OUT_EVENTS));
}

/* Wakes the tasks that poll the epoll itself; no other queue's lock is held. */
static void tell_polled(struct wake_late *l)
{
	struct eventpoll *ep = container_of(l, struct eventpoll, late);
	unsigned long flags = spin_lock_irqsave(&ep->ready_lock);

	/*
	 * Cleared before the wake-up: an item that becomes ready after that asks for this work once
	 * more.
	 */
	ep->late_due = false;
	spin_unlock_irqrestore(&ep->ready_lock, flags);
	wake_up(&ep->polled);
	flags = spin_lock_irqsave(&ep->ready_lock);
	ep->late_runs--;
	/* The last use of @ep: epoll_release waits only until late_runs is 0. */
	spin_unlock_irqrestore(&ep->ready_lock, flags);
	wake_up(&late_end);
}

/*
 * Tasks may poll @ep itself: the waker wakes them later, without its queue's lock.  ready_lock
 * held.
 */
static void tell_polled_later(struct eventpoll *ep)
{
	spin_assert_held(&ep->ready_lock);
	/*
	 * Not now: the queue that was woken is locked, and an epoll in that epoll would take
	 * another's lock under it.
	 */
	if (ep->late_due || !wait_is_awaited(&ep->polled))
		return;
	ep->late_due = true;
	ep->late_runs++;
	wake_later(&ep->late);
}

/* A queue that an item's file named was woken; its lock is held. */
static bool epoll_on_wake(struct waiter *w)
{
	const struct hook *h = container_of(w, struct hook, waiter);
	struct epoll_item *item = h->item;
	struct eventpoll *ep = item->ep;
	unsigned long flags = spin_lock_irqsave(&ep->ready_lock);
	/* Under ready_lock, with which epoll_ctl changes it. */
	uint32_t wanted = item->events & ~PRIVATE_BITS;
	bool concerned = wanted && hook_concerns(h, wanted);

	if (concerned) {
		enqueue_item(item);
		tell_polled_later(ep);
	}
	spin_unlock_irqrestore(&ep->ready_lock, flags);
	return concerned && wake_up_one(&ep->wait);
}

/* Takes all items off the ready list, for a scan; ep->lock held. */
static void begin_scan(struct eventpoll *ep, struct list_node *mine)
{
	unsigned long flags = spin_lock_irqsave(&ep->ready_lock);

	mutex_assert_held(&ep->lock);
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
		/*
		 * Before the file is asked: a wake-up after the answer puts the item on the list
		 * again.
		 */
		item->queued = false;
	}
	spin_unlock_irqrestore(&ep->ready_lock, flags);
	return item;
}

static void requeue(struct epoll_item *item)
{
	unsigned long flags = spin_lock_irqsave(&item->ep->ready_lock);

	enqueue_item(item);
	spin_unlock_irqrestore(&item->ep->ready_lock, flags);
}

/*
 * Puts back what the scan has not looked at, before all else.  Returns whether anything is on the
 * list.
 */
static bool end_scan(struct eventpoll *ep, struct list_node *mine)
{
	unsigned long flags = spin_lock_irqsave(&ep->ready_lock);
	bool more;

	/* In one step with scanning: a waiter that looks sees the flag or the items. */
	list_splice_tail(mine, &ep->ready); /* behind the rest of @mine */
	list_splice_tail(&ep->ready, mine);
	WRITE_ONCE(ep->scanning, false);
	more = !list_empty(&ep->ready);
	spin_unlock_irqrestore(&ep->ready_lock, flags);
	return more;
}

static uint32_t ask_item(const struct epoll_item *item, struct poll_wait *w)
{
	return file_poll(item->file, w) & item->events & ~PRIVATE_BITS;
}

/* ---- items ---- */

static struct epoll_item **epoll_bucket_of(const struct eventpoll *ep, const struct file *file,
					   int fd)
{
	uint64_t key = ((uintptr_t)file >> 4) + (uint64_t)(uint32_t)fd * 0x9e3779b1u;

	return &ep->buckets[(key ^ key >> 16) & (ep->cap - 1)];
}

static struct epoll_item *find_item(const struct eventpoll *ep, const struct file *file, int fd)
{
	struct epoll_item *i;

	for (i = *epoll_bucket_of(ep, file, fd); i; i = i->next)
		if (i->file == file && i->fd == fd)
			return i;
	return NULL;
}

static void hash_item(struct eventpoll *ep, struct epoll_item *item)
{
	struct epoll_item **b = epoll_bucket_of(ep, item->file, item->fd);

	item->next = *b;
	*b = item;
}

/* Twice the buckets; without memory for them the chains grow instead. */
static void grow_buckets(struct eventpoll *ep)
{
	struct epoll_item **old = ep->buckets, **fresh;
	uint32_t cap = ep->cap;

	if (ep->nr_items < cap || cap >= MAX_CAP)
		return;
	fresh = kzalloc(2 * cap * sizeof(struct epoll_item *));
	if (!fresh)
		return;
	/* ep->lock is held: nobody looks for an item meanwhile. */
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

static uint64_t max_watches = UINT64_MAX; /* UINT64_MAX: it has not been set */

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
	struct epoll_item **at = epoll_bucket_of(ep, item->file, item->fd);
	unsigned long flags;

	mutex_assert_held(&ep->lock);
	leave_queues(item); /* from here on no wake-up puts it on the ready list */
	while (*at != item)
		at = &(*at)->next;
	*at = item->next;
	ep->nr_items--;
	/* ep->lock keeps the item; the list that it leaves is its file's, under another lock. */
	mutex_lock(&epoll_watch_lock);
	list_del(&item->watch);
	mutex_unlock(&epoll_watch_lock);
	flags = spin_lock_irqsave(&ep->ready_lock);
	/* Out of all queues, so nothing puts it back; ep->lock keeps scans away. */
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

static void join_queue(struct poll_wait *w, struct wait_queue *q, uint32_t events)
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
	/* Last: the wake-up may come at once, from an interrupt. */
	wait_add(q, &h->waiter, epoll_on_wake);
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
	grow_buckets(ep);
	hash_item(ep, item);
	ep->nr_items++;
	mutex_lock(&epoll_watch_lock);
	/* The caller has a reference to the file: it is not being closed now (epoll_forget). */
	list_add_tail(&file->watchers, &item->watch);
	mutex_unlock(&epoll_watch_lock);
	return item;
}

/* ---- epoll_ctl ---- */

/*
 * Puts @item on the ready list if its file is ready; joins the file's queues first if @w says so.
 */
static void look_at_item(struct epoll_item *item, struct poll_wait *w)
{
	/* The item is in the queues by now: what changes after this look is a wake-up. */
	if (!ask_item(item, w))
		return;
	requeue(item);
	announce_ready(item->ep);
}

static int add_item(struct eventpoll *ep, struct file *target, int fd, const struct epoll_event *ev)
{
	struct joining j = { .wait = { .join = join_queue } };

	if (find_item(ep, target, fd))
		return -EEXIST;
	if (!count_watch(ep))
		return -ENOSPC;
	j.item = new_item(ep, target, fd, ev);
	if (!j.item) {
		user_uncharge(ep->user, USER_WATCHES, 1);
		return -ENOMEM;
	}
	look_at_item(j.item, &j.wait);
	if (j.no_memory) {
		remove_item(ep, j.item);
		return -ENOMEM;
	}
	return 0;
}

/* Adds @target where it is an epoll itself, or where @ep is in one. */
static int add_nested(struct eventpoll *ep, struct file *target, int fd,
		      const struct epoll_event *ev)
{
	struct epoll_item *item;
	int err;

	/* One at a time: two tasks could else put two epolls into each other. */
	if (mutex_lock_killable(&epoll_nest_lock))
		return -EINTR;
	err = epoll_is(target) ? epoll_check_depth(ep, target->private) : 0;
	if (!err)
		err = mutex_lock_killable(&ep->lock);
	if (!err) {
		err = add_item(ep, target, fd, ev);
		mutex_unlock(&ep->lock);
		if (!err)
			err = epoll_check_paths(ep, target);
		if (err == -EINVAL) {
			/* what was put in comes out again, even if the task is to die */
			mutex_lock(&ep->lock);
			item = find_item(ep, target, fd);
			if (item)
				remove_item(ep, item);
			mutex_unlock(&ep->lock);
		}
	}
	mutex_unlock(&epoll_nest_lock);
	return err;
}

static int modify_item(struct eventpoll *ep, struct epoll_item *item, const struct epoll_event *ev)
{
	unsigned long flags;

	if (item->events & EPOLLEXCLUSIVE)
		return -EINVAL;
	flags = spin_lock_irqsave(&ep->ready_lock);
	/* Events and data together: epoll_on_wake and a scan see both old or both new. */
	item->events = ev->events;
	item->data = ev->data;
	spin_unlock_irqrestore(&ep->ready_lock, flags);
	look_at_item(item, NULL);
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
	/* Killable: another thread may be scanning a long list, whose files' poll may sleep. */
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
static int deliver_event(struct epoll_item *item, uint32_t ready, uptr to)
{
	struct epoll_event ev;
	unsigned long flags;

	__builtin_memset(&ev, 0, sizeof(ev));
	ev.events = ready;
	ev.data = item->data;
	/*
	 * With ep->lock held, a mutex: the copy may fault.  The item goes back, so that the event
	 * is not lost.
	 */
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
static long harvest_events(struct eventpoll *ep, uptr to, int max)
{
	struct epoll_item *item;
	struct list_node mine;
	long n = 0, err = 0;
	bool more;

	if (mutex_lock_killable(&ep->lock))
		return -EINTR;
	begin_scan(ep, &mine);
	while (n < max && !err && (item = next_item(ep, &mine))) {
		uint32_t ready = ask_item(item, NULL);

		if (!ready)
			continue;
		err = deliver_event(item, ready,
				    uptr_add(to, (uint64_t)n * sizeof(struct epoll_event)));
		n += !err;
		if (give_way())
			break;
	}
	more = end_scan(ep, &mine);
	mutex_unlock(&ep->lock);
	/*
	 * For another thread in epoll_wait(): the wake-up for what is left may have been spent on
	 * this one.
	 */
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
		long n = maybe_ready(ep) ? harvest_events(ep, to, max) : 0;

		if (n)
			return n;
		if (late)
			return 0;
		if (signal_pending())
			return -EINTR;
		/*
		 * The task is in the queue before it looks: an item that becomes ready after the
		 * look wakes it.
		 */
		wait_prepare(&ep->wait, &w, TASK_SLEEPING);
		if (!maybe_ready(ep) && !signal_pending())
			late = sched_sleep_deadline(TIMER_MONOTONIC, deadline_ns);
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
		if (ask_item(item, NULL)) {
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

	/* Keeps out epoll_forget() of a file that is closed at the same moment. */
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
	.seek = file_seek_nowhere,
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

	mutex_lock(&epoll_watch_lock);
	if (!list_empty(&f->watchers)) {
		ep = list_first(&f->watchers, struct epoll_item, watch)->ep;
		/*
		 * Under epoll_watch_lock: epoll_release takes the item off this list, under the
		 * same lock, before it puts the epoll.
		 */
		ref_get(&ep->refs);
	}
	mutex_unlock(&epoll_watch_lock);
	return ep;
}

/* The item by which @f is in @ep, if it still is; ep->lock held, which keeps it. */
static struct epoll_item *item_in(const struct file *f, const struct eventpoll *ep)
{
	struct epoll_item *i, *found = NULL;

	mutex_assert_held(&ep->lock);
	mutex_lock(&epoll_watch_lock);
	list_for_each(i, &f->watchers, watch)
		if (i->ep == ep) {
			found = i;
			break;
		}
	mutex_unlock(&epoll_watch_lock);
	return found;
}

/* @f is closed for good, and leaves all epolls it is in. */
static void epoll_forget(struct file *f)
{
	struct eventpoll *ep;

	while ((ep = first_watcher(f))) {
		struct epoll_item *item;

		mutex_lock(&ep->lock); /* without epoll_watch_lock, which comes after it */
		item = item_in(f, ep); /* another may have removed it meanwhile */
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
