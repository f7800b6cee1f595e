/*
 * file_errors.c - the errors that many calls have in common, each provoked through every call that
 * documents it: read-only and full file systems, limits, paths as long as they may be and one more,
 * descriptors of the wrong kind.
 *
 * Documented, but nothing here can cause them: EMLINK (a tmpfs has no limit of links), EDQUOT (nor
 * quotas), EIO (nor a medium), ENFILE (root is exempt from fs.file-max; user_limits.c has it for
 * others), EOVERFLOW of open and stat (a file offset has 64 bits), EPERM of immutable and
 * append-only files (a tmpfs has no such flags), ENOTBLK (no file system that is on a block
 * device), EDESTADDRREQ (an AF_UNIX socket without a peer says ENOTCONN), EALREADY, EINPROGRESS and
 * ETIMEDOUT of connect (that of AF_UNIX is done when it returns).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "tests/el0/libc/hostile.h"

static char buf[65536];
static struct iovec iov[1] = { { buf, 4096 } };
static struct stat st;
static struct timespec now;

static int made(const char *path, int flags)
{
	int fd = open(path, O_CREAT | O_RDWR | flags, 0644);

	expect(fd >= 0, "make %s: %d", path, errno);
	return fd;
}

static struct sockaddr_un unix_name(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	strncpy(a.sun_path, path, sizeof(a.sun_path) - 1);
	return a;
}

/* ---- read-only ---- */

/* Everything that would write to "m", which has "m/f", "m/d", and @fd open on "m/f" for reading. */
static void all_writes(int fd)
{
	struct sockaddr_un a = unix_name("m/new");
	struct open_how how = { .flags = O_WRONLY };
	int sock = socket(AF_UNIX, SOCK_STREAM, 0);

	CALL(-EROFS, openat, AT_FDCWD, "m/new", O_CREAT | O_RDONLY, 0600);
	CALL(-EROFS, openat, AT_FDCWD, "m/f", O_RDWR | O_CREAT, 0600);
	CALL(-EROFS, openat, AT_FDCWD, "m", O_TMPFILE | O_RDWR, 0600);
	CALL(-EROFS, openat2, AT_FDCWD, "m/f", &how, sizeof(how));
	CALL(-EROFS, mknodat, AT_FDCWD, "m/new", S_IFREG | 0600, 0);
	CALL(-EROFS, mknodat, AT_FDCWD, "m/new", S_IFIFO | 0600, 0);
	CALL(-EROFS, mkdirat, AT_FDCWD, "m/new", 0700);
	CALL(-EROFS, symlinkat, "x", AT_FDCWD, "m/new");
	CALL(-EROFS, linkat, AT_FDCWD, "m/f", AT_FDCWD, "m/new", 0);
	CALL(-EROFS, unlinkat, AT_FDCWD, "m/f", 0);
	CALL(-EROFS, unlinkat, AT_FDCWD, "m/d", AT_REMOVEDIR);
	CALL(-EROFS, renameat, AT_FDCWD, "m/f", AT_FDCWD, "m/new");
	CALL(-EROFS, renameat2, AT_FDCWD, "m/f", AT_FDCWD, "m/d", 2);
	CALL(-EROFS, bind, sock, &a, sizeof(a));
	CALL(-EROFS, truncate, "m/f", 0);
	CALL(-EROFS, fchmod, fd, 0600);
	CALL(-EROFS, fchown, fd, 1, 1);
	CALL(-EROFS, fchownat, AT_FDCWD, "m/f", -1, -1, 0);
	CALL(-EROFS, fchmodat, AT_FDCWD, "m/f", 0600);
	CALL(-EROFS, utimensat, fd, NULL, NULL, 0);
	CALL(-EROFS, utimensat, AT_FDCWD, "m/f", NULL, AT_SYMLINK_NOFOLLOW);
	CALL(-EROFS, faccessat, AT_FDCWD, "m/f", W_OK);
	CALL(-EROFS, faccessat2, AT_FDCWD, "m/d", W_OK, AT_EACCESS);
	CALL(-EROFS, setxattr, "m/f", "user.x", "v", 1, 0);
	CALL(-EROFS, lsetxattr, "m/f", "user.x", "v", 1, 0);
	CALL(-EROFS, fsetxattr, fd, "user.x", "v", 1, 0);
	CALL(-EROFS, removexattr, "m/f", "user.x");
	CALL(-EROFS, lremovexattr, "m/f", "user.x");
	CALL(-EROFS, fremovexattr, fd, "user.x");
	/* What is found wrong first. */
	CALL(-EEXIST, mkdirat, AT_FDCWD, "m/f", 0700);
	CALL(-EEXIST, symlinkat, "x", AT_FDCWD, "m/f");
	CALL(-EEXIST, openat, AT_FDCWD, "m/f", O_CREAT | O_EXCL | O_RDWR, 0600);
	CALL(-EEXIST, linkat, AT_FDCWD, "m/f", AT_FDCWD, "m/d", 0);
	CALL(-EISDIR, openat, AT_FDCWD, "m/d", O_WRONLY);
	CALL(-EISDIR, truncate, "m/d", 0);
	CALL(-EXDEV, renameat, AT_FDCWD, "m/f", AT_FDCWD, "new");
	CALL(-EXDEV, linkat, AT_FDCWD, "m/f", AT_FDCWD, "new", 0);
	CALL(-ENOENT, truncate, "m/none", 0);
	CALL(-ENOENT, fchmodat, AT_FDCWD, "m/none", 0600);
	CALL(-EROFS, unlinkat, AT_FDCWD, "m/none", 0);
	/* What does not write. */
	CALL(0, newfstatat, AT_FDCWD, "m/f", &st, 0);
	CALL(1, pread64, fd, buf, 1, 0);
	CALL(0, faccessat, AT_FDCWD, "m/f", R_OK);
	CALL(0, flock, fd, 2);
	close(sock);
}

static void test_read_only(void)
{
	int fd;

	begin("mknodat, symlinkat, linkat, renameat, bind, fchmod, fchown, setxattr, lsetxattr, "
	      "fsetxattr, removexattr, "
	      "lremovexattr, fremovexattr: EROFS");
	mount("none", "m", "tmpfs", 0, NULL);
	fd = made("m/f", 0);
	check(write(fd, "x", 1), 1, "write");
	close(fd);
	mkdir("m/d", 0755);
	fd = open("m/f", O_RDONLY);
	CALL(0, mount, NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL);
	all_writes(fd);
	CALL(0, mount, NULL, "m", NULL, MS_REMOUNT, NULL);
	CALL(0, mount, NULL, "m", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
	all_writes(fd);
	close(fd);
	umount("m");
	end();
}

/* ---- from one file system to another ---- */

static void test_other_device(void)
{
	struct open_how how = { .flags = O_RDONLY, .resolve = RESOLVE_NO_XDEV };
	int fd;

	begin("renameat, renameat2, linkat, openat2: EXDEV");
	mount("none", "m", "tmpfs", 0, NULL);
	close(made("m/f", 0));
	close(made("f", 0));
	mkdir("m/d", 0755);
	mount("m/d", "n", NULL, MS_BIND, NULL);
	CALL(-EXDEV, renameat, AT_FDCWD, "m/f", AT_FDCWD, "g");
	CALL(-EXDEV, renameat, AT_FDCWD, "f", AT_FDCWD, "m/g");
	CALL(-EXDEV, renameat, AT_FDCWD, "f", AT_FDCWD, "m/f");
	CALL(-EXDEV, renameat, AT_FDCWD, "none", AT_FDCWD, "m/f");
	CALL(-EXDEV, renameat2, AT_FDCWD, "f", AT_FDCWD, "m/f", 1);
	CALL(-EXDEV, renameat2, AT_FDCWD, "f", AT_FDCWD, "m/f", 2);
	CALL(-EXDEV, renameat, AT_FDCWD, "m/f", AT_FDCWD,
	     "n/f"); /* the same, through another mount */
	CALL(-EXDEV, linkat, AT_FDCWD, "m/f", AT_FDCWD, "n/f", 0);
	CALL(-EXDEV, linkat, AT_FDCWD, "f", AT_FDCWD, "m/g", 0);
	CALL(-EEXIST, linkat, AT_FDCWD, "f", AT_FDCWD, "m/f", 0);
	CALL(-ENOENT, linkat, AT_FDCWD, "none", AT_FDCWD, "m/g", 0);
	fd = open("m", O_TMPFILE | O_RDWR, 0600);
	CALL(-EXDEV, linkat, fd, "", AT_FDCWD, "g", AT_EMPTY_PATH);
	CALL(0, linkat, fd, "", AT_FDCWD, "m/g", AT_EMPTY_PATH);
	close(fd);
	CALL(-EXDEV, openat2, AT_FDCWD, "m/f", &how, sizeof(how));
	umount("n");
	umount("m");
	unlink("f");
	end();
}

/* ---- as long as they may be ---- */

#define LINKS 40

static void test_long(void)
{
	static char name[NAME_MAX + 2], path[PATH_MAX + 1], many[PATH_MAX];
	char link[16], to[16];

	begin("openat, newfstatat, mkdirat, unlinkat, renameat, linkat, symlinkat, readlinkat: "
	      "ELOOP and ENAMETOOLONG, to "
	      "the last link and byte");
	memset(name, 'n', NAME_MAX + 1);
	CALL(-ENAMETOOLONG, mkdirat, AT_FDCWD, name, 0700);
	close(made("f", 0));
	CALL(-ENAMETOOLONG, linkat, AT_FDCWD, "f", AT_FDCWD, name, 0);
	CALL(-ENAMETOOLONG, mknodat, AT_FDCWD, name, S_IFREG, 0);
	name[NAME_MAX] = '\0';
	CALL(0, mkdirat, AT_FDCWD, name, 0700);
	CALL(0, newfstatat, AT_FDCWD, name, &st, 0);
	CALL(0, unlinkat, AT_FDCWD, name, AT_REMOVEDIR);
	CALL(0, renameat, AT_FDCWD, "f", AT_FDCWD, name);
	CALL(0, linkat, AT_FDCWD, name, AT_FDCWD, "f", 0);
	CALL(0, unlinkat, AT_FDCWD, name, 0);
	CALL(0, symlinkat, "f", AT_FDCWD, name);
	CALL(0, unlinkat, AT_FDCWD, name, 0);

	/* "././ … /f" of PATH_MAX - 1 bytes, then one more. */
	for (int i = 0; i < PATH_MAX - 2; i += 2)
		memcpy(path + i, "./", 2);
	strcpy(path + PATH_MAX - 2, "f");
	CALL(0, newfstatat, AT_FDCWD, path, &st, 0);
	CALL(0, renameat, AT_FDCWD, path, AT_FDCWD, path);
	CALL(0, symlinkat, path, AT_FDCWD, "long");
	CALL(PATH_MAX - 1, readlinkat, AT_FDCWD, "long", buf, sizeof(buf));
	CALL(0, newfstatat, AT_FDCWD, "long", &st, 0);
	unlink("long");
	strcpy(path + PATH_MAX - 2, "/f");
	CALL(-ENAMETOOLONG, newfstatat, AT_FDCWD, path, &st, 0);
	CALL(-ENAMETOOLONG, symlinkat, path, AT_FDCWD, "long");
	CALL(-ENAMETOOLONG, renameat, AT_FDCWD, path, AT_FDCWD, "g");
	CALL(-ENAMETOOLONG, renameat, AT_FDCWD, "f", AT_FDCWD, path);

	/* Links behind one another: "l1" -> "f", "l2" -> "l1" … */
	strcpy(to, "f");
	for (int i = 1; i <= LINKS + 1; i++) {
		snprintf(link, sizeof(link), "l%d", i);
		CALL(0, symlinkat, to, AT_FDCWD, link);
		strcpy(to, link);
	}
	CALL(0, newfstatat, AT_FDCWD, "l40", &st, 0);
	CALL(-ELOOP, newfstatat, AT_FDCWD, "l41", &st, 0);
	CALL(0, newfstatat, AT_FDCWD, "l41", &st, AT_SYMLINK_NOFOLLOW);
	CALL(-ELOOP, openat, AT_FDCWD, "l41", O_RDONLY);
	CALL(-ELOOP, openat, AT_FDCWD, "l41", O_RDWR | O_CREAT, 0600);
	CALL(-EEXIST, openat, AT_FDCWD, "l41", O_RDWR | O_CREAT | O_EXCL, 0600);
	CALL(-ELOOP, truncate, "l41", 0);
	CALL(-ELOOP, chdir, "l41");
	CALL(-ELOOP, fchmodat, AT_FDCWD, "l41", 0600);
	CALL(-ELOOP, utimensat, AT_FDCWD, "l41", NULL, 0);
	CALL(-ELOOP, linkat, AT_FDCWD, "l41", AT_FDCWD, "g", AT_SYMLINK_FOLLOW);
	CALL(-ELOOP, execveat, AT_FDCWD, "l41", NULL, NULL, 0);
	/* Links beside one another: "here/here/ … f". */
	CALL(0, symlinkat, ".", AT_FDCWD, "here");
	for (int i = 0; i < LINKS; i++)
		strcat(many, "here/");
	strcpy(many + LINKS * 5, "f");
	CALL(0, newfstatat, AT_FDCWD, many, &st, 0);
	strcpy(many + LINKS * 5, "l1");
	CALL(-ELOOP, newfstatat, AT_FDCWD, many, &st, 0);
	CALL(0, newfstatat, AT_FDCWD, many, &st, AT_SYMLINK_NOFOLLOW);
	strcpy(many + LINKS * 5, "here/f");
	CALL(-ELOOP, newfstatat, AT_FDCWD, many, &st, AT_SYMLINK_NOFOLLOW);
	for (int i = 1; i <= LINKS + 1; i++) {
		snprintf(link, sizeof(link), "l%d", i);
		unlink(link);
	}
	unlink("here");
	unlink("f");
	end();
}

/* ---- a full file system ---- */

static void test_no_inodes(void)
{
	struct sockaddr_un a = unix_name("m/new");
	int fd, sock = socket(AF_UNIX, SOCK_STREAM, 0);

	begin("openat, mknodat, mkdirat, symlinkat, linkat, bind: ENOSPC, no inode left");
	mount("none", "m", "tmpfs", 0, "nr_inodes=4");
	close(made("m/f", 0));
	mkdir("m/d", 0755);
	CALL(0, linkat, AT_FDCWD, "m/f", AT_FDCWD, "m/g",
	     0); /* a name more is counted as an inode */
	CALL(-ENOSPC, openat, AT_FDCWD, "m/new", O_CREAT | O_RDWR, 0600);
	CALL(-ENOSPC, openat, AT_FDCWD, "m", O_TMPFILE | O_RDWR, 0600);
	CALL(-ENOSPC, mknodat, AT_FDCWD, "m/new", S_IFREG | 0600, 0);
	CALL(-ENOSPC, mknodat, AT_FDCWD, "m/new", S_IFIFO | 0600, 0);
	CALL(-ENOSPC, mkdirat, AT_FDCWD, "m/d/new", 0700);
	CALL(-ENOSPC, symlinkat, "x", AT_FDCWD, "m/new");
	CALL(-ENOSPC, linkat, AT_FDCWD, "m/f", AT_FDCWD, "m/new", 0);
	CALL(-ENOSPC, bind, sock, &a, sizeof(a));
	CALL(0, renameat, AT_FDCWD, "m/g", AT_FDCWD, "m/d/g");
	CALL(0, unlinkat, AT_FDCWD, "m/d/g", 0);
	fd = open("m", O_TMPFILE | O_RDWR, 0600);
	expect(fd >= 0, "an unlink makes room");
	CALL(0, linkat, fd, "", AT_FDCWD, "m/new",
	     AT_EMPTY_PATH); /* its inode is counted already */
	CALL(-ENOSPC, linkat, fd, "", AT_FDCWD, "m/more", AT_EMPTY_PATH);
	CALL(0, unlinkat, AT_FDCWD, "m/new", 0);
	CALL(-ENOSPC, mkdirat, AT_FDCWD, "m/new", 0700); /* it is open */
	close(fd);
	CALL(0, mkdirat, AT_FDCWD, "m/new", 0700);
	umount("m");
	close(sock);
	end();
}

static void test_no_pages(void)
{
	int fd, other, p[2];
	loff_t at = 8 * 4096;
	off_t from = 0;

	begin("write, pwrite64, writev, pwritev, pwritev2, fallocate, copy_file_range, sendfile, "
	      "splice: ENOSPC, no page "
	      "left");
	mount("none", "m", "tmpfs", 0, "size=16k");
	fd = made("m/f", 0);
	other = made("f", 0);
	if (pipe(p) || write(p[1], buf, 4096) != 4096 || write(other, buf, 8192) != 8192)
		expect(false, "pipe");
	CALL(16384, write, fd, buf, 5 * 4096);
	CALL(-ENOSPC, write, fd, buf, 1);
	CALL(-ENOSPC, pwrite64, fd, buf, 1, 1 << 20);
	CALL(-ENOSPC, writev, fd, iov, 1);
	CALL(-ENOSPC, pwritev, fd, iov, 1, 8 * 4096, 0);
	CALL(-ENOSPC, pwritev2, fd, iov, 1, 8 * 4096, 0, 0);
	CALL(-ENOSPC, fallocate, fd, 0, 0, 5 * 4096);
	CALL(-ENOSPC, fallocate, fd, 1, 0, 5 * 4096);
	CALL(-ENOSPC, copy_file_range, fd, &from, fd, &at, 4096, 0);
	CALL(-EXDEV, copy_file_range, other, &from, fd, &at, 4096, 0);
	CALL(-ENOSPC, sendfile, fd, other, &from, 4096);
	CALL(-ENOSPC, splice, p[0], NULL, fd, NULL, 4096, 0);
	CALL(4096, pwrite64, fd, buf, 4096, 4096);
	CALL(0, fallocate, fd, 3, 4096, 4096); /* a hole makes room */
	CALL(1, pwrite64, fd, buf, 1, 1 << 20);
	CALL(-ENOSPC, pwrite64, fd, buf, 1, 4096);
	CALL(0, ftruncate, fd, 1l << 40);
	CALL(0, mkdirat, AT_FDCWD, "m/d", 0700); /* names take no pages */
	close(fd);
	close(other);
	close(p[0]);
	close(p[1]);
	umount("m");
	unlink("f");
	end();
}

/* ---- limits ---- */

static volatile sig_atomic_t signals;

static void on_signal(int sig)
{
	(void)sig;
	signals++;
}

/* -EFBIG, and one signal more. */
#define TOO_BIG(name, ...)                                                            \
	do {                                                                          \
		int was = signals;                                                    \
		check(sys_number(SYS_##name, ##__VA_ARGS__), -EFBIG, "%s(%s)", #name, \
		      #__VA_ARGS__);                                                  \
		check(signals - was, 1, "SIGXFSZ of %s", #name);                      \
	} while (0)

static void limited(void)
{
	struct rlimit limit = { 8192, 8192 };
	int fd = made("f", O_TRUNC), other = made("g", O_TRUNC), p[2];
	loff_t at = 8192;
	off_t from = 0;

	if (pipe(p) || write(p[1], buf, 4096) != 4096 || write(other, buf, 8192) != 8192)
		expect(false, "pipe");
	signal(SIGXFSZ, on_signal);
	setrlimit(RLIMIT_FSIZE, &limit);
	CALL(8192, write, fd, buf, 16384);
	TOO_BIG(write, fd, buf, 1);
	TOO_BIG(pwrite64, fd, buf, 1, 8192);
	TOO_BIG(writev, fd, iov, 1);
	TOO_BIG(pwritev, fd, iov, 1, 8192, 0);
	TOO_BIG(pwritev2, fd, iov, 1, 1 << 20, 0, 0);
	TOO_BIG(truncate, "f", 8193);
	TOO_BIG(ftruncate, fd, 8193);
	TOO_BIG(fallocate, fd, 0, 0, 8193);
	TOO_BIG(copy_file_range, other, &from, fd, &at, 1, 0);
	TOO_BIG(sendfile, fd, other, &from, 1);
	TOO_BIG(splice, p[0], NULL, fd, &at, 1, 0);
	check(signals, 11, "signals");
	CALL(0, write, fd, buf, 0);
	CALL(0, ftruncate, fd, 8192);
	CALL(0, ftruncate, fd, 0);
	CALL(0, lseek, fd, 0, SEEK_SET);
	CALL(4096, splice, p[0], NULL, fd, NULL, 8192, 0);
	check(signals, 11, "none of what is within");
}

static void test_file_size(void)
{
	int fd;

	begin("write, pwrite64, writev, pwritev, pwritev2, truncate, ftruncate, fallocate, "
	      "copy_file_range, sendfile, splice: "
	      "EFBIG and SIGXFSZ");
	check_child(limited, 0, "8192 bytes");
	fd = made("f", O_TRUNC);
	CALL(-EINVAL, pwrite64, fd, buf, 1,
	     LONG_MAX); /* the position behind it would be negative */
	CALL(-EFBIG, fallocate, fd, 0, LONG_MAX, 1);
	CALL(0, ftruncate, fd, LONG_MAX);
	close(fd);
	unlink("f");
	unlink("g");
	end();
}

static void no_descriptors(void)
{
	struct rlimit limit = { 30, 30 };
	struct sockaddr_un a = unix_name("sock");
	int pair[2], fd, listener = socket(AF_UNIX, SOCK_STREAM, 0),
			 client = socket(AF_UNIX, SOCK_STREAM, 0);
	struct open_how how = { .flags = O_RDONLY };
	uint64_t mask = 0;

	CALL(0, bind, listener, &a, sizeof(a));
	CALL(0, listen, listener, 5);
	CALL(0, connect, client, &a, sizeof(a));
	setrlimit(RLIMIT_NOFILE, &limit);
	while ((fd = dup(0)) >= 0)
		;
	check(errno, EMFILE, "dup until it fails");
	for (int left = 0; left < 2;
	     left++) { /* then with room for one, for the calls that make two */
		CALL(-EMFILE, pipe2, pair, 0);
		CALL(-EMFILE, socketpair, AF_UNIX, SOCK_STREAM, 0, pair);
		if (left)
			break;
		CALL(-EMFILE, openat, AT_FDCWD, ".", O_RDONLY);
		CALL(-EMFILE, openat, AT_FDCWD, ".", O_PATH);
		CALL(-EMFILE, openat, AT_FDCWD, "new", O_CREAT | O_RDWR, 0600);
		CALL(-ENOENT, newfstatat, AT_FDCWD, "new", &st, 0);
		CALL(-EMFILE, openat, AT_FDCWD, "none", O_RDONLY);
		CALL(-EMFILE, openat2, AT_FDCWD, ".", &how, sizeof(how));
		CALL(-EMFILE, dup, 0);
		CALL(-EMFILE, fcntl, 0, F_DUPFD, 3);
		CALL(-EMFILE, fcntl, 0, F_DUPFD_CLOEXEC, 3);
		CALL(-EINVAL, fcntl, 0, F_DUPFD, 30);
		CALL(-EBADF, dup3, 0, 30, 0);
		CALL(5, dup3, 0, 5, 0);
		CALL(-EMFILE, socket, AF_UNIX, SOCK_STREAM, 0);
		CALL(-EMFILE, accept, listener, NULL, NULL);
		CALL(-EMFILE, accept4, listener, NULL, NULL, SOCK_NONBLOCK);
		CALL(-EMFILE, eventfd2, 0, 0);
		CALL(-EMFILE, epoll_create1, 0);
		CALL(-EMFILE, timerfd_create, CLOCK_MONOTONIC, 0);
		CALL(-EMFILE, signalfd4, -1, &mask, 8, 0);
		CALL(-EMFILE, memfd_create, "x", 0);
		close(29);
	}
	/* Who waited for accept is still there, and what failed has kept nothing. */
	CALL(29, accept, listener, NULL, NULL);
}

static void test_descriptors(void)
{
	begin("openat, openat2, dup, fcntl, pipe2, socket, socketpair, accept, accept4, eventfd2, "
	      "epoll_create1, timerfd_create, "
	      "signalfd4, memfd_create: EMFILE");
	check_child(no_descriptors, 0, "30 descriptors");
	unlink("sock");
	end();
}

/* ---- descriptors that are none, or of the wrong kind ---- */

/* Every call that operates on an open file: @want of one that is none. */
static void no_socket(int fd, long want)
{
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 1 };
	struct sockaddr_un a = unix_name("none");
	struct mmsghdr mm = { .msg_hdr = m };
	int v = 0;
	socklen_t n = sizeof(v);

	CALL(want, bind, fd, &a, sizeof(a));
	CALL(want, listen, fd, 1);
	CALL(want, accept, fd, NULL, NULL);
	CALL(want, accept4, fd, NULL, NULL, 0);
	CALL(want, connect, fd, &a, sizeof(a));
	CALL(want, getsockname, fd, &a, &n);
	CALL(want, getpeername, fd, &a, &n);
	CALL(want, sendto, fd, buf, 1, 0, NULL, 0);
	CALL(want, recvfrom, fd, buf, 1, 0, NULL, NULL);
	CALL(want, sendmsg, fd, &m, 0);
	CALL(want, recvmsg, fd, &m, 0);
	CALL(want, sendmmsg, fd, &mm, 1, 0);
	CALL(want, recvmmsg, fd, &mm, 1, 0, NULL);
	CALL(want, setsockopt, fd, SOL_SOCKET, SO_KEEPALIVE, &v, sizeof(v));
	CALL(want, getsockopt, fd, SOL_SOCKET, SO_KEEPALIVE, &v, &n);
	CALL(want, shutdown, fd, 0);
}

static void no_file(int fd, long want)
{
	struct epoll_event e = { .events = EPOLLIN };
	struct itimerspec its = { 0 };
	int ok = made("f", 0), ep = epoll_create1(0), p[2], v = 0;
	uint64_t mask = 0;

	if (pipe(p))
		return;
	CALL(want, ioctl, fd, 0x5421 /* FIONBIO */, &v);
	CALL(want, flock, fd, 1);
	CALL(want, ftruncate, fd, 0);
	CALL(want, fallocate, fd, 0, 0, 1);
	CALL(want, fchmod, fd, 0600);
	CALL(want, fchown, fd, -1, -1);
	CALL(want, getdents64, fd, buf, 4096);
	CALL(want, lseek, fd, 0, SEEK_SET);
	CALL(want, read, fd, buf, 1);
	CALL(want, write, fd, buf, 1);
	CALL(want, readv, fd, iov, 1);
	CALL(want, writev, fd, iov, 1);
	CALL(want, pread64, fd, buf, 1, 0);
	CALL(want, pwrite64, fd, buf, 1, 0);
	CALL(want, preadv, fd, iov, 1, 0, 0);
	CALL(want, pwritev, fd, iov, 1, 0, 0);
	CALL(want, preadv2, fd, iov, 1, 0, 0, 0);
	CALL(want, pwritev2, fd, iov, 1, 0, 0, 0);
	CALL(want, sendfile, fd, ok, NULL, 1);
	CALL(want, sendfile, ok, fd, NULL, 1);
	CALL(want, splice, fd, NULL, p[1], NULL, 1, 0);
	CALL(want, splice, p[0], NULL, fd, NULL, 1, 0);
	CALL(want, tee, fd, p[1], 1, 0);
	CALL(want, tee, p[0], fd, 1, 0);
	CALL(want, vmsplice, fd, iov, 1, 0);
	CALL(want, copy_file_range, fd, NULL, ok, NULL, 1, 0);
	CALL(want, copy_file_range, ok, NULL, fd, NULL, 1, 0);
	CALL(want, fsync, fd);
	CALL(want, fdatasync, fd);
	CALL(want, syncfs, fd);
	CALL(want, sync_file_range, fd, 0, 0, 0);
	CALL(want, readahead, fd, 0, 1);
	CALL(want, fadvise64, fd, 0, 0, 0);
	CALL(want, fsetxattr, fd, "user.x", "v", 1, 0);
	CALL(want, fgetxattr, fd, "user.x", buf, 1);
	CALL(want, flistxattr, fd, buf, 1);
	CALL(want, fremovexattr, fd, "user.x");
	CALL(want, epoll_ctl, ep, EPOLL_CTL_ADD, fd, &e);
	CALL(want, epoll_ctl, fd, EPOLL_CTL_ADD, ok, &e);
	CALL(want, epoll_pwait, fd, &e, 1, 0, NULL, 8);
	CALL(want, epoll_pwait2, fd, &e, 1, &now, NULL, 8);
	CALL(want, timerfd_settime, fd, 0, &its, NULL);
	CALL(want, timerfd_gettime, fd, &its);
	CALL(want, mmap, 0, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	no_socket(fd, want);
	if (fd != -1)
		CALL(want, signalfd4, fd, &mask, 8, 0);
	close(ok);
	close(ep);
	close(p[0]);
	close(p[1]);
}

static void test_no_file(void)
{
	int fd;

	begin("flock, fallocate, preadv, pwritev, preadv2, pwritev2, splice, tee, vmsplice, "
	      "copy_file_range, syncfs, "
	      "sync_file_range, readahead, fadvise64, fgetxattr, flistxattr, epoll_ctl, "
	      "epoll_pwait, epoll_pwait2, "
	      "timerfd_settime, timerfd_gettime: EBADF");
	no_file(-1, -EBADF);
	no_file(500, -EBADF);
	no_file(INT_MAX, -EBADF);
	fd = open(".", O_PATH);
	no_file(fd, -EBADF);
	close(fd);
	unlink("f");
	end();
}

/* What each kind of file says to what it cannot do, and to what it can. */
enum { DIRECTORY, PIPE, SOCKET, EVENT, EPOLL, TIMER, SIGNAL, MEMORY, NUL, ZERO, KINDS };

static const char *const kinds[KINDS] = { "a directory", "a pipe",    "a socket",   "an eventfd",
					  "an epoll",	 "a timerfd", "a signalfd", "a memfd",
					  "/dev/null",	 "/dev/zero" };

/* The calls of try_kind(), and what each kind of file says. */
/* clang-format off */
static const struct {
	const char *name;
	int want[KINDS];
} kind_calls[] = {
	{ "lseek", { 0, -ESPIPE, -ESPIPE, 0, 0, 0, 0, 0, 0, 0 } },
	{ "read of 4", { -EISDIR, -EAGAIN, -EAGAIN, -EINVAL, -EINVAL, -EINVAL, -EINVAL, 0, 0, 4 } },
	{ "read of 128", { -EISDIR, -EAGAIN, -EAGAIN, -EAGAIN, -EINVAL, -EAGAIN, -EAGAIN, 0, 0, 128 } },
	{ "write", { -EBADF, -EBADF, 4, -EINVAL, -EINVAL, -EINVAL, -EINVAL, 4, 4, 4 } },
	{ "pread64", { -EISDIR, -ESPIPE, -ESPIPE, -ESPIPE, -ESPIPE, -ESPIPE, -ESPIPE, 1, 0, 1 } },
	{ "pwrite64", { -EBADF, -ESPIPE, -ESPIPE, -ESPIPE, -ESPIPE, -ESPIPE, -ESPIPE, 0, 0, 0 } },
	{ "ftruncate", { -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, 0, -EINVAL, -EINVAL } },
	{ "fallocate", { -EBADF, -EBADF, -ENODEV, -ENODEV, -ENODEV, -ENODEV, -ENODEV, 0, -ENODEV, -ENODEV } },
	{ "fsync", { 0, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, 0, -EINVAL, -EINVAL } },
	{ "sync_file_range", { 0, -ESPIPE, -ESPIPE, -ESPIPE, -ESPIPE, -ESPIPE, -ESPIPE, 0, -ESPIPE, -ESPIPE } },
	{ "fadvise64", { 0, -ESPIPE, 0, 0, 0, 0, 0, 0, 0, 0 } },
	{ "readahead", { -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, 0, -EINVAL, -EINVAL } },
	{ "getdents64", { -EINVAL, -ENOTDIR, -ENOTDIR, -ENOTDIR, -ENOTDIR, -ENOTDIR, -ENOTDIR, -ENOTDIR, -ENOTDIR, -ENOTDIR } },
	{ "fchdir", { 0, -ENOTDIR, -ENOTDIR, -ENOTDIR, -ENOTDIR, -ENOTDIR, -ENOTDIR, -ENOTDIR, -ENOTDIR, -ENOTDIR } },
	{ "flock", { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 } },
	{ "F_SETLK", { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 } },
	{ "F_GETPIPE_SZ", { -EBADF, 65536, -EBADF, -EBADF, -EBADF, -EBADF, -EBADF, -EBADF, -EBADF, -EBADF } },
	{ "F_GET_SEALS", { -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, 1, -EINVAL, -EINVAL } },
	{ "sendfile from", { -EINVAL, -EINVAL, -EAGAIN, -EINVAL, -EINVAL, -EINVAL, -EINVAL, 0, -EINVAL, 1 } },
	{ "sendfile to", { -EBADF, -EBADF, 0, 0, 0, 0, 0, 0, 0, 0 } },
	{ "splice from", { -EINVAL, -EAGAIN, -EAGAIN, -EINVAL, -EINVAL, -EINVAL, -EINVAL, 0, -EINVAL, 1 } },
	{ "splice to", { -EBADF, -EBADF, 1, -EINVAL, -EINVAL, -EINVAL, -EINVAL, 1, -EAGAIN, -EAGAIN } },
	{ "tee", { -EINVAL, -EAGAIN, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL } },
	{ "vmsplice", { -EBADF, -EAGAIN, -EBADF, -EBADF, -EBADF, -EBADF, -EBADF, -EBADF, -EBADF, -EBADF } },
	{ "copy_file_range", { -EISDIR, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EXDEV, -EINVAL, -EINVAL } },
	{ "mmap MAP_SHARED", { -ENODEV, -ENODEV, -ENODEV, -ENODEV, -ENODEV, -ENODEV, -ENODEV, 0, -ENODEV, 0 } },
	{ "epoll_pwait", { -EINVAL, -EINVAL, -EINVAL, -EINVAL, 0, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL } },
	{ "timerfd_gettime", { -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, 0, -EINVAL, -EINVAL, -EINVAL, -EINVAL } },
	{ "signalfd4", { -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, 0, -EINVAL, -EINVAL, -EINVAL } },
	{ "accept", { -ENOTSOCK, -ENOTSOCK, -EINVAL, -ENOTSOCK, -ENOTSOCK, -ENOTSOCK, -ENOTSOCK, -ENOTSOCK, -ENOTSOCK, -ENOTSOCK } },
	{ "recvfrom", { -ENOTSOCK, -ENOTSOCK, -EAGAIN, -ENOTSOCK, -ENOTSOCK, -ENOTSOCK, -ENOTSOCK, -ENOTSOCK, -ENOTSOCK, -ENOTSOCK } },
	{ "FIONREAD", { -ENOTTY, 0, 0, -ENOTTY, -ENOTTY, -ENOTTY, -ENOTTY, 0, -ENOTTY, -ENOTTY } },
	{ "TCGETS", { -ENOTTY, -ENOTTY, -ENOTTY, -ENOTTY, -ENOTTY, -ENOTTY, -ENOTTY, -ENOTTY, -ENOTTY, -ENOTTY } },
	{ "openat", { -ENOENT, -ENOTDIR, -ENOTDIR, -ENOTDIR, -ENOTDIR, -ENOTDIR, -ENOTDIR, -ENOTDIR, -ENOTDIR, -ENOTDIR } },
	{ "fchmod", { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 } },
};
/* clang-format on */
#define NR_KIND_CALLS (int)(sizeof(kind_calls) / sizeof(kind_calls[0]))

static long try_kind(int call, int fd, int pipe_in, int pipe_out, int other)
{
	struct epoll_event e = { .events = EPOLLIN };
	struct flock lock = { .l_type = F_RDLCK };
	struct itimerspec its;
	uint64_t mask = 0;
	int n;

	switch (call) {
	case 0: return sys(lseek, fd, 0, SEEK_CUR);
	case 1: return sys(read, fd, buf, 4);
	case 2: return sys(read, fd, buf, 128);
	case 3: return sys(write, fd, buf, 4);
	case 4: return sys(pread64, fd, buf, 1, 0);
	case 5: return sys(pwrite64, fd, buf, 0, 0);
	case 6: return sys(ftruncate, fd, 0);
	case 7: return sys(fallocate, fd, 0, 0, 1);
	case 8: return sys(fsync, fd);
	case 9: return sys(sync_file_range, fd, 0, 0, 0);
	case 10: return sys(fadvise64, fd, 0, 0, 0);
	case 11: return sys(readahead, fd, 0, 1);
	case 12: return sys(getdents64, fd, buf, 0);
	case 13: return sys(fchdir, fd);
	case 14: return sys(flock, fd, 5);
	case 15: return sys(fcntl, fd, F_SETLK, &lock);
	case 16: return sys(fcntl, fd, F_GETPIPE_SZ, 0);
	case 17: return sys(fcntl, fd, 1034 /* F_GET_SEALS */, 0);
	case 18: return sys(sendfile, pipe_in, fd, NULL, 1);
	case 19: return sys(sendfile, fd, other, NULL, 1);
	case 20: return sys(splice, fd, NULL, pipe_in, NULL, 1, SPLICE_F_NONBLOCK);
	case 21: return sys(splice, pipe_out, NULL, fd, NULL, 1, SPLICE_F_NONBLOCK);
	case 22: return sys(tee, fd, pipe_in, 1, SPLICE_F_NONBLOCK);
	case 23: return sys(vmsplice, fd, iov, 1, SPLICE_F_NONBLOCK);
	case 24: return sys(copy_file_range, fd, NULL, other, NULL, 1, 0);
	case 25: return sys(mmap, 0, 4096, PROT_READ, MAP_SHARED, fd, 0) > 0 ? 0 : -ENODEV;
	case 26: return sys(epoll_pwait, fd, &e, 1, 0, NULL, 8);
	case 27: return sys(timerfd_gettime, fd, &its);
	case 28: return sys(signalfd4, fd, &mask, 8, 0) == fd ? 0 : -EINVAL;
	case 29: return sys(accept, fd, NULL, NULL);
	case 30: return sys(recvfrom, fd, buf, 1, 0, NULL, NULL);
	case 31: return sys(ioctl, fd, 0x541b /* FIONREAD */, &n);
	case 32: return sys(ioctl, fd, 0x5401 /* TCGETS */, buf);
	case 33: return sys(openat, fd, "none", O_RDONLY);
	case 34: return sys(fchmod, fd, 0755);
	default: return 1;
	}
}

static void test_kinds(void)
{
	uint64_t mask = 0;
	int fds[KINDS], p[2], q[2], s[2], other = made("f", 0);

	if (pipe2(p, O_NONBLOCK) || pipe2(q, O_NONBLOCK) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s))
		return;
	fds[DIRECTORY] = open(".", O_RDONLY);
	fds[PIPE] = q[0];
	fds[SOCKET] = s[0];
	fds[EVENT] = eventfd(0, EFD_NONBLOCK);
	fds[EPOLL] = epoll_create1(0);
	fds[TIMER] = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	fds[SIGNAL] = (int)sys(signalfd4, -1, &mask, 8, O_NONBLOCK);
	fds[MEMORY] = (int)sys(memfd_create, "x", 0);
	fds[NUL] = open("/dev/null", O_RDWR);
	fds[ZERO] = open("/dev/zero", O_RDWR);
	begin("getdents64, lseek, sendfile, accept, recvfrom, epoll_pwait, timerfd_gettime, "
	      "signalfd4, mmap: kinds of files");
	for (int c = 0; c < NR_KIND_CALLS; c++)
		for (int k = 0; k < KINDS; k++) {
			int want = kind_calls[c].want[k];

			/* since Linux 6.9 an epoll has an ioctl of its own, which says -EINVAL */
			check_one_of(try_kind(c, fds[k], p[1], p[0], other), want,
				     k == EPOLL && want == -ENOTTY ? -EINVAL : want, "%s of %s",
				     kind_calls[c].name, kinds[k]);
		}
	for (int k = 0; k < KINDS; k++)
		close(fds[k]);
	close(p[0]);
	close(p[1]);
	close(q[1]);
	close(s[1]);
	close(other);
	unlink("f");
	end();
}

/* What cannot be done in a file system that the kernel fills. */
static void test_proc(void)
{
	struct sockaddr_un a = unix_name("/proc/new");
	int sock = socket(AF_UNIX, SOCK_STREAM, 0);

	begin("openat, mkdirat, mknodat, unlinkat, symlinkat, linkat, renameat, bind, truncate, "
	      "fchmodat, fchownat, setxattr: in "
	      "/proc");
	close(made("f", 0));
	CALL(-ENOENT, openat, AT_FDCWD, "/proc/new", O_CREAT | O_RDWR, 0600);
	CALL(-EOPNOTSUPP, openat, AT_FDCWD, "/proc", O_TMPFILE | O_RDWR, 0600);
	CALL(-EISDIR, openat, AT_FDCWD, "/proc", O_RDWR);
	CALL(-ENOENT, mkdirat, AT_FDCWD, "/proc/new", 0700);
	CALL(-EEXIST, mkdirat, AT_FDCWD, "/proc/self", 0700);
	CALL(-ENOENT, mknodat, AT_FDCWD, "/proc/new", S_IFREG | 0600, 0);
	CALL(-ENOENT, symlinkat, "x", AT_FDCWD, "/proc/new");
	CALL(-EPERM, unlinkat, AT_FDCWD, "/proc/version", 0);
	CALL(-EPERM, unlinkat, AT_FDCWD, "/proc/self", 0);
	CALL(-EPERM, unlinkat, AT_FDCWD, "/proc/self/fd", AT_REMOVEDIR);
	CALL(-ENOTDIR, unlinkat, AT_FDCWD, "/proc/version", AT_REMOVEDIR);
	CALL(-ENOENT, renameat, AT_FDCWD, "/proc/version", AT_FDCWD, "/proc/new");
	CALL(-EPERM, renameat, AT_FDCWD, "/proc/version", AT_FDCWD, "/proc/uptime");
	CALL(-EXDEV, renameat, AT_FDCWD, "f", AT_FDCWD, "/proc/new");
	CALL(-ENOENT, linkat, AT_FDCWD, "/proc/version", AT_FDCWD, "/proc/new", 0);
	CALL(-ENOENT, linkat, AT_FDCWD, "f", AT_FDCWD, "/proc/new", 0);
	CALL(-ENOENT, bind, sock, &a, sizeof(a));
	CALL(-EPERM, fchmodat, AT_FDCWD, "/proc/self/maps", 0600);
	CALL(-EOPNOTSUPP, setxattr, "/proc/version", "user.x", "v", 1, 0);
	CALL(-EINVAL, truncate, "/dev/null", 0);
	close(sock);
	unlink("f");
	end();
}

/* ---- sockets ---- */

/*
 * Names: of a listening socket, of nothing, of a file, below that file, of a loop, of a bound
 * datagram socket.
 */
static struct sockaddr_un a, none, plain, below, loop, other;
static const struct sockaddr any = { .sa_family = AF_UNSPEC }, inet = { .sa_family = AF_INET };
/*
 * Sockets: of a stream, of datagrams, of packets, without a name; the one that listens; one for
 * connecting; other's.
 */
static int s, d, q, l, c, e;

static void wrong_names(void)
{
	CALL(-ENXIO, openat, AT_FDCWD, "sock", O_RDONLY);
	CALL(-EADDRINUSE, bind, s, &a, sizeof(a));
	CALL(-EADDRINUSE, bind, s, &plain, sizeof(plain));
	CALL(-ENOTDIR, bind, s, &below, sizeof(below));
	CALL(-EADDRINUSE, bind, s, &loop, sizeof(loop));
	CALL(-EINVAL, bind, l, &none, sizeof(none));
	CALL(-EINVAL, bind, s, &inet, sizeof(inet));
	CALL(-EINVAL, bind, s, &a, 1);
	CALL(-EINVAL, bind, s, &a, sizeof(a) + 1);
	CALL(-EINVAL, bind, s, &a, -1);
	CALL(-ECONNREFUSED, connect, s, &a, sizeof(a)); /* nobody listens */
	CALL(-ECONNREFUSED, connect, s, &plain, sizeof(plain));
	CALL(-ENOENT, connect, s, &none, sizeof(none));
	CALL(-ENOTDIR, connect, s, &below, sizeof(below));
	CALL(-ELOOP, connect, s, &loop, sizeof(loop));
	CALL(-EPROTOTYPE, connect, s, &other, sizeof(other));
	CALL(-EPROTOTYPE, connect, d, &a, sizeof(a));
	CALL(-EPROTOTYPE, connect, q, &other, sizeof(other));
	CALL(-EINVAL, connect, s, &inet, sizeof(inet));
	CALL(-EINVAL, connect, s, &any, sizeof(any));
}

static void not_connected(void)
{
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 1 },
		      many = { .msg_iov = iov, .msg_iovlen = 1025 };
	socklen_t n = sizeof(a);

	CALL(-EINVAL, listen, s, 1); /* without a name */
	CALL(-EOPNOTSUPP, listen, d, 1);
	CALL(-EINVAL, accept, s, NULL, NULL);
	CALL(-EOPNOTSUPP, accept, d, NULL, NULL);
	CALL(-EINVAL, accept4, l, NULL, NULL, 1);
	CALL(0, listen, l, 1);
	CALL(0, listen, l, 5);
	CALL(-EINVAL, connect, l, &a, sizeof(a));
	CALL(-EPROTOTYPE, connect, q, &a, sizeof(a));
	CALL(-ENOTCONN, getpeername, s, &a, &n);
	CALL(-ENOTCONN, getpeername, d, &a, &n);
	CALL(-EINVAL, shutdown, s, 3);
	CALL(-ENOTCONN, write, s, buf, 1);
	CALL(-ENOTCONN, write, d, buf, 1);
	CALL(-ENOTCONN, sendto, d, buf, 1, 0, NULL, 0);
	CALL(-ENOTCONN, sendmsg, q, &m, 0);
	CALL(-ENOTCONN, recvfrom, q, buf, 1, 0, NULL, NULL);
	CALL(-EINVAL, recvfrom, s, buf, 1, 0, NULL, NULL);
	CALL(-EINVAL, read, s, buf, 1);
	CALL(-EOPNOTSUPP, sendto, d, buf, 1, MSG_OOB, NULL, 0);
	CALL(-ENOENT, sendto, d, buf, 1, 0, &none, sizeof(none));
	CALL(-ECONNREFUSED, sendto, d, buf, 1, 0, &plain, sizeof(plain));
	CALL(-EPROTOTYPE, sendto, d, buf, 1, 0, &a, sizeof(a));
	CALL(-EINVAL, sendto, d, buf, 1, 0, &inet, sizeof(inet));
	CALL(-EMSGSIZE, sendto, d, NULL, 1 << 20, 0, &other, sizeof(other));
	CALL(-EMSGSIZE, sendmsg, d, &many, 0);
	CALL(-EMSGSIZE, recvmsg, d, &many, 0);
	CALL(-EAGAIN, recvfrom, d, buf, 1, MSG_DONTWAIT, NULL, NULL);
}

static void connected(void)
{
	struct msghdr named = {
		.msg_name = &none, .msg_namelen = sizeof(none), .msg_iov = iov, .msg_iovlen = 1
	};
	socklen_t minus = (socklen_t)-1;

	CALL(0, connect, c, &a, sizeof(a));
	CALL(-EISCONN, connect, c, &a, sizeof(a));
	CALL(-EISCONN, sendto, c, buf, 1, 0, &a, sizeof(a));
	CALL(-EISCONN, sendmsg, c, &named, 0);
	CALL(-EINVAL, listen, c, 1);
	CALL(-EINVAL, accept, c, NULL, NULL);
	CALL(-EAGAIN, recvfrom, c, buf, 1, MSG_DONTWAIT, NULL, NULL);
	CALL(-EINVAL, getpeername, c, &none, &minus);
	CALL(-EINVAL, getsockname, c, &none, &minus);
	CALL(-EINVAL, accept, l, &none, &minus);
	CALL(0, connect, d, &other, sizeof(other));
	close(e);
	CALL(-ECONNREFUSED, write, d, buf, 1);
	CALL(-ENOTCONN, write, d, buf, 1); /* told once */
	CALL(0, connect, d, &any, sizeof(any));
	CALL(0, shutdown, c, SHUT_WR);
	signal(SIGPIPE, SIG_IGN);
	CALL(-EPIPE, write, c, buf, 1);
	CALL(-EPIPE, sendto, c, buf, 1, MSG_NOSIGNAL, NULL, 0);
	close(l);
	CALL(0, read, c, buf, 1);
	CALL(-ECONNREFUSED, connect, s, &a, sizeof(a));
}

static void test_sockets(void)
{
	static const char *const names[] = { "f", "loop", "sock", "dgram" };

	begin("bind, listen, connect, getpeername, sendto, sendmsg, recvmsg, shutdown, accept: "
	      "each error of a socket's state");
	a = unix_name("sock");
	none = unix_name("none");
	plain = unix_name("f");
	below = unix_name("f/sock");
	loop = unix_name("loop");
	other = unix_name("dgram");
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	d = socket(AF_UNIX, SOCK_DGRAM, 0);
	q = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	l = socket(AF_UNIX, SOCK_STREAM, 0);
	c = socket(AF_UNIX, SOCK_STREAM, 0);
	e = socket(AF_UNIX, SOCK_DGRAM, 0);
	close(made("f", 0));
	CALL(0, symlinkat, "loop", AT_FDCWD, "loop");
	CALL(0, bind, l, &a, sizeof(a));
	CALL(0, bind, e, &other, sizeof(other));
	wrong_names();
	not_connected();
	connected();
	close(s);
	close(d);
	close(c);
	close(q);
	for (size_t i = 0; i < 4; i++)
		unlink(names[i]);
	end();
}

int main(void)
{
	umask(022);
	mount_proc();
	mkdir("/tmp/errnos", 0755);
	if (chdir("/tmp/errnos"))
		return 1;
	mkdir("m", 0755);
	mkdir("n", 0755);
	test_read_only();
	test_other_device();
	test_long();
	test_no_inodes();
	test_no_pages();
	test_file_size();
	test_descriptors();
	test_no_file();
	test_kinds();
	test_proc();
	test_sockets();
	rmdir("m");
	rmdir("n");
	rmdir("/tmp/errnos");
	return tap_done();
}
