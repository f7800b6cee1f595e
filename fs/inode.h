/*
 * inode.h - a file as a file system keeps it, and what a file system does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/hash.h"
#include "mm/object.h"
#include "task/cred.h"

struct acl;
struct block_device;
struct dentry;
struct file_cache;
struct file_ops;
struct fs_type;
struct inode;
struct inode_attr;
struct mount;
struct name;
struct path;
struct superblock;
struct writeback;

/* A point in time of the wall clock. */
struct vfs_time {
	int64_t sec;
	uint32_t nsec;
};

/* What a new inode is to be. */
struct inode_new {
	uint32_t mode;	    /* S_IFMT and permissions */
	uint32_t umask;	    /* bits of it that go, if the directory gives no access list; then 0 */
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
	/*
	 * setattr - the server is told that @a changes, before the inode's own fields do;
	 * inode->lock is held.  What it takes out of a->valid, or changes in @a, is not (so) set.
	 * 0 or -errno.  NULL: the fields are all that there is, and inode_dirty() does the rest.
	 */
	int (*setattr)(struct inode *inode, struct inode_attr *a);
	/*
	 * refresh - of an SB_REMOTE file system: the fields become what the server has now.  0 or
	 * -errno.
	 */
	int (*refresh)(struct inode *inode);
	/*
	 * getxattr, listxattr - into @buf: the length; @size 0: only the length.  -ENODATA,
	 * -ERANGE, -EIO. A list is of names, each terminated.  setxattr - @value NULL: it is
	 * removed; @flags: XATTR_CREATE, XATTR_REPLACE; inode->lock is held.  0, -EEXIST, -ENODATA,
	 * -ENOSPC, -EOPNOTSUPP (the name's kind).  Permission has been asked for.  NULL:
	 * -EOPNOTSUPP.
	 */
	long (*getxattr)(struct inode *inode, const char *name, void *buf, size_t size);
	long (*listxattr)(struct inode *inode, char *buf, size_t size);
	int (*setxattr)(struct inode *inode, const char *name, const void *value, size_t size,
			uint32_t flags);
	/* release - nobody has it any more: its memory is freed. */
	void (*release)(struct inode *inode);
};

/* The attribute that holds what a program is given: capabilities(7). */
#define XATTR_CAPS "security.capability"

/* What of an inode is to change. */
#define ATTR_MODE  0x1u
#define ATTR_UID   0x2u
#define ATTR_GID   0x4u
#define ATTR_ATIME 0x10u /* to .atime; with ATTR_NOW: to the present */
#define ATTR_MTIME 0x20u
#define ATTR_NOW   0x40u
#define ATTR_CTIME 0x80u /* with all of the others */
struct inode_attr {
	uint32_t valid; /* ATTR_* */
	uint32_t mode, uid, gid;
	struct vfs_time atime, mtime, ctime;
};

/*
 * What a file system on a disk does beside: its inodes are found by number, stay in memory as long
 * as there is room (fs/icache.h), and are written some time after they were changed.  All may
 * sleep.
 */
struct disk_ops {
	/* alloc - memory for an inode of @sb, zeros; NULL: none.  Freed by inode_ops.release. */
	struct inode *(*alloc)(struct superblock *sb);
	/*
	 * load - inode->ino is set: all the rest, from the disk.  0, -EIO, -ESTALE (no such inode),
	 * -EUCLEAN (damaged).  Then its release is called if it has ops, else it is kfree'd: so the
	 * inode is the first thing in what alloc gave, or has its ops from there.
	 */
	int (*load)(struct inode *inode);
	/*
	 * write - the inode's fields to their place (fs/meta.h), from where they are written later.
	 * 0, -EIO, -ENOMEM.  No lock is held: it takes what it needs, but never inode->lock.
	 */
	int (*write)(struct inode *inode);
	/*
	 * evict - it has no name and no user any more: all that it has on the disk is freed, its
	 * number last.  Its pages have gone.  NULL: there is nothing.
	 */
	void (*evict)(struct inode *inode);
	/* blocks - st_blocks: sectors of 512 bytes.  Any context.  NULL: those of the size. */
	uint64_t (*blocks)(const struct inode *inode);
	/* sync - the superblock's own figures to their place.  0 or -errno. */
	int (*sync)(struct superblock *sb);
	/*
	 * remount - read-only (@flags: SB_RDONLY) or not, with @options.  All has been written
	 * before. 0 or -errno.
	 */
	int (*remount)(struct superblock *sb, uint32_t flags, char *options);
	/* unmount - all is written, its inodes have gone: the rest, and sb->private. */
	void (*unmount)(struct superblock *sb);
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
	bool nameless;	  /* of a disk: counted in its superblock's nameless; lock, or its end */
	uint32_t rdev;
	uint64_t ino;
	struct vfs_time atime, mtime, ctime, btime;
	uint64_t size;		  /* of what has no object */
	uint64_t blocks;	  /* st_blocks, of a server's */
	struct vm_object *object; /* a regular file's pages and size; NULL for the rest */
	struct file_cache *cache; /* whose object it is, of a file on a disk or a server; or NULL */
	/*
	 * fs/icache.h's own, of one on a disk, under icache_lock: found by this number, which is
	 * ino's unless the file system chose another; in the list of the unused.
	 */
	uint64_t key;
	struct hash_node in_icache;
	struct list_node unused_link;
	uint8_t icache_state;
	/* In the list of its file system's that are to be written; fs/writeback.c's own. */
	bool dirty, being_written;
	struct list_node dirty_link;
	/*
	 * Its name in the cache, of a directory on a disk, which has one; and of all where names
	 * have more than one form (superblock.name_same).  dcache_lock.
	 */
	struct dentry *dentry;
	struct pipe *pipe; /* a fifo while it is open; pipe.c */
	/* POSIX access control lists, fs/acl.h's: the one that holds; is there a default one? */
	struct acl *acl;
	bool default_acl;
	bool no_caps;		   /* it is known to have no security.capability; set under lock */
	uint32_t sflags;	   /* S_IMMUTABLE and its like; set under lock */
	uint32_t seals;		   /* F_SEAL_*, of a regular file in RAM; set under lock */
	struct inode_locks *locks; /* NULL until there is one; lock.c */
	int32_t writers; /* files open for writing; below 0: programs that run it.  dcache_lock */
	struct mutex lock;
};

/* inode.sflags: what chattr(1) sets, on file systems that keep it. */
#define S_IMMUTABLE 0x1u  /* neither it nor its names change */
#define S_APPEND    0x2u  /* it is only written at its end, and names are only added */
#define S_NOATIME   0x4u  /* its atime does not change */
#define S_SYNC	    0x8u  /* each write of it is on the disk when it returns */
#define S_DIRSYNC   0x10u /* each change of a directory */
#define S_SWAPFILE  0x20u /* it is a swap area: neither bytes nor places of it change */

/* A mounted file system. */
#define SB_RAM	    0x1u /* the dentry cache is its directories */
#define SB_RDONLY   0x2u
/* A name is cached only while it is used, and no longer than inode_ops.valid says. */
#define SB_FORGET   0x4u
/*
 * A server's, which changes by itself: a name is cached only while it is used, a name that is not
 * there never is, and the fields of an inode are asked for anew (inode_ops.refresh).
 */
#define SB_REMOTE   0x8u

struct vfs_statfs {
	uint64_t type, bsize, blocks, bfree, bavail, files, ffree;
	uint32_t namelen; /* 0: NAME_MAX */
	uint64_t fsid;	  /* 0: the device's number */
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
	struct writeback
		*writeback; /* of one on a server; NULL: that of the device, or all others' */
	/* Of a file system on a disk; the rest is set before disk_fs.fill is called. */
	const struct disk_ops *disk;
	struct block_device *dev_block; /* where it lies, held; NULL: on no device */
	bool dev_writes;		/* which is open for writing */
	struct file_cache *meta;	/* its cache, fs/meta.h's */
	uint32_t block_size;		/* bytes, a power of two, 512 .. 4096: meta's unit */
	uint64_t root_ino;		/* set by fill */
	int64_t time_min, time_max;	/* seconds that its times can hold; both 0: all */
	uint32_t time_gran;		/* ns, of its times; 0: 1 */
	bool dirsync;	  /* every change of a directory is written before the call returns */
	bool sync;	  /* -o sync: writes are */
	bool posix_acl;	  /* it keeps ACLs: inode_permission asks for them */
	uint8_t on_error; /* SB_ERROR_*: what sb_error does; fill and remount set it */
	bool had_error;	  /* sb_error has been called */
	uint32_t errors;  /* since errors_since (ns, clock_wall_ns): sb_error's own; atomic */
	uint64_t errors_since;
	uint64_t max_size;	       /* bytes of the largest file; 0: not said */
	uint32_t name_max;	       /* bytes of a name; 0: NAME_MAX */
	uint32_t blksize;	       /* st_blksize, where disk is set; 0: a page */
	struct list_node dirty_inodes; /* to be written; fs/dirty.c's own, as the next three */
	uint32_t dirty_rounds;	       /* how often all of them were begun to be written */
	uint32_t dirty_failed;	       /* the last of these rounds with an error */
	int dirty_error;	       /* that one's */
	/* Inodes in use without a name, to be evicted: it cannot become read-only.  atomic */
	uint32_t nameless;
	/* put - instead of inode_ops.release, when a reference is dropped: icache_put, or NULL. */
	void (*put)(struct inode *inode);
	/*
	 * Of a file system whose names have more than one form (vfat): the hash of what all forms
	 * have in common (hash_step, hash_sum), and whether two are of one file's.  dcache_lock
	 * held.  NULL: a name is its bytes.
	 */
	uint32_t (*name_hash)(const struct name *name);
	bool (*name_same)(const struct name *a, const struct name *b);
	uint64_t nr_inodes; /* that fs/icache.c has of it; icache_lock */
	bool going;	    /* it is being unmounted: no inode stays without a user; icache_lock */
	/* fs/super.h's own: */
	struct list_node link;	  /* in the list of all on disks; supers_lock */
	const struct fs_type *fs; /* of which kind it is */
	struct dentry *root;	  /* held as long as it is alive */
	uint32_t refs;		  /* of those who look at it; supers_lock */
	struct mutex hold;	  /* it is being filled, written or unmounted */
	bool alive;		  /* hold: it is filled, and not unmounted */
};

enum { SB_ERROR_GO_ON, SB_ERROR_RDONLY, SB_ERROR_PANIC, SB_ERROR_KINDS };
extern const char *const sb_error_names[SB_ERROR_KINDS]; /* as errors= says them */

/*
 * inode_dirty - its fields have changed, and are to be written some time.  Any task; does not
 * sleep. Nothing for one that is not on a disk.
 * inode_write_now - they are written to their place (disk_ops.write) now, if they are dirty; one
 * that another task is writing is waited for.  0 or -errno.  May sleep.
 * sb_error - what is on the disk contradicts itself: a line in the log, and by sb->on_error nothing
 * more is written (SB_RDONLY), or a panic; returns -EUCLEAN.  A task; does not sleep.
 */
void inode_dirty(struct inode *inode);
int inode_write_now(struct inode *inode) __must_check;
int sb_error(struct superblock *sb, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

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

/* inode_refresh - its fields are those of this moment, a server's too.  0 or -errno.  May sleep. */
static inline int __must_check inode_refresh(struct inode *inode)
{
	return unlikely(inode->sb->flags & SB_REMOTE) ? inode->ops->refresh(inode) : 0;
}

/*
 * inode_count_names - @inode has lost its last name, has got one again, or goes (@gone): for the
 * superblock's count.  Its lock is held, or nobody else knows it.
 */
void inode_count_names(struct inode *inode, bool gone);

/* inode_size - in bytes, as it is at this moment. */
static inline uint64_t inode_size(const struct inode *inode)
{
	return inode->object ? READ_ONCE(inode->object->size) : READ_ONCE(inode->size);
}

/* inode_blocks - st_blocks, in sectors of 512 bytes; inode_blksize - st_blksize. */
uint64_t inode_disk_blocks(const struct inode *inode);
static inline uint64_t inode_blocks(const struct inode *inode)
{
	if (unlikely(inode->sb->disk || inode->sb->flags & SB_REMOTE))
		return inode_disk_blocks(inode);
	return inode->object ? READ_ONCE(inode->object->nr_pages) * (PAGE_SIZE / 512) : 0;
}
static inline uint32_t inode_blksize(const struct inode *inode)
{
	return unlikely(inode->sb->disk) && inode->sb->blksize ? inode->sb->blksize : PAGE_SIZE;
}

/*
 * vfs_now - the wall clock.  sb_time - @t as a file system can hold it (time_gran, time_min,
 * time_max).
 */
struct vfs_time vfs_now(void);
struct vfs_time sb_time(const struct superblock *sb, struct vfs_time t);

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
 * inode_set_attr - @a becomes true, and ctime the present, whoever the caller is; a server is asked
 * first.  inode->lock is held.  0 or -errno.
 */
int inode_set_attr(struct inode *inode, struct inode_attr *a) __must_check;
/*
 * inode_drop_setid - the file is about to be written: its capabilities go, and if the caller is not
 * root its set-ID bits.  May sleep; inode->lock held.  0; or -EIO, -ENOMEM: some stay, and so must
 * the contents.
 */
int inode_drop_setid(struct inode *inode) __must_check;
/*
 * What a regular file may grow to: file_size_limit - by RLIMIT_FSIZE; file_too_big - it does not:
 * SIGXFSZ, -EFBIG.
 */
#define FILE_SIZE_MAX INT64_MAX
uint64_t file_size_limit(void);
int file_too_big(void);
/*
 * vfs_truncate - the size of a regular file becomes @size; the permission to write has been
 * checked.
 */
int vfs_truncate(struct inode *inode, uint64_t size) __must_check;

/* inode_read_only - does it, seen through @mnt (or NULL), lie on what must not be written? */
bool inode_read_only(const struct inode *inode, const struct mount *mnt);

/* sb_new_dev - a device number for a file system without a device: 0:1, 0:2 … */
uint32_t sb_new_dev(void);
