/*
 * mount.h - a mount puts one file system's root on a directory of another; a path is a dentry seen
 * through a mount.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/dentry.h"

struct path {
	struct mount *mnt;
	struct dentry *dentry;
};

/*
 * A mount.  All of it is under dcache_lock.  While attached it holds a reference to what it covers
 * (parent and on), and the list of mounts holds one to it; in any case it has one to root.  The
 * tree (parent, on, mounted, sibling) and the list change under mount_lock, too: its holder reads
 * them without dcache_lock.
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
	char *source;		   /* mount(2)'s source; kmalloc'ed, NULL: "none" */
};

/* The flags that statfs(2) reports have its numbers. */
#define MNT_RDONLY	0x1u
#define MNT_NOSUID	0x2u
#define MNT_NODEV	0x4u
#define MNT_NOEXEC	0x8u
#define MNT_NOATIME	0x400u
#define MNT_NODIRATIME	0x800u
#define MNT_RELATIME	0x1000u
#define MNT_NOSYMFOLLOW 0x2000u
#define MNT_UNBINDABLE	0x10000u
#define MNT_STATFS	(MNT_UNBINDABLE - 1)

/* path_get, path_put - a reference to the mount and one to the dentry. */
void path_get(const struct path *p);
static inline void path_get_locked(const struct path *p)
{
	spin_assert_held(&dcache_lock);
	p->mnt->refs++;
	p->dentry->refs++;
}
void path_put(const struct path *p); /* may sleep */

/*
 * path_put_unused - the same, and it does not count as a use of the mount: one that is marked to
 * expire stays so (umount2(2)).
 */
void path_put_unused(const struct path *p);

/*
 * path_want_write - the regular file @p is written from now on: 0, -ETXTBSY (a program that runs),
 * or -EROFS.
 * path_put_write - no longer, and path_put.
 */
int path_want_write(const struct path *p) __must_check;
void path_put_write(const struct path *p);

/*
 * path_deny_write - the same the other way round, for a program: 0, or -ETXTBSY (somebody writes
 * it).
 */
int path_deny_write(const struct path *p) __must_check;
void path_allow_write(const struct path *p);

/* path_read_only - does it lie on something that must not be written? */
static inline bool path_read_only(const struct path *p)
{
	return inode_read_only(p->dentry->inode, p->mnt);
}

/* path_permission - may @cred do to it what @may asks for, MAY_*?  0, -EACCES, -EROFS. */
static inline int __must_check path_permission(const struct cred *cred, const struct path *p,
					       unsigned int may)
{
	return mount_permission(cred, p->mnt, p->dentry->inode, may);
}

/*
 * path_truncate - truncate(2): 0, -EISDIR, -EINVAL, -EACCES, -EROFS, -ETXTBSY, and what the file
 * system says.
 */
int path_truncate(const struct path *p, uint64_t size) __must_check;

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

/*
 * mount_init - @root, whose reference passes over, becomes the root of all mounts.  Boot core,
 * once.
 */
void mount_init(struct dentry *root);
