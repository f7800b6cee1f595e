/*
 * stat.c - what a file is, and what of that can be set: fstatat(2), statx(2), statfs(2),
 * access(2), chmod(2) …
 */
#include "abi/capability.h"
#include "abi/stat.h"
#include "abi/time.h"
#include "fs/walk.h"
#include "sys/pathname.h"
#include "sys/syscall.h"

#define SECTORS_PER_PAGE (PAGE_SIZE / 512)

static uint64_t blocks_of(const struct inode *inode)
{
	return inode->object ? READ_ONCE(inode->object->nr_pages) * SECTORS_PER_PAGE : 0;
}

/* ---- stat ---- */

static long put_stat(const struct inode *inode, uptr to)
{
	struct stat st = {
		.st_dev = inode->sb->dev,
		.st_ino = inode->ino,
		.st_mode = inode->mode,
		.st_nlink = inode->nlink,
		.st_uid = inode->uid,
		.st_gid = inode->gid,
		.st_rdev = inode->rdev,
		.st_size = (int64_t)inode_size(inode),
		.st_blksize = PAGE_SIZE,
		.st_blocks = (int64_t)blocks_of(inode),
		.st_atime = inode->atime.sec,
		.st_atime_nsec = inode->atime.nsec,
		.st_mtime = inode->mtime.sec,
		.st_mtime_nsec = inode->mtime.nsec,
		.st_ctime = inode->ctime.sec,
		.st_ctime_nsec = inode->ctime.nsec,
	};

	return copy_to_user(to, &st, sizeof(st)) ? -EFAULT : 0;
}

long sys_fstat(int fd, uptr buf)
{
	struct fd_ref r = fd_get_any(fd);
	long ret = r.file ? put_stat(r.file->inode, buf) : -EBADF;

	fd_put(r);
	return ret;
}

/* What a path and AT_* flags name: an inode, and the mount through which it is seen. */
struct found {
	struct inode *inode;
	const struct mount *mnt; /* NULL: it has no name, as a pipe */
	struct fd_ref fd;	 /* one of the two holds it */
	struct path path;	 /* or mnt NULL */
};

static void found_put(struct found *f)
{
	if (f->path.mnt)
		path_put(&f->path);
	fd_put(f->fd);
}

static long find_fd_file(int fd, struct found *f)
{
	f->fd = fd_get_any(fd);
	if (!f->fd.file)
		return -EBADF;
	f->inode = f->fd.file->inode;
	f->mnt = f->fd.file->path.mnt;
	return 0;
}

/*
 * 0, and found_put is due; or -errno.  @cred: whose permissions count on the way; NULL: current's.
 */
static long find_file(int dirfd, uptr from, uint32_t flags, const struct cred *cred,
		      struct found *f)
{
	uint32_t walk = flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW;
	struct pathname name;
	long ret = pathname_get(&name, from, flags & AT_EMPTY_PATH);

	f->fd = (struct fd_ref){ NULL, NULL };
	f->path.mnt = NULL;
	if (!ret && !*name.s && dirfd != AT_FDCWD) {
		pathname_put(&name);
		return find_fd_file(dirfd, f);
	}
	if (!ret)
		ret = path_lookup(dirfd, name.s, walk | (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0),
				  cred, &f->path);
	pathname_put(&name);
	if (ret)
		return ret;
	f->inode = f->path.dentry->inode;
	f->mnt = f->path.mnt;
	return 0;
}

/*
 * For stat and statx, which take NULL for "", as Linux since 6.11.  fstat(3) is such a call: its
 * way is short.
 */
static long find_for_stat(int dirfd, uptr from, uint32_t flags, struct found *f)
{
	char first = '\0';

	if (!(flags & AT_EMPTY_PATH) || dirfd < 0)
		return find_file(dirfd, from, flags, NULL, f);
	if (!uptr_is_null(from) && get_user(first, from))
		return -EFAULT;
	if (first)
		return find_file(dirfd, from, flags, NULL, f);
	f->path.mnt = NULL;
	return find_fd_file(dirfd, f);
}

#define STAT_FLAGS \
	((uint32_t)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))

long sys_newfstatat(int dir, uptr pathname, uptr buf, uint32_t flags)
{
	struct found f;
	long ret;

	if (flags & ~STAT_FLAGS)
		return -EINVAL;
	ret = find_for_stat(dir, pathname, flags, &f);
	if (ret)
		return ret;
	ret = put_stat(f.inode, buf);
	found_put(&f);
	return ret;
}

static struct statx_timestamp statx_time(struct vfs_time t)
{
	return (struct statx_timestamp){ .tv_sec = t.sec, .tv_nsec = t.nsec };
}

static long put_statx(const struct found *f, uptr to)
{
	const struct inode *inode = f->inode;
	struct statx st = {
		.stx_mask = STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID,
		.stx_blksize = PAGE_SIZE,
		.stx_nlink = inode->nlink,
		.stx_uid = inode->uid,
		.stx_gid = inode->gid,
		.stx_mode = (uint16_t)inode->mode,
		.stx_ino = inode->ino,
		.stx_size = inode_size(inode),
		.stx_blocks = blocks_of(inode),
		.stx_atime = statx_time(inode->atime),
		.stx_btime = statx_time(inode->btime),
		.stx_ctime = statx_time(inode->ctime),
		.stx_mtime = statx_time(inode->mtime),
		.stx_rdev_major = dev_major(inode->rdev),
		.stx_rdev_minor = dev_minor(inode->rdev),
		.stx_dev_major = dev_major(inode->sb->dev),
		.stx_dev_minor = dev_minor(inode->sb->dev),
		.stx_mnt_id = f->mnt ? f->mnt->id : 0,
	};

	return copy_to_user(to, &st, sizeof(st)) ? -EFAULT : 0;
}

long sys_statx(int dir, uptr pathname, uint32_t flags, uint32_t mask, uptr buf)
{
	struct found f;
	long ret;

	if (mask & STATX__RESERVED || flags & ~STAT_FLAGS ||
	    (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	ret = find_for_stat(dir, pathname, flags, &f);
	if (ret)
		return ret;
	ret = put_statx(&f, buf);
	found_put(&f);
	return ret;
}

/* ---- statfs ---- */

static long put_statfs(struct superblock *sb, const struct mount *mnt, uptr to)
{
	struct vfs_statfs v = { .type = sb->magic, .bsize = PAGE_SIZE };
	struct statfs st = { .f_namelen = NAME_MAX, .f_fsid = { (int32_t)sb->dev } };
	int err = sb->statfs ? sb->statfs(sb, &v) : 0;

	if (err)
		return err;
	st.f_type = (int64_t)v.type;
	st.f_bsize = st.f_frsize = (int64_t)v.bsize;
	st.f_blocks = (int64_t)v.blocks;
	st.f_bfree = (int64_t)v.bfree;
	st.f_bavail = (int64_t)v.bavail;
	st.f_files = (int64_t)v.files;
	st.f_ffree = (int64_t)v.ffree;
	st.f_flags = vfs_statfs_flags(sb, mnt);
	return copy_to_user(to, &st, sizeof(st)) ? -EFAULT : 0;
}

long sys_statfs(uptr pathname, uptr buf)
{
	struct pathname name;
	struct path path;
	long ret = pathname_get(&name, pathname, false);

	if (!ret)
		ret = path_lookup(AT_FDCWD, name.s, WALK_FOLLOW, NULL, &path);
	pathname_put(&name);
	if (ret)
		return ret;
	ret = put_statfs(path.dentry->inode->sb, path.mnt, buf);
	path_put(&path);
	return ret;
}

long sys_fstatfs(int fd, uptr buf)
{
	struct fd_ref r = fd_get_any(fd);
	long ret = r.file ? put_statfs(r.file->inode->sb, r.file->path.mnt, buf) : -EBADF;

	fd_put(r);
	return ret;
}

/* ---- access ---- */

static long may_access(const struct found *f, const struct cred *cred, uint32_t mode)
{
	if (mode & X_OK && S_ISREG(f->inode->mode) && f->mnt && f->mnt->flags & MNT_NOEXEC)
		return -EACCES;
	return mount_permission(cred, f->mnt, f->inode, mode);
}

static long access_at(int dirfd, uptr from, uint32_t mode, uint32_t flags)
{
	struct cred real;
	struct found f;
	long ret;

	if (mode & ~7u || flags & ~(uint32_t)(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	real = *current_cred(); /* whose references are current's */
	if (!(flags & AT_EACCESS)) {
		/* access(2) asks for those who started a set-user-ID program. */
		real.fsuid = real.uid;
		real.fsgid = real.gid;
		if (!(real.cap.securebits & SECBIT_NO_SETUID_FIXUP))
			real.cap.effective = real.uid ? 0 : real.cap.permitted;
	}
	ret = find_file(dirfd, from, flags, &real, &f);
	if (!ret) {
		ret = may_access(&f, &real, mode);
		found_put(&f);
	}
	return ret;
}

long sys_faccessat(int dir, uptr pathname, uint32_t mode)
{
	return access_at(dir, pathname, mode, 0);
}

long sys_faccessat2(int dir, uptr pathname, uint32_t mode, uint32_t flags)
{
	return access_at(dir, pathname, mode, flags);
}

/* ---- mode, owner, times ---- */

static long chmod_at(int dirfd, uptr name, uint32_t mode, uint32_t flags)
{
	struct found f;
	long ret;

	if (flags & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	ret = find_file(dirfd, name, flags, NULL, &f);
	if (ret)
		return ret;
	ret = vfs_chmod(f.inode, f.mnt, mode);
	found_put(&f);
	return ret;
}

long sys_fchmodat(int dir, uptr pathname, uint32_t mode)
{
	return chmod_at(dir, pathname, mode, 0);
}

long sys_fchmodat2(int dir, uptr pathname, uint32_t mode, uint32_t flags)
{
	return chmod_at(dir, pathname, mode, flags);
}

long sys_fchmod(int fd, uint32_t mode)
{
	struct fd_ref r = fd_get(fd);
	long ret = -EBADF;

	if (r.file)
		ret = vfs_chmod(r.file->inode, r.file->path.mnt, mode);
	fd_put(r);
	return ret;
}

long sys_fchownat(int dir, uptr pathname, uint32_t uid, uint32_t gid, uint32_t flags)
{
	struct found f;
	long ret;

	if (flags & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	ret = find_file(dir, pathname, flags, NULL, &f);
	if (ret)
		return ret;
	ret = vfs_chown(f.inode, f.mnt, uid, gid);
	found_put(&f);
	return ret;
}

long sys_fchown(int fd, uint32_t uid, uint32_t gid)
{
	struct fd_ref r = fd_get(fd);
	long ret = -EBADF;

	if (r.file)
		ret = vfs_chown(r.file->inode, r.file->path.mnt, uid, gid);
	fd_put(r);
	return ret;
}

/*
 * One of utimensat's two times.  *@t: what to set; *@what: it, or NULL to leave it.  False: not a
 * time.
 */
static bool time_to_set(const struct timespec *ts, struct vfs_time *t, const struct vfs_time **what)
{
	*what = t;
	if (ts->tv_nsec == UTIME_OMIT) {
		*what = NULL;
	} else if (ts->tv_nsec == UTIME_NOW) {
		*t = vfs_now();
	} else {
		*t = (struct vfs_time){ .sec = ts->tv_sec, .nsec = (uint32_t)ts->tv_nsec };
		return ts->tv_nsec >= 0 && ts->tv_nsec < (int64_t)NS_PER_S;
	}
	return true;
}

static long set_times(struct inode *inode, const struct mount *mnt, const struct timespec ts[2])
{
	const struct vfs_time *atime, *mtime;
	struct vfs_time t[2];
	bool touch = ts[0].tv_nsec == UTIME_NOW && ts[1].tv_nsec == UTIME_NOW;

	if (!time_to_set(&ts[0], &t[0], &atime) || !time_to_set(&ts[1], &t[1], &mtime))
		return -EINVAL;
	return vfs_utimes(inode, mnt, atime, mtime, touch);
}

long sys_utimensat(int dir, uptr pathname, uptr times, uint32_t flags)
{
	struct timespec ts[2] = { { .tv_nsec = UTIME_NOW }, { .tv_nsec = UTIME_NOW } };
	struct found f;
	long ret;

	if (!uptr_is_null(times) && copy_from_user(ts, times, sizeof(ts)))
		return -EFAULT;
	if (ts[0].tv_nsec == UTIME_OMIT && ts[1].tv_nsec == UTIME_OMIT)
		return 0;
	if (uptr_is_null(pathname) && dir != AT_FDCWD) { /* futimens(3) */
		struct fd_ref r;

		if (flags)
			return -EINVAL;
		r = fd_get(dir);
		ret = r.file ? set_times(r.file->inode, r.file->path.mnt, ts) : -EBADF;
		fd_put(r);
		return ret;
	}
	if (flags & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	ret = find_file(dir, pathname, flags, NULL, &f);
	if (ret)
		return ret;
	ret = set_times(f.inode, f.mnt, ts);
	found_put(&f);
	return ret;
}
