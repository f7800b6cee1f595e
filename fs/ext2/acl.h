/*
 * acl.h - POSIX ACLs as ext2 keeps them, and as getxattr(2) gives them: on the disk only those
 * entries have an id that need one.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * ext2_acl_to_user - the ACL of @len bytes at @disk into @buf: its length there; @size 0: only
 * that.  -ERANGE, -EUCLEAN.
 * ext2_acl_to_disk - the other way, of the @len bytes of a whole ACL at @user, into @disk, which
 * has room for as many: how many it are there.
 */
long ext2_acl_to_user(const void *disk, size_t len, void *buf, size_t size);
size_t ext2_acl_to_disk(const void *user, size_t len, void *disk);
