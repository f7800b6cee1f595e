/*
 * fcntl.c - fcntl(2) and flock(2): requests about an open file and its descriptor, and advisory
 * locks.
 *
 * Leases (none is granted, so none is held) and dnotify are missing.
 */
#include "abi/memfd.h"
#include "fs/anon/memfd.h"
#include "fs/fdtable.h"
#include "fs/lock_ops.h"
#include "fs/pipe.h"
#include "sys/syscall.h"

/* ---- locks ---- */

static long get_lock(struct file *f, uptr arg, bool ofd)
{
	struct flock l;
	long ret;

	if (copy_from_user(&l, arg, sizeof(l)))
		return -EFAULT;
	ret = file_get_lock(f, &l, ofd);
	if (!ret && copy_to_user(arg, &l, sizeof(l)))
		ret = -EFAULT;
	return ret;
}

static long set_lock(struct file *f, int fd, uptr arg, bool ofd, bool wait)
{
	struct flock l;

	/* Copied once: the rules look at the copy. */
	return copy_from_user(&l, arg, sizeof(l)) ? -EFAULT : file_set_lock(f, fd, &l, ofd, wait);
}

long sys_flock(int fd, uint32_t cmd)
{
	struct fd_ref r = fd_get(fd);
	/* It may wait long: the file is held, and another thread may close the descriptor. */
	long ret = file_lock_whole(r.file, cmd);

	fd_put(r);
	return ret;
}

/* ---- fcntl ---- */

/* The owner, which gets the signals, as a structure. */
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
	/*
	 * What stands above is about the descriptor; O_PATH has no file that the rest could be
	 * asked.
	 */
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
	return with_any_fd(fd, f, control(f, fd, cmd, arg));
}
