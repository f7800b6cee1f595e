/*
 * wire.c - writing and reading the fields of 9P messages.
 *
 * Invariant: at never passes end; a message that is bad yields zeros.
 */
#include "fs/9p/wire.h"

#include "abi/errno.h"
#include "abi/stat.h"
#include "lib/string.h"

/* Where the next @n bytes lie, or NULL: there are not so many. */
static uint8_t *p9_take(struct p9_wire *w, size_t n)
{
	uint8_t *at = w->at;

	if (w->bad || n > (size_t)(w->end - at)) {
		w->bad = true;
		return NULL;
	}
	w->at += n;
	return at;
}

static void p9_put(struct p9_wire *w, uint64_t v, size_t n)
{
	uint8_t *p = p9_take(w, n);

	for (size_t i = 0; p && i < n; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static uint64_t p9_get(struct p9_wire *w, size_t n)
{
	/* Volatile: each byte is read once, though the server may change it. */
	const volatile uint8_t *p = p9_take(w, n);
	uint64_t v = 0;

	for (size_t i = 0; p && i < n; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return v;
}

void p9_put8(struct p9_wire *w, uint8_t v)
{
	p9_put(w, v, sizeof(v));
}

void p9_put16(struct p9_wire *w, uint16_t v)
{
	p9_put(w, v, sizeof(v));
}

void p9_put32(struct p9_wire *w, uint32_t v)
{
	p9_put(w, v, sizeof(v));
}

void p9_put64(struct p9_wire *w, uint64_t v)
{
	p9_put(w, v, sizeof(v));
}

void p9_put_string(struct p9_wire *w, const char *s, size_t n)
{
	uint8_t *p;

	w->bad |= n > UINT16_MAX;
	p9_put16(w, (uint16_t)n);
	p = p9_take(w, n);
	if (p)
		memcpy(p, s, n);
}

uint8_t p9_get8(struct p9_wire *w)
{
	return (uint8_t)p9_get(w, sizeof(uint8_t));
}

uint16_t p9_get16(struct p9_wire *w)
{
	return (uint16_t)p9_get(w, sizeof(uint16_t));
}

uint32_t p9_get32(struct p9_wire *w)
{
	return (uint32_t)p9_get(w, sizeof(uint32_t));
}

uint64_t p9_get64(struct p9_wire *w)
{
	return p9_get(w, sizeof(uint64_t));
}

void p9_get_qid(struct p9_wire *w, struct p9_qid *q)
{
	q->type = p9_get8(w);
	q->version = p9_get32(w);
	q->path = p9_get64(w);
}

size_t p9_get_string(struct p9_wire *w, char *buf, size_t size)
{
	size_t n = p9_get16(w);
	uint8_t *p = p9_take(w, n);

	if (!p || n >= size) {
		w->bad = true;
		n = 0;
	}
	if (n)
		memcpy(buf, p, n);
	buf[n] = '\0';
	w->bad |= strlen(buf) != n;
	return w->bad ? 0 : n;
}

int p9_reply(struct p9_wire *w, uint8_t *buf, size_t len, uint8_t type, uint16_t tag)
{
	uint32_t size, error;
	uint8_t kind;

	*w = (struct p9_wire){ .at = buf, .end = buf + len };
	size = p9_get32(w);
	kind = p9_get8(w);
	if (p9_get16(w) != tag || w->bad || size > len || size < P9_HEAD)
		return -EIO;
	w->end = buf + size;
	if (kind == type + 1)
		return 0;
	error = p9_get32(w);
	if (kind != P9_RLERROR || w->bad || !error || error >= 4096)
		return -EIO;
	return -(int)error;
}

static void p9_get_time(struct p9_wire *w, struct p9_time *t)
{
	t->sec = p9_get64(w);
	t->nsec = p9_get64(w);
	w->bad |= t->nsec >= 1000000000;
}

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

int p9_get_attr(struct p9_wire *w, struct p9_attr *a)
{
	uint64_t rdev;

	*a = (struct p9_attr){ 0 };
	(void)p9_get64(w); /* which are valid: what is not is 0 */
	p9_get_qid(w, &a->qid);
	a->mode = p9_get32(w);
	a->uid = p9_get32(w);
	a->gid = p9_get32(w);
	a->nlink = p9_get64(w);
	rdev = p9_get64(w);
	a->size = p9_get64(w);
	(void)p9_get64(w); /* its block size */
	a->blocks = p9_get64(w);
	p9_get_time(w, &a->atime);
	p9_get_time(w, &a->mtime);
	p9_get_time(w, &a->ctime);
	p9_get_time(w, &a->btime);
	a->rdev = (uint32_t)rdev;
	if (w->bad || !is_file_type(a->mode) || a->size > INT64_MAX)
		return -EIO;
	a->mode &= S_IFMT | 07777;
	return 0;
}

int p9_get_statfs(struct p9_wire *w, struct p9_statfs *s)
{
	s->type = p9_get32(w);
	s->bsize = p9_get32(w);
	s->blocks = p9_get64(w);
	s->bfree = p9_get64(w);
	s->bavail = p9_get64(w);
	s->files = p9_get64(w);
	s->ffree = p9_get64(w);
	s->fsid = p9_get64(w);
	s->namelen = p9_get32(w);
	return w->bad ? -EIO : 0;
}

long p9_get_count(struct p9_wire *w, uint32_t most)
{
	uint32_t n = p9_get32(w);

	if (w->bad || n > most || n > (size_t)(w->end - w->at))
		return -EIO;
	w->end = w->at + n;
	return n;
}

int p9_get_entry(struct p9_wire *w, struct p9_entry *e)
{
	if (w->at == w->end && !w->bad)
		return 0;
	p9_get_qid(w, &e->qid);
	e->next = p9_get64(w);
	e->type = p9_get8(w);
	e->len = (uint32_t)p9_get_string(w, e->name, sizeof(e->name));
	if (w->bad || !e->len || memchr(e->name, '/', e->len))
		return -EIO;
	return 1;
}
