/*
 * file_holes.c - holes in files: where they are, how they are made and filled, and what mappings
 * see of it.
 */
#define _GNU_SOURCE
#include "tests/el0/libc/calls.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#define PAGE 4096L

static int fd;

static long blocks(void)
{
	struct stat st;

	return fstat(fd, &st) ? -1 : st.st_blocks / 8;
}

static long size(void)
{
	struct stat st;

	return fstat(fd, &st) ? -1 : st.st_size;
}

/* Data in pages 1, 2 and 100; a hole elsewhere; 200 pages in all. */
static void sparse(void)
{
	if (ftruncate(fd, 0) || pwrite(fd, "a", 1, PAGE + 5) != 1 ||
	    pwrite(fd, "b", 1, 2 * PAGE) != 1 || pwrite(fd, "c", 1, 100 * PAGE) != 1 ||
	    ftruncate(fd, 200 * PAGE))
		note("sparse: errno %d", errno);
}

static void seeking(void)
{
	begin("lseek: SEEK_DATA, SEEK_HOLE");
	sparse();
	check(blocks(), 3, "three pages");
	check(sys(lseek, fd, 0, SEEK_DATA), PAGE, "the first data");
	check(sys(lseek, fd, 0, SEEK_CUR), PAGE, "is where it stands");
	check(sys(lseek, fd, PAGE + 7, SEEK_DATA), PAGE + 7, "in data");
	check(sys(lseek, fd, 3 * PAGE, SEEK_DATA), 100 * PAGE, "the next data");
	check(sys(lseek, fd, 101 * PAGE, SEEK_DATA), -ENXIO, "no more data");
	check(sys(lseek, fd, 0, SEEK_HOLE), 0, "a hole at once");
	check(sys(lseek, fd, 77, SEEK_HOLE), 77, "in a hole");
	check(sys(lseek, fd, PAGE, SEEK_HOLE), 3 * PAGE, "the next hole");
	check(sys(lseek, fd, 100 * PAGE + 1, SEEK_HOLE), 101 * PAGE, "the last");
	check(sys(lseek, fd, 200 * PAGE - 1, SEEK_HOLE), 200 * PAGE - 1, "the last byte");
	check(sys(lseek, fd, 200 * PAGE, SEEK_HOLE), -ENXIO, "the end");
	check(sys(lseek, fd, 200 * PAGE, SEEK_DATA), -ENXIO, "the end");
	check(sys(lseek, fd, -1L, SEEK_DATA), -ENXIO, "negative");
	check(pwrite(fd, "d", 1, 1L << 40), 1, "a byte at 2^40");
	check(sys(lseek, fd, 101 * PAGE, SEEK_DATA), 1L << 40, "is found");
	check(sys(lseek, fd, 1L << 40, SEEK_HOLE), (1L << 40) + 1, "the hole at the end");
	check(blocks(), 4, "one page more");
	end();
}

static void allocating(void)
{
	struct rlimit lim, was;
	struct statfs st;
	int p[2], dir = open(".", O_RDONLY), ro = open("space", O_RDONLY);
	int null = open("/dev/null", O_RDWR);
	char c = 1;

	begin("fallocate: pages, sizes, errors");
	sparse();
	check(sys(fallocate, fd, 0, 0, 4 * PAGE), 0, "over holes and data");
	check(blocks(), 5, "the holes are filled");
	check(size(), 200 * PAGE, "the size stays");
	check(pread(fd, &c, 1, PAGE + 5), 1, "read");
	check(c, 'a', "the data too");
	check(sys(fallocate, fd, 0, 200 * PAGE, 1), 0, "behind the end");
	check(size(), 200 * PAGE + 1, "longer by a byte");
	check(sys(fallocate, fd, FALLOC_FL_KEEP_SIZE, 300 * PAGE, PAGE), 0, "KEEP_SIZE");
	check(size(), 200 * PAGE + 1, "the size stays");
	check(blocks(), 7, "but the page is there");
	check(sys(ftruncate, fd, 1), 0, "cut");
	check(blocks(), 1, "all gone");
	check(sys(fallocate, fd, 0, -1L, 1), -EINVAL, "negative");
	check(sys(fallocate, fd, 0, 0, 0), -EINVAL, "nothing");
	check(sys(fallocate, fd, 0, 0, -1L), -EINVAL, "negative length");
	check(sys(fallocate, fd, 0, 0x7fffffffffffffff, 1), -EFBIG, "too far");
	check(sys(fallocate, fd, FALLOC_FL_PUNCH_HOLE, 0, 1), -EOPNOTSUPP,
	      "a hole without KEEP_SIZE");
	check(sys(fallocate, fd, FALLOC_FL_ZERO_RANGE, 0, 1), -EOPNOTSUPP, "ZERO_RANGE");
	check(sys(fallocate, fd, FALLOC_FL_COLLAPSE_RANGE, 0, PAGE), -EOPNOTSUPP, "COLLAPSE_RANGE");
	check(sys(fallocate, fd, FALLOC_FL_INSERT_RANGE, 0, PAGE), -EOPNOTSUPP, "INSERT_RANGE");
	check(sys(fallocate, fd, 0x80, 0, PAGE), -EOPNOTSUPP, "a mode unknown");
	check(sys(fallocate, ro, 0, 0, 1), -EBADF, "not for writing");
	check(sys(fallocate, dir, 0, 0, 1), -EBADF, "a directory");
	check(sys(fallocate, null, 0, 0, 1), -ENODEV, "a device");
	check(pipe(p), 0, "a pipe");
	check(sys(fallocate, p[1], 0, 0, 1), -ESPIPE, "a pipe");
	check(sys(fallocate, -1, 0, 0, 1), -EBADF, "no file");
	check(fstatfs(fd, &st), 0, "statfs");
	if (st.f_blocks)
		check(sys(fallocate, fd, 0, 0, (st.f_blocks + 1) * PAGE), -ENOSPC,
		      "more than there is");
	check(size(), 1, "nothing done");
	check(blocks(), 1, "nothing kept");
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	lim = was;
	lim.rlim_cur = 10 * PAGE;
	setrlimit(RLIMIT_FSIZE, &lim);
	check(sys(fallocate, fd, 0, 0, 10 * PAGE + 1), -EFBIG, "over RLIMIT_FSIZE");
	check(sys(fallocate, fd, FALLOC_FL_KEEP_SIZE, 0, 10 * PAGE + 1), -EFBIG, "KEEP_SIZE too");
	check(sys(fallocate, fd, 0, 0, 10 * PAGE), 0, "up to it");
	setrlimit(RLIMIT_FSIZE, &was);
	close(p[0]);
	close(p[1]);
	close(dir);
	close(ro);
	close(null);
	end();
}

static void punching(void)
{
	int how = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	unsigned char *m, page[PAGE];
	bool good = true;

	begin("fallocate, mmap, ftruncate: holes that are punched, and mappings");
	check(ftruncate(fd, 0), 0, "empty");
	memset(page, 'x', sizeof(page));
	for (int i = 0; i < 8; i++)
		check(pwrite(fd, page, PAGE, i * PAGE), PAGE, "a page");
	m = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	for (int i = 0; i < 8; i++)
		good &= m[i * PAGE] == 'x';
	expect(good, "mapped");
	check(sys(fallocate, fd, how, PAGE + 100, 3 * PAGE), 0, "a hole with ragged ends");
	check(blocks(), 6, "two pages are gone");
	expect(m[PAGE + 99] == 'x' && m[PAGE + 100] == 0 && m[2 * PAGE] == 0 && m[3 * PAGE] == 0 &&
		       m[4 * PAGE + 99] == 0 && m[4 * PAGE + 100] == 'x',
	       "the mapping sees it");
	m[2 * PAGE] = 'y';
	check(blocks(), 8, "a read and a write through it fill two");
	check(pread(fd, page, 1, 2 * PAGE), 1, "read");
	check(page[0], 'y', "what was written");
	check(sys(fallocate, fd, how, 10, 20), 0, "inside a page");
	expect(m[9] == 'x' && m[10] == 0 && m[29] == 0 && m[30] == 'x', "is zeroed");
	check(sys(fallocate, fd, how, 7 * PAGE, 100 * PAGE), 0, "over the end");
	check(size(), 8 * PAGE, "the size stays");
	check(m[7 * PAGE], 0, "zero");
	munmap(m, 8 * PAGE);
	end();
}

/* ---- all at once ---- */

static volatile bool stop;

static void *punch_all(void *arg)
{
	while (!stop) {
		sys(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 100, 15 * PAGE);
		sys(ftruncate, fd, 5 * PAGE + 1);
		sys(ftruncate, fd, 16 * PAGE);
	}
	return arg;
}

static void *fill_all(void *arg)
{
	static unsigned char page[PAGE];

	memset(page, 0x55, sizeof(page));
	while (!stop) {
		for (int i = 0; i < 16; i++)
			if (pwrite(fd, page, PAGE, i * PAGE) != PAGE)
				return NULL;
		sys(fallocate, fd, 0, 0, 16 * PAGE);
	}
	return arg;
}

static void racing(void)
{
	pthread_t t[2];
	unsigned char buf[PAGE];
	long odd = 0, back = 0;

	begin("fallocate, ftruncate, pwrite64, lseek: at once");
	check(ftruncate(fd, 0), 0, "empty");
	pthread_create(&t[0], NULL, punch_all, &t);
	pthread_create(&t[1], NULL, fill_all, &t);
	for (int i = 0; i < 2000; i++) {
		long at = sys(lseek, fd, 0, SEEK_DATA);
		ssize_t n = pread(fd, buf, PAGE, (i % 16) * PAGE);

		back += at < 0 && at != -ENXIO;
		for (ssize_t k = 0; k < n; k++)
			odd += buf[k] != 0 && buf[k] != 0x55;
	}
	stop = true;
	for (int i = 0; i < 2; i++) {
		void *ret;

		pthread_join(t[i], &ret);
		expect(ret != NULL, "thread %d", i);
	}
	check(odd, 0, "bytes of nobody");
	check(back, 0, "errors of lseek");
	check(ftruncate(fd, 0), 0, "empty");
	check(blocks(), 0, "all pages gone");
	end();
}

int main(void)
{
	fd = open("space", O_CREAT | O_RDWR | O_TRUNC, 0600);
	seeking();
	allocating();
	punching();
	racing();
	close(fd);
	unlink("space");
	return tap_done();
}
