/*
 * vfs.h - the tree of names: inodes, the dentry cache, mounts, and walking a path through them.
 *
 * An inode is a file as a file system keeps it.  A dentry is a name in a directory; all those known
 * form one tree in memory, the cache.  A mount puts one file system's root on a directory of
 * another.  A path is a dentry seen through a mount.
 *
 * A file system that lives in RAM (SB_RAM) keeps its directories in the cache itself: a name is
 * there or does not exist.  Others have a lookup operation that is asked about a name the cache
 * does not hold.
 *
 * Locks, in the order in which they are taken:
 *   mount_lock (mutex, mount_ops.c)	one change of the tree of mounts at a time
 *   rename_lock (mutex, name.c)	one renaming between two directories at a time: ancestors
 *					stay ancestors.  Who holds it needs no dcache_lock to go up
 *					from a dentry that is held
 *   inode->lock (mutex)		a directory's entries; a file's size and attributes.  Parent
 *					before child
 *   dcache_lock (spinlock, dentry.c)	the tree: dentries, mounts, and their reference counts
 * dcache_lock is never taken from an interrupt handler; nothing sleeps under it, and nothing that a
 * path or a tree makes long is done under it: a walk gives it up every WALK_STRETCH components, and
 * who has far to go up takes rename_lock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arm/atomic.h"
#include "arm/spinlock.h"
#include "fs/hash.h"
#include "lib/list.h"
#include "lib/util.h"
#include "mm/object.h"
#include "task/cred.h"
#include "task/wait.h"

struct cred;
struct file;
struct file_ops;
struct inode;
struct path;

#define LINKS_MAX	  40 /* symbolic links followed in one walk; then -ELOOP */

/* A device number as EL0 sees it (abi/stat.h's dev_make), for constants; @minor below 256. */
#define DEV(major, minor) ((uint32_t)(major) << 8 | (uint32_t)(minor))

/* A point in time of the wall clock. */
struct vfs_time {
	int64_t sec;
	uint32_t nsec;
};

/* One name of a path, not terminated. */
struct name {
	const char *s;
	uint32_t len;
	uint32_t hash;
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
	int (*statfs)(struct superblock *sb, struct vfs_statfs *st);
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

/* What mount(2) can mount. */
struct fs_type {
	const char *name;
	/*
	 * mount - a new file system, or the only one of its kind again.  @options: comma-separated,
	 * may be cut up.
	 * Return: its root's dentry with a reference, or err_ptr(-EINVAL, -ENOMEM).
	 */
	struct dentry *(*mount)(char *options);
	struct fs_type *next; /* mount_ops.c's own */
};

struct dentry {
	struct hash_node in_table;	    /* by its directory and its name, while it is hashed */
	struct dentry *parent;		    /* itself: a root, or a name that was removed */
	struct inode *inode;		    /* NULL: the file system has no such name */
	struct list_node sibling, children; /* children in order of their cookies */
	uint64_t cookie;		    /* position in its directory: getdents64's d_off */
	uint64_t next_cookie;		    /* for the next child */
	uint32_t refs;
	uint32_t mounts; /* how many mounts sit on it */
	bool hashed;	 /* in the tree: found by name */
	struct name name;
	char inline_name[32]; /* name.s, or kmalloc'ed */
};

struct path {
	struct mount *mnt;
	struct dentry *dentry;
};

/*
 * A mount.  All of it is under dcache_lock.  While attached it holds a reference to what it covers
 * (parent and on), and the list of mounts holds one to it; in any case it has one to root.  The
 * tree (parent, on, mounted, sibling) and the list change under mount_lock, too: who holds that
 * reads them without dcache_lock.
 */
struct mount {
	struct superblock *sb;
	struct dentry *root;
	struct mount *parent; /* itself: the root of all, or not attached */
	struct dentry *on;    /* the name in parent that it covers; NULL: as above */
	struct list_node mounted,
		sibling; /* what is mounted on it; its place among those on parent */
	struct list_node link;
	uint32_t refs;
	uint32_t flags;	  /* MNT_* */
	uint32_t id;	  /* STATX_MNT_ID */
	uint32_t writers; /* regular files that are open for writing */
	bool attached;
	bool expiring;		   /* nobody has used it since umount2(2) with MNT_EXPIRE */
	struct hash_node in_table; /* by what it covers, while it covers something; mount.c */
	struct mount *copy;	   /* while a tree is copied: mount_ops.c's own */
	struct path was;	   /* what it covered, while it is detached: mount_ops.c's own */
	char *source;		   /* what mount(2) was told; kmalloc'ed, NULL: "none" */
};

#define MNT_RDONLY	0x1u
#define MNT_NOSUID	0x2u
#define MNT_NODEV	0x4u
#define MNT_NOEXEC	0x8u
#define MNT_NOATIME	0x10u
#define MNT_NODIRATIME	0x20u
#define MNT_RELATIME	0x40u
#define MNT_NOSYMFOLLOW 0x80u
#define MNT_UNBINDABLE	0x100u

extern struct spinlock dcache_lock;

/* How often a directory has got another parent, or a mount another place; dcache_lock. */
extern uint64_t tree_moves;

/* ---- inode.c ---- */

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
 * mount_permission, path_permission - and may it through this mount?  -EROFS too.  None of them
 * sleeps.
 */
#define MAY_EXEC  1u
#define MAY_WRITE 2u
#define MAY_READ  4u
int inode_permission(const struct cred *cred, const struct inode *inode,
		     unsigned int may) __must_check;
int mount_permission(const struct cred *cred, const struct mount *mnt, const struct inode *inode,
		     unsigned int may) __must_check;
int path_permission(const struct cred *cred, const struct path *path,
		    unsigned int may) __must_check;
/* inode_owned - may @cred act as its owner? */
bool inode_owned(const struct cred *cred, const struct inode *inode);

/*
 * fchmodat(2) and its kin, on a file that was found through @mnt (NULL: it has no name, as a pipe):
 * 0 or -errno. vfs_chown: (uint32_t)-1 leaves; vfs_utimes: NULL leaves; @touch: only the present is
 * set, so that who may write the file may do it.
 */
int vfs_chmod(struct inode *inode, const struct mount *mnt, uint32_t mode) __must_check;
int vfs_chown(struct inode *inode, const struct mount *mnt, uint32_t uid,
	      uint32_t gid) __must_check;
int vfs_utimes(struct inode *inode, const struct mount *mnt, const struct vfs_time *atime,
	       const struct vfs_time *mtime, bool touch) __must_check;
/*
 * inode_drop_setid - a file was written by one who is not root: its set-ID bits go.  inode->lock
 * held.
 */
void inode_drop_setid(struct inode *inode);
/* vfs_may_truncate - truncate(2)'s checks: 0, -EISDIR, -EINVAL, -EACCES, -EROFS. */
int vfs_may_truncate(const struct path *path) __must_check;
/*
 * vfs_truncate - the size of a regular file becomes @size; the permission to write has been
 * checked.
 */
int vfs_truncate(struct inode *inode, uint64_t size) __must_check;

/* ---- dentry.c ---- */

/*
 * name_take - the component that @s begins with, up to '/' or the end, with its hash.  Its length.
 */
static inline size_t name_take(struct name *name, const char *s)
{
	uint64_t h = 0;
	size_t n;

	for (n = 0; s[n] && s[n] != '/'; n++)
		h = hash_step(h, n, (uint8_t)s[n]);
	*name = (struct name){ .s = s, .len = (uint32_t)n, .hash = hash_sum(h) };
	return n;
}

/*
 * dentry_new - a name on its own, not in the tree, one reference.  @inode: its reference passes
 * over; may be NULL.  NULL: no memory.
 */
struct dentry *dentry_new(const struct name *name, struct inode *inode) __must_check;
/*
 * dentry_get, dentry_put - a reference; the last one of a name that is not in the tree frees it.
 * dentry_put may sleep.
 */
void dentry_get(struct dentry *d);
void dentry_put(struct dentry *d);
/*
 * dentry_put_locked - the same with dcache_lock held; true: dentry_free() is due when it is not any
 * more.
 */
bool dentry_put_locked(struct dentry *d) __must_check;
void dentry_free(struct dentry *d);
/*
 * dentry_kill_tree - everything below @root of an SB_RAM file system that nobody uses any more
 * goes; its own reference too.
 */
void dentry_kill_tree(struct dentry *root);
/*
 * dentry_find - the child of @dir called @name, or NULL.  dcache_lock held; no reference is taken.
 */
struct dentry *dentry_find(struct dentry *dir, const struct name *name);
/*
 * dentry_lookup - the child of @dir called @name, the file system asked if need be;
 * dir->inode->lock held.
 * Return: a dentry with a reference (inode NULL: no such file), NULL: no such file either,
 * err_ptr(-ENAMETOOLONG, -ENOENT: @dir was removed, -ENOMEM, -EIO).
 */
struct dentry *dentry_lookup(struct dentry *dir, const struct name *name) __must_check;
/*
 * dentry_cannot_hold - why @dir can't have a @name that is not in the cache: -ENOENT (@dir was
 * removed), -ENAMETOOLONG; 0: it can.
 */
int dentry_cannot_hold(const struct dentry *dir, const struct name *name);
/*
 * dentry_attach - put @d, made by dentry_new, into the tree as child of @dir; dir->inode->lock
 * held.
 */
void dentry_attach(struct dentry *dir, struct dentry *d);
/* dentry_detach - take it out: nobody finds it any more.  The caller keeps its own reference. */
void dentry_detach(struct dentry *d);
/*
 * dentry_rename - @d becomes @name in @dir, in place of @over (or NULL); both directories' locks
 * are held.
 * @room: what name_room() gave for @name; taken over.
 */
void dentry_rename(struct dentry *d, struct dentry *dir, const struct name *name, char *room,
		   struct dentry *over);
/*
 * name_room - *@room: memory for a copy of a @name that is too long for a dentry, or NULL; kfree.
 * 0 or -ENOMEM.
 */
int name_room(const struct name *name, char **room) __must_check;
/* dentry_exchange - two names change places. */
void dentry_exchange(struct dentry *a, struct dentry *b);
/*
 * dentry_is_below - is @d, which is held, @ancestor, or under it?  renames_hold()'s lock is held,
 * and no spinlock: it gives way.
 */
bool dentry_is_below(const struct dentry *d, const struct dentry *ancestor);

/* The file operations of directories of SB_RAM file systems. */
extern const struct file_ops ram_dir_fops;

/* ---- mount.c ---- */

/* path_get, path_put - a reference to the mount and one to the dentry. */
void path_get(const struct path *p);
void path_put(const struct path *p); /* may sleep */

/*
 * path_put_unused - that was no use of the mount: one that is marked to expire stays so
 * (umount2(2)).
 */
void path_put_unused(const struct path *p);

/*
 * path_want_write - the regular file @p is written from now on: 0, -ETXTBSY (a program that runs),
 * or -EROFS.
 * path_end_write - no longer.  path_put_write - the same, and path_put.
 */
int path_want_write(const struct path *p) __must_check;
void path_end_write(const struct path *p);
void path_put_write(const struct path *p);

/*
 * path_deny_write - the same the other way round, for a program: 0, or -ETXTBSY (somebody writes
 * it).
 */
int path_deny_write(const struct path *p) __must_check;
void path_allow_write(const struct path *p);

/* path_read_only - does it lie on something that must not be written? */
bool path_read_only(const struct path *p);

/* path_touch - what @p names was read: its atime becomes now, as far as its mount wants that. */
void path_touch(const struct path *p);

/*
 * The root of everything; and what things without a name (pipes) are on when they are reached
 * through /proc.
 */
extern struct mount root_mount, nameless_mount;

/*
 * All that are attached, in the order in which they were, which is that of their ids; changed under
 * mount_lock and dcache_lock.
 */
extern struct list_node mounts;

/* mount_put - drop a reference; the last one frees it.  May sleep. */
void mount_put(struct mount *m);

/* mount_crossing - the mount that sits on @p, or NULL.  dcache_lock held. */
struct mount *mount_crossing(const struct path *p);
/*
 * mount_cover - @m, which covers nothing, covers @at from now on, with references to it.
 * dcache_lock held.
 */
void mount_cover(struct mount *m, const struct path *at);
/*
 * mount_uncover - the reverse: what it covered, whose references are the caller's.  dcache_lock
 * held.
 */
struct path mount_uncover(struct mount *m);

/* vfs_statfs_flags - f_flags of struct statfs: ST_*. */
int64_t vfs_statfs_flags(const struct superblock *sb, const struct mount *mnt);

/* path_cross_down - onto the root of what is mounted on @p; its references follow. */
void path_cross_down(struct path *p);

/* sb_new_dev - a device number for a file system without a device: 0:1, 0:2 … */
uint32_t sb_new_dev(void);

/*
 * path_name - @p as an absolute path below @root into the end of @buf.  Return its start in @buf,
 * err_ptr(-ENAMETOOLONG), or err_ptr(-ENOENT) when it was removed.  *@reachable: false when @root
 * was not met on the way.
 */
char *path_name(const struct path *p, const struct path *root, char *buf, size_t size,
		bool *reachable);
/*
 * path_name_any - the same, and a name that was removed has its last path. *@removed says so.
 * dcache_lock is not held.
 */
char *path_name_any(const struct path *p, const struct path *root, char *buf, size_t size,
		    bool *reachable, bool *removed);

/* ---- mount_ops.c: the calls; who makes them has been found to be root ---- */

/*
 * fs_register - @type can be mounted from now on; kept.  Boot core, before the first task.
 * fs_types - the first of them.
 */
void fs_register(struct fs_type *type);
const struct fs_type *fs_types(void);

/*
 * vfs_mount - mount(2).  @source, @type, @options may be NULL; @options is cut up.  0, or -EINVAL,
 * -ENODEV, -EBUSY, -ENOTDIR, -ELOOP, -ENOMEM, -ENOSPC and what path_lookup answers.
 */
int vfs_mount(const char *source, const struct path *on, const char *type, uint32_t flags,
	      char *options) __must_check;
/* vfs_umount - umount2(2): @p's reference is dropped in any case.  0, -EINVAL, -EBUSY, -EAGAIN. */
int vfs_umount(const struct path *p, uint32_t flags) __must_check;
/* fs.mount-max: -ENOSPC beyond. */
extern uint32_t mounts_max;
/*
 * mounts_hold, mounts_release - between them no mount is attached, moved or taken away.  May sleep.
 */
void mounts_hold(void);
void mounts_release(void);
/* vfs_pivot_root - pivot_root(2).  0, -EBUSY, -EINVAL, -ENOENT. */
int vfs_pivot_root(const struct path *new_root, const struct path *put_old) __must_check;

/* ---- walk.c ---- */

#define WALK_FOLLOW    0x1u   /* the last component too, if it is a symbolic link */
#define WALK_DIRECTORY 0x2u   /* it must be a directory */
#define WALK_EMPTY     0x4u   /* "" is dirfd itself (AT_EMPTY_PATH) */
#define WALK_RESOLVE   0x100u /* times RESOLVE_* of openat2(2): what the walk must not do */
/* With WALK_EMPTY: only if current opened it itself, or is root, else -ENOENT; a pipe: -EXDEV. */
#define WALK_OWN       0x8u

/*
 * path_lookup - walk @name from the root, or from @dirfd (AT_FDCWD: the working directory), as
 * @cred may (NULL: current).
 * Return 0 and *@out with references, or -ENOENT, -ENOTDIR, -EACCES, -ELOOP, -ENAMETOOLONG, -EBADF,
 * -ENOMEM.  May sleep.
 */
int path_lookup(int dirfd, const char *name, unsigned int flags, const struct cred *cred,
		struct path *out) __must_check;

/*
 * ---- name.c: calls that change names; @name as in path_lookup, errors as in the man pages of the
 * *at calls ----
 */

/* vfs_make - mknodat, mkdirat, symlinkat. */
int vfs_make(int dirfd, const char *name, const struct inode_new *what) __must_check;
/* vfs_make_at - the same, and the way to it in *@out with references (NULL: nobody asks). */
int vfs_make_at(int dirfd, const char *name, const struct inode_new *what,
		struct path *out) __must_check;
/*
 * vfs_unlink, vfs_rmdir, vfs_link - unlinkat(2) without and with AT_REMOVEDIR; linkat(2) of what
 * @old leads to.
 */
int vfs_unlink(int dirfd, const char *name) __must_check;
int vfs_rmdir(int dirfd, const char *name) __must_check;
int vfs_link(const struct path *old, int dirfd, const char *name) __must_check;
/*
 * vfs_rename - @new_name may be err_ptr(-errno): one that could not be had, which is the answer
 * when its turn comes.
 */
int vfs_rename(int old_dirfd, const char *old, int new_dirfd, const char *new_name,
	       unsigned int flags) __must_check;
/* renames_hold, renames_release - between them no directory gets another parent.  May sleep. */
void renames_hold(void);
void renames_release(void);
/* vfs_rename_flags_ok - are these RENAME_* served, together? */
bool vfs_rename_flags_ok(unsigned int flags);
/* vfs_readlink - the target of @path into @buf: its length or -errno. */
int vfs_readlink(const struct path *path, char *buf, size_t size) __must_check;

/* ---- open.c ---- */

/* vfs_open_flags_ok - may these O_* go together?  else -EINVAL. */
bool vfs_open_flags_ok(uint32_t flags);
/*
 * vfs_open - open(2): an open file with one reference, or err_ptr(-errno).  @flags: O_*, checked;
 * @mode: before the umask. May sleep (a fifo waits for its other end).
 */
struct file *vfs_open(int dirfd, const char *name, uint32_t flags, uint32_t mode) __must_check;
/* vfs_open_within - the same, with @resolve: RESOLVE_*; also -EXDEV, -EAGAIN. */
struct file *vfs_open_within(int dirfd, const char *name, uint32_t flags, uint32_t mode,
			     uint32_t resolve) __must_check;
/* vfs_open_path - open what was found, without asking for permission; err_ptr(-errno). */
struct file *vfs_open_path(const struct path *path, uint32_t flags) __must_check;
/* vfs_open_exec - open a program: a regular file that current may execute; err_ptr(-EACCES …). */
struct file *vfs_open_exec(int dirfd, const char *name, unsigned int walk_flags) __must_check;

/*
 * vfs_init - the root file system, empty, and the tasks' part of it.  Once, on the boot core,
 * before any task is forked.
 */
void vfs_init(void);
