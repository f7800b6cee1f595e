/*
 * inode.c - what all inodes have in common: references, permissions, and the attributes that can be
 * set.
 *
 * Comes from walk.c, open.c and name.c, which ask for permission, and from sys/file/stat.c.
 * Invariant: a type never changes once an inode is made; set-user-ID and set-group-ID bits don't
 * survive a change of owner.
 */
#include "fs/inode.h"

#include "abi/errno.h"
#include "abi/memfd.h"
#include "abi/stat.h"
#include "abi/xattr.h"
#include "block/block.h"
#include "fs/acl.h"
#include "fs/lock.h"
#include "fs/mount.h"
#include "lib/printf.h"
#include "mm/slab.h"
#include "task/cap.h"
#include "task/process.h"
#include "abi/resource.h"
#include "task/time/clock.h"

#define ERROR_LINE   160	    /* characters of sb_error's text */
#define ERROR_LINES  10		    /* that it prints */
#define ERROR_PERIOD (5 * NS_PER_S) /* in this time */

static bool cred_in_group(const struct cred *cred, uint32_t gid)
{
	return cred->fsgid == gid || groups_have(cred, gid);
}

bool inode_owned(const struct cred *cred, const struct inode *inode)
{
	return cred->fsuid == inode->uid || cred_capable(cred, CAP_FOWNER);
}

struct vfs_time vfs_now(void)
{
	uint64_t ns = clock_wall_ns();

	return (struct vfs_time){ .sec = (int64_t)(ns / NS_PER_S),
				  .nsec = (uint32_t)(ns % NS_PER_S) };
}

struct vfs_time sb_time(const struct superblock *sb, struct vfs_time t)
{
	if (sb->time_max && (t.sec <= sb->time_min || t.sec >= sb->time_max)) {
		t.sec = t.sec <= sb->time_min ? sb->time_min : sb->time_max;
		t.nsec = 0;
	}
	if (sb->time_gran >= NS_PER_S) {
		t.sec -= t.sec % (int64_t)(sb->time_gran / NS_PER_S);
		t.nsec = 0;
	} else if (sb->time_gran > 1) {
		t.nsec -= t.nsec % sb->time_gran;
	}
	return t;
}

uint64_t inode_disk_blocks(const struct inode *inode)
{
	const struct disk_ops *disk = inode->sb->disk;

	if (!disk)
		return inode->blocks;
	return disk->blocks ? disk->blocks(inode) : DIV_ROUND_UP(inode_size(inode), 512);
}

/* The first inode of a file system that is mounted nowhere: it gets its number. */
static __attribute__((noinline)) void number_sb(struct superblock *sb)
{
	uint32_t none = 0, dev = sb_new_dev();

	(void)atomic_cmpxchg(&sb->dev, &none, dev); /* another core's may be first */
}

void inode_init(struct inode *inode, struct superblock *sb, const struct inode *dir, uint32_t mode)
{
	const struct cred *cred = current_cred();

	*inode = (struct inode){ .sb = sb, .uid = cred->fsuid, .gid = cred->fsgid, .nlink = 1 };
	ref_init(&inode->refs);
	mutex_init(&inode->lock);
	if (unlikely(!READ_ONCE(sb->dev)))
		number_sb(sb);
	if (dir && dir->mode & S_ISGID) {
		/* A directory of a group's: what is made in it is the group's too. */
		inode->gid = dir->gid;
		if (S_ISDIR(mode))
			mode |= S_ISGID;
		else if ((mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
			 !cred_in_group(cred, dir->gid) && !cred_capable(cred, CAP_FSETID))
			mode &= ~(uint32_t)S_ISGID;
	}
	inode->mode = mode;
	inode->ino = atomic_add(&sb->next_ino, 1);
	inode->atime = inode->mtime = inode->ctime = inode->btime = sb_time(sb, vfs_now());
}

void inode_put(struct inode *inode)
{
	if (unlikely(inode->sb->put)) {
		inode->sb->put(inode);
		return;
	}
	if (!ref_put(&inode->refs))
		return;
	/* No lock: nobody else can find the inode any more. */
	locks_free(inode);
	if (unlikely(inode->acl))
		kfree(inode->acl);
	inode->ops->release(inode);
}

void inode_count_names(struct inode *inode, bool gone)
{
	bool nameless = !gone && !inode->nlink;

	if (!inode->sb->disk || nameless == inode->nameless)
		return;
	inode->nameless = nameless;
	if (nameless)
		atomic_add(&inode->sb->nameless, 1);
	else
		atomic_sub(&inode->sb->nameless, 1);
}

/* The permission bits that hold for @cred, not the owner, of an inode with an access list. */
static uint32_t mode_by_list(const struct cred *cred, const struct inode *inode, unsigned int may,
			     uint32_t mode)
{
	int err = acl_check(cred, inode, may);

	if (err <= 0)
		return err ? 0 : may;
	return cred_in_group(cred, inode->gid) ? mode >> 3 : mode;
}

int inode_permission(const struct cred *cred, const struct inode *inode, unsigned int may)
{
	/* One load: walks ask without inode->lock, and a chmod may come between two tests of it. */
	uint32_t mode = READ_ONCE(inode->mode);

	if (cred_capable(cred, CAP_DAC_OVERRIDE)) {
		if (!(may & MAY_EXEC) || S_ISDIR(mode) || mode & (S_IXUSR | S_IXGRP | S_IXOTH))
			return 0;
		return -EACCES; /* not even root executes what nobody may */
	}
	if (cred->fsuid == inode->uid)
		mode >>= 6;
	else if (unlikely(READ_ONCE(inode->acl)) && mode & S_IRWXG)
		mode = mode_by_list(cred, inode, may, mode);
	else if (cred_in_group(cred, inode->gid))
		mode >>= 3;
	if (!(may & ~mode & 7))
		return 0;
	/* this capability reads everything, and searches directories */
	return cred_capable(cred, CAP_DAC_READ_SEARCH) && !(may & MAY_WRITE) &&
			       (S_ISDIR(inode->mode) || !(may & MAY_EXEC))
		       ? 0
		       : -EACCES;
}

bool inode_read_only(const struct inode *inode, const struct mount *mnt)
{
	return (mnt && READ_ONCE(mnt->flags) & MNT_RDONLY) ||
	       READ_ONCE(inode->sb->flags) & SB_RDONLY;
}

int mount_permission(const struct cred *cred, const struct mount *mnt, const struct inode *inode,
		     unsigned int may)
{
	uint32_t type = inode->mode & S_IFMT;
	/* A device or a fifo is written through, not to. */
	bool changes = may & MAY_WRITE && (type == S_IFREG || type == S_IFDIR || type == S_IFLNK);
	int err;

	if (changes && inode->sb->flags & SB_RDONLY)
		return -EROFS;
	if (changes && inode->sflags & S_IMMUTABLE)
		return -EPERM;
	err = inode_permission(cred, inode, may);
	return !err && changes && inode_read_only(inode, mnt) ? -EROFS : err;
}

int inode_set_attr(struct inode *inode, struct inode_attr *a)
{
	const struct superblock *sb = inode->sb;
	int err = 0;

	mutex_assert_held(&inode->lock);
	a->ctime = vfs_now();
	a->valid |= ATTR_CTIME;
	if (inode->ops->setattr)
		err = inode->ops->setattr(inode, a);
	if (err)
		return err;
	if (a->valid & ATTR_MODE)
		WRITE_ONCE(inode->mode, a->mode);
	if (a->valid & ATTR_UID)
		inode->uid = a->uid;
	if (a->valid & ATTR_GID)
		inode->gid = a->gid;
	if (a->valid & ATTR_ATIME)
		inode->atime = sb_time(sb, a->atime);
	if (a->valid & ATTR_MTIME)
		inode->mtime = sb_time(sb, a->mtime);
	if (a->valid & ATTR_CTIME)
		inode->ctime = sb_time(sb, a->ctime);
	inode_dirty(inode);
	return 0;
}

/* Before the lock, as Linux finds errors: what chattr(1) has fixed. */
static int may_set_attr(const struct inode *inode, const struct mount *mnt)
{
	if (inode_read_only(inode, mnt))
		return -EROFS;
	return inode->sflags & (S_IMMUTABLE | S_APPEND) ? -EPERM : 0;
}

int vfs_chmod(struct inode *inode, const struct mount *mnt, uint32_t mode)
{
	const struct cred *cred = current_cred();
	struct inode_attr a = { .valid = ATTR_MODE };
	int err = may_set_attr(inode, mnt);

	if (err)
		return err;
	if (S_ISLNK(inode->mode))
		return -EOPNOTSUPP;
	if (inode->sb->flags & SB_FORGET)
		return -EPERM; /* it would be forgotten too */
	if (!inode_owned(cred, inode))
		return -EPERM;
	if (mutex_lock_killable(&inode->lock))
		return -EINTR;
	/* Under the lock, which setting a seal takes too: once sealed, no chmod slips through. */
	if (inode->seals & F_SEAL_EXEC && (mode ^ inode->mode) & 0111) {
		mutex_unlock(&inode->lock);
		return -EPERM;
	}
	if (!cred_in_group(cred, inode->gid) && !cred_capable(cred, CAP_FSETID))
		mode &= ~(uint32_t)S_ISGID;
	a.mode = (inode->mode & S_IFMT) | (mode & 07777);
	err = acl_chmod(inode, mode);
	if (!err)
		err = inode_set_attr(inode, &a);
	mutex_unlock(&inode->lock);
	return err;
}

static bool may_chown(const struct cred *cred, const struct inode *inode, uint32_t uid,
		      uint32_t gid)
{
	bool owner = cred->fsuid == inode->uid;

	if (cred_capable(cred, CAP_CHOWN))
		return true;
	if (uid != UINT32_MAX && !(owner && uid == inode->uid))
		return false;
	return gid == UINT32_MAX || (owner && (gid == inode->gid || cred_in_group(cred, gid)));
}

/*
 * The set-ID bits that a change of owner or contents takes from @inode.  S_ISGID alone once meant
 * mandatory locking.
 */
static uint32_t setid_to_drop(const struct cred *cred, const struct inode *inode)
{
	uint32_t drop = inode->mode & S_ISUID;

	if (inode->mode & S_IXGRP ||
	    !(cred_in_group(cred, inode->gid) || cred_capable(cred, CAP_FSETID)))
		drop |= inode->mode & S_ISGID;
	return drop;
}

static void drop_bits(struct inode *inode)
{
	const struct cred *cred = current_cred();
	uint32_t drop = setid_to_drop(cred, inode);

	if (!drop || cred_capable(cred, CAP_FSETID))
		return;
	WRITE_ONCE(inode->mode, inode->mode & ~drop);
	inode_dirty(inode);
}

/*
 * The capabilities of a program go with what they were given to: its bytes, its owner.  Root takes
 * them away too.  Most files have none, which is asked for once.
 */
static int drop_caps(struct inode *inode)
{
	const struct inode_ops *ops = inode->ops;
	long found;
	int err = 0;

	if (inode->no_caps || !S_ISREG(inode->mode) || !ops->setxattr ||
	    inode->sb->flags & SB_REMOTE)
		return 0; /* a server sees to it itself */
	found = ops->getxattr(inode, XATTR_CAPS, NULL, 0);
	if (found >= 0)
		err = ops->setxattr(inode, XATTR_CAPS, NULL, 0, XATTR_REPLACE);
	else if (found != -ENODATA && found != -EOPNOTSUPP)
		err = (int)found; /* it may have some */
	inode->no_caps = !err;
	return err;
}

int vfs_chown(struct inode *inode, const struct mount *mnt, uint32_t uid, uint32_t gid)
{
	const struct cred *cred = current_cred();
	struct inode_attr a = { .uid = uid, .gid = gid };
	uint32_t drop = 0;
	int err = may_set_attr(inode, mnt);

	if (err)
		return err;
	if (inode->sb->flags & SB_FORGET && (uid != UINT32_MAX || gid != UINT32_MAX))
		return -EPERM; /* as vfs_chmod */
	/*
	 * Owner and set-ID bits change together: exec reads them under this lock, and must not see
	 * the new owner with the old bits.
	 */
	if (mutex_lock_killable(&inode->lock))
		return -EINTR;
	if (!S_ISDIR(inode->mode))
		drop = setid_to_drop(cred, inode);
	a.mode = inode->mode & ~drop;
	a.valid = (uid != UINT32_MAX ? ATTR_UID : 0) | (gid != UINT32_MAX ? ATTR_GID : 0) |
		  (drop ? ATTR_MODE : 0);
	/* Dropping bits is a chmod, even if nothing else changes. */
	err = may_chown(cred, inode, uid, gid) && (!drop || inode_owned(cred, inode)) ? 0 : -EPERM;
	if (!err)
		err = drop_caps(inode);
	if (!err)
		err = inode_set_attr(inode, &a);
	mutex_unlock(&inode->lock);
	return err;
}

int vfs_utimes(struct inode *inode, const struct mount *mnt, const struct vfs_time *atime,
	       const struct vfs_time *mtime, bool touch)
{
	const struct cred *cred = current_cred();
	struct inode_attr a = { .valid = (atime ? ATTR_ATIME : 0) | (mtime ? ATTR_MTIME : 0) |
					 (touch ? ATTR_NOW : 0) };
	int err;

	if (inode_read_only(inode, mnt))
		return -EROFS;
	if (inode->sflags & (touch ? S_IMMUTABLE : S_IMMUTABLE | S_APPEND))
		return -EPERM;
	if (!inode_owned(cred, inode)) {
		if (!touch)
			return -EPERM;
		if (inode_permission(cred, inode, MAY_WRITE))
			return -EACCES;
	}
	if (mutex_lock_killable(&inode->lock))
		return -EINTR;
	/* Under the lock, as a write changes mtime and ctime as well. */
	if (atime)
		a.atime = *atime;
	if (mtime)
		a.mtime = *mtime;
	err = inode_set_attr(inode, &a);
	mutex_unlock(&inode->lock);
	return err;
}

uint64_t file_size_limit(void)
{
	return current->process ? READ_ONCE(current->process->rlimit[RLIMIT_FSIZE].rlim_cur)
				: UINT64_MAX;
}

int file_too_big(void)
{
	struct signal_info info = { .signo = SIGXFSZ };

	signal_send(current, &info);
	return -EFBIG;
}

/* inode->lock held. */
static int truncate_locked(struct inode *inode, uint64_t size)
{
	int err;

	if (size > inode_size(inode) && size > file_size_limit())
		return file_too_big();
	err = drop_caps(inode);
	if (!err)
		err = inode->ops->truncate(inode, size);
	if (!err)
		drop_bits(inode);
	return err;
}

int vfs_truncate(struct inode *inode, uint64_t size)
{
	int err;

	if (S_ISDIR(inode->mode))
		return -EISDIR;
	if (!S_ISREG(inode->mode) || !inode->ops->truncate)
		return -EINVAL;
	if (inode->sflags & S_APPEND)
		return -EPERM;
	if (inode->sb->max_size && size > inode->sb->max_size)
		return -EFBIG;
	/*
	 * A write extends the file under this lock: the size does not change between its test and
	 * its store.
	 */
	if (mutex_lock_killable(&inode->lock))
		return -EINTR;
	if (unlikely(inode->sflags & S_SWAPFILE) && size <= inode_size(inode))
		err = -ETXTBSY;
	else
		err = truncate_locked(inode, size);
	mutex_unlock(&inode->lock);
	return err;
}

int inode_drop_setid(struct inode *inode)
{
	int err = drop_caps(inode);

	if (!err)
		drop_bits(inode);
	return err;
}

/*
 * Whoever may read a damaged file system can bring errors about as fast as he likes, and must not
 * fill the log with them: ERROR_LINES in ERROR_PERIOD for each file system, as Linux's.
 */
static bool may_say(struct superblock *sb)
{
	uint64_t now = clock_wall_ns(), since = READ_ONCE(sb->errors_since);
	uint32_t unsaid;

	if ((!since || now - since >= ERROR_PERIOD) &&
	    atomic_cmpxchg(&sb->errors_since, &since, now)) {
		unsaid = atomic_xchg(&sb->errors, 0);
		if (unsaid > ERROR_LINES)
			pr_err("%s: %u more errors\n", sb->type, unsaid - ERROR_LINES);
	}
	return atomic_add(&sb->errors, 1) <= ERROR_LINES;
}

const char *const sb_error_names[SB_ERROR_KINDS] = { "continue", "remount-ro", "panic" };

int sb_error(struct superblock *sb, const char *fmt, ...)
{
	char text[ERROR_LINE];
	va_list ap;

	if (may_say(sb)) {
		va_start(ap, fmt);
		vsnprintf(text, sizeof(text), fmt, ap);
		va_end(ap);
		pr_err("%s (%s): error: %s\n", sb->type,
		       sb->dev_block ? sb->dev_block->name : "none", text);
	}
	WRITE_ONCE(sb->had_error, true);
	if (sb->on_error == SB_ERROR_PANIC)
		panic("%s: mounted with errors=panic", sb->type);
	if (sb->on_error == SB_ERROR_RDONLY && !(atomic_or(&sb->flags, SB_RDONLY) & SB_RDONLY))
		pr_err("%s: remounting filesystem read-only\n", sb->type);
	return -EUCLEAN;
}

uint32_t sb_new_dev(void)
{
	static uint32_t last;

	return atomic_add(&last, 1); /* major 0 */
}
