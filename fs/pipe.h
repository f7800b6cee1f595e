/*
 * pipe.h - pipes and fifos.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "fs/async.h"
#include "fs/ring.h"
#include "fs/file.h"

/*
 * What a user without CAP_SYS_RESOURCE and CAP_SYS_ADMIN may have, as in Linux: bytes that a pipe
 * may be made to hold; pages that the rings of all pipes of a user may have before new ones get
 * two, and before there are none.  0: no limit.  /proc/sys/fs/pipe-max-size, pipe-user-pages-soft,
 * -hard.
 */
struct pipe_limits {
	uint32_t size;
	uint64_t soft, hard;
};
extern struct pipe_limits pipe_limits;

/* pipe_set_max_size - @size, rounded up to a size that a pipe can have.  0, -EINVAL. */
int pipe_set_max_size(uint64_t size) __must_check;

/*
 * pipe_create - pipe2(2): @ends[0] to read, @ends[1] to write, each one reference.  @flags:
 * O_NONBLOCK, O_DIRECT.  0, -ENOMEM, -ENFILE.
 */
int pipe_create(struct file *ends[2], uint32_t flags) __must_check;

/*
 * pipe_resize, pipe_capacity - fcntl(2)'s F_SETPIPE_SZ and F_GETPIPE_SZ: bytes, or -EBADF (not a
 * pipe), -EBUSY, -EPERM, -EINVAL, -ENOMEM.
 */
long pipe_resize(struct file *f, uint32_t size) __must_check;
long pipe_capacity(struct file *f) __must_check;

/* The operations of an open fifo; its open finds or makes the pipe. */
extern const struct file_ops fifo_fops;

/* ---- the pipe itself, for splice.c too ---- */

/* bytes that are copied before others may run; a power of 2.  The pipe stays locked */
#define PIPE_STRETCH 65536u

struct pipe {
	struct mutex lock;
	/* For bytes, for room; also for the other end to be opened. */
	struct wait_queue read_wait, write_wait;
	struct ring ring;	   /* charged to the process that made the pipe */
	uint32_t readers, writers; /* open ends */
	/* How often each end has been opened: a fifo's open waits for it. */
	uint32_t reads_opened, writes_opened;
	bool polled;				   /* by poll(2) or an epoll, once */
	uint32_t files;				   /* open files, for the pipe's own life */
	struct async_list read_async, write_async; /* files that want a signal */
	struct user *user;			   /* charged for the ring's size */
};

static inline uint32_t pipe_used(const struct pipe *p)
{
	return ring_used(&p->ring);
}

static inline uint32_t pipe_room(const struct pipe *p)
{
	return ring_room(&p->ring);
}

/* pipe_at_stretch - are others to run, now that a piece of @n bytes has made @done of it? */
static inline bool pipe_at_stretch(size_t done, uint32_t n)
{
	return unlikely(((done ^ (done - n)) & ~(size_t)(PIPE_STRETCH - 1)) != 0);
}

/* pipe_of - @f's pipe, or NULL: it is none. */
struct pipe *pipe_of(struct file *f);

/* pipe_wake_readers - something was written; @was_empty before. */
void pipe_wake_readers(struct pipe *p, bool was_empty);

/* pipe_broken - current gets SIGPIPE; -EPIPE. */
int pipe_broken(void);

/*
 * pipe_wait_filled, pipe_wait_room - until there are bytes or no writer, @n bytes of room or no
 * reader: 0, -ERESTARTSYS; -EAGAIN at once if @nonblock.  lock not held.
 */
static inline int pipe_wait_filled(struct pipe *p, bool nonblock)
{
	return wait_unless(nonblock, &p->read_wait, pipe_used(p) || !READ_ONCE(p->writers));
}
int pipe_wait_room(struct pipe *p, uint32_t n, bool nonblock) __must_check;

/*
 * pipe_await_bytes - there are bytes in @p, which is locked: 1.  Else, not locked: 0 (the end),
 * -EAGAIN, -EINTR, -ERESTARTSYS.
 */
int pipe_await_bytes(struct pipe *p, bool nonblock) __must_check;
