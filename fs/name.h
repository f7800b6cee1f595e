/*
 * name.h - the calls that change names.  A name is walked as by path_lookup(); errors are those of
 * the man pages of the *at calls.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "fs/mount.h"

struct walk;

/* A setting of proc_sys_fs(5): 1: nobody links to what he may not write. */
extern uint32_t protected_hardlinks;

/* vfs_make - mknodat, mkdirat, symlinkat; @what loses what it does not get. */
int vfs_make(int dirfd, const char *name, struct inode_new *what) __must_check;
/*
 * vfs_make_at - the same, and the way to it in *@out with references (NULL: the caller does not
 * need it).
 */
int vfs_make_at(int dirfd, const char *name, struct inode_new *what, struct path *out) __must_check;
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
/* vfs_rename_flags_ok - are these RENAME_* served, together? */
bool vfs_rename_flags_ok(unsigned int flags);
/* vfs_readlink - the target of @path into @buf: its length or -errno. */
int vfs_readlink(const struct path *path, char *buf, size_t size) __must_check;

/* For open.c, too: making one name; w->at is held and its inode locked. */

/*
 * name_may_create - may w->last be made there?  0, -EACCES, -EROFS, -ENOENT (the directory was
 * removed).
 */
int name_may_create(const struct walk *w) __must_check;
/*
 * name_make - make it.  @was: its negative dentry, or NULL.  Returns the dentry with a reference,
 * or err_ptr.
 */
struct dentry *name_make(struct walk *w, struct dentry *was, struct inode_new *what) __must_check;
/*
 * name_make_inode - the inode alone (@name NULL: one without a name), with what @dir, whose lock is
 * held, gives it.  Or err_ptr.
 */
struct inode *name_make_inode(struct inode *dir, const struct name *name,
			      struct inode_new *what) __must_check;
