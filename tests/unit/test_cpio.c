/*
 * test_cpio.c - archives made here, good and spoiled, in pieces of every size.
 */
#include "unit.h"
#include "abi/errno.h"
#include "lib/cpio.h"
#include "lib/string.h"

static uint8_t archive[65536];
static size_t size;

static void begin(void)
{
	size = 0;
}

static void pad(void)
{
	while (size & 3)
		archive[size++] = 0;
}

/* One entry, in the header's order; what it is told to say is not checked. */
static void add(int magic, const char *name, uint32_t mode, uint32_t namesize, uint32_t check,
		const void *data, uint32_t n)
{
	size += sprintf((char *)archive + size,
			"%06d%08X%08x%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", magic, 0xabcdef,
			mode, 1000, 100, 2, 0x5f000000, n, 8, 1, 4, 64, namesize, check);
	memcpy(archive + size, name, strlen(name) + 1);
	size += strlen(name) + 1;
	pad();
	memcpy(archive + size, data, n);
	size += n;
	pad();
}

static void add_file(const char *name, const char *data)
{
	add(70701, name, 0100644, strlen(name) + 1, 0, data, strlen(data));
}

static void add_trailer(void)
{
	add(70701, "TRAILER!!!", 0, 11, 0, "", 0);
}

/* What came out: names, "=data;" of files, "->target" of links, "|" at an archive's end. */
static char seen[1 << 20];
static size_t seen_len;
static struct cpio_entry last;
static struct cpio c;
static int end_result;

static void see(const char *s, size_t n)
{
	assert_true(seen_len + n < sizeof(seen));
	memcpy(seen + seen_len, s, n);
	seen_len += n;
	seen[seen_len] = 0;
}

static int begin_entry(void *ctx, const struct cpio_entry *e)
{
	assert_ptr_equal(ctx, &c);
	last = *e;
	assert_true(strlen(e->name) > 0 && strlen(e->name) < CPIO_NAME_MAX);
	assert_true(((e->mode & 0170000) == 0120000) == (strlen(e->target) > 0));
	see(e->name, strlen(e->name));
	if (*e->target)
		see("->", 2);
	see(e->target, strlen(e->target));
	see((e->mode & 0170000) == 0100000 ? "=" : " ", 1);
	return 0;
}

static int see_data(void *ctx, const void *data, size_t n)
{
	assert_true(n > 0);
	see(data, n);
	return 0;
}

static int end_entry(void *ctx, const struct cpio_entry *e)
{
	see(";", 1);
	return end_result;
}

static int end_archive(void *ctx)
{
	see("|", 1);
	return 0;
}

static const struct cpio_sink sink = { begin_entry, see_data, end_entry, end_archive };

/* Feed @n bytes in pieces of @piece; how it ended. */
static int read_in_pieces(size_t n, size_t piece)
{
	size_t at, used;

	seen[seen_len = 0] = 0;
	cpio_open(&c, &sink, &c);
	for (at = 0; at < n; at += used) {
		size_t part = n - at < piece ? n - at : piece;
		uint8_t *copy = exact_copy(archive + at, part);
		int err = cpio_feed(&c, copy, part, &used);

		free(copy);
		assert_true(used <= part && c.at == at + used);
		if (err || used < part)
			return err;
	}
	return cpio_finish(&c);
}

/* The same whatever the pieces are. */
static int read_all(size_t n)
{
	static char whole[sizeof(seen)];
	int err = read_in_pieces(n, n + 1);
	const char *error = c.error;
	uint64_t at = c.at, error_at = c.error_at;
	size_t len = seen_len;

	memcpy(whole, seen, len);
	assert_true(!error || (err == -EINVAL && error_at <= n));
	assert_int_equal(read_in_pieces(n, 1 + random_below(200)), err);
	assert_ptr_equal(c.error, error);
	assert_int_equal(c.error_at, error_at);
	assert_true(err || c.at == at);
	assert_true(err || (seen_len == len && !memcmp(seen, whole, len)));
	return err;
}

static void expect(const char *want_seen, int want, const char *error)
{
	for (int i = 0; i < 5; i++)
		assert_int_equal(read_all(size), want);
	assert_int_equal(read_in_pieces(size, size + 1), want);
	assert_string_equal(seen, want_seen);
	if (error)
		assert_string_equal(c.error, error);
	else
		assert_null(c.error);
}

static void all_fields(void **state)
{
	begin();
	add(70701, "dev/tty", 0020620, 8, 0, "12345", 5);
	add_trailer();
	expect("dev/tty |", 0, NULL);
	assert_int_equal(last.ino, 0xabcdef);
	assert_int_equal(last.mode, 0020620);
	assert_int_equal(last.uid, 1000);
	assert_int_equal(last.gid, 100);
	assert_int_equal(last.nlink, 2);
	assert_int_equal(last.mtime, 0x5f000000);
	assert_int_equal(last.dev_major, 8);
	assert_int_equal(last.dev_minor, 1);
	assert_int_equal(last.rdev_major, 4);
	assert_int_equal(last.rdev_minor, 64);
	assert_int_equal(last.size, 5);
}

static void several_in_a_row(void **state)
{
	begin();
	expect("", 0, NULL);
	memset(archive, 0, 512);
	size = 512;
	expect("", 0, NULL);
	begin();
	add_file("a", "");
	add_file("b", "x");
	add_trailer();
	add_file("c", "xyz");
	add(70701, "l", 0120777, 2, 0, "to", 2);
	add(70701, "d", 0040755, 2, 0, "odd", 3);
	add_trailer();
	memset(archive + size, 0, 1000);
	size += 1000;
	add_file("d", "xyzw");
	add_trailer();
	memset(archive + size, 0, 511);
	size += 511;
	expect("a=;b=x;|c=xyz;l->to d |d=xyzw;|", 0, NULL);
}

static void something_else_behind(void **state)
{
	size_t at, used;

	begin();
	add_file("a", "1");
	add_trailer();
	at = size;
	memcpy(archive + size, "\x1f\x8b\x08 packed.", 12);
	size += 12;
	add_file("b", "2");
	add_trailer();
	expect("a=1;|", 0, NULL);
	assert_int_equal(c.at, at);
	assert_true(cpio_between(&c));
	c.at += 12; /* the caller knows what that was */
	assert_int_equal(cpio_feed(&c, archive + at + 12, size - at - 12, &used), 0);
	assert_int_equal(used, size - at - 12);
	assert_string_equal(seen, "a=1;|b=2;|");
	assert_int_equal(cpio_finish(&c), 0);
}

static void the_sink_may_refuse(void **state)
{
	begin();
	add_file("a", "1");
	add_trailer();
	end_result = -ENOSPC;
	assert_int_equal(read_in_pieces(size, 7), -ENOSPC);
	assert_null(c.error);
	end_result = 0;
}

static void checksums(void **state)
{
	begin();
	add(70702, "good", 0100644, 5, 'a' + 'b' + 0xff, "ab\xff", 3);
	add(70702, "link", 0120777, 5, 0, "good", 4);
	add(70702, "empty", 0100644, 6, 5, "", 0);
	add(70702, "TRAILER!!!", 0, 11, 0, "", 0);
	expect("good=ab\xff;link->good empty=;|", 0, NULL);
	begin();
	add(70702, "bad", 0100644, 4, 'a' + 'b', "ac", 2);
	expect("bad=ac", -EINVAL, "wrong checksum");
}

static void spoiled(void **state)
{
	begin();
	add_file("a", "1");
	expect("a=1;", -EINVAL, "archive without TRAILER!!!");
	archive[size++] = '0';
	expect("a=1;", -EINVAL, "truncated");
	begin();
	add_file("a", "1");
	memset(archive + size, 'z', 120); /* long enough for a header */
	size += 120;
	expect("a=1;", -EINVAL, "no newc magic (070701 or 070702)");
	begin();
	add_file("a", "1");
	archive[20] = 'g';
	expect("", -EINVAL, "header field is not hexadecimal");
	begin();
	add(70701, "a", 0100644, 4097, 0, "", 0);
	expect("", -EINVAL, "name too long");
	begin();
	add(70701, "a", 0100644, 4096, 0, "", 0);
	expect("", -EINVAL, "truncated");
	begin();
	add(70701, "a", 0100644, 0xffffffff, 0, "", 0);
	expect("", -EINVAL, "name too long");
	begin();
	add(70701, "", 0100644, 0, 0, "", 0);
	expect("", -EINVAL, "name is not terminated");
	begin();
	add(70701, "abc", 0100644, 3, 0, "", 0);
	expect("", -EINVAL, "name is not terminated");
	begin();
	add(70701, "", 0100644, 1, 0, "", 0);
	expect("", -EINVAL, "empty name");
	begin();
	add(70701, "a", 0100644, 2, 0, "123", 3);
	memcpy(archive + 6 + 6 * 8, "FFFFFFFF", 8);
	expect("a=123\0", -EINVAL, "truncated");
	begin();
	add(70701, "a", 0170644, 2, 0, "", 0);
	expect("", -EINVAL, "unknown file type");
	begin();
	add(70701, "a", 0, 2, 0, "", 0);
	expect("", -EINVAL, "unknown file type");
	begin();
	add(70701, "a", 0120777, 2, 0, "", 0);
	expect("", -EINVAL, "bad target of a symbolic link");
	begin();
	add(70701, "a", 0120777, 2, 0, "b\0c", 3);
	expect("", -EINVAL, "bad target of a symbolic link");
	begin();
	add_trailer();
	archive[size++] = 0;
	memcpy(archive + size, archive, size - 1);
	size += size - 1;
	expect("|", -EINVAL, "archive does not begin at a multiple of 4");
}

/* Cut at every byte: never taken for whole. */
static void cut_anywhere(void **state)
{
	begin();
	add_file("one", "12345");
	add(70702, "two", 0100644, 4, 'x', "x", 1);
	add_trailer();
	assert_int_equal(read_all(size), 0);
	for (size_t n = 1; n < size; n++) {
		assert_int_equal(read_all(n), -EINVAL);
		assert_true(c.error_at <= n);
	}
}

static void random_bytes(void **state)
{
	static uint8_t good[4096];
	size_t n;

	begin();
	add_file("one", "12345");
	add(70702, "two", 0100644, 4, 'x', "x", 1);
	add(70701, "link", 0120777, 5, 0, "one", 3);
	add_trailer();
	add_file("three", "");
	add_trailer();
	memcpy(good, archive, size);
	for (int i = 0; i < 100000; i++) {
		n = size - (random_below(4) ? 0 : random_below((uint32_t)size));
		memcpy(archive, good, size);
		for (int k = random_below(4); k; k--)
			archive[random_below((uint32_t)size)] =
				random_below(2) ? (uint8_t)random_u32()
						: "0123456789abcdefF"[random_below(17)];
		read_all(n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_fields),
		cmocka_unit_test(several_in_a_row),
		cmocka_unit_test(something_else_behind),
		cmocka_unit_test(the_sink_may_refuse),
		cmocka_unit_test(checksums),
		cmocka_unit_test(spoiled),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(random_bytes),
	};

	return cmocka_run_group_tests_name("cpio", tests, NULL, NULL);
}
