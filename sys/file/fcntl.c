/*
 * fcntl.c - fcntl(2) and flock(2): what can be asked of an open file and its descriptor, and
 * advisory locks.
 *
 * Not there: leases (none can be had, and none is held), and dnotify.
 */
#include "abi/memfd.h"
#include "fs/anon/memfd.h"
#include "fs/fdtable.h"
#include "fs/lock.h"
#include "fs/pipe.h"
#include "sys/syscall.h"

/* ---- locks ---- */

#define OFFSET_MAX ((uint64_t)INT64_MAX)

/* What l_start and l_len mean: bytes from *@start to *@end, both included. */
static long lock_range(struct file *f, const struct flock *l, uint64_t *start, uint64_t *end)
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

static long lock_type(int16_t type, enum lock_type *to)
{
	static const enum lock_type types[] = {
		[F_RDLCK] = LOCK_SHARED, [F_WRLCK] = LOCK_EXCLUSIVE, [F_UNLCK] = LOCK_NONE
	};

	if (type < 0 || (size_t)type >= ARRAY_SIZE(types))
		return -EINVAL;
	*to = types[type];
	return 0;
}

/* @l as a request: the record is the process's, or with @ofd the open file's. */
static long lock_from(struct file *f, const struct flock *l, bool ofd, struct lock_request *rq)
{
	long ret = lock_range(f, l, &rq->start, &rq->end);

	rq->whole = false;
	rq->owner = ofd ? (void *)f : (void *)current->files;
	rq->pid = ofd ? -1 : current->process->pid;
	return ret ? ret : lock_type(l->l_type, &rq->type);
}

static long get_lock(struct file *f, uptr arg, bool ofd)
{
	static const int16_t types[] = { [LOCK_SHARED] = F_RDLCK, [LOCK_EXCLUSIVE] = F_WRLCK };
	struct lock_request rq;
	struct flock l;
	long ret;

	if (copy_from_user(&l, arg, sizeof(l)))
		return -EFAULT;
	if (!(l.l_type == F_RDLCK || l.l_type == F_WRLCK || (ofd && l.l_type == F_UNLCK)))
		return -EINVAL;
	ret = lock_from(f, &l, ofd, &rq);
	if (!ret && ofd && l.l_pid)
		ret = -EINVAL;
	if (ret)
		return ret;
	lock_test(f->inode, &rq);
	l.l_type = F_UNLCK;
	if (rq.type != LOCK_NONE) {
		l.l_type = types[rq.type];
		l.l_whence = SEEK_SET;
		l.l_start = (int64_t)rq.start;
		l.l_len = rq.end == OFFSET_MAX ? 0 : (int64_t)(rq.end - rq.start + 1);
		l.l_pid = rq.pid;
	}
	return copy_to_user(arg, &l, sizeof(l)) ? -EFAULT : 0;
}

static long set_lock(struct file *f, int fd, uptr arg, bool ofd, bool wait)
{
	struct lock_request rq;
	struct flock l;
	long ret;

	if (copy_from_user(&l, arg, sizeof(l)))
		return -EFAULT;
	ret = lock_from(f, &l, ofd, &rq);
	if (!ret && ((rq.type == LOCK_SHARED && !(f->mode & FILE_READ)) ||
		     (rq.type == LOCK_EXCLUSIVE && !(f->mode & FILE_WRITE))))
		ret = -EBADF;
	if (!ret && ofd && l.l_pid)
		ret = -EINVAL;
	if (!ret)
		ret = lock_set(f->inode, &rq, wait);
	/*
	 * Closed by another thread meanwhile: its dropping of locks may have come too early for
	 * this one.
	 */
	if (!ret && !ofd && rq.type != LOCK_NONE && !fd_is(fd, f)) {
		locks_drop(f->inode, rq.owner);
		ret = -EBADF;
	}
	return ret;
}

long sys_flock(int fd, uint32_t cmd)
{
	struct fd_ref r;
	struct lock_request rq = { .pid = -1, .whole = true, .end = OFFSET_MAX };
	long ret = -EBADF;

	switch (cmd & ~(uint32_t)LOCK_NB) {
	case LOCK_SH: rq.type = LOCK_SHARED; break;
	case LOCK_EX: rq.type = LOCK_EXCLUSIVE; break;
	case LOCK_UN: rq.type = LOCK_NONE; break;
	default: return -EINVAL;
	}
	r = fd_get(fd);
	rq.owner = r.file;
	if (r.file && (rq.type == LOCK_NONE || r.file->mode & (FILE_READ | FILE_WRITE)))
		ret = lock_set(r.file->inode, &rq, !(cmd & LOCK_NB));
	fd_put(r);
	return ret;
}

/* ---- fcntl ---- */

/* Who is told by signals, as a structure. */
static long owner(struct file *f, uint32_t cmd, uptr arg)
{
	struct f_owner_ex ex;
	uint32_t ids[2];

	switch (cmd) {
	case F_SETOWN_EX:
		return copy_from_user(&ex, arg, sizeof(ex)) ? -EFAULT : async_set_owner(f, &ex);
	case F_GETOWN_EX:
		async_get_owner(f, &ex);
		return copy_to_user(arg, &ex, sizeof(ex)) ? -EFAULT : 0;
	default: async_get_ids(f, ids); return copy_to_user(arg, ids, sizeof(ids)) ? -EFAULT : 0;
	}
}

static long control(struct file *f, int fd, uint32_t cmd, uint64_t arg)
{
	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if ((uint32_t)arg >= fd_limit())
			return -EINVAL;
		return fd_dup_from(f, (uint32_t)arg, cmd == F_DUPFD_CLOEXEC);
	case F_GETFD: return fd_cloexec(fd, -1);
	case F_SETFD: return fd_cloexec(fd, (arg & FD_CLOEXEC) != 0);
	case F_GETFL: return READ_ONCE(f->flags);
	default: break;
	}
	if (f->mode & FILE_PATH)
		return -EBADF;
	switch (cmd) {
	case F_SETFL: return file_set_flags(f, fd, (uint32_t)arg);
	case F_GETPIPE_SZ: return pipe_capacity(f);
	case F_SETPIPE_SZ: return arg > INT32_MAX ? -EINVAL : pipe_resize(f, (uint32_t)arg);
	case F_GETLK:
	case F_OFD_GETLK: return get_lock(f, uptr_of(arg), cmd == F_OFD_GETLK);
	case F_SETLK:
	case F_SETLKW: return set_lock(f, fd, uptr_of(arg), false, cmd == F_SETLKW);
	case F_OFD_SETLK:
	case F_OFD_SETLKW: return set_lock(f, fd, uptr_of(arg), true, cmd == F_OFD_SETLKW);
	case F_SETOWN: return async_set_owner_number(f, (int32_t)arg);
	case F_GETOWN: return async_get_owner_number(f);
	case F_SETOWN_EX:
	case F_GETOWN_EX:
	case F_GETOWNER_UIDS: return owner(f, cmd, uptr_of(arg));
	case F_SETSIG: return async_set_signal(f, arg);
	case F_GETSIG: return async_get_signal(f);
	case F_GETLEASE: return F_UNLCK;
	case F_GET_SEALS: return memfd_seals(f);
	case F_ADD_SEALS: return memfd_seal(f, (uint32_t)arg);
	default: return -EINVAL;
	}
}

long sys_fcntl(int fd, uint32_t cmd, uint64_t arg)
{
	struct fd_ref r = fd_get_any(fd);
	long ret = r.file ? control(r.file, fd, cmd, arg) : -EBADF;

	fd_put(r);
	return ret;
}
