/*
 * calls.h - what is asked of a 9P server.
 *
 * All may sleep; 0, or -errno: the server's, -EIO (it has answered what cannot be), -ENOMEM, -EINTR
 * (current is to die).
 */
#pragma once

#include "fs/9p/client.h"

/*
 * p9_ask - a message of @type with @f's fid and what @fmt says of the rest, a letter each: h 16
 * bits, d a uint32_t, q a uint64_t, s a string, n a name (const char *, uint32_t).  The request,
 * whose wire stands behind the head of the answer, which has up to @r_room bytes; or err_ptr.
 * p9_end is the caller's.
 * p9_do - the same where the answer does not matter.
 */
struct p9_request *p9_ask(struct p9_fid *f, uint8_t type, size_t r_room, const char *fmt,
			  ...) __must_check;
int p9_do(struct p9_fid *f, uint8_t type, const char *fmt, ...);

/* p9_attach - a fid for the root of the tree called @aname, as user @uname, number @uid. */
struct p9_fid *p9_attach(struct p9_session *s, const char *uname, const char *aname,
			 uint32_t uid) __must_check;
/*
 * p9_walk - a new fid for what directory @from has under @name of @len bytes; NULL @name: for @from
 * itself.  err_ptr.
 */
struct p9_fid *p9_walk(struct p9_fid *from, const char *name, uint32_t len) __must_check;
/* p9_open - @f, not open yet, is open with @flags, P9_O_*. */
int p9_open(struct p9_fid *f, uint32_t flags) __must_check;
/* p9_readlink - into @buf, cut to @size, not terminated: how many bytes. */
int p9_readlink(struct p9_fid *f, char *buf, size_t size) __must_check;
int p9_getattr(struct p9_fid *f, struct p9_attr *a) __must_check;
int p9_statfs(struct p9_fid *f, struct p9_statfs *s) __must_check;
/* p9_xattr_walk - a fid from which attribute @name ("": the list) is read, of *@size bytes. */
struct p9_fid *p9_xattr_walk(struct p9_fid *f, const char *name, uint64_t *size) __must_check;
/* p9_xattr_set - @value NULL: it is removed. */
int p9_xattr_set(struct p9_fid *f, const char *name, const void *value, size_t size,
		 uint32_t flags) __must_check;
/*
 * p9_read - Tread or Treaddir of up to @n bytes at @at: a request whose wire is those, *@got of
 * them, or err_ptr.  p9_end is the caller's.
 */
struct p9_request *p9_read(struct p9_fid *f, uint8_t type, uint64_t at, size_t n,
			   size_t *got) __must_check;
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
