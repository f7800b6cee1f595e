/*
 * sys_path.c - the calls on names: mkdirat(2), unlinkat(2), renameat2(2) …; the working directory;
 * reading directories.
 */
#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/stat.h"
#include "el1/pathname.h"
#include "el1/syscall.h"
#include "fs/file.h"
#include "fs/vfs.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "task/cap.h"
#include "task/task.h"

static long make(int dirfd, uptr from, const struct inode_new *what)
{
	struct pathname name;
	long ret = pathname_get(&name, from, false);

	if (!ret)
		ret = vfs_make(dirfd, name.s, what);
	pathname_put(&name);
	return ret;
}

SYS(mkdirat)
{
	struct inode_new what = { .mode = S_IFDIR | ((uint32_t)a2 & 01777 & ~fs_umask()) };

	return make((int)a0, uptr_of(a1), &what);
}

SYS(mknodat)
{
	uint32_t mode = (uint32_t)a2 & (S_IFMT | 07777);
	struct inode_new what = { .mode = mode & ~fs_umask() };

	switch (mode & S_IFMT) {
	case 0: what.mode |= S_IFREG; break;
	case S_IFREG:
	case S_IFIFO:
	case S_IFSOCK: break;
	case S_IFCHR:
	case S_IFBLK: what.rdev = (uint32_t)a3; break;
	case S_IFDIR: return -EPERM;
	default: return -EINVAL;
	}
	return make((int)a0, uptr_of(a1), &what);
}

SYS(symlinkat)
{
	struct inode_new what = { .mode = S_IFLNK | 0777 };
	struct pathname target;
	long ret = pathname_get(&target, uptr_of(a0), false);

	what.target = target.s;
	if (!ret)
		ret = make((int)a1, uptr_of(a2), &what);
	pathname_put(&target);
	return ret;
}

SYS(unlinkat)
{
	struct pathname name;
	uint32_t flags = (uint32_t)a2;
	long ret;

	if (flags & ~(uint32_t)AT_REMOVEDIR)
		return -EINVAL;
	ret = pathname_get(&name, uptr_of(a1), false);
	if (!ret)
		ret = flags & AT_REMOVEDIR ? vfs_rmdir((int)a0, name.s)
					   : vfs_unlink((int)a0, name.s);
	pathname_put(&name);
	return ret;
}

SYS(linkat)
{
	uint32_t flags = (uint32_t)a4, walk = 0;
	struct pathname old, new_name;
	struct path path;
	long ret;

	if (flags & ~(uint32_t)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_SYMLINK_FOLLOW)
		walk |= WALK_FOLLOW;
	if (flags & AT_EMPTY_PATH)
		walk |= WALK_EMPTY | WALK_OWN;
	ret = pathname_get(&old, uptr_of(a1), walk & WALK_EMPTY);
	if (!ret)
		ret = path_lookup((int)a0, old.s, walk, NULL, &path);
	pathname_put(&old);
	if (ret)
		return ret;
	ret = pathname_get(&new_name, uptr_of(a3), false);
	if (!ret)
		ret = vfs_link(&path, (int)a2, new_name.s);
	pathname_put(&new_name);
	path_put(&path);
	return ret;
}

/*
 * What the second name has wrong is said only when the first one's directory was found: as on
 * Linux.
 */
static long rename_at(int old_dirfd, uptr old, int new_dirfd, uptr new_name, uint32_t flags)
{
	struct pathname from, to;
	long ret = pathname_get(&from, old, false), err;

	if (!ret) {
		err = pathname_get(&to, new_name, false);
		ret = vfs_rename(old_dirfd, from.s, new_dirfd, err ? err_ptr(err) : to.s, flags);
		pathname_put(&to);
	}
	pathname_put(&from);
	return ret;
}

SYS(renameat)
{
	return rename_at((int)a0, uptr_of(a1), (int)a2, uptr_of(a3), 0);
}

SYS(renameat2)
{
	uint32_t flags = (uint32_t)a4;

	if (!vfs_rename_flags_ok(flags))
		return -EINVAL;
	return rename_at((int)a0, uptr_of(a1), (int)a2, uptr_of(a3), flags);
}

SYS(readlinkat)
{
	int size = (int)a3, n;
	struct pathname name;
	struct path path;
	char *buf;
	long ret;

	if (size <= 0)
		return -EINVAL;
	ret = pathname_get(&name, uptr_of(a1), true);
	if (!ret)
		ret = path_lookup((int)a0, name.s, WALK_EMPTY, NULL, &path);
	if (ret) {
		pathname_put(&name);
		return ret;
	}
	size = min(size, PATH_MAX);
	buf = kmalloc((size_t)size);
	n = buf ? vfs_readlink(&path, buf, (size_t)size) : -ENOMEM;
	ret = n;
	if (n == -EINVAL && !*name.s)
		ret = -ENOENT; /* an empty path means a link that was opened itself */
	if (n > 0 && copy_to_user(uptr_of(a2), buf, (size_t)n))
		ret = -EFAULT;
	kfree(buf);
	path_put(&path);
	pathname_put(&name);
	return ret;
}

/* ---- root and working directory ---- */

#define UNREACHABLE "(unreachable)"

SYS(getcwd)
{
	size_t room = PATH_MAX + sizeof(UNREACHABLE), len;
	struct path cwd, root;
	bool reachable;
	char *buf = kmalloc(room), *s;
	long ret;

	if (!buf)
		return -ENOMEM;
	fs_cwd(&cwd);
	fs_root(&root);
	s = path_name(&cwd, &root, buf + sizeof(UNREACHABLE), PATH_MAX, &reachable);
	path_put(&cwd);
	path_put(&root);
	if (is_err(s)) {
		kfree(buf);
		return ptr_err(s);
	}
	if (!reachable) {
		s -= sizeof(UNREACHABLE) - 1;
		memcpy(s, UNREACHABLE, sizeof(UNREACHABLE) - 1);
	}
	len = strlen(s) + 1;
	if (len > a1)
		ret = -ERANGE;
	else
		ret = copy_to_user(uptr_of(a0), s, len) ? -EFAULT : (long)len;
	kfree(buf);
	return ret;
}

/* A directory that current may enter, by path. */
static long find_dir(uptr from, struct path *path)
{
	struct pathname name;
	long ret = pathname_get(&name, from, false);

	if (!ret)
		ret = path_lookup(AT_FDCWD, name.s, WALK_FOLLOW | WALK_DIRECTORY, NULL, path);
	pathname_put(&name);
	if (ret)
		return ret;
	ret = path_permission(current_cred(), path, MAY_EXEC);
	if (ret)
		path_put(path);
	return ret;
}

SYS(chdir)
{
	struct path path;
	long ret = find_dir(uptr_of(a0), &path);

	if (!ret)
		fs_set_cwd(&path);
	return ret;
}

SYS(fchdir)
{
	struct fd_ref r = fd_get_any((int)a0);
	struct path path;
	long ret = -EBADF;

	if (!r.file)
		return ret;
	path = r.file->path;
	if (!path.mnt || !S_ISDIR(r.file->inode->mode))
		ret = -ENOTDIR;
	else
		ret = path_permission(current_cred(), &path, MAY_EXEC);
	if (!ret) {
		path_get(&path);
		fs_set_cwd(&path);
	}
	fd_put(r);
	return ret;
}

SYS(chroot)
{
	struct path path;
	long ret = find_dir(uptr_of(a0), &path);

	if (ret)
		return ret;
	if (!capable(CAP_SYS_CHROOT)) {
		path_put(&path);
		return -EPERM;
	}
	fs_set_root(&path);
	return 0;
}

SYS(umask)
{
	return fs_set_umask((uint32_t)a0);
}

SYS(getdents64)
{
	struct fd_ref r = fd_get((int)a0);
	struct iter it;
	struct dir_out out = { .to = &it };
	long ret;

	if (!r.file)
		return -EBADF;
	iter_user(&it, uptr_of(a1), min((uint32_t)a2, (uint32_t)INT32_MAX));
	ret = file_readdir(r.file, &out);
	if (!ret)
		ret = out.bytes ? (long)out.bytes : out.err;
	fd_put(r);
	return ret;
}
