/*
 * pipe_internal.h - what pipe.c and splice.c share.
 */
#pragma once

#include "fs/async.h"
#include "fs/iter.h"
#include "fs/pipe.h"
#include "mm/page.h"

/* bytes that are copied before others may run; a power of 2.  The pipe stays locked */
#define PIPE_STRETCH 65536u

struct pipe {
	struct mutex lock;
	/* For bytes, for room; also for the other end to be opened. */
	struct wait_queue read_wait, write_wait;
	struct page **pages;	   /* cap / PAGE_SIZE of them; NULL: not made yet */
	uint32_t cap;		   /* bytes, a power of two, at least a page */
	uint32_t tail;		   /* where in the ring reading goes on, modulo cap */
	uint32_t used;		   /* bytes in the ring; polled without the lock */
	uint32_t readers, writers; /* open ends */
	/* How often each end has been opened: a fifo's open waits for it. */
	uint32_t reads_opened, writes_opened;
	bool polled;				   /* by poll(2) or an epoll, once */
	uint32_t files;				   /* open files, for the pipe's own life */
	struct async_list read_async, write_async; /* who wants a signal */
	struct user *user;			   /* of who made it: USER_PIPE_PAGES, cap's */
	struct charge *charge;			   /* of who made it: for the pages, too */
};

static inline uint32_t pipe_used(const struct pipe *p)
{
	return READ_ONCE(p->used);
}

static inline uint32_t pipe_room(const struct pipe *p)
{
	return READ_ONCE(p->cap) - pipe_used(p);
}

static inline uint32_t page_at(const struct pipe *p, uint32_t pos)
{
	return (pos & (p->cap - 1)) >> PAGE_SHIFT;
}

/* pipe_time_to_breathe - are others to run, now that a piece of @n bytes has made @done of it? */
static inline bool pipe_time_to_breathe(size_t done, uint32_t n)
{
	return unlikely(((done ^ (done - n)) & ~(size_t)(PIPE_STRETCH - 1)) != 0);
}

/*
 * pipe_page - the page in which byte @pos of the ring lies, made if it is not there; NULL: no
 * memory.  lock held.
 */
struct page *pipe_new_page(struct pipe *p, uint32_t pos) __must_check;
static inline struct page *pipe_page(struct pipe *p, uint32_t pos)
{
	struct page *page = p->pages[page_at(p, pos)];

	return likely(page) ? page : pipe_new_page(p, pos);
}

/* pipe_of - @f's pipe, or NULL: it is none. */
struct pipe *pipe_of(struct file *f);

/*
 * pipe_consume - @n bytes have been read, all in one page, which goes back if it was read to its
 * end.  lock held, as for the rest.
 */
void pipe_consume(struct pipe *p, uint32_t n);

/*
 * pipe_append - copy @n bytes, which fit, behind what is there; all or none.  0, -EFAULT, -ENOMEM.
 */
int pipe_append(struct pipe *p, struct iter *from, uint32_t n) __must_check;

/* pipe_wake_readers - something was written; @was_empty before. */
void pipe_wake_readers(struct pipe *p, bool was_empty);

/* pipe_broken - current gets SIGPIPE; -EPIPE. */
int pipe_broken(void);
