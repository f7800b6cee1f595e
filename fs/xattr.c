/*
 * xattr.c - extended attributes: the rules that hold whatever the file system (xattr(7)).
 *
 * Comes from sys/file/xattr.c, goes to inode_ops.getxattr and its kin, and for access control lists
 * to acl.c.  The order in which errors are found is Linux's.
 */
#include "fs/xattr.h"

#include "abi/errno.h"
#include "abi/stat.h"
#include "abi/xattr.h"
#include "fs/acl.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "task/cap.h"

static bool is_of_family(const char *name, const char *prefix)
{
	return !strncmp(name, prefix, strlen(prefix));
}

/* Of what programs themselves keep: files and directories alone have such. */
static int may_use_user(const struct inode *inode, bool change)
{
	const struct cred *cred = current_cred();

	if (!S_ISREG(inode->mode) && !S_ISDIR(inode->mode))
		return change ? -EPERM : -ENODATA;
	if (change && S_ISDIR(inode->mode) && inode->mode & S_ISVTX && !inode_owned(cred, inode))
		return -EPERM;
	return inode_permission(cred, inode, change ? MAY_WRITE : MAY_READ);
}

static int may_use(const struct inode *inode, const char *name, bool change)
{
	if (change && inode->sflags & (S_IMMUTABLE | S_APPEND))
		return -EPERM;
	if (is_of_family(name, "security.")) {
		int cap = strcmp(name, XATTR_CAPS) ? CAP_SYS_ADMIN : CAP_SETFCAP;

		return change && !capable(cap) ? -EPERM : 0;
	}
	if (is_of_family(name, "system."))
		return 0;
	if (is_of_family(name, "trusted.")) {
		if (capable(CAP_SYS_ADMIN))
			return 0;
		return change ? -EPERM : -ENODATA;
	}
	if (is_of_family(name, "user."))
		return may_use_user(inode, change);
	return inode_permission(current_cred(), inode, change ? MAY_WRITE : MAY_READ);
}

/* A family that no file system has, or a family without a name. */
static int check_name(const char *name)
{
	static const char *const families[] = { "security.", "trusted.", "user." };

	if (acl_is_name(name))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (is_of_family(name, families[i]))
			return name[strlen(families[i])] ? 0 : -EINVAL;
	return -EOPNOTSUPP;
}

static bool keeps_lists(const struct inode *inode)
{
	return inode->sb->posix_acl && !S_ISLNK(inode->mode);
}

long vfs_getxattr(struct inode *inode, const char *name, void *buf, size_t size)
{
	bool list = acl_is_name(name);
	int err = list ? 0 : may_use(inode, name, false) ?: check_name(name);

	if (err)
		return err;
	if (!inode->ops->getxattr || (list && !keeps_lists(inode)))
		return -EOPNOTSUPP;
	return inode->ops->getxattr(inode, name, buf, size);
}

/* Without CAP_SYS_ADMIN nobody learns what trusted attributes there are. */
static long hide_trusted(char *list, size_t n)
{
	size_t to = 0, len;

	if (capable(CAP_SYS_ADMIN))
		return (long)n;
	for (size_t at = 0; at < n; at += len) {
		len = strnlen(list + at, n - at) + 1;
		len = min(len, n - at);
		if (is_of_family(list + at, "trusted."))
			continue;
		memmove(list + to, list + at, len);
		to += len;
	}
	return (long)to;
}

long vfs_listxattr(struct inode *inode, char *buf, size_t size)
{
	char *list;
	long n;

	if (!inode->ops->listxattr)
		return 0;
	n = inode->ops->listxattr(inode, NULL, 0);
	if (n <= 0)
		return n;
	if (n > XATTR_LIST_MAX)
		return -E2BIG;
	list = kmalloc((size_t)n + 1); /* the last name ends, whatever the file system says */
	if (!list)
		return -ENOMEM;
	/* It may have grown since: then it is -ERANGE, as for who asks with what was enough. */
	n = inode->ops->listxattr(inode, list, (size_t)n);
	if (n > 0) {
		list[n] = '\0';
		n = hide_trusted(list, (size_t)n);
	}
	if (n > 0 && size && (size_t)n > size)
		n = -ERANGE;
	if (n > 0 && size)
		memcpy(buf, list, (size_t)n);
	kfree(list);
	return n;
}

/* Are these the bytes of security.capability (linux/capability.h: struct vfs_cap_data)? */
static bool is_caps_value(const void *value, size_t size)
{
	uint32_t magic;

	if (size < sizeof(magic))
		return false;
	memcpy(&magic, value, sizeof(magic));
	switch (magic & VFS_CAP_REVISION_MASK) {
	case VFS_CAP_REVISION_2: return size == XATTR_CAPS_SZ_2;
	case VFS_CAP_REVISION_3: return size == XATTR_CAPS_SZ_3;
	default: return false;
	}
}

/* Its permission bits follow the access list; inode->lock is held. */
static int store_access(struct inode *inode, struct acl *acl)
{
	struct inode_attr a = { .valid = ATTR_MODE, .mode = inode->mode };
	const struct cred *cred = current_cred();
	int err;

	if (acl && acl_mode(acl, &a.mode))
		acl = NULL;
	if (cred->fsgid != inode->gid && !groups_have(cred, inode->gid) &&
	    !cred_capable(cred, CAP_FSETID))
		a.mode &= ~(uint32_t)S_ISGID;
	err = acl_store(inode, ACL_ACCESS, acl);
	return err ?: inode_set_attr(inode, &a);
}

static int set_list_locked(struct inode *inode, const char *name, struct acl *acl)
{
	bool is_access = !strcmp(name, ACL_ACCESS);
	int err;

	if (inode->sflags & (S_IMMUTABLE | S_APPEND))
		return -EPERM;
	if (!keeps_lists(inode) || !inode->ops->setxattr)
		return -EOPNOTSUPP;
	if (!is_access && !S_ISDIR(inode->mode))
		return acl ? -EACCES : 0;
	if (!inode_owned(current_cred(), inode))
		return -EPERM;
	if (is_access)
		return store_access(inode, acl);
	err = acl_store(inode, name, acl);
	if (!err) {
		struct inode_attr a = { .valid = 0 };

		err = inode_set_attr(inode, &a); /* ctime */
	}
	return err;
}

static int set_list(struct inode *inode, const char *name, const void *value, size_t size)
{
	struct acl *acl = value ? acl_parse(value, size) : NULL;
	int err;

	if (is_err(acl))
		return (int)ptr_err(acl);
	err = mutex_lock_killable(&inode->lock) ? -EINTR : 0;
	if (!err) {
		err = set_list_locked(inode, name, acl);
		mutex_unlock(&inode->lock);
	}
	kfree(acl);
	return err;
}

int vfs_setxattr(struct inode *inode, const char *name, const void *value, size_t size,
		 uint32_t flags)
{
	struct inode_attr a = { .valid = 0 };
	int err;

	if (acl_is_name(name))
		return set_list(inode, name, value, size);
	if (value && !strcmp(name, XATTR_CAPS)) {
		if (!is_caps_value(value, size))
			return -EINVAL;
		if (!capable(CAP_SETFCAP))
			return -EPERM;
	}
	err = may_use(inode, name, true) ?: check_name(name);
	if (err)
		return err;
	if (!inode->ops->setxattr)
		return -EOPNOTSUPP;
	if (mutex_lock_killable(&inode->lock))
		return -EINTR;
	err = inode->ops->setxattr(inode, name, value, size, flags);
	inode->no_caps = false;
	if (!err)
		err = inode_set_attr(inode, &a); /* ctime */
	mutex_unlock(&inode->lock);
	return err;
}
