/*
 * dentry.h - a name in a directory; all those known form one tree in memory, the dentry cache.
 *
 * A file system that lives in RAM (SB_RAM) keeps its directories in the cache itself: a name is
 * there or does not exist.  Others have a lookup operation that is asked about a name the cache
 * does not hold.
 *
 * Locks, in the order in which they are taken:
 *   mount_lock (mutex, mount_ops.c)	one change of the tree of mounts at a time
 *   rename_lock (mutex, dentry.c)	one renaming between two directories at a time: ancestors
 *					stay ancestors.  Its holder needs no dcache_lock to go up
 *					from a dentry that is held
 *   inode->lock (mutex)		a directory's entries; a file's size and attributes.  Parent
 *					before child
 *   dcache_lock (spinlock, dentry.c)	the tree: dentries, mounts, and their reference counts
 * dcache_lock is never taken from an interrupt handler; nothing sleeps under it, and nothing that a
 * path or a tree makes long is done under it: a walk gives it up every WALK_STRETCH components, and
 * a task that has far to go up takes rename_lock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/inode.h"

/* One name of a path, not terminated. */
struct name {
	const char *s;
	uint32_t len;
	uint32_t hash;
};

struct dentry {
	struct hash_node in_table;	    /* by its directory and its name, while it is hashed */
	struct dentry *parent;		    /* itself: a root, or a name that was removed */
	struct inode *inode;		    /* NULL: the file system has no such name */
	struct list_node sibling, children; /* children in order of their cookies */
	uint64_t cookie;		    /* position in its directory: getdents64's d_off */
	uint64_t next_cookie;		    /* for the next child */
	uint32_t refs;
	uint32_t mounts;      /* how many mounts sit on it */
	bool hashed;	      /* in the tree: found by name */
	bool used;	      /* of a disk's: found since dcache_shrink looked at it last */
	struct list_node lru; /* of a disk's, while nothing uses it: dcache_shrink's */
	struct name name;
	char inline_name[32]; /* name.s, or kmalloc'ed */
};

extern struct spinlock dcache_lock;

/* How often a directory has got another parent, or a mount another place; dcache_lock. */
extern uint64_t tree_moves;

/* renames_hold, renames_release - between them no directory gets another parent.  May sleep. */
void renames_hold(void);
void renames_release(void);

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
 * dentry_new - a name on its own (NULL: an empty one), not in the tree, one reference.  @inode: its
 * reference passes over, or is put; may be NULL.  NULL: no memory.
 */
struct dentry *dentry_new(const struct name *name, struct inode *inode) __must_check;
/*
 * dentry_get, dentry_put - a reference; the last one of a name that is not in the tree frees it.
 * dentry_put may sleep.
 */
void dentry_get(struct dentry *d);
void dentry_put(struct dentry *d);
/*
 * dentry_put_locked - the same with dcache_lock held; true: the caller drops dcache_lock and then
 * calls dentry_free().
 */
bool dentry_put_locked(struct dentry *d) __must_check;
void dentry_free(struct dentry *d);
/* dentry_unhold - drop a reference to one that is in the tree, with dcache_lock held. */
void dentry_unhold(struct dentry *d);
/*
 * dentry_kill_tree - everything below @root of an SB_RAM file system that nobody uses any more
 * goes; its own reference too.
 */
void dentry_kill_tree(struct dentry *root);
/*
 * dentry_forget_below - @d was removed: the names that its directory, not in RAM, does not have go
 * too, which would hold it for ever.  The caller has a reference.  May sleep.
 */
void dentry_forget_below(struct dentry *d);
/*
 * dcache_shrink - up to @n names of file systems that are not in RAM go, which nobody uses (those
 * that are known not to exist, too): how many did.  May sleep.  dcache_unused - how many there may
 * be.
 */
size_t dcache_shrink(size_t n);
size_t dcache_unused(void);
/*
 * dentry_find - the child of @dir called @name, or NULL.  dcache_lock held; no reference is taken.
 */
struct dentry *dentry_find(struct dentry *dir, const struct name *name);
/*
 * dentry_lookup - the child of @dir called @name, the file system asked if need be;
 * dir->inode->lock held.
 * Return: a dentry with a reference (inode NULL: no such file), NULL: no such file either,
 * err_ptr(-ENAMETOOLONG, -ENOENT: @dir was removed, -ENOMEM, -EIO, -EUCLEAN: the disk shows a
 * directory twice).
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
