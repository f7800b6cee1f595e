/*
 * openat.c - openat(2)'s flags and openat2(2)'s ways to hold a path back.
 */
#define _GNU_SOURCE
#include "tests/el0/libc/calls.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>

static int dir; /* "o", in which all happens */

static long how_at(int at, const char *name, unsigned long flags, unsigned long mode,
		   unsigned long resolve)
{
	struct open_how how = { .flags = flags, .mode = mode, .resolve = resolve };
	long fd = sys(openat2, at, name, &how, sizeof(how));

	if (fd >= 0)
		close((int)fd);
	return fd < 0 ? fd : 0;
}

static long within(const char *name, unsigned long resolve)
{
	return how_at(dir, name, O_RDONLY, 0, resolve);
}

static long open_in(const char *name, int flags, int mode)
{
	long fd = sys(openat, dir, name, flags, mode);

	if (fd >= 0)
		close((int)fd);
	return fd < 0 ? fd : 0;
}

static void make_tree(void)
{
	mkdir("o", 0755);
	dir = open("o", O_RDONLY | O_DIRECTORY);
	mkdirat(dir, "d", 0755);
	mkdirat(dir, "d/e", 0755);
	close(openat(dir, "f", O_CREAT | O_WRONLY, 0644));
	close(openat(dir, "d/g", O_CREAT | O_WRONLY, 0644));
	close(open("outside", O_CREAT | O_WRONLY, 0644));
	symlinkat("f", dir, "to-f");
	symlinkat("d", dir, "to-d");
	symlinkat("../outside", dir, "out");
	symlinkat("/f", dir, "abs");
	symlinkat("../f", dir, "d/up");
	symlinkat("loop", dir, "loop");
	symlinkat("nothing", dir, "dangling");
	mkfifoat(dir, "fifo", 0644);
}

static void beneath(void)
{
	begin("openat2: RESOLVE_BENEATH");
	check(within("f", RESOLVE_BENEATH), 0, "a file");
	check(within(".", RESOLVE_BENEATH), 0, "the directory itself");
	check(within("d/../f", RESOLVE_BENEATH), 0, "up again, inside");
	check(within("d/up", RESOLVE_BENEATH), 0, "a link, inside");
	check(within("..", RESOLVE_BENEATH), -EXDEV, "above");
	check(within("d/../..", RESOLVE_BENEATH), -EXDEV, "above, later");
	check(within("../o/f", RESOLVE_BENEATH), -EXDEV, "out and in again");
	check(within("out", RESOLVE_BENEATH), -EXDEV, "a link out");
	check(within("abs", RESOLVE_BENEATH), -EXDEV, "an absolute link");
	check(within("/tmp", RESOLVE_BENEATH), -EXDEV, "an absolute path");
	check(within("none", RESOLVE_BENEATH), -ENOENT, "no such file");
	check(how_at(AT_FDCWD, "o/f", 0, 0, RESOLVE_BENEATH), 0, "the working directory's");
	check(how_at(AT_FDCWD, "..", 0, 0, RESOLVE_BENEATH), -EXDEV, "above it");
	check(how_at(dir, "new", O_CREAT | O_WRONLY, 0600, RESOLVE_BENEATH), 0, "makes a file");
	check(how_at(dir, "../new", O_CREAT | O_WRONLY, 0600, RESOLVE_BENEATH), -EXDEV,
	      "not outside");
	end();

	begin("openat2: RESOLVE_IN_ROOT");
	check(within("/f", RESOLVE_IN_ROOT), 0, "absolute");
	check(within("/", RESOLVE_IN_ROOT), 0, "the root");
	check(within("../../f", RESOLVE_IN_ROOT), 0, "above the root is the root");
	check(within("abs", RESOLVE_IN_ROOT), 0, "an absolute link");
	check(within("out", RESOLVE_IN_ROOT), -ENOENT, "a link out stays in");
	check(within("/d/up", RESOLVE_IN_ROOT), 0, "a link, inside");
	check(within("/tmp/outside", RESOLVE_IN_ROOT), -ENOENT, "nothing of the true root");
	check(how_at(-1, "/f", 0, 0, RESOLVE_IN_ROOT), -EBADF, "needs the descriptor");
	check(within("f", RESOLVE_IN_ROOT | RESOLVE_BENEATH), -EINVAL, "not both");
	end();
}

static void links(void)
{
	begin("openat2: RESOLVE_NO_SYMLINKS, RESOLVE_NO_XDEV, RESOLVE_CACHED");
	check(within("f", RESOLVE_NO_SYMLINKS), 0, "no link");
	check(within("to-f", RESOLVE_NO_SYMLINKS), -ELOOP, "a link");
	check(within("to-d/g", RESOLVE_NO_SYMLINKS), -ELOOP, "a link on the way");
	check(how_at(dir, "to-f", O_PATH | O_NOFOLLOW, 0, RESOLVE_NO_SYMLINKS), 0,
	      "the link itself");
	check(how_at(dir, "to-f", O_CREAT | O_WRONLY, 0600, RESOLVE_NO_SYMLINKS), -ELOOP,
	      "O_CREAT");
	check(within("to-f", RESOLVE_NO_MAGICLINKS), 0, "no magic link");
	check(within("f", RESOLVE_NO_XDEV), 0, "the same mount");
	check(within("f", RESOLVE_CACHED), 0, "it is in the cache");
	check(how_at(dir, "f", O_RDWR | O_TRUNC, 0, RESOLVE_CACHED), -EAGAIN, "O_TRUNC may wait");
	check(how_at(dir, "f", O_RDWR | O_CREAT, 0600, RESOLVE_CACHED), -EAGAIN, "O_CREAT too");
	check(within("f", 0x40), -EINVAL, "unknown");
	check(within("f", 1UL << 63), -EINVAL, "unknown, high");
	if (mount("none", "o/d/e", "tmpfs", 0, NULL) == 0) {
		check(within("d/e", 0), 0, "onto a mount");
		check(within("d/e", RESOLVE_NO_XDEV), -EXDEV, "refused");
		check(within("d/e/..", RESOLVE_NO_XDEV), -EXDEV, "and back");
		check(within("d/e/../g", RESOLVE_BENEATH), 0, "inside is inside");
		check(how_at(open("o/d/e", O_PATH), "..", 0, 0, RESOLVE_NO_XDEV), -EXDEV,
		      "up and out");
		umount2("o/d/e", MNT_DETACH);
	}
	end();
}

static void how_size(void)
{
	struct {
		struct open_how how;
		unsigned char more[5000];
	} h;
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *edge = page + 4096 - sizeof(h.how);
	long fd;

	begin("openat2: its structure may grow");
	memset(&h, 0, sizeof(h));
	check(sys(openat2, dir, "f", &h, 23), -EINVAL, "too short");
	check(sys(openat2, dir, "f", &h, 0), -EINVAL, "nothing");
	fd = sys(openat2, dir, "f", &h, sizeof(h.how) + 8);
	expect(fd >= 0, "longer, and zero: %ld", fd);
	close((int)fd);
	fd = sys(openat2, dir, "f", &h, 4096);
	expect(fd >= 0, "a page: %ld", fd);
	close((int)fd);
	check(sys(openat2, dir, "f", &h, 4097), -E2BIG, "more than a page");
	check(sys(openat2, dir, "f", &h, -1L), -E2BIG, "all");
	h.more[3] = 1;
	check(sys(openat2, dir, "f", &h, sizeof(h.how) + 8), -E2BIG, "longer, and not zero");
	check(sys(openat2, dir, "f", NULL, sizeof(h.how)), -EFAULT, "NULL");
	check(sys(openat2, dir, "f", 0xffff000000000000, sizeof(h.how)), -EFAULT, "the kernel's");
	munmap(page + 4096, 4096);
	fd = sys(openat2, dir, "f", edge, sizeof(h.how));
	expect(fd >= 0, "up to the last byte: %ld", fd);
	close((int)fd);
	check(sys(openat2, dir, "f", edge, sizeof(h.how) + 8), -EFAULT, "one word more");
	check(sys(openat2, dir, "f", (char *)edge + 8, sizeof(h.how)), -EFAULT, "straddling");
	check(sys(openat2, dir, NULL, &h, sizeof(h.how)), -EFAULT, "no name");
	munmap(page, 4096);

	check(how_at(dir, "f", 1UL << 40, 0, 0), -EINVAL, "unknown flag");
	check(how_at(dir, "f", 010, 0, 0), -EINVAL, "unknown flag, low");
	check(how_at(dir, "f", O_RDONLY, 0600, 0), -EINVAL, "a mode without O_CREAT");
	check(how_at(dir, "f", O_CREAT | O_RDWR, 010000, 0), -EINVAL, "a mode that is none");
	check(how_at(dir, "f", O_CREAT | O_RDWR, 1UL << 32 | 0600, 0), -EINVAL, "a high one");
	check(how_at(dir, "f", O_PATH | O_RDWR, 0, 0), -EINVAL, "O_PATH with more");
	check(how_at(dir, "d", O_PATH | O_DIRECTORY | O_CLOEXEC, 0, 0), 0, "O_PATH");
	end();
}

static void flags(void)
{
	char name[300];
	struct stat st;
	int fd;

	begin("openat: flags and their errors");
	check(open_in("f", O_CREAT | O_EXCL | O_RDWR, 0600), -EEXIST, "O_EXCL");
	check(open_in("dangling", O_CREAT | O_EXCL | O_RDWR, 0600), -EEXIST, "O_EXCL of a link");
	check(open_in("to-f", O_NOFOLLOW, 0), -ELOOP, "O_NOFOLLOW");
	check(open_in("to-d/g", O_NOFOLLOW, 0), 0, "but on the way");
	check(open_in("loop", 0, 0), -ELOOP, "a loop");
	check(open_in("f", O_DIRECTORY, 0), -ENOTDIR, "O_DIRECTORY");
	check(open_in("to-d", O_DIRECTORY | O_NOFOLLOW, 0), -ENOTDIR, "O_DIRECTORY | O_NOFOLLOW");
	check(open_in("f/", 0, 0), -ENOTDIR, "a slash behind");
	check(open_in("f/x", 0, 0), -ENOTDIR, "below a file");
	check(open_in("d", O_WRONLY, 0), -EISDIR, "a directory for writing");
	check(open_in("d", O_CREAT, 0600), -EISDIR, "a directory, O_CREAT");
	check(open_in("n/", O_CREAT | O_WRONLY, 0600), -EISDIR, "a new one with a slash");
	check(open_in("d", O_TRUNC, 0), -EISDIR, "a directory, O_TRUNC");
	check(open_in("x", O_CREAT | O_DIRECTORY, 0600), -EINVAL, "O_CREAT | O_DIRECTORY");
	check(open_in("", 0, 0), -ENOENT, "no name");
	memset(name, 'n', sizeof(name));
	name[256] = '\0';
	check(open_in(name, O_CREAT | O_WRONLY, 0600), -ENAMETOOLONG, "256 bytes");
	name[255] = '\0';
	check(open_in(name, O_CREAT | O_WRONLY, 0600), 0, "255 bytes");
	unlinkat(dir, name, 0);
	check(open_in("fifo", O_WRONLY | O_NONBLOCK, 0), -ENXIO, "a fifo nobody reads");
	check(open_in("fifo", O_RDONLY | O_NONBLOCK, 0), 0, "a fifo nobody writes");
	check(sys(openat, -1, "f", 0, 0), -EBADF, "no directory");
	check(sys(openat, 1000, "f", 0, 0), -EBADF, "no directory");
	fd = openat(dir, "f", O_RDONLY);
	check(sys(openat, fd, "f", 0, 0), -ENOTDIR, "a file for a directory");
	close(fd);
	check(sys(openat, dir, 8, 0, 0), -EFAULT, "a bad pointer");
	check(sys(openat, dir, 0xffff000000001000, 0, 0), -EFAULT, "a kernel pointer");

	fd = openat(dir, "f", O_PATH);
	check(read(fd, name, 1), -1, "O_PATH is not read");
	check(errno, EBADF, "EBADF");
	check(fcntl(fd, F_GETFL) & O_PATH, O_PATH, "F_GETFL");
	check(fstat(fd, &st), 0, "but fstat");
	check(sys(fchmod, fd, 0600), -EBADF, "not fchmod");
	check(sys(fchown, fd, 0, 0), -EBADF, "not fchown");
	check(sys(ftruncate, fd, 0), -EBADF, "not ftruncate");
	close(fd);
	fd = openat(dir, "to-f", O_PATH | O_NOFOLLOW);
	check(readlinkat(fd, "", name, 10), 1, "a link by O_PATH | O_NOFOLLOW");
	close(fd);

	fd = openat(dir, ".", O_TMPFILE | O_RDWR, 0640);
	expect(fd >= 0, "O_TMPFILE");
	check(fstat(fd, &st), 0, "fstat");
	check(st.st_nlink, 0, "has no name");
	check(st.st_mode, S_IFREG | 0640, "its mode");
	check(linkat(fd, "", dir, "linked", AT_EMPTY_PATH), 0, "gets one");
	check(fstat(fd, &st), 0, "fstat");
	check(st.st_nlink, 1, "one name");
	close(fd);
	unlinkat(dir, "linked", 0);
	fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_EXCL, 0640);
	check(sys(linkat, fd, "", dir, "linked", AT_EMPTY_PATH), -ENOENT, "O_EXCL: never gets one");
	close(fd);
	check(open_in(".", O_TMPFILE | O_RDONLY, 0600), -EINVAL, "O_TMPFILE for reading");
	check(open_in("f", O_TMPFILE | O_RDWR, 0600), -ENOTDIR, "O_TMPFILE in a file");
	check(open_in("f", O_DIRECT, 0), 0, "O_DIRECT");
	end();
}

static void positions(void)
{
	char c;
	int a, b;

	begin("openat, read, write, lseek: O_APPEND, O_TRUNC; each open has its position");
	a = openat(dir, "p", O_CREAT | O_RDWR | O_TRUNC, 0600);
	b = openat(dir, "p", O_RDWR | O_APPEND);
	check(write(a, "ab", 2), 2, "two bytes");
	check(write(b, "c", 1), 1, "appended");
	check(lseek(b, 0, SEEK_CUR), 3, "its position follows");
	check(lseek(a, 0, SEEK_CUR), 2, "the other's does not");
	check(read(a, &c, 1), 1, "which reads");
	check(c, 'c', "what was appended");
	check(lseek(b, 0, SEEK_SET), 0, "back");
	check(write(b, "d", 1), 1, "appends still");
	check(pwrite(b, "e", 1, 0), 1, "so does pwrite, on Linux");
	check(lseek(a, 0, SEEK_END), 5, "five bytes");
	close(openat(dir, "p", O_WRONLY | O_TRUNC));
	check(lseek(a, 0, SEEK_END), 0, "O_TRUNC");
	close(a);
	close(b);
	unlinkat(dir, "p", 0);
	end();
}

static void direct(void)
{
	begin("open: O_DIRECT");
	check(open_in("f", O_RDONLY | O_DIRECT, 0), 0, "a file in RAM");
	check(open_in("d", O_RDONLY | O_DIRECT, 0), -EINVAL, "a directory");
	check(sys(openat, AT_FDCWD, "/dev/null", O_RDONLY | O_DIRECT, 0), -EINVAL, "a device");
	end();
}

int main(void)
{
	umask(022);
	make_tree();
	beneath();
	links();
	how_size();
	flags();
	positions();
	direct();
	return tap_done();
}
