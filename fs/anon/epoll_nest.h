/*
 * epoll_nest.h - an epoll and its items, and what happens where epolls are in epolls.
 *
 * Locks, in the order in which they are taken:
 *   epoll_nest_lock (mutex)	an epoll being added to an epoll, or anything to an epoll that is in
 *				another
 *   ep->lock (mutex)		the items and the events that they want; an outer epoll's before
 *				an inner one's
 *   epoll_watch_lock (mutex)	the list file->watchers of every file
 *   a wait queue's lock
 *   ep->ready_lock (irqsave)	the ready list; the epoll's own wait queues are woken after it
 *   ep->polled's lock		its waiters; to wake them it is taken before all of the above:
 *				they may be epolls (tell_polled)
 */
#pragma once

#include "task/wait.h"

struct charge;
struct file;
struct user;

/* A place in a wait queue. */
struct hook {
	struct waiter waiter;
	struct wait_queue *queue;
	struct epoll_item *item;
	struct hook *next;
	uint32_t events; /* that the queue reports */
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
	struct ref refs; /* of the file, and of tasks in epoll_forget() */
	struct mutex lock;
	struct file *file;
	struct user *user; /* that made it, and is charged for its items */
	struct epoll_item **buckets;
	uint32_t cap, nr_items;

	struct spinlock ready_lock;
	struct list_node ready;		/* oldest first */
	bool scanning;			/* a scan has taken the list */
	struct wait_queue wait, polled; /* epoll_wait(); polls of this epoll */
	struct wake_late late;		/* wakes these polls */
	bool late_due;			/* it is to run; ready_lock, as the next */
	uint32_t late_runs;		/* how many of it are due or at work: the epoll stays */

	uint32_t round, height; /* epoll_nest_lock: this one's levels as found in that round */
};

extern struct mutex epoll_nest_lock, epoll_watch_lock;

/* epoll_check_depth - may @inner go into @ep?  epoll_nest_lock held.  0, -ELOOP, -EINTR. */
int epoll_check_depth(struct eventpoll *ep, struct eventpoll *inner) __must_check;

/*
 * epoll_check_paths - with @target in its new epoll @ep: does one wake-up still reach few enough
 * epolls?  epoll_nest_lock held.  0, -EINVAL.
 */
int epoll_check_paths(const struct eventpoll *ep, struct file *target) __must_check;
