/*
 * pipe.c - bytes from writers to readers, first in, first out: pipe2(2) and fifos.
 *
 * Comes from a pipe's read and write; the bytes lie in a ring of pages (fs/ring.h), under
 * pipe->lock.  Invariant: a write of up to PIPE_BUF bytes goes in at once or not at all.
 */
#include "fs/pipe.h"

#include "abi/stat.h"
#include "abi/termios.h"
#include "fs/poll.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "task/cap.h"

#define DEFAULT_SIZE 65536u
#define LEAST_SIZE   (2 * (uint32_t)PAGE_SIZE) /* of a user that has too many */
#define CEILING	     (1u << 22)

/* ---- how much a user may have ---- */

struct pipe_limits pipe_limits = { .size = 1048576, .soft = 16384 };

static bool is_limited(void)
{
	return !capable(CAP_SYS_RESOURCE) && !capable(CAP_SYS_ADMIN);
}

/* Does current's user have more than @limit?  What is asked for has been charged. */
static bool is_over(const struct user *u, uint64_t limit)
{
	return limit && user_count(u, USER_PIPE_PAGES) > limit && is_limited();
}

/* The smallest size that a pipe can have and that is not below @size. */
static uint32_t round_size(uint32_t size)
{
	uint32_t cap = PAGE_SIZE;

	while (cap < size)
		cap *= 2;
	return cap;
}

int pipe_set_max_size(uint64_t size)
{
	if (!size || size > CEILING)
		return -EINVAL;
	WRITE_ONCE(pipe_limits.size, round_size((uint32_t)size));
	return 0;
}

/* The size of a new pipe of @u's, which is charged for it; 0: there are too many. */
static uint32_t charge_new_pipe(struct user *u)
{
	uint32_t size = DEFAULT_SIZE, most = READ_ONCE(pipe_limits.size);

	if (size > most && !capable(CAP_SYS_RESOURCE))
		size = most;
	user_charge_anyway(u, USER_PIPE_PAGES, size / PAGE_SIZE);
	if (size > LEAST_SIZE && is_over(u, READ_ONCE(pipe_limits.soft))) {
		user_uncharge(u, USER_PIPE_PAGES, (size - LEAST_SIZE) / PAGE_SIZE);
		size = LEAST_SIZE;
	}
	if (!is_over(u, READ_ONCE(pipe_limits.hard)))
		return size;
	user_uncharge(u, USER_PIPE_PAGES, size / PAGE_SIZE);
	return 0;
}

/* ---- life ---- */

/* A pipe that nobody has opened; err_ptr(-ENFILE): the user has too many, err_ptr(-ENOMEM). */
static struct pipe *pipe_new(void)
{
	struct user *user = current_cred()->user;
	uint32_t cap = charge_new_pipe(user);
	struct pipe *p = cap ? kzalloc(sizeof(*p)) : NULL;

	if (!p || ring_init(&p->ring, cap, NULL)) {
		kfree(p);
		user_uncharge(user, USER_PIPE_PAGES, cap / PAGE_SIZE);
		return err_ptr(cap ? -ENOMEM : -ENFILE);
	}
	p->user = user_get(user);
	p->ring.charge = charge_mine(sizeof(*p));
	mutex_init(&p->lock);
	wait_init(&p->read_wait);
	wait_init(&p->write_wait);
	async_init(&p->read_async);
	async_init(&p->write_async);
	return p;
}

static void pipe_free(struct pipe *p)
{
	user_uncharge(p->user, USER_PIPE_PAGES, p->ring.cap / PAGE_SIZE);
	user_put(p->user);
	ring_free(&p->ring);
	charge_drop(p->ring.charge, sizeof(*p));
	kfree(p);
}

/* As mutex_lock_killable: most often it is free. */
static inline int lock_pipe(struct pipe *p)
{
	return mutex_trylock(&p->lock) ? 0 : mutex_lock_killable(&p->lock);
}

int pipe_wait_room(struct pipe *p, uint32_t n, bool nonblock)
{
	return wait_unless(nonblock, &p->write_wait, pipe_room(p) >= n || !READ_ONCE(p->readers));
}

/* ---- reading ---- */

static inline int await_bytes(struct pipe *p, bool nonblock)
{
	while (!p->ring.used) {
		bool ended = !p->writers;
		int err;

		/*
		 * A writer needs the lock to put bytes in.  Whether one came meanwhile
		 * pipe_wait_filled asks again after it has joined the queue.
		 */
		mutex_unlock(&p->lock);
		if (ended)
			return 0;
		err = pipe_wait_filled(p, nonblock) ?: lock_pipe(p);
		if (err)
			return err;
	}
	return 1;
}

int pipe_await_bytes(struct pipe *p, bool nonblock)
{
	return await_bytes(p, nonblock);
}

/*
 * Moves what is there, at least a byte, into @to, which has room, a page's piece at a time.  Bytes,
 * or -EFAULT when none.
 */
static long drain_ring(struct ring *r, struct iter *to)
{
	size_t done = 0;
	uint32_t piece;

	do {
		const char *from;

		piece = (uint32_t)min((size_t)r->used, to->left);
		from = ring_at(r, r->tail, &piece);
		if (iter_put(to, from, piece) != piece)
			/* The piece stays in the pipe, as on Linux. */
			return done ? (long)done : -EFAULT;
		ring_consume(r, piece);
		done += piece;
	} while (to->left && r->used && !(pipe_at_stretch(done, piece) && give_way()));
	return (long)done;
}

static long pipe_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct pipe *p = f->private;
	bool crowded;
	long n;

	if (!to->left)
		return 0;
	if (lock_pipe(p))
		return -EINTR;
	n = likely(p->ring.used) ? 1 : await_bytes(p, file_nonblocking(f, to));
	if (n <= 0)
		return n;
	crowded = pipe_room(p) < PIPE_BUF; /* else no writer can be waiting */
	n = drain_ring(&p->ring, to);
	/*
	 * Under the lock: no other reader can make the pipe crowded or roomy between the test and
	 * this.
	 */
	if (n > 0 && crowded)
		wake_up_yielding(&p->write_wait);
	mutex_unlock(&p->lock);
	/* Not under the lock: a signal is sent. */
	if (n > 0)
		async_notify(&p->write_async, POLL_OUT);
	return n;
}

/* ---- writing ---- */

int pipe_broken(void)
{
	struct signal_info info = { .signo = SIGPIPE,
				    .pid = current->process->pid,
				    .uid = current_cred()->uid };

	signal_send(current, &info);
	return -EPIPE;
}

/*
 * One round of a write: as much as fits now, a page's worth at a time; @atomic bytes must fit at
 * once. 0: go on when there is room; 1: done; or -errno.
 */
static int fill_pipe(struct pipe *p, struct iter *from, uint32_t atomic, size_t *done)
{
	uint32_t piece;
	int err;

	if (!p->readers)
		return -EPIPE;
	do {
		uint32_t room = pipe_room(p);

		piece = min(room, (uint32_t)PAGE_SIZE);
		piece = (uint32_t)min((size_t)piece, from->left);
		if (!piece || room < atomic)
			return 0;
		err = ring_append(&p->ring, from, piece);
		if (err)
			return err;
		*done += piece;
		if (!from->left)
			return 1;
	} while (!(pipe_at_stretch(*done, piece) && give_way()));
	return -EINTR;
}

void pipe_wake_readers(struct pipe *p, bool was_empty)
{
	/* Else no reader can be waiting; but to an epoll every write is an edge. */
	if ((was_empty || READ_ONCE(p->polled)) && p->ring.used)
		wake_up_yielding(&p->read_wait);
}

static long pipe_write(struct file *f, struct iter *from, uint64_t *pos)
{
	struct pipe *p = f->private;
	uint32_t atomic = from->left <= PIPE_BUF ? (uint32_t)from->left : 1;
	size_t done = 0;
	int err;

	if (!from->left)
		return 0;
	if (lock_pipe(p))
		return -EINTR;
	for (;;) {
		bool was_empty = !p->ring.used;

		err = fill_pipe(p, from, atomic, &done);
		pipe_wake_readers(p, was_empty);
		if (err)
			break;
		/* A reader needs the lock to make room. */
		mutex_unlock(&p->lock);
		/* A reader that only SIGIO wakes has to read, to make room. */
		if (!file_nonblocking(f, from))
			async_notify(&p->read_async, POLL_IN);
		err = pipe_wait_room(p, atomic, file_nonblocking(f, from));
		if (!err)
			err = mutex_lock_killable(&p->lock);
		if (err)
			goto unlocked;
	}
	mutex_unlock(&p->lock);
unlocked:
	async_notify(&p->read_async, POLL_IN); /* as on Linux, even if it failed */
	if (likely(err == 1))
		return (long)done;
	if (err == -EPIPE)
		pipe_broken();
	return done ? (long)done : err;
}

/* ---- the rest of an open end ---- */

static uint32_t pipe_poll(struct file *f, struct poll_wait *w)
{
	struct pipe *p = f->private;
	uint32_t ready = 0;

	if (f->mode & FILE_READ) {
		/*
		 * Before the look at the bytes: a writer that does not see polled yet has left
		 * bytes that we see.
		 */
		if (w)
			WRITE_ONCE(p->polled, true);
		poll_on_for(w, &p->read_wait, POLL_IN_EVENTS);
		if (pipe_used(p))
			ready |= POLLIN | POLLRDNORM;
		/* A fifo that nobody has opened for writing yet has not lost its writers. */
		if (!READ_ONCE(p->writers) && (uint32_t)f->pos != READ_ONCE(p->writes_opened))
			ready |= POLLHUP;
	}
	if (f->mode & FILE_WRITE) {
		poll_on_for(w, &p->write_wait, POLL_OUT_EVENTS);
		if (pipe_room(p) >= PIPE_BUF)
			ready |= POLLOUT | POLLWRNORM;
		if (!READ_ONCE(p->readers))
			ready |= POLLERR;
	}
	return ready;
}

static long pipe_ioctl(struct file *f, uint32_t cmd, void *arg)
{
	if (cmd != FIONREAD)
		return -ENOTTY;
	*(int *)arg = (int)pipe_used(f->private);
	return 0;
}

/* An end is open; p->lock is held, or nobody else knows the pipe. */
static void opened(struct pipe *p, const struct file *f)
{
	p->files++;
	if (f->mode & FILE_READ) {
		p->readers++;
		p->reads_opened++;
	}
	if (f->mode & FILE_WRITE) {
		p->writers++;
		p->writes_opened++;
	}
}

static size_t pipe_async(struct file *f, struct async_list **lists)
{
	struct pipe *p = f->private;
	size_t n = 0;

	if (f->mode & FILE_READ)
		lists[n++] = &p->read_async;
	if (f->mode & FILE_WRITE)
		lists[n++] = &p->write_async;
	return n;
}

static void pipe_release(struct file *f)
{
	struct inode *inode = f->inode;
	struct pipe *p = f->private;
	bool last, alone;

	mutex_lock(&inode->lock); /* of a fifo: against one that opens it now */
	mutex_lock(&p->lock);
	if (f->mode & FILE_READ)
		p->readers--;
	if (f->mode & FILE_WRITE)
		p->writers--;
	alone = !p->readers != !p->writers;
	last = --p->files == 0;
	/*
	 * Under inode->lock, with which fifo_open looks for the pipe: the next open makes a new
	 * one.
	 */
	if (last)
		inode->pipe = NULL;
	mutex_unlock(&p->lock);
	/* Readers see the end of the file, writers the broken pipe, when they look again. */
	wake_up_yielding(&p->read_wait);
	wake_up_yielding(&p->write_wait);
	if (alone) {
		async_notify(&p->read_async, POLL_IN);
		async_notify(&p->write_async, POLL_OUT);
	}
	mutex_unlock(&inode->lock);
	if (last)
		pipe_free(p);
}

/*
 * Is an end that opens now the first of the two, and how often has the other been opened?  Under
 * p->lock, with opened(): an end that opens behind that has counted on from *@seen.
 */
static bool is_first_end(const struct file *f, const struct pipe *p, uint32_t *seen)
{
	switch (f->mode & (FILE_READ | FILE_WRITE)) {
	case FILE_READ: *seen = p->writes_opened; return !p->writers;
	case FILE_WRITE: *seen = p->reads_opened; return !p->readers;
	default: return false;
	}
}

/*
 * A fifo's first end waits for the other; the file counts as open already, so that the other sees
 * it.  Not for `writers`: one that opens and closes again before we run has still been there.
 */
static int wait_for_other_end(struct file *f, struct pipe *p, uint32_t seen)
{
	if (f->mode & FILE_READ) {
		if (f->flags & O_NONBLOCK) {
			f->pos = seen;
			return 0;
		}
		return wait_event_interruptible(&p->read_wait, READ_ONCE(p->writes_opened) != seen);
	}
	return wait_event_interruptible(&p->write_wait, READ_ONCE(p->reads_opened) != seen);
}

static const struct inode_ops pipe_inode_ops;

/*
 * A writer that does not wait opens where there is a reader alone.  Before it counts as a writer: a
 * reader that opens now would take it for one.  p->lock is held.
 */
static bool fifo_is_refused(const struct file *f, const struct pipe *p)
{
	return (f->mode & (FILE_READ | FILE_WRITE)) == FILE_WRITE && f->flags & O_NONBLOCK &&
	       !p->readers && f->inode->ops != &pipe_inode_ops;
}

static int fifo_open(struct file *f)
{
	struct inode *inode = f->inode;
	struct pipe *p;
	uint32_t seen;
	bool first;
	int err;

	if (!(f->mode & (FILE_READ | FILE_WRITE)))
		return -EINVAL;
	if (mutex_lock_killable(&inode->lock))
		return -EINTR;
	p = inode->pipe ? inode->pipe : pipe_new();
	err = is_err(p) ? -ENOMEM : mutex_lock_killable(&p->lock);
	if (err) { /* a new pipe's lock is free: no other task knows it */
		mutex_unlock(&inode->lock);
		return err;
	}
	if (fifo_is_refused(f, p)) {
		mutex_unlock(&p->lock);
		if (!inode->pipe)
			pipe_free(p);
		mutex_unlock(&inode->lock);
		return -ENXIO;
	}
	inode->pipe = p;
	f->private = p;
	opened(p, f);
	/* A pipe that is opened again, through /proc/PID/fd, has had both ends. */
	first = inode->ops != &pipe_inode_ops && is_first_end(f, p, &seen);
	mutex_unlock(&p->lock);
	mutex_unlock(&inode->lock);
	/*
	 * After reads_opened and writes_opened have changed: a task that waits for this end tests
	 * them.
	 */
	wake_up_yielding(&p->read_wait);
	wake_up_yielding(&p->write_wait);
	err = first ? wait_for_other_end(f, p, seen) : 0;
	if (err)
		pipe_release(f);
	return err;
}

const struct file_ops fifo_fops = {
	.read = pipe_read,
	.write = pipe_write,
	.ioctl = pipe_ioctl,
	.poll = pipe_poll,
	.async = pipe_async,
	.open = fifo_open,
	.release = pipe_release,
};

/* ---- pipe2 ---- */

static void pipe_inode_release(struct inode *inode)
{
	kfree(inode);
}

static const struct inode_ops pipe_inode_ops = { .release = pipe_inode_release };

static int pipefs_statfs(struct superblock *sb, struct vfs_statfs *st)
{
	*st = (struct vfs_statfs){ .type = PIPEFS_MAGIC, .bsize = PAGE_SIZE };
	return 0;
}

/* err_ptr(-ENOMEM, -ENFILE) */
static struct inode *pipe_inode(void)
{
	static struct superblock pipefs = { .type = "pipefs", .statfs = pipefs_statfs };
	struct inode *inode = kmalloc(sizeof(*inode));
	struct pipe *p = pipe_new();

	if (!inode || is_err(p)) {
		kfree(inode);
		if (!is_err(p))
			pipe_free(p);
		return is_err(p) ? err_ptr(ptr_err(p)) : err_ptr(-ENOMEM);
	}
	inode_init(inode, &pipefs, NULL, S_IFIFO | 0600);
	inode->ops = &pipe_inode_ops;
	inode->pipe = p;
	return inode;
}

int pipe_create(struct file *ends[2], uint32_t flags)
{
	struct inode *inode = pipe_inode();
	int err;

	if (is_err(inode))
		return (int)ptr_err(inode);
	ends[0] = file_new(&fifo_fops, inode, FILE_READ | FILE_NOWAIT, O_RDONLY | flags);
	ends[1] = file_new(&fifo_fops, inode, FILE_WRITE | FILE_NOWAIT, O_WRONLY | flags);
	if (is_err(ends[0]) || is_err(ends[1])) {
		err = (int)ptr_err(is_err(ends[0]) ? ends[0] : ends[1]);
		file_discard(ends[0]);
		file_discard(ends[1]);
		pipe_free(inode->pipe);
		inode_put(inode);
		return err;
	}
	inode_get(inode); /* each end holds it */
	for (int i = 0; i < 2; i++) {
		ends[i]->private = inode->pipe;
		opened(inode->pipe, ends[i]);
	}
	return 0;
}

/* ---- the size ---- */

struct pipe *pipe_of(struct file *f)
{
	return f->ops == &fifo_fops ? f->private : NULL;
}

long pipe_capacity(struct file *f)
{
	struct pipe *p = pipe_of(f);

	return p ? (long)READ_ONCE(p->ring.cap) : -EBADF;
}

/* p->lock is held.  0, -EPERM, -EBUSY, -ENOMEM. */
static int resize(struct pipe *p, uint32_t cap)
{
	uint32_t had = p->ring.cap;
	int err = 0;

	if (cap > had && cap > READ_ONCE(pipe_limits.size) && !capable(CAP_SYS_RESOURCE))
		return -EPERM;
	user_charge_anyway(p->user, USER_PIPE_PAGES, cap / PAGE_SIZE);
	user_uncharge(p->user, USER_PIPE_PAGES, had / PAGE_SIZE);
	if (cap > had && (is_over(p->user, READ_ONCE(pipe_limits.soft)) ||
			  is_over(p->user, READ_ONCE(pipe_limits.hard))))
		err = -EPERM;
	if (!err && cap < pipe_used(p))
		err = -EBUSY;
	if (!err)
		err = ring_resize(&p->ring, cap);
	if (err) {
		user_charge_anyway(p->user, USER_PIPE_PAGES, had / PAGE_SIZE);
		user_uncharge(p->user, USER_PIPE_PAGES, cap / PAGE_SIZE);
	}
	return err;
}

long pipe_resize(struct file *f, uint32_t size)
{
	struct pipe *p = pipe_of(f);
	uint32_t cap;
	long ret;

	if (!p)
		return -EBADF;
	if (size > CEILING)
		return -EINVAL;
	cap = round_size(size);
	if (mutex_lock_killable(&p->lock))
		return -EINTR;
	ret = resize(p, cap);
	mutex_unlock(&p->lock);
	wake_up_yielding(&p->write_wait);
	return ret ? ret : (long)cap;
}
