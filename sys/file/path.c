/*
 * path.c - the calls on names: mkdirat(2), unlinkat(2), renameat2(2) …; the working directory;
 * reading directories.
 *
 * Comes with a path in user memory, goes to fs/name.c, fs/walk.c and fs/context.c.  Invariant: a
 * path is copied once (pathname_get); what is looked up holds its references until the call is
 * over.
 */
#include "abi/stat.h"
#include "fs/context.h"
#include "fs/name.h"
#include "fs/walk.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sys/pathname.h"
#include "sys/syscall.h"
#include "task/cap.h"

static long make_at(int dirfd, uptr from, struct inode_new *what)
{
	return with_pathname(name, from, false, vfs_make(dirfd, name, what));
}

long sys_mkdirat(int dir, uptr pathname, uint32_t mode)
{
	struct inode_new what = { .mode = S_IFDIR | (mode & 01777), .umask = fs_umask() };

	return make_at(dir, pathname, &what);
}

long sys_mknodat(int dir, uptr pathname, uint32_t mode_type, uint32_t dev)
{
	uint32_t mode = mode_type & (S_IFMT | 07777);
	/*
	 * The umask before the name is walked: as all threads that share it had it when the call
	 * began.
	 */
	struct inode_new what = { .mode = mode, .umask = fs_umask() };

	switch (mode & S_IFMT) {
	case 0: what.mode |= S_IFREG; break;
	case S_IFREG:
	case S_IFIFO:
	case S_IFSOCK: break;
	case S_IFCHR:
	case S_IFBLK: what.rdev = dev; break;
	/* As Linux: a directory is made by mkdir(2) alone. */
	case S_IFDIR: return -EPERM;
	default: return -EINVAL;
	}
	return make_at(dir, pathname, &what);
}

static long make_link(int dirfd, uptr from, const char *target)
{
	struct inode_new what = { .mode = S_IFLNK | 0777, .target = target };

	return make_at(dirfd, from, &what);
}

long sys_symlinkat(uptr target_at, int dir, uptr pathname)
{
	return with_pathname(target, target_at, false, make_link(dir, pathname, target));
}

long sys_unlinkat(int dir, uptr pathname, uint32_t flags)
{
	if (flags & ~(uint32_t)AT_REMOVEDIR)
		return -EINVAL;
	return with_pathname(name, pathname, false,
			     flags & AT_REMOVEDIR ? vfs_rmdir(dir, name) : vfs_unlink(dir, name));
}

long sys_linkat(int from_dir, uptr from, int to_dir, uptr to, uint32_t flags)
{
	uint32_t walk = 0;
	struct path path;
	long ret;

	if (flags & ~(uint32_t)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_SYMLINK_FOLLOW)
		walk |= WALK_FOLLOW;
	if (flags & AT_EMPTY_PATH)
		walk |= WALK_EMPTY | WALK_OWN;
	ret = pathname_lookup(from_dir, from, walk, NULL, &path);
	if (ret)
		return ret;
	/*
	 * The file is held over the walk of the new name: it is linked even if its own name goes
	 * meanwhile.
	 */
	ret = with_pathname(name, to, false, vfs_link(&path, to_dir, name));
	path_put(&path);
	return ret;
}

/*
 * An error of the second name is returned only when the first one's directory was found: as on
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

long sys_renameat(int from_dir, uptr from, int to_dir, uptr to)
{
	return rename_at(from_dir, from, to_dir, to, 0);
}

long sys_renameat2(int from_dir, uptr from, int to_dir, uptr to, uint32_t flags)
{
	if (!vfs_rename_flags_ok(flags))
		return -EINVAL;
	return rename_at(from_dir, from, to_dir, to, flags);
}

long sys_readlinkat(int dir, uptr pathname, uptr buf_at, int size)
{
	int n;
	struct pathname name;
	struct path path;
	char *buf;
	long ret;

	if (size <= 0)
		return -EINVAL;
	ret = pathname_get(&name, pathname, true);
	if (!ret)
		ret = path_lookup(dir, name.s, WALK_EMPTY, NULL, &path);
	if (ret) {
		pathname_put(&name);
		return ret;
	}
	/*
	 * No target is longer, and a program may say 2 GiB: no more memory is taken than for the
	 * longest.
	 */
	size = min(size, PATH_MAX);
	buf = kmalloc((size_t)size);
	/* Into kernel memory first: a link of /proc is made while it is read. */
	n = buf ? vfs_readlink(&path, buf, (size_t)size) : -ENOMEM;
	ret = n;
	if (n == -EINVAL && !*name.s)
		ret = -ENOENT; /* an empty path means a link that was opened itself */
	if (n > 0 && copy_to_user(buf_at, buf, (size_t)n))
		ret = -EFAULT;
	kfree(buf);
	path_put(&path);
	pathname_put(&name);
	return ret;
}

/* ---- root and working directory ---- */

#define UNREACHABLE "(unreachable)"

long sys_getcwd(uptr buf_at, uint64_t size)
{
	size_t room = PATH_MAX + sizeof(UNREACHABLE), len;
	struct path cwd, root;
	bool reachable;
	char *buf = kmalloc(room), *s;
	long ret;

	if (!buf)
		return -ENOMEM;
	/* Each with its references: another thread's chdir(2) may put the old ones meanwhile. */
	fs_cwd(&cwd);
	fs_root(&root);
	s = path_name(&cwd, &root, buf + sizeof(UNREACHABLE), PATH_MAX, &reachable);
	path_put(&cwd);
	path_put(&root);
	if (is_err(s)) {
		kfree(buf);
		return ptr_err(s);
	}
	/* The root was moved away above it (chroot(2), umount2(2)): Linux says so in this word. */
	if (!reachable) {
		s -= sizeof(UNREACHABLE) - 1;
		memcpy(s, UNREACHABLE, sizeof(UNREACHABLE) - 1);
	}
	len = strlen(s) + 1;
	if (len > size)
		ret = -ERANGE;
	else
		ret = copy_to_user(buf_at, s, len) ? -EFAULT : (long)len;
	kfree(buf);
	return ret;
}

/* A directory that current may enter, by path. */
static long find_dir(uptr from, struct path *path)
{
	long ret = pathname_lookup(AT_FDCWD, from, WALK_FOLLOW | WALK_DIRECTORY, NULL, path);

	if (ret)
		return ret;
	/* Found is not yet enough: the new directory itself must let current search it. */
	ret = path_permission(current_cred(), path, MAY_EXEC);
	if (ret)
		path_put(path);
	return ret;
}

long sys_chdir(uptr pathname)
{
	struct path path;
	long ret = find_dir(pathname, &path);

	if (!ret)
		fs_set_cwd(&path);
	return ret;
}

static long enter_file(struct file *f)
{
	long ret = -ENOTDIR;

	if (f->path.mnt && S_ISDIR(f->inode->mode))
		ret = path_permission(current_cred(), &f->path, MAY_EXEC);
	if (!ret) {
		/* fs_set_cwd takes the reference over; the file keeps its own. */
		path_get(&f->path);
		fs_set_cwd(&f->path);
	}
	return ret;
}

long sys_fchdir(int fd)
{
	return with_any_fd(fd, f, enter_file(f));
}

long sys_chroot(uptr pathname)
{
	struct path path;
	long ret = find_dir(pathname, &path);

	if (ret)
		return ret;
	/* After the path, as on Linux: a wrong path is the error that is returned. */
	if (!capable(CAP_SYS_CHROOT)) {
		path_put(&path);
		return -EPERM;
	}
	fs_set_root(&path);
	return 0;
}

long sys_umask(uint32_t mask)
{
	return fs_set_umask(mask);
}

long sys_getdents64(int fd, uptr buf, uint32_t size)
{
	struct iter to;

	iter_user(&to, buf, min(size, (uint32_t)INT32_MAX));
	return with_fd(fd, f, file_readdir(f, &to));
}
