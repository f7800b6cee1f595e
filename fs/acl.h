/*
 * acl.h - POSIX access control lists (acl(5)), which a file system keeps as the attributes
 * system.posix_acl_access and, of a directory, system.posix_acl_default.
 *
 * What inode_ops.getxattr and setxattr are given under these names is the form that setxattr(2)
 * takes: a header and entries of 8 bytes, checked (acl_parse).  The access list of an inode in
 * memory is at inode->acl, so that who may do what is said without a sleep; under acl_lock (a spin
 * lock, acl.c).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/inode.h"

#define ACL_ACCESS	"system.posix_acl_access"
#define ACL_DEFAULT	"system.posix_acl_default"
#define ACL_ENTRIES_MAX 500u /* bounds what is done for one check of permission */
#define ACL_BYTES_MAX	(4 + 8 * ACL_ENTRIES_MAX)

struct acl;

/* acl_is_name - is @name one of the two above? */
bool acl_is_name(const char *name);
/*
 * acl_parse - @size bytes of setxattr(2)'s form.  A list (kfree); NULL: it says nothing (no bytes,
 * or no entries); err_ptr(-EOPNOTSUPP: another version, -EINVAL, -ENOSPC: too long, -ENOMEM).
 */
struct acl *acl_parse(const void *value, size_t size) __must_check;
/*
 * acl_mode - the permission bits that say what @acl does, into @mode.  True: they say all of it,
 * and the list need not be kept.
 */
bool acl_mode(const struct acl *acl, uint32_t *mode);
/*
 * acl_check - may @cred, who is not the owner of @inode, do what @may asks for, MAY_*, by its list?
 * 1: it has none any more.  0 or -EACCES.  Does not sleep.
 */
int acl_check(const struct cred *cred, const struct inode *inode, unsigned int may);
/*
 * acl_load - the lists of @inode, which nobody has seen yet, as the file system has them.  0, -EIO,
 * -ENOMEM.  May sleep.
 */
int acl_load(struct inode *inode) __must_check;
/*
 * acl_store - @acl (kept; NULL: none) is the list @name of @inode from now on; its lock is held.  0
 * or what setxattr says.  May sleep.
 */
int acl_store(struct inode *inode, const char *name, struct acl *acl) __must_check;
/* acl_chmod - the mode of @inode is about to become @mode; its lock is held.  As acl_store. */
int acl_chmod(struct inode *inode, uint32_t mode) __must_check;

/* What a new inode gets of its directory's default list. */
struct acl_given {
	struct acl *access, *dir; /* kfree'd by acl_give */
};
/*
 * acl_inherit - @what, to be made in @dir: its mode without the umask's bits, or as the default
 * list says.  0, -EIO, -ENOMEM; acl_give is due.
 * acl_give - @inode, just made and not in the tree yet (or NULL), gets the lists.  0 or -errno.
 */
int acl_inherit(struct inode *dir, struct inode_new *what, struct acl_given *g) __must_check;
int acl_give(struct inode *inode, struct acl_given *g) __must_check;
