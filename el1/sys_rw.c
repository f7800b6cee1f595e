/*
 * sys_rw.c - read(2), write(2) and their kin: from user spans to iterators, and on to fs/file.c.
 */
#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/stat.h"
#include "abi/uio.h"
#include "el1/pathname.h"
#include "el1/spans.h"
#include "el1/syscall.h"
#include "fs/file.h"
#include "lib/string.h"
#include "mm/slab.h"

/*
 * What Linux answers to a span outside user space: only a file that is open for @mode looks at the
 * address.
 */
static long bad_span(const struct file *f, uint32_t mode)
{
	return f->mode & mode ? -EFAULT : -EBADF;
}

SYS(read)
{
	struct fd_ref r = fd_get((int)a0);
	uptr buf = uptr_of(a1);
	struct iter it;
	long ret;

	if (unlikely(!r.file))
		return -EBADF;
	iter_user(&it, buf, min(a2, RW_MAX));
	ret = likely(uaccess_ok(buf, a2)) ? file_read(r.file, &it) : bad_span(r.file, FILE_READ);
	fd_put(r);
	return ret;
}

SYS(write)
{
	struct fd_ref r = fd_get((int)a0);
	uptr buf = uptr_of(a1);
	struct iter it;
	long ret;

	if (unlikely(!r.file))
		return -EBADF;
	iter_user(&it, buf, min(a2, RW_MAX));
	ret = likely(uaccess_ok(buf, a2)) ? file_write(r.file, &it) : bad_span(r.file, FILE_WRITE);
	fd_put(r);
	return ret;
}

/* The file for a call that names a position; its error in *@err. */
static struct fd_ref positioned(int fd, int64_t pos, uptr buf, uint64_t n, uint32_t mode, long *err)
{
	struct fd_ref r = { NULL, NULL };

	*err = -EINVAL;
	if (pos < 0)
		return r;
	*err = -EBADF;
	r = fd_get(fd);
	if (!r.file)
		return r;
	*err = 0;
	if (!(r.file->mode & FILE_SEEK))
		*err = -ESPIPE;
	else if (!uaccess_ok(buf, n))
		*err = bad_span(r.file, mode);
	else if (n > (uint64_t)(INT64_MAX - pos)) /* no file reaches there */
		*err = -EINVAL;
	return r;
}

SYS(pread64)
{
	struct iter it;
	long ret;
	struct fd_ref r = positioned((int)a0, (int64_t)a3, uptr_of(a1), a2, FILE_READ, &ret);

	iter_user(&it, uptr_of(a1), min(a2, RW_MAX));
	if (!ret)
		ret = file_pread(r.file, &it, a3);
	fd_put(r);
	return ret;
}

SYS(pwrite64)
{
	struct iter it;
	long ret;
	struct fd_ref r = positioned((int)a0, (int64_t)a3, uptr_of(a1), a2, FILE_WRITE, &ret);

	iter_user(&it, uptr_of(a1), min(a2, RW_MAX));
	if (!ret)
		ret = file_pwrite(r.file, &it, a3);
	fd_put(r);
	return ret;
}

/* ---- vectors ---- */

static int spans_check(struct spans *s, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		if ((int64_t)s->v[i].iov_len < 0)
			return -EINVAL;
	s->total = 0;
	for (uint64_t i = 0; i < count; i++) {
		if (!uaccess_ok(uptr_of(s->v[i].iov_base), s->v[i].iov_len))
			return -EFAULT;
		s->v[i].iov_len = min(s->v[i].iov_len, RW_MAX - s->total);
		s->total += s->v[i].iov_len;
	}
	return 0;
}

int spans_get(struct spans *s, uptr from, uint64_t count)
{
	s->v = s->few;
	if (count > UIO_MAXIOV)
		return -EINVAL;
	if (count > FEW_SPANS) {
		s->v = kmalloc(count * sizeof(*s->v));
		if (!s->v)
			return -ENOMEM;
	}
	if (copy_from_user(s->v, from, count * sizeof(*s->v)))
		return -EFAULT;
	return spans_check(s, count);
}

void spans_put(struct spans *s)
{
	if (s->v != s->few)
		kfree(s->v);
}

/* RWF_* of preadv2(2): those that change nothing here are taken, too.  0, -EOPNOTSUPP. */
static long check_rwf(const struct file *f, uint32_t rwf)
{
	if (rwf & ~(uint32_t)(RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND))
		return -EOPNOTSUPP;
	return rwf & RWF_NOWAIT && !(f->mode & FILE_NOWAIT) ? -EOPNOTSUPP : 0;
}

static long move_spans(struct file *f, struct spans *s, bool writing, const uint64_t *pos,
		       uint32_t rwf)
{
	struct iter it;

	iter_user_spans(&it, s->v, s->total);
	it.rwf = (uint8_t)rwf;
	if (pos)
		return writing ? file_pwrite(f, &it, *pos) : file_pread(f, &it, *pos);
	return writing ? file_write(f, &it) : file_read(f, &it);
}

/* readv(2) and its kin.  @pos NULL: at the file's own position. */
static long move_vector(int fd, uptr from, uint64_t count, bool writing, const uint64_t *pos,
			uint32_t rwf)
{
	struct fd_ref r = fd_get(fd);
	struct spans s;
	long ret = 0;

	if (!r.file)
		return -EBADF;
	s.v = s.few;
	if (pos && !(r.file->mode & FILE_SEEK))
		ret = -ESPIPE;
	else if (!(r.file->mode & (writing ? FILE_WRITE : FILE_READ)))
		ret = -EBADF;
	if (!ret)
		ret = spans_get(&s, from, count);
	if (!ret && s.total)
		ret = check_rwf(r.file, rwf);
	if (!ret && s.total && pos && s.total > INT64_MAX - *pos)
		ret = -EINVAL;
	if (!ret && s.total)
		ret = move_spans(r.file, &s, writing, pos, rwf);
	spans_put(&s);
	fd_put(r);
	return ret;
}

SYS(readv)
{
	return move_vector((int)a0, uptr_of(a1), a2, false, NULL, 0);
}

SYS(writev)
{
	return move_vector((int)a0, uptr_of(a1), a2, true, NULL, 0);
}

SYS(preadv)
{
	return (int64_t)a3 < 0 ? -EINVAL : move_vector((int)a0, uptr_of(a1), a2, false, &a3, 0);
}

SYS(pwritev)
{
	return (int64_t)a3 < 0 ? -EINVAL : move_vector((int)a0, uptr_of(a1), a2, true, &a3, 0);
}

/* a3 is the whole offset; a4 is for machines of 32 bits.  -1 means the file's own position. */
SYS(preadv2)
{
	const uint64_t *pos = a3 == UINT64_MAX ? NULL : &a3;

	if (pos && (int64_t)a3 < 0)
		return -EINVAL;
	return move_vector((int)a0, uptr_of(a1), a2, false, pos, (uint32_t)a5);
}

SYS(pwritev2)
{
	const uint64_t *pos = a3 == UINT64_MAX ? NULL : &a3;

	if (pos && (int64_t)a3 < 0)
		return -EINVAL;
	return move_vector((int)a0, uptr_of(a1), a2, true, pos, (uint32_t)a5);
}

/* ---- position and size ---- */

SYS(lseek)
{
	struct fd_ref r = fd_get((int)a0);
	long ret = r.file ? file_seek(r.file, (int64_t)a1, (int)a2) : -EBADF;

	fd_put(r);
	return ret;
}

SYS(truncate)
{
	struct pathname name;
	struct path path;
	long ret;

	if ((int64_t)a1 < 0)
		return -EINVAL;
	ret = pathname_get(&name, uptr_of(a0), false);
	if (!ret)
		ret = path_lookup(AT_FDCWD, name.s, WALK_FOLLOW, NULL, &path);
	pathname_put(&name);
	if (ret)
		return ret;
	ret = vfs_may_truncate(&path);
	if (!ret)
		ret = path_want_write(&path);
	if (!ret) {
		ret = vfs_truncate(path.dentry->inode, a1);
		path_end_write(&path);
	}
	path_put(&path);
	return ret;
}

SYS(ftruncate)
{
	struct fd_ref r;
	long ret;

	if ((int64_t)a1 < 0)
		return -EINVAL;
	r = fd_get((int)a0);
	if (!r.file)
		return -EBADF;
	ret = r.file->mode & FILE_WRITE && r.file->inode->object ? vfs_truncate(r.file->inode, a1)
								 : -EINVAL;
	fd_put(r);
	return ret;
}

/* Whether these FALLOC_FL_* go together. */
static bool falloc_mode_ok(uint32_t mode)
{
	switch (mode & ~(uint32_t)FALLOC_FL_KEEP_SIZE) {
	case 0:
	case FALLOC_FL_UNSHARE_RANGE:
	case FALLOC_FL_ZERO_RANGE: return true;
	case FALLOC_FL_PUNCH_HOLE: return mode & FALLOC_FL_KEEP_SIZE;
	case FALLOC_FL_COLLAPSE_RANGE:
	case FALLOC_FL_INSERT_RANGE: return !(mode & FALLOC_FL_KEEP_SIZE);
	default: return false;
	}
}

static long allocate(struct file *f, uint32_t mode, uint64_t from, uint64_t len)
{
	struct inode *inode = f->inode;
	long ret;

	if (!(f->mode & FILE_WRITE))
		return -EBADF;
	if (S_ISFIFO(inode->mode))
		return -ESPIPE;
	if (S_ISDIR(inode->mode))
		return -EISDIR;
	if (!S_ISREG(inode->mode))
		return -ENODEV;
	if (from + len > INT64_MAX)
		return -EFBIG;
	if (!inode->ops->allocate)
		return -EOPNOTSUPP;
	if (mutex_lock_killable(&inode->lock))
		return -EINTR;
	ret = inode->ops->allocate(inode, mode, from, len);
	mutex_unlock(&inode->lock);
	return ret;
}

SYS(fallocate)
{
	struct fd_ref r = fd_get((int)a0);
	uint32_t mode = (uint32_t)a1;
	long ret;

	if (!r.file)
		return -EBADF;
	if ((int64_t)a2 < 0 || (int64_t)a3 <= 0)
		ret = -EINVAL;
	else if (!falloc_mode_ok(mode))
		ret = -EOPNOTSUPP;
	else
		ret = allocate(r.file, mode, a2, a3);
	fd_put(r);
	return ret;
}

static long sync_file(int fd)
{
	struct fd_ref r = fd_get(fd);
	long ret;

	if (!r.file)
		return -EBADF;
	ret = r.file->ops->fsync ? r.file->ops->fsync(r.file) : -EINVAL;
	fd_put(r);
	return ret;
}

SYS(fsync)
{
	return sync_file((int)a0);
}

SYS(fdatasync)
{
	return sync_file((int)a0);
}

SYS(sync)
{
	return 0; /* every file system there is lives in RAM */
}

SYS(syncfs)
{
	struct fd_ref r = fd_get((int)a0);
	long ret = r.file ? 0 : -EBADF;

	fd_put(r);
	return ret;
}

SYS(sync_file_range)
{
	struct fd_ref r = fd_get((int)a0);
	uint32_t flags = (uint32_t)a3, type;
	int64_t end;
	long ret = 0;

	if (!r.file)
		return -EBADF;
	type = r.file->inode->mode & S_IFMT;
	if (flags & ~(uint32_t)(SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
				SYNC_FILE_RANGE_WAIT_AFTER) ||
	    (int64_t)a1 < 0 || __builtin_add_overflow((int64_t)a1, (int64_t)a2, &end) ||
	    end < (int64_t)a1)
		ret = -EINVAL;
	else if (type != S_IFREG && type != S_IFDIR && type != S_IFBLK)
		ret = -ESPIPE;
	fd_put(r);
	return ret;
}

/* ---- what a program says about its use of a file: all of it is in memory as it is ---- */

SYS(readahead)
{
	struct fd_ref r = fd_get((int)a0);
	long ret = -EBADF;

	if (r.file && r.file->mode & FILE_READ)
		ret = S_ISREG(r.file->inode->mode) ? 0 : -EINVAL;
	fd_put(r);
	return ret;
}

SYS(fadvise64)
{
	struct fd_ref r = fd_get((int)a0);
	long ret = 0;

	if (!r.file)
		ret = -EBADF;
	else if (S_ISFIFO(r.file->inode->mode))
		ret = -ESPIPE;
	else if ((int64_t)a2 < 0 || (uint32_t)a3 > POSIX_FADV_NOREUSE)
		ret = -EINVAL;
	fd_put(r);
	return ret;
}
