/*
 * rw.c - read(2), write(2) and their kin: from user spans to iterators, and on to fs/file.c.
 *
 * Invariant: no byte moves before the whole range is known to lie in user space, and no call moves
 * more than RW_MAX.  Errors are found in Linux's order.
 */
#include "abi/stat.h"
#include "fs/cache.h"
#include "fs/walk.h"
#include "sys/pathname.h"
#include "sys/spans.h"
#include "sys/syscall.h"

/*
 * What Linux answers to a span outside user space: only a file that is open for it looks at the
 * address.
 */
static long bad_span(const struct file *f, uptr buf, bool writing)
{
	if (!(f->mode & (writing ? FILE_WRITE : FILE_READ)))
		return -EBADF;
	return uaccess_refuse(buf, !writing);
}

static inline long move_span(int fd, uptr buf, uint64_t n, bool writing)
{
	struct fd_ref r = fd_get(fd);
	struct iter it;
	long ret;

	if (unlikely(!r.file))
		return -EBADF;
	/* Cut before the check, not after: the check is of what the program has asked for. */
	iter_user(&it, buf, min(n, RW_MAX));
	if (unlikely(!uaccess_ok(buf, n)))
		ret = bad_span(r.file, buf, writing);
	else
		ret = writing ? file_write(r.file, &it) : file_read(r.file, &it);
	/*
	 * Drops a reference only where the table is shared: another thread may have closed the
	 * descriptor while the bytes moved.
	 */
	fd_put(r);
	return ret;
}

long sys_read(int fd, uptr buf, uint64_t n)
{
	return move_span(fd, buf, n, false);
}

long sys_write(int fd, uptr buf, uint64_t n)
{
	return move_span(fd, buf, n, true);
}

static long move_file_at(struct file *f, uptr buf, uint64_t n, int64_t pos, bool writing)
{
	struct iter it;

	if (!(f->mode & FILE_SEEK))
		return -ESPIPE;
	if (!uaccess_ok(buf, n))
		return bad_span(f, buf, writing);
	if (n > (uint64_t)(INT64_MAX - pos)) /* no file reaches there */
		return -EINVAL;
	iter_user(&it, buf, min(n, RW_MAX));
	return writing ? file_pwrite(f, &it, (uint64_t)pos) : file_pread(f, &it, (uint64_t)pos);
}

static long move_at(int fd, uptr buf, uint64_t n, int64_t pos, bool writing)
{
	/* Before the descriptor: Linux looks at the position first. */
	return pos < 0 ? -EINVAL : with_fd(fd, f, move_file_at(f, buf, n, pos, writing));
}

long sys_pread64(int fd, uptr buf, uint64_t n, int64_t pos)
{
	return move_at(fd, buf, n, pos, false);
}

long sys_pwrite64(int fd, uptr buf, uint64_t n, int64_t pos)
{
	return move_at(fd, buf, n, pos, true);
}

/* ---- vectors ---- */

/* RWF_* of preadv2(2): those that change nothing here are taken, too.  0, -EOPNOTSUPP. */
static long check_rwf(const struct file *f, uint32_t rwf)
{
	if (rwf & ~(uint32_t)(RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND))
		return -EOPNOTSUPP;
	return rwf & RWF_NOWAIT && !(f->mode & FILE_NOWAIT) ? -EOPNOTSUPP : 0;
}

#define OWN_POSITION (-1) /* of the file, in place of a position that the caller names */

static long move_spans(struct file *f, struct spans *s, bool writing, int64_t pos, uint32_t rwf)
{
	struct iter it;

	iter_user_spans(&it, s->v, s->total);
	it.rwf = (uint8_t)rwf;
	if (pos != OWN_POSITION)
		return writing ? file_pwrite(f, &it, (uint64_t)pos)
			       : file_pread(f, &it, (uint64_t)pos);
	return writing ? file_write(f, &it) : file_read(f, &it);
}

/* readv(2) and its kin, at @pos or OWN_POSITION. */
static long move_vector(int fd, uptr from, uint64_t count, bool writing, int64_t pos, uint32_t rwf)
{
	struct fd_ref r = fd_get(fd);
	struct spans s;
	long ret = 0;

	if (!r.file)
		return -EBADF;
	s.v = s.few;
	if (pos != OWN_POSITION && !(r.file->mode & FILE_SEEK))
		ret = -ESPIPE;
	else if (!(r.file->mode & (writing ? FILE_WRITE : FILE_READ)))
		ret = -EBADF;
	if (!ret)
		ret = spans_get(&s, from, count, !writing);
	/* An empty vector succeeds, whatever the flags are. */
	if (!ret && s.total)
		ret = check_rwf(r.file, rwf);
	if (!ret && s.total && pos != OWN_POSITION && s.total > (uint64_t)(INT64_MAX - pos))
		ret = -EINVAL;
	if (!ret && s.total)
		ret = move_spans(r.file, &s, writing, pos, rwf);
	spans_put(&s);
	fd_put(r);
	return ret;
}

long sys_readv(int fd, uptr iov, uint64_t count)
{
	return move_vector(fd, iov, count, false, OWN_POSITION, 0);
}

long sys_writev(int fd, uptr iov, uint64_t count)
{
	return move_vector(fd, iov, count, true, OWN_POSITION, 0);
}

long sys_preadv(int fd, uptr iov, uint64_t count, int64_t pos, uint64_t pos_high)
{
	return pos < 0 ? -EINVAL : move_vector(fd, iov, count, false, pos, 0);
}

long sys_pwritev(int fd, uptr iov, uint64_t count, int64_t pos, uint64_t pos_high)
{
	return pos < 0 ? -EINVAL : move_vector(fd, iov, count, true, pos, 0);
}

/* @pos is the whole offset (@pos_high is for machines of 32 bits), or OWN_POSITION. */
long sys_preadv2(int fd, uptr iov, uint64_t count, int64_t pos, uint64_t pos_high, uint32_t rwf)
{
	return pos < OWN_POSITION ? -EINVAL : move_vector(fd, iov, count, false, pos, rwf);
}

long sys_pwritev2(int fd, uptr iov, uint64_t count, int64_t pos, uint64_t pos_high, uint32_t rwf)
{
	return pos < OWN_POSITION ? -EINVAL : move_vector(fd, iov, count, true, pos, rwf);
}

/* ---- position and size ---- */

long sys_lseek(int fd, int64_t offset, int whence)
{
	return with_fd(fd, f, file_seek(f, offset, whence));
}

long sys_truncate(uptr pathname, int64_t size)
{
	struct path path;
	long ret;

	if (size < 0)
		return -EINVAL;
	/*
	 * Then the rules: path_truncate() asks for the permission, for the mount, and whether it is
	 * a program that runs.
	 */
	ret = pathname_lookup(AT_FDCWD, pathname, WALK_FOLLOW, NULL, &path);
	if (ret)
		return ret;
	ret = path_truncate(&path, (uint64_t)size);
	path_put(&path);
	return ret;
}

long sys_ftruncate(int fd, int64_t size)
{
	return size < 0 ? -EINVAL : with_fd(fd, f, file_truncate(f, (uint64_t)size));
}

long sys_fallocate(int fd, uint32_t mode, int64_t offset, int64_t len)
{
	return with_fd(fd, f, file_allocate(f, mode, offset, len));
}

long sys_fsync(int fd)
{
	return with_fd(fd, f, file_sync(f, false));
}

long sys_fdatasync(int fd)
{
	return with_fd(fd, f, file_sync(f, true));
}

long sys_sync(void)
{
	/* Nobody is told of errors but by the next fsync(2). */
	(void)!cache_sync(NULL, true);
	return 0;
}

long sys_syncfs(int fd)
{
	return with_fd(fd, f, f->inode->sb->disk ? cache_sync(f->inode->sb, true) : 0);
}

static long sync_range(struct file *f, int64_t offset, int64_t n, uint32_t flags)
{
	uint32_t type = f->inode->mode & S_IFMT;
	int64_t end;

	if (flags & ~(uint32_t)(SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
				SYNC_FILE_RANGE_WAIT_AFTER) ||
	    offset < 0 || __builtin_add_overflow(offset, n, &end) || end < offset)
		return -EINVAL;
	if (type != S_IFREG && type != S_IFDIR && type != S_IFBLK)
		return -ESPIPE;
	return cache_file_sync_range(f, (uint64_t)offset, n ? (uint64_t)end : UINT64_MAX, flags);
}

long sys_sync_file_range(int fd, int64_t offset, int64_t n, uint32_t flags)
{
	return with_fd(fd, f, sync_range(f, offset, n, flags));
}

/* ---- what a program says about its use of a file ---- */

static long read_file_ahead(struct file *f, int64_t offset, uint64_t n)
{
	if (!(f->mode & FILE_READ))
		return -EBADF;
	if (!S_ISREG(f->inode->mode) && !S_ISBLK(f->inode->mode))
		return -EINVAL;
	if (offset >= 0)
		cache_file_advise(f, (uint64_t)offset, (uint64_t)offset + min(n, RW_MAX),
				  POSIX_FADV_WILLNEED);
	return 0;
}

long sys_readahead(int fd, int64_t offset, uint64_t n)
{
	return with_fd(fd, f, read_file_ahead(f, offset, n));
}

static long advise(struct file *f, int64_t offset, int64_t len, int advice)
{
	if (S_ISFIFO(f->inode->mode))
		return -ESPIPE;
	if (len < 0 || (uint32_t)advice > POSIX_FADV_NOREUSE)
		return -EINVAL;
	if (offset >= 0)
		cache_file_advise(f, (uint64_t)offset,
				  len ? (uint64_t)offset + (uint64_t)len : UINT64_MAX, advice);
	return 0;
}

long sys_fadvise64(int fd, int64_t offset, int64_t len, int advice)
{
	return with_fd(fd, f, advise(f, offset, len, advice));
}
