/*
 * cpio.c - the initrd's entries, one after the other.
 *
 * An entry is a header of 110 characters, a name, and data, the latter two padded to a multiple of 4 from the
 * archive's start.  Invariant: c->pos <= c->size, and a length is compared with what is left before it is used, so
 * no sum can wrap.
 */
#include <stdbool.h>
#include "abi/errno.h"
#include "lib/cpio.h"
#include "lib/string.h"

#define HEADER_SIZE CPIO_HEADER
#define MAGIC_SIZE  6

/* The header's fields, eight hexadecimal digits each, in this order behind the magic. */
enum {
	F_INO,
	F_MODE,
	F_UID,
	F_GID,
	F_NLINK,
	F_MTIME,
	F_FILESIZE,
	F_DEV_MAJOR,
	F_DEV_MINOR,
	F_RDEV_MAJOR,
	F_RDEV_MINOR,
	F_NAMESIZE,
	F_CHECK,
	F_COUNT,
};

#define S_IFMT	 0170000
#define S_IFSOCK 0140000
#define S_IFLNK	 0120000
#define S_IFREG	 0100000
#define S_IFBLK	 0060000
#define S_IFDIR	 0040000
#define S_IFCHR	 0020000
#define S_IFIFO	 0010000

static int bad(struct cpio *c, size_t at, const char *why)
{
	c->error = why;
	c->error_at = at;
	return -EINVAL;
}

void cpio_open(struct cpio *c, const void *base, size_t size)
{
	*c = (struct cpio){ .base = base, .size = size };
}

static bool parse_hex(const uint8_t *s, uint32_t *val)
{
	uint32_t v = 0;

	for (int i = 0; i < 8; i++) {
		uint8_t ch = s[i], lower = ch | 0x20;

		if (ch >= '0' && ch <= '9')
			v = v << 4 | (ch - '0');
		else if (lower >= 'a' && lower <= 'f')
			v = v << 4 | (lower - 'a' + 10);
		else
			return false;
	}
	*val = v;
	return true;
}

static int read_header(struct cpio *c, size_t at, uint32_t f[F_COUNT])
{
	const uint8_t *h = c->base + at;

	if (c->size - at < HEADER_SIZE)
		return bad(c, at, "truncated header");
	if (memcmp(h, "07070", 5) || (h[5] != '1' && h[5] != '2'))
		return bad(c, at, "no newc magic (070701 or 070702)");
	for (int i = 0; i < F_COUNT; i++) {
		size_t off = MAGIC_SIZE + 8 * (size_t)i;

		if (!parse_hex(h + off, &f[i]))
			return bad(c, at + off, "header field is not hexadecimal");
	}
	return 0;
}

/* Take @n bytes and their padding off the rest, whose end may lack the padding. */
static bool take(struct cpio *c, size_t *at, size_t n)
{
	if (n > c->size - *at)
		return false;
	*at += n;
	*at += min(-*at & 3, c->size - *at);
	return true;
}

static bool known_type(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFSOCK:
	case S_IFLNK:
	case S_IFREG:
	case S_IFBLK:
	case S_IFDIR:
	case S_IFCHR:
	case S_IFIFO: return true;
	default: return false;
	}
}

static uint32_t checksum(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	while (n--)
		sum += *p++;
	return sum;
}

/* What the fields say must fit what they are about. */
static int check_entry(struct cpio *c, const struct cpio_entry *e)
{
	if (!e->name_len)
		return bad(c, e->offset, "empty name");
	if (!known_type(e->mode))
		return bad(c, e->offset, "unknown file type");
	if ((e->mode & S_IFMT) == S_IFLNK &&
	    (!e->size || e->size >= CPIO_NAME_MAX || memchr(e->data, 0, e->size)))
		return bad(c, e->offset, "bad target of a symbolic link");
	return 0;
}

static void fill_entry(struct cpio_entry *e, const uint32_t f[F_COUNT], const uint8_t *h)
{
	e->summed = h[MAGIC_SIZE - 1] == '2';
	e->check = f[F_CHECK];
	e->ino = f[F_INO];
	e->mode = f[F_MODE];
	e->uid = f[F_UID];
	e->gid = f[F_GID];
	e->nlink = f[F_NLINK];
	e->mtime = f[F_MTIME];
	e->dev_major = f[F_DEV_MAJOR];
	e->dev_minor = f[F_DEV_MINOR];
	e->rdev_major = f[F_RDEV_MAJOR];
	e->rdev_minor = f[F_RDEV_MINOR];
	e->size = f[F_FILESIZE];
}

/* Header, name and data at c->pos; steps behind them. */
static int read_entry(struct cpio *c, struct cpio_entry *e)
{
	uint32_t f[F_COUNT];
	size_t at = c->pos;
	int err = read_header(c, at, f);

	if (err)
		return err;
	fill_entry(e, f, c->base + at);
	e->archive = c->archive;
	e->offset = at;
	at += HEADER_SIZE;
	e->name = (const char *)c->base + at;
	if (f[F_NAMESIZE] > CPIO_NAME_MAX)
		return bad(c, e->offset, "name too long");
	if (!take(c, &at, f[F_NAMESIZE]))
		return bad(c, e->offset, "name exceeds the archive");
	e->name_len = strnlen(e->name, f[F_NAMESIZE]);
	if (e->name_len == f[F_NAMESIZE])
		return bad(c, e->offset, "name is not terminated");
	e->data = c->base + at;
	if (!take(c, &at, e->size))
		return bad(c, e->offset, "data exceeds the archive");
	/* A hard link whose data is elsewhere, and a symbolic link, carry no sum worth the name. */
	if (e->summed && (e->mode & S_IFMT) == S_IFREG && e->size &&
	    checksum(e->data, e->size) != e->check)
		return bad(c, e->offset, "wrong checksum");
	c->pos = at;
	return 0;
}

/* Between archives: zeros, then a header at a multiple of 4, or nothing, or something that is none of ours. */
static bool at_archive(const struct cpio *c)
{
	return c->size - c->pos >= MAGIC_SIZE - 1 && !memcmp(c->base + c->pos, "07070", 5);
}

static int begin_archive(struct cpio *c)
{
	while (c->pos < c->size && !c->base[c->pos])
		c->pos++;
	if (!at_archive(c))
		return 0;
	if (c->pos & 3)
		return bad(c, c->pos, "archive does not begin at a multiple of 4");
	c->inside = true;
	c->archive++;
	return 1;
}

int cpio_next(struct cpio *c, struct cpio_entry *e)
{
	int got;

	while (!c->error) {
		if (!c->inside) {
			got = begin_archive(c);
			if (got <= 0)
				return got;
		}
		if (c->pos == c->size)
			return bad(c, c->pos, "archive without TRAILER!!!");
		if (read_entry(c, e))
			break;
		if (!strcmp(e->name, CPIO_TRAILER)) {
			c->inside = false;
			continue;
		}
		return check_entry(c, e) ? -EINVAL : 1;
	}
	return -EINVAL;
}

int cpio_header(const void *h, struct cpio_entry *e, uint32_t *name_size, const char **error)
{
	uint32_t f[F_COUNT];
	struct cpio c;
	int err;

	cpio_open(&c, h, CPIO_HEADER);
	err = read_header(&c, 0, f);
	if (!err) {
		fill_entry(e, f, h);
		*name_size = f[F_NAMESIZE];
		if (!*name_size || *name_size > CPIO_NAME_MAX)
			err = bad(&c, 0, "empty name, or one too long");
	}
	*error = c.error;
	return err;
}
