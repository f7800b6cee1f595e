/*
 * test_cpio.c - archives made here, good and spoiled.
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

/* Read all of @n bytes: the names, separated by spaces, and the last answer. */
static int read_all(size_t n, char *names, struct cpio *c)
{
	uint8_t *copy = exact_copy(archive, n);
	struct cpio_entry e;
	int got;

	*names = 0;
	cpio_open(c, copy, n);
	while ((got = cpio_next(c, &e)) > 0) {
		assert_true((const uint8_t *)e.data >= copy && e.size <= n);
		__builtin_strcat(__builtin_strcat(names, e.name), " ");
	}
	assert_int_equal(cpio_next(c, &e), got); /* and so for ever */
	if (got < 0)
		assert_true(c->error && c->error_at <= n);
	free(copy);
	return got;
}

static void expect(const char *want_names, int want, const char *error)
{
	char names[1024];
	struct cpio c;

	assert_int_equal(read_all(size, names, &c), want);
	assert_string_equal(names, want_names);
	if (error)
		assert_string_equal(c.error, error);
	else
		assert_null(c.error);
}

static void all_fields(void **state)
{
	struct cpio c;
	struct cpio_entry e;

	begin();
	add(70701, "dev/tty", 0020620, 8, 0, "12345", 5);
	add_trailer();
	cpio_open(&c, archive, size);
	assert_int_equal(cpio_next(&c, &e), 1);
	assert_string_equal(e.name, "dev/tty");
	assert_int_equal(e.name_len, 7);
	assert_int_equal(e.archive, 1);
	assert_int_equal(e.ino, 0xabcdef);
	assert_int_equal(e.mode, 0020620);
	assert_int_equal(e.uid, 1000);
	assert_int_equal(e.gid, 100);
	assert_int_equal(e.nlink, 2);
	assert_int_equal(e.mtime, 0x5f000000);
	assert_int_equal(e.dev_major, 8);
	assert_int_equal(e.dev_minor, 1);
	assert_int_equal(e.rdev_major, 4);
	assert_int_equal(e.rdev_minor, 64);
	assert_int_equal(e.size, 5);
	assert_memory_equal(e.data, "12345", 5);
	assert_int_equal(cpio_next(&c, &e), 0);
	assert_int_equal(c.pos, size);
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
	add_trailer();
	memset(archive + size, 0, 1000);
	size += 1000;
	add_file("d", "xyzw");
	add_trailer();
	memset(archive + size, 0, 511);
	size += 511;
	expect("a b c d ", 0, NULL);
}

static void which_archive(void **state)
{
	struct cpio c;
	struct cpio_entry e;

	begin();
	add_file("a", "");
	add_trailer();
	add_file("b", "");
	add_trailer();
	cpio_open(&c, archive, size);
	assert_int_equal(cpio_next(&c, &e), 1);
	assert_int_equal(e.archive, 1);
	assert_int_equal(cpio_next(&c, &e), 1);
	assert_int_equal(e.archive, 2);
}

static void something_else_behind(void **state)
{
	struct cpio c;
	struct cpio_entry e;
	size_t at;

	begin();
	add_file("a", "1");
	add_trailer();
	at = size;
	memcpy(archive + size, "\x1f\x8b\x08 packed.", 12);
	size += 12;
	add_file("b", "2");
	add_trailer();
	cpio_open(&c, archive, size);
	assert_int_equal(cpio_next(&c, &e), 1);
	assert_int_equal(cpio_next(&c, &e), 0);
	assert_int_equal(c.pos, at);
	c.pos += 12; /* the caller knows what that was */
	assert_int_equal(cpio_next(&c, &e), 1);
	assert_string_equal(e.name, "b");
	assert_int_equal(cpio_next(&c, &e), 0);
	assert_int_equal(c.pos, size);
}

static void checksums(void **state)
{
	begin();
	add(70702, "good", 0100644, 5, 'a' + 'b' + 0xff, "ab\xff", 3);
	add(70702, "link", 0120777, 5, 0, "good", 4);
	add(70702, "empty", 0100644, 6, 5, "", 0);
	add(70702, "TRAILER!!!", 0, 11, 0, "", 0);
	expect("good link empty ", 0, NULL);
	begin();
	add(70702, "bad", 0100644, 4, 'a' + 'b', "ac", 2);
	expect("", -EINVAL, "wrong checksum");
}

static void spoiled(void **state)
{
	begin();
	add_file("a", "1");
	expect("a ", -EINVAL, "archive without TRAILER!!!");
	archive[size++] = '0';
	expect("a ", -EINVAL, "truncated header");
	begin();
	add_file("a", "1");
	memset(archive + size, 'z', 120); /* long enough for a header */
	size += 120;
	expect("a ", -EINVAL, "no newc magic (070701 or 070702)");
	begin();
	add_file("a", "1");
	archive[20] = 'g';
	expect("", -EINVAL, "header field is not hexadecimal");
	begin();
	add(70701, "a", 0100644, 4097, 0, "", 0);
	expect("", -EINVAL, "name too long");
	begin();
	add(70701, "a", 0100644, 4096, 0, "", 0);
	expect("", -EINVAL, "name exceeds the archive");
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
	expect("", -EINVAL, "data exceeds the archive");
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
	expect("", -EINVAL, "archive does not begin at a multiple of 4");
}

/* Cut at every byte: never read behind the cut, never taken for whole. */
static void cut_anywhere(void **state)
{
	char names[64];
	struct cpio c;

	begin();
	add_file("one", "12345");
	add(70702, "two", 0100644, 4, 'x', "x", 1);
	add_trailer();
	for (size_t n = 6; n < size - 3; n++)
		assert_int_equal(read_all(n, names, &c), -EINVAL);
}

static void random_bytes(void **state)
{
	static uint8_t good[4096];
	char names[16384];
	struct cpio c;
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
		read_all(n, names, &c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_fields),	 cmocka_unit_test(several_in_a_row),
		cmocka_unit_test(which_archive), cmocka_unit_test(something_else_behind),
		cmocka_unit_test(checksums),	 cmocka_unit_test(spoiled),
		cmocka_unit_test(cut_anywhere),	 cmocka_unit_test(random_bytes),
	};

	return cmocka_run_group_tests_name("cpio", tests, NULL, NULL);
}
