/*
 * copy.c - from file to file without a program's buffer: sendfile(2), copy_file_range(2).
 *
 * The bytes go through a piece of kernel memory.  No position is held while a piece moves: both may
 * be one file.
 */
#include "abi/stat.h"
#include "fs/fdtable.h"
#include "fs/splice.h"
#include "mm/slab.h"
#include "sys/spans.h"
#include "sys/syscall.h"

#define SEND_PIECE 16384u

/*
 * Moves up to @n bytes from @in at *@pos to @out at *@to (NULL: its own position).  Bytes, or
 * -errno when none.
 */
static long move_file_bytes(struct file *out, uint64_t *to, struct file *in, uint64_t *pos,
			    size_t n)
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
		/*
		 * At a position of its own: in->pos_lock is not taken, which the other file may be
		 * waiting for.
		 */
		got = file_pread(in, &it, *pos);
		if (got <= 0) {
			ret = got;
			break;
		}
		ret = -EINVAL;
		/* Only now: at the end of the input Linux does not look at the output either. */
		if (!splice_writes(out))
			break;
		iter_kernel(&it, buf, (size_t)got);
		ret = to ? file_pwrite(out, &it, *to) : file_write(out, &it);
		if (ret <= 0)
			break;
		if (to)
			*to += (uint64_t)ret;
		/*
		 * Counted by what was written: bytes that were read but not taken are read again by
		 * the next call.
		 */
		done += (size_t)ret;
		*pos += (uint64_t)ret;
		if (ret < got || !file_may_continue())
			break;
	}
	kfree(buf);
	return done ? (long)done : ret;
}

/*
 * Whether @n bytes may go from @in (at @pos, if it is not NULL) to @out; errors in Linux's order.
 */
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
	return splice_reads(in->file) ? 0 : -EINVAL;
}

/*
 * Without an offset it is the file's position that moves, as it was before: held over the writing,
 * it could wait for itself.
 */
static long send_from(struct file *out, struct file *in, uint64_t *pos, size_t n)
{
	uint64_t at = pos ? *pos : READ_ONCE(in->pos);
	long ret = move_file_bytes(out, NULL, in, &at, n);

	if (pos)
		*pos = at;
	else
		WRITE_ONCE(in->pos, at);
	return ret;
}

long sys_sendfile(int out_fd, int in_fd, uptr offset, uint64_t n)
{
	struct fd_ref out, in;
	uint64_t at = 0, *pos = uptr_is_null(offset) ? NULL : &at;
	long ret;

	if (pos && get_user(at, offset))
		return -EFAULT;
	out = fd_get(out_fd);
	in = fd_get(in_fd);
	ret = may_send(&out, &in, pos, n);
	if (!ret && !(in.file->mode & FILE_SEEK))
		ret = splice_stream(in.file, out.file, min(n, RW_MAX));
	else if (!ret)
		ret = send_from(out.file, in.file, pos, min(n, RW_MAX));
	/* Also after an error: what was moved before it counts. */
	if (pos && put_user(at, offset))
		ret = -EFAULT;
	fd_put(out);
	fd_put(in);
	return ret;
}

/* ---- copy_file_range ---- */

static bool overlap(uint64_t a, uint64_t b, uint64_t n)
{
	return a < b + n && b < a + n;
}

/* How many of *@n bytes may be copied; errors in Linux's order. */
static long may_copy(const struct file *in, uint64_t from, const struct file *out, uint64_t to,
		     uint64_t *n)
{
	uint64_t size = inode_size(in->inode), end;

	if (S_ISDIR(in->inode->mode) || S_ISDIR(out->inode->mode))
		return -EISDIR;
	if (!S_ISREG(in->inode->mode) || !S_ISREG(out->inode->mode))
		return -EINVAL;
	if (!(in->mode & FILE_READ) || !(out->mode & FILE_WRITE) ||
	    READ_ONCE(out->flags) & O_APPEND)
		return -EBADF;
	if (in->inode->sb != out->inode->sb)
		return -EXDEV;
	if (__builtin_add_overflow(from, *n, &end) || __builtin_add_overflow(to, *n, &end))
		return -EOVERFLOW;
	/* Cut to the file's end first: a range that reaches behind it overlaps nothing there. */
	*n = from < size ? min(*n, size - from) : 0;
	if (in->inode == out->inode && overlap(from, to, *n))
		return -EINVAL;
	return (int64_t)from < 0 || (int64_t)to < 0 ? -EINVAL : 0;
}

/* *@pos: where it begins, from user memory, or where the file stands. */
static long start_of(struct file *f, uptr user, uint64_t *pos)
{
	if (uptr_is_null(user))
		*pos = READ_ONCE(f->pos);
	else if (get_user(*pos, user))
		return -EFAULT;
	return 0;
}

static long end_at(struct file *f, uptr user, uint64_t pos)
{
	if (uptr_is_null(user))
		WRITE_ONCE(f->pos, pos);
	else if (put_user(pos, user))
		return -EFAULT;
	return 0;
}

static long copy_range(struct file *in, uptr user_from, struct file *out, uptr user_to, uint64_t n,
		       uint32_t flags)
{
	uint64_t from, to;
	long ret = start_of(in, user_from, &from), done = 0;

	if (!ret)
		ret = start_of(out, user_to, &to);
	if (!ret && flags)
		ret = -EINVAL;
	if (!ret)
		ret = may_copy(in, from, out, to, &n);
	if (!ret && n)
		ret = done = move_file_bytes(out, &to, in, &from, min(n, RW_MAX));
	if (done <= 0)
		return ret;
	ret = end_at(in, user_from, from);
	if (!ret)
		ret = end_at(out, user_to, to);
	return ret ? ret : done;
}

long sys_copy_file_range(int in_fd, uptr in_offset, int out_fd, uptr out_offset, uint64_t n,
			 uint32_t flags)
{
	return with_two_fds(in_fd, in, out_fd, out,
			    copy_range(in, in_offset, out, out_offset, n, flags));
}
