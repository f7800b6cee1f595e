/*
 * target.c - see target.h.  Invariant: what a target names is held by its path or by its
 * descriptor, one of the two, until target_put.
 */
#include "sys/file/target.h"

#include "fs/walk.h"
#include "sys/pathname.h"

/* Does the user's path name nothing but the descriptor that goes with it?  -EFAULT. */
static int is_empty(uptr from, uint32_t flags)
{
	char first;

	if (!(flags & AT_EMPTY_PATH))
		return false;
	return get_user(first, from) ? -EFAULT : !first;
}

long target_at(int dirfd, uptr from, uint32_t flags, const struct cred *cred, struct target *t)
{
	unsigned int walk = (flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) |
			    (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0);
	int empty = dirfd == AT_FDCWD ? false : is_empty(from, flags);
	long ret;

	if (empty)
		return empty < 0 ? empty : target_fd_any(dirfd, t);
	t->fd = (struct fd_ref){ NULL, NULL };
	ret = pathname_lookup(dirfd, from, walk, cred, &t->path);
	if (!ret) {
		t->inode = t->path.dentry->inode;
		t->mnt = t->path.mnt;
	}
	return ret;
}
