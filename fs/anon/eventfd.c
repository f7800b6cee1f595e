/*
 * eventfd.c - eventfd2(2): writing adds to a counter, reading takes it, or as a semaphore one of
 * it.
 *
 * Invariant: the counter is below UINT64_MAX; a write that would make it more waits.
 */
#include "fs/anon/eventfd.h"

#include "fs/anon/anon.h"
#include "fs/poll.h"
#include "mm/slab.h"

struct eventfd {
	struct spinlock lock; /* of count; leaf */
	uint64_t count;
	bool semaphore;
	struct wait_queue read_wait, write_wait;
};

/* Takes what a read gets; false: there is nothing. */
static bool take_count(struct eventfd *e, uint64_t *got)
{
	spin_lock(&e->lock);
	*got = e->semaphore ? e->count != 0 : e->count;
	e->count -= *got;
	spin_unlock(&e->lock);
	return *got;
}

/* Adds @n; false: there is no room for it. */
static bool add_count(struct eventfd *e, uint64_t n)
{
	bool fits;

	spin_lock(&e->lock);
	fits = n < UINT64_MAX - e->count;
	if (fits)
		e->count += n;
	spin_unlock(&e->lock);
	return fits;
}

static long eventfd_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct eventfd *e = f->private;
	uint64_t got;
	int err;

	if (to->left < sizeof(got))
		return -EINVAL;
	while (!take_count(e, &got)) {
		err = file_wait_event(f, to, &e->read_wait, READ_ONCE(e->count));
		if (err)
			return err;
	}
	/* After the count has changed; a thousand writers may wait, and each looks for itself. */
	wake_up_yielding(&e->write_wait);
	/* The count has been taken: with a bad address it is lost, as on Linux. */
	return iter_put(to, &got, sizeof(got)) == sizeof(got) ? (long)sizeof(got) : -EFAULT;
}

static long eventfd_write(struct file *f, struct iter *from, uint64_t *pos)
{
	struct eventfd *e = f->private;
	uint64_t n;
	int err;

	if (from->left != sizeof(n))
		return -EINVAL;
	if (iter_take(from, &n, sizeof(n)) != sizeof(n))
		return -EFAULT;
	if (n == UINT64_MAX)
		return -EINVAL;
	while (!add_count(e, n)) {
		err = file_wait_event(f, from, &e->write_wait,
				      n < UINT64_MAX - READ_ONCE(e->count));
		if (err)
			return err;
	}
	/* Without e->lock, which every reader that is woken takes. */
	wake_up_yielding(&e->read_wait);
	return sizeof(n);
}

static uint32_t eventfd_poll(struct file *f, struct poll_wait *w)
{
	struct eventfd *e = f->private;
	uint64_t count;
	uint32_t ready = 0;

	poll_on_for(w, &e->read_wait, POLL_IN_EVENTS);
	poll_on_for(w, &e->write_wait, POLL_OUT_EVENTS);
	/* One load, after the queues were joined: both answers are of one moment. */
	count = READ_ONCE(e->count);
	if (count)
		ready |= POLLIN;
	if (count < UINT64_MAX - 1)
		ready |= POLLOUT;
	return ready;
}

static const struct file_ops eventfd_fops = {
	.anon = "[eventfd]",
	.read = eventfd_read,
	.write = eventfd_write,
	.seek = file_seek_nowhere,
	.poll = eventfd_poll,
	.release = anon_release,
};

bool eventfd_is(const struct file *f)
{
	return f->ops == &eventfd_fops;
}

bool eventfd_take(struct file *f, uint64_t *got)
{
	struct eventfd *e = f->private;
	bool took = take_count(e, got);

	if (took)
		wake_up(&e->write_wait);
	return took;
}

void eventfd_signal(struct file *f)
{
	struct eventfd *e = f->private;

	/* Full, it is to be read already. */
	(void)add_count(e, 1);
	wake_up_yielding(&e->read_wait);
}

int eventfd_create(uint64_t count, bool semaphore, uint32_t flags)
{
	struct eventfd *e = kzalloc(sizeof(*e));
	int fd;

	if (!e)
		return -ENOMEM;
	/* No lock: the file has no descriptor yet. */
	e->count = count;
	e->semaphore = semaphore;
	wait_init(&e->read_wait);
	wait_init(&e->write_wait);
	fd = anon_add(&eventfd_fops, e, O_RDWR | flags);
	if (fd < 0)
		kfree(e);
	return fd;
}
