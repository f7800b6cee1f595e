/*
 * inode.h - a file as a file system keeps it, and what a file system does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mm/object.h"
#include "task/cred.h"
#include "task/wait.h"

struct file_ops;
struct inode;
struct mount;
struct name;
struct path;

/* A point in time of the wall clock. */
struct vfs_time {
	int64_t sec;
	uint32_t nsec;
};

/* What a new inode is to be. */
struct inode_new {
	uint32_t mode;	    /* S_IFMT and permissions, umask taken off */
	uint32_t rdev;	    /* of a device */
	const char *target; /* of a symbolic link */
};

/*
 * What a file system does.  Where a directory is named, its lock is held.  All may sleep.  An inode
 * that is returned carries a reference for the caller.  A NULL operation is refused with -EPERM
 * (make, link, remove, rename) or -EINVAL (readlink).
 */
struct inode_ops {
	/*
	 * lookup - the inode called @name, NULL: there is none, or err_ptr.  SB_RAM file systems
	 * have no such operation.
	 */
	struct inode *(*lookup)(struct inode *dir, const struct name *name);
	/*
	 * make - a new file of any type under @name; NULL @name: one without a name, nlink 0.
	 * err_ptr(-ENOSPC, -ENOMEM).
	 */
	struct inode *(*make)(struct inode *dir, const struct name *name,
			      const struct inode_new *what);
	/* link - one more name for @what.  0, -EMLINK, -ENOSPC. */
	int (*link)(struct inode *dir, const struct name *name, struct inode *what);
	/* remove - the name goes (unlink and rmdir); -ENOTEMPTY. */
	int (*remove)(struct inode *dir, const struct name *name, struct inode *what);
	/*
	 * rename - @what moves; @over, if not NULL, is what had the new name: it goes, or with
	 * @exchange takes the old name.
	 */
	int (*rename)(struct inode *from, const struct name *old, struct inode *what,
		      struct inode *to, const struct name *new_name, struct inode *over,
		      bool exchange);
	/*
	 * readlink - the target into @buf, not terminated.  Its length (cut to @size), or -errno.
	 */
	int (*readlink)(struct inode *inode, char *buf, size_t size);
	/*
	 * jump - of a link that is more than its text (/proc/PID/fd/1): where it leads, with
	 * references, into *@out.  0, or -EACCES, -ENOENT.  NULL: the text is followed.
	 */
	int (*jump)(struct inode *inode, struct path *out);
	/*
	 * valid - of an SB_FORGET file system: does the name still mean this inode?  dcache_lock
	 * held.  NULL: yes.
	 */
	bool (*valid)(struct inode *inode);
	/*
	 * truncate - set the size of a regular file; inode->lock is held.  0, -EFBIG, -ENOSPC,
	 * -ENOMEM.
	 */
	int (*truncate)(struct inode *inode, uint64_t size);
	/*
	 * allocate - fallocate(2) of a regular file; inode->lock is held, @mode and the range are
	 * possible. 0, -EOPNOTSUPP, -EFBIG, -ENOSPC, -ENOMEM, -EINTR.
	 */
	int (*allocate)(struct inode *inode, uint32_t mode, uint64_t from, uint64_t len);
	/* release - the last reference has gone: free it. */
	void (*release)(struct inode *inode);
};

struct inode {
	const struct inode_ops *ops;
	const struct file_ops *fops; /* of a directory or regular file, when it is opened */
	struct superblock *sb;
	struct ref refs;
	/*
	 * S_IFMT and permissions.  This and what follows changes under lock; a reader takes what it
	 * sees.
	 */
	uint32_t mode;
	uint32_t uid, gid;
	uint32_t nlink;
	bool unmountable; /* a descriptor's name in /proc: nothing is mounted on it */
	bool linkable;	  /* nlink is 0, but a name may be given to it: O_TMPFILE */
	uint32_t rdev;
	uint64_t ino;
	struct vfs_time atime, mtime, ctime, btime;
	uint64_t size;		   /* of what has no object */
	struct vm_object *object;  /* a regular file's pages and size; NULL for the rest */
	struct pipe *pipe;	   /* a fifo while it is open; pipe.c */
	uint32_t seals;		   /* F_SEAL_*, of a regular file in RAM; set under lock */
	struct inode_locks *locks; /* NULL until there is one; lock.c */
	int32_t writers; /* files open for writing; below 0: programs that run it.  dcache_lock */
	struct mutex lock;
};

/* A mounted file system. */
#define SB_RAM	  0x1u /* the dentry cache is its directories */
#define SB_RDONLY 0x2u
/* A name is cached only while it is used, and no longer than inode_ops.valid says. */
#define SB_FORGET 0x4u

struct vfs_statfs {
	uint64_t type, bsize, blocks, bfree, bavail, files, ffree;
};

struct superblock {
	const char *type; /* its name in /proc/mounts */
	uint32_t flags;
	uint32_t dev;	   /* st_dev */
	uint64_t next_ino; /* atomic */
	uint32_t mounts;   /* that show it; dcache_lock */
	uint32_t writers;  /* its regular files that are open for writing; dcache_lock */
	/* statfs - 0 or -errno.  NULL: it has no blocks, and @magic is all that there is to say. */
	int (*statfs)(struct superblock *sb, struct vfs_statfs *st);
	uint64_t magic;
	/*
	 * options - those in force, as /proc/mounts shows them (",size=4k"); as snprintf.  NULL:
	 * none.
	 */
	int (*options)(struct superblock *sb, char *buf, size_t size);
	/*
	 * remount - @options, comma-separated, from now on.  0 or -EINVAL.  NULL: all are ignored.
	 */
	int (*remount)(struct superblock *sb, char *options);
	/*
	 * kill - the last mount has gone, and nobody knows a name of it: free it.  NULL: it stays
	 * for the next mount.
	 */
	void (*kill)(struct superblock *sb);
	void *private;
};

/*
 * inode_init - fill the common part of a new inode: one reference, times now, owner by current and,
 * for setgid, by @dir (or NULL).
 */
void inode_init(struct inode *inode, struct superblock *sb, const struct inode *dir, uint32_t mode);
static inline void inode_get(struct inode *inode)
{
	ref_get(&inode->refs);
}
/* inode_put - drop a reference; with the last one the inode goes.  May sleep. */
void inode_put(struct inode *inode);

/* inode_size - in bytes, as it is at this moment. */
static inline uint64_t inode_size(const struct inode *inode)
{
	return inode->object ? READ_ONCE(inode->object->size) : READ_ONCE(inode->size);
}

/* vfs_now - the wall clock. */
struct vfs_time vfs_now(void);

/*
 * inode_permission - may @cred (its fsuid and fsgid) do what @may asks for, MAY_*, by the mode?  0,
 * -EACCES.
 * mount_permission - and may it through this mount?  -EROFS too.  Neither sleeps.
 */
#define MAY_EXEC  1u
#define MAY_WRITE 2u
#define MAY_READ  4u
int inode_permission(const struct cred *cred, const struct inode *inode,
		     unsigned int may) __must_check;
int mount_permission(const struct cred *cred, const struct mount *mnt, const struct inode *inode,
		     unsigned int may) __must_check;
/* inode_owned - may @cred act as its owner? */
bool inode_owned(const struct cred *cred, const struct inode *inode);

/*
 * fchmodat(2) and its kin, on a file that was found through @mnt (NULL: it has no name, as a pipe):
 * 0 or -errno.
 * vfs_chown: (uint32_t)-1 leaves an id as it is; vfs_utimes: NULL leaves a time; @touch: both
 * become the present, which a caller that may write the file may do.
 */
int vfs_chmod(struct inode *inode, const struct mount *mnt, uint32_t mode) __must_check;
int vfs_chown(struct inode *inode, const struct mount *mnt, uint32_t uid,
	      uint32_t gid) __must_check;
int vfs_utimes(struct inode *inode, const struct mount *mnt, const struct vfs_time *atime,
	       const struct vfs_time *mtime, bool touch) __must_check;
/*
 * inode_drop_setid - a caller that is not root has written the file: its set-ID bits go.
 * inode->lock held.
 */
void inode_drop_setid(struct inode *inode);
/*
 * vfs_truncate - the size of a regular file becomes @size; the permission to write has been
 * checked.
 */
int vfs_truncate(struct inode *inode, uint64_t size) __must_check;

/* inode_read_only - does it, seen through @mnt (or NULL), lie on what must not be written? */
bool inode_read_only(const struct inode *inode, const struct mount *mnt);

/* sb_new_dev - a device number for a file system without a device: 0:1, 0:2 … */
uint32_t sb_new_dev(void);
