/*
 * sys_open.c - descriptors: openat(2), close(2), dup(2), pipe2(2).
 */
#include "abi/errno.h"
#include "abi/fcntl.h"
#include "el1/pathname.h"
#include "el1/syscall.h"
#include "fs/file.h"
#include "fs/pipe.h"

SYS(openat)
{
	int dirfd = (int)a0, fd;
	uint32_t flags = (uint32_t)a2, mode = (uint32_t)a3;
	struct pathname name;
	struct file *f;

	if (!vfs_open_flags_ok(flags))
		return -EINVAL;
	fd = pathname_get(&name, uptr_of(a1), false);
	if (!fd)
		fd = fd_reserve(0, flags & O_CLOEXEC);
	if (fd >= 0) {
		f = vfs_open(dirfd, name.s, flags, mode);
		if (is_err(f)) {
			fd_unreserve(fd);
			fd = (int)ptr_err(f);
		} else {
			fd_install(fd, f);
		}
	}
	pathname_put(&name);
	return fd;
}

SYS(close)
{
	return fd_close((int)a0);
}

SYS(close_range)
{
	uint32_t first = (uint32_t)a0, last = (uint32_t)a1, flags = (uint32_t)a2;

	if (flags & ~(uint32_t)(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC) || first > last)
		return -EINVAL;
	if (flags & CLOSE_RANGE_UNSHARE && files_unshare())
		return -ENOMEM;
	fd_close_range(first, last, flags & CLOSE_RANGE_CLOEXEC);
	return 0;
}

SYS(dup)
{
	struct fd_ref r = fd_get_any((int)a0);
	int fd = r.file ? fd_dup_from(r.file, 0, false) : -EBADF;

	fd_put(r);
	return fd;
}

SYS(dup3)
{
	int old = (int)a0, fd = (int)a1;
	uint32_t flags = (uint32_t)a2;
	struct fd_ref r;
	long ret;

	if (flags & ~(uint32_t)O_CLOEXEC || old == fd)
		return -EINVAL;
	if ((uint32_t)fd >= fd_limit())
		return -EBADF;
	r = fd_get_any(old);
	ret = r.file ? fd_dup_to(r.file, fd, flags) : -EBADF;
	fd_put(r);
	return ret;
}

SYS(pipe2)
{
	uptr where = uptr_of(a0);
	uint32_t flags = (uint32_t)a1;
	struct file *ends[2];
	int fd[2], err;

	if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	err = pipe_create(ends, flags & (O_NONBLOCK | O_DIRECT));
	if (err)
		return err;
	fd[0] = fd_reserve(0, flags & O_CLOEXEC);
	fd[1] = fd[0] < 0 ? fd[0] : fd_reserve(0, flags & O_CLOEXEC);
	err = min(fd[1], 0);
	if (!err && copy_to_user(where, fd, sizeof(fd)))
		err = -EFAULT;
	if (!err) { /* only now can another thread use them */
		fd_install(fd[0], ends[0]);
		fd_install(fd[1], ends[1]);
		return 0;
	}
	if (fd[1] >= 0)
		fd_unreserve(fd[1]);
	if (fd[0] >= 0)
		fd_unreserve(fd[0]);
	file_put(ends[0]);
	file_put(ends[1]);
	return err;
}
