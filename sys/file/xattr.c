/*
 * xattr.c - extended attributes: no file system here keeps any, and these calls say so.
 *
 * What a program asks is checked as it would be before a file system is asked: then a list is
 * empty, and everything else is -EOPNOTSUPP, from which cp, tar and their like know that there is
 * nothing to copy.
 */
#include "abi/xattr.h"
#include "mm/slab.h"
#include "sys/file/target.h"
#include "sys/syscall.h"

/* May @t be changed, if that is what is asked (@change)?  0 or -EROFS. */
static long check_target(const struct target *t, bool change)
{
	return change && t->mnt && inode_read_only(t->inode, t->mnt) ? -EROFS : 0;
}

static long check_path(uptr path, uint32_t flags, bool change)
{
	return with_target(t, target_at(AT_FDCWD, path, flags, NULL, &t), check_target(&t, change));
}

static long check_fd(int fd, bool change)
{
	return with_target(t, target_fd(fd, &t), check_target(&t, change));
}

/* The name of an attribute.  0, -ERANGE, -EFAULT. */
static long check_name(uptr from)
{
	char name[XATTR_NAME_MAX + 1];
	long n = strncpy_from_user(name, from, sizeof(name));

	if (n < 0)
		return n;
	/*
	 * No NUL within the longest name that there is, and no name at all: one error, as on Linux.
	 */
	return n == 0 || n == sizeof(name) ? -ERANGE : 0;
}

static long refuse(long found, uptr name)
{
	if (!found)
		found = check_name(name);
	return found ? found : -EOPNOTSUPP;
}

/* The value is read, though it is not kept. */
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
	/*
	 * Target, flags, name, size, value: Linux's order of errors, before a file system is asked.
	 */
	found = check_name(name);
	if (!found && size > XATTR_SIZE_MAX)
		found = -E2BIG;
	if (!found && size)
		found = check_value(value, size);
	return found ? found : -EOPNOTSUPP;
}

long sys_setxattr(uptr pathname, uptr name, uptr value, uint64_t size, uint32_t flags)
{
	return refuse_set(check_path(pathname, 0, true), name, value, size, flags);
}

long sys_lsetxattr(uptr pathname, uptr name, uptr value, uint64_t size, uint32_t flags)
{
	return refuse_set(check_path(pathname, AT_SYMLINK_NOFOLLOW, true), name, value, size,
			  flags);
}

long sys_fsetxattr(int fd, uptr name, uptr value, uint64_t size, uint32_t flags)
{
	return refuse_set(check_fd(fd, true), name, value, size, flags);
}

long sys_getxattr(uptr pathname, uptr name, uptr value, uint64_t size)
{
	return refuse(check_path(pathname, 0, false), name);
}

long sys_lgetxattr(uptr pathname, uptr name, uptr value, uint64_t size)
{
	return refuse(check_path(pathname, AT_SYMLINK_NOFOLLOW, false), name);
}

long sys_fgetxattr(int fd, uptr name, uptr value, uint64_t size)
{
	return refuse(check_fd(fd, false), name);
}

long sys_listxattr(uptr pathname, uptr list, uint64_t size)
{
	return check_path(pathname, 0, false);
}

long sys_llistxattr(uptr pathname, uptr list, uint64_t size)
{
	return check_path(pathname, AT_SYMLINK_NOFOLLOW, false);
}

long sys_flistxattr(int fd, uptr list, uint64_t size)
{
	return check_fd(fd, false);
}

long sys_removexattr(uptr pathname, uptr name)
{
	return refuse(check_path(pathname, 0, true), name);
}

long sys_lremovexattr(uptr pathname, uptr name)
{
	return refuse(check_path(pathname, AT_SYMLINK_NOFOLLOW, true), name);
}

long sys_fremovexattr(int fd, uptr name)
{
	return refuse(check_fd(fd, true), name);
}
