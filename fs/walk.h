/*
 * walk.h - a walk along a path, for the calls that stop before its last component (open.c, name.c).
 *
 * 	walk_start(&w, dirfd, name, 0, cred);
 * 	err = walk_to_last(&w);		stands in a directory now; w.last is the name to be looked
 *					up, made or removed
 * 	walk_hold(&w);			w.at has references until walk_end: one may sleep
 * 	...
 * 	walk_end(&w);
 *
 * As long as all is in the cache, a walk holds dcache_lock and counts no references; but no longer
 * than for WALK_STRETCH components, so that a long path keeps nobody else waiting.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "fs/fdtable.h"

#define LINKS_MAX      40 /* symbolic links followed in one walk; then -ELOOP */
#define WALK_STRETCH   64u

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

enum last_kind {
	LAST_NAME,   /* w->last */
	LAST_DOT,    /* ".", stands there already */
	LAST_DOTDOT, /* "..", one must still go up */
	LAST_ROOT,   /* the path was nothing but slashes */
};

struct walk {
	const struct cred *cred;
	struct path at;	     /* where it stands */
	struct path root;    /* "/" of this walk, once it is known (root.mnt) */
	bool locked;	     /* dcache_lock is held */
	bool root_held;	     /* root has references */
	struct path held;    /* where it stood when it last gave up the lock; walk_end puts it */
	struct path crossed; /* where a long stack of mounts led, or nothing; walk_end puts it */
	struct fd_ref base;  /* dirfd's file */
	const char *rest;    /* of the text that is walked */
	bool to_root;	     /* it goes on from the root */
	uint32_t resolve;    /* RESOLVE_* */
	uint32_t steps;	     /* components so far */
	uint64_t moves;	     /* tree_moves when it began, if @resolve confines it */
	/*
	 * At is known to be below the root of this mount, as long as tree_moves is what it was
	 * then.  NULL: it is not known.
	 */
	const struct mount *inside;
	uint64_t inside_moves;
	struct name last;
	enum last_kind kind;
	bool slash;	  /* the path ends in a slash: it means a directory */
	uint32_t links;	  /* symbolic links followed so far */
	uint32_t pending; /* texts to go on with when this one ends */
	const char *rests[LINKS_MAX];
	char *texts[LINKS_MAX]; /* of the links; freed in the end */
};

/*
 * walk_start - begin, with dcache_lock held on success.  @resolve: RESOLVE_*, what the walk must
 * not do (openat2(2)). 0, -ENOENT (""), -EBADF, -EXDEV.  walk_end is due in any case.
 */
int walk_start(struct walk *w, int dirfd, const char *name, uint32_t resolve,
	       const struct cred *cred) __must_check;
/*
 * walk_to_last - go as far as the directory in which the last component lies; it may be searched.
 * 0 or -errno.  Takes the lock if need be.
 */
int walk_to_last(struct walk *w) __must_check;
/* walk_hold - give up the lock, with references to where it stands. */
void walk_hold(struct walk *w);
/*
 * walk_follow - @link, a symbolic link in w->at, which is held: its text is what is walked next
 * (walk_to_last).  0 or -errno.
 */
int walk_follow(struct walk *w, struct inode *link) __must_check;
/* A setting of proc_sys_fs(5): 1: not all symbolic links are followed. */
extern uint32_t protected_symlinks;
/* walk_may_follow - may it, where it is the last component?  0 or -EACCES. */
int walk_may_follow(const struct walk *w, const struct inode *link) __must_check;
/*
 * walk_cross - the child *@p that was found there becomes what is mounted on it; the walk is held.
 * 0, -EXDEV: it must not.
 */
int walk_cross(const struct walk *w, struct path *p) __must_check;
void walk_end(struct walk *w);
