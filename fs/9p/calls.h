/*
 * calls.h - what is asked of a 9P server.
 *
 * All may sleep; 0, or -errno: the server's, -EIO (it has answered what cannot be), -ENOMEM, -EINTR
 * (current is to die), -EPERM (p9_may_use says no, and @f is not open).
 */
#pragma once

#include "fs/9p/client.h"
#include "fs/inode.h"
#include "fs/iter.h"

struct p9_attr {
	uint64_t ino, nlink, size, blocks;
	uint32_t mode, uid, gid, rdev;
	struct vfs_time atime, mtime, ctime, btime;
};

/*
 * p9_rpc - a message of @type with @f's fid, and its answer.  @fmt: the other fields of the one
 * and, behind a '>', those of the other, as far as they matter (wire.h).  A '!' before them: it is
 * waited for even if current is to die.
 */
int p9_rpc(struct p9_fid *f, uint8_t type, const char *fmt, ...);

/*
 * p9_walk - a new fid for what directory @from has under @name.  p9_clone - one for @from itself.
 * err_ptr.
 */
struct p9_fid *p9_walk(struct p9_fid *from, const struct name *name) __must_check;
struct p9_fid *p9_clone(struct p9_fid *from) __must_check;
/* p9_open - @f, not open yet, is open with @flags, P9_O_*. */
int p9_open(struct p9_fid *f, uint32_t flags) __must_check;
int p9_getattr(struct p9_fid *f, struct p9_attr *a) __must_check;
/* p9_xattr_walk - a fid from which attribute @name ("": the list) is read, of *@size bytes. */
struct p9_fid *p9_xattr_walk(struct p9_fid *f, const char *name, uint64_t *size) __must_check;
/* p9_xattr_set - @value NULL: it is removed. */
int p9_xattr_set(struct p9_fid *f, const char *name, const void *value, size_t size,
		 uint32_t flags) __must_check;
/*
 * p9_read - Tread or Treaddir at @at, p9_write - Twrite, in one message: how many bytes, of at most
 * what @to or @from has left, or -errno, -EFAULT among them; 0 only of a read.  @killable: as '!'.
 */
long p9_read(struct p9_fid *f, uint8_t type, uint64_t at, struct iter *to) __must_check;
long p9_write(struct p9_fid *f, uint64_t at, struct iter *from, bool killable) __must_check;

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
