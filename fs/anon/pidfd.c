/*
 * pidfd.c - a process as a file, which goes on meaning that process when its number means another.
 *
 * Comes from sys/proc/pidfd.c, clone(2) and SO_PEERPIDFD.  Invariant: the file holds the process,
 * so that the queue of the tasks that wait for its end stays.
 */
#include "fs/anon/pidfd.h"

#include "fs/anon/anon.h"
#include "fs/poll.h"

static uint32_t pidfd_poll(struct file *f, struct poll_wait *w)
{
	const struct process *p = f->private;
	uint32_t ready = 0;

	poll_on(w, &((struct process *)f->private)->end.wait);
	/* After the queue was joined: the task that sets these wakes the queue afterwards. */
	if (READ_ONCE(p->end.zombie))
		ready |= POLLIN | POLLRDNORM;
	if (READ_ONCE(p->end.reaped))
		ready |= POLLHUP;
	return ready;
}

static void pidfd_release(struct file *f)
{
	if (f->private)
		process_put(f->private);
}

static const struct file_ops pidfd_fops = { .poll = pidfd_poll, .release = pidfd_release };

void pidfd_set(struct file *f, struct process *p)
{
	process_get(p);
	f->private = p;
}

struct file *pidfd_file(struct process *p, uint32_t flags)
{
	struct file *f = anon_file(&pidfd_fops, NULL, O_RDWR | flags);

	if (!is_err(f) && p)
		pidfd_set(f, p);
	return f;
}

struct process *pidfd_process(const struct file *f)
{
	return f->ops == &pidfd_fops ? f->private : NULL;
}
