/*
 * stale.c - does a file ever show what was on the disk before it?  test_disk_stale.py, as a user.
 *
 *	stale DIR	a line for each way; DIR is on a disk whose free blocks are full of STALE
 *
 * Blocks are given to holes and behind the end of files, and what should have been written to them
 * then is not: the mapping goes, the disk is full, the buffer ends.  Afterwards the pages leave
 * memory, and the file is read from the disk.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define STALE  0xa5
#define PAGE   4096
#define LENGTH (64 * PAGE)

static unsigned char data[LENGTH];
static sigjmp_buf out;
static volatile bool ending;
static unsigned char *volatile window; /* where the mapping comes and goes */

static void check(bool good, const char *what)
{
	if (good)
		return;
	printf("%s: %s\n", what, strerrorname_np(errno));
	exit(1);
}

static int make(off_t size)
{
	int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);

	check(fd >= 0 && !ftruncate(fd, size), "file");
	return fd;
}

/* What the disk has of it; the file goes. */
static void look(int fd, const char *what)
{
	ssize_t n;

	check(!fsync(fd) && !posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), "fsync");
	n = pread(fd, data, LENGTH, 0);
	check(n > 0, "read");
	if (memchr(data, STALE, (size_t)n))
		printf("%s: stale at %d\n", what,
		       (int)((unsigned char *)memchr(data, STALE, (size_t)n) - data));
	else
		printf("%s: clean\n", what);
	close(fd);
	unlink("file");
}

/* ---- a mapping that goes while a store to it is on its way ---- */

static void on_fault(int sig)
{
	siglongjmp(out, sig);
}

static void *remap(void *arg)
{
	int fd = *(int *)arg;

	while (!ending) {
		munmap(window, LENGTH);
		mmap(window, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	}
	return NULL;
}

static void race(void)
{
	int fd = make(LENGTH);
	pthread_t t;

	window = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	check(window != MAP_FAILED && !pthread_create(&t, NULL, remap, &fd), "mmap");
	for (volatile int round = 0; round < 40; round++) {
		check(!ftruncate(fd, 0) && !ftruncate(fd, LENGTH), "ftruncate");
		for (volatile int page = 0; page < LENGTH / PAGE; page++)
			if (!sigsetjmp(out, 1))
				window[page * PAGE + round] = 1;
		if (posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) ||
		    pread(fd, data, LENGTH, 0) < 0 || memchr(data, STALE, LENGTH))
			break;
	}
	ending = true;
	pthread_join(t, NULL);
	munmap(window, LENGTH);
	look(fd, "race");
}

/* ---- a full disk ---- */

/* @blocks of 1 KiB, of what another file held, are free, but for what tables take. */
static void fill(int blocks)
{
	int fd = open("filler", O_RDWR | O_CREAT, 0600);
	off_t size;

	memset(data, STALE, LENGTH);
	check(fd >= 0, "filler");
	lseek(fd, 0, SEEK_END);
	while (write(fd, data, LENGTH) > 0 || write(fd, data, 1024) > 0)
		;
	check(errno == ENOSPC, "filler");
	size = lseek(fd, 0, SEEK_END);
	check(!fsync(fd) && !ftruncate(fd, size - blocks * 1024L), "filler");
	close(fd);
}

static void full(const char *what, bool read_first, bool map, off_t at, size_t n)
{
	int fd = make(4 * PAGE);
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ssize_t wrote;

	check(pwrite(fd, "x", 1, 0) == 1, "write");
	fsync(fd);
	fill(2);
	if (read_first)
		check(pread(fd, data, 4 * PAGE, 0) == 4 * PAGE, "read");
	memset(data, 'n', n);
	if (map) {
		if (!sigsetjmp(out, 1))
			memset(p + at, 'n', n);
		else
			printf("%s: a signal\n", what);
	} else {
		wrote = pwrite(fd, data, n, at);
		if (wrote < (ssize_t)n)
			printf("%s: short\n", what);
	}
	munmap(p, 4 * PAGE);
	unlink("filler");
	if (at >= 4 * PAGE)
		check(!ftruncate(fd, 8 * PAGE), "ftruncate");
	look(fd, what);
}

/* ---- a buffer that ends before the write does ---- */

static void half_buffer(off_t size, const char *what)
{
	char *buf =
		mmap(NULL, 2 * LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = make(size);

	munmap(buf + LENGTH, LENGTH);
	check(pwrite(fd, buf + LENGTH - 5000, LENGTH, size) > 0, what);
	check(!ftruncate(fd, LENGTH), "ftruncate");
	look(fd, what);
}

int main(int argc, char **argv)
{
	check(argc == 2 && !chdir(argv[1]), "directory");
	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);
	race();
	half_buffer(0, "half a buffer");
	half_buffer(5000, "half a buffer, inside a page");
	full("full, a page", false, false, PAGE, PAGE);
	full("full, a page of the cache", true, false, PAGE, PAGE);
	full("full, the first page", false, false, 0, PAGE);
	full("full, a mapping", false, true, PAGE, PAGE);
	full("full, at the end", false, false, 4 * PAGE, 4 * PAGE);
	full("full, behind the end", false, false, 5 * PAGE, 2 * PAGE);
	return 0;
}
