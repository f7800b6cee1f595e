/*
 * descriptors.c - the calls that take a descriptor: what every one answers to a bad one, and then
 * each its own.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <termios.h>
#include <time.h>

#include "tests/el0/libc/hostile.h"

/* Younger than the C library's headers may be. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

static int file, rfile, wfile, dir, pipe_r, pipe_w, path_fd;
static char buf[65536 + 4096];
static struct stat st;
static struct statfs sf;
static struct iovec iov[2] = { { buf, 8 }, { buf + 8, 8 } };

static void set_up(void)
{
	int p[2];

	file = open("file", O_CREAT | O_RDWR | O_TRUNC, 0644);
	fchmod(file, 0644);
	rfile = open("file", O_RDONLY);
	wfile = open("file", O_WRONLY);
	dir = open(".", O_RDONLY | O_DIRECTORY);
	path_fd = open("file", O_PATH);
	if (pipe(p) == 0) {
		pipe_r = p[0];
		pipe_w = p[1];
	}
}

/* Each call with its descriptor as the only thing that is wrong. */
static void bad_descriptor(int fd)
{
	CALL(-EBADF, dup, fd);
	CALL(-EBADF, dup3, fd, 200, 0);
	CALL(-EBADF, fcntl, fd, F_GETFD, 0);
	CALL(-EBADF, ioctl, fd, TCGETS, buf);
	CALL(-EBADF, fstatfs, fd, &sf);
	CALL(-EBADF, ftruncate, fd, 0);
	CALL(-EBADF, fchmod, fd, 0644);
	CALL(-EBADF, fchown, fd, -1, -1);
	CALL(-EBADF, close, fd);
	CALL(-EBADF, getdents64, fd, buf, sizeof(buf));
	CALL(-EBADF, lseek, fd, 0, SEEK_SET);
	CALL(-EBADF, read, fd, buf, 1);
	CALL(-EBADF, write, fd, buf, 1);
	CALL(-EBADF, readv, fd, iov, 2);
	CALL(-EBADF, writev, fd, iov, 2);
	CALL(-EBADF, pread64, fd, buf, 1, 0);
	CALL(-EBADF, pwrite64, fd, buf, 1, 0);
	CALL(-EBADF, sendfile, fd, rfile, NULL, 1);
	CALL(-EBADF, sendfile, wfile, fd, NULL, 1);
	CALL(-EBADF, fstat, fd, &st);
	CALL(-EBADF, fsync, fd);
	CALL(-EBADF, fdatasync, fd);
}

static void test_bad_descriptors(void)
{
	begin("dup, dup3, fcntl, ioctl, fstatfs, ftruncate, fchmod, fchown, close, getdents64, "
	      "lseek, "
	      "read, write, fstat: bad descriptors");
	bad_descriptor(-1);
	bad_descriptor(199);
	bad_descriptor(INT_MAX);
	bad_descriptor(INT_MIN);
	end();
}

static void test_kinds(void)
{
	begin("readv, writev, pread64, pwrite64, sendfile, fsync, fdatasync: the wrong kind of "
	      "file");
	CALL(-EBADF, read, wfile, buf, 1);
	CALL(-EBADF, write, rfile, buf, 1);
	CALL(-EBADF, readv, wfile, iov, 2);
	CALL(-EBADF, writev, rfile, iov, 2);
	CALL(-EBADF, pread64, wfile, buf, 1, 0);
	CALL(-EBADF, pwrite64, rfile, buf, 1, 0);
	CALL(-EBADF, sendfile, rfile, rfile, NULL, 1);
	CALL(-EBADF, sendfile, wfile, wfile, NULL, 1);
	CALL(-EINVAL, ftruncate, rfile, 0);
	CALL(-EISDIR, read, dir, buf, 1);
	CALL(-EISDIR, pread64, dir, buf, 1, 0);
	CALL(-EISDIR, readv, dir, iov, 2);
	CALL(-EBADF, write, dir, buf, 1);
	CALL(-EINVAL, ftruncate, dir, 0);
	CALL(-EBADF, read, pipe_w, buf, 1);
	CALL(-EBADF, write, pipe_r, buf, 1);
	CALL(-ESPIPE, pread64, pipe_r, buf, 1, 0);
	CALL(-ESPIPE, pwrite64, pipe_w, buf, 1, 0);
	CALL(-ESPIPE, lseek, pipe_r, 0, SEEK_SET);
	CALL(-EINVAL, ftruncate, pipe_w, 0);
	CALL(-EINVAL, fsync, pipe_w);
	CALL(-EINVAL, fdatasync, pipe_w);
	CALL(-ENOTDIR, getdents64, file, buf, sizeof(buf));
	CALL(-ENOTDIR, getdents64, pipe_r, buf, sizeof(buf));
	CALL(-ENOTTY, ioctl, file, TCGETS, buf);
	CALL(-ENOTTY, ioctl, pipe_r, TIOCGWINSZ, buf);
	CALL(-ENOTTY, ioctl, dir, TCGETS, buf);
	CALL(0, fsync, file);
	CALL(0, fdatasync, file);
	CALL(0, fsync, dir);
	/* A descriptor of a path alone. */
	CALL(-EBADF, read, path_fd, buf, 1);
	CALL(-EBADF, write, path_fd, buf, 1);
	CALL(-EBADF, ioctl, path_fd, TCGETS, buf);
	CALL(-EBADF, fchmod, path_fd, 0644);
	CALL(-EBADF, fchown, path_fd, 0, 0);
	CALL(-EBADF, ftruncate, path_fd, 0);
	CALL(-EBADF, lseek, path_fd, 0, SEEK_SET);
	CALL(-EBADF, fsync, path_fd);
	CALL(-EBADF, fcntl, path_fd, F_SETFL, O_APPEND);
	CALL(0, fcntl, path_fd, F_GETFD, 0);
	CALL(0, fstat, path_fd, &st);
	end();
}

static void test_read_write(void)
{
	off_t at = 2;
	int other;

	begin("read, write, pread64, pwrite64, lseek, ftruncate: positions and lengths");
	CALL(8, write, file, "01234567", 8);
	CALL(8, lseek, file, 0, SEEK_CUR);
	CALL(0, read, file, buf, 8);
	CALL(3, pread64, file, buf, 3, 5);
	check(memcmp(buf, "567", 3), 0, "what pread64 read");
	CALL(0, pread64, file, buf, 3, 8);
	CALL(2, pwrite64, file, "ab", 2, 1);
	CALL(8, lseek, file, 0, SEEK_CUR);
	CALL(-EINVAL, pread64, file, buf, 1, -1);
	CALL(-EINVAL, pwrite64, file, buf, 1, -1);
	CALL(-EINVAL, lseek, file, -1, SEEK_SET);
	CALL(-EINVAL, lseek, file, 0, 99);
	CALL(-EINVAL, lseek, file, LONG_MIN, SEEK_END);
	CALL(100, lseek, file, 92, SEEK_END);
	CALL(0, read, file, buf, 8);
	CALL(LONG_MAX, lseek, file, LONG_MAX, SEEK_SET);
	check_one_of(sys(write, file, "x", 1), -EFBIG, -EINVAL, "write at the end of all files");
	CALL(0, lseek, file, 0, SEEK_DATA);
	CALL(8, lseek, file, 0, SEEK_HOLE);
	CALL(-ENXIO, lseek, file, 8, SEEK_DATA);
	CALL(-ENXIO, lseek, file, 9, SEEK_HOLE);
	CALL(0, ftruncate, file, 70000);
	CALL(-EINVAL, ftruncate, file, -1);
	fstat(file, &st);
	check(st.st_size, 70000, "size");
	CALL(0, ftruncate, file, 8);
	/* Lengths and addresses. */
	CALL(0, read, file, NULL, 0);
	CALL(0, write, file, NULL, 0);
	lseek(file, 0, SEEK_SET);
	for (int i = 0; hostile_pointer(&i, 1, OUT);) {
		CALL(-EFAULT, pread64, file, bad, 8, 0);
		CALL(-EFAULT, read, file, bad, 8);
	}
	CALL(-EFAULT, read, rfile, buf, -1);
	CALL(4, pread64, file, hostile_edge(4), 8, 0);
	memcpy(hostile_edge(4), "wxyz", 4);
	CALL(4, pwrite64, file, hostile_edge(4), 8, 0);
	for (int i = 0; hostile_pointer(&i, 1, IN);)
		CALL(-EFAULT, pwrite64, file, bad, 1, 0);
	/* sendfile */
	other = open("other", O_CREAT | O_RDWR | O_TRUNC, 0600);
	CALL(6, sendfile, other, file, &at, 100);
	check(at, 8, "sendfile's offset");
	CALL(0, sendfile, other, file, &at, 100);
	lseek(file, 1, SEEK_SET);
	CALL(7, sendfile, other, file, NULL, 100);
	CALL(8, lseek, file, 0, SEEK_CUR);
	at = -1;
	CALL(-EINVAL, sendfile, other, file, &at, 1);
	at = 0;
	CALL(-ESPIPE, sendfile, other, pipe_r, &at, 1);
	CALL(0, sendfile, other, file, &at, 0);
	CALL(-EBADF, sendfile, rfile, file, &at, 1);
	fcntl(other, F_SETFL, O_APPEND);
	CALL(-EINVAL, sendfile, other, file, &at, 1);
	fcntl(other, F_SETFL, 0);
	FAULTS(OPT_OUT, 8, sendfile, other, file, bad, 1);
	close(other);
	unlink("other");
	end();
}

static void test_vectors(void)
{
	struct iovec half[2] = { { buf, 8 }, { NULL, 8 } };
	struct iovec none[2] = { { NULL, 0 }, { NULL, 0 } };

	begin("readv, writev: vectors");
	lseek(file, 0, SEEK_SET);
	CALL(16, writev, file, iov, 2);
	lseek(file, 0, SEEK_SET);
	CALL(16, readv, file, iov, 2);
	CALL(0, readv, file, iov, 0);
	CALL(0, readv, file, NULL, 0);
	CALL(-EINVAL, readv, file, iov, -1);
	CALL(-EINVAL, writev, file, iov, IOV_MAX + 1);
	CALL(-EINVAL, readv, file, ((struct iovec[]){ { buf, -1ul } }), 1);
	CALL(-EINVAL, writev, file, ((struct iovec[]){ { buf, 1ul << 63 } }), 1);
	lseek(file, 0, SEEK_SET);
	CALL(8, writev, file, half, 2);
	lseek(file, 0, SEEK_SET);
	CALL(8, readv, file, half, 2);
	CALL(0, writev, file, none, 2);
	FAULTS(IN, sizeof(iov), readv, file, bad, 2);
	FAULTS(IN, sizeof(iov), writev, file, bad, 2);
	end();
}

static void test_dup(void)
{
	int fd = (int)sys(dup, file);

	begin("dup, dup3, close, close_range: descriptors");
	expect(fd > path_fd, "the lowest free descriptor");
	CALL(0, fcntl, fd, F_GETFD, 0);
	CALL(0, close, fd);
	CALL(fd, dup, file);
	CALL(100, dup3, file, 100, O_CLOEXEC);
	CALL(FD_CLOEXEC, fcntl, 100, F_GETFD, 0);
	CALL(100, dup3, file, 100, 0);
	CALL(0, fcntl, 100, F_GETFD, 0);
	CALL(-EINVAL, dup3, file, file, 0);
	CALL(-EINVAL, dup3, 199, 199, 0);
	CALL(-EINVAL, dup3, file, 101, O_APPEND);
	CALL(-EBADF, dup3, file, -1, 0);
	CALL(-EBADF, dup3, file, 1 << 30, 0);
	CALL(101, dup3, file, 101, 0);
	CALL(105, dup3, file, 105, 0);
	CALL(-EINVAL, close_range, 105, 101, 0);
	CALL(-EINVAL, close_range, 100, 101, 1);
	CALL(0, close_range, 101, 105, 4 /* CLOSE_RANGE_CLOEXEC */);
	CALL(FD_CLOEXEC, fcntl, 105, F_GETFD, 0);
	CALL(0, close_range, 101, 105, 2 /* CLOSE_RANGE_UNSHARE */);
	CALL(-EBADF, fcntl, 105, F_GETFD, 0);
	CALL(0, close_range, 100, ~0u, 0);
	CALL(-EBADF, close, 100);
	CALL(0, close_range, ~0u, ~0u, 0);
	close(fd);
	end();
}

static void no_more_files(void)
{
	struct rlimit few = { 20, 20 };
	int fd, p[2];

	setrlimit(RLIMIT_NOFILE, &few);
	while ((fd = (int)sys(dup, file)) >= 0)
		;
	check(fd, -EMFILE, "dup until it fails");
	CALL(-EMFILE, openat, AT_FDCWD, "file", O_RDONLY);
	CALL(-EMFILE, pipe2, p, 0);
	CALL(-EMFILE, fcntl, file, F_DUPFD, 0);
	CALL(-EINVAL, fcntl, file, F_DUPFD, 20);
	CALL(-EBADF, dup3, file, 20, 0);
	close(19);
	CALL(-EMFILE, pipe2, p, 0);
	CALL(19, dup, file);
}

#define LARGE 9000

static bool is_open(int fd)
{
	return sys(fcntl, fd, F_GETFD, 0) >= 0;
}

static volatile bool enough;

/* A file that is open under at least one of two numbers at any time. */
static void *moves_about(void *arg __attribute__((unused)))
{
	while (!enough) {
		dup2(LARGE - 2, 60);
		close(LARGE - 2);
		dup2(60, LARGE - 2);
		close(60);
	}
	return NULL;
}

/* How often a child had neither of them. */
static int forks_meanwhile(int n)
{
	int lost = 0, status;
	pthread_t t;

	enough = false;
	if (pthread_create(&t, NULL, moves_about, NULL))
		return -1;
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(!is_open(60) && !is_open(LARGE - 2));
		lost += waitpid(pid, &status, 0) != pid || status;
	}
	enough = true;
	pthread_join(t, NULL);
	return lost;
}

static void test_large_table(void)
{
	struct rlimit old, many = { LARGE, LARGE };
	int status;
	pid_t pid;

	begin("dup3, clone, close_range: a table of thousands");
	getrlimit(RLIMIT_NOFILE, &old);
	many.rlim_max = old.rlim_max > LARGE ? old.rlim_max : LARGE;
	check(setrlimit(RLIMIT_NOFILE, &many), 0, "as many files");
	CALL(LARGE - 1, dup3, 1, LARGE - 1, O_CLOEXEC);
	CALL(4096, dup3, 1, 4096, 0);
	CALL(-EBADF, dup3, 1, LARGE, 0);
	CALL(-EINVAL, fcntl, 1, F_DUPFD, LARGE);
	CALL(-EMFILE, fcntl, 1, F_DUPFD, LARGE - 1);
	for (int fd = 4097; fd < 8500; fd++)
		dup2(1, fd);
	CALL(8500, fcntl, 1, F_DUPFD, 4096);
	CALL(0, close, 6000);
	CALL(0, close, 8191);
	CALL(6000, fcntl, 1, F_DUPFD, 4096);
	CALL(8191, fcntl, 1, F_DUPFD, 4096);
	pid = fork();
	if (pid == 0)
		_exit(!is_open(4096) || !is_open(8500) || is_open(8501) ||
		      sys(fcntl, LARGE - 1, F_GETFD, 0) != FD_CLOEXEC ||
		      sys(fcntl, 8500, F_GETFD, 0));
	check(waitpid(pid, &status, 0), pid, "the child");
	check(status, 0, "the child has them all");
	dup2(1, LARGE - 2);
	check(forks_meanwhile(30), 0, "children without a file that was always open");
	CALL(0, close_range, 8000, 8100, 4 /* CLOSE_RANGE_CLOEXEC */);
	CALL(FD_CLOEXEC, fcntl, 8000, F_GETFD, 0);
	CALL(0, fcntl, 8101, F_GETFD, 0);
	CALL(0, close_range, 4096, LARGE, 0);
	expect(!is_open(4096) && !is_open(8500) && !is_open(LARGE - 1), "all closed");
	CALL(4096, fcntl, 1, F_DUPFD, 4096);
	CALL(0, close, 4096);
	close(60);
	setrlimit(RLIMIT_NOFILE, &old);
	end();
}

static void test_fcntl(void)
{
	int fd;

	begin("fcntl, dup, pipe2: commands; no more descriptors");
	fd = (int)sys(fcntl, file, F_DUPFD, 50);
	check(fd, 50, "F_DUPFD");
	CALL(51, fcntl, file, F_DUPFD_CLOEXEC, 50);
	CALL(FD_CLOEXEC, fcntl, 51, F_GETFD, 0);
	CALL(0, fcntl, 51, F_SETFD, 0);
	CALL(0, fcntl, 51, F_GETFD, 0);
	CALL(-EINVAL, fcntl, file, F_DUPFD, -1);
	CALL(-EINVAL, fcntl, file, F_DUPFD, 1 << 30);
	CALL(-EINVAL, fcntl, file, 9999, 0);
	check(sys(fcntl, file, F_GETFL, 0) & O_ACCMODE, O_RDWR, "F_GETFL");
	CALL(0, fcntl, file, F_SETFL, O_APPEND | O_NONBLOCK | O_WRONLY);
	check(sys(fcntl, fd, F_GETFL, 0) & (O_ACCMODE | O_APPEND | O_NONBLOCK),
	      O_RDWR | O_APPEND | O_NONBLOCK, "F_SETFL is the open file's, not the mode");
	CALL(0, fcntl, file, F_SETFL, 0);
	close(50);
	close(51);
	check_child(no_more_files, 0, "20 descriptors");
	end();
}

static void test_pipe(void)
{
	int p[2] = { -1, -1 };

	begin("pipe2: flags, addresses");
	CALL(-EINVAL, pipe2, p, O_APPEND);
	CALL(-EINVAL, pipe2, p, -1);
	FAULTS(OUT, sizeof(p), pipe2, bad, 0);
	CALL(0, pipe2, p, O_CLOEXEC | O_NONBLOCK);
	check(p[0], path_fd + 3, "no descriptor was left by a pipe2 that failed");
	CALL(FD_CLOEXEC, fcntl, p[1], F_GETFD, 0);
	CALL(-EAGAIN, read, p[0], buf, 1);
	CALL(65536, write, p[1], buf, sizeof(buf));
	CALL(-EAGAIN, write, p[1], buf, 1);
	CALL(65536, read, p[0], buf, sizeof(buf));
	CALL(0, ioctl, p[0], FIONREAD, buf);
	for (int i = 0; hostile_pointer(&i, 8, IN);)
		CALL(-EFAULT, write, p[1], bad, 8);
	CALL(0, ioctl, p[0], FIONREAD, buf);
	close(p[1]);
	while (sys(read, p[0], buf, sizeof(buf)) > 0)
		;
	CALL(0, read, p[0], buf, 1);
	close(p[0]);
	end();
}

static void test_metadata(void)
{
	begin("fstat, fstatfs, fchmod, fchown, umask: success, addresses");
	CALL(0, fstat, file, &st);
	check(st.st_mode, S_IFREG | 0644, "st_mode");
	FAULTS(OUT, sizeof(st), fstat, file, bad);
	CALL(0, fstat, pipe_r, &st);
	check(st.st_mode, S_IFIFO | 0600, "a pipe's st_mode");
	CALL(0, fstatfs, file, &sf);
	FAULTS(OUT, sizeof(sf), fstatfs, file, bad);
	CALL(0, fchmod, file, 06750);
	CALL(0, fchown, file, 3, 4);
	CALL(0, fstat, file, &st);
	check(st.st_mode, S_IFREG | 0750, "fchown takes set-uid and set-gid away");
	check((long)st.st_uid * 10 + st.st_gid, 34, "owner");
	CALL(0, fchown, file, 0, 0);
	CALL(022, umask, 077);
	CALL(077, umask, 07777);
	CALL(0777, umask, 022);
	CALL(0, sync);
	end();
}

static void test_getdents(void)
{
	int fd, n, names = 0;

	begin("getdents64, sync: a directory, small buffers, addresses");
	mkdir("ls", 0755);
	for (n = 0; n < 20; n++) {
		char name[32];

		snprintf(name, sizeof(name), "ls/file%d", n);
		close(open(name, O_CREAT | O_RDWR, 0600));
	}
	fd = open("ls", O_RDONLY | O_DIRECTORY);
	CALL(-EINVAL, getdents64, fd, buf, 8);
	CALL(-EINVAL, getdents64, fd, buf, 0);
	FAULTS(OUT, 24, getdents64, fd, bad, 4096);
	while ((n = (int)sys(getdents64, fd, buf, 100)) > 0)
		for (int at = 0; at < n; at += *(uint16_t *)(buf + at + 16))
			names++;
	check(n, 0, "the end");
	check(names, 22, "names");
	CALL(0, getdents64, fd, buf, sizeof(buf));
	CALL(0, lseek, fd, 0, SEEK_SET);
	expect(sys(getdents64, fd, buf, sizeof(buf)) > 22 * 24, "again from the start");
	for (n = 0; n < 20; n++) {
		char name[32];

		snprintf(name, sizeof(name), "ls/file%d", n);
		unlink(name);
	}
	rmdir("ls");
	lseek(fd, 0, SEEK_SET);
	CALL(-ENOENT, getdents64, fd, buf, sizeof(buf));
	close(fd);
	end();
}

static void test_poll(void)
{
	struct pollfd pfd[2] = { { pipe_r, POLLIN, 0 }, { pipe_w, POLLOUT, 0 } };
	struct timespec now = { 0, 0 }, wrong = { 0, 1000000000 }, soon = { 0, 1000000 };
	uint64_t mask = 0;
	fd_set in;
	struct {
		const void *mask;
		size_t size;
	} sig = { &mask, 8 }, bad_size = { &mask, 7 };

	begin("ppoll, pselect6: ready, not ready, errors, addresses");
	CALL(1, ppoll, pfd, 2, &now, NULL, 8);
	check(pfd[1].revents, POLLOUT, "a pipe that can be written");
	CALL(0, ppoll, pfd, 1, &soon, &mask, 8);
	CALL(0, ppoll, NULL, 0, &now, NULL, 0);
	pfd[0].fd = 199;
	CALL(1, ppoll, pfd, 1, &now, NULL, 8);
	check(pfd[0].revents, POLLNVAL, "a descriptor that is not open");
	pfd[0].fd = -1;
	CALL(0, ppoll, pfd, 1, &now, NULL, 8);
	CALL(-EINVAL, ppoll, pfd, 1, &wrong, NULL, 8);
	CALL(-EINVAL, ppoll, pfd, 1, ((struct timespec[]){ { -1, 0 } }), NULL, 8);
	CALL(-EINVAL, ppoll, pfd, 1, &now, &mask, 7);
	CALL(0, ppoll, pfd, 1ul << 32, &now, NULL, 8); /* the count is an unsigned int */
	CALL(-EINVAL, ppoll, pfd, 1 << 30, &now, NULL, 8);
	FAULTS(OUT, sizeof(pfd), ppoll, bad, 2, ((struct timespec[]){ { 0, 0 } }), NULL, 8);
	FAULTS(OPT_IN, sizeof(now), ppoll, pfd, 1, bad, NULL, 8);
	FAULTS(OPT_IN, sizeof(mask), ppoll, pfd, 1, &now, bad, 8);

	FD_ZERO(&in);
	FD_SET(pipe_w, &in);
	CALL(1, pselect6, pipe_w + 1, NULL, &in, NULL, &now, NULL);
	expect(FD_ISSET(pipe_w, &in), "a pipe that can be written");
	FD_ZERO(&in);
	FD_SET(pipe_r, &in);
	CALL(0, pselect6, pipe_r + 1, &in, NULL, NULL, &soon, &sig);
	expect(!FD_ISSET(pipe_r, &in), "none");
	soon.tv_nsec = 1000000;
	FD_SET(50, &in);
	CALL(-EBADF, pselect6, 51, &in, NULL, NULL, &now, NULL);
	CALL(-EINVAL, pselect6, -1, &in, NULL, NULL, &now, NULL);
	CALL(-EINVAL, pselect6, 1, &in, NULL, NULL, &wrong, NULL);
	CALL(-EINVAL, pselect6, 1, NULL, NULL, NULL, &now, &bad_size);
	CALL(0, pselect6, 0, NULL, NULL, NULL, &now, NULL);
	FAULTS(OPT_OUT, 8, pselect6, 64, bad, NULL, NULL, &now, NULL);
	FAULTS(OPT_OUT, 8, pselect6, 64, NULL, bad, NULL, &now, NULL);
	FAULTS(OPT_OUT, 8, pselect6, 64, NULL, NULL, bad, &now, NULL);
	FAULTS(OPT_IN, 16, pselect6, 0, NULL, NULL, NULL, bad, NULL);
	FAULTS(OPT_IN, 16, pselect6, 0, NULL, NULL, NULL, &now, bad);
	sig.mask = (void *)16;
	CALL(-EFAULT, pselect6, 0, NULL, NULL, NULL, &now, &sig);
	end();
}

static void test_ioctl(void)
{
	static struct termios t;
	static struct winsize ws;

	begin("ioctl: a terminal's, a pipe's, any descriptor's; addresses");
	CALL(0, ioctl, 0, TCGETS, &t);
	CALL(0, ioctl, 0, TIOCGWINSZ, &ws);
	CALL(0, ioctl, 0, FIONREAD, buf);
	FAULTS(OUT, 36, ioctl, 0, TCGETS, bad);
	FAULTS(OUT, sizeof(ws), ioctl, 0, TIOCGWINSZ, bad);
	FAULTS(IN, 36, ioctl, 0, TCSETS, bad);
	FAULTS(OUT, 4, ioctl, 0, FIONREAD, bad);
	FAULTS(OUT, 4, ioctl, pipe_r, FIONREAD, bad);
	CALL(-ENOTTY, ioctl, 0, 0x12345678, buf);
	CALL(0, ioctl, pipe_r, FIOCLEX, 0);
	CALL(FD_CLOEXEC, fcntl, pipe_r, F_GETFD, 0);
	CALL(0, ioctl, pipe_r, FIONCLEX, 0);
	CALL(0, fcntl, pipe_r, F_GETFD, 0);
	CALL(0, ioctl, pipe_r, FIONBIO, ((int[]){ 1 }));
	CALL(-EAGAIN, read, pipe_r, buf, 1);
	CALL(0, ioctl, pipe_r, FIONBIO, ((int[]){ 0 }));
	FAULTS(IN, 4, ioctl, pipe_r, FIONBIO, bad);
	end();
}

int main(void)
{
	umask(022);
	set_up();
	test_bad_descriptors();
	test_kinds();
	test_read_write();
	test_vectors();
	test_dup();
	test_large_table();
	test_fcntl();
	test_pipe();
	test_metadata();
	test_getdents();
	test_poll();
	test_ioctl();
	return tap_done();
}
