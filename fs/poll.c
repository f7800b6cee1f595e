/*
 * poll.c - ppoll(2)'s and pselect6(2)'s work: joining the wait queues of many files at once.
 *
 * Comes from el1/sys_poll.c with the files found, goes to each file's poll.  Invariant: the task is on every queue, its state
 * set, before the last look at the files, so that a change after that look wakes it.  A poll operation that sleeps for a lock
 * undoes the state: then the next sleep is none, and all is looked at again.
 */
#include "fs/poll.h"

#include "abi/errno.h"
#include "abi/poll.h"
#include "fs/file.h"
#include "mm/slab.h"
#include "task/sched.h"
#include "task/signal.h"

/* A place in one queue. */
struct poll_link {
	struct wait_queue *queue;
	struct waiter waiter;
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
};

/* The link numbered @n, made if it is the next one; NULL: no memory. */
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

static void join(struct poll_wait *wait, struct wait_queue *q, uint32_t events)
{
	struct poll_links *w = container_of(wait, struct poll_links, wait);
	struct poll_link *link = new_link(w);

	if (!link) {
		w->no_memory = true;
		return;
	}
	w->n++;
	link->queue = q;
	wait_prepare(q, &link->waiter, WAIT_SLEEPING);
}

static void leave(struct poll_link *links, uint32_t n)
{
	while (n--)
		wait_finish(links[n].queue, &links[n].waiter);
}

/* Off all queues, running again. */
static void leave_all(struct poll_links *w)
{
	while (w->more) {
		struct poll_more *more = w->more;
		uint32_t in_it = (w->n - FIRST_LINKS - 1) % MORE_LINKS + 1;

		leave(more->links, in_it);
		w->n -= in_it;
		w->more = more->next;
		kfree(more);
	}
	leave(w->first, w->n);
	w->n = 0;
}

/* Looks at all; joins their queues until one is found ready. */
static long look(struct poll_entry *e, size_t n, struct poll_wait *w)
{
	long found = 0;

	for (size_t i = 0; i < n; i++) {
		if (e[i].file)
			e[i].ready = file_poll(e[i].file, found ? NULL : w) &
				     (e[i].events | POLLERR | POLLHUP);
		if (e[i].ready)
			found++;
	}
	return found;
}

long poll_files(struct poll_entry *e, size_t n, uint64_t deadline_ns)
{
	struct poll_links w = { .wait = { .join = join } };
	bool late = false;
	long found;

	if (deadline_ns == 0)
		return look(e, n, NULL);
	do {
		struct wait_queue none;
		struct waiter self;

		/* A queue of our own holds the state, when there is no other: a poll of no files is a sleep. */
		wait_init(&none);
		wait_prepare(&none, &self, WAIT_SLEEPING);
		found = look(e, n, &w.wait);
		if (!found && w.no_memory)
			found = -ENOMEM;
		if (!found && signal_pending())
			found = -ERESTARTNOHAND;
		if (!found)
			late = sched_sleep_deadline(deadline_ns);
		leave_all(&w);
		wait_finish(&none, &self);
	} while (!found && !late);
	return found ? found : look(e, n, NULL);
}
