/*
 * file_io.c - bytes at positions, by vectors, from file to file, and what is said about them.
 */
#define _GNU_SOURCE
#include "tests/el0/libc/calls.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define BAD    ((void *)8)
#define KERNEL ((void *)0xffff000000001000)

static int fd;
static char buf[70000];

static void fresh(const char *text)
{
	if (ftruncate(fd, 0) || pwrite(fd, text, strlen(text), 0) < 0)
		note("fresh: errno %d", errno);
	lseek(fd, 0, SEEK_SET);
}

static bool contents(int f, const char *want)
{
	ssize_t n;

	memset(buf, 0, 1000);
	n = pread(f, buf, 1000, 0);
	return n == (ssize_t)strlen(want) && memcmp(buf, want, (size_t)n) == 0;
}

static void vectors(void)
{
	char a[3] = "", b[5] = "";
	struct iovec v[2] = { { a, 2 }, { b, 4 } };
	struct iovec none = { a, 0 }, negative = { a, (size_t)-1 }, bad = { BAD, 1 };
	struct iovec kernel = { KERNEL, 1 }, half[2] = { { a, 2 }, { BAD, 2 } };
	int p[2], ro = open("rw", O_RDONLY), wo = open("rw", O_WRONLY);

	fresh("0123456789");
	begin("preadv, pwritev, preadv2, pwritev2, readv, writev: positions and flags");
	check(sys(preadv, fd, v, 2, 3, 0), 6, "preadv");
	expect(!strcmp(a, "34") && !strcmp(b, "5678"), "its bytes");
	check(lseek(fd, 0, SEEK_CUR), 0, "the position stays");
	check(sys(preadv, fd, v, 2, 8, 0), 2, "to the end");
	check(sys(preadv, fd, v, 2, 10, 0), 0, "at the end");
	check(sys(preadv, fd, v, 2, -1L, 0), -EINVAL, "negative");
	check(sys(preadv2, fd, v, 2, -1L, 0, 0), 6, "preadv2 from the position");
	check(lseek(fd, 0, SEEK_CUR), 6, "which moves");
	check(sys(preadv2, fd, v, 2, 1, 0, RWF_HIPRI), 6, "RWF_HIPRI");
	check(sys(preadv2, fd, v, 2, -2L, 0, 0), -EINVAL, "negative");
	check(sys(preadv2, fd, v, 2, 0, 0, 0x8000), -EOPNOTSUPP, "a flag unknown");
	check(sys(preadv, fd, v, 1025, 0, 0), -EINVAL, "too many spans");
	check(sys(preadv, fd, BAD, 1, 0, 0), -EFAULT, "a bad vector");
	check(sys(preadv, fd, KERNEL, 1, 0, 0), -EFAULT, "the kernel's");
	check(sys(preadv, fd, &none, 1, 0, 0), 0, "nothing");
	check(sys(preadv, fd, v, 0, 0, 0), 0, "no span");
	check(sys(preadv, fd, &negative, 1, 0, 0), -EINVAL, "a negative length");
	check(sys(preadv, fd, &bad, 1, 0, 0), -EFAULT, "a bad span");
	check(sys(preadv, fd, &kernel, 1, 0, 0), -EFAULT, "the kernel's");
	check(sys(preadv, fd, half, 2, 0, 0), 2, "a good one and a bad one");
	check(sys(preadv, wo, v, 2, 0, 0), -EBADF, "not for reading");
	check(sys(pwritev, ro, v, 2, 0, 0), -EBADF, "not for writing");
	check(sys(preadv, -1, v, 2, 0, 0), -EBADF, "no file");

	memcpy(a, "ab", 2);
	memcpy(b, "cdef", 4);
	check(sys(pwritev, fd, v, 2, 2, 0), 6, "pwritev");
	expect(contents(fd, "01abcdef89"), "written");
	check(sys(pwritev, fd, v, 2, -1L, 0), -EINVAL, "negative");
	check(sys(pwritev2, fd, v, 1, 0, 0, RWF_DSYNC), 2, "RWF_DSYNC");
	check(sys(pwritev2, fd, v, 1, 0, 0, RWF_APPEND), 2, "RWF_APPEND");
	expect(contents(fd, "ababcdef89ab"), "at the end");
	lseek(fd, 1, SEEK_SET);
	check(sys(pwritev2, fd, v, 1, -1L, 0, RWF_APPEND | RWF_SYNC), 2, "RWF_APPEND, moving");
	check(lseek(fd, 0, SEEK_CUR), 14, "to the end");
	check(sys(lseek, fd, 0x7fffffffffffffff, SEEK_CUR), -EINVAL, "a position beyond all");
	check(sys(lseek, fd, 0x7fffffffffffffff, SEEK_END), -EINVAL, "likewise");
	check(sys(pwritev, fd, &kernel, 1, 0, 0), -EFAULT, "from the kernel");

	check(pipe(p), 0, "a pipe");
	check(sys(preadv, p[0], v, 2, 0, 0), -ESPIPE, "has no positions");
	check(sys(pwritev, p[1], v, 2, 0, 0), -ESPIPE, "has no positions");
	check(sys(preadv2, p[0], v, 2, -1L, 0, RWF_NOWAIT), -EAGAIN, "RWF_NOWAIT, empty");
	check(sys(pwritev2, p[1], v, 2, -1L, 0, RWF_NOWAIT), 6, "RWF_NOWAIT");
	check(sys(preadv2, p[0], v, 2, -1L, 0, RWF_NOWAIT), 6, "RWF_NOWAIT, full");
	check(sys(writev, p[1], v, 2), 6, "writev");
	check(sys(readv, p[0], v, 2), 6, "readv");
	while (sys(pwritev2, p[1], v, 2, -1L, 0, RWF_NOWAIT) > 0)
		;
	check(sys(pwritev2, p[1], v, 2, -1L, 0, RWF_NOWAIT), -EAGAIN, "RWF_NOWAIT, no room");
	close(p[0]);
	close(p[1]);
	close(ro);
	close(wo);
	end();
}

/* What is copied to, and what is not. */
static int to, app, ro, dir, null, p[2];

static void copied_by_range(void)
{
	long from = 2, at = 1, huge = 0x7ffffffffffffff0, negative = -5;

	fresh("0123456789");
	begin("copy_file_range: positions, overlap, kinds of files");
	check(sys(copy_file_range, fd, NULL, to, NULL, 4, 0), 4, "four bytes");
	check(lseek(fd, 0, SEEK_CUR), 4, "one position");
	check(lseek(to, 0, SEEK_CUR), 4, "the other");
	check(sys(copy_file_range, fd, &from, to, &at, 3, 0), 3, "from 2 to 1");
	expect(from == 5 && at == 4, "both moved");
	check(lseek(fd, 0, SEEK_CUR), 4, "the file's own stays");
	expect(contents(to, "0234"), "copied");
	check(sys(copy_file_range, fd, NULL, to, NULL, 100, 0), 6, "up to the end");
	check(sys(copy_file_range, fd, NULL, to, NULL, 100, 0), 0, "at the end");
	expect(contents(to, "0234456789"), "copied");
	from = 0;
	at = 10;
	check(sys(copy_file_range, fd, &from, fd, &at, 10, 0), 10, "in one file");
	expect(contents(fd, "01234567890123456789"), "copied");
	from = 0;
	at = 5;
	check(sys(copy_file_range, fd, &from, fd, &at, 10, 0), -EINVAL, "overlapping");
	check(sys(copy_file_range, fd, &from, fd, &at, 5, 0), 5, "touching");
	check(sys(copy_file_range, fd, NULL, to, NULL, 1, 1), -EINVAL, "a flag");
	check(sys(copy_file_range, fd, NULL, app, NULL, 1, 0), -EBADF, "O_APPEND");
	check(sys(copy_file_range, fd, NULL, ro, NULL, 1, 0), -EBADF, "not for writing");
	check(sys(copy_file_range, app, NULL, to, NULL, 1, 0), -EBADF, "not for reading");
	check(sys(copy_file_range, dir, NULL, to, NULL, 1, 0), -EISDIR, "a directory");
	check(sys(copy_file_range, null, NULL, to, NULL, 1, 0), -EINVAL, "a device");
	check(pipe(p), 0, "a pipe");
	check(sys(copy_file_range, p[0], NULL, to, NULL, 1, 0), -EINVAL, "a pipe");
	check(sys(copy_file_range, fd, &huge, to, NULL, -1L, 0), -EOVERFLOW, "too far");
	check(sys(copy_file_range, fd, &negative, to, NULL, 1, 0), -EINVAL, "negative");
	check(sys(copy_file_range, fd, BAD, to, NULL, 1, 0), -EFAULT, "bad offset");
	check(sys(copy_file_range, fd, NULL, to, KERNEL, 1, 0), -EFAULT, "the kernel's");
	check(sys(copy_file_range, -1, NULL, to, NULL, 1, 0), -EBADF, "no file");
	check(sys(copy_file_range, fd, NULL, -1, NULL, 1, 0), -EBADF, "no file");
	end();
}

static void sent(void)
{
	long from, negative = -5;

	begin("sendfile: from a file to anything");
	fresh("0123456789");
	check(sys(sendfile, p[1], fd, NULL, 4), 4, "to a pipe");
	check(lseek(fd, 0, SEEK_CUR), 4, "moves the position");
	check(read(p[0], buf, 100), 4, "comes out");
	from = 8;
	check(sys(sendfile, p[1], fd, &from, 100), 2, "with an offset");
	check(from, 10, "which moves");
	check(lseek(fd, 0, SEEK_CUR), 4, "and the position does not");
	check(read(p[0], buf, 100), 2, "comes out");
	check(sys(sendfile, to, fd, NULL, 100), 6, "to a file");
	check(sys(sendfile, null, fd, NULL, 100), 0, "at the end");
	check(sys(sendfile, app, fd, NULL, 1), -EINVAL, "O_APPEND");
	check(sys(sendfile, to, p[0], NULL, 1), -EINVAL, "from a pipe");
	check(sys(sendfile, to, p[0], &from, 1), -ESPIPE, "from a pipe at an offset");
	check(sys(sendfile, ro, fd, NULL, 1), -EBADF, "not for writing");
	check(sys(sendfile, to, app, NULL, 1), -EBADF, "not for reading");
	check(sys(sendfile, to, dir, NULL, 1), -EINVAL, "a directory");
	check(sys(sendfile, to, fd, &negative, 1), -EINVAL, "negative");
	check(sys(sendfile, to, fd, NULL, -1L), -EINVAL, "negative count");
	check(sys(sendfile, to, fd, BAD, 1), -EFAULT, "bad offset");
	check(sys(sendfile, to, fd, KERNEL, 1), -EFAULT, "the kernel's");
	check(sys(sendfile, -1, fd, NULL, 1), -EBADF, "no file");
	fresh("");
	memset(buf, 'x', sizeof(buf));
	check(write(fd, buf, sizeof(buf)), sizeof(buf), "70000 bytes");
	from = 0;
	check(sys(sendfile, null, fd, &from, 100000), sizeof(buf), "all of them");
	end();
}

static void copies(void)
{
	to = open("rw2", O_CREAT | O_RDWR | O_TRUNC, 0600);
	app = open("rw2", O_WRONLY | O_APPEND);
	ro = open("rw2", O_RDONLY);
	dir = open(".", O_RDONLY);
	null = open("/dev/null", O_RDWR);
	copied_by_range();
	sent();
	close(p[0]);
	close(p[1]);
	close(to);
	close(app);
	close(ro);
	close(dir);
	close(null);
	unlink("rw2");
}

static void advice(void)
{
	int p[2], dir = open(".", O_RDONLY), wo = open("rw", O_WRONLY), path = open("rw", O_PATH);

	begin("readahead, fadvise64, sync_file_range, syncfs, fsync, fdatasync, sync: what they "
	      "refuse");
	check(pipe(p), 0, "a pipe");
	check(sys(readahead, fd, 0, 100), 0, "readahead");
	check(sys(readahead, wo, 0, 100), -EBADF, "not for reading");
	check(sys(readahead, p[0], 0, 100), -EINVAL, "a pipe");
	check(sys(readahead, dir, 0, 100), -EINVAL, "a directory");
	check(sys(readahead, -1, 0, 100), -EBADF, "no file");
	for (int i = 0; i <= 5; i++)
		check(sys(fadvise64, fd, 0, 0, i), 0, "fadvise64 %d", i);
	check(sys(fadvise64, fd, 0, 0, 6), -EINVAL, "advice unknown");
	check(sys(fadvise64, fd, 0, -1L, 0), -EINVAL, "negative length");
	check(sys(fadvise64, p[0], 0, 0, 0), -ESPIPE, "a pipe");
	check(sys(fadvise64, path, 0, 0, 0), -EBADF, "O_PATH");
	check(sys(fadvise64, -1, 0, 0, 0), -EBADF, "no file");
	check(sys(sync_file_range, fd, 0, 0, 7), 0, "sync_file_range");
	check(sys(sync_file_range, fd, 0, 0, 8), -EINVAL, "flag unknown");
	check(sys(sync_file_range, fd, -1L, 0, 0), -EINVAL, "negative");
	check(sys(sync_file_range, fd, 1, -1L, 0), -EINVAL, "negative length");
	check(sys(sync_file_range, fd, 1, 0x7fffffffffffffff, 0), -EINVAL, "over the end");
	check(sys(sync_file_range, p[0], 0, 0, 0), -ESPIPE, "a pipe");
	check(sys(sync_file_range, -1, 0, 0, 0), -EBADF, "no file");
	check(sys(syncfs, fd), 0, "syncfs");
	check(sys(syncfs, path), -EBADF, "O_PATH");
	check(sys(syncfs, -1), -EBADF, "no file");
	check(sys(fsync, fd), 0, "fsync");
	check(sys(fsync, dir), 0, "fsync of a directory");
	check(sys(fdatasync, fd), 0, "fdatasync");
	check(sys(fsync, p[0]), -EINVAL, "fsync of a pipe");
	check(sys(fdatasync, -1), -EBADF, "no file");
	check(sys(sync), 0, "sync");
	close(p[0]);
	close(p[1]);
	close(dir);
	close(wo);
	close(path);
	end();
}

static volatile int over;

static void on_xfsz(int sig)
{
	over += sig == SIGXFSZ;
}

static void limits(void)
{
	struct rlimit lim = { 100, RLIM_INFINITY }, was;

	begin("write, pwrite64, truncate, ftruncate, pwritev: RLIMIT_FSIZE and SIGXFSZ");
	signal(SIGXFSZ, on_xfsz);
	fresh("0123456789");
	getrlimit(RLIMIT_FSIZE, &was);
	setrlimit(RLIMIT_FSIZE, &lim);
	memset(buf, 'y', 200);
	check(sys(pwrite64, fd, buf, 200, 0), 100, "up to the limit");
	check(over, 0, "no signal");
	check(sys(pwrite64, fd, buf, 1, 100), -EFBIG, "at the limit");
	check(over, 1, "SIGXFSZ");
	check(sys(pwrite64, fd, buf, 1, 99), 1, "before it");
	check(sys(ftruncate, fd, 101), -EFBIG, "ftruncate over it");
	check(over, 2, "SIGXFSZ");
	check(sys(truncate, "rw", 101), -EFBIG, "truncate over it");
	check(over, 3, "SIGXFSZ");
	check(sys(ftruncate, fd, 100), 0, "to it");
	setrlimit(RLIMIT_FSIZE, &was);
	check(sys(ftruncate, fd, 5000), 0, "longer");
	lim.rlim_cur = 100;
	setrlimit(RLIMIT_FSIZE, &lim);
	check(sys(ftruncate, fd, 4000), 0, "shorter, though over the limit");
	setrlimit(RLIMIT_FSIZE, &was);
	check(sys(ftruncate, fd, -1L), -EINVAL, "negative");
	check(sys(truncate, "rw", -1L), -EINVAL, "negative");
	check(sys(truncate, "none", 0), -ENOENT, "none");
	check(sys(truncate, ".", 0), -EISDIR, "a directory");
	check(sys(truncate, "/dev/null", 0), -EINVAL, "a device");
	check(sys(truncate, KERNEL, 0), -EFAULT, "the kernel's");
	check(sys(ftruncate, fd, 0x7fffffffffffffff), 0, "as long as a file can be");
	check(sys(pwrite64, fd, "z", 1, 0x7fffffffffffffff), -EINVAL, "no byte there");
	check(sys(pwrite64, fd, "z", 1, 0x7ffffffffffffffe), 1, "the last");
	check(lseek(fd, 0, SEEK_END), 0x7fffffffffffffff, "its end");
	check(sys(ftruncate, fd, 0), 0, "empty");
	end();
}

int main(void)
{
	fd = open("rw", O_CREAT | O_RDWR | O_TRUNC, 0600);
	vectors();
	copies();
	advice();
	limits();
	close(fd);
	unlink("rw");
	return tap_done();
}
