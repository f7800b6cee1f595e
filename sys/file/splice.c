/*
 * splice.c - splice(2), tee(2), vmsplice(2).
 *
 * Goes to fs/splice.c.  Invariant: positions are copied in once, and written back only when bytes
 * have moved.
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
	/* The output's first, as on Linux. */
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
	if (!n)
		return 0;
	if (flags & ~(uint32_t)SPLICE_F_ALL)
		return -EINVAL;
	return with_two_fds(in_fd, in, out_fd, out,
			    splice_at(in, in_offset, out, out_offset, n, flags));
}

long sys_tee(int in_fd, int out_fd, uint64_t n, uint32_t flags)
{
	if (flags & ~(uint32_t)SPLICE_F_ALL)
		return -EINVAL;
	if (!n)
		return 0;
	return with_two_fds(in_fd, in, out_fd, out,
			    splice_tee(in, out, min(n, RW_MAX), flags & SPLICE_F_NONBLOCK));
}

/*
 * Pages are copied, never given: what the program does with them afterwards is not seen in the
 * pipe.
 */
static long splice_spans(struct file *f, uptr iov, uint64_t count, bool nonblock)
{
	struct spans s;
	struct iter it;
	long ret;

	s.v = s.few;
	ret = f->mode & (FILE_READ | FILE_WRITE)
		      ? spans_get(&s, iov, count, !(f->mode & FILE_WRITE))
		      : -EBADF;
	if (!ret && s.total && pipe_capacity(f) < 0)
		ret = -EBADF;
	if (!ret && s.total) {
		iter_user_spans(&it, s.v, s.total);
		it.rwf |= nonblock ? RWF_NOWAIT : 0;
		ret = f->mode & FILE_WRITE ? splice_from_user(f, &it, nonblock) : file_read(f, &it);
	}
	spans_put(&s);
	return ret;
}

long sys_vmsplice(int fd, uptr iov, uint64_t count, uint32_t flags)
{
	if (flags & ~(uint32_t)SPLICE_F_ALL)
		return -EINVAL;
	return with_fd(fd, f, splice_spans(f, iov, count, flags & SPLICE_F_NONBLOCK));
}
