/*
 * mmap.c - mmap and its family: places, sharing, limits, advice, locking, what goes when a file
 * shrinks, and 2 MiB blocks as far as a program can see them: they must not be seen at all.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/el0/libc/calls.h"

#define PAGE   4096UL
#define BLOCK  (2UL << 20)
#define RW     (PROT_READ | PROT_WRITE)
#define ANON   (MAP_PRIVATE | MAP_ANONYMOUS)
#define KERNEL 0xffff000000001000UL
#define BAD    16UL /* never mapped */

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#define ADV_COLD	    20
#define ADV_PAGEOUT	    21
#define ADV_POPULATE_READ   22
#define ADV_POPULATE_WRITE  23
#define ADV_DONTNEED_LOCKED 24

static char *map(size_t len, int prot, int flags)
{
	char *p = mmap(NULL, len, prot, flags, -1, 0);

	if (p == MAP_FAILED)
		exit(bail_out("no memory for the test"));
	return p;
}

static long map_at(void *at, size_t len, int prot, int flags)
{
	return sys(mmap, at, len, prot, flags, -1, 0);
}

/* ---- what an access does ---- */

static sigjmp_buf jump;
static volatile int fault_signal, fault_code;
static void *volatile fault_addr;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)context;
	fault_signal = sig;
	fault_code = info->si_code;
	fault_addr = info->si_addr;
	siglongjmp(jump, 1);
}

static void catch_faults(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault,
				.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK };

	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
}

/* 0, or signal << 8 | code of reading (@value < 0) or writing @p. */
static int touch(volatile char *p, int value)
{
	if (sigsetjmp(jump, 1)) {
		if ((char *)fault_addr != p)
			return -1;
		return fault_signal << 8 | fault_code;
	}
	if (value < 0)
		(void)*p;
	else
		*p = (char)value;
	return 0;
}

#define MAPERR (SIGSEGV << 8 | SEGV_MAPERR)
#define ACCERR (SIGSEGV << 8 | SEGV_ACCERR)
#define ADRERR (SIGBUS << 8 | BUS_ADRERR)

/* A file of @pages pages, each filled with its number + 1. */
static int make_file(size_t pages)
{
	char name[] = "/tmp/memory.XXXXXX", buf[PAGE];
	int fd;

	mkdir("/tmp", 01777);
	fd = mkstemp(name);
	unlink(name);
	for (size_t i = 0; i < pages; i++) {
		memset(buf, (int)i + 1, sizeof(buf));
		if (write(fd, buf, sizeof(buf)) != (ssize_t)sizeof(buf))
			expect(false, "the test's file could not be written");
	}
	return fd;
}

/* ---- mmap ---- */

static void places(void)
{
	char *p = map(8 * PAGE, RW, ANON), *q;

	begin("mmap: places, hints, MAP_FIXED, MAP_FIXED_NOREPLACE");
	munmap(p + 2 * PAGE, 2 * PAGE);
	check(map_at(p + 2 * PAGE, PAGE, RW, ANON), (long)p + 2 * (long)PAGE,
	      "a free hint is taken");
	q = (char *)map_at(p + PAGE, PAGE, RW, ANON);
	expect((long)q > 0 && q != p + PAGE, "a taken hint is not");
	munmap(q, PAGE);
	check(map_at(p + PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE), -EEXIST, "NOREPLACE, taken");
	check(map_at(p + 3 * PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE), (long)p + 3 * (long)PAGE,
	      "NOREPLACE, free");
	p[PAGE] = 1;
	check(map_at(p + PAGE, PAGE, RW, ANON | MAP_FIXED), (long)p + (long)PAGE, "FIXED replaces");
	check(p[PAGE], 0, "and what was there is gone");
	check(map_at(p + 1, PAGE, RW, ANON | MAP_FIXED), -EINVAL, "FIXED, not aligned");
	check(map_at((void *)((1UL << 52) - PAGE), 2 * PAGE, RW, ANON | MAP_FIXED), -ENOMEM,
	      "FIXED beyond the top");
	check(map_at((void *)KERNEL, PAGE, RW, ANON | MAP_FIXED), -ENOMEM,
	      "FIXED in the kernel's half");
	expect(map_at((void *)KERNEL, PAGE, RW, ANON) > 0, "a hint there is no more than a hint");
	check(map_at(0, 0, RW, ANON), -EINVAL, "no length");
	check(map_at(0, -PAGE, RW, ANON), -ENOMEM, "a length that wraps");
	check(map_at(0, PAGE, RW, MAP_ANONYMOUS), -EINVAL, "neither shared nor private");
	check(map_at(0, PAGE, RW, MAP_SHARED_VALIDATE | MAP_ANONYMOUS | 1 << 30), -EINVAL,
	      "VALIDATE, anonymous");
	check(sys(mmap, 0, PAGE, RW, MAP_PRIVATE, -1, 0), -EBADF, "no file");
	check(sys(mmap, 0, PAGE, RW, ANON, -1, 1), -EINVAL, "an offset that is not aligned");
	check(map_at(0, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN), -EINVAL,
	      "shared stacks");
	munmap(p, 8 * PAGE);
	end();
}

static void files(void)
{
	int fd = make_file(3), ro;
	char *shared, *private, path[64], buf[8];

	begin("mmap, msync: files; shared ones agree with read and write");
	shared = mmap(NULL, 3 * PAGE, RW, MAP_SHARED, fd, 0);
	private = mmap(NULL, 3 * PAGE, RW, MAP_PRIVATE, fd, 0);
	expect(shared != MAP_FAILED && private != MAP_FAILED, "mapped");
	check(shared[PAGE], 2, "shows the file");
	shared[PAGE] = 77;
	check(pread(fd, buf, 1, PAGE), 1, "read");
	check(buf[0], 77, "what was stored is read");
	check(pwrite(fd, "x", 1, 2 * PAGE), 1, "write");
	check(shared[2 * PAGE], 'x', "what was written is seen");
	check(private[2 * PAGE], 'x', "by a private mapping that has not written, too");
	private[2 * PAGE] = 'y';
	check(shared[2 * PAGE], 'x', "a private copy is one's own");
	check(msync(shared, 3 * PAGE, MS_SYNC), 0, "MS_SYNC");
	check(sys(msync, shared, 3 * PAGE, MS_ASYNC), 0, "MS_ASYNC");
	check(sys(msync, shared, 3 * PAGE, MS_ASYNC | MS_SYNC), -EINVAL, "both");
	check(sys(msync, shared, PAGE, 8), -EINVAL, "unknown flags");
	check(sys(msync, shared + 1, PAGE, MS_SYNC), -EINVAL, "not aligned");
	check(sys(msync, shared, -PAGE, MS_SYNC), -ENOMEM, "wraps");
	check(sys(msync, shared, 0, MS_SYNC), 0, "nothing");
	munmap(private + PAGE, PAGE);
	check(sys(msync, private, 3 * PAGE, MS_SYNC), -ENOMEM, "a hole");
	check(sys(msync, KERNEL, PAGE, MS_SYNC), -ENOMEM, "the kernel's half");
	snprintf(path, sizeof(path), "/tmp/memory.ro");
	close(open(path, O_CREAT | O_WRONLY, 0600));
	ro = open(path, O_RDONLY);
	check(sys(mmap, 0, PAGE, RW, MAP_SHARED, ro, 0), -EACCES,
	      "shared and writable, of what is not");
	check(sys(mmap, 0, PAGE, PROT_READ, MAP_SHARED, ro, -PAGE), -EOVERFLOW, "beyond all files");
	shared = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ro, 0);
	check(sys(mprotect, shared, PAGE, RW), -EACCES, "nor by mprotect");
	unlink(path);
	close(ro);
	close(fd);
	end();
}

static void truncated(void)
{
	int fd = make_file(4);
	char *s, *p;

	begin("mmap, ftruncate, truncate: what is beyond the new end is SIGBUS");
	s = mmap(NULL, 5 * PAGE, RW, MAP_SHARED, fd, 0);
	p = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE, fd, 0);
	check(touch(s + 4 * PAGE, -1), ADRERR, "a page behind the file");
	for (int i = 0; i < 4; i++)
		check(touch(s + i * PAGE, -1) + touch(p + i * PAGE, 9), 0, "page %d", i);
	check(ftruncate(fd, PAGE + 100), 0, "shrink");
	check(touch(s, -1) + touch(s + PAGE, -1), 0, "what is left");
	check(s[PAGE + 99], 2, "up to the end");
	check(s[PAGE + 100], 0, "and zeros behind it");
	check(touch(s + 2 * PAGE, -1), ADRERR, "read of what is gone");
	check(touch(s + 3 * PAGE, 1), ADRERR, "write of what is gone");
	check(touch(p + 2 * PAGE, -1), ADRERR, "private copies are gone, too");
	check(sys(write, 1, s + 2 * PAGE, 1), -EFAULT, "for the kernel as well");
	check(ftruncate(fd, 4 * PAGE), 0, "grow");
	check(touch(s + 2 * PAGE, -1), 0, "there again");
	check(s[2 * PAGE], 0, "as zeros");
	check(p[2 * PAGE], 0, "privately as well");
	munmap(s, 5 * PAGE);
	munmap(p, 4 * PAGE);
	close(fd);
	end();
}

static int cut_fd;
static char *volatile cut_map;
static volatile int cut_stop;

static void *cutter(void *arg)
{
	(void)arg;
	while (!cut_stop) {
		if (ftruncate(cut_fd, PAGE) || ftruncate(cut_fd, 16 * PAGE))
			return (void *)1;
		sched_yield();
	}
	return NULL;
}

/*
 * Somebody forks, maps, faults and copies while the file is cut: nobody may see what was there
 * before.
 */
static void cut_race(void)
{
	pthread_t t;
	void *r;

	begin("ftruncate, mmap, fork: cut while it is mapped by others");
	cut_fd = make_file(16);
	cut_map = mmap(NULL, 16 * PAGE, RW, MAP_SHARED, cut_fd, 0);
	cut_stop = 0;
	pthread_create(&t, NULL, cutter, NULL);
	for (int round = 0; round < 30; round++) {
		char *p = mmap(NULL, 16 * PAGE, RW, MAP_PRIVATE, cut_fd, 0);
		int r1 = touch(p + 8 * PAGE, round & 1 ? 5 : -1), r2 = touch(cut_map + 9 * PAGE, 3);
		pid_t pid = fork();

		check(madvise(cut_map + 4 * PAGE, 3 * PAGE, MADV_REMOVE), 0, "a hole");
		if (pid == 0) {
			r1 = touch(p + 3 * PAGE, 1);
			_exit(r1 != 0 && r1 != ADRERR);
		}
		expect((!r1 || r1 == ADRERR) && (!r2 || r2 == ADRERR), "round %d: %#x %#x", round,
		       r1, r2);
		if (pid > 0) {
			waitpid(pid, &r1, 0);
			check(r1, 0, "the child of round %d", round);
		}
		munmap(p + PAGE, PAGE);
		munmap(p, 16 * PAGE);
	}
	cut_stop = 1;
	pthread_join(t, &r);
	check((long)r, 0, "ftruncate");
	check(ftruncate(cut_fd, PAGE), 0, "the last time");
	check(touch(cut_map + 9 * PAGE, -1), ADRERR, "and it is gone");
	munmap(cut_map, 16 * PAGE);
	close(cut_fd);
	end();
}

/* ---- munmap, mprotect, mremap ---- */

static void unmapped_in_parts(void)
{
	char *p = map(6 * PAGE, RW, ANON);

	begin("munmap, mprotect: parts, holes, errors");
	memset(p, 1, 6 * PAGE);
	check(sys(munmap, p + 1, PAGE), -EINVAL, "munmap, not aligned");
	check(sys(munmap, p, 0), -EINVAL, "munmap of nothing");
	check(sys(munmap, p, -PAGE), -EINVAL, "munmap that wraps");
	check(sys(munmap, KERNEL, PAGE), -EINVAL, "munmap of the kernel's half");
	check(sys(munmap, p + PAGE, PAGE), 0, "a part");
	check(touch(p + PAGE, -1), MAPERR, "is gone");
	check(touch(p + 2 * PAGE, -1), 0, "the next is there");
	check(sys(munmap, p + PAGE, PAGE), 0, "nothing there: no error");
	check(sys(mprotect, p, 3 * PAGE, PROT_READ), -ENOMEM, "mprotect over a hole");
	check(touch(p, 1), ACCERR, "has done what is before it");
	check(touch(p + 2 * PAGE, 1), 0, "and nothing behind");
	check(sys(mprotect, p + 1, PAGE, RW), -EINVAL, "not aligned");
	check(sys(mprotect, p, PAGE, 0x80), -EINVAL, "unknown rights");
	check(sys(mprotect, p, 0, RW), 0, "of nothing");
	check(sys(mprotect, KERNEL, PAGE, RW), -ENOMEM, "of the kernel's half");
	check(sys(mprotect, p, PAGE, PROT_READ | PROT_GROWSDOWN), -EINVAL,
	      "PROT_GROWSDOWN of no stack");
	check(sys(mprotect, p + 2 * PAGE, PAGE, PROT_NONE), 0, "PROT_NONE");
	check(touch(p + 2 * PAGE, -1), ACCERR, "cannot be read");
	check(sys(mprotect, p + 2 * PAGE, PAGE, RW), 0, "and back");
	check(p[2 * PAGE], 1, "holds what it held");
	munmap(p, 6 * PAGE);
	end();
}

static void moved(void)
{
	char *p = map(4 * PAGE, RW, ANON), *q;

	begin("mremap: grow, shrink, move, MREMAP_DONTUNMAP, errors");
	memset(p, 7, 4 * PAGE);
	munmap(p + 2 * PAGE, 2 * PAGE);
	check(sys(mremap, p, 2 * PAGE, 4 * PAGE, 0, 0), (long)p, "grow in place");
	check(p[3 * PAGE], 0, "by zeros");
	check(sys(mremap, p, 4 * PAGE, PAGE, 0, 0), (long)p, "shrink");
	check(touch(p + PAGE, -1), MAPERR, "is gone");
	map_at(p + PAGE, PAGE, RW, ANON | MAP_FIXED);
	mprotect(p + PAGE, PAGE, PROT_READ);
	check(sys(mremap, p, PAGE, 2 * PAGE, 0, 0), -ENOMEM, "no room, and may not move");
	q = (char *)sys(mremap, p, PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0);
	expect((long)q > 0 && q != p, "moved");
	check(q[0], 7, "with what it held");
	check(touch(p, -1), MAPERR, "and nothing is left");
	check(sys(mremap, q, PAGE, PAGE, MREMAP_FIXED, p), -EINVAL, "FIXED without MAYMOVE");
	check(sys(mremap, q, PAGE, PAGE, 8, 0), -EINVAL, "unknown flags");
	check(sys(mremap, q + 1, PAGE, PAGE, 0, 0), -EINVAL, "not aligned");
	check(sys(mremap, q, PAGE, 0, 0, 0), -EINVAL, "to nothing");
	check(sys(mremap, p, PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0), -EFAULT, "what is not mapped");
	check(sys(mremap, q, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q + PAGE), -EINVAL,
	      "onto itself");
	check(sys(mremap, q, 0, PAGE, MREMAP_MAYMOVE, 0), -EINVAL,
	      "a second view of what is private");
	check(sys(mremap, q, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p), (long)p, "FIXED");
	check(p[0], 7, "there");
	q = (char *)sys(mremap, p, PAGE, PAGE, MREMAP_MAYMOVE | 4, 0);
	expect((long)q > 0 && q != p, "DONTUNMAP");
	check(q[0], 7, "has moved");
	check(p[0], 0, "and left zeros");
	check(sys(mremap, p, PAGE, 2 * PAGE, MREMAP_MAYMOVE | 4, 0), -EINVAL,
	      "DONTUNMAP does not grow");
	end();
}

static void moved_in_parts(void)
{
	char *p = map(6 * PAGE, RW, ANON), *q;

	begin("mremap: what is cut off may lie in several mappings, what stays may not");
	p[0] = 1;
	mprotect(p + 2 * PAGE, 2 * PAGE, PROT_READ);
	check(sys(mremap, p, 6 * PAGE, 6 * PAGE, 0, 0), (long)p, "to what it is");
	check(sys(mremap, p, 6 * PAGE, 7 * PAGE, MREMAP_MAYMOVE, 0), -EFAULT, "grow over two");
	check(sys(mremap, p, 6 * PAGE, 3 * PAGE, 0, 0), (long)p, "shrink over two");
	check(touch(p + 3 * PAGE, -1), MAPERR, "is gone");
	check(p[0] + touch(p + 2 * PAGE, 1), 1 + ACCERR, "the rest is as it was");
	q = map(4 * PAGE, RW, ANON);
	check(sys(mremap, p, 3 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q), (long)q,
	      "FIXED, shorter, over two");
	check(q[0], 1, "moved");
	check(touch(p + 2 * PAGE, -1), MAPERR, "and the rest cut off");
	munmap(q, 4 * PAGE);
	end();
}

static void written_then_executed(void)
{
	char *p = map(40 * PAGE, RW, ANON);

	begin("mprotect: what was written is executed, page after page");
	for (int i = 0; i < 40; i++) {
		((uint32_t *)(p + i * PAGE))[0] = 0x52800000U | (uint32_t)i << 5; /* mov w0, #i */
		((uint32_t *)(p + i * PAGE))[1] = 0xd65f03c0U;			  /* ret */
		__builtin___clear_cache(p + i * PAGE, p + i * PAGE + 8);
	}
	check(mprotect(p, 40 * PAGE, PROT_READ | PROT_EXEC), 0, "mprotect");
	for (int i = 39; i >= 0; i -= 3)
		check(((int (*)(void))(uintptr_t)(p + i * PAGE))(), i, "page %d", i);
	check(mprotect(p, 40 * PAGE, PROT_READ), 0, "no longer to be executed");
	check(mprotect(p, 40 * PAGE, PROT_READ | PROT_EXEC), 0, "and again");
	check(((int (*)(void))(uintptr_t)(p + 7 * PAGE))(), 7, "page 7");
	munmap(p, 40 * PAGE);
	end();
}

static void seen_twice(void)
{
	char *p = map(2 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS), *q;

	begin("mremap: a second view of what is shared");
	q = (char *)sys(mremap, p, 0, 2 * PAGE, MREMAP_MAYMOVE, 0);
	expect((long)q > 0, "made");
	q[PAGE] = 5;
	check(p[PAGE], 5, "shows the same");
	munmap(p, 2 * PAGE);
	munmap(q, 2 * PAGE);
	end();
}

/* ---- 2 MiB blocks ---- */

/* A place of @n blocks that begins at a block. */
static char *blocks(size_t n)
{
	char *p = map((n + 1) * BLOCK, RW, ANON),
	     *a = (char *)(((uintptr_t)p + BLOCK - 1) & -BLOCK);

	if (a > p)
		munmap(p, (size_t)(a - p));
	munmap(a + n * BLOCK, (size_t)(p + BLOCK - a));
	return a;
}

static void fill(char *p, size_t n)
{
	for (size_t i = 0; i < n; i += PAGE)
		*(size_t *)(p + i) = i + 1;
}

/* How many pages of [p, p + n) do not hold what fill() put there, counted from @from on. */
static size_t wrong(const char *p, size_t n, size_t from)
{
	size_t bad = 0;

	for (size_t i = 0; i < n; i += PAGE)
		bad += *(const size_t *)(p + i) != from + i + 1;
	return bad;
}

static void block_parts(void)
{
	char *p = blocks(2), *q;
	int status;
	pid_t pid;

	begin("mmap, munmap, mprotect, mremap, madvise, fork: parts of 2 MiB");
	fill(p, 2 * BLOCK);
	check((long)wrong(p, 2 * BLOCK, 0), 0, "filled");
	check(mprotect(p + 5 * PAGE, 3 * PAGE, PROT_READ), 0, "mprotect of a part");
	check(touch(p + 6 * PAGE, 1), ACCERR, "holds");
	check(touch(p + 4 * PAGE + 100, 1) + touch(p + 8 * PAGE + 100, 1), 0, "and not beside it");
	check((long)wrong(p, 2 * BLOCK, 0), 0, "nothing lost by mprotect");
	check(munmap(p + BLOCK + 7 * PAGE, PAGE), 0, "munmap of a part");
	check(touch(p + BLOCK + 7 * PAGE, -1), MAPERR, "holds");
	check((long)wrong(p, BLOCK + 7 * PAGE, 0), 0, "nothing lost before it");
	check((long)wrong(p + BLOCK + 8 * PAGE, BLOCK - 8 * PAGE, BLOCK + 8 * PAGE), 0,
	      "nor behind it");
	munmap(p, 2 * BLOCK);

	p = blocks(2);
	fill(p, 2 * BLOCK);
	check(madvise(p + 9 * PAGE, 2 * PAGE, MADV_DONTNEED), 0, "DONTNEED of a part");
	check(p[9 * PAGE] + p[10 * PAGE], 0, "zeros");
	check((long)wrong(p + 11 * PAGE, 2 * BLOCK - 11 * PAGE, 11 * PAGE), 0, "nothing else lost");
	check(madvise(p + BLOCK, BLOCK, MADV_DONTNEED), 0, "DONTNEED of a whole one");
	check(p[BLOCK] + p[2 * BLOCK - 1], 0, "zeros");
	fill(p, 2 * BLOCK);
	q = mremap(p + 3 * PAGE, BLOCK, BLOCK, MREMAP_MAYMOVE | MREMAP_FIXED, blocks(2));
	expect(q != MAP_FAILED, "mremap across two");
	check((long)wrong(q, BLOCK, 3 * PAGE), 0, "all moved");
	check((long)wrong(p, 3 * PAGE, 0), 0, "the rest is there");
	check(touch(p + 3 * PAGE, -1), MAPERR, "and no more");
	fill(q, BLOCK);
	pid = fork();
	if (pid == 0) {
		size_t bad = wrong(q, BLOCK, 0);

		memset(q, 9, BLOCK);
		_exit(bad != 0);
	}
	waitpid(pid, &status, 0);
	check(status, 0, "a child sees them");
	check((long)wrong(q, BLOCK, 0), 0, "and its writing is its own");
	q[0] = 1;
	check(mprotect(q, BLOCK, PROT_NONE), 0, "mprotect of a whole one");
	check(touch(q + 77 * PAGE, -1), ACCERR, "PROT_NONE");
	check(mprotect(q, BLOCK, PROT_READ | PROT_EXEC), 0, "to be executed");
	check(touch(q + 77 * PAGE, 1), ACCERR, "read only");
	check((long)wrong(q, BLOCK, 0), 0, "still there");
	munmap(q, BLOCK);
	munmap(p, 2 * BLOCK);
	end();
}

static char *race_area;
static volatile int race_stop;
static volatile size_t race_bad;

static void *race_writer(void *arg)
{
	size_t me = (size_t)arg;

	for (size_t n = 1; !race_stop; n++)
		for (size_t page = me; page < BLOCK / PAGE; page += 61) {
			volatile size_t *w = (volatile size_t *)(race_area + page * PAGE) + 1 + me;

			*w = n;
			if (*w != n)
				race_bad++;
		}
	return NULL;
}

/* Threads write into a block while it is taken apart below them and shared with children. */
static void block_race(void)
{
	pthread_t t[3];

	begin("fork, mprotect, madvise: blocks under the feet of threads");
	race_area = blocks(1);
	race_stop = 0;
	for (size_t i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, race_writer, (void *)i);
	for (int round = 0; round < 16; round++) {
		pid_t pid;

		mprotect(race_area + 500 * PAGE, PAGE, PROT_READ);
		mprotect(race_area + 500 * PAGE, PAGE, RW);
		pid = fork();
		if (pid == 0)
			_exit(0);
		waitpid(pid, NULL, 0);
		if (round % 4 == 3) { /* a new block, for which the writers wait */
			race_stop = 1;
			for (size_t i = 0; i < 3; i++)
				pthread_join(t[i], NULL);
			madvise(race_area, BLOCK, MADV_DONTNEED);
			race_stop = 0;
			for (size_t i = 0; i < 3; i++)
				pthread_create(&t[i], NULL, race_writer, (void *)i);
		}
	}
	race_stop = 1;
	for (size_t i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	check((long)race_bad, 0, "words that another one wrote over or nobody wrote");
	munmap(race_area, BLOCK);
	end();
}

static void thp_switch(void)
{
	begin("prctl: PR_SET_THP_DISABLE");
	check(sys(prctl, PR_GET_THP_DISABLE, 0, 0, 0, 0), 0, "off at first");
	check(sys(prctl, PR_SET_THP_DISABLE, 1, 0, 0, 0), 0, "set");
	check(sys(prctl, PR_GET_THP_DISABLE, 0, 0, 0, 0), 1, "is set");
	check(sys(prctl, PR_SET_THP_DISABLE, 0, 0, 1, 0), -EINVAL, "too many arguments");
	check(sys(prctl, PR_GET_THP_DISABLE, 1, 0, 0, 0), -EINVAL, "too many to get");
	check(sys(prctl, PR_SET_THP_DISABLE, 0, 0, 0, 0), 0, "off again");
	end();
}

/* ---- advice ---- */

static char *wiped, *kept, *not_given;

static void child_of_advice(void)
{
	check(wiped[0], 0, "WIPEONFORK");
	check(kept[0], 3, "KEEPONFORK");
	check(touch(not_given, -1), MAPERR, "DONTFORK");
}

static void advice_harmless(char *p)
{
	static const int harmless[] = { MADV_NORMAL,	  MADV_RANDOM,	 MADV_SEQUENTIAL,
					MADV_WILLNEED,	  MADV_DONTDUMP, MADV_DODUMP,
					ADV_COLD,	  ADV_PAGEOUT,	 MADV_MERGEABLE,
					MADV_UNMERGEABLE, MADV_HUGEPAGE, MADV_NOHUGEPAGE,
					MADV_DOFORK };

	begin("madvise: what does nothing that can be seen");
	for (size_t i = 0; i < sizeof(harmless) / sizeof(*harmless); i++) {
		p[0] = 3;
		check(sys(madvise, p, PAGE, harmless[i]), 0, "advice %d", harmless[i]);
		check(p[0], 3, "advice %d: the page", harmless[i]);
	}
	check(sys(madvise, p, PAGE, 5), -EINVAL, "unknown advice");
	check(sys(madvise, p, 0, 5), -EINVAL, "unknown advice for nothing");
	check(sys(madvise, p, 0, MADV_NORMAL), 0, "nothing");
	check(sys(madvise, p + 1, PAGE, MADV_NORMAL), -EINVAL, "not aligned");
	check(sys(madvise, p, -1, MADV_NORMAL), -EINVAL, "too long");
	check(sys(madvise, p, -PAGE, MADV_NORMAL), -EINVAL, "wraps");
	end();
}

/* @p: four pages, of which the second is a hole in the end; @s: of a file, shared. */
static void advice_dontneed(char *p, char *s)
{
	begin("madvise: DONTNEED, FREE, holes");
	memset(p, 3, 4 * PAGE);
	check(sys(madvise, p + PAGE, 10, MADV_DONTNEED), 0, "DONTNEED rounds up");
	check(p[PAGE], 0, "zeros");
	check(p[0] + p[2 * PAGE], 6, "only there");
	check(sys(madvise, p + 2 * PAGE, PAGE, MADV_FREE), 0, "FREE");
	check_one_of(p[2 * PAGE], 0, 3, "old or zero");
	check(sys(madvise, s, PAGE, MADV_FREE), -EINVAL, "FREE of a file");
	s[0] = 9;
	check(sys(madvise, s, PAGE, MADV_DONTNEED), 0, "DONTNEED of a file");
	check(s[0], 9, "forgets nothing");
	munmap(p + PAGE, PAGE);
	p[2 * PAGE] = 4;
	check(sys(madvise, p, 4 * PAGE, MADV_DONTNEED), -ENOMEM, "a hole");
	check(p[2 * PAGE], 0, "does what is behind it");
	check(sys(madvise, p + PAGE, PAGE, MADV_DONTNEED), -ENOMEM, "nothing but a hole");
	check(sys(madvise, KERNEL, PAGE, MADV_DONTNEED), -ENOMEM, "the kernel's half");
	end();
}

static void advice_fork(char *s)
{
	begin("madvise, fork: DONTFORK, WIPEONFORK");
	wiped = map(PAGE, RW, ANON);
	kept = map(2 * PAGE, RW, ANON);
	not_given = map(PAGE, RW, ANON | MAP_NORESERVE);
	wiped[0] = kept[0] = not_given[0] = 3;
	check(sys(madvise, wiped, PAGE, MADV_WIPEONFORK), 0, "WIPEONFORK");
	check(sys(madvise, kept, PAGE, MADV_WIPEONFORK), 0, "WIPEONFORK again");
	check(sys(madvise, kept, PAGE, MADV_KEEPONFORK), 0, "KEEPONFORK");
	check(sys(madvise, not_given, PAGE, MADV_DONTFORK), 0, "DONTFORK");
	check(sys(madvise, s, PAGE, MADV_WIPEONFORK), -EINVAL, "WIPEONFORK of a file");
	check_child(child_of_advice, 0, "in the child");
	check(wiped[0] + not_given[0], 6, "here all is as it was");
	end();
}

static void advice_remove(int fd, char *s)
{
	begin("madvise: REMOVE");
	memset(s, 5, 2 * PAGE);
	check(sys(madvise, s, PAGE, MADV_REMOVE), 0, "REMOVE");
	check(s[0], 0, "a hole");
	check(s[PAGE], 5, "and no more");
	check(sys(madvise, kept, PAGE, MADV_REMOVE), -EINVAL, "of what is no file");
	s = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
	check(sys(madvise, s, PAGE, MADV_REMOVE), -EACCES, "of what is private");
	munmap(s, PAGE);
	s = map(PAGE, RW, MAP_SHARED | MAP_ANONYMOUS);
	s[0] = 1;
	check(sys(madvise, s, PAGE, MADV_REMOVE), 0, "of shared memory");
	check(s[0], 0, "a hole");
	munmap(s, PAGE);
	end();
}

static void advice_populate(int fd)
{
	char *s = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0);

	begin("madvise: POPULATE_READ, POPULATE_WRITE");
	check(sys(madvise, s, 2 * PAGE, ADV_POPULATE_WRITE), 0, "a file");
	check(sys(madvise, s, 4 * PAGE, ADV_POPULATE_READ), -EFAULT, "beyond its end");
	check(sys(madvise, wiped, PAGE, ADV_POPULATE_WRITE), 0, "memory");
	mprotect(wiped, PAGE, PROT_READ);
	check(sys(madvise, wiped, PAGE, ADV_POPULATE_WRITE), -EINVAL, "write of what is read only");
	check(sys(madvise, wiped, PAGE, ADV_POPULATE_READ), 0, "read");
	check(sys(madvise, KERNEL, PAGE, ADV_POPULATE_READ), -ENOMEM, "a hole");
	munmap(s, 4 * PAGE);
	end();
}

static void advice(void)
{
	char *p = map(4 * PAGE, RW, ANON), *s;
	int fd = make_file(2);

	s = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	advice_harmless(p);
	advice_dontneed(p, s);
	advice_fork(s);
	advice_remove(fd, s);
	advice_populate(fd);
	munmap(p, 4 * PAGE);
	munmap(s, 2 * PAGE);
	munmap(wiped, PAGE);
	munmap(kept, 2 * PAGE);
	munmap(not_given, PAGE);
	close(fd);
}

/* ---- locking and residence ---- */

static void locks_as_user(void)
{
	struct rlimit none = { 0, 0 }, some = { 4 * PAGE, 4 * PAGE };
	char *p = map(16 * PAGE, RW, ANON);

	setrlimit(RLIMIT_MEMLOCK, &some);
	check(sys(setresuid, 1000, 1000, 1000), 0, "a user");
	check(sys(mlock, p, 4 * PAGE), 0, "as much as allowed");
	check(sys(mlock, p, 4 * PAGE), 0, "the same counts once");
	check(sys(mlock, p + 4 * PAGE, PAGE), -ENOMEM, "one more");
	check(map_at(0, PAGE, RW, ANON | MAP_LOCKED), -EAGAIN, "nor by mmap");
	check(sys(mlockall, MCL_CURRENT), -ENOMEM, "nor all");
	check(sys(munlock, p, PAGE), 0, "one less");
	check(sys(mlock, p + 4 * PAGE, PAGE), 0, "then it may");
	check(sys(munmap, p, 16 * PAGE), 0, "what is unmapped is not locked");
	expect(map_at(0, 4 * PAGE, RW, ANON | MAP_LOCKED) > 0, "MAP_LOCKED");
	setrlimit(RLIMIT_MEMLOCK, &none);
	p = map(PAGE, RW, ANON);
	check(sys(mlock, p, PAGE), -EPERM, "no right at all");
	check(sys(mlock2, p, PAGE, 0), -EPERM, "mlock2");
	check(sys(mlockall, MCL_FUTURE), -EPERM, "mlockall");
	check(map_at(0, PAGE, RW, ANON | MAP_LOCKED), -EPERM, "MAP_LOCKED");
	check(sys(munlock, p, PAGE), 0, "munlock is free");
	check(sys(munlockall), 0, "munlockall, too");
}

static void future(void)
{
	unsigned char vec[4] = { 0 };
	char *p;

	check(sys(mlockall, MCL_FUTURE), 0, "FUTURE");
	p = map(4 * PAGE, RW, ANON);
	check(sys(mincore, p, 4 * PAGE, vec), 0, "mincore");
	check(vec[0] + vec[3], 2, "it is there");
	check(sys(munlockall), 0, "munlockall");
}

static void locks(void)
{
	char *p = map(8 * PAGE, RW, ANON);
	unsigned char vec[8];

	begin("mlock, mlock2, munlock, mincore: what is locked is there");
	memset(vec, 7, sizeof(vec));
	check(sys(mincore, p, 8 * PAGE, vec), 0, "mincore");
	check(vec[0] + vec[7], 0, "nothing is there");
	p[PAGE] = 1;
	check(sys(mincore, p, 8 * PAGE, vec), 0, "mincore");
	check(vec[1], 1, "what was touched is");
	check(sys(mlock, p + 10, PAGE), 0, "mlock rounds");
	check(sys(mincore, p, 8 * PAGE, vec), 0, "mincore");
	check(vec[0], 1, "what is locked is");
	check(sys(mlock2, p + 4 * PAGE, PAGE, 1), 0, "mlock2, MLOCK_ONFAULT");
	check(sys(mincore, p, 8 * PAGE, vec), 0, "mincore");
	check(vec[4], 0, "is not yet");
	check(sys(mlock2, p, PAGE, 2), -EINVAL, "mlock2, unknown flags");
	check(sys(madvise, p, PAGE, MADV_DONTNEED), -EINVAL, "DONTNEED of what is locked");
	check(sys(madvise, p, PAGE, ADV_DONTNEED_LOCKED), 0, "unless one insists");
	check(sys(munlock, p, 8 * PAGE), 0, "munlock");
	check(sys(madvise, p, PAGE, MADV_DONTNEED), 0, "DONTNEED");
	munmap(p + 6 * PAGE, PAGE);
	check(sys(mlock, p, 8 * PAGE), -ENOMEM, "mlock over a hole");
	check(sys(munlock, p, 8 * PAGE), -ENOMEM, "munlock over a hole");
	check(sys(mlock, p, -PAGE), -EINVAL, "mlock that wraps");
	check(sys(mlock, KERNEL, PAGE), -ENOMEM, "mlock of the kernel's half");
	mprotect(p, PAGE, PROT_NONE);
	check(sys(mlock, p, PAGE), -ENOMEM, "mlock of PROT_NONE");
	sys(munlock, p, PAGE);
	check(sys(mincore, p + 1, PAGE, vec), -EINVAL, "mincore, not aligned");
	check(sys(mincore, p, 8 * PAGE, vec), -ENOMEM, "mincore over a hole");
	check(sys(mincore, p, PAGE, BAD), -EFAULT, "mincore, bad vector");
	check(sys(mincore, p, PAGE, KERNEL), -EFAULT, "mincore, the kernel's");
	check(sys(mincore, KERNEL, PAGE, vec), -ENOMEM, "mincore of the kernel's half");
	munmap(p, 8 * PAGE);
	end();

	begin("mlockall, munlockall: now and later");
	check(sys(mlockall, 0), -EINVAL, "no flags");
	check(sys(mlockall, 8), -EINVAL, "unknown flags");
	check(sys(mlockall, 4), -EINVAL, "ONFAULT alone");
	check_child(future, 0, "MCL_FUTURE");
	check(sys(mlockall, MCL_CURRENT), 0, "CURRENT");
	check(sys(munlockall), 0, "munlockall");
	end();

	begin("mlock, mlockall, mmap: RLIMIT_MEMLOCK");
	check_child(locks_as_user, 0, "as a user");
	end();
}

/* ---- limits ---- */

static void limited(void)
{
	struct rlimit r;
	char *p, *brk0 = (char *)sys(brk, 0);

	r.rlim_cur = r.rlim_max = 64UL << 20;
	setrlimit(RLIMIT_DATA, &r);
	check(map_at(0, 128UL << 20, RW, ANON), -ENOMEM, "RLIMIT_DATA");
	p = (char *)map_at(0, 128UL << 20, PROT_READ, ANON);
	expect((long)p > 0, "is not for what cannot be written");
	check(sys(mprotect, p, 128UL << 20, RW), -ENOMEM, "nor may it then be made so");
	expect(map_at(0, 128UL << 20, RW, MAP_SHARED | MAP_ANONYMOUS) > 0,
	       "nor for what is shared");
	check(sys(brk, brk0 + (128UL << 20)), (long)brk0, "brk");
	r.rlim_cur = r.rlim_max = 512UL << 20;
	setrlimit(RLIMIT_AS, &r);
	check(map_at(0, 400UL << 20, PROT_READ, ANON), -ENOMEM, "RLIMIT_AS");
	check(sys(mremap, p, PAGE, 600UL << 20, MREMAP_MAYMOVE, 0), -ENOMEM, "mremap");
	check(map_at(p, 128UL << 20, PROT_READ, ANON | MAP_FIXED), (long)p,
	      "what replaces is not counted twice");
}

static void limits(void)
{
	long p;

	begin("mmap, mprotect, brk, mremap: RLIMIT_DATA, RLIMIT_AS");
	check_child(limited, 0, "in a child");
	end();

	begin("mmap: overcommit as Linux guesses");
	check(map_at(0, 1UL << 45, RW, ANON), -ENOMEM, "more than there can be");
	p = map_at(0, 1UL << 45, RW, ANON | MAP_NORESERVE);
	expect(p > 0, "unless it is known (MAP_NORESERVE)");
	munmap((void *)p, 1UL << 45);
	p = map_at(0, 1UL << 45, PROT_NONE, ANON);
	expect(p > 0, "or cannot be written");
	check(sys(mprotect, p, 1UL << 45, RW), -ENOMEM, "nor be made so");
	munmap((void *)p, 1UL << 45);
	check(map_at(0, 1UL << 45, RW, MAP_SHARED | MAP_ANONYMOUS), -ENOMEM, "shared");
	end();
}

#define MANY 60000

static void many(void)
{
	static char *at[MANY];
	size_t made = 0;

	begin("mmap, munmap: %d mappings", MANY);
	for (size_t i = 0; i < MANY; i++) {
		at[i] = mmap(NULL, PAGE, i & 1 ? PROT_READ : PROT_NONE, ANON, -1, 0);
		made += at[i] != MAP_FAILED;
	}
	check((long)made, MANY, "made");
	/* One in the middle goes, and its place is found again. */
	for (size_t i = 0; i < MANY; i += 61)
		if (munmap(at[i], PAGE) ||
		    (at[i] = mmap(NULL, PAGE, RW, ANON, -1, 0)) == MAP_FAILED)
			expect(false, "number %zu", i);
	for (size_t i = 0; i < MANY; i++)
		made -= munmap(at[i], PAGE) == 0;
	check((long)made, 0, "left");
	end();
}

/* ---- the stack ---- */

static char *stack_low;

static void deep(void)
{
	volatile char *sp = __builtin_frame_address(0);

	stack_low = (char *)sp - (1 << 20);
	check(touch(stack_low, 1), 0, "a stack grows");
	check(touch((char *)sp - (64 << 20), 1), MAPERR, "not beyond its limit");
}

static void grows(void)
{
	char *p = map(600 * PAGE, PROT_NONE, ANON), *stack = p + 590 * PAGE;

	begin("mmap: MAP_GROWSDOWN, and the guard below a stack");
	check_child(deep, 0, "the stack of main");
	munmap(p, 600 * PAGE);
	check(map_at(stack, PAGE, RW, ANON | MAP_GROWSDOWN | MAP_FIXED), (long)stack, "a stack");
	check(touch(stack - PAGE, 1), 0, "grows");
	check(touch(stack - 100 * PAGE, 1), 0, "and grows");
	map_at(p, PAGE, RW, ANON | MAP_FIXED);
	check(touch(p + 200 * PAGE, 1), MAPERR, "not near what lies below it");
	check(touch(p + 300 * PAGE, 1), 0, "but up to there");
	check(sys(mprotect, p + 400 * PAGE, PAGE, PROT_READ | PROT_GROWSDOWN), 0, "PROT_GROWSDOWN");
	check(touch(p + 300 * PAGE, 1), ACCERR, "is for all below");
	munmap(p, 600 * PAGE);
	end();
}

static void breaks(void)
{
	char *now = (char *)sys(brk, 0), *up = now + 5 * PAGE;

	begin("brk: up, down, and nowhere");
	check(sys(brk, up), (long)up, "up");
	check(touch(up - 1, 1), 0, "is there");
	check(sys(brk, now), (long)now, "down");
	check(sys(brk, 1), (long)now, "not below its begin");
	check(sys(brk, KERNEL), (long)now, "nor into the kernel's half");
	check(sys(brk, up), (long)up, "up");
	check(up[-1], 0, "zeros again");
	check(sys(brk, now), (long)now, "down");
	end();
}

/* ---- barriers ---- */

static void barriers(void)
{
	long all = sys(membarrier, 0, 0, 0);

	begin("membarrier: commands, registration");
	expect(all > 0 && (all & 0x1b) == 0x1b, "has what the C libraries ask for: %#lx", all);
	check(sys(membarrier, 0x8, 0, 0), -EPERM, "expedited, not registered");
	check(sys(membarrier, 0x20, 0, 0), -EPERM, "for code, not registered");
	check(sys(membarrier, 0x10, 0, 0), 0, "register");
	check(sys(membarrier, 0x200, 0, 0), 0x10, "is registered");
	check(sys(membarrier, 0x20, 0, 0), -EPERM, "that is not for code");
	check(sys(membarrier, 0x8, 0, 0), 0, "expedited");
	check(sys(membarrier, 0x40, 0, 0), 0, "register for code");
	check(sys(membarrier, 0x20, 0, 0), 0, "for code");
	check(sys(membarrier, 0x4, 0, 0), 0, "register for all");
	check(sys(membarrier, 0x2, 0, 0), 0, "all that registered");
	check(sys(membarrier, 0x1, 0, 0), 0, "all");
	check(sys(membarrier, 0x8, 1, 0), -EINVAL, "unknown flags");
	check(sys(membarrier, 0x18, 0, 0), -EINVAL, "two commands");
	check(sys(membarrier, 1 << 20, 0, 0), -EINVAL, "unknown command");
	check(sys(membarrier, -1, 0, 0), -EINVAL, "no command");
	end();
}

static volatile int flag[2] __attribute__((aligned(256))), in_both, barrier_stop;
static pthread_barrier_t gate;

/* Store, compiler barrier, load: only the other's membarrier() keeps both from seeing nothing. */
static void *fast_side(void *arg)
{
	(void)arg;
	for (int i = 0; i < 50; i++) {
		pthread_barrier_wait(&gate);
		flag[0] = 1;
		__asm__ volatile("" ::: "memory");
		if (!flag[1])
			__atomic_fetch_add(&in_both, 1, __ATOMIC_SEQ_CST);
		pthread_barrier_wait(&gate);
	}
	return NULL;
}

static void dekker(void)
{
	pthread_t t;
	int both = 0;

	begin("membarrier: orders the other side of Dekker's algorithm");
	pthread_barrier_init(&gate, NULL, 2);
	pthread_create(&t, NULL, fast_side, NULL);
	for (int i = 0; i < 50; i++) {
		flag[0] = flag[1] = in_both = 0;
		pthread_barrier_wait(&gate);
		flag[1] = 1;
		sys(membarrier, 0x8, 0, 0);
		if (!flag[0])
			__atomic_fetch_add(&in_both, 1, __ATOMIC_SEQ_CST);
		pthread_barrier_wait(&gate);
		both += in_both == 2;
	}
	pthread_join(t, NULL);
	check(both, 0, "times both were inside");
	end();
}

int main(void)
{
	catch_faults();
	places();
	files();
	truncated();
	cut_race();
	unmapped_in_parts();
	moved();
	moved_in_parts();
	written_then_executed();
	seen_twice();
	block_parts();
	block_race();
	thp_switch();
	advice();
	locks();
	limits();
	many();
	grows();
	breaks();
	barriers();
	dekker();
	return tap_done();
}
