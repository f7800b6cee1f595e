/*
 * splice.c - splice(2) and tee(2): from page to page, by copying.
 *
 * Comes from sys/file/splice.c.  Invariant: no byte is lost.  A file is read straight into the
 * pipe's pages, so that what was read is in the pipe, and a byte leaves the pipe only when the
 * other side has taken it; for both the pipe stays locked meanwhile, as on Linux.  Two pipes are
 * locked in the order of their addresses.
 */
#include "fs/splice.h"

#include "fs/pipe.h"

#define MOVE_MAX (INT32_MAX & ~0xfffUL) /* bytes that one call moves at most, as Linux */

static bool is_nonblocking(const struct file *f, bool nonblock)
{
	return nonblock || READ_ONCE(f->flags) & O_NONBLOCK;
}

/* ---- one pipe ---- */

/* Locks @p with something in it.  1; 0: the end; -EAGAIN, -EINTR, -ERESTARTSYS: not locked. */
static int lock_filled(struct pipe *p, bool nonblock)
{
	return mutex_lock_killable(&p->lock) ? -EINTR : pipe_await_bytes(p, nonblock);
}

/* Locks @p with room in it.  1, or -EPIPE, -EAGAIN, -EINTR, -ERESTARTSYS: not locked. */
static int lock_roomy(struct pipe *p, bool nonblock)
{
	int err;

	for (;;) {
		if (mutex_lock_killable(&p->lock))
			return -EINTR;
		if (p->readers && pipe_room(p))
			return 1;
		err = p->readers ? 0 : -EPIPE;
		/* A reader needs it to make room. */
		mutex_unlock(&p->lock);
		if (err)
			return pipe_broken();
		err = pipe_wait_room(p, 1, nonblock);
		if (err)
			return err;
	}
}

static long write_spliced(struct file *out, uint64_t *pos, const void *from, size_t n)
{
	struct iter it;
	long done;

	iter_kernel(&it, from, n);
	if (!pos)
		return file_write(out, &it);
	done = file_pwrite(out, &it, *pos);
	*pos += done > 0 ? (uint64_t)done : 0;
	return done;
}

static long from_pipe(struct file *in, struct file *out, uint64_t *pos, size_t n, bool nonblock)
{
	struct pipe *p = pipe_of(in);
	size_t done = 0;
	long ret = lock_filled(p, is_nonblocking(in, nonblock));

	if (ret <= 0)
		return ret;
	while (done < n && p->ring.used) {
		uint32_t piece = (uint32_t)min((size_t)p->ring.used, n - done);
		const char *from = ring_at(&p->ring, p->ring.tail, &piece);

		/*
		 * p->lock, a mutex, is held over the write, which may sleep: no other reader takes
		 * these bytes first.
		 */
		ret = write_spliced(out, pos, from, piece);
		if (ret <= 0)
			break;
		ring_consume(&p->ring, (uint32_t)ret);
		done += (size_t)ret;
		if (ret < piece || !file_may_continue())
			break;
	}
	mutex_unlock(&p->lock);
	/* After the lock: the writers that are woken take it. */
	wake_up_yielding(&p->write_wait);
	if (done)
		async_notify(&p->write_async, POLL_OUT);
	return done ? (long)done : ret;
}

/*
 * Reads at most @n bytes into the page in which @p goes on; they fit.  Bytes (0: the end), or
 * -errno.
 */
static long read_some(struct pipe *p, struct file *in, uint64_t *pos, uint32_t n)
{
	char *space = ring_space(&p->ring, p->ring.tail + p->ring.used, &n);
	struct iter it;
	long got;

	if (!space)
		return -ENOMEM;
	iter_kernel(&it, space, n);
	got = pos ? file_pread(in, &it, *pos) : file_read(in, &it);
	if (got > 0) {
		ring_fill(&p->ring, (uint32_t)got);
		if (pos)
			*pos += (uint64_t)got;
	}
	return got;
}

/* @done bytes have been put into @p, whose lock goes; @ret was the last answer. */
static long end_filling(struct pipe *p, bool was_empty, size_t done, long ret)
{
	pipe_wake_readers(p, was_empty);
	mutex_unlock(&p->lock);
	if (done)
		async_notify(&p->read_async, POLL_IN);
	return done ? (long)done : ret;
}

static long to_pipe(struct file *in, uint64_t *pos, struct file *out, size_t n, bool nonblock)
{
	struct pipe *p = pipe_of(out);
	size_t done = 0;
	long ret = lock_roomy(p, is_nonblocking(out, nonblock));
	bool was_empty;

	if (ret <= 0)
		return ret;
	was_empty = !p->ring.used;
	while (done < n && pipe_room(p)) {
		ret = read_some(p, in, pos, (uint32_t)min(n - done, (size_t)pipe_room(p)));
		if (ret <= 0)
			break;
		done += (size_t)ret;
		if (!(in->mode & FILE_SEEK) || !file_may_continue()) /* the next read might wait */
			break;
	}
	return end_filling(p, was_empty, done, ret);
}

/* ---- two pipes ---- */

/* 0, or -EINTR: neither is locked. */
static int lock_both(struct pipe *a, struct pipe *b)
{
	struct pipe *first = a < b ? a : b, *second = a < b ? b : a;

	if (mutex_lock_killable(&first->lock))
		return -EINTR;
	if (!mutex_lock_killable(&second->lock))
		return 0;
	mutex_unlock(&first->lock);
	return -EINTR;
}

static void unlock_both(struct pipe *a, struct pipe *b)
{
	mutex_unlock(&a->lock);
	mutex_unlock(&b->lock);
}

/* Locks both, with something in @in and room in @out.  1; 0: the end; or -errno: not locked. */
static int lock_ready(struct pipe *in, struct pipe *out, bool nonblock_in, bool nonblock_out)
{
	for (;;) {
		bool filled, roomy;
		int err;

		if (lock_both(in, out))
			return -EINTR;
		filled = in->ring.used;
		roomy = pipe_room(out);
		err = !out->readers					     ? -EPIPE
		      : !filled && !in->writers				     ? 0
		      : (filled || !nonblock_in) && (roomy || !nonblock_out) ? 1
									     : -EAGAIN;
		if (err == 1 && filled && roomy)
			return 1;
		/*
		 * Neither is held while we wait for the other's side: a third task may need both.
		 */
		unlock_both(in, out);
		if (err <= 0)
			return err == -EPIPE ? pipe_broken() : err;
		err = filled ? pipe_wait_room(out, 1, false) : pipe_wait_filled(in, false);
		if (err)
			return err;
	}
}

/*
 * Copies the bytes of @in from @skip on that fit into @out, at most @n, of one page; how many, or
 * -ENOMEM.
 */
static long copy_piece(struct pipe *in, uint32_t skip, struct pipe *out, size_t n)
{
	uint32_t piece = min(in->ring.used - skip, pipe_room(out));
	const char *from;
	struct iter it;
	int err;

	piece = (uint32_t)min((size_t)piece, n);
	if (!piece)
		return 0;
	from = ring_at(&in->ring, in->ring.tail + skip, &piece);
	iter_kernel(&it, from, piece);
	err = ring_append(&out->ring, &it, piece);
	return err ? err : (long)piece;
}

static long between(struct file *from, struct file *to, size_t n, bool nonblock, bool move)
{
	struct pipe *in = pipe_of(from), *out = pipe_of(to);
	size_t done = 0;
	bool was_empty;
	long ret =
		lock_ready(in, out, is_nonblocking(from, nonblock), is_nonblocking(to, nonblock));

	if (ret <= 0)
		return ret;
	was_empty = !out->ring.used;
	while (done < n) {
		ret = copy_piece(in, move ? 0 : (uint32_t)done, out, n - done);
		if (ret <= 0)
			break;
		/* Without the locks: a signal is sent, and writers take in->lock. */
		if (move)
			ring_consume(&in->ring, (uint32_t)ret);
		done += (size_t)ret;
		if (!file_may_continue())
			break;
	}
	pipe_wake_readers(out, was_empty);
	unlock_both(in, out);
	if (move)
		wake_up_yielding(&in->write_wait);
	if (move && done)
		async_notify(&in->write_async, POLL_OUT);
	if (done)
		async_notify(&out->read_async, POLL_IN);
	return done ? (long)done : ret;
}

/* ---- from user memory ---- */

long splice_from_user(struct file *out, struct iter *from, bool nonblock)
{
	struct pipe *p = pipe_of(out);
	uint32_t slots;
	size_t done = 0;
	bool was_empty;
	long ret = lock_roomy(p, nonblock);

	if (ret <= 0)
		return ret;
	was_empty = !p->ring.used;
	slots = max(pipe_room(p) >> PAGE_SHIFT, 1u);
	ret = 0;
	/*
	 * Linux puts the program's pages into the pipe's slots, and a part of one fills a slot too.
	 */
	while (from->left && pipe_room(p) && slots--) {
		uint32_t n = min(iter_page_left(from), pipe_room(p));

		ret = ring_append(&p->ring, from, n);
		if (ret)
			break;
		done += n;
		if (!file_may_continue())
			break;
	}
	return end_filling(p, was_empty, done, ret);
}

/* ---- the calls ---- */

/* Not an eventfd or its like: a count cannot be cut into bytes. */
bool splice_writes(const struct file *f)
{
	return !f->ops->anon;
}

bool splice_reads(const struct file *f)
{
	return !f->ops->anon && !f->ops->readdir && !f->ops->no_splice;
}

/*
 * Does a file end, or would its position, before @n bytes from *@pos (NULL: from where it stands)
 * on?
 */
static bool reaches_too_far(const struct file *f, const uint64_t *pos, size_t n)
{
	return f->mode & FILE_SEEK && n > INT64_MAX - (pos ? *pos : READ_ONCE(f->pos));
}

long splice_files(struct file *in, uint64_t *in_pos, struct file *out, uint64_t *out_pos, size_t n,
		  bool nonblock)
{
	struct pipe *from = pipe_of(in), *to = pipe_of(out);

	if (!(in->mode & FILE_READ) || !(out->mode & FILE_WRITE))
		return -EBADF;
	if ((from && in_pos) || (to && out_pos))
		return -ESPIPE;
	if (from && to)
		return from == to ? -EINVAL : between(in, out, n, nonblock, true);
	if ((in_pos && !(in->mode & FILE_SEEK)) || (out_pos && !(out->mode & FILE_SEEK)))
		return -EINVAL;
	if (from && !splice_writes(out))
		return -EINVAL;
	if (to && !splice_reads(in))
		return -EINVAL;
	if (from ? reaches_too_far(out, out_pos, n) : reaches_too_far(in, in_pos, n))
		return -EINVAL;
	n = min(n, MOVE_MAX);
	if (from)
		return READ_ONCE(out->flags) & O_APPEND ? -EINVAL
							: from_pipe(in, out, out_pos, n, nonblock);
	return to ? to_pipe(in, in_pos, out, n, nonblock) : -EINVAL;
}

long splice_stream(struct file *in, struct file *out, size_t n)
{
	if (pipe_of(in) || !pipe_of(out))
		return -EINVAL;
	return splice_files(in, NULL, out, NULL, n, false);
}

long splice_tee(struct file *in, struct file *out, size_t n, bool nonblock)
{
	struct pipe *from = pipe_of(in), *to = pipe_of(out);

	if (!(in->mode & FILE_READ) || !(out->mode & FILE_WRITE))
		return -EBADF;
	if (!from || !to || from == to)
		return -EINVAL;
	return between(in, out, n, nonblock, false);
}
