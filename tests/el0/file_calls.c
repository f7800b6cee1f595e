/*
 * file_calls.c - files in the root file system: what each call does, and the errno of what cannot
 * be done.
 */
#include "abi/dirent.h"
#include "abi/fcntl.h"
#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "tests/el0/tap.h"

#define AT AT_FDCWD

static bool all_zero(const char *p, size_t n)
{
	while (n)
		if (p[--n])
			return false;
	return true;
}

static void opening(void)
{
	static char name[300];
	int fd;

	begin("openat: creation, flags, errors");
	check(open("none", O_RDONLY, 0), -ENOENT, "no such file");
	fd = open("f", O_RDWR | O_CREAT | O_EXCL, 0644);
	expect(fd >= 0, "O_CREAT | O_EXCL: %d", fd);
	check(open("f", O_RDWR | O_CREAT | O_EXCL, 0644), -EEXIST, "again");
	check(open("f/x", O_RDONLY, 0), -ENOTDIR, "a file as directory");
	check(open("f", O_RDONLY | O_DIRECTORY, 0), -ENOTDIR, "O_DIRECTORY of a file");
	check(open("/tmp", O_WRONLY, 0), -EISDIR, "a directory for writing");
	check(open("/tmp", O_RDONLY | O_CREAT, 0), -EISDIR, "O_CREAT of a directory");
	check(open("none/", O_WRONLY | O_CREAT, 0644), -EISDIR, "O_CREAT with a slash at the end");
	check(open("", O_RDONLY, 0), -ENOENT, "empty path");
	check(svc_openat(99, "f", O_RDONLY, 0), -EBADF, "relative to no descriptor");
	check(svc_openat(fd, "f", O_RDONLY, 0), -ENOTDIR, "relative to a file");
	expect(svc_openat(99, "/tmp/f", O_RDONLY, 0) >= 0, "an absolute path needs no directory");
	memset(name, 'n', 256);
	check(open(name, O_RDONLY | O_CREAT, 0644), -ENAMETOOLONG, "a name of 256");
	name[255] = '\0';
	expect(open(name, O_RDONLY | O_CREAT, 0644) >= 0, "a name of 255");
	check(svc_write(fd, "hello", 5), 5, "write");
	check(svc_close(open("f", O_WRONLY | O_TRUNC, 0)), 0, "O_TRUNC");
	check(svc_lseek(fd, 0, SEEK_END), 0, "it is empty");
	check(svc_close(fd), 0, "close");
	check(svc_close(fd), -EBADF, "close again");
	check(svc_close(-1), -EBADF, "close -1");
	fd = open("f", O_WRONLY, 0);
	check(svc_read(fd, name, 1), -EBADF, "read of O_WRONLY");
	svc_close(fd);
	fd = open("f", O_RDONLY, 0);
	check(svc_write(fd, name, 1), -EBADF, "write of O_RDONLY");
	check(svc_ftruncate(fd, 0), -EINVAL, "ftruncate of O_RDONLY");
	svc_close(fd);
	fd = open("f", O_RDONLY | O_PATH, 0);
	check(svc_read(fd, name, 1), -EBADF, "read of O_PATH");
	svc_close(fd);
	fd = open("/tmp", O_RDONLY | O_DIRECTORY, 0);
	check(svc_read(fd, name, 1), -EISDIR, "read of a directory");
	svc_close(fd);
	end();
}

static void paths(void)
{
	static char path[PATH_MAX + 2];

	begin("paths: dots, slashes, PATH_MAX");
	check(svc_faccessat(AT, "/tmp/../tmp/./f", F_OK), 0, "dots");
	check(svc_faccessat(AT, "//tmp///f", F_OK), 0, "slashes");
	check(svc_faccessat(AT, "/../../tmp/f", F_OK), 0, "above the root");
	check(svc_faccessat(AT, "f/", F_OK), -ENOTDIR, "a slash behind a file");
	check(svc_faccessat(AT, "f/.", F_OK), -ENOTDIR, "a dot in a file");
	for (size_t i = 0; i < PATH_MAX; i++)
		path[i] = i % 2 ? '/' : '.';
	path[PATH_MAX - 2] = 'f';
	path[PATH_MAX - 1] = '\0';
	check(svc_faccessat(AT, path, F_OK), 0, "a path of PATH_MAX with its NUL");
	path[PATH_MAX - 2] = '.';
	path[PATH_MAX - 1] = '/';
	check(svc_faccessat(AT, path, F_OK), -ENAMETOOLONG, "one more");
	check(svc_faccessat(AT, "f", 8), -EINVAL, "an access mode that is none");
	end();
}

static void offsets(void)
{
	int fd = open("g", O_RDWR | O_CREAT | O_TRUNC, 0644);
	static char buf[8192];

	begin("read, write, lseek, truncate: offsets, holes, ends");
	check(svc_write(fd, "0123456789", 10), 10, "write");
	check(svc_read(fd, buf, 10), 0, "read at the end");
	check(svc_lseek(fd, 3, SEEK_SET), 3, "SEEK_SET");
	check(svc_read(fd, buf, 100), 7, "read up to the end");
	check(memcmp(buf, "3456789", 7), 0, "contents");
	check(svc_lseek(fd, -1, SEEK_CUR), 9, "SEEK_CUR");
	check(svc_lseek(fd, -11, SEEK_END), -EINVAL, "before the start");
	check(svc_lseek(fd, -1, SEEK_SET), -EINVAL, "offset -1");
	check_one_of(svc_lseek(fd, INT64_MAX, SEEK_CUR), -EINVAL, -EOVERFLOW, "beyond 2^63");
	check(svc_lseek(fd, 0, 99), -EINVAL, "no such whence");
	check(svc_lseek(99, 0, SEEK_SET), -EBADF, "no such descriptor");
	check(svc_pread64(fd, buf, 5, 2), 5, "pread64");
	check(memcmp(buf, "23456", 5), 0, "contents");
	check(svc_lseek(fd, 0, SEEK_CUR), 9, "the offset is as it was");
	check(svc_pread64(fd, buf, 5, -1), -EINVAL, "pread64 at -1");
	check(svc_pwrite64(fd, buf, 5, -1), -EINVAL, "pwrite64 at -1");
	check(svc_pread64(fd, buf, 5, INT64_MAX), -EINVAL, "pread64 at 2^63 - 1");
	check(svc_pread64(fd, buf, 5, INT64_MAX - 5), 0, "pread64 5 bytes before");
	check(svc_pwrite64(fd, "end", 3, 8000), 3, "pwrite64 makes a hole");
	check(svc_pread64(fd, buf, 8192, 0), 8003, "and all of it");
	expect(all_zero(buf + 10, 7990), "the hole is zero");
	check(memcmp(buf + 8000, "end", 3), 0, "its end");
	check(svc_ftruncate(fd, 4), 0, "ftruncate down");
	check(svc_ftruncate(fd, 5000), 0, "and up");
	check(svc_pread64(fd, buf, 8192, 0), 5000, "its size");
	expect(memcmp(buf, "0123", 4) == 0 && all_zero(buf + 4, 4996),
	       "what was cut off does not come back");
	check(svc_ftruncate(fd, -1), -EINVAL, "ftruncate to -1");
	check(svc_truncate("g", 3), 0, "truncate");
	check(svc_truncate("none", 3), -ENOENT, "truncate of none");
	check(svc_truncate("/tmp", 3), -EISDIR, "truncate of a directory");
	check(svc_write(fd, buf, 0), 0, "write of nothing");
	check(svc_read(fd, buf, 0), 0, "read of nothing");
	svc_close(fd);
	end();
}

static void appending(void)
{
	int a = open("a", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644), b = open("a", O_RDWR, 0);
	char buf[16];

	begin("O_APPEND, dup and fork share what they must");
	svc_write(a, "one", 3);
	svc_write(b, "T", 1);
	svc_write(a, "two", 3);
	check(svc_pread64(b, buf, 16, 0), 6, "size");
	check(memcmp(buf, "Tnetwo", 6), 0, "contents");
	svc_close(a);
	a = (int)svc_dup(b);
	check(svc_lseek(a, 0, SEEK_CUR), 1, "dup shares the offset");
	svc_lseek(a, 4, SEEK_SET);
	check(svc_lseek(b, 0, SEEK_CUR), 4, "both ways");
	if (fork() == 0) {
		svc_lseek(b, 2, SEEK_SET);
		exit(0);
	}
	waitpid(-1, NULL, 0);
	check(svc_lseek(b, 0, SEEK_CUR), 2, "fork shares it too");
	svc_close(a);
	svc_close(b);
	end();
}

static void lengths(void)
{
	struct iovec v[3] = { { 0 } };
	static char buf[64];
	int zero = open("/dev/zero", O_RDWR, 0), null = open("/dev/null", O_RDWR, 0),
	    f = open("f", O_RDWR, 0);

	begin("lengths and counts: 0, SSIZE_MAX, 2^63, -1, IOV_MAX + 1");
	check(svc_read(zero, buf, 0), 0, "read 0");
	check(svc_read(zero, NULL, 0), 0, "read 0 to null");
	check(svc_read(99, buf, 0), -EBADF, "read 0 of no descriptor");
	check(svc_read(null, buf, SIZE_MAX >> 1), -EFAULT,
	      "read SSIZE_MAX: the buffer wraps out of user space");
	check(svc_read(null, buf, 1UL << 63), -EFAULT, "read 2^63");
	check(svc_read(null, buf, SIZE_MAX), -EFAULT, "read -1");
	check(svc_write(null, buf, 1UL << 63), -EFAULT, "write 2^63");
	check(svc_write(f, buf, SIZE_MAX), -EFAULT, "write -1");
	check(svc_pread64(f, buf, SIZE_MAX, 0), -EFAULT, "pread64 -1");
	check(svc_write(null, buf, 1 << 30), 1 << 30, "/dev/null takes a GiB unseen");
	check(svc_write(null, buf, 0x7ffff000), 0x7ffff000, "the most that one call moves");
	check(svc_write(null, buf, 0x80000000), 0x7ffff000, "more is cut to it");
	check(svc_readv(zero, v, 0), 0, "readv of none");
	check(svc_readv(zero, v, 1025), -EINVAL, "readv of 1025");
	check(svc_readv(zero, v, -1UL), -EINVAL, "readv of -1");
	check_one_of(svc_writev(null, v, 1UL << 32), -EINVAL, 0, "writev of 2^32");
	check(svc_writev(null, v, 3), 0, "writev of empty ones");
	v[0] = (struct iovec){ (uint64_t)buf, 10 };
	v[1] = (struct iovec){ (uint64_t)buf, SIZE_MAX };
	check(svc_readv(zero, v, 2), -EINVAL, "a length of -1");
	v[1].iov_len = INT64_MAX;
	check_one_of(svc_readv(zero, v, 2), -EINVAL, -EFAULT,
		     "lengths that add up beyond SSIZE_MAX");
	v[1] = (struct iovec){ (uint64_t)buf + 20, 5 };
	v[2] = (struct iovec){ (uint64_t)buf + 10, 7 };
	memset(buf, 'x', sizeof(buf));
	check(svc_readv(zero, v, 3), 22, "readv of three");
	expect(all_zero(buf, 17) && buf[17] == 'x' && buf[19] == 'x' && all_zero(buf + 20, 5) &&
		       buf[25] == 'x',
	       "where they belong");
	svc_close(zero);
	svc_close(null);
	svc_close(f);
	end();
}

static void directories(void)
{
	char buf[256];

	begin("mkdirat, unlinkat, chdir, getcwd, renameat2");
	check(svc_mkdirat(AT, "d", 0755), 0, "mkdirat");
	check(svc_mkdirat(AT, "d", 0755), -EEXIST, "again");
	check(svc_mkdirat(AT, "none/d", 0755), -ENOENT, "in none");
	check(svc_mkdirat(AT, "f/d", 0755), -ENOTDIR, "in a file");
	check(svc_mkdirat(AT, "d/sub/", 0755), 0, "with a slash");
	check(svc_unlinkat(AT, "d", 0), -EISDIR, "unlinkat of a directory");
	check(svc_unlinkat(AT, "d", AT_REMOVEDIR), -ENOTEMPTY, "rmdir of one that is not empty");
	check(svc_unlinkat(AT, "f", AT_REMOVEDIR), -ENOTDIR, "rmdir of a file");
	check(svc_unlinkat(AT, "d/.", AT_REMOVEDIR), -EINVAL, "rmdir of a dot");
	check(svc_unlinkat(AT, "d/sub/..", AT_REMOVEDIR), -ENOTEMPTY, "rmdir of dots");
	check_one_of(svc_unlinkat(AT, "/", AT_REMOVEDIR), -EBUSY, -EINVAL, "rmdir of the root");
	check(svc_unlinkat(AT, "none", 0), -ENOENT, "unlinkat of none");
	check(svc_unlinkat(AT, "f", 0x12345), -EINVAL, "unknown flags");
	check(svc_chdir("d/sub"), 0, "chdir");
	check(svc_getcwd(buf, sizeof(buf)), 11, "getcwd");
	check(strcmp(buf, "/tmp/d/sub"), 0, "where");
	check(svc_getcwd(buf, 10), -ERANGE, "getcwd into 10 bytes");
	check(svc_getcwd(buf, 0), -ERANGE, "getcwd into none");
	check(svc_chdir("/tmp/f"), -ENOTDIR, "chdir to a file");
	check(svc_chdir("/tmp/none"), -ENOENT, "chdir to none");
	check(svc_unlinkat(AT, "/tmp/d/sub", AT_REMOVEDIR), 0, "rmdir of the working directory");
	check(svc_getcwd(buf, sizeof(buf)), -ENOENT, "getcwd there");
	check(open("x", O_CREAT | O_RDWR, 0644), -ENOENT, "a file there");
	check(svc_chdir("/tmp"), 0, "and back");
	check(svc_renameat2(AT, "d", AT, "e", 0), 0, "rename of a directory");
	check(svc_faccessat(AT, "d", F_OK), -ENOENT, "its old name");
	check(svc_mkdirat(AT, "e/in", 0755), 0, "mkdirat");
	check(svc_renameat2(AT, "e", AT, "e/in/e", 0), -EINVAL, "into itself");
	check(svc_renameat2(AT, "e", AT, "f", 0), -ENOTDIR, "a directory onto a file");
	check(svc_renameat2(AT, "f", AT, "e", 0), -EISDIR, "a file onto a directory");
	check(svc_renameat2(AT, "f", AT, "g", RENAME_NOREPLACE), -EEXIST, "RENAME_NOREPLACE");
	check(svc_renameat2(AT, "none", AT, "g", 0), -ENOENT, "none");
	check(svc_renameat2(AT, "f", AT, "g", 0x100), -EINVAL, "unknown flags");
	check(svc_renameat2(AT, "a", AT, "g", 0), 0, "onto a file");
	check(svc_unlinkat(AT, "e/in", AT_REMOVEDIR), 0, "rmdir");
	check(svc_unlinkat(AT, "e", AT_REMOVEDIR), 0, "rmdir");
	end();
}

static void links(void)
{
	struct stat st;
	char buf[16];
	int fd;

	begin("linkat, symlinkat, readlinkat");
	check(svc_linkat(AT, "f", AT, "hard", 0), 0, "linkat");
	check(svc_newfstatat(AT, "hard", &st, 0), 0, "stat");
	check(st.st_nlink, 2, "links");
	check(svc_linkat(AT, "f", AT, "hard", 0), -EEXIST, "again");
	check(svc_linkat(AT, "/tmp", AT, "dir", 0), -EPERM, "of a directory");
	check(svc_linkat(AT, "none", AT, "x", 0), -ENOENT, "of none");
	check(svc_unlinkat(AT, "hard", 0), 0, "unlinkat");
	check(svc_symlinkat("f", AT, "soft"), 0, "symlinkat");
	check(svc_symlinkat("f", AT, "soft"), -EEXIST, "again");
	check(svc_symlinkat("", AT, "x"), -ENOENT, "to nothing");
	check(svc_readlinkat(AT, "soft", buf, sizeof(buf)), 1, "readlinkat");
	check(buf[0], 'f', "its target");
	check(svc_readlinkat(AT, "f", buf, sizeof(buf)), -EINVAL, "readlinkat of a file");
	check(svc_readlinkat(AT, "soft", buf, 0), -EINVAL, "readlinkat into nothing");
	check(svc_newfstatat(AT, "soft", &st, AT_SYMLINK_NOFOLLOW), 0, "stat of the link");
	expect(S_ISLNK(st.st_mode) && st.st_size == 1, "is a link");
	check(svc_newfstatat(AT, "soft", &st, 0), 0, "stat through the link");
	expect(S_ISREG(st.st_mode), "is a file");
	check(open("soft", O_RDONLY | O_NOFOLLOW, 0), -ELOOP, "O_NOFOLLOW");
	svc_symlinkat("loop2", AT, "loop1");
	svc_symlinkat("loop1", AT, "loop2");
	check(open("loop1", O_RDONLY, 0), -ELOOP, "a loop");
	svc_symlinkat("dangling", AT, "to-none");
	check(open("to-none", O_RDONLY, 0), -ENOENT, "to none");
	check(open("to-none", O_RDONLY | O_CREAT | O_EXCL, 0644), -EEXIST,
	      "O_EXCL does not follow");
	fd = open("to-none", O_RDONLY | O_CREAT, 0644);
	expect(fd >= 0, "O_CREAT follows: %d", fd);
	check(svc_faccessat(AT, "dangling", F_OK), 0, "what it made");
	svc_close(fd);
	end();
}

static void unlinked(void)
{
	int fd = open("gone", O_RDWR | O_CREAT, 0600);
	struct stat st;
	char buf[8];

	begin("a file that was unlinked while open lives on");
	svc_write(fd, "still", 5);
	check(svc_unlinkat(AT, "gone", 0), 0, "unlinkat");
	check(svc_pread64(fd, buf, 8, 0), 5, "read");
	check(svc_fstat(fd, &st), 0, "fstat");
	check(st.st_nlink, 0, "links");
	check(open("gone", O_RDONLY, 0), -ENOENT, "its name");
	svc_close(fd);
	end();
}

static void status(void)
{
	struct stat st;
	struct statx stx;
	struct statfs sf;
	int fd = open("s", O_RDWR | O_CREAT | O_TRUNC, 0640);

	begin("fstat, newfstatat, statx, statfs: fields and padding");
	svc_write(fd, "12345", 5);
	memset(&st, 0xff, sizeof(st));
	check(svc_fstat(fd, &st), 0, "fstat");
	check(st.st_mode, S_IFREG | 0640, "st_mode");
	check(st.st_size, 5, "st_size");
	check(st.st_nlink, 1, "st_nlink");
	check((long)st.st_uid | (long)st.st_gid, 0, "owner");
	expect(st.st_ino != 0 && st.st_blksize >= 512, "st_ino, st_blksize");
	check((long)st.pad1 | st.pad2 | (long)st.pad3[0] | (long)st.pad3[1], 0, "padding");
	check(svc_newfstatat(fd, "", &st, AT_EMPTY_PATH), 0, "AT_EMPTY_PATH");
	check(svc_newfstatat(AT, "", &st, 0), -ENOENT, "an empty path");
	check(svc_newfstatat(AT, "s", &st, 0x80000000), -EINVAL, "unknown flags");
	check(svc_fstat(99, &st), -EBADF, "no such descriptor");
	check(svc_newfstatat(AT, "/dev/null", &st, 0), 0, "a device");
	check((long)st.st_rdev, (long)dev_make(1, 3), "st_rdev");
	expect(S_ISCHR(st.st_mode), "is a device");
	memset(&stx, 0xff, sizeof(stx));
	check(svc_statx(AT, "s", 0, STATX_BASIC_STATS, &stx), 0, "statx");
	check(stx.stx_mask & STATX_BASIC_STATS, STATX_BASIC_STATS, "stx_mask");
	check(stx.stx_mode, S_IFREG | 0640, "stx_mode");
	check((long)stx.stx_size, 5, "stx_size");
	expect(all_zero((char *)stx.pad2, sizeof(stx.pad2)) && stx.pad1 == 0, "padding");
	check(svc_statx(AT, "s", 0, STATX__RESERVED, &stx), -EINVAL, "a reserved mask");
	check(svc_statfs("/", &sf), 0, "statfs");
	expect(sf.f_bsize >= 512 && sf.f_namelen == 255, "f_bsize, f_namelen");
	check(svc_fstatfs(fd, &sf), 0, "fstatfs");
	check(svc_statfs("none", &sf), -ENOENT, "statfs of none");
	svc_close(fd);
	end();
}

static void attributes(void)
{
	struct timespec times[2] = { { 1000, 5 }, { 2000, 7 } };
	struct stat st;
	int fd;

	begin("chmod, chown, umask, utimensat");
	check(svc_fchmodat(AT, "s", 04711), 0, "fchmodat");
	check(svc_fchownat(AT, "s", 12, 34, 0), 0, "fchownat");
	svc_newfstatat(AT, "s", &st, 0);
	check(st.st_uid, 12, "st_uid");
	check(st.st_gid, 34, "st_gid");
	check(st.st_mode & 0777, 0711, "st_mode");
	fd = open("s", O_RDONLY, 0);
	check(svc_fchmod(fd, 0600), 0, "fchmod");
	check(svc_fchown(fd, 0, -1U), 0, "fchown, group kept");
	svc_fstat(fd, &st);
	check(st.st_gid, 34, "st_gid");
	check(svc_fchmodat(AT, "none", 0600), -ENOENT, "of none");
	check(svc_utimensat(AT, "s", times, 0), 0, "utimensat");
	svc_fstat(fd, &st);
	check(st.st_atime * 10 + (long)st.st_atime_nsec, 10005, "st_atime");
	check(st.st_mtime * 10 + (long)st.st_mtime_nsec, 20007, "st_mtime");
	times[0].tv_nsec = UTIME_OMIT;
	times[1].tv_nsec = UTIME_NOW;
	check(svc_utimensat(AT, "s", times, 0), 0, "UTIME_OMIT, UTIME_NOW");
	times[0].tv_nsec = 1000000000;
	check(svc_utimensat(AT, "s", times, 0), -EINVAL, "10^9 ns");
	check(svc_utimensat(fd, NULL, NULL, 0), 0, "of a descriptor, now");
	svc_close(fd);
	svc_umask(027);
	check(svc_umask(022), 027, "umask");
	svc_umask(077);
	fd = open("masked", O_RDWR | O_CREAT, 0777);
	svc_fstat(fd, &st);
	check(st.st_mode & 0777, 0700, "mode under umask 077");
	svc_umask(022);
	svc_close(fd);
	end();
}

static void listing(void)
{
	static char buf[1024] __attribute__((aligned(8)));
	int seen = 0, dots = 0, fd;
	char name[16];
	long n;

	begin("getdents64: each entry once, small buffers, padding");
	svc_mkdirat(AT, "many", 0755);
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "many/%d", i);
		svc_close(open(name, O_CREAT | O_WRONLY, 0644));
	}
	fd = open("many", O_RDONLY | O_DIRECTORY, 0);
	memset(buf, 0xff, sizeof(buf));
	while ((n = svc_getdents64(fd, buf, 256)) > 0) {
		for (long at = 0; at < n;) {
			struct dirent64 *d = (void *)(buf + at);

			dots += d->d_name[0] == '.';
			seen += d->d_name[0] != '.';
			expect(d->d_reclen % 8 == 0 && d->d_reclen >= 24 && at + d->d_reclen <= n,
			       "d_reclen %d", d->d_reclen);
			expect(d->d_ino != 0, "d_ino of %s", d->d_name);
			expect(d->d_type == (d->d_name[0] == '.' ? DT_DIR : DT_REG), "d_type of %s",
			       d->d_name);
			at += d->d_reclen;
		}
	}
	check(n, 0, "the end");
	check(seen, 200, "files");
	check(dots, 2, "dots");
	svc_lseek(fd, 0, SEEK_SET);
	check(svc_getdents64(fd, buf, 8), -EINVAL, "a buffer too small for one");
	svc_close(fd);
	fd = open("s", O_RDONLY, 0);
	check(svc_getdents64(fd, buf, 256), -ENOTDIR, "of a file");
	svc_close(fd);
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "many/%d", i);
		check(svc_unlinkat(AT, name, 0), 0, "unlink %d", i);
	}
	check(svc_unlinkat(AT, "many", AT_REMOVEDIR), 0, "rmdir");
	end();
}

static void descriptors(void)
{
	struct rlimit64 limit;
	int fd = open("s", O_RDWR, 0), count = 0;

	begin("dup, dup3, fcntl, RLIMIT_NOFILE");
	check(svc_dup(99), -EBADF, "dup of none");
	check(svc_dup3(fd, fd, 0), -EINVAL, "dup3 onto itself");
	check(svc_dup3(fd, -1, 0), -EBADF, "dup3 to -1");
	check(svc_dup3(fd, 1 << 30, 0), -EBADF, "dup3 to 2^30");
	check(svc_dup3(fd, 50, 1), -EINVAL, "dup3, unknown flags");
	check(svc_dup3(fd, 50, O_CLOEXEC), 50, "dup3");
	check(svc_fcntl(50, F_GETFD, 0), FD_CLOEXEC, "F_GETFD");
	check(svc_fcntl(50, F_SETFD, 0), 0, "F_SETFD");
	check(svc_fcntl(50, F_GETFD, 0), 0, "F_GETFD");
	check(svc_fcntl(fd, F_DUPFD, 60), 60, "F_DUPFD");
	check(svc_fcntl(fd, F_DUPFD_CLOEXEC, 60), 61, "F_DUPFD_CLOEXEC");
	check(svc_fcntl(fd, F_DUPFD, 1 << 30), -EINVAL, "F_DUPFD from 2^30");
	check(svc_fcntl(fd, F_GETFL, 0) & ~O_LARGEFILE, O_RDWR, "F_GETFL");
	check(svc_fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK | O_WRONLY), 0, "F_SETFL");
	check(svc_fcntl(fd, F_GETFL, 0) & ~O_LARGEFILE, O_RDWR | O_APPEND | O_NONBLOCK, "F_GETFL");
	check(svc_fcntl(fd, 12345, 0), -EINVAL, "unknown command");
	check(svc_fcntl(99, F_GETFD, 0), -EBADF, "no such descriptor");
	svc_close(50);
	svc_close(60);
	svc_close(61);
	svc_prlimit64(0, RLIMIT_NOFILE, NULL, &limit);
	limit.rlim_cur = 100;
	svc_prlimit64(0, RLIMIT_NOFILE, &limit, NULL);
	while (svc_dup(fd) >= 0)
		count++;
	check(svc_dup(fd), -EMFILE, "descriptors run out");
	check(open("s", O_RDONLY, 0), -EMFILE, "openat");
	expect(count > 80 && count < 100, "%d of them", count);
	for (int i = fd + 1; i < 100; i++)
		svc_close(i);
	expect(svc_dup(fd) >= 0, "and come back");
	end();
}

static void devices(void)
{
	char buf[32];
	int fd;

	begin("/dev/null, zero, full, urandom");
	fd = open("/dev/null", O_RDWR, 0);
	check(svc_read(fd, buf, 16), 0, "read of null");
	check(svc_write(fd, buf, 16), 16, "write of null");
	svc_close(fd);
	fd = open("/dev/zero", O_RDWR, 0);
	memset(buf, 1, sizeof(buf));
	check(svc_read(fd, buf, 16), 16, "read of zero");
	expect(all_zero(buf, 16) && buf[16] == 1, "zeros");
	check(svc_write(fd, buf, 16), 16, "write of zero");
	svc_close(fd);
	fd = open("/dev/full", O_RDWR, 0);
	check(svc_read(fd, buf, 16), 16, "read of full");
	check(svc_write(fd, buf, 16), -ENOSPC, "write of full");
	svc_close(fd);
	fd = open("/dev/urandom", O_RDONLY, 0);
	check(svc_read(fd, buf, 32), 32, "read of urandom");
	expect(memcmp(buf, buf + 16, 16) != 0, "random");
	svc_close(fd);
	check(svc_mknodat(AT, "node", S_IFCHR | 0600, dev_make(77, 77)), 0, "mknodat");
	check(open("node", O_RDONLY, 0), -ENXIO, "a device without a driver");
	check(svc_mknodat(AT, "node", S_IFCHR | 0600, 0), -EEXIST, "mknodat again");
	check(svc_unlinkat(AT, "node", 0), 0, "unlinkat");
	check(svc_mknodat(AT, "node2", S_IFDIR | 0600, 0), -EPERM, "mknodat of a directory");
	check(svc_mknodat(AT, "reg", 0600, 0), 0, "mknodat of a file");
	check(svc_ioctl(0, 0x12345678, NULL), -ENOTTY, "an ioctl that the console does not know");
	fd = open("reg", O_RDWR, 0);
	check(svc_ioctl(fd, 0x5401, buf), -ENOTTY, "TCGETS of a file");
	check(svc_sendfile(1, fd, NULL, 10), 0, "sendfile of an empty file");
	svc_close(fd);
	end();
}

static void copying(void)
{
	int in = open("from", O_RDWR | O_CREAT | O_TRUNC, 0600),
	    out = open("to", O_RDWR | O_CREAT | O_TRUNC, 0600);
	static char buf[20000];
	int64_t at = 100;

	begin("sendfile; a megabyte written and read back");
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (char)(i * 7);
	svc_write(in, buf, sizeof(buf));
	check(svc_sendfile(out, in, &at, 10000), 10000, "sendfile");
	check(at, 10100, "its offset");
	check(svc_pread64(out, buf + 10000, 10000, 0), 10000, "read back");
	check(memcmp(buf + 100, buf + 10000, 9900), 0, "contents");
	check(svc_sendfile(out, in, &at, SIZE_MAX), -EINVAL, "sendfile of -1 bytes");
	check(svc_sendfile(out, in, &at, 1 << 20), 9900, "up to the end");
	check(svc_sendfile(99, in, NULL, 1), -EBADF, "to none");
	for (int i = 0; i < 52; i++)
		check(svc_pwrite64(in, buf, sizeof(buf), i * (long)sizeof(buf)), sizeof(buf),
		      "write %d", i);
	for (int i = 0; i < 52; i++) {
		static char back[sizeof(buf)];

		check(svc_pread64(in, back, sizeof(buf), i * (long)sizeof(buf)), sizeof(buf),
		      "read %d", i);
		check(memcmp(back, buf, sizeof(buf)), 0, "contents %d", i);
	}
	svc_close(in);
	svc_close(out);
	check(svc_fsync(1) <= 0, 1, "fsync");
	svc_unlinkat(AT, "from", 0);
	svc_unlinkat(AT, "to", 0);
	end();
}

int main(void)
{
	opening();
	paths();
	offsets();
	appending();
	lengths();
	directories();
	links();
	unlinked();
	status();
	attributes();
	listing();
	descriptors();
	devices();
	copying();
	return tap_done();
}
