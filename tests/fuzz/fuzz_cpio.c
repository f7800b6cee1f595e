/*
 * fuzz_cpio.c - any archive is refused with an offset in it, or read; what comes out is the same in
 * whatever pieces it goes in.
 */
#include "fuzz.h"
#include "lib/cpio.h"
#include "lib/string.h"

/* All that came out, in a number. */
struct seen {
	uint64_t hash;
	uint64_t data_left; /* of the file that is being given out */
	int err;
	const char *error;
	uint64_t at, error_at;
};

static struct cpio c;

static void mix(struct seen *s, const void *data, size_t n)
{
	const uint8_t *p = data;

	while (n--)
		s->hash = (s->hash ^ *p++) * 0x100000001b3;
}

static int begin(void *ctx, const struct cpio_entry *e)
{
	struct seen *s = ctx;
	uint32_t type = e->mode & 0170000;

	MUST(e->name[0] && strlen(e->name) < CPIO_NAME_MAX);
	MUST((type == 0120000) == (e->target[0] != 0) && strlen(e->target) < CPIO_NAME_MAX);
	MUST(!s->data_left);
	s->data_left = type == 0100000 ? e->size : 0;
	mix(s, e->name, strlen(e->name));
	mix(s, e->target, strlen(e->target));
	mix(s, &e->dev_major, (const char *)(&e->size + 1) - (const char *)&e->dev_major);
	return 0;
}

static int data(void *ctx, const void *p, size_t n)
{
	struct seen *s = ctx;

	MUST(n && n <= s->data_left);
	s->data_left -= n;
	mix(s, p, n);
	return 0;
}

static int end(void *ctx, const struct cpio_entry *e)
{
	struct seen *s = ctx;

	MUST(!s->data_left);
	mix(s, ";", 1);
	return 0;
}

static int archive_end(void *ctx)
{
	mix(ctx, "|", 1);
	return 0;
}

static const struct cpio_sink sink = { begin, data, end, archive_end };

static struct seen read_in_pieces(const uint8_t *p, size_t size, size_t piece)
{
	struct seen s = { .hash = 1 };
	size_t at, used = 0, part;

	cpio_open(&c, &sink, &s);
	for (at = 0; at < size && !s.err; at += used) {
		uint8_t *copy;

		part = size - at < piece ? size - at : piece;
		copy = fuzz_copy(p + at, part);
		s.err = cpio_feed(&c, copy, part, &used);
		free(copy);
		MUST(used <= part);
		if (used < part)
			break;
	}
	if (!s.err)
		s.err = cpio_finish(&c);
	s.error = c.error;
	s.error_at = c.error_at;
	s.at = c.at;
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t size)
{
	struct seen whole = read_in_pieces(p, size, size + 1);
	struct seen parts = read_in_pieces(p, size, 1 + size % 61);

	MUST(whole.err ? whole.error && whole.error_at <= size : !whole.error && whole.at <= size);
	MUST(whole.err == parts.err && whole.error == parts.error);
	MUST(whole.error_at == parts.error_at);
	MUST(whole.err || (whole.hash == parts.hash && whole.at == parts.at));
	return 0;
}
