/*
 * splice.c - splice(2), tee(2), vmsplice(2): bytes between pipes and files.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "tests/el0/libc/calls.h"

static int a[2], b[2], file;
static char buf[1 << 20];

static long move(int in, off_t *in_pos, int out, off_t *out_pos, size_t n, unsigned int flags)
{
	return sys(splice, in, in_pos, out, out_pos, n, flags);
}

static void put(int fd, const char *s)
{
	sys(write, fd, s, strlen(s));
}

static void holds(int fd, const char *want, const char *what)
{
	long n;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	n = sys(read, fd, buf, sizeof(buf));
	fcntl(fd, F_SETFL, 0);
	buf[n > 0 ? n : 0] = '\0';
	expect(!strcmp(buf, want), "%s: \"%s\", want \"%s\"", what, buf, want);
}

static void errors(void)
{
	off_t pos = 0, bad = -1;
	int null = open("/dev/null", O_RDWR), dir = open("/", O_RDONLY | O_DIRECTORY);

	begin("splice, tee, vmsplice: errors");
	put(a[1], "abc");
	check(move(a[0], NULL, b[1], NULL, 0, 0), 0, "nothing");
	check(move(-1, NULL, b[1], NULL, 0, 99), 0, "nothing at all");
	check(move(a[0], NULL, b[1], NULL, 1, 16), -EINVAL, "flags");
	check(move(-1, NULL, b[1], NULL, 1, 0), -EBADF, "no in");
	check(move(a[0], NULL, 99, NULL, 1, 0), -EBADF, "no out");
	check(move(a[1], NULL, b[1], NULL, 1, 0), -EBADF, "in is to write");
	check(move(a[0], NULL, b[0], NULL, 1, 0), -EBADF, "out is to read");
	check(move(a[0], NULL, a[1], NULL, 1, 0), -EINVAL, "into itself");
	check(move(a[0], &pos, b[1], NULL, 1, 0), -ESPIPE, "a pipe's position");
	check(move(a[0], NULL, b[1], &pos, 1, 0), -ESPIPE, "the other's");
	check(move(file, NULL, file, NULL, 1, 0), -EINVAL, "no pipe");
	check(move(file, &bad, b[1], NULL, 1, 0), -EINVAL, "before the file");
	check(move(file, (off_t *)-8L, b[1], NULL, 1, 0), -EFAULT, "position in the kernel");
	check(move(dir, NULL, b[1], NULL, 1, 0) < 0, 1, "a directory");
	check(move(b[0], NULL, file, NULL, 1, SPLICE_F_NONBLOCK), -EAGAIN, "empty");
	fcntl(file, F_SETFL, O_APPEND);
	check(move(a[0], NULL, file, NULL, 1, 0), -EINVAL, "O_APPEND");
	fcntl(file, F_SETFL, 0);
	check(sys(tee, a[0], b[1], 1, 16), -EINVAL, "tee: flags");
	check(sys(tee, -1, b[1], 1, 0), -EBADF, "tee: no in");
	check(sys(tee, a[0], a[1], 1, 0), -EINVAL, "tee: into itself");
	check(sys(tee, a[0], null, 1, 0), -EINVAL, "tee: no pipe");
	check(sys(tee, b[0], a[1], 1, SPLICE_F_NONBLOCK), -EAGAIN, "tee: empty");
	check(sys(vmsplice, -1, NULL, 0, 0), -EBADF, "vmsplice: no file");
	check(sys(vmsplice, null, NULL, 0, 0), 0, "vmsplice: nothing into no pipe");
	check(sys(vmsplice, null, (&(struct iovec){ (void *)"a", 1 }), 1, 0), -EBADF,
	      "vmsplice: no pipe");
	check(sys(vmsplice, a[1], NULL, 1, 0), -EFAULT, "vmsplice: no vector");
	check(sys(vmsplice, a[1], NULL, 0, 16), -EINVAL, "vmsplice: flags");
	check(sys(vmsplice, a[1], NULL, 0, 0), 0, "vmsplice: nothing");
	check(sys(vmsplice, a[1], (&(struct iovec){ (void *)-4096L, 8 }), 1, 0), -EFAULT,
	      "vmsplice: a kernel address");
	holds(a[0], "abc", "nothing was taken");
	close(null);
	close(dir);
	end();
}

/* More than a pipe holds: what fits, at once.  And positions at which no file can be. */
static void more_than_fits(void)
{
	static char much[1 << 17] __attribute__((aligned(4096)));
	const struct iovec v = { much, sizeof(much) };
	const struct iovec odd[2] = { { much + 5000, 10 }, { much + 100, sizeof(much) - 100 } };
	long far = 0x7ffffffffffffffe;
	int p[2], fd;
	long n;

	check(pipe(p), 0, "a pipe");
	fd = open("far", O_CREAT | O_RDWR, 0600);
	check(sys(splice, fd, &far, p[1], NULL, 4096, 0), -EINVAL, "from beyond all files");
	check(sys(splice, p[0], NULL, fd, &far, 4096, 0), -EINVAL, "to beyond all files");
	n = sys(vmsplice, p[1], &v, 1, 0);
	expect(n > 0 && n < (long)sizeof(much), "vmsplice of 128 KiB: %ld", n);
	check(sys(vmsplice, p[1], &v, 1, SPLICE_F_NONBLOCK), -EAGAIN, "vmsplice: it is full");
	while (n > 0)
		n -= read(p[0], much, sizeof(much));
	/* A part of a page takes as much of the pipe as a page. */
	check(sys(vmsplice, p[1], odd, 2, 0), 10 + 15 * 4096 - 100, "vmsplice of parts of pages");
	check(read(p[0], much, sizeof(much)), 10 + 15 * 4096 - 100, "they are there");
	check(sys(fcntl, p[0], F_SETPIPE_SZ, 0), 4096, "no size is the least");
	close(p[0]);
	close(p[1]);
	close(fd);
	unlink("far");
}

static void moves(void)
{
	off_t pos = 2;
	struct iovec v[2] = { { (void *)"vm", 2 }, { (void *)"splice", 6 } };
	char got[16] = "";

	begin("splice, tee, vmsplice: what moves, and how far");
	put(a[1], "hello");
	check(sys(tee, a[0], b[1], 100, 0), 5, "tee");
	holds(b[0], "hello", "a copy");
	check(move(a[0], NULL, b[1], NULL, 3, 0), 3, "pipe to pipe");
	holds(b[0], "hel", "a part");
	check(move(a[0], NULL, file, NULL, 100, 0), 2, "pipe to file");
	check(lseek(file, 0, SEEK_CUR), 2, "its position moves");
	put(a[1], "LO");
	check(move(a[0], NULL, file, &pos, 100, 0), 2, "at a position");
	check(pos, 4, "which moves");
	check(lseek(file, 0, SEEK_CUR), 2, "and not the file's");
	pos = 1;
	check(move(file, &pos, b[1], NULL, 100, 0), 3, "file to pipe");
	check(pos, 4, "to its end");
	check(move(file, &pos, b[1], NULL, 100, 0), 0, "the end");
	holds(b[0], "oLO", "from there");
	check(sys(vmsplice, a[1], v, 2, 0), 8, "memory to pipe");
	v[0] = (struct iovec){ got, 3 };
	v[1] = (struct iovec){ got + 3, 10 };
	check(sys(vmsplice, a[0], v, 2, 0), 8, "and back");
	expect(!strcmp(got, "vmsplice"), "\"%s\"", got);
	more_than_fits();
	close(a[1]);
	check(move(a[0], NULL, b[1], NULL, 1, 0), 0, "no writer: the end");
	check(sys(tee, a[0], b[1], 1, 0), 0, "for tee too");
	close(a[0]);
	if (pipe(a))
		return;
	close(b[0]);
	put(a[1], "x");
	signal(SIGPIPE, SIG_IGN);
	check(move(a[0], NULL, b[1], NULL, 1, 0), -EPIPE, "no reader");
	check(move(file, &(off_t){ 0 }, b[1], NULL, 1, 0), -EPIPE, "for a file");
	check(sys(tee, a[0], b[1], 1, 0), -EPIPE, "and for tee");
	holds(a[0], "x", "nothing is lost");
	close(b[1]);
	if (pipe(b))
		return;
	end();
}

/* A megabyte through two pipes. */
static void *feeds(void *arg)
{
	static char out[1 << 20];

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (char)(i * 7 + i / 4096);
	for (size_t done = 0; done < sizeof(out);) {
		long n = write(a[1], out + done,
			       sizeof(out) - done > 9999 ? 9999 : sizeof(out) - done);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	close(a[1]);
	return arg;
}

static void *forwards(void *arg)
{
	while (sys(splice, a[0], NULL, b[1], NULL, 70000, 0) > 0)
		;
	close(b[1]);
	return arg;
}

static void streams(void)
{
	pthread_t t[2];
	off_t pos = 0;
	long n, total = 0;
	bool good = true;

	begin("splice: a stream through two pipes into a file");
	pthread_create(&t[0], NULL, feeds, NULL);
	pthread_create(&t[1], NULL, forwards, NULL);
	while ((n = move(b[0], NULL, file, &pos, 1 << 20, 0)) > 0)
		total += n;
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
	check(n, 0, "the end");
	check(total, 1 << 20, "all of it");
	check(sys(pread64, file, buf, sizeof(buf), 0), 1 << 20, "is in the file");
	for (size_t i = 0; i < sizeof(buf); i++)
		good &= buf[i] == (char)(i * 7 + i / 4096);
	expect(good, "in order");
	end();
}

int main(void)
{
	file = open("/tmp/splice-file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (pipe(a) || pipe(b))
		return 1;
	errors();
	moves();
	streams();
	unlink("/tmp/splice-file");
	return tap_done();
}
