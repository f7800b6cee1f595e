/*
 * open.c - descriptors: openat(2), openat2(2), close(2), dup(2), pipe2(2).
 *
 * Goes to fs/open.c and fs/fdtable.c.  Invariant: a descriptor is reserved before its file is made,
 * and installed last: so nothing is opened in vain, and no other thread sees half of it.
 */
#include "fs/fdtable.h"
#include "fs/open.h"
#include "fs/pipe.h"
#include "sys/pathname.h"
#include "sys/syscall.h"

/* What can be opened at all. */
#define OPEN_FLAGS                                                                              \
	((uint32_t)(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | \
		    O_SYNC | FASYNC | O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW |       \
		    O_NOATIME | O_CLOEXEC | O_PATH | O_TMPFILE))
#define O_PATH_FLAGS ((uint32_t)(O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC))
#define O_MAKES	     ((uint32_t)(O_CREAT | (O_TMPFILE & ~O_DIRECTORY)))
#define RESOLVE_ALL                                                                        \
	(RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH | \
	 RESOLVE_IN_ROOT | RESOLVE_CACHED)

static long open_at(int dirfd, uptr from, const struct open_how *how)
{
	uint32_t flags = (uint32_t)how->flags;
	struct pathname name;
	int fd;

	if (!vfs_open_flags_ok(flags))
		return -EINVAL;
	/*
	 * What makes or cuts a file has to wait for locks: io_uring's question "without waiting?"
	 * is answered no.
	 */
	if (how->resolve & RESOLVE_CACHED && flags & (O_TRUNC | O_MAKES))
		return -EAGAIN;
	fd = pathname_get(&name, from, false);
	if (!fd)
		fd = fd_reserve(0, flags & O_CLOEXEC);
	if (fd >= 0)
		fd = fd_finish(fd, vfs_open_within(dirfd, name.s, flags, (uint32_t)how->mode,
						   (uint32_t)how->resolve));
	pathname_put(&name);
	return fd;
}

long sys_openat(int dir, uptr pathname, uint32_t flags, uint32_t mode)
{
	/* Flags that are not known are dropped: openat(2) has always taken them. */
	struct open_how how = { .flags = flags & OPEN_FLAGS, .mode = mode & 07777 };

	return open_at(dir, pathname, &how);
}

/* Unlike openat(2) it refuses what it does not know. */
static long check_how(const struct open_how *how)
{
	if (how->flags & ~(uint64_t)OPEN_FLAGS || how->resolve & ~(uint64_t)RESOLVE_ALL ||
	    (how->resolve & RESOLVE_BENEATH && how->resolve & RESOLVE_IN_ROOT))
		return -EINVAL;
	if (how->mode & ~(how->flags & O_MAKES ? 07777UL : 0))
		return -EINVAL;
	return how->flags & O_PATH && how->flags & ~(uint64_t)O_PATH_FLAGS ? -EINVAL : 0;
}

long sys_openat2(int dir, uptr pathname, uptr how_at, uint64_t size)
{
	struct open_how how;
	long ret = size < sizeof(how) ? -EINVAL
				      : copy_struct_from_user(&how, sizeof(how), how_at, size);

	if (!ret)
		ret = check_how(&how);
	return ret ? ret : open_at(dir, pathname, &how);
}

long sys_close(int fd)
{
	return fd_close(fd);
}

long sys_close_range(uint32_t first, uint32_t last, uint32_t flags)
{
	if (flags & ~(uint32_t)(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC) || first > last)
		return -EINVAL;
	/* First: the other processes that share the table keep theirs. */
	if (flags & CLOSE_RANGE_UNSHARE && files_unshare())
		return -ENOMEM;
	fd_close_range(first, last, flags & CLOSE_RANGE_CLOEXEC);
	return 0;
}

long sys_dup(int from)
{
	return with_any_fd(from, f, fd_dup_from(f, 0, false));
}

long sys_dup3(int old, int fd, uint32_t flags)
{
	if (flags & ~(uint32_t)O_CLOEXEC || old == fd)
		return -EINVAL;
	if ((uint32_t)fd >= fd_limit())
		return -EBADF;
	return with_any_fd(old, f, fd_dup_to(f, fd, flags));
}

long sys_pipe2(uptr where, uint32_t flags)
{
	struct file *ends[2];
	int fd[2], err;

	if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	err = pipe_create(ends, flags & (O_NONBLOCK | O_DIRECT));
	if (err)
		return err;
	/* Both or none: with one number left neither is taken. */
	err = fd_reserve_two(fd, flags & O_CLOEXEC);
	if (!err) {
		err = copy_to_user(where, fd, sizeof(fd)) ? -EFAULT : 0;
		fd_end_two(fd, err ? NULL : ends); /* only now can another thread use them */
	}
	if (err) {
		file_put(ends[0]);
		file_put(ends[1]);
	}
	return err;
}
