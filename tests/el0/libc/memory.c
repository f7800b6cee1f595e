/*
 * memory.c - mmap and its family: success, errors, and what memory is behind them.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "tests/el0/libc/hostile.h"

#define PAGE 4096l
#define TOP  (1l << 52) /* no kernel gives more */
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static sigjmp_buf back;
static volatile int code;

static void on_fault(int signo, siginfo_t *info, void *context)
{
	(void)context;
	code = info->si_code;
	siglongjmp(back, signo);
}

/* The signal that touching @p brings, 0: none. */
static int touch(volatile char *p, bool write)
{
	int signo = sigsetjmp(back, 1);

	if (signo)
		return signo;
	if (write)
		*p = 1;
	else
		(void)*p;
	return 0;
}

static void *map(size_t pages, int prot)
{
	return mmap(NULL, pages * PAGE, prot, ANON, -1, 0);
}

static void test_mmap(int rw, int ro, int wo)
{
	char *p;

	begin("mmap: arguments, descriptors, places");
	CALL(-EINVAL, mmap, NULL, 0, RW, ANON, -1, 0);
	CALL(-EINVAL, mmap, NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0);
	CALL(-EINVAL, mmap, NULL, PAGE, RW, MAP_PRIVATE, rw, 1);
	CALL(-EINVAL, mmap, 1, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	CALL(-ENOMEM, mmap, NULL, TOP, RW, ANON | MAP_NORESERVE, -1, 0);
	CALL(-ENOMEM, mmap, NULL, -PAGE, RW, ANON, -1, 0);
	CALL(-ENOMEM, mmap, NULL, -1, RW, ANON, -1, 0);
	CALL(-ENOMEM, mmap, TOP, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	CALL(-ENOMEM, mmap, -PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	CALL(-EBADF, mmap, NULL, PAGE, RW, MAP_PRIVATE, -1, 0);
	CALL(-EBADF, mmap, NULL, PAGE, RW, MAP_PRIVATE, 199, 0);
	CALL(-EACCES, mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, wo, 0);
	CALL(-EACCES, mmap, NULL, PAGE, RW, MAP_SHARED, ro, 0);
	CALL(-ENODEV, mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, open(".", O_RDONLY), 0);
	CALL(-EOVERFLOW, mmap, NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, rw, -PAGE);
	CALL(-EOPNOTSUPP, mmap, NULL, PAGE, RW, MAP_SHARED_VALIDATE | MAP_SYNC, rw, 0);
	p = map(3, RW);
	CALL(-EEXIST, mmap, p + PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
	munmap(p + PAGE, PAGE);
	CALL((long)p + PAGE, mmap, p + PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
	p[PAGE] = 1;
	CALL((long)p + PAGE, mmap, p + PAGE, PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0);
	check(p[PAGE], 0, "MAP_FIXED brings new memory");
	check(touch(p + PAGE, true), SIGSEGV, "a page to read is not written");
	check(code, SEGV_ACCERR, "SEGV_ACCERR");
	munmap(p, 3 * PAGE);
	check(touch(p, false), SIGSEGV, "after munmap");
	check(code, SEGV_MAPERR, "SEGV_MAPERR");
	p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, rw, 0);
	p[0] = 'S';
	check(touch(p + PAGE, false), SIGBUS, "behind the end of the file");
	check(code, BUS_ADRERR, "BUS_ADRERR");
	CALL(1, pread64, ro, &code, 1, 0);
	check(code & 0xff, 'S', "a shared mapping is the file");
	munmap(p, 2 * PAGE);
	p = mmap(NULL, PAGE, RW, MAP_PRIVATE, ro, 0);
	p[0] = 'P';
	CALL(1, pread64, ro, &code, 1, 0);
	check(code & 0xff, 'S', "a private one is not");
	munmap(p, PAGE);
	end();
}

static void test_munmap(void)
{
	char *p = map(4, RW);

	begin("munmap, mprotect: arguments, holes");
	CALL(-EINVAL, munmap, p + 1, PAGE);
	CALL(-EINVAL, munmap, p, 0);
	CALL(-EINVAL, munmap, TOP, PAGE);
	CALL(-EINVAL, munmap, p, TOP);
	CALL(-EINVAL, munmap, p, -PAGE);
	CALL(0, munmap, p + PAGE, 1);
	CALL(0, munmap, p + PAGE, PAGE);
	check(touch(p + PAGE, false), SIGSEGV, "the hole");
	check(touch(p + 2 * PAGE, true), 0, "behind it");

	CALL(-EINVAL, mprotect, p + 1, PAGE, PROT_READ);
	CALL(0, mprotect, p, 0, PROT_READ);
	CALL(-ENOMEM, mprotect, p, 4 * PAGE, PROT_READ);
	CALL(-ENOMEM, mprotect, p + PAGE, PAGE, PROT_READ);
	CALL(-ENOMEM, mprotect, TOP, PAGE, PROT_READ);
	CALL(-ENOMEM, mprotect, p, -PAGE, PROT_READ);
	CALL(-EINVAL, mprotect, p, PAGE, 0x40000000);
	check(touch(p, true), SIGSEGV, "what lies before the hole was protected");
	check(touch(p + 2 * PAGE, true), 0, "what lies behind it was not");
	CALL(0, mprotect, p + 2 * PAGE, 1, PROT_NONE);
	check(touch(p + 2 * PAGE, false), SIGSEGV, "PROT_NONE");
	CALL(0, mprotect, p + 2 * PAGE, PAGE, RW);
	check(p[2 * PAGE], 1, "and it is there again");
	CALL(0, munmap, p, 4 * PAGE);
	end();
}

static void test_mprotect_file(int ro)
{
	char *p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ro, 0);

	begin("mprotect: a shared mapping of a file that is open to read");
	CALL(-EACCES, mprotect, p, PAGE, RW);
	munmap(p, PAGE);
	p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, ro, 0);
	CALL(0, mprotect, p, PAGE, RW);
	munmap(p, PAGE);
	end();
}

static void test_mremap(void)
{
	char *p = map(8, RW), *q = map(8, RW), *to;

	begin("mremap: grows, shrinks, moves; arguments");
	p[0] = 'a';
	p[3 * PAGE] = 'd';
	munmap(p + 4 * PAGE, 4 * PAGE);
	CALL((long)p, mremap, p, 4 * PAGE, 8 * PAGE, 0, 0);
	check(p[7 * PAGE], 0, "what it has grown by is zero");
	CALL((long)p, mremap, p, 8 * PAGE, 4 * PAGE, 0, 0);
	check(touch(p + 4 * PAGE, false), SIGSEGV, "what it has shrunk by is gone");
	mmap(p + 4 * PAGE, PAGE, PROT_NONE, ANON | MAP_FIXED, -1, 0);
	CALL(-ENOMEM, mremap, p, 4 * PAGE, 8 * PAGE, 0, 0);
	to = (char *)sys(mremap, p, 4 * PAGE, 6 * PAGE, MREMAP_MAYMOVE, 0);
	expect(to != p && to[0] == 'a' && to[3 * PAGE] == 'd', "moved, as it was");
	check(touch(p, false), SIGSEGV, "where it was");
	CALL((long)q, mremap, to, 6 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q);
	check(q[3 * PAGE], 'd', "at a place of the program's choice");
	CALL(-EINVAL, mremap, q + 1, PAGE, PAGE, 0, 0);
	CALL(-EINVAL, mremap, q, PAGE, 0, 0, 0);
	CALL(-EINVAL, mremap, q, PAGE, PAGE, 8, 0);
	CALL(-EINVAL, mremap, q, PAGE, PAGE, MREMAP_FIXED, p);
	CALL(-EINVAL, mremap, q, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q + PAGE);
	CALL(-EINVAL, mremap, q, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + 1);
	CALL(-EINVAL, mremap, q, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, TOP);
	CALL(-ENOMEM, mremap, q, PAGE, TOP, MREMAP_MAYMOVE, 0);
	CALL(-EINVAL, mremap, q, 0, PAGE, MREMAP_MAYMOVE, 0);
	CALL(-EFAULT, mremap, p, PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0);
	CALL(-EFAULT, mremap, q, 16 * PAGE, 32 * PAGE, MREMAP_MAYMOVE, 0);
	munmap(q, 8 * PAGE);
	end();
}

static void test_madvise(void)
{
	char *p = map(4, RW);

	begin("madvise: advice, arguments");
	p[0] = p[PAGE] = 1;
	CALL(0, madvise, p, PAGE, MADV_DONTNEED);
	check(p[0] * 10 + p[PAGE], 1, "MADV_DONTNEED brings zeros there alone");
	CALL(0, madvise, p, 4 * PAGE, MADV_NORMAL);
	CALL(0, madvise, p, 4 * PAGE, MADV_RANDOM);
	CALL(0, madvise, p, 4 * PAGE, MADV_SEQUENTIAL);
	CALL(0, madvise, p, 4 * PAGE, MADV_WILLNEED);
	CALL(0, madvise, p, 0, MADV_DONTNEED);
	CALL(-EINVAL, madvise, p + 1, PAGE, MADV_DONTNEED);
	CALL(-EINVAL, madvise, p, PAGE, 12345);
	CALL(-EINVAL, madvise, p, -PAGE, MADV_DONTNEED);
	munmap(p + PAGE, PAGE);
	p[2 * PAGE] = 1;
	CALL(-ENOMEM, madvise, p, 4 * PAGE, MADV_DONTNEED);
	check(p[2 * PAGE], 0, "what is behind a hole is done all the same");
	CALL(-ENOMEM, madvise, p + PAGE, PAGE, MADV_DONTNEED);
	munmap(p, 4 * PAGE);
	end();
}

static void limited(void)
{
	struct rlimit space = { 64 << 20, 64 << 20 }, data = { 1 << 20, 1 << 20 };
	long at = sys(brk, 0);
	void *p;

	setrlimit(RLIMIT_AS, &space);
	CALL(-ENOMEM, mmap, NULL, 64 << 20, RW, ANON, -1, 0);
	CALL(at, brk, at + (64 << 20));
	p = (void *)sys(mmap, NULL, 1 << 20, RW, ANON, -1, 0);
	CALL(-ENOMEM, mremap, p, 1 << 20, 64 << 20, MREMAP_MAYMOVE, 0);
	setrlimit(RLIMIT_DATA, &data);
	CALL(-ENOMEM, mmap, NULL, 2 << 20, RW, ANON, -1, 0);
}

static void test_brk(void)
{
	long at = sys(brk, 0);

	begin("brk: grows and shrinks; limits");
	expect(at > 0, "there is a break");
	CALL(at + 2 * PAGE + 5, brk, at + 2 * PAGE + 5);
	check(touch((char *)at + 2 * PAGE, true), 0, "memory to its end");
	CALL(at + 2 * PAGE + 5, brk, 1);
	CALL(at + 2 * PAGE + 5, brk, -1);
	CALL(at + 2 * PAGE + 5, brk, TOP);
	CALL(at, brk, at);
	CALL(at + 3 * PAGE, brk, at + 3 * PAGE);
	check(*(char *)(at + 2 * PAGE), 0, "what it has grown by is zero");
	CALL(at, brk, at);
	check_child(limited, "RLIMIT_AS and RLIMIT_DATA");
	end();
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };
	int rw = open("mapped", O_CREAT | O_RDWR | O_TRUNC, 0600);
	int ro = open("mapped", O_RDONLY), wo = open("mapped", O_WRONLY);

	setvbuf(stdout, malloc(BUFSIZ), _IOFBF,
		BUFSIZ); /* libc's heap is not to move under test_brk */
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	if (write(rw, "file", 4) != 4)
		return 1;
	test_mmap(rw, ro, wo);
	test_munmap();
	test_mprotect_file(ro);
	test_mremap();
	test_madvise();
	test_brk();
	unlink("mapped");
	return tap_done();
}
