/*
 * mount.c - the tree of mounts: mount(2) in its forms, umount2(2), pivot_root(2), chroot(2), and
 * what a mount does to the calls on names.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "tests/el0/libc/calls.h"

#define MS_RDONLY	1
#define MS_NOSUID	2
#define MS_NODEV	4
#define MS_NOEXEC	8
#define MS_REMOUNT	32
#define MS_NOSYMFOLLOW	256
#define MS_NOATIME	1024
#define MS_BIND		4096
#define MS_MOVE		8192
#define MS_REC		16384
#define MS_UNBINDABLE	(1 << 17)
#define MS_PRIVATE	(1 << 18)
#define MS_SLAVE	(1 << 19)
#define MS_RELATIME	(1 << 21)
#define MNT_FORCE	1
#define MNT_DETACH	2
#define MNT_EXPIRE	4
#define UMOUNT_NOFOLLOW 8
#define ST_NOSYMFOLLOW	0x2000

static long tmpfs(const char *on, long flags, const char *options)
{
	return sys(mount, "none", on, "tmpfs", flags, options);
}

static long bind(const char *from, const char *on, long flags)
{
	return sys(mount, from, on, 0, MS_BIND | flags, 0);
}

static long touch(const char *name)
{
	long fd = sys(openat, AT_FDCWD, name, O_CREAT | O_WRONLY, 0644);

	return fd < 0 ? fd : sys(close, fd);
}

static unsigned long dev_of(const char *name)
{
	struct stat st;

	return lstat(name, &st) ? 0 : st.st_dev;
}

static bool exists(const char *name)
{
	return access(name, F_OK) == 0;
}

static void test_tmpfs(void)
{
	struct statfs fs;
	struct stat st;

	begin("mount, umount2, statfs: a tmpfs with options");
	mkdir("m", 0755);
	touch("m/below");
	check(tmpfs("m", MS_NOSUID | MS_NODEV | MS_NOATIME,
		    "size=64k,mode=751,uid=3,gid=4,nr_inodes=9"),
	      0, "mount");
	expect(stat("m", &st) == 0 && (st.st_mode & 07777) == 0751 && st.st_uid == 3 &&
		       st.st_gid == 4,
	       "the root's mode and owner");
	expect(st.st_dev != dev_of("."), "its own st_dev");
	expect(!exists("m/below"), "what it covers is not seen");
	expect(statfs("m", &fs) == 0, "statfs");
	check(fs.f_type, 0x01021994, "f_type");
	check(fs.f_bsize, 4096, "f_bsize");
	check(fs.f_blocks, 16, "f_blocks");
	check(fs.f_bfree, 16, "f_bfree");
	check(fs.f_files, 9, "f_files");
	check(fs.f_namelen, 255, "f_namelen");
	check(fs.f_flags, 0x20 | 2 | 4 | 0x400, "f_flags: valid, nosuid, nodev, noatime");
	check(touch("m/a"), 0, "a file in it");
	check(sys(umount2, "m", 0), 0, "umount");
	expect(exists("m/below") && !exists("m/a"), "what was below is back");
	check(sys(umount2, "m", 0), -EINVAL, "not a mount any more");
	unlink("m/below");
	end();
}

/* A descriptor's name in /proc is no place to mount on. */
static void test_descriptors(void)
{
	char name[64];
	int fd, link;

	begin("mount: onto a descriptor's name");
	mkdir("/proc", 0555);
	sys(mount, "proc", "/proc", "proc", 0, 0); /* perhaps it is there */
	touch("m/f");
	fd = open("m/f", O_RDONLY);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	link = open(name, O_PATH | O_NOFOLLOW);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", link);
	check(bind("m/f", name, 0), -ENOENT, "the link itself");
	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	check(bind("m/f", name, 0), -ENOENT, "what is told of it");
	close(link);
	close(fd);
	unlink("m/f");
	end();
}

static void test_limits(void)
{
	static char data[80 * 1024];
	int fd;

	begin("mount: the size of a tmpfs, remounted");
	tmpfs("m", 0, "size=64k,nr_inodes=3");
	fd = open("m/a", O_CREAT | O_RDWR, 0644);
	check(sys(write, fd, data, sizeof(data)), 65536, "as much as there is room for");
	check(sys(write, fd, data, 1), -ENOSPC, "then none");
	check(touch("m/b"), 0, "a second file");
	check(touch("m/c"), -ENOSPC, "and no third: the root counts");
	check(sys(mount, 0, "m", 0, MS_REMOUNT, "size=32k"), -EINVAL,
	      "smaller than what is in use");
	check(sys(mount, 0, "m", 0, MS_REMOUNT, "size=128k,nr_inodes=4"), 0, "bigger");
	check(sys(write, fd, data, 4096), 4096, "there is room again");
	check(touch("m/c"), 0, "for a file too");
	check(sys(umount2, "m", 0), -EBUSY, "an open file keeps it");
	close(fd);
	check(sys(umount2, "m", 0), 0, "until it is closed");
	check(tmpfs("m", 0, "size=50%"), 0, "half of RAM");
	check(sys(umount2, "m", 0), 0, "gone");
	check(tmpfs("m", 0, "size=0"), 0, "no limit");
	check(sys(umount2, "m", 0), 0, "gone");
	check(tmpfs("m", 0, "size=x"), -EINVAL, "not a size");
	check(tmpfs("m", 0, "nonsense"), -EINVAL, "not an option");
	check(tmpfs("m", 0, "mode=9"), -EINVAL, "not a mode");
	end();
}

static void test_errors(void)
{
	static char page[8192] __attribute__((aligned(4096)));
	char *end_of_page =
		mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	begin("mount, umount2: errors");
	check(sys(mount, "none", "m", "nosuchfs", 0, 0), -ENODEV, "an unknown type");
	check(sys(mount, "none", "m", 0, 0, 0), -EINVAL, "no type");
	check(tmpfs("nowhere", 0, 0), -ENOENT, "no such directory");
	check(tmpfs("", 0, 0), -ENOENT, "an empty path");
	touch("file");
	check(tmpfs("file", 0, 0), -ENOTDIR, "a directory on a file");
	check(bind("m", "file", 0), -ENOTDIR, "the same by bind");
	check(bind("file", "m", 0), -ENOTDIR, "a file on a directory");
	check(bind("nowhere", "m", 0), -ENOENT, "bind of nothing");
	check(sys(mount, 0, "m", 0, MS_BIND, 0), -EINVAL, "bind without a source");
	check(sys(mount, "m", "m", 0, MS_MOVE, 0), -EINVAL, "move of what is no mount");
	check(sys(mount, 0, "m", 0, MS_REMOUNT, 0), -EINVAL, "remount of what is no mount");
	check(sys(mount, 0, "m", 0, MS_PRIVATE, 0), -EINVAL, "so with its propagation");
	check(sys(mount, 0, "m", 0, MS_PRIVATE | MS_SLAVE, 0), -EINVAL, "two kinds at once");
	check(sys(mount, 0, "m", "tmpfs", 1u << 31, 0), -EINVAL, "MS_NOUSER");
	check(sys(umount2, "m", 16), -EINVAL, "an unknown flag");
	check(sys(umount2, "nowhere", 0), -ENOENT, "umount of nothing");
	check(sys(umount2, "m", MNT_EXPIRE | MNT_DETACH), -EINVAL, "not a mount");
	check(sys(umount2, "/", MNT_DETACH), -EINVAL, "the root of all stays");
	check(sys(mount, (void *)1, "m", "tmpfs", 0, 0), -EFAULT, "a bad source");
	check(sys(mount, "x", (void *)1, "tmpfs", 0, 0), -EFAULT, "a bad path");
	check(sys(mount, "x", "m", (void *)1, 0, 0), -EFAULT, "a bad type");
	check(sys(mount, "x", "m", "tmpfs", 0, (void *)1), -EFAULT, "bad options");
	check(sys(mount, "x", "m", -4096L, 0, 0), -EFAULT, "a type in the kernel");
	check(sys(umount2, (void *)1, 0), -EFAULT, "a bad path");
	memset(page, 'x', sizeof(page));
	check(sys(mount, page, "m", "tmpfs", 0, 0), -EINVAL, "an endless source");
	check(sys(mount, "x", page, "tmpfs", 0, 0), -ENAMETOOLONG, "an endless path");
	munmap(end_of_page + 4096, 4096);
	memcpy(end_of_page + 4096 - 8, "mode=700", 8);
	check(tmpfs("m", 0, end_of_page + 4096 - 8), 0, "options that end where memory does");
	check(sys(umount2, "m", 0), 0, "umount");
	end();
}

static void test_names(void)
{
	begin("mount: names at and across a mount; \"..\"");
	mkdir("m/sub", 0755);
	check(tmpfs("m", 0, 0), 0, "mount");
	check(sys(unlinkat, AT_FDCWD, "m", AT_REMOVEDIR), -EBUSY, "rmdir of a mount point");
	check(sys(unlinkat, AT_FDCWD, "m", 0), -EISDIR, "unlink of it");
	check(sys(renameat2, AT_FDCWD, "m", AT_FDCWD, "n", 0), -EBUSY, "rename of it");
	mkdir("d", 0755);
	check(sys(renameat2, AT_FDCWD, "d", AT_FDCWD, "m", 0), -EBUSY, "rename over it");
	check(sys(renameat2, AT_FDCWD, "d", AT_FDCWD, "m", 2), -EBUSY, "exchange with it");
	touch("m/a");
	touch("b");
	check(sys(renameat2, AT_FDCWD, "m/a", AT_FDCWD, "a", 0), -EXDEV, "rename out of it");
	check(sys(renameat2, AT_FDCWD, "b", AT_FDCWD, "m/b", 0), -EXDEV, "and into it");
	check(sys(linkat, AT_FDCWD, "m/a", AT_FDCWD, "a", 0), -EXDEV, "link out of it");
	expect(dev_of("m/..") == dev_of("."), ".. leads out");
	expect(dev_of("m/../m") == dev_of("m"), "and in again");
	check(bind("b", "file", 0), 0, "a file on a file");
	check(sys(unlinkat, AT_FDCWD, "file", 0), -EBUSY, "that is a mount point too");
	check(sys(unlinkat, AT_FDCWD, "b", 0), 0, "what it shows may lose its name");
	check(sys(umount2, "file", 0), 0, "umount of a file");
	check(tmpfs("m", 0, 0), 0, "a mount on the mount");
	expect(!exists("m/a"), "hides it");
	check(sys(umount2, "m", 0), 0, "gone");
	expect(exists("m/a"), "and shows it");
	check(sys(umount2, "m", 0), 0, "umount");
	expect(exists("m/sub"), "all is as before");
	rmdir("m/sub");
	rmdir("d");
	end();
}

static void test_bind(void)
{
	char buf[8] = "";
	int fd;

	begin("mount: MS_BIND, MS_REC, MS_MOVE");
	mkdir("n", 0755);
	tmpfs("m", MS_NODEV, 0);
	mkdir("m/sub", 0755);
	touch("m/sub/x");
	mkdir("m/other", 0755);
	tmpfs("m/other", 0, 0);
	touch("m/other/y");
	check(bind("m", "n", 0), 0, "bind");
	expect(dev_of("n") == dev_of("m") && exists("n/sub/x"), "the same file system");
	expect(!exists("n/other/y"), "without what is mounted on it");
	check(sys(renameat2, AT_FDCWD, "m/sub/x", AT_FDCWD, "n/x", 0), -EXDEV,
	      "still another mount");
	check(sys(umount2, "n", 0), 0, "umount");
	check(bind("m", "n", MS_REC), 0, "the whole tree");
	expect(exists("n/other/y"), "with what is mounted on it");
	check(sys(umount2, "n", 0), -EBUSY, "which keeps it");
	check(sys(umount2, "n", MNT_DETACH), 0, "but for MNT_DETACH");
	check(bind("m/sub", "n", 0), 0, "a part");
	expect(exists("n/x") && dev_of("n/..") == dev_of("."), "its .. leads out");
	check(chdir("n"), 0, "there");
	check(sys(renameat2, AT_FDCWD, "../m/sub", AT_FDCWD, "../m/moved", 0), 0, "moved under it");
	expect(exists("x"), "one is still there");
	chdir("..");
	check(sys(umount2, "n", 0), 0, "umount");
	check(sys(mount, "m", "n", 0, MS_MOVE, 0), 0, "move");
	expect(exists("n/moved/x") && exists("n/other/y") && !exists("m/moved"), "all went");
	check(sys(mount, "n", "n/moved", 0, MS_MOVE, 0), -ELOOP, "not into itself");
	check(sys(mount, "n/moved", "m", 0, MS_MOVE, 0), -EINVAL, "nor what is no mount");
	check(sys(mount, 0, "n", 0, MS_UNBINDABLE, 0), 0, "unbindable");
	check(bind("n", "m", 0), -EINVAL, "is that");
	check(sys(mount, 0, "n", 0, MS_PRIVATE | MS_REC, 0), 0, "private again");
	fd = open("n/moved/x", O_RDWR);
	check(sys(umount2, "n", MNT_DETACH), 0, "detached while a file is open");
	check(sys(write, fd, "abc", 3), 3, "which can be written");
	check(sys(pread64, fd, buf, 8, 0), 3, "and read");
	close(fd);
	expect(!exists("n/moved"), "but not found");
	check(sys(umount2, "n", 0), -EINVAL, "nothing is mounted there");
	end();
}

static void test_escape(void)
{
	begin("mount: a bind of a part does not let out");
	mkdir("m/a", 0755);
	mkdir("m/a/b", 0755);
	mkdir("m/a/b/c", 0755);
	check(bind("m/a/b", "n", 0), 0, "bind");
	check(chdir("n/c"), 0, "inside");
	check(sys(renameat2, AT_FDCWD, "../../m/a/b/c", AT_FDCWD, "../../m/c", 0), 0,
	      "moved outside");
	check(sys(openat, AT_FDCWD, "..", O_RDONLY), -ENOENT, "no way up");
	check(sys(chdir, "/tmp"), 0, "away");
	check(sys(umount2, "n", 0), 0, "umount");
	rmdir("m/c");
	rmdir("m/a/b");
	rmdir("m/a");
	end();
}

static void test_read_only(void)
{
	struct statfs fs;
	int fd;

	begin("mount: MS_RDONLY, MS_REMOUNT: openat, mkdirat, unlinkat, fchmodat, utimensat, "
	      "truncate, faccessat");
	tmpfs("m", 0, 0);
	touch("m/a");
	mkdir("m/d", 0755);
	fd = open("m/a", O_WRONLY);
	check(sys(mount, 0, "m", 0, MS_REMOUNT | MS_RDONLY, 0), -EBUSY,
	      "not while a file is written");
	check(sys(mount, 0, "m", 0, MS_REMOUNT | MS_BIND | MS_RDONLY, 0), -EBUSY,
	      "nor the mount alone");
	close(fd);
	for (int i = 0; i < 2; i++) {
		long how = MS_REMOUNT | MS_RDONLY | (i ? MS_BIND : 0);

		check(sys(mount, 0, "m", 0, how, 0), 0, "read-only");
		check(statfs("m", &fs), 0, "statfs");
		check(fs.f_flags & 1, 1, "says so");
		check(touch("m/new"), -EROFS, "create");
		check(sys(openat, AT_FDCWD, "m/a", O_WRONLY), -EROFS, "open to write");
		check(sys(openat, AT_FDCWD, "m/a", O_RDONLY | O_TRUNC), -EROFS, "truncate by open");
		check(sys(truncate, "m/a", 0), -EROFS, "truncate");
		check(sys(mkdirat, AT_FDCWD, "m/new", 0755), -EROFS, "mkdir");
		check(sys(mkdirat, AT_FDCWD, "m/d", 0755), -EEXIST, "mkdir of what is there");
		check(sys(unlinkat, AT_FDCWD, "m/a", 0), -EROFS, "unlink");
		check(sys(unlinkat, AT_FDCWD, "m/none", 0), -EROFS, "unlink of nothing");
		check(sys(unlinkat, AT_FDCWD, "m/d", AT_REMOVEDIR), -EROFS, "rmdir");
		check(sys(renameat2, AT_FDCWD, "m/a", AT_FDCWD, "m/b", 0), -EROFS, "rename");
		check(sys(linkat, AT_FDCWD, "m/a", AT_FDCWD, "m/b", 0), -EROFS, "link");
		check(sys(symlinkat, "a", AT_FDCWD, "m/b"), -EROFS, "symlink");
		check(sys(fchmodat, AT_FDCWD, "m/a", 0600), -EROFS, "chmod");
		check(sys(fchownat, AT_FDCWD, "m/a", 1, 1, 0), -EROFS, "chown");
		check(sys(utimensat, AT_FDCWD, "m/a", 0, 0), -EROFS, "utimes");
		check(sys(faccessat, AT_FDCWD, "m/a", W_OK), -EROFS, "access");
		check(sys(faccessat, AT_FDCWD, "m/a", R_OK), 0, "reading is allowed");
		check(sys(mount, 0, "m", 0, MS_REMOUNT | (i ? MS_BIND : 0), 0), 0,
		      "writable again");
		check(touch("m/new"), 0, "create");
		check(sys(unlinkat, AT_FDCWD, "m/new", 0), 0, "unlink");
	}
	check(sys(umount2, "m", 0), 0, "umount");
	check(tmpfs("m", MS_RDONLY, 0), 0, "read-only from the start");
	check(touch("m/new"), -EROFS, "create");
	check(sys(umount2, "m", 0), 0, "umount");
	end();
}

static void test_flags(void)
{
	static const char script[] = "#!/bin/hello\n";
	char *const argv[] = { "prog", NULL };
	struct statfs fs;
	void *p;
	int fd;

	begin("mount: MS_NOEXEC, MS_NODEV, MS_NOSYMFOLLOW");
	tmpfs("m", MS_NOEXEC | MS_NODEV | MS_NOSYMFOLLOW, 0);
	fd = open("m/prog", O_CREAT | O_WRONLY, 0755);
	check(write(fd, script, sizeof(script) - 1), sizeof(script) - 1, "a script");
	close(fd);
	check(sys(execve, "m/prog", argv, argv + 1), -EACCES, "not run");
	check(sys(faccessat, AT_FDCWD, "m/prog", X_OK), -EACCES, "nor said to be");
	fd = open("m/prog", O_RDONLY);
	p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	expect(p == MAP_FAILED && errno == EPERM, "nor mapped to run");
	p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	expect(p != MAP_FAILED, "mapped to read");
	check(sys(mprotect, p, 4096, PROT_READ | PROT_EXEC), -EACCES, "and no more later");
	close(fd);
	check(sys(umount2, "m", 0), -EBUSY, "a mapping keeps it");
	munmap(p, 4096);
	check(sys(mknodat, AT_FDCWD, "m/null", S_IFCHR | 0666, 0x103), 0, "a device");
	check(sys(openat, AT_FDCWD, "m/null", O_RDWR), -EACCES, "not opened");
	check(symlink("prog", "m/link"), 0, "a link");
	check(sys(openat, AT_FDCWD, "m/link", O_RDONLY), -ELOOP, "not followed");
	check(statfs("m", &fs), 0, "statfs");
	check(fs.f_flags, 0x20 | 4 | 8 | 0x1000 | ST_NOSYMFOLLOW, "says all that, and relatime");
	check(sys(mount, 0, "m", 0, MS_REMOUNT, 0), 0, "remounted without");
	check(sys(faccessat, AT_FDCWD, "m/prog", X_OK), 0, "it may run");
	fd = open("m/null", O_RDWR);
	expect(fd >= 0 && write(fd, "x", 1) == 1, "the device works");
	close(fd);
	check(sys(umount2, "m", 0), 0, "umount");
	end();
}

static void test_expire(void)
{
	int fd;

	begin("umount2: MNT_EXPIRE, UMOUNT_NOFOLLOW, MNT_FORCE");
	tmpfs("m", 0, 0);
	check(sys(umount2, "m", MNT_EXPIRE | MNT_DETACH), -EINVAL, "not both");
	check(sys(umount2, "m", MNT_EXPIRE), -EAGAIN, "marked");
	touch("m/x");
	check(sys(umount2, "m", MNT_EXPIRE), -EAGAIN, "used since");
	fd = open("m", O_RDONLY);
	check(sys(umount2, "m", MNT_EXPIRE), -EBUSY, "in use");
	close(fd);
	check(sys(umount2, "m", MNT_EXPIRE), -EAGAIN, "marked again");
	check(sys(umount2, "m", MNT_EXPIRE), 0, "and gone");
	tmpfs("m", 0, 0);
	check(symlink("m", "l"), 0, "a link to it");
	check(sys(umount2, "l", UMOUNT_NOFOLLOW), -EINVAL, "is no mount");
	check(sys(umount2, "l", MNT_FORCE), 0, "followed, it is");
	unlink("l");
	end();
}

static void without_rights(void)
{
	sys(setresuid, 1000, 1000, 1000);
	check(tmpfs("m", 0, 0), -EPERM, "mount");
	check(tmpfs("nowhere", 0, 0), -ENOENT, "mount on nothing");
	check(sys(umount2, "m", 0), -EPERM, "umount");
	check(sys(umount2, "nowhere", 0), -ENOENT, "umount of nothing");
	check(sys(pivot_root, "nowhere", "m"), -EPERM, "pivot_root");
	check(sys(chroot, "m"), -EPERM, "chroot");
}

static void test_rights(void)
{
	begin("mount, umount2, pivot_root, chroot: only root may");
	check_child(without_rights, 0, "as user 1000");
	end();
}

/* In a child: what it changes goes with its root. */
static void in_new_root(void)
{
	char cwd[64];

	check(sys(chroot, "m"), 0, "chroot");
	check(sys(chdir, "/"), 0, "chdir");
	expect(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/"), "the root");
	expect(exists("/inside") && exists("/../inside") && !exists("/tmp"), "one cannot see out");
	check(sys(pivot_root, ".", "put"), -EBUSY, "what is the root already is no new one");
	mkdir("/new", 0755);
	check(sys(pivot_root, "/new", "/new"), -EBUSY, "nor what is no mount");
	tmpfs("/new", 0, 0);
	mkdir("/new/put", 0755);
	touch("/new/there");
	check(sys(pivot_root, "/new", "/"), -EBUSY, "not onto the old one");
	check(sys(pivot_root, "/new", "/put"), -EBUSY, "nor elsewhere on it");
	check(sys(pivot_root, "/none", "/new/put"), -ENOENT, "no such thing");
	check(sys(pivot_root, (void *)1, "/new/put"), -EFAULT, "a bad pointer");
	check(sys(pivot_root, "/new/there", "/new/put"), -ENOTDIR, "not a directory");
	check(sys(pivot_root, "/new", "/new/put"), 0, "pivot_root");
	expect(exists("/there") && exists("/put/inside"), "the new one, the old one below");
	expect(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/"), "the working directory went too");
	check(sys(umount2, "/put", MNT_DETACH), 0, "the old one goes");
	expect(!exists("/put/inside"), "for good");
}

static void test_pivot(void)
{
	begin("pivot_root, chroot: a new root");
	check(sys(pivot_root, "/tmp", "/tmp"), -EINVAL, "not below the root of all");
	tmpfs("m", 0, 0);
	touch("m/inside");
	mkdir("m/put", 0755);
	mkdir("m/put/sub", 0755);
	check(sys(pivot_root, "m", "m/put"), -EINVAL, "the root of all stays");
	check_child(in_new_root, 0, "in a new root");
	expect(exists("m/there"), "outside it is there now");
	check(sys(umount2, "m", 0), 0, "umount");
	end();
}

/* Mounts come and go while others walk through them. */
static void test_race(void)
{
	int status;
	pid_t walker;

	begin("mount, umount2: while another process walks there");
	walker = fork();
	if (walker == 0)
		for (;;) {
			struct stat st;

			if (stat("m/x", &st) && errno != ENOENT)
				_exit(1);
			stat("m/../m/.", &st);
			close(open("m/y", O_CREAT | O_RDWR, 0644));
		}
	for (int i = 0; i < 300; i++) {
		long r = tmpfs("m", 0, "size=16k");

		if (r)
			check(r, 0, "mount");
		touch("m/x");
		r = sys(umount2, "m", i % 2 ? MNT_DETACH : 0);
		if (r == -EBUSY)
			r = sys(umount2, "m", MNT_DETACH);
		check(r, 0, "umount");
	}
	kill(walker, 9);
	waitpid(walker, &status, 0);
	check(status, 9, "the walker lived to the end");
	unlink("m/x");
	unlink("m/y");
	end();
}

static void test_propagation(void)
{
	begin("mount: MS_PRIVATE, MS_SLAVE on a mount; devtmpfs");
	tmpfs("m", 0, 0);
	check(sys(mount, 0, "m", 0, MS_PRIVATE, 0), 0, "private");
	check(sys(mount, 0, "m", 0, MS_SLAVE | MS_REC, 0), 0, "slave of nobody");
	check(sys(mount, 0, "m", 0, MS_PRIVATE | MS_NOEXEC, 0), -EINVAL, "nothing else with it");
	check(sys(umount2, "m", 0), 0, "umount");
	check(sys(mount, "dev", "m", "devtmpfs", 0, 0), 0, "devtmpfs");
	expect(exists("m/null") && exists("m/console"), "holds the devices");
	check(sys(mount, "dev", "n", "devtmpfs", 0, 0), 0, "twice");
	expect(dev_of("m") == dev_of("n"), "it is one and the same");
	check(sys(mount, "dev", "n", "devtmpfs", 0, 0), -EBUSY, "not over itself");
	check(sys(umount2, "m", 0), 0, "umount");
	check(sys(umount2, "n", 0), 0, "umount");
	end();
}

int main(void)
{
	chdir("/tmp");
	test_tmpfs();
	test_limits();
	test_descriptors();
	test_errors();
	test_names();
	test_bind();
	test_escape();
	test_read_only();
	test_flags();
	test_expire();
	test_rights();
	test_pivot();
	test_race();
	test_propagation();
	rmdir("m");
	rmdir("n");
	unlink("file");
	return tap_done();
}
