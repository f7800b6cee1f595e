/*
 * splice.c - splice(2), tee(2), vmsplice(2).
 */
#include "fs/fdtable.h"
#include "fs/pipe.h"
#include "fs/splice.h"
#include "sys/spans.h"
#include "sys/syscall.h"

/* The position at @from (NULL: none) into *@pos, and *@where it is.  0, -EFAULT, -EINVAL. */
static long get_position(uptr from, uint64_t *pos, uint64_t **where)
{
	*where = NULL;
	if (uptr_is_null(from))
		return 0;
	if (get_user(*pos, from))
		return -EFAULT;
	*where = pos;
	return *pos > INT64_MAX ? -EINVAL : 0;
}

static long splice_at(struct file *in, uptr off_in, struct file *out, uptr off_out, size_t n,
		      uint32_t flags)
{
	uint64_t pos[2], *where[2];
	long ret;

	if ((!uptr_is_null(off_in) && pipe_capacity(in) >= 0) ||
	    (!uptr_is_null(off_out) && pipe_capacity(out) >= 0))
		return -ESPIPE; /* before it is looked at */
	ret = get_position(off_out, &pos[1], &where[1]);
	if (!ret)
		ret = get_position(off_in, &pos[0], &where[0]);
	if (!ret)
		ret = splice_files(in, where[0], out, where[1], n, flags & SPLICE_F_NONBLOCK);
	if (ret > 0 && where[1] && put_user(pos[1], off_out))
		ret = -EFAULT;
	if (ret > 0 && where[0] && put_user(pos[0], off_in))
		ret = -EFAULT;
	return ret;
}

long sys_splice(int in_fd, uptr in_offset, int out_fd, uptr out_offset, uint64_t n, uint32_t flags)
{
	struct fd_ref in, out;
	long ret = -EBADF;

	if (!n)
		return 0;
	if (flags & ~(uint32_t)SPLICE_F_ALL)
		return -EINVAL;
	in = fd_get(in_fd);
	out = fd_get(out_fd);
	if (in.file && out.file)
		ret = splice_at(in.file, in_offset, out.file, out_offset, n, flags);
	fd_put(out);
	fd_put(in);
	return ret;
}

long sys_tee(int in_fd, int out_fd, uint64_t n, uint32_t flags)
{
	struct fd_ref in, out;
	long ret = -EBADF;

	if (flags & ~(uint32_t)SPLICE_F_ALL)
		return -EINVAL;
	if (!n)
		return 0;
	in = fd_get(in_fd);
	out = fd_get(out_fd);
	if (in.file && out.file)
		ret = splice_tee(in.file, out.file, min(n, RW_MAX), flags & SPLICE_F_NONBLOCK);
	fd_put(out);
	fd_put(in);
	return ret;
}

/*
 * Pages are copied, never given: what the program does with them afterwards is not seen in the
 * pipe.
 */
long sys_vmsplice(int fd, uptr iov, uint64_t count, uint32_t flags)
{
	struct spans s;
	struct iter it;
	struct fd_ref r;
	long ret;

	if (flags & ~(uint32_t)SPLICE_F_ALL)
		return -EINVAL;
	r = fd_get(fd);
	if (!r.file)
		return -EBADF;
	s.v = s.few;
	ret = r.file->mode & (FILE_READ | FILE_WRITE) ? spans_get(&s, iov, count) : -EBADF;
	if (!ret && s.total && pipe_capacity(r.file) < 0)
		ret = -EBADF;
	if (!ret && s.total) {
		iter_user_spans(&it, s.v, s.total);
		it.rwf |= flags & SPLICE_F_NONBLOCK ? RWF_NOWAIT : 0;
		ret = r.file->mode & FILE_WRITE
			      ? splice_from_user(r.file, &it, flags & SPLICE_F_NONBLOCK)
			      : file_read(r.file, &it);
	}
	spans_put(&s);
	fd_put(r);
	return ret;
}
