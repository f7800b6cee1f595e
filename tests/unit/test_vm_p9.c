/*
 * test_vm_p9.c - the server of vm's shared folder: what it answers, that no name leaves the folder,
 * that what is too short, too long or impossible is an error, and nothing is lost.
 */
#include "unit.h"
#include "vm_calls.h"
#include "el0/vm/p9.c"
#include "el0/vm/queue.c"

static struct p9 server;
static uint8_t request[P9_MSIZE + 64], answer[P9_MSIZE + 64];
static size_t request_size, answer_room;

/* Bytes of a request: numbers of so many bytes, strings, by the server's own letters. */
static void ask(uint8_t type, const char *format, ...)
{
	va_list ap;

	request_size = HEADER;
	va_start(ap, format);
	for (; *format; format++) {
		const char *text = *format == 's' ? va_arg(ap, const char *) : NULL;
		uint64_t v = text ? strlen(text) : va_arg(ap, uint64_t);
		size_t n = text ? 2 : (size_t)(*format - '0');

		__builtin_memcpy(request + request_size, &v, n);
		request_size += n;
		if (text) {
			__builtin_memcpy(request + request_size, text, v);
			request_size += v;
		}
	}
	va_end(ap);
	__builtin_memcpy(request, &request_size, 4);
	request[4] = type;
	request[5] = 0x34;
	request[6] = 0x12;
}

/* Serve it, from two pieces into three: 0, or the error that it was answered with. */
static long serve_asked(void)
{
	uint8_t *from = exact_copy(request, request_size), *to = malloc(answer_room);
	struct iovec out[] = { { (uintptr_t)from, 5 }, { (uintptr_t)from + 5, request_size - 5 } };
	struct iovec in[] = { { (uintptr_t)to, 9 },
			      { (uintptr_t)to + 9, 3 },
			      { (uintptr_t)to + 12, answer_room - 12 } };
	uint32_t n = p9_request(&server, out, 2, request_size, in, 3, answer_room), size = 0,
		 err = 0;

	assert_true(n >= HEADER && n <= answer_room);
	__builtin_memcpy(&size, to, 4);
	assert_int_equal(size, n);
	assert_int_equal(to[5] | to[6] << 8, 0x1234);
	__builtin_memcpy(answer, to, n);
	__builtin_memcpy(&err, answer + HEADER, 4);
	assert_true(answer[4] == request[4] + 1 || (answer[4] == RLERROR && n == HEADER + 4));
	free(from);
	free(to);
	return answer[4] == RLERROR ? -(long)err : 0;
}

#define ASK(type, ...) (ask(type, __VA_ARGS__), serve_asked())
#define W(x)	       ((uint64_t)(x))

static int setup(void **state)
{
	p9_forget(&server);
	assert_int_equal(server.fids_bytes, 0);
	assert_int_equal(calls.open, 0);
	memset(&calls, 0, sizeof(calls));
	calls.mode = S_IFDIR | 0755;
	calls.moved = ~0UL;
	answer_room = 8192;
	server.root = CALLS_ROOT;
	assert_int_equal(ASK(100, "4s", W(8192), "9P2000.L"), 0);
	assert_int_equal(ASK(104, "44ss4", W(1), W(~0u), "root", "/", W(0)), 0);
	return 0;
}

static void test_version(void **state)
{
	uint32_t msize;

	assert_int_equal(ASK(100, "4s", W(1 << 30), "9P2000.L"), 0);
	__builtin_memcpy(&msize, answer + 7, 4);
	assert_int_equal(msize, P9_MSIZE);
	assert_memory_equal(answer + 13, "9P2000.L", 8);
	assert_int_equal(ASK(100, "4s", W(8192), "9P2000.u"), 0);
	assert_memory_equal(answer + 13, "unknown", 7);
	assert_int_equal(ASK(100, "4s", W(4095), "9P2000.L"), -EINVAL);
	/* A version ends the session: fid 1 is gone. */
	assert_int_equal(ASK(100, "4s", W(8192), "9P2000.L"), 0);
	assert_int_equal(ASK(24, "48", W(1), W(0x7ff)), -EBADF);
	assert_int_equal(ASK(99, ""), -EOPNOTSUPP);
}

/* From the root along so many names to fid 2: 0 or the error; how far in the answer. */
static long walk(unsigned int n, const char *a, const char *b, const char *c)
{
	ASK(120, "4", W(2));
	return ASK(110, "442sss", W(1), W(2), W(n), a, b, c);
}

static void test_walk_stays_inside(void **state)
{
	static const char *const bad[] = { "", ".", "a/b", "/", "/etc", "../x", "a/" };

	assert_int_equal(walk(3, "a", "b", "c"), 0);
	assert_int_equal(answer[7], 3);
	assert_string_equal(calls.dir, "a/b");
	assert_string_equal(calls.name, "c");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(walk(1, bad[i], "", ""), -EINVAL);
		assert_int_equal(walk(2, "a", bad[i], ""), 0); /* as far as it goes: no fid */
		assert_int_equal(answer[7], 1);
		assert_int_equal(ASK(24, "48", W(2), W(0)), -EBADF);
	}
	/* ".." never gets above the root. */
	assert_int_equal(walk(3, "..", "..", "x"), 0);
	assert_string_equal(calls.dir, ".");
	assert_string_equal(calls.name, "x");
	assert_int_equal(walk(3, "a", "..", "b"), 0);
	assert_string_equal(calls.dir, ".");
	assert_int_equal(ASK(110, "442", W(1), W(2), W(17)), -EINVAL);
	assert_int_equal(ASK(110, "442", W(1), W(1), W(0)), 0); /* to itself */
	assert_int_equal(ASK(110, "442", W(9), W(3), W(0)), -EBADF);
}

static void test_names_stay_inside(void **state)
{
	static const char *const bad[] = { "", ".", "..", "a/b", "../x" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(ASK(14, "4s444", W(1), bad[i], W(2), W(0644), W(0)), -EINVAL);
		assert_int_equal(ASK(16, "4ss4", W(1), bad[i], "t", W(0)), -EINVAL);
		assert_int_equal(ASK(72, "4s44", W(1), bad[i], W(0755), W(0)), -EINVAL);
		assert_int_equal(ASK(76, "4s4", W(1), bad[i], W(0)), -EINVAL);
		assert_int_equal(ASK(74, "4s4s", W(1), "a", W(1), bad[i]), -EINVAL);
		assert_int_equal(ASK(74, "4s4s", W(1), bad[i], W(1), "a"), -EINVAL);
		assert_int_equal(ASK(70, "44s", W(1), W(1), bad[i]), -EINVAL);
		assert_int_equal(ASK(20, "44s", W(1), W(1), bad[i]), -EINVAL);
	}
	/* A NUL hides the rest of a name. */
	ask(72, "4s44", W(1), "abc", W(0755), W(0));
	request[HEADER + 4 + 2 + 1] = '\0';
	assert_int_equal(serve_asked(), -EINVAL);
	assert_int_equal(ASK(18, "4s4444", W(1), "dev", W(S_IFCHR | 0666), W(1), W(3), W(0)),
			 -EPERM);
	assert_int_equal(ASK(18, "4s4444", W(1), "fifo", W(S_IFIFO | 0666), W(0), W(0), W(0)), 0);
}

/* Names of 255 bytes until a path is too long: told, and nothing is overrun. */
static void test_long_paths(void **state)
{
	char name[257];
	uint64_t at = 1;
	long err = 0;

	memset(name, 'n', 255);
	name[255] = '\0';
	for (; !err && at < 40; at++)
		err = ASK(110, "442s", at, at + 1, W(1), name);
	assert_int_equal(err, -ENAMETOOLONG);
	assert_int_equal(at, 18);
	assert_int_equal(ASK(72, "4s44", at - 1, name, W(0755), W(0)), -ENAMETOOLONG);
	name[255] = 'n';
	name[256] = '\0';
	assert_int_equal(ASK(72, "4s44", W(1), name, W(0755), W(0)), -EINVAL);
}

static void test_only_files_are_opened(void **state)
{
	static const uint32_t modes[] = { S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK, S_IFLNK };
	int before;

	assert_int_equal(walk(1, "f", "", ""), 0);
	before = calls.open;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		calls.mode = modes[i] | 0666;
		assert_int_equal(ASK(12, "44", W(2), W(2)), -ENXIO);
		assert_int_equal(ASK(14, "4s444", W(1), "f", W(0), W(0644), W(0)), -ENXIO);
		assert_int_equal(calls.open, before);
	}
}

static void test_read_write(void **state)
{
	uint32_t n;

	calls.mode = S_IFREG | 0644;
	assert_int_equal(ASK(116, "484", W(1), W(0), W(10)), -EBADF); /* not open */
	assert_int_equal(walk(1, "f", "", ""), 0);
	assert_int_equal(ASK(12, "44", W(2), W(2)), 0);
	assert_int_equal(ASK(12, "44", W(2), W(2)), -EBADF); /* twice */
	assert_int_equal(ASK(116, "484", W(2), W(0), W(100)), 0);
	__builtin_memcpy(&n, answer + 7, 4);
	assert_int_equal(n, 100);
	assert_int_equal(answer[11], 'd');
	assert_int_equal(answer[110], 'd');
	/* More than there is room for, than a message holds: less. */
	assert_int_equal(ASK(116, "484", W(2), W(0), W(~0u)), 0);
	__builtin_memcpy(&n, answer + 7, 4);
	assert_int_equal(n, 8192 - READ_HEAD);
	assert_int_equal(ASK(118, "484", W(2), W(0), W(1)), -EINVAL); /* without its byte */
	assert_int_equal(ASK(118, "4841", W(2), W(0), W(1), W('x')), 0);
	assert_int_equal(ASK(118, "4841", W(2), W(0), W(~0u), W('x')), -EINVAL);
	calls.moved = 3;
	assert_int_equal(ASK(116, "484", W(2), W(0), W(100)), 0);
	__builtin_memcpy(&n, answer, 4);
	assert_int_equal(n, READ_HEAD + 3);
	calls.err = -EIO;
	assert_int_equal(ASK(116, "484", W(2), W(0), W(100)), -EIO);
	assert_int_equal(ASK(50, "44", W(2), W(0)), -EIO);
}

static void test_readdir(void **state)
{
	uint32_t n;

	assert_int_equal(ASK(12, "44", W(1), W(0)), 0);
	assert_int_equal(ASK(40, "484", W(1), W(0), W(4096)), 0);
	__builtin_memcpy(&n, answer + 7, 4);
	assert_int_equal(n, 24 + 1 + 24 + 255);
	assert_int_equal(answer[11], 0x80);
	assert_int_equal(ASK(40, "484", W(1), W(0), W(100)), 0); /* the long one waits */
	__builtin_memcpy(&n, answer + 7, 4);
	assert_int_equal(n, 25);
	assert_int_equal(ASK(40, "484", W(1), W(0), W(24)), -EINVAL);
	assert_int_equal(ASK(40, "484", W(1), W(0), W(~0u)), 0);
	answer_room = 36;
	assert_int_equal(ASK(40, "484", W(1), W(0), W(4096)), 0);
	answer_room = 35;
	assert_int_equal(ASK(40, "484", W(1), W(0), W(4096)), -EINVAL);
}

static void test_renames_reach_fids(void **state)
{
	assert_int_equal(ASK(110, "442sss", W(1), W(2), W(3), "a", "b", "c"), 0);
	assert_int_equal(ASK(110, "442s", W(1), W(3), W(1), "ab"), 0);
	assert_int_equal(ASK(74, "4s4s", W(1), "a", W(1), "z"), 0);
	assert_string_equal(calls.name, "a");
	assert_string_equal(calls.name2, "z");
	assert_int_equal(ASK(24, "48", W(2), W(0)), 0);
	assert_string_equal(calls.dir, "z/b");
	assert_int_equal(ASK(24, "48", W(3), W(0)), 0);
	assert_string_equal(calls.name, "ab");
	/* The fid itself moves with its file. */
	assert_int_equal(ASK(20, "44s", W(2), W(3), "d"), 0);
	assert_int_equal(ASK(24, "48", W(2), W(0)), 0);
	assert_string_equal(calls.dir, "ab");
	assert_string_equal(calls.name, "d");
	assert_int_equal(ASK(122, "4", W(2)), 0);
	assert_int_equal(ASK(120, "4", W(2)), -EBADF);
}

/* Cut at each byte: an error, or the answer to a shorter request of the same kind. */
static void test_cut_requests(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		memset(request, 1, 64);
		for (request_size = HEADER; request_size < 64; request_size++) {
			__builtin_memcpy(request, &request_size, 4);
			request[4] = requests[i].type;
			request[5] = 0x34;
			request[6] = 0x12;
			serve_asked();
		}
	}
}

static void test_no_request(void **state)
{
	uint8_t bytes[64] = { 0 }, to[64];
	struct iovec out = { (uintptr_t)bytes, 64 }, in = { (uintptr_t)to, 64 };

	assert_int_equal(p9_request(&server, &out, 1, 64, &in, 1, 64), 0); /* size 0 */
	bytes[0] = 65;
	assert_int_equal(p9_request(&server, &out, 1, 64, &in, 1, 64), 0); /* longer than it is */
	bytes[0] = 8;
	assert_int_equal(p9_request(&server, &out, 1, 64, &in, 1, 10), 0); /* no room */
	assert_int_equal(p9_request(&server, &out, 1, 64, &in, 1, 11), 11);
	out.iov_len = 3;
	assert_int_equal(p9_request(&server, &out, 1, 3, &in, 1, 64), 0);
}

/* A guest that takes fids and gives none back gets an error, not this program's memory. */
static void test_fids_have_a_limit(void **state)
{
	char name[256];
	uint64_t id = 2;
	long err = 0;

	memset(name, 'n', 250);
	name[250] = '\0';
	for (; !err && id < 1000000; id++)
		err = ASK(110, "442s", W(1), id, W(1), name);
	assert_int_equal(err, -ENFILE);
	assert_true(server.fids_bytes <= P9_FIDS_MAX);
	assert_int_equal(ASK(120, "4", W(2)), 0);
	assert_int_equal(ASK(110, "442s", W(1), W(2), W(1), name), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_version, setup),
		cmocka_unit_test_setup(test_walk_stays_inside, setup),
		cmocka_unit_test_setup(test_names_stay_inside, setup),
		cmocka_unit_test_setup(test_long_paths, setup),
		cmocka_unit_test_setup(test_only_files_are_opened, setup),
		cmocka_unit_test_setup(test_read_write, setup),
		cmocka_unit_test_setup(test_readdir, setup),
		cmocka_unit_test_setup(test_renames_reach_fids, setup),
		cmocka_unit_test_setup(test_cut_requests, setup),
		cmocka_unit_test_setup(test_no_request, setup),
		cmocka_unit_test_setup(test_fids_have_a_limit, setup),
	};

	return cmocka_run_group_tests(tests, NULL, setup);
}
