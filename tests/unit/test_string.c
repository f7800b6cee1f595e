/*
 * test_string.c - lib/string.c against the C library, at every alignment.
 */
#include "unit.h"
#include "lib/string.h"

enum { SPAN = 224 }; /* longer than three rounds of the 64-byte loops */

static void fill_random(uint8_t *p, size_t n)
{
	while (n--)
		*p++ = (uint8_t)random_u32();
}

/*
 * Blocks of exactly the right size, begun at every alignment: a byte too much is caught by the
 * sanitizer.
 */
static void copies_at_every_alignment(void **state)
{
	for (size_t d = 0; d < 8; d++)
		for (size_t s = 0; s < 8; s++)
			for (size_t n = 0; n < SPAN; n++) {
				uint8_t *dst = malloc(d + n + 1), *src = malloc(s + n + 1);

				fill_random(src, s + n);
				assert_ptr_equal(memcpy(dst + d, src + s, n), dst + d);
				assert_int_equal(__builtin_memcmp(dst + d, src + s, n), 0);
				free(dst);
				free(src);
			}
}

static void moves_with_every_overlap(void **state)
{
	uint8_t a[SPAN + 128], b[sizeof(a)];

	for (size_t d = 0; d < 80; d++)
		for (size_t s = 0; s < 80; s++)
			for (size_t n = 0; n < SPAN; n += 1 + random_below(9)) {
				fill_random(a, sizeof(a));
				__builtin_memcpy(b, a, sizeof(a));
				assert_ptr_equal(memmove(a + d, a + s, n), a + d);
				__builtin_memmove(b + d, b + s, n);
				assert_int_equal(__builtin_memcmp(a, b, sizeof(a)), 0);
			}
}

static void sets_nothing_else(void **state)
{
	uint8_t a[SPAN + 32], b[sizeof(a)];

	for (size_t d = 0; d < 16; d++)
		for (size_t n = 0; n < SPAN; n++) {
			fill_random(a, sizeof(a));
			__builtin_memcpy(b, a, sizeof(a));
			assert_ptr_equal(memset(a + d, (int)(0xffffff00 | n), n), a + d);
			__builtin_memset(b + d, (int)n, n);
			assert_int_equal(__builtin_memcmp(a, b, sizeof(a)), 0);
		}
}

static int sign(int x)
{
	return (x > 0) - (x < 0);
}

static void compares_like_libc(void **state)
{
	for (int i = 0; i < 200000; i++) {
		size_t n = random_below(40), at = random_below(8), bt = random_below(8);
		uint8_t *a = malloc(at + n + 1), *b = malloc(bt + n + 1);

		fill_random(a + at, n);
		__builtin_memcpy(b + bt, a + at, n);
		if (n && random_below(4))
			b[bt + random_below((uint32_t)n)] ^= 1u << random_below(8);
		assert_int_equal(sign(memcmp(a + at, b + bt, n)),
				 sign(__builtin_memcmp(a + at, b + bt, n)));
		free(a);
		free(b);
	}
}

/* Short strings over two letters, so that equal beginnings and repeated characters are common. */
static char *random_string(size_t *len)
{
	char *s;

	*len = random_below(12);
	s = malloc(*len + 1);
	for (size_t i = 0; i < *len; i++)
		s[i] = random_below(8) ? "ab"[random_below(2)] : (char)(0x80 | random_u32());
	for (size_t i = 0; i < *len; i++)
		s[i] = s[i] ? s[i] : 'c';
	s[*len] = 0;
	return s;
}

static void strings_like_libc(void **state)
{
	for (int i = 0; i < 200000; i++) {
		size_t la, lb, n = random_below(14);
		char *a = random_string(&la), *b = random_string(&lb);
		int c = random_below(3) ? "ab"[random_below(2)] : 0;

		assert_int_equal(strlen(a), la);
		assert_int_equal(strnlen(a, n), n < la ? n : la);
		assert_int_equal(sign(strcmp(a, b)), sign(__builtin_strcmp(a, b)));
		assert_int_equal(sign(strncmp(a, b, n)), sign(__builtin_strncmp(a, b, n)));
		assert_ptr_equal(strchr(a, c), __builtin_strchr(a, c));
		assert_ptr_equal(strrchr(a, c), __builtin_strrchr(a, c));
		assert_ptr_equal(memchr(a, c, la), __builtin_memchr(a, c, la));
		free(a);
		free(b);
	}
}

static void finds_bytes_at_every_alignment(void **state)
{
	for (size_t at = 0; at < 8; at++)
		for (size_t n = 0; n < 64; n++) {
			uint8_t *p = malloc(at + n + 1);

			fill_random(p, at + n);
			for (int c = 0; c < 256; c += 5)
				assert_ptr_equal(memchr(p + at, c, n),
						 __builtin_memchr(p + at, c, n));
			for (size_t i = 0; i < n; i++) {
				memset(p + at, 0x80, n);
				p[at + i] = 0;
				assert_ptr_equal(memchr(p + at, 0x100, n), p + at + i);
				assert_int_equal(strnlen((char *)p + at, n), i);
			}
			memset(p + at, 1, n);
			assert_null(memchr(p + at, 0, n));
			assert_int_equal(strnlen((char *)p + at, n), n);
			free(p);
		}
}

static void bounded_copy_terminates(void **state)
{
	char buf[5] = "....";

	assert_int_equal(strlcpy(buf, "abc", sizeof(buf)), 3);
	assert_string_equal(buf, "abc");
	assert_int_equal(strlcpy(buf, "abcd", sizeof(buf)), 4);
	assert_string_equal(buf, "abcd");
	assert_int_equal(strlcpy(buf, "abcdef", sizeof(buf)), 6);
	assert_string_equal(buf, "abcd");
	assert_int_equal(strlcpy(buf, "xyz", 1), 3);
	assert_string_equal(buf, "");
	buf[0] = 'q';
	assert_int_equal(strlcpy(buf, "xyz", 0), 3);
	assert_int_equal(buf[0], 'q');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_at_every_alignment),
		cmocka_unit_test(moves_with_every_overlap),
		cmocka_unit_test(sets_nothing_else),
		cmocka_unit_test(compares_like_libc),
		cmocka_unit_test(strings_like_libc),
		cmocka_unit_test(finds_bytes_at_every_alignment),
		cmocka_unit_test(bounded_copy_terminates),
	};

	return cmocka_run_group_tests_name("string", tests, NULL, NULL);
}
