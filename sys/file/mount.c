/*
 * mount.c - mount(2), umount2(2), pivot_root(2).
 *
 * Goes to fs/mount_ops.c.  Invariant: all strings are copied and all paths looked up before
 * mount_lock is taken there; permission is asked after them, as on Linux.
 */
#include "abi/mount.h"
#include "fs/mount_ops.h"
#include "fs/walk.h"
#include "mm/slab.h"
#include "sys/pathname.h"
#include "sys/syscall.h"
#include "task/cap.h"

/*
 * A string that may be NULL, into *@s (kfree).  0, -EFAULT, -EINVAL (longer than a path), -ENOMEM.
 */
static long take_string(uptr from, char **s)
{
	long n;

	*s = NULL;
	if (uptr_is_null(from))
		return 0;
	*s = kmalloc(PATH_MAX);
	if (!*s)
		return -ENOMEM;
	n = strncpy_from_user(*s, from, PATH_MAX);
	if (n == PATH_MAX)
		return -EINVAL;
	return n < 0 ? n : 0;
}

/*
 * mount(2)'s data: up to a page of text that need not end in the page, nor the page after it be
 * there.
 */
static long take_options(uptr from, char **s)
{
	size_t left;

	*s = NULL;
	if (uptr_is_null(from))
		return 0;
	*s = kzalloc(PAGE_SIZE);
	if (!*s)
		return -ENOMEM;
	/* A page at most; what cannot be read ends the text. */
	left = copy_from_user(*s, from, PAGE_SIZE);
	(*s)[left ? PAGE_SIZE - left : PAGE_SIZE - 1] = '\0';
	return left == PAGE_SIZE ? -EFAULT : 0;
}

long sys_mount(uptr source_at, uptr target, uptr type_at, uint32_t flags, uptr data)
{
	char *source = NULL, *type = NULL, *options = NULL;
	struct path on;
	long ret = take_string(type_at, &type);

	if (!ret)
		ret = take_string(source_at, &source);
	if (!ret)
		ret = take_options(data, &options);
	if (!ret)
		ret = pathname_lookup(AT_FDCWD, target, WALK_FOLLOW, NULL, &on);
	if (!ret) {
		ret = capable(CAP_SYS_ADMIN) ? vfs_mount(source, &on, type, flags, options)
					     : -EPERM;
		path_put(&on);
	}
	kfree(options);
	kfree(source);
	kfree(type);
	return ret;
}

long sys_umount2(uptr pathname, uint32_t flags)
{
	struct path path;
	long ret;

	if (flags & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	ret = pathname_lookup(AT_FDCWD, pathname, flags & UMOUNT_NOFOLLOW ? 0 : WALK_FOLLOW, NULL,
			      &path);
	if (ret)
		return ret;
	if (capable(CAP_SYS_ADMIN))
		/* Which puts the path: its reference would keep the mount busy. */
		return vfs_umount(&path, flags);
	path_put(&path);
	return -EPERM;
}

long sys_pivot_root(uptr new_root_at, uptr put_old_at)
{
	struct path new_root, put_old;
	long ret;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	ret = pathname_lookup(AT_FDCWD, new_root_at, WALK_FOLLOW | WALK_DIRECTORY, NULL, &new_root);
	if (ret)
		return ret;
	ret = pathname_lookup(AT_FDCWD, put_old_at, WALK_FOLLOW | WALK_DIRECTORY, NULL, &put_old);
	if (!ret) {
		ret = vfs_pivot_root(&new_root, &put_old);
		path_put(&put_old);
	}
	path_put(&new_root);
	return ret;
}
