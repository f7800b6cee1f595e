/*
 * calls.h - what is asked of a 9P server, one function a message.
 *
 * All may sleep; 0, or -errno: the server's, -EIO (it has answered what cannot be), -ENOMEM, -EINTR
 * (current is to die).
 */
#pragma once

#include "fs/9p/client.h"

/* p9_attach - a fid for the root of the tree called @aname, as user @uname, number @uid. */
struct p9_fid *p9_attach(struct p9_session *s, const char *uname, const char *aname,
			 uint32_t uid) __must_check;
/*
 * p9_walk - a new fid for what directory @from has under @name of @len bytes; NULL @name: for @from
 * itself.  err_ptr.
 */
struct p9_fid *p9_walk(struct p9_fid *from, const char *name, size_t len) __must_check;
/* p9_open - @f, not open yet, is open with @flags, P9_O_*. */
int p9_open(struct p9_fid *f, uint32_t flags) __must_check;
/* p9_create - @f, a directory's, becomes the new file @name in it, open with @flags. */
int p9_create(struct p9_fid *f, const char *name, size_t len, uint32_t flags, uint32_t mode,
	      uint32_t gid) __must_check;
int p9_mkdir(struct p9_fid *dir, const char *name, size_t len, uint32_t mode,
	     uint32_t gid) __must_check;
int p9_mknod(struct p9_fid *dir, const char *name, size_t len, uint32_t mode, uint32_t rdev,
	     uint32_t gid) __must_check;
int p9_symlink(struct p9_fid *dir, const char *name, size_t len, const char *target,
	       uint32_t gid) __must_check;
int p9_link(struct p9_fid *dir, const char *name, size_t len, struct p9_fid *what) __must_check;
int p9_unlink(struct p9_fid *dir, const char *name, size_t len, bool is_dir) __must_check;
int p9_rename(struct p9_fid *from, const char *old, size_t old_len, struct p9_fid *to,
	      const char *new_name, size_t new_len) __must_check;
/* p9_readlink - into @buf, cut to @size, not terminated: how many bytes. */
int p9_readlink(struct p9_fid *f, char *buf, size_t size) __must_check;
int p9_getattr(struct p9_fid *f, struct p9_attr *a) __must_check;
struct p9_setattr {
	uint32_t valid; /* P9_SET_* */
	uint32_t mode, uid, gid;
	uint64_t size;
	struct p9_time atime, mtime;
};
int p9_setattr(struct p9_fid *f, const struct p9_setattr *a);
int p9_statfs(struct p9_fid *f, struct p9_statfs *s) __must_check;
int p9_fsync(struct p9_fid *f, bool data_only) __must_check;
/* p9_xattr_walk - a fid from which attribute @name (NULL: the list) is read, of *@size bytes. */
struct p9_fid *p9_xattr_walk(struct p9_fid *f, const char *name, uint64_t *size) __must_check;
/* p9_xattr_set - @value NULL: it is removed. */
int p9_xattr_set(struct p9_fid *f, const char *name, const void *value, size_t size,
		 uint32_t flags) __must_check;
/*
 * p9_read - a request that has read up to @n bytes at @at: its wire is those, *@got of them.
 * err_ptr.  p9_end is the caller's.  p9_read_dir - the same of Treaddir.
 */
struct p9_request *p9_read(struct p9_fid *f, uint64_t at, size_t n, size_t *got) __must_check;
struct p9_request *p9_read_dir(struct p9_fid *f, uint64_t at, size_t n) __must_check;
/*
 * p9_write_begin - a request that is to write at @at: up to @n bytes (cut to what a message holds)
 * are put at wire.at, which the caller moves.  p9_write_end - they are written: how many, or
 * -errno; and the request is gone.
 */
struct p9_request *p9_write_begin(struct p9_fid *f, uint64_t at, size_t n) __must_check;
long p9_write_end(struct p9_request *q, bool killable) __must_check;

/* p9_piece - how many data bytes a message of this session holds. */
static inline uint32_t p9_piece(const struct p9_session *s)
{
	return s->msize - P9_DATA_HEAD - 1;
}

/* Flags of Tlopen and Tlcreate: Linux's on x86. */
#define P9_O_RDONLY    0u
#define P9_O_WRONLY    1u
#define P9_O_RDWR      2u
#define P9_O_ACCMODE   3u
#define P9_O_CREATE    0100u
#define P9_O_EXCL      0200u
#define P9_O_APPEND    02000u
#define P9_O_DSYNC     010000u
#define P9_O_LARGEFILE 0100000u
#define P9_O_DIRECTORY 0200000u
#define P9_O_SYNC      04000000u
#define P9_REMOVEDIR   0x200u /* of Tunlinkat */
