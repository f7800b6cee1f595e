/*
 * test_trace_strace.c - tools/trace/: calls as strace shows them, of records with chunks, of those
 * that came in late, and of some that are not whole.
 */
#include "unit.h"

#include "abi/syscall.h"
#include "lib/string.h"
#include "tools/trace/strace.h"
#include "trace/esr.c"
#include "trace/names.c"
#include "trace/sysreg.c"

struct record {
	union {
		struct trace_svc svc;
		struct trace_return back;
		uint64_t word[TRACE_WORDS_MAX];
	};
};

static struct record call, back;

static void begin(uint32_t nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, int64_t result)
{
	call = (struct record){ .svc = { .head = { .kind = TRACE_KIND_SVC,
						   .words = sizeof(struct trace_svc) / 8 },
					 .nr = nr,
					 .arg = { a, b, c, d } } };
	back = (struct record){ .back = { .head = { .kind = TRACE_KIND_RETURN,
						    .words = sizeof(struct trace_return) / 8 },
					  .cause = TRACE_KIND_SVC,
					  .nr = (int32_t)nr,
					  .result = result } };
}

static void chunk(struct record *r, unsigned int arg, unsigned int flags, const void *data,
		  size_t bytes, uint32_t whole)
{
	struct trace_chunk *c = (void *)&r->word[r->svc.head.words];

	*c = (struct trace_chunk){ .arg = (uint8_t)arg,
				   .flags = (uint8_t)flags,
				   .bytes = (uint16_t)bytes,
				   .whole = whole };
	__builtin_memcpy(c + 1, data, bytes);
	r->svc.head.words += 1 + (bytes + 7) / 8;
}

static void path(unsigned int arg, const char *s)
{
	chunk(&call, arg, TRACE_CHUNK_STRING, s, strlen(s), (uint32_t)strlen(s));
}

static void expect(const char *line)
{
	char text[512];
	int n = trace_strace_line(text, sizeof(text), &call.svc.head, sizeof(call), &back.svc.head,
				  sizeof(back));

	assert_string_equal(text, line);
	assert_int_equal(n, strlen(line));
}

static void strings_and_results(void **state)
{
	begin(NR_openat, (uint64_t)-100, 0x1000, 02000000, 0, 3);
	path(1, "/etc/motd");
	expect("openat(AT_FDCWD, \"/etc/motd\", O_RDONLY|O_CLOEXEC) = 3");
	begin(NR_openat, 5, 0x1000, 0101, 0640, -2);
	path(1, "x");
	expect("openat(5, \"x\", O_WRONLY|O_CREAT, 0640) = -1 ENOENT");
	begin(NR_read, 3, 0x2000, 4096, 0, 40);
	chunk(&back, 1, TRACE_CHUNK_AFTER, "01234567890123456789012345678901", 32, 40);
	expect("read(3, \"01234567890123456789012345678901\"..., 4096) = 40");
	begin(NR_read, 3, 0x2000, 4096, 0, 0);
	chunk(&back, 1, TRACE_CHUNK_AFTER, "", 0, 0);
	expect("read(3, \"\", 4096) = 0");
	begin(NR_mmap, 0, 4096, 3, 0x22, 0x7f0000000000);
	call.svc.arg[4] = UINT64_MAX;
	expect("mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = "
	       "0x7f0000000000");
	begin(NR_fcntl, 3, 1, 0, 0, 1);
	expect("fcntl(3, F_GETFD) = 0x1");
	begin(NR_delete_module, 0x1000, 0xa01, 0, 0, -2);
	path(0, "m");
	expect("delete_module(\"m\", O_NONBLOCK|O_TRUNC|0x1) = -1 ENOENT");
}

/* What was not in memory comes with the return. */
static void late(void **state)
{
	begin(NR_chdir, 0x1000, 0, 0, 0, -2);
	chunk(&call, 0, TRACE_CHUNK_STRING | TRACE_CHUNK_NOT_IN, "", 0, 0);
	expect("chdir(0x1000) = -1 ENOENT");
	chunk(&back, 0, TRACE_CHUNK_STRING, "there", 5, 5);
	expect("chdir(\"there\") = -1 ENOENT");
	begin(NR_chdir, 0xffff000000000000, 0, 0, 0, -14);
	chunk(&call, 0, TRACE_CHUNK_STRING | TRACE_CHUNK_BAD, "", 0, 0);
	expect("chdir(0xffff000000000000) = -1 EFAULT");
}

static void structs(void **state)
{
	const uint32_t stat[32] = { [4] = 0100644, [12] = 17 },
		       tty[32] = { [4] = 020620, [8] = 0x440 };
	const uint64_t action[4] = { 1, 0x10000000, 0, 1 << 9 | 1ull << 31 };
	const int32_t two[2] = { 3, 4 };
	const uint16_t un[6] = { 1, 's' | 'o' << 8, 'c' | 'k' << 8 };

	begin(NR_newfstatat, 3, 0x1000, 0x2000, 0x100, 0);
	path(1, "f");
	chunk(&back, 2, TRACE_CHUNK_AFTER, stat, sizeof(stat), sizeof(stat));
	expect("newfstatat(3, \"f\", {st_mode=S_IFREG|0644, st_size=17, ...}, AT_SYMLINK_NOFOLLOW) "
	       "= 0");
	begin(NR_fstat, 3, 0x2000, 0, 0, 0);
	chunk(&back, 1, TRACE_CHUNK_AFTER, tty, sizeof(tty), sizeof(tty));
	expect("fstat(3, {st_mode=S_IFCHR|0620, st_rdev=makedev(0x4, 0x40), ...}) = 0");
	begin(NR_rt_sigaction, 10, 0x1000, 0, 8, 0);
	chunk(&call, 1, 0, action, sizeof(action), sizeof(action));
	expect("rt_sigaction(SIGUSR1, {sa_handler=SIG_IGN, sa_mask=[USR1 RTMIN], "
	       "sa_flags=SA_RESTART}, NULL, 8) = 0");
	begin(NR_pipe2, 0x1000, 0, 0, 0, 0);
	chunk(&back, 0, TRACE_CHUNK_AFTER, two, sizeof(two), sizeof(two));
	expect("pipe2([3, 4], 0) = 0");
	begin(NR_connect, 3, 0x1000, 7, 0, -2);
	chunk(&call, 1, 0, un, 7, 7);
	expect("connect(3, {sa_family=AF_UNIX, sun_path=\"sock\"}, 7) = -1 ENOENT");
	begin(NR_wait4, UINT64_MAX, 0x1000, 0, 0, 5);
	chunk(&back, 1, TRACE_CHUNK_AFTER, "\0\3\0\0", 4, 4);
	expect("wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = 5");
}

static void vectors_and_lists(void **state)
{
	const uint64_t iov[4] = { 0x1000, 2, 0x2000, 40 };

	begin(NR_writev, 1, 0x3000, 2, 0, 42);
	chunk(&call, 1, 0, iov, sizeof(iov), sizeof(iov));
	chunk(&call, 1, TRACE_CHUNK_INNER, "ab", 2, 2);
	chunk(&call, 1, TRACE_CHUNK_INNER | TRACE_CHUNK_NOT_IN, "", 0, 40);
	expect("writev(1, [{iov_base=\"ab\", iov_len=2}, {iov_base=0x2000, iov_len=40}], 2) = 42");
	begin(NR_execve, 0x1000, 0x2000, 0x3000, 0, 0);
	path(0, "/bin/ls");
	chunk(&call, 1, 0, "", 0, 3);
	chunk(&call, 1, TRACE_CHUNK_STRING | TRACE_CHUNK_INNER, "ls", 2, 2);
	chunk(&call, 1, TRACE_CHUNK_STRING | TRACE_CHUNK_INNER, "-l", 2, 2);
	chunk(&call, 2, 0, "", 0, 6);
	expect("execve(\"/bin/ls\", [\"ls\", \"-l\", ...], 0x3000 /* 6 vars */) = 0");
}

/* Bytes that are not enough for what they should be: the address says it. */
static void what_is_not_whole(void **state)
{
	begin(NR_fstat, 3, 0x2000, 0, 0, 0);
	chunk(&back, 1, TRACE_CHUNK_AFTER, "1234567", 7, 128);
	expect("fstat(3, 0x2000) = 0");
	back.svc.head.words = TRACE_WORDS_MAX;
	back.word[sizeof(struct trace_return) / 8] = UINT64_MAX;
	expect("fstat(3, 0x2000) = 0");
	begin(NR_bind, 3, 0x1000, 7, 0, 0);
	chunk(&call, 1, 0, "\1\0sock", 7, 1); /* shorter than it is */
	expect("bind(3, \"\\1\", 7) = 0");
	begin(NR_fstat, 3, 0x2000, 0, 0, 0);
	back.svc.head.words = 2;
	expect("fstat(3, 0x2000) = ?");
	call.svc.head.kind = TRACE_KIND_IRQ;
	expect("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_and_results),
		cmocka_unit_test(late),
		cmocka_unit_test(structs),
		cmocka_unit_test(vectors_and_lists),
		cmocka_unit_test(what_is_not_whole),
	};

	return cmocka_run_group_tests_name("trace_strace", tests, NULL, NULL);
}
