/*
 * calls.c - the messages of 9P2000.L: their fields are put, and those of the answer taken.
 */
#include "fs/9p/calls.h"

#include <stdarg.h>

#include "abi/errno.h"
#include "lib/string.h"

#define P9_QID_BYTES 13
#define ATTR_BYTES   160  /* Rgetattr and Rstatfs have fewer */
#define P9_LEAST     4096 /* bytes of data, where memory is short */

/* How many bytes @fmt's fields take. */
static size_t p9_room(const char *fmt, va_list args)
{
	size_t n = 4; /* the fid */

	for (; *fmt; fmt++)
		switch (*fmt) {
		case 'h':
			(void)va_arg(args, int);
			n += 2;
			break;
		case 'd':
			(void)va_arg(args, uint32_t);
			n += 4;
			break;
		case 'q':
			(void)va_arg(args, uint64_t);
			n += 8;
			break;
		case 's': n += 2 + strlen(va_arg(args, const char *)); break;
		default: (void)va_arg(args, const char *); n += 2 + va_arg(args, uint32_t);
		}
	return n;
}

static void p9_put_fields(struct p9_wire *w, const char *fmt, va_list args)
{
	const char *s;

	for (; *fmt; fmt++)
		switch (*fmt) {
		case 'h': p9_put16(w, (uint16_t)va_arg(args, int)); break;
		case 'd': p9_put32(w, va_arg(args, uint32_t)); break;
		case 'q': p9_put64(w, va_arg(args, uint64_t)); break;
		case 's':
			s = va_arg(args, const char *);
			p9_put_string(w, s, strlen(s));
			break;
		default:
			s = va_arg(args, const char *);
			p9_put_string(w, s, va_arg(args, uint32_t));
		}
}

/* The request alone; with @more bytes behind the fields. */
static struct p9_request *p9_build(struct p9_fid *f, uint8_t type, size_t more, size_t r_room,
				   const char *fmt, va_list args)
{
	struct p9_request *q;
	va_list again;

	va_copy(again, args);
	q = p9_begin(f->session, type, p9_room(fmt, again) + more, r_room);
	va_end(again);
	if (is_err(q))
		return q;
	p9_put32(&q->wire, f->id);
	p9_put_fields(&q->wire, fmt, args);
	return q;
}

static struct p9_request *p9_answer(struct p9_request *q, bool killable)
{
	int err = is_err(q) ? 0 : p9_call(q, killable);

	if (!err)
		return q;
	p9_end(q);
	return err_ptr(err);
}

struct p9_request *p9_ask(struct p9_fid *f, uint8_t type, size_t r_room, const char *fmt, ...)
{
	struct p9_request *q;
	va_list args;

	va_start(args, fmt);
	q = p9_build(f, type, 0, r_room, fmt, args);
	va_end(args);
	return p9_answer(q, true);
}

int p9_do(struct p9_fid *f, uint8_t type, const char *fmt, ...)
{
	struct p9_request *q;
	va_list args;

	va_start(args, fmt);
	q = p9_build(f, type, 0, P9_QID_BYTES + 4, fmt, args);
	va_end(args);
	q = p9_answer(q, true);
	if (is_err(q))
		return (int)ptr_err(q);
	p9_end(q);
	return 0;
}

/*
 * The same for what makes fid @made, which is @f itself (Tattach) or whose number is the first
 * field: its request, with which @made is as it may be; or NULL, *@made is gone, and err_ptr in it.
 */
static struct p9_request *p9_ask_new(struct p9_fid *f, struct p9_fid **made, uint8_t type,
				     const char *fmt, ...)
{
	struct p9_request *q;
	va_list args;

	va_start(args, fmt);
	q = p9_build(f, type, 0, 2 + P9_QID_BYTES, fmt, args);
	va_end(args);
	if (!is_err(q))
		q->new_fid = (*made)->id;
	q = p9_answer(q, true);
	if (!is_err(q))
		return q;
	p9_fid_forget(*made);
	*made = (struct p9_fid *)q;
	return NULL;
}

struct p9_fid *p9_attach(struct p9_session *s, const char *uname, const char *aname, uint32_t uid)
{
	struct p9_fid *f = p9_fid_new(s);
	struct p9_request *q;

	if (!f)
		return err_ptr(-ENOMEM);
	q = p9_ask_new(f, &f, P9_TATTACH, "dssd", P9_NOFID, uname, aname, uid);
	if (q)
		p9_end(q);
	return f;
}

struct p9_fid *p9_walk(struct p9_fid *from, const char *name, uint32_t len)
{
	struct p9_fid *f = p9_fid_new(from->session);
	struct p9_request *q;
	uint16_t walked;

	if (!f)
		return err_ptr(-ENOMEM);
	q = p9_ask_new(from, &f, P9_TWALK, name ? "dhn" : "dh", f->id, name != NULL, name, len);
	if (!q)
		return f;
	walked = p9_get16(&q->wire);
	p9_end(q);
	/* One step, which is made or not: not is an error, says walk(5), but to be sure. */
	if (walked == (name != NULL))
		return f;
	p9_fid_forget(f);
	return err_ptr(walked ? -EIO : -ENOENT);
}

int p9_open(struct p9_fid *f, uint32_t flags)
{
	f->mode = flags & P9_O_ACCMODE;
	return p9_do(f, P9_TLOPEN, "d", flags);
}

int p9_readlink(struct p9_fid *f, char *buf, size_t size)
{
	struct p9_request *q = p9_ask(f, P9_TREADLINK, 2 + P9_LINK_MAX, "");
	size_t n;

	if (is_err(q))
		return (int)ptr_err(q);
	n = p9_get16(&q->wire);
	size = min(n, size);
	if (!q->wire.bad && n <= (size_t)(q->wire.end - q->wire.at))
		memcpy(buf, q->wire.at, size);
	else
		q->wire.bad = true;
	/* No path has a NUL. */
	n = q->wire.bad ? 0 : strnlen(buf, size);
	p9_end(q);
	return n && n == size ? (int)n : -EIO;
}

int p9_getattr(struct p9_fid *f, struct p9_attr *a)
{
	struct p9_request *q = p9_ask(f, P9_TGETATTR, ATTR_BYTES, "q", P9_GETATTR_ALL);
	int err;

	if (is_err(q))
		return (int)ptr_err(q);
	err = p9_get_attr(&q->wire, a);
	p9_end(q);
	return err;
}

int p9_statfs(struct p9_fid *f, struct p9_statfs *s)
{
	struct p9_request *q = p9_ask(f, P9_TSTATFS, ATTR_BYTES, "");
	int err;

	if (is_err(q))
		return (int)ptr_err(q);
	err = p9_get_statfs(&q->wire, s);
	p9_end(q);
	return err;
}

/* ---- extended attributes ---- */

struct p9_fid *p9_xattr_walk(struct p9_fid *f, const char *name, uint64_t *size)
{
	struct p9_fid *x = p9_fid_new(f->session);
	struct p9_request *q;

	if (!x)
		return err_ptr(-ENOMEM);
	q = p9_ask_new(f, &x, P9_TXATTRWALK, "ds", x->id, name);
	if (!q)
		return x;
	*size = p9_get64(&q->wire);
	p9_end(q);
	return x;
}

/* The value into @x, which Txattrcreate has made ready for it: 0, or -errno. */
static int p9_write_value(struct p9_fid *x, const char *value, size_t size)
{
	long n;

	for (size_t at = 0; at < size; at += (size_t)n) {
		struct p9_request *q = p9_write_begin(x, at, size - at);
		size_t len;

		if (is_err(q))
			return (int)ptr_err(q);
		len = min(size - at, (size_t)(q->wire.end - q->wire.at));
		memcpy(q->wire.at, value + at, len);
		q->wire.at += len;
		n = p9_write_end(q, true);
		if (n <= 0)
			return n ? (int)n : -EIO;
	}
	return 0;
}

int p9_xattr_set(struct p9_fid *f, const char *name, const void *value, size_t size, uint32_t flags)
{
	struct p9_fid *x = p9_walk(f, NULL, 0);
	int err;

	if (is_err(x))
		return (int)ptr_err(x);
	size = value ? size : 0;
	err = p9_do(x, P9_TXATTRCREATE, "sqd", name, (uint64_t)size, flags)
		      ?: p9_write_value(x, value, size);
	if (err) {
		p9_fid_put(x);
		return err;
	}
	/* Not by p9_fid_put: only with this it is set, and the server says whether. */
	err = p9_do(x, P9_TCLUNK, "");
	p9_fid_forget(x);
	return err;
}

/* ---- data ---- */

struct p9_request *p9_read(struct p9_fid *f, uint8_t type, uint64_t at, size_t n, size_t *got)
{
	struct p9_request *q;
	long count;

	n = min(n, (size_t)p9_piece(f->session));
	q = p9_ask(f, type, 4 + n, "qd", at, (uint32_t)n);
	/* Memory in one piece may be short: less at a time, then. */
	if (q == err_ptr(-ENOMEM) && n > P9_LEAST)
		return p9_read(f, type, at, P9_LEAST, got);
	*got = 0;
	if (is_err(q))
		return q;
	count = p9_get_count(&q->wire, (uint32_t)n);
	if (count < 0) {
		p9_end(q);
		return err_ptr(count);
	}
	*got = (size_t)count;
	return q;
}

static struct p9_request *p9_build_write(struct p9_fid *f, size_t more, const char *fmt, ...)
{
	struct p9_request *q;
	va_list args;

	va_start(args, fmt);
	q = p9_build(f, P9_TWRITE, more, 4, fmt, args);
	va_end(args);
	return q;
}

struct p9_request *p9_write_begin(struct p9_fid *f, uint64_t at, size_t n)
{
	struct p9_request *q;

	n = min(n, (size_t)p9_piece(f->session));
	q = p9_build_write(f, n, "qd", at, 0); /* how many, p9_write_end knows */
	if (is_err(q) && n > P9_LEAST)
		q = p9_build_write(f, P9_LEAST, "qd", at, 0);
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
