/*
 * paths.c - the calls that take a path: what every one of them answers to a bad one, and then each
 * its own.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <linux/stat.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "tests/el0/libc/hostile.h"

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#define RENAME_EXCHANGE	 2
#endif

#define USER 1000

static int dir, file, sealed_dir; /* "d"; "d/file"; "d/sealed", which only root may search */
static struct stat st;
static char buf[PATH_MAX + 16];

static void become_user(void)
{
	sys(setgroups, 0, 0);
	sys(setresgid, USER, USER, USER);
	sys(setresuid, USER, USER, USER);
}

/* ---- what every one does with its path ---- */

static long do_openat(int at, const char *p)
{
	long fd = sys(openat, at, p, O_RDONLY);

	if (fd >= 0)
		close((int)fd);
	return fd < 0 ? fd : 0;
}
static long do_mknodat(int at, const char *p)
{
	return sys(mknodat, at, p, S_IFREG | 0600, 0);
}
static long do_mkdirat(int at, const char *p)
{
	return sys(mkdirat, at, p, 0700);
}
static long do_unlinkat(int at, const char *p)
{
	return sys(unlinkat, at, p, 0);
}
static long do_rmdir(int at, const char *p)
{
	return sys(unlinkat, at, p, AT_REMOVEDIR);
}
static long do_symlinkat(int at, const char *p)
{
	return sys(symlinkat, "x", at, p);
}
static long do_link_from(int at, const char *p)
{
	return sys(linkat, at, p, dir, "linked", 0);
}
static long do_link_to(int at, const char *p)
{
	return sys(linkat, dir, "file", at, p, 0);
}
static long do_rename_from(int at, const char *p)
{
	return sys(renameat, at, p, dir, "renamed");
}
static long do_rename_to(int at, const char *p)
{
	return sys(renameat, dir, "file", at, p);
}
static long do_rename2_from(int at, const char *p)
{
	return sys(renameat2, at, p, dir, "renamed", 0);
}
static long do_rename2_to(int at, const char *p)
{
	return sys(renameat2, dir, "file", at, p, RENAME_NOREPLACE);
}
static long do_statfs(int at, const char *p)
{
	static struct statfs s;

	return at == AT_FDCWD ? sys(statfs, p, &s) : -ENOSYS;
}
static long do_truncate(int at, const char *p)
{
	return at == AT_FDCWD ? sys(truncate, p, 0) : -ENOSYS;
}
static long do_chdir(int at, const char *p)
{
	return at == AT_FDCWD ? sys(chdir, p) : -ENOSYS;
}
static long do_chroot(int at, const char *p)
{
	return at == AT_FDCWD ? sys(chroot, p) : -ENOSYS;
}
static long do_faccessat(int at, const char *p)
{
	return sys(faccessat, at, p, R_OK);
}
static long do_faccessat2(int at, const char *p)
{
	return sys(faccessat2, at, p, R_OK, AT_EACCESS);
}
static long do_fchmodat(int at, const char *p)
{
	return sys(fchmodat, at, p, 0644);
}
static long do_fchownat(int at, const char *p)
{
	return sys(fchownat, at, p, -1, -1, 0);
}
static long do_readlinkat(int at, const char *p)
{
	return sys(readlinkat, at, p, buf, sizeof(buf));
}
static long do_newfstatat(int at, const char *p)
{
	return sys(newfstatat, at, p, &st, 0);
}
static long do_statx(int at, const char *p)
{
	static struct statx s;

	return sys(statx, at, p, 0, STATX_BASIC_STATS, &s);
}
static long do_utimensat(int at, const char *p)
{
	return sys(utimensat, at, p, NULL, 0);
}

static long do_openat2(int at, const char *p)
{
	static const uint64_t how[3] = { O_RDONLY };
	long fd = sys(openat2, at, p, how, sizeof(how));

	if (fd >= 0)
		close((int)fd);
	return fd < 0 ? fd : 0;
}
static long do_fchmodat2(int at, const char *p)
{
	return sys(fchmodat2, at, p, 0644, 0);
}
static long do_execveat(int at, const char *p)
{
	return sys(execveat, at, p, NULL, NULL, 0);
}
/* Of those that take no descriptor. */
#define ONLY_PATH(name, ...)                                              \
	static long do_##name(int at, const char *p)                      \
	{                                                                 \
		return at == AT_FDCWD ? sys(name, __VA_ARGS__) : -ENOSYS; \
	}
ONLY_PATH(execve, p, NULL, NULL)
ONLY_PATH(umount2, p, 0)
ONLY_PATH(setxattr, p, "user.x", "v", 1, 0)
ONLY_PATH(lsetxattr, p, "user.x", "v", 1, 0)
ONLY_PATH(getxattr, p, "user.x", buf, 1)
ONLY_PATH(lgetxattr, p, "user.x", buf, 1)
ONLY_PATH(listxattr, p, buf, 1)
ONLY_PATH(llistxattr, p, buf, 1)
ONLY_PATH(removexattr, p, "user.x")
ONLY_PATH(lremovexattr, p, "user.x")

static const struct {
	const char *name;
	long (*call)(int at, const char *path);
	bool null_is_at; /* without a path it means the descriptor: nothing of what is said here */
} calls[] = {
	{ "openat", do_openat },
	{ "mknodat", do_mknodat },
	{ "mkdirat", do_mkdirat },
	{ "unlinkat", do_unlinkat },
	{ "unlinkat AT_REMOVEDIR", do_rmdir },
	{ "symlinkat", do_symlinkat },
	{ "linkat from", do_link_from },
	{ "linkat to", do_link_to },
	{ "renameat from", do_rename_from },
	{ "renameat to", do_rename_to },
	{ "renameat2 from", do_rename2_from },
	{ "renameat2 to", do_rename2_to },
	{ "statfs", do_statfs },
	{ "truncate", do_truncate },
	{ "chdir", do_chdir },
	{ "chroot", do_chroot },
	{ "faccessat", do_faccessat },
	{ "faccessat2", do_faccessat2 },
	{ "fchmodat", do_fchmodat },
	{ "fchownat", do_fchownat },
	{ "readlinkat", do_readlinkat },
	{ "newfstatat", do_newfstatat },
	{ "statx", do_statx },
	{ "utimensat", do_utimensat, true },
	{ "openat2", do_openat2 },
	{ "fchmodat2", do_fchmodat2 },
	{ "execveat", do_execveat },
	{ "execve", do_execve },
	{ "umount2", do_umount2 },
	{ "setxattr", do_setxattr },
	{ "lsetxattr", do_lsetxattr },
	{ "getxattr", do_getxattr },
	{ "lgetxattr", do_lgetxattr },
	{ "listxattr", do_listxattr },
	{ "llistxattr", do_llistxattr },
	{ "removexattr", do_removexattr },
	{ "lremovexattr", do_lremovexattr },
};
#define NR_CALLS (sizeof(calls) / sizeof(calls[0]))

static char long_name[NAME_MAX + 2], long_path[PATH_MAX + 1];

static void set_up(void)
{
	memset(long_name, 'n', NAME_MAX + 1);
	memset(long_path, '/', PATH_MAX);
	mkdir("d", 0755);
	dir = open("d", O_RDONLY | O_DIRECTORY);
	file = openat(dir, "file", O_CREAT | O_RDWR, 0644);
	mkdirat(dir, "sealed", 0700);
	sealed_dir = openat(dir, "sealed", O_RDONLY | O_DIRECTORY);
	symlinkat("loop", dir, "loop");
	symlinkat("gone", dir, "dangling");
}

static void test_bad_paths(void)
{
	static const struct {
		const char *path;
		int err;
	} rows[] = {
		{ "", ENOENT },
		{ "d/none/x", ENOENT },
		{ "d/file/x", ENOTDIR },
		{ "d/loop/x", ELOOP },
		{ "d/dangling/x", ENOENT },
		{ "d/file/../x", ENOTDIR },
		{ long_name, ENAMETOOLONG },
		{ long_path, ENAMETOOLONG },
	};

	begin("openat, mknodat, mkdirat, unlinkat, symlinkat, linkat, renameat, renameat2, statfs, "
	      "truncate, chdir, chroot: bad paths");
	for (size_t c = 0; c < NR_CALLS; c++)
		for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++)
			check(calls[c].call(AT_FDCWD, rows[r].path), -rows[r].err, "%s \"%.20s\"",
			      calls[c].name, rows[r].path);
	end();
}

static void test_bad_dirs(void)
{
	begin("faccessat, faccessat2, fchmodat, fchownat, readlinkat, newfstatat, statx, "
	      "utimensat: "
	      "bad directories and addresses");
	for (size_t c = 0; c < NR_CALLS; c++) {
		if (calls[c].call(dir, "none/x") != -ENOSYS) {
			check(calls[c].call(-1, "x"), -EBADF, "%s at -1", calls[c].name);
			check(calls[c].call(999, "x"), -EBADF, "%s at 999", calls[c].name);
			check(calls[c].call(file, "x"), -ENOTDIR, "%s at a file", calls[c].name);
			check(calls[c].call(dir, "none/x"), -ENOENT, "%s at d", calls[c].name);
			check(calls[c].call(-1, "/none/x"), -ENOENT, "%s: absolute", calls[c].name);
		}
		memset(hostile_edge(8), 'x', 8);
		for (int at = 0; hostile_pointer(&at, 16, calls[c].null_is_at ? OPT_IN : IN);)
			if (strcmp(bad_name, "a read-only page") != 0)
				check(calls[c].call(AT_FDCWD, bad), -EFAULT, "%s with %s",
				      calls[c].name, bad_name);
		check(calls[c].call(AT_FDCWD, strcpy(hostile_edge(9), "d/none/x")), -ENOENT,
		      "%s: a path that ends with its page", calls[c].name);
	}
	end();
}

static void as_user(void)
{
	become_user();
	for (size_t c = 0; c < NR_CALLS; c++)
		check(calls[c].call(AT_FDCWD, "d/sealed/x"), -EACCES, "%s", calls[c].name);
	CALL(-EACCES, openat, AT_FDCWD, "d/x", O_CREAT | O_RDWR, 0600);
	CALL(-EACCES, openat, AT_FDCWD, "d/file", O_RDWR);
	CALL(-EACCES, openat, AT_FDCWD, "d/file", O_RDONLY | O_TRUNC);
	CALL(-EPERM, openat, AT_FDCWD, "d/file", O_RDONLY | O_NOATIME);
	CALL(-EACCES, mknodat, AT_FDCWD, "d/x", S_IFREG | 0600, 0);
	CALL(-EPERM, mknodat, AT_FDCWD, "x", S_IFCHR | 0600, makedev(1, 3));
	CALL(-EACCES, mkdirat, AT_FDCWD, "d/x", 0700);
	CALL(-EACCES, unlinkat, AT_FDCWD, "d/file", 0);
	CALL(-EPERM, unlinkat, AT_FDCWD, "roots", 0); /* /tmp is sticky */
	CALL(-EACCES, unlinkat, AT_FDCWD, "d/sealed", AT_REMOVEDIR);
	CALL(-EACCES, symlinkat, "x", AT_FDCWD, "d/x");
	/* Neither his nor his to write. */
	CALL(-EPERM, linkat, AT_FDCWD, "d/file", AT_FDCWD, "d/x", 0);
	CALL(-EACCES, renameat, AT_FDCWD, "d/file", AT_FDCWD, "d/x");
	CALL(-EPERM, renameat2, AT_FDCWD, "roots", AT_FDCWD, "mine", 0);
	CALL(-EACCES, truncate, "d/file", 0);
	CALL(-EACCES, chdir, "d/sealed");
	CALL(-EACCES, fchdir, sealed_dir);
	CALL(-EPERM, chroot, "d");
	CALL(-EACCES, faccessat, AT_FDCWD, "d/file", W_OK);
	CALL(-EACCES, faccessat2, AT_FDCWD, "d/file", X_OK, 0);
	CALL(0, faccessat, AT_FDCWD, "d/file", R_OK);
	CALL(-EPERM, fchmodat, AT_FDCWD, "d/file", 0666);
	CALL(-EPERM, fchownat, AT_FDCWD, "d/file", USER, USER, 0);
	CALL(0, fchownat, AT_FDCWD, "d/file", -1, -1, 0);
	CALL(-EACCES, utimensat, AT_FDCWD, "d/file", NULL, 0);
	CALL(-EPERM, utimensat, AT_FDCWD, "d/file", ((struct timespec[2]){ { 1, 0 }, { 1, 0 } }),
	     0);
}

static void test_permissions(void)
{
	begin("fchdir, chroot: as a user without rights; and all other paths");
	close(open("roots", O_CREAT | O_RDWR, 0600));
	check_child(as_user, 0, "as user %d", USER);
	unlink("roots");
	end();
}

/* ---- each its own ---- */

static void test_openat(void)
{
	int fd;

	begin("openat: flags and kinds of files");
	CALL(-EEXIST, openat, dir, "file", O_CREAT | O_EXCL | O_RDWR, 0600);
	CALL(-EEXIST, openat, dir, "dangling", O_CREAT | O_EXCL | O_RDWR, 0600);
	CALL(-EEXIST, openat, dir, "..", O_CREAT | O_EXCL | O_RDWR, 0600);
	CALL(-EISDIR, openat, dir, "..", O_CREAT | O_RDWR, 0600);
	CALL(-EISDIR, openat, AT_FDCWD, "d", O_RDWR);
	CALL(-EISDIR, openat, AT_FDCWD, "d", O_WRONLY);
	CALL(-EISDIR, openat, AT_FDCWD, "d", O_RDONLY | O_TRUNC);
	CALL(-EISDIR, openat, AT_FDCWD, "d/new/", O_CREAT | O_RDWR, 0600);
	CALL(-ENOTDIR, openat, dir, "file", O_RDONLY | O_DIRECTORY);
	CALL(-ENOTDIR, openat, dir, "file/", O_RDONLY);
	CALL(-ELOOP, openat, dir, "loop", O_RDONLY);
	CALL(-ELOOP, openat, dir, "dangling", O_RDONLY | O_NOFOLLOW);
	CALL(-EINVAL, openat, dir, "x", O_CREAT | O_DIRECTORY | O_RDWR, 0600);
	CALL(-EINVAL, openat, AT_FDCWD, ".", (O_TMPFILE & ~O_DIRECTORY) | O_RDWR, 0600);
	CALL(-EINVAL, openat, AT_FDCWD, ".", O_TMPFILE | O_RDONLY, 0600);
	sys(mknodat, AT_FDCWD, "fifo", S_IFIFO | 0600, 0);
	CALL(-ENXIO, openat, AT_FDCWD, "fifo", O_WRONLY | O_NONBLOCK);
	fd = open("fifo", O_RDONLY | O_NONBLOCK);
	expect(fd >= 0, "a fifo without a writer opens for reading, O_NONBLOCK");
	close((int)sys(openat, AT_FDCWD, "fifo", O_WRONLY | O_NONBLOCK));
	close(fd);
	unlink("fifo");
	fd = (int)sys(openat, dir, "file", O_PATH);
	CALL(-EBADF, read, fd, buf, 1);
	CALL(0, newfstatat, fd, "", &st, AT_EMPTY_PATH);
	close(fd);
	fd = (int)sys(openat, AT_FDCWD, "d", O_RDONLY | O_CLOEXEC | O_DIRECTORY);
	CALL(FD_CLOEXEC, fcntl, fd, F_GETFD, 0);
	CALL(-EISDIR, read, fd, buf, 1);
	close(fd);
	umask(027);
	fd = (int)sys(openat, dir, "made", O_CREAT | O_EXCL | O_WRONLY, 0777);
	fstat(fd, &st);
	check(st.st_mode, S_IFREG | 0750, "the mode of what openat made");
	CALL(-EBADF, read, fd, buf, 1);
	close(fd);
	umask(022);
	unlinkat(dir, "made", 0);
	end();
}

static void test_make(void)
{
	begin("mkdirat, mknodat, unlinkat, getcwd: made and taken away");
	CALL(0, mkdirat, dir, "sub", 0777);
	CALL(-EEXIST, mkdirat, dir, "sub", 0777);
	CALL(-EEXIST, mkdirat, dir, "file", 0777);
	CALL(-EEXIST, mkdirat, dir, "dangling", 0777);
	CALL(-EEXIST, mkdirat, AT_FDCWD, "/", 0777);
	CALL(-EEXIST, mkdirat, dir, ".", 0777);
	CALL(0, mkdirat, dir, "sub/deep/", 01777);
	fstatat(dir, "sub/deep", &st, 0);
	check(st.st_mode, S_IFDIR | 01755, "the mode of what mkdirat made");
	CALL(-EEXIST, mknodat, dir, "file", S_IFREG, 0);
	CALL(-EINVAL, mknodat, dir, "x", S_IFMT, 0);
	CALL(-EPERM, mknodat, dir, "x", S_IFDIR | 0700, 0);
	CALL(-EINVAL, mknodat, dir, "x", S_IFLNK | 0700, 0);
	CALL(0, mknodat, dir, "null", S_IFCHR | 0666, makedev(1, 3));
	fstatat(dir, "null", &st, 0);
	check(st.st_rdev, makedev(1, 3), "the device's number");
	CALL(0, mknodat, dir, "plain", 0644, 0);
	fstatat(dir, "plain", &st, 0);
	check(st.st_mode, S_IFREG | 0644, "mode 0 is a plain file");
	CALL(0, mknodat, dir, "block", S_IFBLK | 0600, makedev(200, 7));
	CALL(-ENXIO, openat, dir, "block", O_RDONLY);
	CALL(0, mknodat, dir, "char", S_IFCHR | 0600, makedev(200, 7));
	CALL(-ENXIO, openat, dir, "char", O_RDONLY);

	CALL(-EINVAL, unlinkat, dir, "file", 1);
	CALL(-EISDIR, unlinkat, dir, "sub", 0);
	CALL(-ENOTDIR, unlinkat, dir, "file", AT_REMOVEDIR);
	CALL(-ENOTDIR, unlinkat, dir, "dangling", AT_REMOVEDIR);
	CALL(-ENOTEMPTY, unlinkat, dir, "sub", AT_REMOVEDIR);
	CALL(-EINVAL, unlinkat, dir, "sub/.", AT_REMOVEDIR);
	CALL(-ENOTEMPTY, unlinkat, dir, "sub/..", AT_REMOVEDIR);
	CALL(-EBUSY, unlinkat, AT_FDCWD, "/", AT_REMOVEDIR);
	CALL(-ENOTDIR, unlinkat, dir, "file/", 0);
	static const char *const gone[] = { "null", "plain", "block", "char" };

	for (size_t i = 0; i < 4; i++)
		CALL(0, unlinkat, dir, gone[i], 0);

	/* The working directory may go away. */
	CALL(0, chdir, "d/sub/deep");
	CALL(sizeof("/tmp/d/sub/deep"), getcwd, buf, sizeof(buf));
	check(strcmp(buf, "/tmp/d/sub/deep"), 0, "getcwd says %s", buf);
	CALL(-ERANGE, getcwd, buf, sizeof("/tmp/d/sub/deep") - 1);
	CALL(-ERANGE, getcwd, buf, 0);
	CALL(sizeof("/tmp/d/sub/deep"), getcwd, hostile_edge(sizeof("/tmp/d/sub/deep")), 4096);
	FAULTS(OUT, 16, getcwd, bad, 4096);
	CALL(0, unlinkat, AT_FDCWD, "../deep", AT_REMOVEDIR);
	CALL(-ENOENT, getcwd, buf, sizeof(buf));
	CALL(-ENOENT, openat, AT_FDCWD, "x", O_CREAT | O_RDWR, 0600);
	CALL(-ENOENT, mkdirat, AT_FDCWD, "x", 0700);
	CALL(0, chdir, "../../..");
	CALL(sizeof("/tmp"), getcwd, buf, sizeof(buf));
	CALL(0, unlinkat, dir, "sub", AT_REMOVEDIR);
	end();
}

static void test_links(void)
{
	begin("linkat, symlinkat, readlinkat: success, errors");
	CALL(0, linkat, dir, "file", dir, "second", 0);
	CALL(-EEXIST, linkat, dir, "file", dir, "second", 0);
	CALL(-EPERM, linkat, AT_FDCWD, "d", dir, "x", 0);
	CALL(-EINVAL, linkat, dir, "file", dir, "x", 1);
	fstatat(dir, "file", &st, 0);
	check(st.st_nlink, 2, "two links");
	CALL(0, linkat, dir, "dangling", dir, "third", 0);
	fstatat(dir, "third", &st, AT_SYMLINK_NOFOLLOW);
	expect(S_ISLNK(st.st_mode), "a link to the symbolic link itself");
	CALL(-ENOENT, linkat, dir, "dangling", dir, "x", AT_SYMLINK_FOLLOW);
	CALL(0, linkat, file, "", dir, "fourth", AT_EMPTY_PATH);
	CALL(-ENOENT, linkat, dir, "file", dir, "x/", 0);
	unlinkat(dir, "second", 0);
	unlinkat(dir, "third", 0);
	unlinkat(dir, "fourth", 0);

	CALL(-EEXIST, symlinkat, "x", dir, "file");
	CALL(-EEXIST, symlinkat, "x", dir, "dangling");
	CALL(-ENOENT, symlinkat, "", dir, "x");
	CALL(-ENAMETOOLONG, symlinkat, long_path, dir, "x");
	CALL(-ENOENT, symlinkat, "x", dir, "x/");
	memset(hostile_edge(8), 'x', 8);
	for (int at = 0; hostile_pointer(&at, 16, IN);)
		if (strcmp(bad_name, "a read-only page") != 0)
			CALL(-EFAULT, symlinkat, bad, dir, "x");
	CALL(4, readlinkat, dir, "dangling", buf, sizeof(buf));
	check(memcmp(buf, "gone", 4), 0, "what readlinkat says");
	CALL(2, readlinkat, dir, "dangling", hostile_edge(2), 2);
	CALL(4, readlinkat, dir, "dangling", hostile_edge(4), 4096);
	CALL(-EINVAL, readlinkat, dir, "dangling", buf, 0);
	CALL(-EINVAL, readlinkat, dir, "dangling", buf, -1);
	CALL(-EINVAL, readlinkat, dir, "file", buf, sizeof(buf));
	CALL(-EINVAL, readlinkat, AT_FDCWD, "d", buf, sizeof(buf));
	FAULTS(OUT, 4, readlinkat, dir, "dangling", bad, 16);
	end();
}

static void test_rename(void)
{
	begin("renameat, renameat2: success, errors");
	mkdirat(dir, "a", 0755);
	mkdirat(dir, "a/in", 0755);
	mkdirat(dir, "b", 0755);
	close(openat(dir, "other", O_CREAT | O_RDWR, 0600));
	CALL(-EISDIR, renameat, dir, "file", dir, "a");
	CALL(-ENOTDIR, renameat, dir, "a", dir, "file");
	CALL(-ENOTEMPTY, renameat, dir, "b", dir, "a");
	CALL(-EINVAL, renameat, dir, "a", dir, "a/in/x");
	CALL(-EINVAL, renameat, dir, "a", dir, "a/x");
	CALL(-ENOTEMPTY, renameat, dir, "a/in", dir, "a");
	CALL(-EBUSY, renameat, dir, ".", dir, "x");
	CALL(-EBUSY, renameat, dir, "a/..", dir, "x");
	CALL(-EBUSY, renameat, dir, "a", dir, "b/.");
	CALL(-ENOTDIR, renameat, dir, "file/", dir, "x");
	CALL(-ENOTDIR, renameat, dir, "file", dir, "x/");
	CALL(0, renameat, dir, "a", dir, "b");
	CALL(0, faccessat, dir, "b/in", F_OK);
	CALL(0, renameat, dir, "b", dir, "a/");
	CALL(0, renameat, dir, "file", dir, "file");
	CALL(-EEXIST, renameat2, dir, "file", dir, "other", RENAME_NOREPLACE);
	CALL(0, renameat2, dir, "file", dir, "a", RENAME_EXCHANGE);
	CALL(0, faccessat, dir, "file/in", F_OK);
	CALL(0, renameat2, dir, "file", dir, "a", RENAME_EXCHANGE);
	CALL(-ENOENT, renameat2, dir, "file", dir, "none", RENAME_EXCHANGE);
	CALL(-EINVAL, renameat2, dir, "a", dir, "a/in", RENAME_EXCHANGE);
	CALL(-EINVAL, renameat2, dir, "file", dir, "other", RENAME_EXCHANGE | RENAME_NOREPLACE);
	CALL(-EINVAL, renameat2, dir, "file", dir, "other", 8);
	CALL(0, renameat2, dir, "other", dir, "file2", 0);
	unlinkat(dir, "file2", 0);
	unlinkat(dir, "a/in", AT_REMOVEDIR);
	unlinkat(dir, "a", AT_REMOVEDIR);
	end();
}

static void test_stat(void)
{
	static struct statx sx, sx0;
	static struct statfs sf;

	begin("newfstatat, statx, statfs: success, errors, addresses");
	CALL(0, newfstatat, dir, "file", &st, 0);
	check(st.st_mode, S_IFREG | 0644, "st_mode");
	check(st.st_nlink, 1, "st_nlink");
	CALL(-EINVAL, newfstatat, dir, "file", &st, 1);
	CALL(0, newfstatat, dir, "loop", &st, AT_SYMLINK_NOFOLLOW);
	check(st.st_size, 4, "size of a symbolic link");
	CALL(-ELOOP, newfstatat, dir, "loop", &st, 0);
	CALL(0, newfstatat, dir, "", &st, AT_EMPTY_PATH);
	CALL(0, newfstatat, AT_FDCWD, "", &st, AT_EMPTY_PATH);
	CALL(-EBADF, newfstatat, -1, "", &st, AT_EMPTY_PATH);
	FAULTS(OUT, sizeof(st), newfstatat, dir, "file", bad, 0);

	CALL(0, statx, dir, "file", 0, STATX_BASIC_STATS | STATX_BTIME, &sx);
	check(sx.stx_mask & STATX_BASIC_STATS, STATX_BASIC_STATS, "stx_mask");
	check(sx.stx_mode, S_IFREG | 0644, "stx_mode");
	fstatat(dir, "file", &st, 0);
	check((long)sx.stx_ino, (long)st.st_ino, "stx_ino");
	check(memcmp(sx.__spare3, sx0.__spare3, 64), 0, "what is spare is zero");
	CALL(-EINVAL, statx, dir, "file", 1, STATX_BASIC_STATS, &sx);
	CALL(-EINVAL, statx, dir, "file", AT_STATX_SYNC_TYPE, STATX_BASIC_STATS, &sx);
	CALL(-EINVAL, statx, dir, "file", 0, STATX__RESERVED, &sx);
	CALL(0, statx, file, "", AT_EMPTY_PATH, 0, &sx);
	CALL(0, statx, dir, "dangling", AT_SYMLINK_NOFOLLOW, ~STATX__RESERVED, &sx);
	FAULTS(OUT, sizeof(sx), statx, dir, "file", 0, STATX_BASIC_STATS, bad);

	CALL(0, statfs, "d", &sf);
	expect(sf.f_bsize > 0 && sf.f_namelen == NAME_MAX, "f_bsize, f_namelen");
	FAULTS(OUT, sizeof(sf), statfs, "d", bad);
	end();
}

static void test_access(void)
{
	begin("faccessat, faccessat2: modes and flags");
	CALL(0, faccessat, dir, "file", F_OK);
	CALL(0, faccessat, dir, "file", R_OK | W_OK);
	CALL(-EACCES, faccessat, dir, "file", X_OK); /* root, but nobody may execute it */
	CALL(0, faccessat, AT_FDCWD, "d", R_OK | W_OK | X_OK);
	CALL(-EINVAL, faccessat, dir, "file", 8);
	CALL(-EINVAL, faccessat2, dir, "file", R_OK, 1);
	CALL(-EINVAL, faccessat2, dir, "file", -1, 0);
	CALL(0, faccessat2, dir, "dangling", R_OK, AT_SYMLINK_NOFOLLOW);
	CALL(-ENOENT, faccessat2, dir, "dangling", R_OK, 0);
	CALL(0, faccessat2, file, "", W_OK, AT_EMPTY_PATH | AT_EACCESS);
	end();
}

static void test_change(void)
{
	static struct timespec ts[2];

	begin("fchmodat, fchownat, utimensat, truncate: changes, errors, addresses");
	CALL(0, fchmodat, dir, "file", 07777);
	fstatat(dir, "file", &st, 0);
	check(st.st_mode, S_IFREG | 07777, "fchmodat's mode");
	CALL(0, fchownat, dir, "file", 5, 6, 0);
	fstatat(dir, "file", &st, 0);
	check(st.st_mode, S_IFREG | 01777, "fchownat takes set-uid and set-gid away");
	check((long)st.st_uid * 100 + st.st_gid, 506, "owner");
	CALL(0, fchownat, dir, "file", -1, 7, 0);
	fstatat(dir, "file", &st, 0);
	check((long)st.st_uid * 100 + st.st_gid, 507, "the owner stays");
	CALL(-EINVAL, fchownat, dir, "file", 0, 0, 1);
	CALL(0, fchownat, dir, "dangling", 5, 5, AT_SYMLINK_NOFOLLOW);
	CALL(-ENOENT, fchownat, dir, "dangling", 5, 5, 0);
	CALL(0, fchownat, file, "", 0, 0, AT_EMPTY_PATH);
	CALL(0, fchmodat, dir, "file", 0644);

	ts[0] = (struct timespec){ 12345, 678 };
	ts[1] = (struct timespec){ -5, 999999999 };
	CALL(0, utimensat, dir, "file", ts, 0);
	fstatat(dir, "file", &st, 0);
	check(st.st_atim.tv_sec, 12345, "atime");
	check(st.st_mtim.tv_sec, -5, "mtime before 1970");
	check(st.st_mtim.tv_nsec, 999999999, "mtime's nanoseconds");
	ts[0].tv_nsec = UTIME_OMIT;
	ts[1].tv_nsec = UTIME_NOW;
	CALL(0, utimensat, dir, "file", ts, 0);
	fstatat(dir, "file", &st, 0);
	check(st.st_atim.tv_sec, 12345, "UTIME_OMIT");
	expect(st.st_mtim.tv_sec >= 0, "UTIME_NOW");
	ts[0].tv_nsec = 1000000000;
	CALL(-EINVAL, utimensat, dir, "file", ts, 0);
	ts[0].tv_nsec = -1;
	CALL(-EINVAL, utimensat, dir, "file", ts, 0);
	ts[0].tv_nsec = ts[1].tv_nsec = UTIME_OMIT;
	CALL(0, utimensat, dir, "none", ts, 0); /* nothing to do: the path is not looked at */
	ts[0].tv_nsec = 0;
	CALL(-EINVAL, utimensat, dir, "file", ts, 1);
	CALL(0, utimensat, dir, "dangling", ts, AT_SYMLINK_NOFOLLOW);
	CALL(0, utimensat, file, NULL, NULL, 0);
	CALL(-EINVAL, utimensat, file, NULL, NULL, AT_SYMLINK_NOFOLLOW);
	CALL(-EBADF, utimensat, -1, NULL, NULL, 0);
	CALL(-EFAULT, utimensat, AT_FDCWD, NULL, NULL, 0);
	FAULTS(OPT_IN, sizeof(ts), utimensat, dir, "file", bad, 0);

	check(write(file, "12345678", 8), 8, "write");
	CALL(0, truncate, "d/file", 3);
	CALL(0, truncate, "d/file", 70000);
	fstatat(dir, "file", &st, 0);
	check(st.st_size, 70000, "truncate makes it longer");
	CALL(-EINVAL, truncate, "d/file", -1);
	CALL(0, truncate, "d/file", LONG_MAX);
	CALL(-EISDIR, truncate, "d", 0);
	CALL(-EINVAL, truncate, "/dev/null", 0);
	CALL(0, truncate, "d/file", 0);
	end();
}

static void in_new_root(void)
{
	CALL(0, chroot, "d");
	CALL(0, chdir, "/");
	CALL(0, faccessat, AT_FDCWD, "/file", F_OK);
	CALL(0, faccessat, AT_FDCWD, "../../file", F_OK);
	CALL(sizeof("/"), getcwd, buf, sizeof(buf));
	CALL(-ENOENT, faccessat, AT_FDCWD, "/tmp", F_OK);
}

static void outside_of_root(void)
{
	static const char want[] = "(unreachable)";

	CALL(0, chroot, "d");
	expect(sys(getcwd, buf, sizeof(buf)) > 0 && !memcmp(buf, want, 13), "getcwd: %.30s", buf);
}

static void test_chroot(void)
{
	begin("chroot, chdir, fchdir: kinds of files");
	check_child(in_new_root, 0, "in a new root");
	check_child(outside_of_root, 0, "a working directory outside of the root");
	CALL(-ENOTDIR, chroot, "d/file");
	CALL(-ENOTDIR, chdir, "d/file");
	CALL(-ENOTDIR, fchdir, file);
	CALL(-EBADF, fchdir, -1);
	CALL(0, fchdir, dir);
	CALL(0, faccessat, AT_FDCWD, "file", F_OK);
	CALL(0, chdir, "/tmp");
	end();
}

int main(void)
{
	umask(022);
	set_up();
	test_bad_paths();
	test_bad_dirs();
	test_permissions();
	test_openat();
	test_make();
	test_links();
	test_rename();
	test_stat();
	test_access();
	test_change();
	test_chroot();
	unlinkat(dir, "file", 0);
	unlinkat(dir, "loop", 0);
	unlinkat(dir, "dangling", 0);
	unlinkat(dir, "sealed", AT_REMOVEDIR);
	rmdir("d");
	return tap_done();
}
