/*
 * calls.c - the messages of 9P2000.L: their fields are put, and those of the answer taken.
 */
#include "fs/9p/calls.h"

#include <stdarg.h>

#include "abi/errno.h"
#include "abi/stat.h"

#define P9_GETATTR_ALL 0x3fffu /* with btime, generation, data version */
#define P9_LEAST       4096    /* bytes of data, where memory is short */

int p9_rpc(struct p9_fid *f, uint8_t type, const char *fmt, ...)
{
	struct p9_wire asked = { 0 }, answered = { 0 };
	bool killable = *fmt != '!';
	struct p9_request *q;
	const char *answer;
	va_list args;
	int err;

	if (f->mode == P9_NOT_OPEN && !p9_may_use(f->session))
		return -EPERM;
	fmt += !killable;
	va_start(args, fmt);
	answer = p9_vput(&asked, fmt, &args);
	err = p9_vget(&answered, answer, &args);
	va_end(args);
	q = p9_begin(f->session, type, sizeof(f->id) + asked.room, answered.room);
	if (is_err(q))
		return (int)ptr_err(q);
	va_start(args, fmt);
	p9_put(&q->wire, "d", f->id);
	(void)p9_vput(&q->wire, fmt, &args);
	err = p9_call(q, killable) ?: p9_vget(&q->wire, answer, &args);
	va_end(args);
	p9_end(q);
	return err;
}

/* ---- fids ---- */

/* @f, which a message was to make, or the error with which it did not. */
static struct p9_fid *made_fid(struct p9_fid *f, int err)
{
	if (!err)
		return f;
	p9_fid_forget(f);
	return err_ptr(err);
}

struct p9_fid *p9_walk(struct p9_fid *from, const struct name *name)
{
	struct p9_fid *f = p9_fid_new(from->session);
	uint16_t walked;
	int err = f ? p9_rpc(from, P9_TWALK, "Fhn>h", f->id, 1, name, &walked) : -ENOMEM;

	/* One step, which is made or not: not is an error, says walk(5), but to be sure. */
	if (!err && walked != 1)
		err = walked ? -EIO : -ENOENT;
	return made_fid(f, err);
}

struct p9_fid *p9_clone(struct p9_fid *from)
{
	struct p9_fid *f = p9_fid_new(from->session);

	return made_fid(f, f ? p9_rpc(from, P9_TWALK, "Fh", f->id, 0) : -ENOMEM);
}

int p9_open(struct p9_fid *f, uint32_t flags)
{
	int err = p9_rpc(f, P9_TLOPEN, "d", flags);

	if (!err)
		f->mode = flags & P9_O_ACCMODE;
	return err;
}

/* ---- attributes ---- */

static bool is_file_type(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
	case S_IFLNK:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK: return true;
	default: return false;
	}
}

int p9_getattr(struct p9_fid *f, struct p9_attr *a)
{
	uint64_t rdev;
	uint64_t *const unused = NULL; /* which are valid: what is not is 0; and st_blksize */
	int err = p9_rpc(f, P9_TGETATTR, "q>qQdddqqqqqtttt", (uint64_t)P9_GETATTR_ALL, unused,
			 &a->ino, &a->mode, &a->uid, &a->gid, &a->nlink, &rdev, &a->size, unused,
			 &a->blocks, &a->atime, &a->mtime, &a->ctime, &a->btime);

	if (err)
		return err;
	a->rdev = (uint32_t)rdev;
	if (!is_file_type(a->mode) || a->size > INT64_MAX)
		return -EIO;
	a->mode &= S_IFMT | 07777;
	return 0;
}

struct p9_fid *p9_xattr_walk(struct p9_fid *f, const char *name, uint64_t *size)
{
	struct p9_fid *x = p9_fid_new(f->session);

	return made_fid(x, x ? p9_rpc(f, P9_TXATTRWALK, "Fs>q", x->id, name, size) : -ENOMEM);
}

int p9_xattr_set(struct p9_fid *f, const char *name, const void *value, size_t size, uint32_t flags)
{
	struct p9_fid *x = p9_clone(f);
	struct iter from;
	long n;
	int err;

	if (is_err(x))
		return (int)ptr_err(x);
	size = value ? size : 0;
	err = p9_rpc(x, P9_TXATTRCREATE, "sqd", name, (uint64_t)size, flags);
	for (size_t at = 0; !err && at < size; at += (size_t)n) {
		iter_kernel(&from, (const char *)value + at, size - at);
		n = p9_write(x, at, &from, true);
		err = n < 0 ? (int)n : 0;
	}
	if (err) {
		p9_fid_put(x);
		return err;
	}
	/* Not by p9_fid_put: only with this it is set, and the server says whether. */
	err = p9_rpc(x, P9_TCLUNK, "");
	p9_fid_forget(x);
	return err;
}

/* ---- data ---- */

static uint32_t data_room(const struct p9_fid *f, const struct iter *it)
{
	return (uint32_t)min(it->left, (size_t)f->session->msize - P9_DATA_HEAD - 1);
}

long p9_read(struct p9_fid *f, uint8_t type, uint64_t at, struct iter *to)
{
	size_t left = to->left;
	uint32_t n = data_room(f, to);
	int err = p9_rpc(f, type, "qd>D", at, n, to, n);

	/* Memory in one piece may be short: less at a time, then. */
	if (err == -ENOMEM && n > P9_LEAST)
		err = p9_rpc(f, type, "qd>D", at, P9_LEAST, to, P9_LEAST);
	return to->left < left ? (long)(left - to->left) : err;
}

long p9_write(struct p9_fid *f, uint64_t at, struct iter *from, bool killable)
{
	const char *fmt = killable ? "qD>d" : "!qD>d";
	struct iter first = *from;
	uint32_t n = data_room(f, from), done;
	int err = p9_rpc(f, P9_TWRITE, fmt, at, from, n, &done);

	if (err == -ENOMEM && n > P9_LEAST) {
		*from = first;
		err = p9_rpc(f, P9_TWRITE, fmt, at, from, P9_LEAST, &done);
	}
	if (!err && (!done || done > first.left - from->left))
		err = -EIO;
	return err ?: (long)done;
}
