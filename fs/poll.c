/*
 * poll.c - ppoll(2)'s and pselect6(2)'s work: joining the wait queues of many files at once.
 *
 * Comes from sys/file/poll.c with the files found, goes to each file's poll.  Invariant: the task
 * is on every queue before it looks at the files for the last time, and a wake-up is remembered
 * (woken): so it may sleep and give way while it looks, and a change after the look is not missed.
 */
#include "fs/poll.h"

#include "fs/file.h"
#include "mm/slab.h"

/* A place in one queue. */
struct poll_link {
	struct wait_queue *queue;
	struct waiter waiter;
	struct poll_links *all;
};

#define FIRST_LINKS 6
#define MORE_LINKS  100

struct poll_more {
	struct poll_more *next;
	struct poll_link links[MORE_LINKS];
};

struct poll_links {
	struct poll_wait wait;
	struct poll_link first[FIRST_LINKS]; /* enough for most, on the stack */
	struct poll_more *more;		     /* newest first */
	uint32_t n;			     /* links in use */
	bool no_memory;
	bool woken; /* since it was last made false, a queue was woken */
};

/* The link numbered w->n, made if it is the next one; NULL: no memory. */
static struct poll_link *new_link(struct poll_links *w)
{
	uint32_t n = w->n;

	if (n < FIRST_LINKS)
		return &w->first[n];
	n = (n - FIRST_LINKS) % MORE_LINKS;
	if (n == 0) {
		struct poll_more *more = kmalloc(sizeof(*more));

		if (!more)
			return NULL;
		more->next = w->more;
		w->more = more;
	}
	return &w->more->links[n];
}

/*
 * The queue's lock is held.  woken is set before task_wake: the task tests it after it has set its
 * state, so that either task_wake finds it sleeping or it does not go to sleep.
 */
static bool poll_on_wake(struct waiter *waiter)
{
	WRITE_ONCE(container_of(waiter, struct poll_link, waiter)->all->woken, true);
	return task_wake(waiter->task);
}

static void join_polled(struct poll_wait *wait, struct wait_queue *q, uint32_t events)
{
	struct poll_links *w = container_of(wait, struct poll_links, wait);
	struct poll_link *link = new_link(w);

	if (!link) {
		w->no_memory = true;
		return;
	}
	w->n++;
	link->queue = q;
	link->all = w;
	link->waiter.exclusive = false;
	wait_add(q, &link->waiter, poll_on_wake);
}

static void leave_queue(struct poll_link *links, uint32_t n)
{
	while (n--)
		wait_remove(links[n].queue, &links[n].waiter);
}

/* Off all queues; wait_remove takes each queue's lock, so no wake-up touches a link afterwards. */
static void leave_all(struct poll_links *w)
{
	while (w->more) {
		struct poll_more *more = w->more;
		uint32_t in_it = (w->n - FIRST_LINKS - 1) % MORE_LINKS + 1;

		leave_queue(more->links, in_it);
		w->n -= in_it;
		w->more = more->next;
		kfree(more);
		give_way();
	}
	leave_queue(w->first, w->n);
	w->n = 0;
}

#define LOOK_STRETCH 64 /* files before others may run */

/*
 * Looks at all; joins their queues until one is found ready.  How many are, or -EINTR: the task is
 * to die.
 */
static long look(struct poll_entry *e, size_t n, struct poll_wait *w)
{
	long found = 0;

	for (size_t i = 0; i < n; i++) {
		if (e[i].file)
			e[i].ready = file_poll(e[i].file, found ? NULL : w) &
				     (e[i].events | POLLERR | POLLHUP);
		if (e[i].ready)
			found++;
		if (i % LOOK_STRETCH == LOOK_STRETCH - 1 && give_way())
			return -EINTR;
	}
	return found;
}

/* Sleeps until a queue is woken.  0, 1: the time is over, -ERESTARTNOHAND. */
static int sleep_until_woken(struct poll_links *w, uint64_t deadline_ns)
{
	int ret = 0;

	/* Before woken is tested: a wake-up after the test makes the task runnable again. */
	sched_set_state(TASK_SLEEPING);
	if (READ_ONCE(w->woken))
		;
	else if (signal_pending())
		ret = -ERESTARTNOHAND;
	else
		ret = sched_sleep_deadline(TIMER_MONOTONIC, deadline_ns);
	sched_set_state(TASK_RUNNING);
	WRITE_ONCE(w->woken, false);
	dmb(ish); /* before the next look: what changes behind it is remembered */
	return ret;
}

long poll_files(struct poll_entry *e, size_t n, uint64_t deadline_ns)
{
	struct poll_links w = { .wait = { .join = join_polled } };
	long found;
	int ret = 0;

	if (deadline_ns == 0)
		return look(e, n, NULL);
	found = look(e, n, &w.wait);
	if (!found && w.no_memory)
		found = -ENOMEM;
	while (!found && !ret) {
		ret = sleep_until_woken(&w, deadline_ns);
		found = ret < 0 ? ret : look(e, n, NULL);
	}
	leave_all(&w);
	return found;
}
