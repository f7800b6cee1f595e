/*
 * wire.c - writing and reading the fields of 9P messages.
 *
 * Invariant: at never passes end; a message that is bad yields zeros.
 */
#include "fs/9p/wire.h"

#include "abi/errno.h"
#include "fs/dentry.h"
#include "fs/iter.h"
#include "lib/string.h"

/* Where the next @n bytes lie, or NULL: there are not so many, or they are only counted. */
static uint8_t *p9_take(struct p9_wire *w, size_t n)
{
	uint8_t *at = w->at;

	w->room += n;
	if (!at)
		return NULL;
	if (w->err || n > (size_t)(w->end - at)) {
		w->err = w->err ?: -EIO;
		return NULL;
	}
	w->at += n;
	return at;
}

static size_t bytes_of_number(char letter)
{
	switch (letter) {
	case 'b': return 1;
	case 'h': return 2;
	case 'q': return 8;
	default: return 4;
	}
}

/* ---- writing ---- */

static void put_bytes(struct p9_wire *w, const void *from, size_t n)
{
	uint8_t *p = p9_take(w, n);

	if (p)
		memcpy(p, from, n);
}

static void put_text(struct p9_wire *w, const char *s, size_t n)
{
	uint16_t len = (uint16_t)n;

	if (n > UINT16_MAX)
		w->err = -ENAMETOOLONG;
	put_bytes(w, &len, sizeof(len));
	put_bytes(w, s, n);
}

/* Fewer where the caller's memory ends; an error where there is none. */
static void put_data(struct p9_wire *w, struct iter *from, uint32_t n)
{
	struct p9_wire count = *w;
	uint8_t *p;

	put_bytes(w, &n, sizeof(n));
	p = p9_take(w, n);
	if (!p)
		return;
	n = (uint32_t)iter_take(from, p, n);
	put_bytes(&count, &n, sizeof(n));
	w->at = p + n;
	if (!n)
		w->err = -EFAULT;
}

const char *p9_vput(struct p9_wire *w, const char *fmt, va_list *args)
{
	for (; *fmt && *fmt != '>'; fmt++) {
		const struct name *name;
		const char *s;
		struct iter *from;
		uint64_t n;

		switch (*fmt) {
		case 's':
			s = va_arg(*args, const char *);
			put_text(w, s, strlen(s));
			break;
		case 'n':
			name = va_arg(*args, const struct name *);
			put_text(w, name->s, name->len);
			break;
		case 'D':
			from = va_arg(*args, struct iter *);
			put_data(w, from, va_arg(*args, uint32_t));
			break;
		default:
			n = *fmt == 'q' ? va_arg(*args, uint64_t) : va_arg(*args, uint32_t);
			put_bytes(w, &n, bytes_of_number(*fmt));
			if (*fmt == 'F')
				w->new_fid = (uint32_t)n;
		}
	}
	return *fmt ? fmt + 1 : fmt;
}

void p9_put(struct p9_wire *w, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)p9_vput(w, fmt, &args);
	va_end(args);
}

/* ---- reading ---- */

static void get_bytes(struct p9_wire *w, void *to, size_t n)
{
	const uint8_t *p = p9_take(w, n);

	if (to && p)
		memcpy(to, p, n);
	else if (to)
		memset(to, 0, n);
}

static void get_time(struct p9_wire *w, struct vfs_time *t)
{
	uint64_t sec, nsec;

	get_bytes(w, &sec, sizeof(sec));
	get_bytes(w, &nsec, sizeof(nsec));
	if (nsec >= 1000000000)
		w->err = -EIO;
	*t = (struct vfs_time){ .sec = (int64_t)sec, .nsec = (uint32_t)nsec };
}

/* At most @size - 1 bytes and a NUL. */
static void get_text(struct p9_wire *w, char *buf, size_t size)
{
	uint16_t n;

	get_bytes(w, &n, sizeof(n));
	if (!w->at) {
		w->room += size;
	} else if (n >= size) {
		w->err = -EIO;
		n = 0;
	}
	get_bytes(w, buf, n);
	buf[w->err ? 0 : n] = '\0';
	if (strlen(buf) != n)
		w->err = -EIO;
}

static void get_data(struct p9_wire *w, struct iter *to, uint32_t most)
{
	const uint8_t *p;
	uint32_t n;

	get_bytes(w, &n, sizeof(n));
	if (n > most)
		w->err = -EIO;
	p = p9_take(w, w->at ? n : most);
	if (p && iter_put(to, p, n) < n)
		w->err = -EFAULT;
}

int p9_vget(struct p9_wire *w, const char *fmt, va_list *args)
{
	for (; *fmt; fmt++) {
		struct iter *to;
		char *buf;

		switch (*fmt) {
		case 'Q':
			get_bytes(w, NULL, 5); /* its type and version */
			get_bytes(w, va_arg(*args, uint64_t *), 8);
			break;
		case 't': get_time(w, va_arg(*args, struct vfs_time *)); break;
		case 's':
			buf = va_arg(*args, char *);
			get_text(w, buf, va_arg(*args, size_t));
			break;
		case 'D':
			to = va_arg(*args, struct iter *);
			get_data(w, to, va_arg(*args, uint32_t));
			break;
		default: get_bytes(w, va_arg(*args, void *), bytes_of_number(*fmt));
		}
	}
	return w->err;
}

int p9_get(struct p9_wire *w, const char *fmt, ...)
{
	va_list args;
	int err;

	va_start(args, fmt);
	err = p9_vget(w, fmt, &args);
	va_end(args);
	return err;
}

int p9_reply(struct p9_wire *w, uint8_t *buf, size_t len, uint8_t type, uint16_t tag)
{
	uint32_t size, error;
	uint16_t its_tag;
	uint8_t kind;

	*w = (struct p9_wire){ .at = buf, .end = buf + len };
	if (p9_get(w, "dbh", &size, &kind, &its_tag) || its_tag != tag || size > len ||
	    size < P9_HEAD)
		return -EIO;
	w->end = buf + size;
	if (kind == type + 1)
		return 0;
	if (kind != P9_RLERROR || p9_get(w, "d", &error) || !error || error >= 4096)
		return -EIO;
	return -(int)error;
}
