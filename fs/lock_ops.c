/*
 * lock_ops.c - what fcntl(2) and flock(2) ask for, as requests to lock.c.
 *
 * Comes from sys/file/fcntl.c.  A lock of fcntl's first kind is a process's, which loses it when it
 * closes any descriptor of the file (fs/fdtable.c); one of the other kind, and flock's, is the open
 * file's.
 */
#include "fs/lock_ops.h"

#include "fs/fdtable.h"
#include "fs/lock.h"

#define OFFSET_MAX ((uint64_t)INT64_MAX)

/* What l_start and l_len mean: bytes from *@start to *@end, both included. */
static int lock_range(struct file *f, const struct flock *l, uint64_t *start, uint64_t *end)
{
	int64_t base, from, to = INT64_MAX;

	switch (l->l_whence) {
	case SEEK_SET: base = 0; break;
	case SEEK_CUR: base = (int64_t)READ_ONCE(f->pos); break;
	case SEEK_END: base = (int64_t)inode_size(f->inode); break;
	default: return -EINVAL;
	}
	if (__builtin_add_overflow(base, l->l_start, &from))
		return -EOVERFLOW;
	if (from < 0)
		return -EINVAL;
	if (l->l_len > 0 && __builtin_add_overflow(from, l->l_len - 1, &to))
		return -EOVERFLOW;
	if (l->l_len < 0) { /* the bytes before */
		to = from - 1;
		from += l->l_len;
		if (from < 0)
			return -EINVAL;
	}
	*start = (uint64_t)from;
	*end = (uint64_t)to;
	return 0;
}

/* @l as a request: the record is the process's, or with @ofd the open file's. */
static int lock_request_of(struct file *f, const struct flock *l, bool ofd, struct lock_request *rq)
{
	int err = lock_range(f, l, &rq->start, &rq->end);

	rq->whole = false;
	rq->owner = ofd ? (void *)f : (void *)current->files;
	rq->pid = ofd ? -1 : current->process->pid;
	rq->type = l->l_type;
	if (!err && (l->l_type < F_RDLCK || l->l_type > F_UNLCK))
		err = -EINVAL;
	return err;
}

int file_get_lock(struct file *f, struct flock *l, bool ofd)
{
	struct lock_request rq;
	int err;

	if (l->l_type < F_RDLCK || l->l_type > (ofd ? F_UNLCK : F_WRLCK))
		return -EINVAL;
	err = lock_request_of(f, l, ofd, &rq);
	if (!err && ofd && l->l_pid)
		err = -EINVAL;
	if (err)
		return err;
	lock_test(f->inode, &rq);
	l->l_type = rq.type;
	if (rq.type != F_UNLCK) {
		l->l_whence = SEEK_SET;
		l->l_start = (int64_t)rq.start;
		l->l_len = rq.end == OFFSET_MAX ? 0 : (int64_t)(rq.end - rq.start + 1);
		l->l_pid = rq.pid;
	}
	return 0;
}

int file_set_lock(struct file *f, int fd, const struct flock *l, bool ofd, bool wait)
{
	struct lock_request rq;
	int err = lock_request_of(f, l, ofd, &rq);

	if (!err && ((rq.type == F_RDLCK && !(f->mode & FILE_READ)) ||
		     (rq.type == F_WRLCK && !(f->mode & FILE_WRITE))))
		err = -EBADF;
	if (!err && ofd && l->l_pid)
		err = -EINVAL;
	if (!err)
		err = lock_set(f->inode, &rq, wait);
	/*
	 * Another thread may have closed the descriptor meanwhile, and dropped the process's locks
	 * before this one was there.
	 */
	if (!err && !ofd && rq.type != F_UNLCK && !fd_is(fd, f)) {
		locks_drop(f->inode, rq.owner);
		err = -EBADF;
	}
	return err;
}

int file_lock_whole(struct file *f, uint32_t cmd)
{
	struct lock_request rq = { .owner = f, .pid = -1, .whole = true, .end = OFFSET_MAX };

	switch (cmd & ~(uint32_t)LOCK_NB) {
	case LOCK_SH: rq.type = F_RDLCK; break;
	case LOCK_EX: rq.type = F_WRLCK; break;
	case LOCK_UN: rq.type = F_UNLCK; break;
	default: return -EINVAL;
	}
	if (!f || (rq.type != F_UNLCK && !(f->mode & (FILE_READ | FILE_WRITE))))
		return -EBADF;
	return lock_set(f->inode, &rq, !(cmd & LOCK_NB));
}
