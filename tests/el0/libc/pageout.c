/*
 * pageout.c - MADV_PAGEOUT and MADV_COLD: what they refuse, and that nothing is lost by them.  What
 * goes where there is swap: tests/boot/test_disk_swap.py.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "tests/el0/libc/calls.h"

#define PAGE  4096UL
#define PAGES 64UL
#define SIZE  (PAGES * PAGE)
#define RW    (PROT_READ | PROT_WRITE)

static const int advices[] = { MADV_COLD, MADV_PAGEOUT };
static const char *const names[] = { "MADV_COLD", "MADV_PAGEOUT" };

static char *mapped(int prot, int flags, int fd)
{
	char *p = mmap(NULL, SIZE, prot, flags, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void fill(char *p)
{
	for (size_t i = 0; i < PAGES; i++)
		p[i * PAGE] = (char)(i + 1);
}

static bool is_filled(const char *p)
{
	for (size_t i = 0; i < PAGES; i++)
		if (p[i * PAGE] != (char)(i + 1))
			return false;
	return true;
}

static void refused(int advice)
{
	char *p = mapped(RW, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char *vdso = (char *)getauxval(AT_SYSINFO_EHDR);

	begin("madvise: %s: errors", names[advice == MADV_PAGEOUT]);
	fill(p);
	check(sys(madvise, p + 1, PAGE, advice), -EINVAL, "not aligned");
	check(sys(madvise, p, -PAGE, advice), -EINVAL, "round the end");
	check(sys(madvise, p, 0, advice), 0, "nothing");
	check(sys(madvise, p, 1, advice), 0, "a byte");
	check(sys(madvise, vdso, PAGE, advice), 0, "vdso");
	check(sys(madvise, vdso - PAGE, PAGE, advice), -EINVAL, "vvar");
	mlock(p + 8 * PAGE, PAGE);
	check(sys(madvise, p, SIZE, advice), -EINVAL, "a page is locked");
	munlock(p + 8 * PAGE, PAGE);
	munmap(p + 16 * PAGE, PAGE);
	check(sys(madvise, p, SIZE, advice), -ENOMEM, "a hole");
	check(sys(madvise, p + 16 * PAGE, PAGE, advice), -ENOMEM, "nothing but a hole");
	mlock(p + 20 * PAGE, PAGE);
	check(sys(madvise, p, SIZE, advice), -EINVAL, "a hole, and a locked page behind it");
	mprotect(p, 8 * PAGE, PROT_NONE);
	check(sys(madvise, p, 8 * PAGE, advice), 0, "PROT_NONE");
	mprotect(p, 8 * PAGE, RW);
	expect(p[0] == 1 && p[7 * PAGE] == 8 && p[40 * PAGE] == 41, "nothing is lost");
	munmap(p, SIZE);
	end();
}

static void kept(int advice, const char *what, char *p)
{
	begin("madvise: %s: %s", names[advice == MADV_PAGEOUT], what);
	if (expect(p != NULL, "mapped")) {
		fill(p);
		check(sys(madvise, p, SIZE, advice), 0, "madvise");
		expect(is_filled(p), "nothing is lost");
		check(sys(madvise, p, SIZE, advice), 0, "again");
		if (!fork())
			_exit(sys(madvise, p, SIZE, advice) || !is_filled(p));
		check(sys(madvise, p, SIZE, advice), 0, "while a child has them");
		int status = -1;

		wait(&status);
		check(status, 0, "the child");
		expect(is_filled(p), "nothing is lost");
		munmap(p, SIZE);
	}
	end();
}

int main(void)
{
	int fd, again;

	if (chdir("/tmp"))
		return bail_out("no /tmp");
	fd = open("pageout", O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || ftruncate(fd, SIZE))
		return bail_out("no file");
	again = open("pageout", O_RDONLY);
	for (size_t i = 0; i < 2; i++) {
		int advice = advices[i];

		refused(advice);
		kept(advice, "private memory", mapped(RW, MAP_PRIVATE | MAP_ANONYMOUS, -1));
		kept(advice, "shared memory", mapped(RW, MAP_SHARED | MAP_ANONYMOUS, -1));
		kept(advice, "a file", mapped(RW, MAP_SHARED, fd));
		kept(advice, "a private mapping of a file", mapped(RW, MAP_PRIVATE, again));
	}
	close(fd);
	close(again);
	unlink("pageout");
	return tap_done();
}
