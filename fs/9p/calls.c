/*
 * calls.c - the messages of 9P2000.L: each puts its fields, and takes those of the answer.
 */
#include "fs/9p/calls.h"

#include "abi/errno.h"
#include "abi/stat.h"
#include "lib/string.h"

#define QID_BYTES  13
#define ATTR_BYTES 160 /* Rgetattr and Rstatfs have fewer */

/* A request with the fid, which most begin with, and room for a name and some numbers. */
static struct p9_request *p9_begin_fid(struct p9_fid *f, uint8_t type, size_t t_room, size_t r_room)
{
	struct p9_request *q = p9_begin(f->session, type, t_room + 4, r_room);

	if (!is_err(q))
		p9_put32(&q->wire, f->id);
	return q;
}

/* A request whose answer has nothing that is needed. */
static int p9_do(struct p9_request *q)
{
	int err = p9_call(q, true);

	p9_end(q);
	return err;
}

/* For a request that makes @made: @q's end, and @made, or err_ptr. */
static struct p9_fid *p9_make_fid(struct p9_request *q, struct p9_fid *made, int err)
{
	p9_end(q);
	if (!err)
		return made;
	p9_fid_forget(made);
	return err_ptr(err);
}

struct p9_fid *p9_attach(struct p9_session *s, const char *uname, const char *aname, uint32_t uid)
{
	size_t uname_len = strlen(uname), aname_len = strlen(aname);
	struct p9_fid *f = p9_fid_new(s);
	struct p9_request *q;

	if (!f)
		return err_ptr(-ENOMEM);
	q = p9_begin_fid(f, P9_TATTACH, uname_len + aname_len + 12, QID_BYTES);
	if (is_err(q)) {
		p9_fid_forget(f);
		return (struct p9_fid *)q;
	}
	p9_put32(&q->wire, P9_NOFID);
	p9_put_string(&q->wire, uname, uname_len);
	p9_put_string(&q->wire, aname, aname_len);
	p9_put32(&q->wire, uid);
	q->new_fid = f->id;
	return p9_make_fid(q, f, p9_call(q, true));
}

struct p9_fid *p9_walk(struct p9_fid *from, const char *name, size_t len)
{
	struct p9_fid *f = p9_fid_new(from->session);
	struct p9_request *q;
	uint16_t walked;
	int err;

	if (!f)
		return err_ptr(-ENOMEM);
	q = p9_begin_fid(from, P9_TWALK, len + 8, 2 + QID_BYTES);
	if (is_err(q)) {
		p9_fid_forget(f);
		return (struct p9_fid *)q;
	}
	p9_put32(&q->wire, f->id);
	p9_put16(&q->wire, name != NULL);
	if (name)
		p9_put_string(&q->wire, name, len);
	q->new_fid = f->id;
	err = p9_call(q, true);
	walked = err ? 0 : p9_get16(&q->wire);
	/* One step, which is made or not: not is an error, says walk(5), but to be sure. */
	if (!err && walked != (name != NULL))
		err = walked ? -EIO : -ENOENT;
	return p9_make_fid(q, f, err);
}

int p9_open(struct p9_fid *f, uint32_t flags)
{
	struct p9_request *q = p9_begin_fid(f, P9_TLOPEN, 4, QID_BYTES + 4);

	if (is_err(q))
		return (int)ptr_err(q);
	p9_put32(&q->wire, flags);
	f->mode = flags & P9_O_ACCMODE;
	return p9_do(q);
}

int p9_create(struct p9_fid *f, const char *name, size_t len, uint32_t flags, uint32_t mode,
	      uint32_t gid)
{
	struct p9_request *q = p9_begin_fid(f, P9_TLCREATE, len + 14, QID_BYTES + 4);

	if (is_err(q))
		return (int)ptr_err(q);
	p9_put_string(&q->wire, name, len);
	p9_put32(&q->wire, flags);
	p9_put32(&q->wire, mode);
	p9_put32(&q->wire, gid);
	f->mode = flags & P9_O_ACCMODE;
	return p9_do(q);
}

int p9_mkdir(struct p9_fid *dir, const char *name, size_t len, uint32_t mode, uint32_t gid)
{
	struct p9_request *q = p9_begin_fid(dir, P9_TMKDIR, len + 10, QID_BYTES);

	if (is_err(q))
		return (int)ptr_err(q);
	p9_put_string(&q->wire, name, len);
	p9_put32(&q->wire, mode);
	p9_put32(&q->wire, gid);
	return p9_do(q);
}

int p9_mknod(struct p9_fid *dir, const char *name, size_t len, uint32_t mode, uint32_t rdev,
	     uint32_t gid)
{
	struct p9_request *q = p9_begin_fid(dir, P9_TMKNOD, len + 18, QID_BYTES);

	if (is_err(q))
		return (int)ptr_err(q);
	p9_put_string(&q->wire, name, len);
	p9_put32(&q->wire, mode);
	p9_put32(&q->wire, dev_major(rdev));
	p9_put32(&q->wire, dev_minor(rdev));
	p9_put32(&q->wire, gid);
	return p9_do(q);
}

int p9_symlink(struct p9_fid *dir, const char *name, size_t len, const char *target, uint32_t gid)
{
	size_t target_len = strlen(target);
	struct p9_request *q = p9_begin_fid(dir, P9_TSYMLINK, len + target_len + 8, QID_BYTES);

	if (is_err(q))
		return (int)ptr_err(q);
	p9_put_string(&q->wire, name, len);
	p9_put_string(&q->wire, target, target_len);
	p9_put32(&q->wire, gid);
	return p9_do(q);
}

int p9_link(struct p9_fid *dir, const char *name, size_t len, struct p9_fid *what)
{
	struct p9_request *q = p9_begin_fid(dir, P9_TLINK, len + 6, 0);

	if (is_err(q))
		return (int)ptr_err(q);
	p9_put32(&q->wire, what->id);
	p9_put_string(&q->wire, name, len);
	return p9_do(q);
}

int p9_unlink(struct p9_fid *dir, const char *name, size_t len, bool is_dir)
{
	struct p9_request *q = p9_begin_fid(dir, P9_TUNLINKAT, len + 6, 0);

	if (is_err(q))
		return (int)ptr_err(q);
	p9_put_string(&q->wire, name, len);
	p9_put32(&q->wire, is_dir ? P9_REMOVEDIR : 0);
	return p9_do(q);
}

int p9_rename(struct p9_fid *from, const char *old, size_t old_len, struct p9_fid *to,
	      const char *new_name, size_t new_len)
{
	struct p9_request *q = p9_begin_fid(from, P9_TRENAMEAT, old_len + new_len + 8, 0);

	if (is_err(q))
		return (int)ptr_err(q);
	p9_put_string(&q->wire, old, old_len);
	p9_put32(&q->wire, to->id);
	p9_put_string(&q->wire, new_name, new_len);
	return p9_do(q);
}

int p9_readlink(struct p9_fid *f, char *buf, size_t size)
{
	struct p9_request *q = p9_begin_fid(f, P9_TREADLINK, 0, 2 + P9_LINK_MAX);
	size_t n, at;
	int err;

	if (is_err(q))
		return (int)ptr_err(q);
	err = p9_call(q, true);
	if (!err) {
		n = p9_get16(&q->wire);
		if (q->wire.bad || n > (size_t)(q->wire.end - q->wire.at))
			err = -EIO;
		else
			err = (int)min(n, size);
	}
	if (err > 0) {
		memcpy(buf, q->wire.at, (size_t)err);
		at = strnlen(buf, (size_t)err);
		if (at < (size_t)err) /* no path has a NUL */
			err = -EIO;
	}
	p9_end(q);
	return err;
}

int p9_getattr(struct p9_fid *f, struct p9_attr *a)
{
	struct p9_request *q = p9_begin_fid(f, P9_TGETATTR, 8, ATTR_BYTES);
	int err;

	if (is_err(q))
		return (int)ptr_err(q);
	p9_put64(&q->wire, P9_GETATTR_ALL);
	err = p9_call(q, true) ?: p9_get_attr(&q->wire, a);
	p9_end(q);
	return err;
}

int p9_setattr(struct p9_fid *f, const struct p9_setattr *a)
{
	struct p9_request *q = p9_begin_fid(f, P9_TSETATTR, 56, 0);

	if (is_err(q))
		return (int)ptr_err(q);
	p9_put32(&q->wire, a->valid);
	p9_put32(&q->wire, a->mode);
	p9_put32(&q->wire, a->uid);
	p9_put32(&q->wire, a->gid);
	p9_put64(&q->wire, a->size);
	p9_put64(&q->wire, a->atime.sec);
	p9_put64(&q->wire, a->atime.nsec);
	p9_put64(&q->wire, a->mtime.sec);
	p9_put64(&q->wire, a->mtime.nsec);
	return p9_do(q);
}

int p9_statfs(struct p9_fid *f, struct p9_statfs *s)
{
	struct p9_request *q = p9_begin_fid(f, P9_TSTATFS, 0, ATTR_BYTES);
	int err;

	if (is_err(q))
		return (int)ptr_err(q);
	err = p9_call(q, true) ?: p9_get_statfs(&q->wire, s);
	p9_end(q);
	return err;
}

int p9_fsync(struct p9_fid *f, bool data_only)
{
	struct p9_request *q = p9_begin_fid(f, P9_TFSYNC, 4, 0);

	if (is_err(q))
		return (int)ptr_err(q);
	p9_put32(&q->wire, data_only);
	return p9_do(q);
}

/* ---- extended attributes ---- */

struct p9_fid *p9_xattr_walk(struct p9_fid *f, const char *name, uint64_t *size)
{
	size_t len = name ? strlen(name) : 0;
	struct p9_fid *made = p9_fid_new(f->session);
	struct p9_request *q;
	int err;

	if (!made)
		return err_ptr(-ENOMEM);
	q = p9_begin_fid(f, P9_TXATTRWALK, len + 6, 8);
	if (is_err(q)) {
		p9_fid_forget(made);
		return (struct p9_fid *)q;
	}
	p9_put32(&q->wire, made->id);
	p9_put_string(&q->wire, name, len);
	q->new_fid = made->id;
	err = p9_call(q, true);
	*size = err ? 0 : p9_get64(&q->wire);
	if (!err && q->wire.bad)
		err = -EIO;
	return p9_make_fid(q, made, err);
}

/* Tclunk that is waited for: only then is an attribute set, and the server says whether. */
static int p9_clunk_wait(struct p9_fid *f)
{
	struct p9_request *q = p9_begin_fid(f, P9_TCLUNK, 0, 0);

	if (is_err(q)) {
		p9_fid_put(f);
		return -ENOMEM;
	}
	p9_fid_forget(f);
	return p9_do(q);
}

int p9_xattr_set(struct p9_fid *f, const char *name, const void *value, size_t size, uint32_t flags)
{
	size_t len = strlen(name);
	struct p9_fid *x = p9_walk(f, NULL, 0);
	struct p9_request *q;
	long n;

	if (is_err(x))
		return (int)ptr_err(x);
	q = p9_begin_fid(x, P9_TXATTRCREATE, len + 14, 0);
	if (!is_err(q)) {
		p9_put_string(&q->wire, name, len);
		p9_put64(&q->wire, value ? size : 0);
		p9_put32(&q->wire, flags);
		n = p9_do(q);
	} else {
		n = ptr_err(q);
	}
	for (size_t at = 0; !n && value && at < size; at += (size_t)n, n = 0) {
		q = p9_write_begin(x, at, size - at);
		if (is_err(q)) {
			n = ptr_err(q);
			break;
		}
		len = min(size - at, (size_t)(q->wire.end - q->wire.at));
		memcpy(q->wire.at, (const char *)value + at, len);
		q->wire.at += len;
		n = p9_write_end(q, true);
		if (n <= 0) {
			n = n ?: -EIO;
			break;
		}
	}
	if (n) {
		p9_fid_put(x);
		return (int)n;
	}
	return p9_clunk_wait(x);
}

/* ---- data ---- */

static struct p9_request *p9_begin_read(struct p9_fid *f, uint8_t type, uint64_t at, size_t n)
{
	struct p9_request *q = p9_begin_fid(f, type, 12, 4 + n);

	if (is_err(q))
		return q;
	p9_put64(&q->wire, at);
	p9_put32(&q->wire, (uint32_t)n);
	return q;
}

/* The answer to it: the wire is the data. */
static struct p9_request *p9_get_data(struct p9_request *q, size_t n)
{
	long got = p9_call(q, true);

	if (!got)
		got = p9_get_count(&q->wire, (uint32_t)n);
	if (got >= 0)
		return q;
	p9_end(q);
	return err_ptr(got);
}

struct p9_request *p9_read(struct p9_fid *f, uint64_t at, size_t n, size_t *got)
{
	struct p9_request *q;

	n = min(n, (size_t)p9_piece(f->session));
	q = p9_begin_read(f, P9_TREAD, at, n);
	/* Memory in one piece may be short: less at a time, then. */
	if (is_err(q) && n > 4096)
		q = p9_begin_read(f, P9_TREAD, at, n = 4096);
	if (!is_err(q))
		q = p9_get_data(q, n);
	*got = is_err(q) ? 0 : (size_t)(q->wire.end - q->wire.at);
	return q;
}

struct p9_request *p9_read_dir(struct p9_fid *f, uint64_t at, size_t n)
{
	struct p9_request *q;

	n = min(n, (size_t)p9_piece(f->session));
	q = p9_begin_read(f, P9_TREADDIR, at, n);
	return is_err(q) ? q : p9_get_data(q, n);
}

struct p9_request *p9_write_begin(struct p9_fid *f, uint64_t at, size_t n)
{
	struct p9_request *q;

	n = min(n, (size_t)p9_piece(f->session));
	q = p9_begin_fid(f, P9_TWRITE, 12 + n, 4);
	if (is_err(q) && n > 4096)
		q = p9_begin_fid(f, P9_TWRITE, 12 + 4096, 4);
	if (is_err(q))
		return q;
	p9_put64(&q->wire, at);
	p9_put32(&q->wire, 0); /* p9_write_end knows */
	return q;
}

long p9_write_end(struct p9_request *q, bool killable)
{
	uint8_t *data = q->t + P9_DATA_HEAD;
	uint32_t n = (uint32_t)(q->wire.at - data), done;
	struct p9_wire count = { .at = data - 4, .end = data };
	long ret;

	p9_put32(&count, n);
	ret = p9_call(q, killable);
	if (!ret) {
		done = p9_get32(&q->wire);
		ret = q->wire.bad || done > n ? -EIO : (long)done;
	}
	p9_end(q);
	return ret;
}
