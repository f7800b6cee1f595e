/*
 * sys_rw.c - read(2), write(2) and their kin: from user spans to iterators, and on to fs/file.c.
 */
#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/uio.h"
#include "el1/pathname.h"
#include "el1/spans.h"
#include "el1/syscall.h"
#include "fs/file.h"
#include "lib/string.h"
#include "mm/slab.h"

/* What Linux answers to a span outside user space: only a file that is open for @mode looks at the address. */
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
	struct fd_ref r = { NULL, false };

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

SYS(readv)
{
	struct fd_ref r = fd_get((int)a0);
	struct spans s;
	struct iter it;
	long ret;

	if (!r.file)
		return -EBADF;
	s.v = s.few;
	ret = r.file->mode & FILE_READ ? spans_get(&s, uptr_of(a1), a2) : -EBADF;
	if (!ret) {
		iter_user_spans(&it, s.v, s.total);
		ret = s.total ? file_read(r.file, &it) : 0;
	}
	spans_put(&s);
	fd_put(r);
	return ret;
}

SYS(writev)
{
	struct fd_ref r = fd_get((int)a0);
	struct spans s;
	struct iter it;
	long ret;

	if (!r.file)
		return -EBADF;
	s.v = s.few;
	ret = r.file->mode & FILE_WRITE ? spans_get(&s, uptr_of(a1), a2) : -EBADF;
	if (!ret) {
		iter_user_spans(&it, s.v, s.total);
		ret = s.total ? file_write(r.file, &it) : 0;
	}
	spans_put(&s);
	fd_put(r);
	return ret;
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
		ret = vfs_truncate(path.dentry->inode, a1);
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

/* ---- sendfile ---- */

#define SEND_PIECE 16384u

/* Moves up to @n bytes from @in at *@pos to @out.  Bytes, or -errno when none. */
static long send_all(struct file *out, struct file *in, uint64_t *pos, size_t n)
{
	char *buf = kmalloc(SEND_PIECE);
	size_t done = 0;
	long ret = 0;

	if (!buf)
		return -ENOMEM;
	while (done < n) {
		struct iter it;
		long got;

		iter_kernel(&it, buf, min(n - done, (size_t)SEND_PIECE));
		got = file_pread(in, &it, *pos);
		if (got <= 0) {
			ret = got;
			break;
		}
		iter_kernel(&it, buf, (size_t)got);
		ret = file_write(out, &it);
		if (ret <= 0)
			break;
		done += (size_t)ret;
		*pos += (uint64_t)ret;
		if (ret < got || !file_breathe())
			break;
	}
	kfree(buf);
	return done ? (long)done : ret;
}

/* Whether @n bytes may go from @in (at @pos, if it is not NULL) to @out; errors in Linux's order. */
static long may_send(const struct fd_ref *out, const struct fd_ref *in, const uint64_t *pos,
		     uint64_t n)
{
	if (!in->file || !(in->file->mode & FILE_READ))
		return -EBADF;
	if (pos && !(in->file->mode & FILE_SEEK))
		return -ESPIPE;
	if ((int64_t)n < 0 || (pos && (*pos > INT64_MAX || n > INT64_MAX - *pos)))
		return -EINVAL;
	if (!out->file || !(out->file->mode & FILE_WRITE))
		return -EBADF;
	if (out->file->mode & FILE_SEEK && READ_ONCE(out->file->flags) & O_APPEND)
		return -EINVAL;
	/* What is not seekable would lose what was read and could not be written. */
	if (!(in->file->mode & FILE_SEEK) || in->file->ops->readdir)
		return -EINVAL;
	return 0;
}

/* Without an offset it is the file's position that moves, as it was before: held over the writing, it could wait for itself. */
static long send_from(struct file *out, struct file *in, uint64_t *pos, size_t n)
{
	uint64_t at = pos ? *pos : READ_ONCE(in->pos);
	long ret = send_all(out, in, &at, n);

	if (pos)
		*pos = at;
	else
		WRITE_ONCE(in->pos, at);
	return ret;
}

SYS(sendfile)
{
	struct fd_ref out, in;
	uptr offset = uptr_of(a2);
	uint64_t at, *pos = uptr_is_null(offset) ? NULL : &at;
	long ret;

	if (pos && get_user(at, offset))
		return -EFAULT;
	out = fd_get((int)a0);
	in = fd_get((int)a1);
	ret = may_send(&out, &in, pos, a3);
	if (!ret)
		ret = send_from(out.file, in.file, pos, min(a3, RW_MAX));
	if (pos && put_user(at, offset))
		ret = -EFAULT;
	fd_put(out);
	fd_put(in);
	return ret;
}
