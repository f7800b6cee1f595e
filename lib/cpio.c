/*
 * cpio.c - the initrd's entries, as their bytes come by.
 *
 * An entry is a header of 110 characters, a name, and data, the latter two padded to a multiple of
 * 4; the entry called TRAILER!!! ends an archive.  A state collects or passes over c->need bytes,
 * and when it has them leads to the next.  Invariant: c->have <= c->need, and need fits the buffer
 * that the state fills.
 */
#include "abi/errno.h"
#include "lib/cpio.h"
#include "lib/string.h"

#define MAGIC_SIZE 6
#define TRAILER	   "TRAILER!!!"

enum {
	BETWEEN, /* archives: zeros, or the start of the next */
	HEADER,
	NAME,
	TARGET, /* of a symbolic link */
	DATA,
	PADDING, /* behind the target or the data */
};

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

static int bad_archive(struct cpio *c, const char *why)
{
	c->error = why;
	c->error_at = c->entry_at;
	return -EINVAL;
}

static void expect(struct cpio *c, int state, size_t need)
{
	c->state = state;
	c->have = 0;
	c->need = need;
}

static size_t padding(size_t n)
{
	return -n & 3;
}

static uint32_t type_of(const struct cpio *c)
{
	return c->entry.mode & S_IFMT;
}

/* ---- what a state leads to when it has its bytes ---- */

static bool parse_hex(const uint8_t *s, uint32_t *val)
{
	uint32_t v = 0;

	for (int i = 0; i < 8; i++) {
		/*
		 * Digits of both cases; the fields have no sign and no blank, so nothing else is
		 * taken.
		 */
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

static void fill_entry(struct cpio *c, const uint32_t f[F_COUNT])
{
	c->entry = (struct cpio_entry){
		.name = c->name,
		.target = "",
		.dev_major = f[F_DEV_MAJOR],
		.dev_minor = f[F_DEV_MINOR],
		.ino = f[F_INO],
		.mode = f[F_MODE],
		.uid = f[F_UID],
		.gid = f[F_GID],
		.nlink = f[F_NLINK],
		.mtime = f[F_MTIME],
		.rdev_major = f[F_RDEV_MAJOR],
		.rdev_minor = f[F_RDEV_MINOR],
		.size = f[F_FILESIZE],
	};
	c->name_size = f[F_NAMESIZE];
	c->check = f[F_CHECK];
	c->sum = 0;
}

static int header_done(struct cpio *c)
{
	const uint8_t *h = c->header;
	uint32_t f[F_COUNT];

	if (memcmp(h, "07070", 5) || (h[5] != '1' && h[5] != '2'))
		return bad_archive(c, "no newc magic (070701 or 070702)");
	for (int i = 0; i < F_COUNT; i++)
		if (!parse_hex(h + MAGIC_SIZE + 8 * (size_t)i, &f[i]))
			return bad_archive(c, "header field is not hexadecimal");
	if (!f[F_NAMESIZE])
		return bad_archive(c, "name is not terminated");
	/* c->name has room for that with its padding. */
	if (f[F_NAMESIZE] > CPIO_NAME_MAX)
		return bad_archive(c, "name too long");
	fill_entry(c, f);
	c->summed = h[5] == '2';
	/* The padding comes with the name: header and name together end at a multiple of 4. */
	expect(c, NAME, c->name_size + padding(CPIO_HEADER + c->name_size));
	return 0;
}

static int begin_data(struct cpio *c)
{
	int err = c->sink->begin(c->ctx, &c->entry);

	/* Also if begin() failed: the caller stops then. */
	expect(c, DATA, c->entry.size);
	return err;
}

static int name_done(struct cpio *c)
{
	/* The NUL is within what the header said; the rest is padding. */
	if (strnlen(c->name, c->name_size) == c->name_size)
		return bad_archive(c, "name is not terminated");
	if (!c->name[0])
		return bad_archive(c, "empty name");
	if (!strcmp(c->name, TRAILER)) {
		expect(c, BETWEEN, 0);
		return c->sink->archive_end(c->ctx);
	}
	switch (type_of(c)) {
	case S_IFLNK:
		if (!c->entry.size || c->entry.size >= CPIO_NAME_MAX)
			return bad_archive(c, "bad target of a symbolic link");
		expect(c, TARGET, c->entry.size);
		return 0;
	case S_IFREG:
	case S_IFDIR:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK: return begin_data(c);
	default: return bad_archive(c, "unknown file type");
	}
}

static int target_done(struct cpio *c)
{
	c->target[c->need] = 0;
	if (strlen(c->target) != c->need)
		return bad_archive(c, "bad target of a symbolic link");
	c->entry.target = c->target;
	expect(c, PADDING, padding(c->entry.size));
	return c->sink->begin(c->ctx, &c->entry);
}

/* One more name of a file whose data come elsewhere has a checksum, and nothing to check. */
static int data_done(struct cpio *c)
{
	if (c->summed && type_of(c) == S_IFREG && c->entry.size && c->sum != c->check)
		return bad_archive(c, "wrong checksum");
	expect(c, PADDING, padding(c->entry.size));
	return type_of(c) == S_IFREG ? c->sink->end(c->ctx, &c->entry) : 0;
}

static int state_done(struct cpio *c)
{
	switch (c->state) {
	case HEADER: return header_done(c);
	case NAME: return name_done(c);
	case TARGET: return target_done(c);
	case DATA: return data_done(c);
	default:
		c->entry_at = c->at;
		expect(c, HEADER, CPIO_HEADER);
		return 0;
	}
}

/* ---- the bytes ---- */

/* A file's own; a directory or a device should have none, and what it has is passed over. */
static int take_data(struct cpio *c, const uint8_t *data, size_t n)
{
	if (type_of(c) != S_IFREG)
		return 0;
	for (size_t i = 0; c->summed && i < n; i++)
		c->sum += data[i];
	return c->sink->data(c->ctx, data, n);
}

/* @n bytes that belong to this state, at most what it needs. */
static int take_bytes(struct cpio *c, const uint8_t *data, size_t n)
{
	switch (c->state) {
	/* have + n <= need, and need fits the buffer: expect()'s callers have checked it. */
	case HEADER: memcpy(c->header + c->have, data, n); return 0;
	case NAME: memcpy(c->name + c->have, data, n); return 0;
	case TARGET: memcpy(c->target + c->have, data, n); return 0;
	case DATA: return take_data(c, data, n);
	default: return 0;
	}
}

/* Between archives.  A zero is passed over, a '0' begins an archive: 0; 1: this byte is neither. */
static int look_for_archive(struct cpio *c, uint8_t byte)
{
	if (!byte) {
		c->at++;
		return 0;
	}
	if (byte != '0')
		return 1;
	c->entry_at = c->at;
	if (c->at & 3)
		return bad_archive(c, "archive does not begin at a multiple of 4");
	expect(c, HEADER, CPIO_HEADER);
	return 0;
}

void cpio_open(struct cpio *c, const struct cpio_sink *sink, void *ctx)
{
	c->sink = sink;
	c->ctx = ctx;
	c->at = 0;
	c->error = NULL;
	c->error_at = 0;
	c->entry_at = 0;
	expect(c, BETWEEN, 0);
}

int cpio_feed(struct cpio *c, const void *data, size_t n, size_t *used)
{
	const uint8_t *p = data;
	uint64_t start = c->at;
	int err = 0;

	while (!err && c->at - start < n) {
		size_t i = c->at - start, part;

		if (c->state == BETWEEN) {
			err = look_for_archive(c, p[i]);
			continue;
		}
		part = min(n - i, c->need - c->have);
		err = take_bytes(c, p + i, part);
		c->have += part;
		c->at += part;
		/*
		 * A state may need no bytes at all (an empty file, no padding): then the next one
		 * follows at once.
		 */
		while (!err && c->state != BETWEEN && c->have == c->need)
			err = state_done(c);
	}
	*used = c->at - start;
	return min(err, 0);
}

bool cpio_between(const struct cpio *c)
{
	return c->state == BETWEEN;
}

int cpio_finish(struct cpio *c)
{
	if (cpio_between(c))
		return 0;
	return bad_archive(c, c->state == HEADER && !c->have ? "archive without " TRAILER
							     : "truncated");
}
