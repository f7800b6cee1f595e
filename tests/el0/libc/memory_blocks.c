/*
 * memory_blocks.c - memory in 2 MiB blocks, asked for in every way there is: a call that knows
 * pages only would not come to its end, or see something else than what was written.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>

#include "tests/el0/libc/calls.h"

#define PAGE  4096UL
#define BLOCK (2UL << 20)
#define TOP   (1UL << 48)
#define RW    (PROT_READ | PROT_WRITE)
#define ANON  (MAP_PRIVATE | MAP_ANONYMOUS)

/*
 * @n blocks of memory at @at (NULL: anywhere), each written to once: the kernel makes blocks of
 * them where it has such.
 */
static char *blocks_at(char *at, size_t n)
{
	char *p = at ? at : mmap(NULL, (n + 1) * BLOCK, PROT_NONE, ANON, -1, 0);

	if (p == MAP_FAILED)
		exit(bail_out("no memory for the test"));
	p = (char *)(((uintptr_t)p + BLOCK - 1) & ~(BLOCK - 1));
	if (mmap(p, n * BLOCK, RW, ANON | MAP_FIXED, -1, 0) != p)
		return NULL;
	madvise(p, n * BLOCK, MADV_HUGEPAGE);
	for (size_t i = 0; i < n; i++)
		p[i * BLOCK] = 'A';
	return p;
}

/* ---- /proc ---- */

static long read_proc(const char *path, char *buf, size_t size)
{
	int fd = (int)sys(openat, AT_FDCWD, path, O_RDONLY, 0);
	long n = fd < 0 ? fd : sys(read, fd, buf, size);

	if (fd >= 0)
		sys(close, fd);
	return n;
}

static char *arguments;
static int go[2], done[2];
static volatile bool about_to_sleep;

/* Until the first thread sleeps for good: what it stands on is replaced. */
static void wait_for_first(void)
{
	char buf[512];
	long n;

	do {
		sched_yield();
		n = read_proc("/proc/self/stat", buf, sizeof(buf) - 1);
		buf[n > 0 ? n : 0] = 0;
	} while (!about_to_sleep || !strstr(buf, ") S "));
}

/*
 * In a child: its arguments become part of a block, by a thread that does not stand on what it
 * replaces.
 */
static void *replace_arguments(void *arg)
{
	char buf[4096], c = 0;
	long n;

	(void)arg;
	wait_for_first();
	if (!blocks_at((char *)((uintptr_t)arguments & ~(BLOCK - 1)), 1))
		sys(exit_group, 2);
	n = read_proc("/proc/self/cmdline", buf, sizeof(buf));
	sys(write, done[1], n > 0 ? "y" : "n", 1);
	sys(read, go[0], &c, 1);
	sys(exit_group, 0);
	return NULL;
}

static void child_of_proc(void)
{
	pthread_t t;

	pthread_create(&t, NULL, replace_arguments, NULL);
	about_to_sleep = true;
	for (;;)
		pause();
}

static void proc(void)
{
	static const char *const files[] = { "cmdline", "environ", "auxv",  "stat",
					     "status",	"statm",   "smaps", "maps" };
	char path[64], buf[4096], c = 'n';
	int status;
	pid_t pid;

	begin("openat, read: /proc/PID tells of a process whose arguments lie in a block");
	check(pipe(go) | pipe(done), 0, "pipes");
	pid = fork();
	if (pid == 0)
		child_of_proc();
	close(done[1]);
	check(read(done[0], &c, 1), 1, "the child's answer");
	check(c, 'y', "it read its own");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, files[i]);
		expect(read_proc(path, buf, sizeof(buf)) >= 0, "%s", path);
	}
	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	expect(read_proc(path, buf, sizeof(buf)) > 0, "cmdline holds something");
	check(write(go[1], "x", 1), 1, "go on");
	waitpid(pid, &status, 0);
	check(status, 0, "the child's status");
	for (int i = 0; i < 2; i++)
		close(go[i]);
	close(done[0]);
	end();
}

/* ---- calls ---- */

static void copies(void)
{
	char *p = blocks_at(NULL, 2), *q = blocks_at(NULL, 1);
	struct iovec v[2] = { { p + BLOCK - 3, 6 }, { p + 7, 5 } };
	int fd[2];

	begin("read, write, readv, vmsplice: to and from blocks");
	check(pipe(fd), 0, "pipe");
	memcpy(p + BLOCK - 3, "abcdef", 6);
	memcpy(p + 7, "ghijk", 5);
	check(writev(fd[1], v, 2), 11, "writev");
	check(read(fd[0], q + 100 * PAGE - 5, 11), 11, "read");
	check(memcmp(q + 100 * PAGE - 5, "abcdefghijk", 11), 0, "the same bytes");
	memset(p + 5 * PAGE, 'x', 4 * PAGE);
	check(write(fd[1], p + 5 * PAGE, 4 * PAGE), 4 * PAGE, "whole pages");
	check(read(fd[0], q + 9 * PAGE, 4 * PAGE), 4 * PAGE, "and back");
	check(memcmp(p + 5 * PAGE, q + 9 * PAGE, 4 * PAGE), 0, "the same");
	v[0] = (struct iovec){ p + 5 * PAGE, 2 * PAGE };
	check(vmsplice(fd[1], v, 1, 0), 2 * PAGE, "vmsplice");
	check(read(fd[0], q, 2 * PAGE), 2 * PAGE, "what it put in");
	check(memcmp(p + 5 * PAGE, q, 2 * PAGE), 0, "the same");
	close(fd[0]);
	close(fd[1]);
	munmap(p, 2 * BLOCK);
	munmap(q, BLOCK);
	end();
}

static void *wake_later(void *arg)
{
	uint32_t *word = arg;

	__atomic_store_n(word, 1, __ATOMIC_SEQ_CST);
	while (sys(futex, word, FUTEX_WAKE, 1, NULL) == 0 &&
	       __atomic_load_n(word, __ATOMIC_SEQ_CST) != 2)
		sched_yield();
	return NULL;
}

static void futexes(void)
{
	char *p = blocks_at(NULL, 1);
	uint32_t *word = (uint32_t *)(p + 77 * PAGE + 16);
	pthread_t t;

	begin("futex: a word in a block");
	check(sys(futex, word, FUTEX_WAIT, 1, NULL), -EAGAIN, "another value");
	check(sys(futex, word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 1, NULL), -EAGAIN, "private");
	pthread_create(&t, NULL, wake_later, word);
	while (__atomic_load_n(word, __ATOMIC_SEQ_CST) == 0)
		sys(futex, word, FUTEX_WAIT, 0, NULL);
	__atomic_store_n(word, 2, __ATOMIC_SEQ_CST);
	pthread_join(t, NULL);
	munmap(p, BLOCK);
	end();
}

static void advice(void)
{
	static const int harmless[] = { MADV_NORMAL,	MADV_RANDOM,   MADV_SEQUENTIAL,
					MADV_WILLNEED,	20 /* COLD */, MADV_HUGEPAGE,
					MADV_NOHUGEPAGE };
	char *p = blocks_at(NULL, 2), *q;
	unsigned char there[4];

	begin("mincore, madvise, mlock, munlock, msync, mprotect, mremap: blocks and parts");
	memset(p, 7, 2 * BLOCK);
	check(mincore(p + BLOCK - 2 * PAGE, 4 * PAGE, there), 0, "mincore across two");
	check((there[0] & there[1] & there[2] & there[3]) & 1, 1, "all there");
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		check(madvise(p + 3 * PAGE, BLOCK, harmless[i]), 0, "advice %d", harmless[i]);
	check(madvise(p + 3 * PAGE, BLOCK, 22 /* POPULATE_READ */), 0, "populate, to read");
	check(madvise(p + 3 * PAGE, BLOCK, 23 /* POPULATE_WRITE */), 0, "populate, to write");
	check(mlock(p + 5 * PAGE, BLOCK), 0, "mlock");
	check(munlock(p + 5 * PAGE, BLOCK), 0, "munlock");
	check(msync(p + 5 * PAGE, BLOCK, MS_SYNC), 0, "msync");
	check(mprotect(p + 2 * PAGE, BLOCK, PROT_READ | PROT_EXEC), 0, "mprotect");
	check(p[BLOCK] + p[2 * PAGE] + p[2 * BLOCK - 1], 21, "the bytes are as they were");
	munmap(p, 2 * BLOCK);
	p = blocks_at(NULL, 2);
	memset(p, 7, 2 * BLOCK);
	q = mremap(p + PAGE, BLOCK, BLOCK, MREMAP_MAYMOVE | 4 /* DONTUNMAP */);
	expect(q != MAP_FAILED, "MREMAP_DONTUNMAP");
	if (q != MAP_FAILED) {
		check(p[0] + p[PAGE] + p[BLOCK] + p[BLOCK + PAGE], 14, "what moved leaves zeros");
		check(q[0] + q[BLOCK - 1], 14, "and is at the new place");
		munmap(q, BLOCK);
	}
	munmap(p, 2 * BLOCK);
	end();
}

static void forks(void)
{
	char *p = blocks_at(NULL, 2);
	int fd[2], status;
	pid_t pid;

	begin("fork, read: a block that a child shares is copied when either writes, by the kernel "
	      "too");
	memset(p, 3, 2 * BLOCK);
	check(pipe(fd), 0, "pipe");
	check(write(fd[1], "zz", 2), 2, "two bytes");
	pid = fork();
	if (pid == 0) {
		long bad = read(fd[0], p + 9 * PAGE, 2) != 2 || p[9 * PAGE] != 'z' ||
			   p[9 * PAGE + 2] != 3 || p[BLOCK] != 3;

		p[BLOCK + 5] = 8;
		_exit((int)bad);
	}
	waitpid(pid, &status, 0);
	check(status, 0, "the child's view");
	check(p[9 * PAGE] + p[BLOCK + 5], 6, "the parent's is as it was");
	memset(p, 4, 2 * BLOCK);
	check(p[0] + p[2 * BLOCK - 1], 8, "and can be written");
	close(fd[0]);
	close(fd[1]);
	munmap(p, 2 * BLOCK);
	end();
}

/*
 * At the very top of the addresses there is no room for a block: begun anew, the program has its
 * stack elsewhere, unless addresses are not random at all.
 */
static void begin_below_top(int argc, char **argv)
{
	char *again[64];

	if (((uintptr_t)argv[0] & ~(BLOCK - 1)) + BLOCK <= TOP - PAGE || argc > 60)
		return;
	memcpy(again, argv, (size_t)argc * sizeof(again[0]));
	again[argc] = "again";
	again[argc + 1] = NULL;
	execv("/proc/self/exe", again);
}

int main(int argc, char **argv)
{
	mount_proc();
	begin_below_top(argc, argv);
	arguments = argv[0];
	proc();
	copies();
	futexes();
	advice();
	forks();
	return tap_done();
}
