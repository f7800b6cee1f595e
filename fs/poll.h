/*
 * poll.h - waiting for any of several files to become ready.
 */
#pragma once

#include <stdint.h>

#include "abi/poll.h"
#include "task/wait.h"

struct file;

/*
 * What asks a file's poll operation for its queues: poll.c for the length of a call, epoll.c for
 * good.
 */
struct poll_wait {
	/* join - be woken by @q, when it says one of the POLL* of @events. */
	void (*join)(struct poll_wait *w, struct wait_queue *q, uint32_t events);
};

#define POLL_IN_EVENTS	(POLLIN | POLLRDNORM | POLLPRI | POLLRDBAND)
#define POLL_OUT_EVENTS (POLLOUT | POLLWRNORM | POLLWRBAND)

/*
 * poll_on - from a file's poll operation: wake @w when @q is woken.  Does nothing when @w is NULL.
 * @q must live as long as the open file does: epoll stays in it until then.
 * poll_on_for - the same, of a queue that is woken for no other reason than POLL_IN_EVENTS or
 * POLL_OUT_EVENTS (and errors and hang-ups): a task that waits for the other kind is not woken.
 */
static inline void poll_on_for(struct poll_wait *w, struct wait_queue *q, uint32_t events)
{
	if (w)
		w->join(w, q, events);
}

static inline void poll_on(struct poll_wait *w, struct wait_queue *q)
{
	poll_on_for(w, q, UINT32_MAX);
}

/* One file asked about; as struct pollfd with the file found. */
struct poll_entry {
	struct file *file; /* NULL: not asked about, ready stays as it is */
	uint32_t events;   /* POLL* wanted; POLLERR and POLLHUP always are */
	uint32_t ready;	   /* what is true */
};

/*
 * poll_files - wait until one of @n entries is ready, or @deadline_ns of the monotonic clock (0:
 * only look; UINT64_MAX: no end).
 * Return: how many are ready (0: the deadline), -ERESTARTNOHAND (a signal), -ENOMEM.
 */
long poll_files(struct poll_entry *e, size_t n, uint64_t deadline_ns) __must_check;
