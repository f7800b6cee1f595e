/*
 * stat.c - what a file is, and what of that can be set: fstatat(2), statx(2), statfs(2),
 * access(2), chmod(2) …
 *
 * Comes with a path or a descriptor (target.h), goes to fs/inode.c.  Invariant: an attribute is
 * read without inode->lock, each by itself; what is set goes through fs/inode.c, which takes it.
 */
#include "abi/capability.h"
#include "abi/stat.h"
#include "abi/time.h"
#include "sys/file/target.h"
#include "sys/syscall.h"

/* ---- stat ---- */

static long put_stat(struct inode *inode, uptr to)
{
	int err = inode_refresh(inode);
	struct stat st;

	if (err)
		return err;
	/* All members are named, and padding is zero: nothing of the stack goes out. */
	st = (struct stat){
		.st_dev = inode->sb->dev,
		.st_ino = inode->ino,
		.st_mode = inode->mode,
		.st_nlink = inode->nlink,
		.st_uid = inode->uid,
		.st_gid = inode->gid,
		.st_rdev = inode->rdev,
		.st_size = (int64_t)inode_size(inode),
		.st_blksize = (int32_t)inode_blksize(inode),
		.st_blocks = (int64_t)inode_blocks(inode),
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
	return with_any_fd(fd, f, put_stat(f->inode, buf));
}

/*
 * For stat and statx, which take NULL for "", as Linux since 6.11.  fstat(3) is such a call: its
 * way is short.
 */
static long find_for_stat(int dirfd, uptr from, uint32_t flags, struct target *t)
{
	char first = '\0';

	if (!(flags & AT_EMPTY_PATH) || dirfd < 0)
		return target_at(dirfd, from, flags, NULL, t);
	if (!uptr_is_null(from) && get_user(first, from))
		return -EFAULT;
	/*
	 * One byte decides; target_at copies the path by itself, and a program that changes it in
	 * between gets what it then names.
	 */
	return first ? target_at(dirfd, from, flags, NULL, t) : target_fd_any(dirfd, t);
}

#define STAT_FLAGS \
	((uint32_t)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))

long sys_newfstatat(int dir, uptr pathname, uptr buf, uint32_t flags)
{
	if (flags & ~STAT_FLAGS)
		return -EINVAL;
	return with_target(f, find_for_stat(dir, pathname, flags, &f), put_stat(f.inode, buf));
}

static struct statx_timestamp statx_time(struct vfs_time t)
{
	return (struct statx_timestamp){ .tv_sec = t.sec, .tv_nsec = t.nsec };
}

static long put_statx(const struct target *f, uptr to)
{
	struct inode *inode = f->inode;
	int err = inode_refresh(inode);
	struct statx st;

	if (err)
		return err;
	st = (struct statx){
		.stx_mask = STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID,
		.stx_blksize = inode_blksize(inode),
		.stx_nlink = inode->nlink,
		.stx_uid = inode->uid,
		.stx_gid = inode->gid,
		.stx_mode = (uint16_t)inode->mode,
		.stx_ino = inode->ino,
		.stx_size = inode_size(inode),
		.stx_blocks = inode_blocks(inode),
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
	if (mask & STATX__RESERVED || flags & ~STAT_FLAGS ||
	    (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	return with_target(f, find_for_stat(dir, pathname, flags, &f), put_statx(&f, buf));
}

/* ---- statfs ---- */

static long put_statfs(const struct target *t, uptr to)
{
	struct superblock *sb = t->inode->sb;
	struct vfs_statfs v = { .type = sb->magic, .bsize = PAGE_SIZE };
	struct statfs st = { .f_fsid = { (int32_t)sb->dev } };
	int err = sb->statfs ? sb->statfs(sb, &v) : 0;

	if (err)
		return err;
	if (v.fsid) {
		st.f_fsid[0] = (int32_t)v.fsid;
		st.f_fsid[1] = (int32_t)(v.fsid >> 32);
	}
	st.f_type = (int64_t)v.type;
	st.f_bsize = st.f_frsize = (int64_t)v.bsize;
	st.f_blocks = (int64_t)v.blocks;
	st.f_bfree = (int64_t)v.bfree;
	st.f_bavail = (int64_t)v.bavail;
	st.f_files = (int64_t)v.files;
	st.f_ffree = (int64_t)v.ffree;
	st.f_namelen = v.namelen ?: NAME_MAX;
	st.f_flags = vfs_statfs_flags(sb, t->mnt);
	return copy_to_user(to, &st, sizeof(st)) ? -EFAULT : 0;
}

long sys_statfs(uptr pathname, uptr buf)
{
	return with_target(t, target_at(AT_FDCWD, pathname, 0, NULL, &t), put_statfs(&t, buf));
}

long sys_fstatfs(int fd, uptr buf)
{
	return with_target(t, target_fd_any(fd, &t), put_statfs(&t, buf));
}

/* ---- access ---- */

static long may_access(const struct target *f, const struct cred *cred, uint32_t mode)
{
	if (mode & X_OK && S_ISREG(f->inode->mode) && f->mnt && f->mnt->flags & MNT_NOEXEC)
		return -EACCES;
	return mount_permission(cred, f->mnt, f->inode, mode);
}

static long access_at(int dirfd, uptr from, uint32_t mode, uint32_t flags)
{
	struct cred real;

	if (mode & ~7u || flags & ~(uint32_t)(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	real = *current_cred(); /* whose references are current's */
	if (!(flags & AT_EACCESS)) {
		/*
		 * access(2) asks for the user that started a set-user-ID program.  The copy is this
		 * call's alone: current's own credentials never change for it.
		 */
		real.fsuid = real.uid;
		real.fsgid = real.gid;
		if (!(real.cap.securebits & SECBIT_NO_SETUID_FIXUP))
			real.cap.effective = real.uid ? 0 : real.cap.permitted;
	}
	return with_target(f, target_at(dirfd, from, flags, &real, &f),
			   may_access(&f, &real, mode));
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

#define SETTING_FLAGS ((uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))

static long target_to_set(int dirfd, uptr from, uint32_t flags, struct target *t)
{
	return flags & ~SETTING_FLAGS ? -EINVAL : target_at(dirfd, from, flags, NULL, t);
}

long sys_fchmodat(int dir, uptr pathname, uint32_t mode)
{
	return sys_fchmodat2(dir, pathname, mode, 0);
}

long sys_fchmodat2(int dir, uptr pathname, uint32_t mode, uint32_t flags)
{
	return with_target(t, target_to_set(dir, pathname, flags, &t),
			   vfs_chmod(t.inode, t.mnt, mode));
}

long sys_fchmod(int fd, uint32_t mode)
{
	return with_target(t, target_fd(fd, &t), vfs_chmod(t.inode, t.mnt, mode));
}

long sys_fchownat(int dir, uptr pathname, uint32_t uid, uint32_t gid, uint32_t flags)
{
	return with_target(t, target_to_set(dir, pathname, flags, &t),
			   vfs_chown(t.inode, t.mnt, uid, gid));
}

long sys_fchown(int fd, uint32_t uid, uint32_t gid)
{
	return with_target(t, target_fd(fd, &t), vfs_chown(t.inode, t.mnt, uid, gid));
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
		/* Linux looks at the nanoseconds alone: any second is a time. */
		return ts->tv_nsec >= 0 && ts->tv_nsec < (int64_t)NS_PER_S;
	}
	return true;
}

static long set_times(const struct target *t, const struct timespec ts[2])
{
	const struct vfs_time *atime, *mtime;
	struct vfs_time at, mt;
	bool touch = ts[0].tv_nsec == UTIME_NOW && ts[1].tv_nsec == UTIME_NOW;

	if (!time_to_set(&ts[0], &at, &atime) || !time_to_set(&ts[1], &mt, &mtime))
		return -EINVAL;
	return vfs_utimes(t->inode, t->mnt, atime, mtime, touch);
}

long sys_utimensat(int dir, uptr pathname, uptr times, uint32_t flags)
{
	struct timespec ts[2] = { { .tv_nsec = UTIME_NOW }, { .tv_nsec = UTIME_NOW } };

	if (!uptr_is_null(times) && copy_from_user(ts, times, sizeof(ts)))
		return -EFAULT;
	/* Nothing to set: the path is not even looked at, as on Linux. */
	if (ts[0].tv_nsec == UTIME_OMIT && ts[1].tv_nsec == UTIME_OMIT)
		return 0;
	if (uptr_is_null(pathname) && dir != AT_FDCWD) /* futimens(3) */
		return flags ? -EINVAL : with_target(t, target_fd(dir, &t), set_times(&t, ts));
	return with_target(t, target_to_set(dir, pathname, flags, &t), set_times(&t, ts));
}
