/*
 * test_inflate.c - gzip files made by zlib, whole, cut and spoiled; and blocks that no compressor
 * makes.
 */
#include "unit.h"
#include "abi/errno.h"
#include "lib/inflate.h"
#include "lib/string.h"

#ifndef DATA
#define DATA "build/unit/data/"
#endif

enum { FILES_MIN = 50, SMALL = 2000 };

static struct gunzip g;

/* The @i-th pair that mkdata.py made; false behind the last. */
static bool load_pair(int i, uint8_t **packed, size_t *n, uint8_t **plain, size_t *plain_n)
{
	char path[256];
	FILE *f;

	sprintf(path, DATA "%d.gz", i);
	f = fopen(path, "rb");
	if (!f)
		return false;
	fclose(f);
	*packed = read_file(path, n);
	sprintf(path, DATA "%d.plain", i);
	*plain = read_file(path, plain_n);
	return true;
}

struct buffer {
	uint8_t *p;
	size_t size, len;
};

static int to_buffer(void *ctx, const void *data, size_t n)
{
	struct buffer *b = ctx;

	assert_true(n <= GUNZIP_WINDOW);
	if (n > b->size - b->len)
		return -ENOSPC;
	memcpy(b->p + b->len, data, n);
	b->len += n;
	return 0;
}

static int unpack(const void *in, size_t n, void *out, size_t size, size_t *len, size_t *used)
{
	void *copy = exact_copy(in, n);
	struct buffer b = { .p = out, .size = size };
	int err = gunzip(&g, copy, n, to_buffer, &b, used);

	*len = b.len;
	assert_true(err != -EINVAL || (g.error && g.error_at <= n));
	free(copy);
	return err;
}

static void whole_files(void **state)
{
	uint8_t *packed, *plain, *out;
	size_t n, plain_n, len, used;
	int i;

	for (i = 0; load_pair(i, &packed, &n, &plain, &plain_n); i++) {
		out = malloc(plain_n + 1);
		assert_true(gunzip_is(packed, n));
		assert_int_equal(unpack(packed, n, out, plain_n, &len, &used), 0);
		assert_int_equal(len, plain_n);
		assert_int_equal(used, n);
		assert_memory_equal(out, plain, plain_n);
		if (plain_n) /* one byte too little room */
			assert_int_equal(unpack(packed, n, out, plain_n - 1, &len, &used), -ENOSPC);
		packed[n] = 0x55; /* read_file() left room for it */
		assert_int_equal(unpack(packed, n + 1, out, plain_n, &len, &used), 0);
		assert_int_equal(used, n);
		free(packed);
		free(plain);
		free(out);
	}
	assert_true(i > FILES_MIN);
}

static void cut_files(void **state)
{
	uint8_t *packed, *plain, *out = malloc(1 << 20);
	size_t n, plain_n, len, used;

	for (int i = 0; load_pair(i, &packed, &n, &plain, &plain_n); i++) {
		for (size_t cut = 0; cut < n; cut += n < SMALL ? 1 : 1 + random_below(20000))
			assert_int_equal(unpack(packed, cut, out, 1 << 20, &len, &used), -EINVAL);
		free(packed);
		free(plain);
	}
	free(out);
}

/* A spoiled file may only pass if nothing that matters was hit: then it gives what it should. */
static void spoiled_files(void **state)
{
	uint8_t *packed, *plain, *out = malloc(1 << 20);
	size_t n, plain_n, len, used;

	for (int i = 0; load_pair(i, &packed, &n, &plain, &plain_n); i++) {
		for (int round = 0; round < (n < SMALL ? 300 : 5); round++) {
			size_t at = random_below((uint32_t)n);
			uint8_t old = packed[at];

			packed[at] ^= (uint8_t)(1u << random_below(8));
			if (!unpack(packed, n, out, 1 << 20, &len, &used)) {
				assert_int_equal(len, plain_n);
				assert_memory_equal(out, plain, plain_n);
			}
			packed[at] = old;
		}
		free(packed);
		free(plain);
	}
	free(out);
}

/* ---- blocks by hand ---- */

static uint8_t stream[512];
static size_t n_bits;

static void start(void)
{
	static const uint8_t head[10] = { 0x1f, 0x8b, 8 };

	memset(stream, 0, sizeof(stream));
	memcpy(stream, head, sizeof(head));
	n_bits = 8 * sizeof(head);
}

static void bits(uint32_t v, int n)
{
	for (; n--; v >>= 1, n_bits++)
		stream[n_bits / 8] |= (uint8_t)((v & 1) << n_bits % 8);
}

/* A code word: its first bit is its highest. */
static void word(uint32_t v, int n)
{
	while (n--)
		bits(v >> n & 1, 1);
}

static void refused(const char *why)
{
	uint8_t out[1024];
	size_t len, used;

	bits(0, 200); /* so that it is not for want of bits */
	assert_int_equal(unpack(stream, (n_bits + 7) / 8, out, sizeof(out), &len, &used), -EINVAL);
	assert_string_equal(g.error, why);
}

/*
 * Begin a block with codes of its own; @lengths of the 19 code lengths' code, in the order of the
 * file.
 */
static void dynamic(int n_literals, int n_distances, const uint8_t *lengths, int n)
{
	start();
	bits(1, 1);
	bits(2, 2);
	bits((uint32_t)n_literals - 257, 5);
	bits((uint32_t)n_distances - 1, 5);
	bits((uint32_t)n - 4, 4);
	for (int i = 0; i < n; i++)
		bits(lengths[i], 3);
}

static void dynamic_blocks_that_are_refused(void)
{
	/* 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 */
	static const uint8_t all_of_one[19] = { 1, 1 };
	static const uint8_t too_many[19] = { 1, 1, 1 };
	static const uint8_t too_few[19] = { 2, 2, 2 };
	static const uint8_t only_one[19] = { 0, 0, 1 };
	static const uint8_t ones_and_zeros[19] = { [2] = 2, [3] = 2, [15] = 2, [17] = 2 };

	dynamic(287, 1, all_of_one, 19);
	refused("too many codes");
	dynamic(257, 31, all_of_one, 19);
	refused("too many codes");
	dynamic(257, 1, too_many, 19);
	refused("code has too many words");
	dynamic(257, 1, too_few, 19);
	refused("code is incomplete");
	dynamic(257, 1, only_one, 19);
	refused("code is incomplete");

	dynamic(257, 1, all_of_one, 19); /* 0 is 16, 1 is 17 */
	word(0, 1);
	refused("repeats a length before the first");

	dynamic(257, 1, ones_and_zeros, 19); /* 00: 0, 01: 1, 10: 2, 11: 18 */
	word(3, 2);
	bits(138 - 11, 7);
	word(3, 2);
	bits(257 + 1 - 138 - 11, 7);
	refused("block cannot end");

	dynamic(257, 1, ones_and_zeros, 19);
	for (int i = 0; i < 2; i++) {
		word(3, 2);
		bits(138 - 11, 7);
	}
	refused("more lengths than codes");
}

static void blocks_that_are_refused(void **state)
{
	start();
	bits(1, 1);
	bits(3, 2);
	refused("no such type of block");

	start();
	bits(1, 1);
	bits(0, 7);
	bits(5, 16);
	bits(5, 16);
	refused("stored block's length does not match its complement");

	start(); /* length 3 at the very start */
	bits(1, 1);
	bits(1, 2);
	word(1, 7);
	word(0, 5);
	refused("match before the start");

	start(); /* 'A', and then from 2 back */
	bits(1, 1);
	bits(1, 2);
	word(0x30 + 'A', 8);
	word(1, 7);
	word(1, 5);
	refused("match before the start");

	start();
	bits(1, 1);
	bits(1, 2);
	word(0xc0 + 6, 8); /* symbol 286 */
	refused("no such length");

	start();
	bits(1, 1);
	bits(1, 2);
	word(0x30 + 'A', 8);
	word(1, 7);
	word(30, 5);
	refused("no such distance");

	dynamic_blocks_that_are_refused();
}

/* A block of literals only may say so by one distance code of length 0, or of length 1. */
static void codes_that_may_be_incomplete(void **state)
{
	static const uint8_t lengths[19] = { [2] = 2, [3] = 2, [15] = 2, [17] = 2 };

	for (uint32_t distance = 0; distance <= 1; distance++) {
		uint8_t out[16];
		size_t len, used;

		dynamic(257, 1, lengths, 19);
		word(1, 2); /* symbol 0: one bit */
		word(3, 2);
		bits(127, 7);
		word(3, 2);
		bits(255 - 138 - 11, 7);
		word(1, 2); /* end of block: one bit */
		word(distance, 2);
		word(0, 1);
		word(1, 1);
		n_bits = (n_bits + 7) & ~7ul;
		bits(0xd202ef8d, 32); /* the CRC of a byte of 0 */
		bits(1, 32);
		assert_int_equal(unpack(stream, n_bits / 8, out, sizeof(out), &len, &used), 0);
		assert_int_equal(len, 1);
		assert_int_equal(out[0], 0);
		stream[n_bits / 8 - 1] = 1;
		assert_int_equal(unpack(stream, n_bits / 8, out, sizeof(out), &len, &used),
				 -EINVAL);
		assert_string_equal(g.error, "wrong length");
		stream[n_bits / 8 - 5] ^= 1;
		assert_int_equal(unpack(stream, n_bits / 8, out, sizeof(out), &len, &used),
				 -EINVAL);
		assert_string_equal(g.error, "wrong CRC");
	}
}

static void headers(void **state)
{
	start();
	stream[0] = 0;
	refused("no gzip magic");
	start();
	stream[2] = 7;
	refused("no gzip magic");
	start();
	stream[3] = 0x20;
	refused("unknown header flags");
	start();
	stream[3] = 2;
	refused("wrong header CRC");
	start();
	stream[3] = 4;
	stream[10] = stream[11] = 0xff;
	refused("truncated header");
	assert_false(gunzip_is("\x1f\x8b", 2));
}

static int no_more(void *ctx, const void *data, size_t n)
{
	assert_true(n <= GUNZIP_WINDOW);
	return ++*(int *)ctx == 2 ? -EIO : 0;
}

static void the_receiver_may_refuse(void **state)
{
	uint8_t *packed, *plain;
	size_t n, plain_n, used;
	int refusals = 0;

	for (int i = 0; load_pair(i, &packed, &n, &plain, &plain_n); i++) {
		int calls = 0, err = gunzip(&g, packed, n, no_more, &calls, &used);

		assert_int_equal(err, plain_n > GUNZIP_WINDOW ? -EIO : 0);
		refusals += err != 0;
		free(packed);
		free(plain);
	}
	assert_true(refusals > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_files),
		cmocka_unit_test(cut_files),
		cmocka_unit_test(spoiled_files),
		cmocka_unit_test(blocks_that_are_refused),
		cmocka_unit_test(codes_that_may_be_incomplete),
		cmocka_unit_test(headers),
		cmocka_unit_test(the_receiver_may_refuse),
	};

	return cmocka_run_group_tests_name("inflate", tests, NULL, NULL);
}
