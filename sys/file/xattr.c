/*
 * xattr.c - extended attributes: setxattr(2) and its kin.
 *
 * Goes to fs/xattr.c.  Invariant: what a program asks is checked in Linux's order: the target, that
 * it can be changed, flags, name, size, value; then the rules of the name, and the file system.
 */
#include "abi/xattr.h"
#include "fs/xattr.h"
#include "mm/slab.h"
#include "sys/file/target.h"
#include "sys/syscall.h"

/* What a call says beside its target. */
struct asked {
	uptr name, buf;
	uint64_t size;
	uint32_t flags;
};

static long take_xattr_name(uptr from, char name[XATTR_NAME_MAX + 1])
{
	long n = strncpy_from_user(name, from, XATTR_NAME_MAX + 1);

	if (n < 0)
		return n;
	/*
	 * No NUL within the longest name that there is, and no name at all: one error, as on Linux.
	 */
	return n == 0 || n == XATTR_NAME_MAX + 1 ? -ERANGE : 0;
}

static long read_only(const struct target *t)
{
	return t->mnt && inode_read_only(t->inode, t->mnt) ? -EROFS : 0;
}

static long set_xattr(const struct target *t, const struct asked *a)
{
	char name[XATTR_NAME_MAX + 1];
	void *value = NULL;
	long ret = read_only(t);

	if (!ret && a->flags & ~(uint32_t)(XATTR_CREATE | XATTR_REPLACE))
		ret = -EINVAL;
	if (!ret)
		ret = take_xattr_name(a->name, name);
	if (!ret && a->size > XATTR_SIZE_MAX)
		ret = -E2BIG;
	if (ret)
		return ret;
	value = kmalloc(a->size + 1); /* an empty value is one, too */
	if (!value)
		return -ENOMEM;
	if (a->size && copy_from_user(value, a->buf, a->size))
		ret = -EFAULT;
	if (!ret)
		ret = vfs_setxattr(t->inode, name, value, a->size, a->flags);
	kfree(value);
	return ret;
}

static long remove_xattr(const struct target *t, const struct asked *a)
{
	char name[XATTR_NAME_MAX + 1];
	long ret = read_only(t);

	if (!ret)
		ret = take_xattr_name(a->name, name);
	return ret ? ret : vfs_setxattr(t->inode, name, NULL, 0, 0);
}

/* The value of the attribute a->name, or with @list the names of all. */
static long get_xattr(const struct target *t, const struct asked *a, bool list)
{
	const size_t most = list ? XATTR_LIST_MAX : XATTR_SIZE_MAX;
	size_t size = min(a->size, most);
	char name[XATTR_NAME_MAX + 1];
	char *buf = NULL;
	long ret = list ? 0 : take_xattr_name(a->name, name);

	if (ret)
		return ret;
	if (size) {
		buf = kmalloc(size);
		if (!buf)
			return -ENOMEM;
	}
	ret = list ? vfs_listxattr(t->inode, buf, size) : vfs_getxattr(t->inode, name, buf, size);
	if (ret > 0 && size && copy_to_user(a->buf, buf, (size_t)ret))
		ret = -EFAULT;
	else if (ret == -ERANGE && size == most)
		ret = -E2BIG; /* there is no room that would do */
	kfree(buf);
	return ret;
}

#define AT_PATH(path, flags, call) with_target(t, target_at(AT_FDCWD, path, flags, NULL, &t), call)
#define AT_FD(fd, call)		   with_target(t, target_fd(fd, &t), call)

long sys_setxattr(uptr pathname, uptr name, uptr value, uint64_t size, uint32_t flags)
{
	const struct asked a = { name, value, size, flags };

	return AT_PATH(pathname, 0, set_xattr(&t, &a));
}

long sys_lsetxattr(uptr pathname, uptr name, uptr value, uint64_t size, uint32_t flags)
{
	const struct asked a = { name, value, size, flags };

	return AT_PATH(pathname, AT_SYMLINK_NOFOLLOW, set_xattr(&t, &a));
}

long sys_fsetxattr(int fd, uptr name, uptr value, uint64_t size, uint32_t flags)
{
	const struct asked a = { name, value, size, flags };

	return AT_FD(fd, set_xattr(&t, &a));
}

long sys_getxattr(uptr pathname, uptr name, uptr value, uint64_t size)
{
	const struct asked a = { .name = name, .buf = value, .size = size };

	return AT_PATH(pathname, 0, get_xattr(&t, &a, false));
}

long sys_lgetxattr(uptr pathname, uptr name, uptr value, uint64_t size)
{
	const struct asked a = { .name = name, .buf = value, .size = size };

	return AT_PATH(pathname, AT_SYMLINK_NOFOLLOW, get_xattr(&t, &a, false));
}

long sys_fgetxattr(int fd, uptr name, uptr value, uint64_t size)
{
	const struct asked a = { .name = name, .buf = value, .size = size };

	return AT_FD(fd, get_xattr(&t, &a, false));
}

long sys_listxattr(uptr pathname, uptr list, uint64_t size)
{
	const struct asked a = { .buf = list, .size = size };

	return AT_PATH(pathname, 0, get_xattr(&t, &a, true));
}

long sys_llistxattr(uptr pathname, uptr list, uint64_t size)
{
	const struct asked a = { .buf = list, .size = size };

	return AT_PATH(pathname, AT_SYMLINK_NOFOLLOW, get_xattr(&t, &a, true));
}

long sys_flistxattr(int fd, uptr list, uint64_t size)
{
	const struct asked a = { .buf = list, .size = size };

	return AT_FD(fd, get_xattr(&t, &a, true));
}

long sys_removexattr(uptr pathname, uptr name)
{
	const struct asked a = { .name = name };

	return AT_PATH(pathname, 0, remove_xattr(&t, &a));
}

long sys_lremovexattr(uptr pathname, uptr name)
{
	const struct asked a = { .name = name };

	return AT_PATH(pathname, AT_SYMLINK_NOFOLLOW, remove_xattr(&t, &a));
}

long sys_fremovexattr(int fd, uptr name)
{
	const struct asked a = { .name = name };

	return AT_FD(fd, remove_xattr(&t, &a));
}
