/*
 * sys_xattr.c - extended attributes: no file system here keeps any, and these calls say so.
 *
 * What a program asks is checked as it would be before a file system is asked: then a list is
 * empty, and everything else is -EOPNOTSUPP, from which cp, tar and their like know that there is
 * nothing to copy.
 */
#include "abi/errno.h"
#include "abi/xattr.h"
#include "el1/pathname.h"
#include "el1/syscall.h"
#include "fs/file.h"
#include "mm/slab.h"

/* Is there such a file, and may it be changed, if that is what is asked (@change)?  0 or -errno. */
static long look_at(uptr path, unsigned int walk, bool change)
{
	struct pathname name;
	struct path found;
	long ret = pathname_get(&name, path, false);

	if (!ret)
		ret = path_lookup(AT_FDCWD, name.s, walk, NULL, &found);
	pathname_put(&name);
	if (ret)
		return ret;
	if (change && path_read_only(&found))
		ret = -EROFS;
	path_put(&found);
	return ret;
}

static long look_at_fd(int fd, bool change)
{
	struct fd_ref r = fd_get(fd);
	long ret = r.file ? 0 : -EBADF;

	if (!ret && change && r.file->path.mnt && path_read_only(&r.file->path))
		ret = -EROFS;
	fd_put(r);
	return ret;
}

/* The name of an attribute.  0, -ERANGE, -EFAULT. */
static long check_name(uptr from)
{
	char name[XATTR_NAME_MAX + 1];
	long n = strncpy_from_user(name, from, sizeof(name));

	if (n < 0)
		return n;
	return n == 0 || n == sizeof(name) ? -ERANGE : 0;
}

static long refuse(long found, uptr name)
{
	if (!found)
		found = check_name(name);
	return found ? found : -EOPNOTSUPP;
}

/* The value is read, though nobody takes it. */
static long check_value(uptr from, uint64_t size)
{
	void *value = kmalloc(size);
	long ret = -ENOMEM;

	if (value)
		ret = copy_from_user(value, from, size) ? -EFAULT : 0;
	kfree(value);
	return ret;
}

static long refuse_set(long found, uptr name, uptr value, uint64_t size, uint32_t flags)
{
	if (found)
		return found;
	if (flags & ~(uint32_t)(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	found = check_name(name);
	if (!found && size > XATTR_SIZE_MAX)
		found = -E2BIG;
	if (!found && size)
		found = check_value(value, size);
	return found ? found : -EOPNOTSUPP;
}

SYS(setxattr)
{
	return refuse_set(look_at(uptr_of(a0), WALK_FOLLOW, true), uptr_of(a1), uptr_of(a2), a3,
			  (uint32_t)a4);
}

SYS(lsetxattr)
{
	return refuse_set(look_at(uptr_of(a0), 0, true), uptr_of(a1), uptr_of(a2), a3,
			  (uint32_t)a4);
}

SYS(fsetxattr)
{
	return refuse_set(look_at_fd((int)a0, true), uptr_of(a1), uptr_of(a2), a3, (uint32_t)a4);
}

SYS(getxattr)
{
	return refuse(look_at(uptr_of(a0), WALK_FOLLOW, false), uptr_of(a1));
}

SYS(lgetxattr)
{
	return refuse(look_at(uptr_of(a0), 0, false), uptr_of(a1));
}

SYS(fgetxattr)
{
	return refuse(look_at_fd((int)a0, false), uptr_of(a1));
}

SYS(listxattr)
{
	return look_at(uptr_of(a0), WALK_FOLLOW, false);
}

SYS(llistxattr)
{
	return look_at(uptr_of(a0), 0, false);
}

SYS(flistxattr)
{
	return look_at_fd((int)a0, false);
}

SYS(removexattr)
{
	return refuse(look_at(uptr_of(a0), WALK_FOLLOW, true), uptr_of(a1));
}

SYS(lremovexattr)
{
	return refuse(look_at(uptr_of(a0), 0, true), uptr_of(a1));
}

SYS(fremovexattr)
{
	return refuse(look_at_fd((int)a0, true), uptr_of(a1));
}
