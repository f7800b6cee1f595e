/*
 * races.c - one thread takes away or rewrites what another one's system call is using; and
 * everything runs out.
 *
 * Each group says which answers are right: in a race there is more than one, but a mixture of two
 * is none.  The group that follows on another's ruins finds every page, descriptor and process
 * given back.
 */
#include "abi/fcntl.h"
#include "abi/futex.h"
#include "abi/mman.h"
#include "abi/sched.h"
#include "el0/lib/process.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "tests/el0/tap.h"
#include "tests/el0/thread.h"

#define PAGE	    4096UL
#define RW	    (PROT_READ | PROT_WRITE)
#define ANON	    (MAP_PRIVATE | MAP_ANONYMOUS)
#define STACK	    8192UL
#define THREADS_MAX 64
#define RACE_MS	    300 /* a race is run for so long */

static char stacks[THREADS_MAX][STACK] __attribute__((aligned(16)));
static int tids[THREADS_MAX]; /* 0 once the thread has gone */
static int stop;	      /* set: the helping threads end */

static int zero_fd, null_fd, xs_fd, file, fds[2];

/* ---- threads ---- */

static long start(int i, void (*fn)(void *), void *arg)
{
	tids[i] = -1;
	return spawn(THREAD_FLAGS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID, stacks[i] + STACK,
		     fn, arg, &tids[i]);
}

static void join(int i)
{
	int tid;

	while ((tid = __atomic_load_n(&tids[i], __ATOMIC_ACQUIRE)))
		svc_futex((uint32_t *)&tids[i], FUTEX_WAIT, (uint64_t)(uint32_t)tid, NULL, NULL, 0);
}

static bool stopped(void)
{
	return __atomic_load_n(&stop, __ATOMIC_RELAXED);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	svc_clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Runs @fn again and again for RACE_MS while the thread @other runs too. */
static void race(void (*fn)(void), void (*other)(void *))
{
	uint64_t end_ms = now_ms() + RACE_MS;

	__atomic_store_n(&stop, 0, __ATOMIC_RELAXED);
	expect(start(0, other, NULL) > 0, "clone");
	while (now_ms() < end_ms)
		fn();
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	join(0);
}

static uintptr_t map(size_t len)
{
	return (uintptr_t)svc_mmap(0, len, RW, ANON, -1, 0);
}

/* ---- the buffer ---- */

static uintptr_t buffer;
#define BUFFER (4 * PAGE)

static void take_buffer_away(void *arg)
{
	(void)arg;
	while (!stopped()) {
		svc_munmap(buffer + PAGE, 2 * PAGE);
		svc_mmap(buffer + PAGE, 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
		svc_mprotect(buffer + 2 * PAGE, PAGE, PROT_NONE);
		svc_mprotect(buffer + 2 * PAGE, PAGE, PROT_READ);
		svc_mprotect(buffer + 2 * PAGE, PAGE, RW);
		svc_madvise(buffer, BUFFER, MADV_DONTNEED);
	}
}

static void check_count(long n, long most, const char *what)
{
	expect(n == -EFAULT || (n > 0 && n <= most), "%s: %ld", what, n);
}

static void use_buffer(void)
{
	long n;

	check_count(svc_read(zero_fd, (void *)buffer, BUFFER), BUFFER, "read of /dev/zero");
	check_count(svc_pread64(xs_fd, (void *)(buffer + 100), BUFFER - 100, 0), BUFFER - 100,
		    "read of a file");
	check_count(svc_pwrite64(file, (void *)buffer, BUFFER, 0), BUFFER, "write of a file");
	check_count(svc_write(fds[1], (void *)(buffer + 10), BUFFER - 10), BUFFER,
		    "write of a pipe");
	n = svc_read(fds[0], (void *)(buffer + 20), BUFFER);
	if (n != -EAGAIN) /* nothing could be written */
		check_count(n, BUFFER, "read of a pipe");
	while (svc_read(fds[0], (void *)buffer, 100) > 0)
		;
}

static void buffers(void)
{
	begin("a buffer unmapped, remapped and protected during read and write");
	buffer = map(BUFFER);
	race(use_buffer, take_buffer_away);
	svc_munmap(buffer, BUFFER);
	end();
}

/*
 * Pages that pass from one mapping to another: what the kernel writes late must not land in the new
 * one.
 */
static void reuse_pages(void *arg)
{
	(void)arg;
	while (!stopped()) {
		uintptr_t p = map(BUFFER);

		svc_munmap(buffer, BUFFER);
		memset((void *)p, 'P', BUFFER);
		svc_mmap(buffer, BUFFER, RW, ANON | MAP_FIXED, -1, 0);
		for (size_t i = 0; i < BUFFER; i += 64)
			if (((volatile char *)p)[i] != 'P')
				__atomic_store_n(&stop, 2, __ATOMIC_RELAXED);
		svc_munmap(p, BUFFER);
	}
}

static void write_late(void)
{
	long n = svc_pread64(xs_fd, (void *)buffer, BUFFER, 0);

	check_count(n, BUFFER, "read");
	expect(stop != 2, "it wrote to another mapping's page");
}

static void late_writes(void)
{
	begin("a page unmapped under the kernel's write and used again elsewhere");
	buffer = map(BUFFER);
	race(write_late, reuse_pages);
	svc_munmap(buffer, BUFFER);
	end();
}

/* ---- what a call reads first and uses later ---- */

static struct iovec vector[2];
static char spans[2][256];

static void rewrite_vector(void *arg)
{
	(void)arg;
	while (!stopped()) {
		*(volatile uint64_t *)&vector[0].iov_len = UINT64_MAX;
		*(volatile uint64_t *)&vector[0].iov_base = 0xffff000040000000;
		*(volatile uint64_t *)&vector[0].iov_base = (uint64_t)spans[0];
		*(volatile uint64_t *)&vector[0].iov_len = 16;
		*(volatile uint64_t *)&vector[0].iov_len = 32;
	}
}

static void use_vector(void)
{
	long n;

	memset(spans, 'g', sizeof(spans));
	n = svc_readv(zero_fd, vector, 2);
	expect(n == 32 || n == 48 || n == -EINVAL || n == -EFAULT, "readv: %ld", n);
	expect(spans[0][32] == 'g' && spans[1][16] == 'g', "readv wrote behind a span");
	n = svc_writev(null_fd, vector, 2);
	expect(n == 32 || n == 48 || n == -EINVAL || n == -EFAULT, "writev: %ld", n);
}

static void vectors(void)
{
	begin("an iovec rewritten during readv and writev");
	vector[0] = (struct iovec){ (uint64_t)spans[0], 16 };
	vector[1] = (struct iovec){ (uint64_t)spans[1], 16 };
	race(use_vector, rewrite_vector);
	end();
}

static char name[] = "race_a";

static void rewrite_name(void *arg)
{
	(void)arg;
	while (!stopped()) {
		*(volatile char *)&name[5] = 'b';
		*(volatile char *)&name[5] = '\0';
		*(volatile char *)&name[5] = 'a';
	}
}

static void use_name(void)
{
	long fd = svc_openat(AT_FDCWD, name, O_RDONLY, 0);
	struct stat st;
	long r;

	expect(fd >= 0 || fd == -ENOENT, "open: %ld", fd);
	if (fd >= 0)
		svc_close((int)fd);
	r = svc_newfstatat(AT_FDCWD, name, &st, 0);
	expect(r == -ENOENT || (r == 0 && st.st_size == 1), "stat: %ld", r);
}

static void names(void)
{
	int fd = open("race_a", O_RDWR | O_CREAT | O_TRUNC, 0600);

	begin("a path rewritten during open and stat");
	svc_write(fd, "a", 1);
	svc_close(fd);
	race(use_name, rewrite_name);
	svc_unlinkat(AT_FDCWD, "race_a", 0);
	end();
}

/* ---- exec ---- */

static char *volatile argv[4];

static void rewrite_argv(void *arg)
{
	(void)arg;
	for (;;) {
		argv[1] = (char *)1;
		argv[1] = NULL;
		argv[1] = name;
		argv[2] = (char *)0xffff000040000000;
		argv[2] = NULL;
	}
}

static void make_noise(void *arg)
{
	uintptr_t p;

	(void)arg;
	for (;;) {
		p = map(8 * PAGE);
		if ((long)p > 0) {
			memset((void *)p, 1, 8 * PAGE);
			svc_munmap(p, 8 * PAGE);
		}
		svc_getppid();
	}
}

static void sleep_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		svc_futex((uint32_t *)&stop, FUTEX_WAIT, (uint64_t)stop, NULL, NULL, 0);
}

static void exec_hello(void)
{
	svc_dup3(null_fd, 1, 0);
	argv[0] = (char *)"hello";
	svc_execve("/bin/hello", (char *const *)argv, NULL);
	svc_exit_group(99);
}

static void exec_with_argv(void)
{
	start(0, rewrite_argv, NULL);
	exec_hello();
}

static void exec_among_threads(void)
{
	for (int i = 0; i < 8; i++)
		start(i, i % 2 ? make_noise : sleep_for_ever, NULL);
	exec_hello();
}

static void exec_in_thread(void *arg)
{
	(void)arg;
	exec_hello();
}

static void exec_by_threads(void)
{
	for (int i = 0; i < 4; i++)
		start(i, make_noise, NULL);
	for (int i = 4; i < 8; i++)
		start(i, exec_in_thread, NULL);
	sleep_for_ever(NULL);
}

/* @fn in a child, @times; it must end with one of two wait statuses. */
static void many_times(void (*fn)(void), int times, int want, int or_want, const char *what)
{
	for (int i = 0; i < times; i++)
		check_one_of(in_child(fn), want, or_want, "%s", what);
}

static void execs(void)
{
	begin("exec while its argv is rewritten: it is done, or EFAULT");
	many_times(exec_with_argv, 40, 0, WAIT_EXITED(99), "exec");
	end();
	begin("exec while seven siblings run, fault and sleep");
	many_times(exec_among_threads, 20, 0, 0, "exec");
	end();
	begin("exec by four threads at once: one wins");
	many_times(exec_by_threads, 20, 0, 0, "exec");
	end();
}

/* ---- the end of a process ---- */

static void exit_with(void *arg)
{
	svc_exit_group((int)(uint64_t)arg);
}

static void exits_at_once(void)
{
	for (int i = 0; i < 4; i++)
		start(i, make_noise, NULL);
	start(4, exit_with, (void *)7);
	start(5, exit_with, (void *)9);
	sleep_for_ever(NULL);
}

static void fork_children(void *arg)
{
	(void)arg;
	for (;;) {
		int pid = fork();

		if (pid == 0)
			svc_exit_group(0);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
}

static void forks_and_ends(void)
{
	for (int i = 0; i < 3; i++)
		start(i, fork_children, NULL);
	start(3, make_noise, NULL);
	sleep_ms(3);
	svc_exit_group(5);
}

static void kill_sibling(void *arg)
{
	svc_tgkill((int)svc_getpid(), *(int *)arg, SIGKILL);
	sleep_for_ever(NULL);
}

/* One thread ends another by a signal: that ends all, the sender too, wherever they sleep. */
static void kills_sibling(void)
{
	int me = (int)svc_gettid();

	start(0, kill_sibling, &me);
	sleep_for_ever(NULL);
}

static void last_thread_exits(void)
{
	for (int i = 0; i < 8; i++)
		start(i, exit_with, (void *)3);
	svc_exit(3);
}

static void exits(void)
{
	begin("exit_group by two threads at once among others: one of the two statuses");
	many_times(exits_at_once, 40, WAIT_EXITED(7), WAIT_EXITED(9), "exit");
	end();
	begin("exit_group while threads fork");
	many_times(forks_and_ends, 20, WAIT_EXITED(5), WAIT_EXITED(5), "exit");
	end();
	begin("a thread kills its sibling, both asleep");
	many_times(kills_sibling, 20, SIGKILL, SIGKILL, "kill");
	end();
	begin("exit of the first thread and exit_group of the others at once");
	many_times(last_thread_exits, 40, WAIT_EXITED(3), WAIT_EXITED(3), "exit");
	end();
}

static void ends_soon(int i)
{
	for (volatile int n = 0; n < i * 50; n++)
		;
	svc_exit_group(0);
}

static void signals_and_exit(void)
{
	static const int sent[] = { SIGUSR1, SIGSTOP, SIGCONT, SIGTERM, SIGKILL };

	begin("signals sent to a process that is ending");
	ignore_signal(SIGUSR1);
	for (int i = 0; i < 100; i++) {
		int status = -1, pid = fork();

		if (pid == 0)
			ends_soon(i);
		for (size_t s = 0; s < sizeof(sent) / sizeof(sent[0]); s++)
			check_one_of(svc_kill(pid, sent[s]), 0, -ESRCH, "kill");
		check(waitpid(pid, &status, 0), pid, "wait");
		expect(status == 0 || status == SIGTERM || status == SIGKILL, "status %#x", status);
		check(svc_kill(pid, 0), -ESRCH, "a process that was waited for");
	}
	default_signal(SIGUSR1);
	end();
}

/* ---- fork and memory ---- */

static bool all_are(uintptr_t p, char c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (((const char *)p)[i] != c)
			return false;
	return true;
}

/* The kernel's own write must break the sharing: by whole pages, and by less. */
static void cow_by_kernel(void)
{
	begin("read() into pages that a fork shares: each side sees its own");
	for (int i = 0; i < 50; i++) {
		uintptr_t p = map(BUFFER);
		int status, pid;

		memset((void *)p, 'o', BUFFER);
		pid = fork();
		if (pid == 0) {
			svc_pread64(xs_fd, (void *)p, PAGE, 0);
			svc_pread64(xs_fd, (void *)(p + PAGE + 10), 100, 0);
			svc_exit_group(!all_are(p, 'x', PAGE) ||
				       !all_are(p + PAGE + 10, 'x', 100) ||
				       !all_are(p + 2 * PAGE, 'o', 2 * PAGE));
		}
		svc_read(zero_fd, (void *)(p + 2 * PAGE), 2 * PAGE);
		expect(all_are(p, 'o', 2 * PAGE), "the parent sees what the child read");
		waitpid(pid, &status, 0);
		check(status, 0, "the child sees its own");
		expect(all_are(p, 'o', 2 * PAGE) && all_are(p + 2 * PAGE, 0, 2 * PAGE),
		       "the parent, later");
		svc_munmap(p, BUFFER);
	}
	end();
}

static uintptr_t steady;

static void fork_and_look(void)
{
	int status = -1, pid = fork();

	if (pid == 0)
		svc_exit_group(!all_are(steady, 's', BUFFER));
	waitpid(pid, &status, 0);
	check(status, 0, "the child's copy");
	((volatile char *)steady)[0] = 's'; /* the sharing is broken again */
}

static void change_mappings(void *arg)
{
	(void)arg;
	while (!stopped()) {
		uintptr_t p = map(16 * PAGE), q;

		memset((void *)p, 2, 16 * PAGE);
		svc_mprotect(p + PAGE, PAGE, PROT_READ);
		q = (uintptr_t)svc_mremap(p + 8 * PAGE, 4 * PAGE, 32 * PAGE, MREMAP_MAYMOVE, 0);
		svc_munmap(p, 8 * PAGE);
		svc_munmap(p + 8 * PAGE, 8 * PAGE);
		svc_munmap(q, 32 * PAGE);
		((volatile char *)steady)[2 * PAGE] = 's';
	}
}

static void fork_and_mappings(void)
{
	struct rlimit64 old, space = { 1UL << 30, 1UL << 30 };

	begin("fork while a thread maps, protects, moves and unmaps");
	svc_prlimit64(0, RLIMIT_AS, NULL, &old);
	space.rlim_max = old.rlim_max;
	svc_prlimit64(0, RLIMIT_AS, &space, NULL);
	steady = map(BUFFER);
	memset((void *)steady, 's', BUFFER);
	race(fork_and_look, change_mappings);
	svc_prlimit64(0, RLIMIT_AS, &old, NULL);
	end();
}

static void remap_over(void)
{
	uintptr_t p, q;

	begin("mremap onto the middle of other mappings, 200 times");
	for (size_t i = 0; i < 200; i++) {
		p = map(64 * PAGE);
		for (size_t at = 0; at < 32; at += 2)
			svc_mprotect(p + at * PAGE, PAGE, PROT_READ);
		q = p + (32 + i % 16) * PAGE;
		*(char *)q = (char)i;
		check(svc_mremap(q, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + (i % 31) * PAGE),
		      (long)(p + (i % 31) * PAGE), "mremap");
		check(*(char *)(p + (i % 31) * PAGE), (char)i, "contents");
		svc_munmap(p, 64 * PAGE);
	}
	end();
}

static uintptr_t filled; /* two pages, and above them one of a file */

static void cut_short(void *arg)
{
	(void)arg;
	while (!stopped())
		svc_munmap(filled + PAGE, PAGE);
}

static void fill(void)
{
	svc_mmap(filled, 2 * PAGE, RW, ANON | MAP_FIXED | MAP_POPULATE, -1, 0);
}

/*
 * Who brings pages in comes to what lies behind them, where the last have just gone: a file open
 * for writing is not kept by that.
 */
static void populate_below_a_file(void)
{
	static const char program[] = "race_program";
	int fd = open(program, O_RDWR | O_CREAT | O_TRUNC, 0700);

	begin("mmap with MAP_POPULATE, its end unmapped meanwhile, below a file's mapping");
	filled = map(3 * PAGE);
	check(svc_mmap(filled + 2 * PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0),
	      (long)(filled + 2 * PAGE), "a file's mapping");
	svc_close(fd);
	race(fill, cut_short);
	check(svc_execve(program, (char *const[]){ NULL }, NULL), -ETXTBSY,
	      "execve while it is mapped");
	svc_munmap(filled, 3 * PAGE);
	check(svc_execve(program, (char *const[]){ NULL }, NULL), -ENOEXEC,
	      "execve of an empty file");
	svc_unlinkat(AT_FDCWD, program, 0);
	end();
}

/* ---- many threads ---- */

static int counter, futex_word;

static void count_up(void *arg)
{
	(void)arg;
	for (int i = 0; i < 200; i++) {
		while (__atomic_exchange_n(&futex_word, 1, __ATOMIC_ACQUIRE))
			svc_futex((uint32_t *)&futex_word, FUTEX_WAIT, 1, NULL, NULL, 0);
		*(volatile int *)&counter = counter + 1;
		__atomic_store_n(&futex_word, 0, __ATOMIC_RELEASE);
		svc_futex((uint32_t *)&futex_word, FUTEX_WAKE, 1, NULL, NULL, 0);
	}
}

static void many_threads(void)
{
	begin("64 threads and one lock");
	for (int i = 0; i < THREADS_MAX; i++)
		expect(start(i, count_up, NULL) > 0, "clone %d", i);
	for (int i = 0; i < THREADS_MAX; i++)
		join(i);
	check(counter, THREADS_MAX * 200, "the count");
	end();
}

/* ---- running out ---- */

static void limit(int resource, uint64_t most)
{
	struct rlimit64 r = { most, most };

	svc_prlimit64(0, resource, &r, NULL);
}

#define NPROC 40

/*
 * Every process forks for as long as it can; 0: at least one was refused by the limit, and nobody
 * for another reason.
 */
static void bomb(void)
{
	int pid, err = 0;

	limit(RLIMIT_NPROC, NPROC);
	if (svc_call(NR_setresuid, 4242, 4242, 4242, 0, 0, 0) < 0)
		svc_exit_group(1);
	for (int i = 0; i < 2 * NPROC; i++) {
		pid = fork();
		if (pid < 0)
			err = pid;
	}
	sleep_ms(100);
	svc_exit_group(err == -EAGAIN ? 0 : 2);
}

static void fork_bomb(void)
{
	int status;

	begin("a fork bomb under RLIMIT_NPROC");
	check_child(bomb, 0, "EAGAIN");
	while (waitpid(-1, &status, 0) > 0)
		;
	end();
}

static void use_all_fds(void)
{
	int ends[2], n = 0;
	long err;

	limit(RLIMIT_NOFILE, 256);
	while ((err = svc_dup(null_fd)) >= 0)
		n++;
	check(err, -EMFILE, "dup");
	check(svc_pipe2(ends, 0), -EMFILE, "pipe2 with no descriptor left");
	check(open("/dev/null", O_RDONLY, 0), -EMFILE, "open");
	svc_close(255);
	check(svc_pipe2(ends, 0), -EMFILE, "pipe2 with one left");
	check(svc_dup(null_fd), 255, "the one that was left is still there");
	svc_call(NR_close_range, 16, UINT32_MAX, 0, 0, 0, 0);
	n = 0;
	while ((err = svc_pipe2(ends, O_NONBLOCK)) >= 0) {
		svc_write(ends[1], (void *)stacks, sizeof(stacks));
		n++;
	}
	check(err, -EMFILE, "pipe2");
	expect(n >= 100, "only %d pipes", n);
	exit(tap_failures() != 0);
}

static void use_all_mappings(void)
{
	size_t pages = 1UL << 17, n = 0;
	uintptr_t p = (uintptr_t)svc_mmap(0, pages * PAGE, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
	long err = 0;

	for (; n < pages && !err; n += 2)
		err = svc_mprotect(p + n * PAGE, PAGE, PROT_READ);
	check(err, -ENOMEM, "mprotect");
	check(svc_munmap(p, pages * PAGE), 0, "munmap");
	p = map(PAGE);
	expect((long)p > 0, "mmap afterwards");
	exit(tap_failures() != 0);
}

static void descriptors_and_mappings(void)
{
	begin("descriptors and pipes until EMFILE");
	check_child(use_all_fds, 0, "as it should be");
	end();
	begin("mappings until ENOMEM");
	check_child(use_all_mappings, 0, "as it should be");
	end();
}

/* Touches memory until there is none, in pieces that no overcommit rule refuses. */
static void use_all_memory(void)
{
	for (;;) {
		uintptr_t p = map(4 << 20);

		if ((long)p < 0)
			svc_exit_group(1);
		for (size_t i = 0; i < 4 << 20; i += PAGE)
			*(volatile char *)(p + i) = 1;
	}
}

/* The same by a kernel write. */
static void read_all_memory(void)
{
	for (;;) {
		uintptr_t p = map(4 << 20);
		long n = (long)p < 0 ? (long)p : svc_read(zero_fd, (void *)p, 4 << 20);

		if (n < 0)
			svc_exit_group(1);
	}
}

static void expect_out_of_memory(int status)
{
	char text[64];

	expect(status == SIGKILL || status == WAIT_EXITED(1), "the hog %s",
	       status_text(status, text, sizeof(text)));
}

static void memory(void)
{
	begin("all memory touched by one process: it is killed, or told");
	expect_out_of_memory(in_child(use_all_memory));
	expect_out_of_memory(in_child(read_all_memory));
	end();
	begin("all memory touched by four processes at once");
	for (int i = 0; i < 4; i++) {
		int pid = fork();

		if (pid == 0)
			use_all_memory();
		expect(pid > 0, "fork: %d", pid);
	}
	for (int i = 0, status; i < 4; i++) {
		expect(waitpid(-1, &status, 0) > 0, "wait");
		expect_out_of_memory(status);
	}
	end();
}

static void populate_without_end(void)
{
	svc_mmap(0, 1UL << 44, PROT_READ, ANON | MAP_NORESERVE | MAP_POPULATE, -1, 0);
	sleep_for_ever(NULL);
}

static void send_without_end(void)
{
	int from = open("/dev/urandom", O_RDONLY, 0);

	for (;;)
		svc_sendfile(null_fd, from, NULL, INT32_MAX);
}

static void feed_random(void)
{
	uintptr_t p = (uintptr_t)svc_mmap(0, 1UL << 30, PROT_READ, ANON | MAP_NORESERVE, -1, 0);
	int to = open("/dev/urandom", O_WRONLY, 0);

	for (;;)
		svc_write(to, (void *)p, 1UL << 30);
}

static void send_back(void *arg)
{
	int from = *(int *)arg;

	for (;;) {
		svc_lseek(fds[0], 0, SEEK_SET);
		svc_lseek(fds[1], 0, SEEK_SET);
		svc_sendfile(fds[!from], fds[from], NULL, PAGE);
		svc_sendfile(fds[from], fds[from], NULL, PAGE);
	}
}

/* A file into itself, and two into one another. */
static void send_in_circles(void)
{
	static const int others[] = { 0, 1 };

	for (int i = 0; i < 2; i++)
		fds[i] = open(i ? "race_file" : "race_xs", O_RDWR, 0);
	start(0, send_back, (void *)&others[1]);
	send_back((void *)&others[0]);
}

static void endless(void (*fn)(void), const char *what)
{
	int status, pid = fork();

	if (pid == 0)
		fn();
	sleep_ms(50);
	svc_kill(pid, SIGKILL);
	check(waitpid(pid, &status, 0), pid, "wait");
	check(status, SIGKILL, "%s", what);
}

static void endless_calls(void)
{
	begin("calls that would take for ever can be killed, and let others run");
	endless(populate_without_end, "MAP_POPULATE of 16 TiB");
	endless(send_without_end, "sendfile from /dev/urandom");
	endless(feed_random, "write of 1 GiB to /dev/urandom");
	endless(send_in_circles, "sendfile of two files into each other");
	end();
}

static bool on_newel(void)
{
	struct new_utsname u;

	return svc_uname(&u) == 0 && strstr(u.release, "newel");
}

static uint64_t free_bytes(void)
{
	struct sysinfo s;

	svc_sysinfo(&s);
	return s.freeram * s.mem_unit;
}

/* Linux keeps caches of its own, so it is asked for the order of magnitude only. */
static void all_is_back(uint64_t before)
{
	uint64_t slack = on_newel() ? 128 << 10 : 32 << 20;

	begin("memory is free again");
	for (int i = 0; i < 1000 && free_bytes() + slack < before; i++)
		sleep_ms(10);
	expect(free_bytes() + slack >= before, "%lu bytes free before, %lu after", before,
	       free_bytes());
	end();
}

int main(void)
{
	static char xs[BUFFER];
	uint64_t before;

	zero_fd = open("/dev/zero", O_RDONLY, 0);
	null_fd = open("/dev/null", O_WRONLY, 0);
	xs_fd = open("race_xs", O_RDWR | O_CREAT | O_TRUNC, 0600);
	memset(xs, 'x', sizeof(xs));
	svc_write(xs_fd, xs, sizeof(xs));
	file = open("race_file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	svc_pwrite64(file, xs, sizeof(xs), 0);
	svc_pipe2(fds, O_NONBLOCK);
	memset(stacks, 0, sizeof(stacks)); /* so that they are counted before */
	before = free_bytes();

	buffers();
	late_writes();
	vectors();
	names();
	execs();
	exits();
	signals_and_exit();
	cow_by_kernel();
	fork_and_mappings();
	remap_over();
	populate_below_a_file();
	many_threads();
	fork_bomb();
	descriptors_and_mappings();
	endless_calls();
	memory();
	svc_unlinkat(AT_FDCWD, "race_file", 0);
	all_is_back(before);
	return tap_done();
}
