/*
 * file_attributes.c - what is known of a file, and what of it can be set: stat, statx, chmod,
 * chown, utimensat, access; as root and as not.
 */
#define _GNU_SOURCE
#include "tests/el0/libc/calls.h"

#include <fcntl.h>
#include <linux/stat.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <time.h>

#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif

#define BAD    ((void *)8)
#define KERNEL ((void *)0xffff000000001000)

static int dir;

/*
 * What happens to user 1000 of group 1000, who is also in group 1001: the checks of @body in a
 * child.
 */
static void as_user(void (*body)(void))
{
	int status;
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		gid_t groups[] = { 1001 };

		tap_forget();
		if (sys(setgroups, 1, groups) || sys(setresgid, 1000, 1000, 1000) ||
		    sys(setresuid, 1000, 1000, 1000))
			_exit(1);
		body();
		_exit(tap_failures() != 0);
	}
	waitpid(pid, &status, 0);
	check(status, 0, "as user 1000");
}

static mode_t mode_of(const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) ? 0 : st.st_mode & 07777;
}

static int make(const char *name, mode_t mode, uid_t uid, gid_t gid)
{
	int fd = openat(dir, name, O_CREAT | O_RDWR, 0600);

	if (fchown(fd, uid, gid) || fchmod(fd, mode))
		return -1;
	return fd;
}

/* ---- stat ---- */

static void stats(void)
{
	struct stat st, other;
	struct statx sx;
	int fd = make("s", 0640, 3, 4), p[2];

	begin("newfstatat, fstat: what they tell");
	check(write(fd, "hello", 5), 5, "five bytes");
	check(sys(newfstatat, dir, "s", &st, 0), 0, "newfstatat");
	check(sys(fstat, fd, &other), 0, "fstat");
	expect(memcmp(&st, &other, sizeof(st)) == 0, "tell the same");
	expect(st.st_mode == (S_IFREG | 0640) && st.st_uid == 3 && st.st_gid == 4, "mode, owner");
	expect(st.st_size == 5 && st.st_blocks == 8 && st.st_blksize == 4096, "size, blocks");
	expect(st.st_nlink == 1 && st.st_ino != 0 && st.st_rdev == 0, "link, inode");
	check(sys(newfstatat, fd, "", &other, AT_EMPTY_PATH), 0, "AT_EMPTY_PATH");
	expect(memcmp(&st, &other, sizeof(st)) == 0, "tell the same");
	check(sys(newfstatat, dir, "", &other, AT_EMPTY_PATH), 0, "of a directory");
	expect(S_ISDIR(other.st_mode) && other.st_nlink == 2, "a directory without others");
	check(sys(newfstatat, AT_FDCWD, "", &other, AT_EMPTY_PATH), 0, "of the working directory");
	check(sys(newfstatat, dir, "", &other, 0), -ENOENT, "without it");
	check(sys(newfstatat, fd, "x", &other, 0), -ENOTDIR, "below a file");
	check(sys(newfstatat, dir, "none", &other, 0), -ENOENT, "none");
	check(sys(newfstatat, -1, "none", &other, 0), -EBADF, "bad descriptor");
	check(sys(newfstatat, dir, "s", &other, 1), -EINVAL, "bad flag");
	check(sys(newfstatat, dir, "s", KERNEL, 0), -EFAULT, "to the kernel");
	check(sys(newfstatat, dir, BAD, &st, 0), -EFAULT, "bad name");
	check(sys(fstat, fd, BAD), -EFAULT, "bad buffer");
	check(sys(fstat, -1, &st), -EBADF, "bad descriptor");
	check(pipe(p), 0, "a pipe");
	check(sys(fstat, p[0], &st), 0, "of a pipe");
	expect(S_ISFIFO(st.st_mode) && st.st_nlink == 1, "is a fifo");
	close(p[0]);
	close(p[1]);
	end();

	begin("statx: what it tells");
	memset(&sx, 0xff, sizeof(sx));
	check(sys(statx, dir, "s", 0, STATX_BASIC_STATS | STATX_BTIME, &sx), 0, "statx");
	fstat(fd, &st);
	check(sx.stx_mask & (STATX_BASIC_STATS | STATX_BTIME), STATX_BASIC_STATS | STATX_BTIME,
	      "mask");
	expect(sx.stx_mode == st.st_mode && sx.stx_uid == 3 && sx.stx_gid == 4, "mode, owner");
	expect(sx.stx_size == 5 && sx.stx_blocks == 8 && sx.stx_blksize == 4096, "size");
	expect(sx.stx_ino == st.st_ino && sx.stx_nlink == 1, "inode");
	expect(sx.stx_mtime.tv_sec == st.st_mtim.tv_sec &&
		       (long)sx.stx_mtime.tv_nsec == st.st_mtim.tv_nsec,
	       "time");
	expect(makedev(sx.stx_dev_major, sx.stx_dev_minor) == st.st_dev, "device");
	expect(sx.stx_mnt_id != 0 && sx.stx_mask & 0x1000, "mount");
	check(sx.stx_attributes & sx.stx_attributes_mask & ~0x2000UL, 0, "attributes");
	check(sys(statx, dir, "", AT_EMPTY_PATH, STATX_ALL, &sx), 0, "AT_EMPTY_PATH");
	expect(S_ISDIR(sx.stx_mode), "a directory");
	check(sys(statx, fd, NULL, AT_EMPTY_PATH, STATX_ALL, &sx), 0, "NULL for the empty path");
	check(sys(statx, dir, "s", AT_STATX_FORCE_SYNC, 0, &sx), 0, "AT_STATX_FORCE_SYNC");
	check(sys(statx, dir, "s", AT_STATX_SYNC_TYPE, 0, &sx), -EINVAL, "both ways to sync");
	check(sys(statx, dir, "s", 0, 0x80000000, &sx), -EINVAL, "the reserved bit");
	check(sys(statx, dir, "s", 4, 0, &sx), -EINVAL, "bad flag");
	check(sys(statx, dir, "none", 0, 0, &sx), -ENOENT, "none");
	check(sys(statx, dir, "s", 0, 0, KERNEL), -EFAULT, "to the kernel");
	check(sys(statx, dir, "s", 0, 0, BAD), -EFAULT, "bad buffer");
	end();
	close(fd);
	unlinkat(dir, "s", 0);
}

static void file_systems(void)
{
	struct statfs a, b;

	begin("statfs, fstatfs: of tmpfs");
	check(sys(statfs, "/tmp", &a), 0, "statfs");
	check(sys(fstatfs, dir, &b), 0, "fstatfs");
	expect(a.f_type == 0x01021994 && b.f_type == a.f_type, "tmpfs");
	expect(a.f_bsize == 4096 && a.f_namelen == 255 && a.f_frsize == 4096, "sizes");
	expect(a.f_bfree <= a.f_blocks && a.f_ffree <= a.f_files, "free");
	expect(memcmp(&a.f_fsid, &b.f_fsid, sizeof(a.f_fsid)) == 0, "id");
	check(sys(statfs, "/none", &a), -ENOENT, "none");
	check(sys(statfs, "/tmp", KERNEL), -EFAULT, "to the kernel");
	check(sys(statfs, BAD, &a), -EFAULT, "bad name");
	check(sys(fstatfs, -1, &a), -EBADF, "bad descriptor");
	check(sys(fstatfs, dir, BAD), -EFAULT, "bad buffer");
	end();
}

/* ---- chmod ---- */

static void chmod_user(void)
{
	int fd = openat(dir, "theirs", O_RDONLY), path;

	check(sys(fchmodat, dir, "theirs", 0777), -EPERM, "not the owner");
	check(sys(fchmod, fd, 0777), -EPERM, "not the owner, by descriptor");
	check(sys(fchmodat, dir, "mine", 02755), 0, "S_ISGID in one's group");
	check(mode_of("mine"), 02755, "is set");
	check(sys(fchmodat, dir, "foreign", 02755), 0, "S_ISGID outside of it");
	check(mode_of("foreign"), 0755, "is not set");
	check(sys(fchmodat, dir, "second", 02755), 0, "in a supplementary group");
	check(mode_of("second"), 02755, "is set");
	check(sys(fchmodat, dir, "mine", 04755), 0, "S_ISUID");
	path = openat(dir, "mine", O_PATH);
	check(sys(fchmodat2, path, "", 0600, AT_EMPTY_PATH), 0, "by O_PATH");
	check(mode_of("mine"), 0600, "is set");
	close(path);
	close(fd);
}

static void chmods(void)
{
	int fd;

	close(make("mine", 0600, 1000, 1000));
	close(make("theirs", 0644, 0, 0));
	close(make("foreign", 0644, 1000, 5));
	close(make("second", 0644, 1000, 1001));
	symlinkat("mine", dir, "link");
	begin("fchmodat, fchmod, fchmodat2: who may, and what stays");
	as_user(chmod_user);
	check(sys(fchmodat, dir, "link", 0640), 0, "through a link");
	check(mode_of("mine"), 0640, "its target");
	check(sys(fchmodat2, dir, "link", 0600, AT_SYMLINK_NOFOLLOW), -EOPNOTSUPP, "a link itself");
	check(sys(fchmodat2, dir, "mine", 0600, AT_SYMLINK_NOFOLLOW), 0, "not a link");
	check(sys(fchmodat2, dir, "mine", 0600, 1), -EINVAL, "bad flag");
	check(sys(fchmodat2, dir, "none", 0600, 0), -ENOENT, "none");
	check(sys(fchmodat2, dir, "", 0600, 0), -ENOENT, "no name");
	check(sys(fchmodat, -1, "mine", 0600), -EBADF, "bad descriptor");
	check(sys(fchmodat, dir, BAD, 0600), -EFAULT, "bad name");
	check(sys(fchmodat, dir, KERNEL, 0600), -EFAULT, "the kernel's");
	check(sys(fchmodat, dir, "mine", 0177777), 0, "bits of the type");
	check(mode_of("mine"), 07777, "are not looked at");
	fd = openat(dir, "mine", O_RDONLY);
	check(sys(fchmod, fd, 0604), 0, "fchmod");
	check(mode_of("mine"), 0604, "is set");
	close(fd);
	check(sys(fchmod, -1, 0), -EBADF, "bad descriptor");
	end();
}

/* ---- chown, and what clears set-ID bits ---- */

static void chown_user(void)
{
	check(sys(fchownat, dir, "mine", 1000, -1, 0), 0, "to oneself");
	check(sys(fchownat, dir, "mine", -1, 1001, 0), 0, "to one of one's groups");
	check(sys(fchownat, dir, "mine", -1, 1000, 0), 0, "back");
	check(sys(fchownat, dir, "mine", -1, 1002, 0), -EPERM, "to another group");
	check(sys(fchownat, dir, "mine", 1001, -1, 0), -EPERM, "to another user");
	check(sys(fchownat, dir, "theirs", 1000, 1000, 0), -EPERM, "another's");
	check(sys(fchownat, dir, "theirs", -1, -1, 0), 0, "another's, nothing changed");
}

static void writes_clear(void)
{
	int fd = openat(dir, "suid", O_WRONLY);

	check(write(fd, "x", 1), 1, "a write");
	check(mode_of("suid"), 0777, "clears S_ISUID and S_ISGID");
	close(fd);
	check(truncate("suid2", 0), 0, "a truncate");
	check(mode_of("suid2"), 0777, "does too");
}

static void chowns(void)
{
	int fd;
	struct stat st;

	close(make("suid", 06777, 0, 0));
	close(make("suid2", 06777, 0, 0));
	begin("fchownat, fchown, write, truncate: who may, and set-ID bits");
	as_user(chown_user);
	check(sys(fchownat, dir, "link", 7, 8, AT_SYMLINK_NOFOLLOW), 0, "a link itself");
	fstatat(dir, "link", &st, AT_SYMLINK_NOFOLLOW);
	expect(st.st_uid == 7 && st.st_gid == 8, "is another's");
	fstatat(dir, "mine", &st, 0);
	expect(st.st_uid == 1000, "its target is not");
	fd = make("c", 06755, 5, 5);
	check(sys(fchown, fd, 6, 6), 0, "by root");
	check(mode_of("c"), 0755, "clears S_ISUID and S_ISGID");
	fchmod(fd, 06744);
	check(sys(fchown, fd, 6, 6), 0, "by root");
	check(mode_of("c"), 02744, "S_ISGID without x stays");
	fchmod(fd, 06755);
	check(sys(fchown, fd, -1, -1), 0, "nothing changed");
	check(mode_of("c"), 0755, "clears all the same");
	check(sys(fchownat, fd, "", 9, -1, AT_EMPTY_PATH), 0, "AT_EMPTY_PATH");
	fstat(fd, &st);
	expect(st.st_uid == 9 && st.st_gid == 6, "-1 leaves");
	close(fd);
	mkdirat(dir, "sd", 0777);
	fchmodat(dir, "sd", 02777, 0);
	check(sys(fchownat, dir, "sd", 4, 4, 0), 0, "a directory");
	check(mode_of("sd"), 02777, "keeps its bits");
	check(sys(fchownat, dir, "c", 0, 0, 4), -EINVAL, "bad flag");
	check(sys(fchownat, dir, "none", 0, 0, 0), -ENOENT, "none");
	check(sys(fchownat, dir, KERNEL, 0, 0, 0), -EFAULT, "the kernel's");
	check(sys(fchown, -1, 0, 0), -EBADF, "bad descriptor");
	as_user(writes_clear);
	end();
}

/* ---- times ---- */

static void times_user(void)
{
	struct timespec now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };
	struct timespec set[2] = { { 1, 0 }, { 2, 0 } };
	struct timespec half[2] = { { 0, UTIME_NOW }, { 0, UTIME_OMIT } };

	check(sys(utimensat, dir, "writable", NULL, 0), 0, "now, of what one may write");
	check(sys(utimensat, dir, "writable", now, 0), 0, "UTIME_NOW");
	check(sys(utimensat, dir, "writable", set, 0), -EPERM, "set, not the owner");
	check(sys(utimensat, dir, "writable", half, 0), -EPERM, "one now, not the owner");
	check(sys(utimensat, dir, "theirs", NULL, 0), -EACCES, "not writable");
	check(sys(utimensat, dir, "mine", set, 0), 0, "the owner");
}

static void times(void)
{
	struct timespec set[2] = { { 1000000000, 123456789 }, { -5, 999999999 } };
	struct stat st, was;
	int fd = make("t", 0600, 0, 0);

	close(make("writable", 0666, 0, 0));
	fchmodat(dir, "theirs", 0644, 0);
	begin("utimensat: UTIME_NOW, UTIME_OMIT, who may");
	check(sys(utimensat, dir, "t", set, 0), 0, "both");
	fstat(fd, &st);
	expect(st.st_atim.tv_sec == 1000000000 && st.st_atim.tv_nsec == 123456789, "atime");
	expect(st.st_mtim.tv_sec == -5 && st.st_mtim.tv_nsec == 999999999, "mtime, before 1970");
	was = st;
	set[0].tv_nsec = UTIME_OMIT;
	set[1] = (struct timespec){ 7, 8 };
	check(sys(utimensat, fd, NULL, set, 0), 0, "by descriptor");
	fstat(fd, &st);
	expect(st.st_atim.tv_sec == 1000000000 && st.st_mtim.tv_sec == 7, "UTIME_OMIT");
	set[0].tv_nsec = UTIME_NOW;
	set[1].tv_nsec = UTIME_OMIT;
	check(sys(utimensat, dir, "t", set, 0), 0, "UTIME_NOW");
	fstat(fd, &st);
	expect(st.st_atim.tv_sec != 1000000000 && st.st_mtim.tv_sec == 7, "UTIME_NOW");
	set[0].tv_nsec = UTIME_OMIT;
	check(sys(utimensat, dir, "none", set, 0), 0, "nothing to do: no error");
	set[0].tv_nsec = 1000000000;
	check(sys(utimensat, dir, "t", set, 0), -EINVAL, "too many nanoseconds");
	set[0].tv_nsec = -1;
	check(sys(utimensat, dir, "t", set, 0), -EINVAL, "negative");
	set[0].tv_nsec = 0;
	check(sys(utimensat, dir, "none", set, 0), -ENOENT, "none");
	check(sys(utimensat, -1, NULL, set, 0), -EBADF, "bad descriptor");
	check(sys(utimensat, AT_FDCWD, NULL, set, 0), -EFAULT, "no name");
	check(sys(utimensat, fd, NULL, set, AT_SYMLINK_NOFOLLOW), -EINVAL, "a flag, no name");
	check(sys(utimensat, dir, "t", set, 1), -EINVAL, "bad flag");
	check(sys(utimensat, dir, "t", BAD, 0), -EFAULT, "bad times");
	check(sys(utimensat, dir, "t", KERNEL, 0), -EFAULT, "the kernel's");
	check(sys(utimensat, dir, "link", set, AT_SYMLINK_NOFOLLOW), 0, "a link itself");
	as_user(times_user);
	expect(was.st_ino == st.st_ino, "the same file");
	end();
	close(fd);
}

/* ---- access ---- */

static void access_user(void)
{
	check(sys(faccessat, dir, "theirs", R_OK), 0, "others read");
	check(sys(faccessat, dir, "theirs", W_OK), -EACCES, "others write");
	check(sys(faccessat, dir, "group", R_OK | W_OK), 0, "a supplementary group");
	check(sys(faccessat, dir, "shut", F_OK), 0, "there");
	check(sys(faccessat, dir, "shut", R_OK), -EACCES, "shut");
	check(sys(faccessat, dir, "none", F_OK), -ENOENT, "none");
	check(sys(faccessat, dir, "closed/x", F_OK), -EACCES, "in a closed directory");
	check(sys(faccessat2, dir, "owner", R_OK, 0), -EACCES, "an owner without a right");
}

static void access_effective(void)
{
	/* real 1000, effective 0 */
	if (sys(setresuid, 1000, 0, 0))
		return;
	check(sys(faccessat, dir, "shut", R_OK), -EACCES, "the real user's");
	check(sys(faccessat2, dir, "shut", R_OK, AT_EACCESS), 0, "AT_EACCESS: the effective one's");
}

static void accesses(void)
{
	int status;

	close(make("group", 0060, 0, 1001));
	close(make("shut", 0000, 0, 0));
	close(make("owner", 0077, 1000, 1001));
	mkdirat(dir, "closed", 0700);
	begin("faccessat, faccessat2: owner, group, others, root");
	as_user(access_user);
	if (fork() == 0) {
		tap_forget();
		access_effective();
		_exit(tap_failures() != 0);
	}
	wait(&status);
	check(status, 0, "a set-user-ID program");
	check(sys(faccessat, dir, "shut", R_OK | W_OK), 0, "root");
	check(sys(faccessat, dir, "shut", X_OK), -EACCES, "root executes no data");
	check(sys(faccessat, dir, "closed", X_OK), 0, "root searches");
	check(sys(faccessat, dir, "shut", 8), -EINVAL, "bad mode");
	check(sys(faccessat2, dir, "shut", 0, 1), -EINVAL, "bad flag");
	check(sys(faccessat2, dir, "", F_OK, AT_EMPTY_PATH), 0, "AT_EMPTY_PATH");
	symlinkat("none", dir, "broken");
	check(sys(faccessat2, dir, "broken", F_OK, 0), -ENOENT, "a broken link");
	check(sys(faccessat2, dir, "broken", F_OK, AT_SYMLINK_NOFOLLOW), 0, "itself");
	check(sys(faccessat, dir, BAD, F_OK), -EFAULT, "bad name");
	check(sys(faccessat, dir, KERNEL, F_OK), -EFAULT, "the kernel's");
	check(sys(faccessat, -1, "x", F_OK), -EBADF, "bad descriptor");
	end();
}

/* ---- inheriting ---- */

static void inherit_user(void)
{
	struct stat st;

	close(openat(dir, "shared/f", O_CREAT | O_WRONLY, 02755));
	fstatat(dir, "shared/f", &st, 0);
	check(st.st_gid, 77, "the directory's group");
	check(st.st_mode & 07777, 0755, "not S_ISGID in a group not one's own");
	mkdirat(dir, "shared/d", 0777);
	fstatat(dir, "shared/d", &st, 0);
	check(st.st_gid, 77, "a directory, too");
	check(st.st_mode & 07777, 02755, "and hands it on");
	check(sys(unlinkat, dir, "sticky/theirs", 0), -EPERM, "sticky: another's");
	check(sys(renameat2, dir, "sticky/theirs", dir, "sticky/x", 0), -EPERM, "nor renamed");
	check(sys(renameat2, dir, "sticky/mine", dir, "sticky/theirs", 0), -EPERM, "nor replaced");
	check(sys(unlinkat, dir, "sticky/mine", 0), 0, "one's own");
}

static void inheriting(void)
{
	begin("openat, mkdirat, unlinkat, renameat2: set-group-ID and sticky directories");
	mkdirat(dir, "shared", 0777);
	fchownat(dir, "shared", 0, 77, 0);
	fchmodat(dir, "shared", 02777, 0);
	mkdirat(dir, "sticky", 0777);
	fchmodat(dir, "sticky", 01777, 0);
	close(make("sticky/theirs", 0666, 0, 0));
	close(make("sticky/mine", 0666, 1000, 1000));
	as_user(inherit_user);
	check(sys(umask, 0777), 022, "umask");
	check(sys(umask, 01022), 0777, "umask");
	check(sys(umask, 022), 022, "only its nine bits");
	end();
}

/* ---- times of mapped files ---- */

#define MAPPED (64 * 4096)

static int mapped;

/* atime 1000 and mtime 2000, both long ago. */
static void make_old(void)
{
	const struct timespec t[2] = { { 1000, 0 }, { 2000, 0 } };

	futimens(mapped, t);
}

/* What has changed since: bit 0 atime, bit 1 mtime; bit 2: ctime has not come with it. */
static int moved(void)
{
	struct stat st;

	fstat(mapped, &st);
	return (st.st_atime != 1000) | (st.st_mtime != 2000) << 1 |
	       (st.st_mtime != 2000 && st.st_ctime < st.st_mtime) << 2;
}

static char *map(int prot, int flags, int fd)
{
	char *m;

	make_old();
	m = mmap(NULL, MAPPED, prot, flags, fd, 0);
	return m == MAP_FAILED ? NULL : m;
}

#define ATIME 1
#define MTIME 2
#define STORE(page)                                    \
	do {                                           \
		make_old();                            \
		((volatile char *)m)[(page)*4096] = 1; \
	} while (0)

/* A file whose pages are holes; @no_atime: of the same file, with O_NOATIME, or -1. */
static void mapped_file(int no_atime)
{
	char *m;
	pid_t pid;

	check(ftruncate(mapped, MAPPED), 0, "truncate");
	m = map(PROT_READ | PROT_WRITE, MAP_SHARED, mapped);
	check(moved(), ATIME, "mapped");
	make_old();
	(void)*(volatile char *)m;
	check(moved(), 0, "read");
	STORE(0);
	check(moved(), 0, "a page that was read is written");
	STORE(40);
	check(moved(), MTIME, "a page that was not is written");
	STORE(40);
	check(moved(), 0, "and again");
	make_old();
	pid = fork();
	if (pid == 0) {
		((volatile char *)m)[40 * 4096] = 2;
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	check(moved(), MTIME, "a child writes it");
	madvise(m, 4096, MADV_DONTNEED);
	STORE(0);
	check(moved(), MTIME, "written after MADV_DONTNEED");
	make_old();
	madvise(m, 4096, MADV_REMOVE);
	check(moved(), MTIME, "MADV_REMOVE");
	make_old();
	check(pread(mapped, m + 50 * 4096, 100, 0), 100, "read into its own mapping");
	check(moved(), ATIME | MTIME, "the kernel writes there");
	make_old();
	msync(m, MAPPED, MS_SYNC);
	munmap(m, MAPPED);
	check(moved(), 0, "msync, munmap");
	m = map(PROT_READ, MAP_SHARED, mapped);
	(void)*(volatile char *)m;
	mprotect(m, MAPPED, PROT_READ | PROT_WRITE);
	STORE(0);
	check(moved(), 0, "read, made writable, written");
	STORE(30);
	check(moved(), MTIME, "another page of it");
	munmap(m, MAPPED);
	m = map(PROT_READ | PROT_WRITE, MAP_PRIVATE, mapped);
	check(moved(), ATIME, "mapped private");
	STORE(9);
	check(moved(), 0, "a private copy is written");
	munmap(m, MAPPED);
	if (no_atime < 0)
		return;
	m = map(PROT_READ, MAP_SHARED, no_atime);
	check(moved(), 0, "mapped with O_NOATIME");
	munmap(m, MAPPED);
	close(no_atime);
}

static void mapped_times(void)
{
	begin("mmap, madvise, mprotect, pread64: times of mapped files");
	mapped = openat(dir, "mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
	mapped_file(openat(dir, "mapped", O_RDWR | O_NOATIME));
	close(mapped);
	mapped = memfd_create("mapped", 0);
	mapped_file(-1);
	close(mapped);
	end();
}

int main(void)
{
	char name[32];

	umask(022);
	snprintf(name, sizeof(name), "attr-%d", getpid());
	if (mkdir(name, 0755) || chdir(name))
		return 1;
	dir = open(".", O_RDONLY | O_DIRECTORY);
	stats();
	file_systems();
	chmods();
	chowns();
	times();
	mapped_times();
	accesses();
	inheriting();
	return tap_done();
}
