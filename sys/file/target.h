/*
 * target.h - what a call acts on: a file that is named by a path, by a descriptor, or by either
 * (AT_EMPTY_PATH).
 */
#pragma once

#include "fs/fdtable.h"

struct cred;

struct target {
	struct inode *inode;
	const struct mount *mnt; /* through which it is seen; NULL: it has no name, as a pipe */
	struct fd_ref fd;	 /* one of these two holds it */
	struct path path;	 /* or mnt NULL */
};

/* Fills @t from @r, which passes over to it.  0 or -EBADF. */
static inline long target_of_fd(struct target *t, struct fd_ref r)
{
	if (!r.file)
		return -EBADF;
	t->inode = r.file->inode;
	t->mnt = r.file->path.mnt;
	t->fd = r;
	t->path.mnt = NULL;
	return 0;
}

/*
 * target_fd - the file that is open as @fd.  target_fd_any - it may also be open with O_PATH.
 * 0, and target_put is due; or -EBADF.
 */
static inline long __must_check target_fd(int fd, struct target *t)
{
	return target_of_fd(t, fd_get(fd));
}

static inline long __must_check target_fd_any(int fd, struct target *t)
{
	return target_of_fd(t, fd_get_any(fd));
}

/*
 * target_at - the file that the path at @from names, seen from @dirfd.  @flags:
 * AT_SYMLINK_NOFOLLOW, and AT_EMPTY_PATH: "" names what is open as @dirfd.  @cred: whose
 * permissions count on the way; NULL: current's.  0, and target_put is due; or -errno.
 */
long target_at(int dirfd, uptr from, uint32_t flags, const struct cred *cred,
	       struct target *t) __must_check;

static inline void target_put(struct target *t)
{
	if (t->path.mnt)
		path_put(&t->path);
	fd_put(t->fd);
}

/* with_target - what @expr says of @t, which @found has filled in; or @found's error. */
#define with_target(t, found, expr)         \
	({                                  \
		struct target t;            \
		long with_ret_ = (found);   \
		if (!with_ret_) {           \
			with_ret_ = (expr); \
			target_put(&t);     \
		}                           \
		with_ret_;                  \
	})
