/*
 * poll.h - waiting for any of several files to become ready.
 */
#pragma once

#include <stdint.h>

#include "lib/util.h"
#include "task/wait.h"

struct file;
struct poll_wait;

/* poll_on - from a file's poll operation: wake @w's task when @q is woken.  Does nothing when @w is NULL. */
void poll_on(struct poll_wait *w, struct wait_queue *q);

/* One file asked about; as struct pollfd with the file found. */
struct poll_entry {
	struct file *file; /* NULL: not asked about, ready stays as it is */
	uint32_t events;   /* POLL* wanted; POLLERR and POLLHUP always are */
	uint32_t ready;	   /* what is true */
};

/*
 * poll_files - wait until one of @n entries is ready, or @deadline_ns of the monotonic clock (0: only look; UINT64_MAX: no end).
 * Return: how many are ready (0: the deadline), -ERESTARTNOHAND (a signal), -ENOMEM.
 */
long poll_files(struct poll_entry *e, size_t n, uint64_t deadline_ns) __must_check;
