/*
 * sysfs.c - /sys: what its directories, files and links are, how a text is read and written, and
 * what user space cannot do there.  On files that Linux has as well: address_bits and cpu_byteorder
 * of /sys/kernel, and panic, the parameter of /sys/module/kernel.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "tests/el0/libc/hostile.h"

#define BITS	 "s/kernel/address_bits"
#define PANIC	 "s/module/kernel/parameters/panic"
#define TEXT_MAX 4096
#define SYSFS	 0x62656572

static char buf[3 * TEXT_MAX];

static int open_file(const char *name, int flags)
{
	int fd = open(name, flags);

	expect(fd >= 0, "%s opens: %s", name, strerror(errno));
	return fd;
}

/* The text of @name is @want. */
static void check_text(const char *name, const char *want)
{
	int fd = open_file(name, O_RDONLY);
	long n = sys(read, fd, buf, sizeof(buf));

	check(n, (long)strlen(want), "length of %s", name);
	expect(n > 0 && !memcmp(buf, want, (size_t)n), "%s says %.*s", name, (int)n, buf);
	check(sys(read, fd, buf, sizeof(buf)), 0, "the end");
	close(fd);
}

static void test_tree(void)
{
	struct statfs fs;
	struct stat st;
	struct dirent *e;
	bool kernel = false, module = false;
	DIR *dir;

	begin("mount, statfs, fstatat: sysfs, its directories and files");
	check(sys(mkdirat, AT_FDCWD, "s", 0755), 0, "mkdir");
	check(sys(mount, "x", "s", "sysfs", 0, "no_such=1"), -EINVAL, "an option");
	check(sys(mount, "x", "s", "sysfs", 0, 0), 0, "mount");
	check(sys(mount, "x", "s", "sysfs", 0, 0), -EBUSY, "twice at one place");
	check(statfs("s", &fs), 0, "statfs");
	check(fs.f_type, SYSFS, "f_type");
	check(fs.f_bsize, 4096, "f_bsize");
	check((long)fs.f_blocks, 0, "f_blocks");
	check(fs.f_namelen, 255, "f_namelen");
	check(stat("s", &st), 0, "stat");
	check(st.st_mode, S_IFDIR | 0555, "mode of the root");
	check((long)st.st_ino, 1, "its number");
	check(stat("s/kernel", &st), 0, "stat kernel");
	check(st.st_mode, S_IFDIR | 0755, "its mode");
	check(st.st_size, 0, "its size");
	check(stat("s/module/kernel", &st), 0, "stat module/kernel");
	check((long)st.st_nlink, 3, "links: one directory is in it");
	check(stat(BITS, &st), 0, "stat of a file");
	check(st.st_mode, S_IFREG | 0444, "mode");
	check(st.st_size, TEXT_MAX, "size");
	check(st.st_blocks, 0, "blocks");
	check(st.st_blksize, 4096, "block size");
	check((long)st.st_nlink, 1, "links");
	check(st.st_uid | st.st_gid, 0, "root's");
	dir = opendir("s");
	while (dir && (e = readdir(dir))) {
		kernel |= !strcmp(e->d_name, "kernel") && e->d_type == DT_DIR;
		module |= !strcmp(e->d_name, "module") && e->d_type == DT_DIR;
	}
	expect(dir && kernel && module, "they are listed");
	if (dir)
		closedir(dir);
	end();
}

static void test_read(void)
{
	int fd;

	begin("read, pread64, lseek: a text, in pieces, from anywhere");
	check_text(BITS, "64\n");
	check_text("s/kernel/cpu_byteorder", "little\n");
	fd = open_file("s/kernel/cpu_byteorder", O_RDONLY);
	check(sys(read, fd, buf, 1), 1, "a byte");
	check(sys(read, fd, buf + 1, 2), 2, "two");
	check(sys(read, fd, buf + 3, 9), 4, "the rest");
	expect(!memcmp(buf, "little\n", 7), "one after the other");
	check(sys(pread64, fd, buf, 3, 2), 3, "pread");
	expect(!memcmp(buf, "ttl", 3), "of the middle");
	check(sys(pread64, fd, buf, 3, 7), 0, "pread at the end");
	check(sys(pread64, fd, buf, 3, 70), 0, "pread behind it");
	check(sys(pread64, fd, buf, 3, 1l << 40), 0, "far behind it");
	check(sys(pread64, fd, buf, 3, -1), -EINVAL, "pread before it");
	check(sys(pread64, fd, buf, 0, 0), 0, "of nothing");
	check(sys(lseek, fd, 0, SEEK_CUR), 7, "lseek");
	check(sys(lseek, fd, 1, SEEK_SET), 1, "SEEK_SET");
	check(sys(read, fd, buf, 100), 6, "read from there");
	check(sys(lseek, fd, 0, SEEK_END), TEXT_MAX, "SEEK_END");
	check(sys(read, fd, buf, 100), 0, "read there");
	check(sys(lseek, fd, -4097, SEEK_END), -EINVAL, "before the start");
	check(sys(lseek, fd, 0, SEEK_DATA), 0, "SEEK_DATA");
	check(sys(lseek, fd, 0, SEEK_HOLE), TEXT_MAX, "SEEK_HOLE");
	check(sys(lseek, fd, TEXT_MAX, SEEK_DATA), -ENXIO, "SEEK_DATA at the end");
	check(sys(lseek, fd, -1, SEEK_HOLE), -ENXIO, "SEEK_HOLE before the start");
	check(sys(lseek, fd, 5, 17), -EINVAL, "no such way to seek");
	close(fd);
	end();
}

static void test_faults(void)
{
	int fd;

	begin("read, write: addresses");
	fd = open_file(BITS, O_RDONLY);
	FAULTS(OUT, 1, pread64, fd, bad, 1, 0);
	check(sys(pread64, fd, hostile_edge(2), 3, 0), 2, "a text that runs into a hole");
	close(fd);
	fd = open_file(PANIC, O_WRONLY);
	FAULTS(IN, 3, write, fd, bad, 3);
	close(fd);
	end();
}

static void test_access(void)
{
	int fd;

	begin("openat: only for what a file can do, root too");
	check(sys(openat, AT_FDCWD, BITS, O_WRONLY), -EACCES, "to write what cannot be written");
	check(sys(openat, AT_FDCWD, BITS, O_RDWR), -EACCES, "to read and write");
	fd = open_file(BITS, O_RDONLY | O_TRUNC);
	check(sys(write, fd, "x", 1), -EBADF, "it is not open for that");
	close(fd);
	check(sys(fchmodat, AT_FDCWD, BITS, 0666), 0, "chmod");
	fd = open_file(BITS, O_RDWR);
	check(sys(write, fd, "x", 1), -EIO, "it still takes nothing");
	check(sys(read, fd, buf, 9), 3, "and says what it did");
	close(fd);
	check(sys(fchmodat, AT_FDCWD, BITS, 0), 0, "chmod 0");
	check(sys(openat, AT_FDCWD, BITS, O_RDONLY), -EACCES, "what nobody may read");
	check(sys(fchmodat, AT_FDCWD, BITS, 0444), 0, "chmod back");
	fd = open_file(PANIC, O_RDWR | O_TRUNC);
	check(sys(ftruncate, fd, 0), 0, "ftruncate changes nothing");
	check(sys(ftruncate, fd, 1 << 20), 0, "in any direction");
	check(sys(lseek, fd, 0, SEEK_END), TEXT_MAX, "its size");
	check(sys(fsync, fd), 0, "fsync");
	check(sys(ioctl, fd, 0x5401, buf), -ENOTTY, "ioctl");
	check(sys(mmap, 0, 4096, PROT_READ, MAP_SHARED, fd, 0), -ENODEV, "mmap");
	check(sys(fallocate, fd, 0, 0, 4096), -EOPNOTSUPP, "fallocate");
	close(fd);
	end();
}

static void test_write(void)
{
	char was[32] = "";
	int fd, other;

	begin("write, pwrite64: a text a call, at most a page of it");
	fd = open_file(PANIC, O_RDWR);
	expect(sys(read, fd, was, sizeof(was) - 1) > 0, "what it was");
	check(sys(write, fd, "17\n", 3), 3, "write");
	check(sys(pread64, fd, buf, 9, 0), 3, "read");
	expect(!memcmp(buf, "17\n", 3), "it is set: %.3s", buf);
	check(sys(pwrite64, fd, "0x20", 4, 1000), 4, "pwrite: the position says nothing");
	check_text(PANIC, "32\n");
	check(sys(write, fd, "-1", 2), 2, "below 0");
	check_text(PANIC, "-1\n");
	check(sys(write, fd, "010", 3), 3, "octal");
	check_text(PANIC, "8\n");
	check(sys(write, fd, "", 0), 0, "nothing");
	check(sys(write, fd, "\n", 1), -EINVAL, "an empty line");
	check(sys(write, fd, "12 ", 3), -EINVAL, "a blank behind it");
	check(sys(write, fd, "x", 1), -EINVAL, "no number");
	check(sys(write, fd, "--1", 3), -EINVAL, "two signs");
	check(sys(write, fd, "1\n\n", 3), -EINVAL, "two lines");
	check(sys(write, fd, "2147483648", 10), -ERANGE, "too large");
	check(sys(write, fd, "-2147483649", 11), -ERANGE, "too small");
	check(sys(write, fd, "99999999999999999999999", 23), -ERANGE, "far too large");
	memset(buf, '0', sizeof(buf));
	buf[TEXT_MAX - 1] = '5';
	check(sys(write, fd, buf, TEXT_MAX), TEXT_MAX, "a page");
	check_text(PANIC, "5\n");
	memset(buf, '0', sizeof(buf));
	buf[TEXT_MAX - 1] = '7';
	check(sys(write, fd, buf, sizeof(buf)), TEXT_MAX, "more: a page of it is taken");
	check_text(PANIC, "7\n");
	/* What is being read stays one text, whatever is written meanwhile. */
	other = open_file(PANIC, O_WRONLY);
	check(sys(write, other, "1234", 4), 4, "write");
	check(sys(pread64, fd, buf, 2, 0), 2, "half of it");
	check(sys(lseek, fd, 2, SEEK_SET), 2, "lseek");
	check(sys(write, other, "5678", 4), 4, "another");
	check(sys(read, fd, buf + 2, 9), 3, "the other half");
	check(sys(write, other, was, strlen(was)), (long)strlen(was), "as it was");
	close(other);
	close(fd);
	end();
}

static void test_poll(void)
{
	struct pollfd p = { .events = POLLIN | POLLOUT | POLLPRI };

	begin("ppoll: news until it has been read");
	p.fd = open_file(BITS, O_RDONLY);
	check(poll(&p, 1, 0), 1, "poll");
	check(p.revents, POLLIN | POLLOUT | POLLPRI | POLLERR, "not read yet");
	check(sys(read, p.fd, buf, 1), 1, "a byte");
	check(poll(&p, 1, 0), 1, "poll");
	check(p.revents, POLLIN | POLLOUT, "read");
	close(p.fd);
	end();
}

static void test_names(void)
{
	struct stat st;

	begin("openat, mkdirat, unlinkat, renameat2, symlinkat, mknodat, linkat: not in sysfs");
	check(sys(openat, AT_FDCWD, "s/kernel/x", O_CREAT | O_WRONLY, 0644), -EACCES, "O_CREAT");
	check(sys(openat, AT_FDCWD, "s/kernel", O_TMPFILE | O_RDWR, 0644), -EOPNOTSUPP,
	      "O_TMPFILE");
	check(sys(mkdirat, AT_FDCWD, "s/kernel/x", 0755), -EPERM, "mkdir");
	check(sys(unlinkat, AT_FDCWD, BITS, 0), -EPERM, "unlink");
	check(sys(unlinkat, AT_FDCWD, "s/module", AT_REMOVEDIR), -EPERM, "rmdir");
	check(sys(renameat2, AT_FDCWD, BITS, AT_FDCWD, "s/kernel/x", 0), -EPERM, "rename");
	check(sys(symlinkat, "x", AT_FDCWD, "s/x"), -EPERM, "symlink");
	check(sys(mknodat, AT_FDCWD, "s/x", S_IFIFO | 0600, 0), -EPERM, "mknod");
	check(sys(linkat, AT_FDCWD, BITS, AT_FDCWD, "s/kernel/x", 0), -EPERM, "link");
	check(sys(openat, AT_FDCWD, "s/kernel/no_such_file", O_RDONLY), -ENOENT, "no such file");
	check(sys(openat, AT_FDCWD, BITS "/x", O_RDONLY), -ENOTDIR, "below a file");
	check(sys(fchownat, AT_FDCWD, BITS, 5, 6, 0), 0, "chown");
	check(stat(BITS, &st), 0, "stat");
	check(st.st_uid, 5, "another owner");
	check(sys(fchownat, AT_FDCWD, BITS, 0, 0, 0), 0, "chown back");
	end();
}

static void be_nobody(void)
{
	check(sys(setresuid, 1000, 1000, 1000), 0, "setresuid");
	check(sys(openat, AT_FDCWD, PANIC, O_WRONLY), -EACCES, "to write");
	check(sys(fchmodat, AT_FDCWD, PANIC, 0666), -EPERM, "chmod");
	check(sys(mount, "x", "t", "sysfs", 0, 0), -EPERM, "mount");
	check_text(BITS, "64\n");
}

static void test_others(void)
{
	begin("openat, fchmodat, mount: by somebody who is not root");
	check(sys(mkdirat, AT_FDCWD, "t", 0755), 0, "mkdir");
	check_child(be_nobody, 0, "a user");
	end();
}

static volatile int stop;

static void *read_often(void *arg)
{
	long wrong = 0;
	char text[64];

	(void)arg;
	while (!stop) {
		int fd = open(PANIC, O_RDONLY);
		long n = sys(read, fd, text, sizeof(text));

		wrong += n != 2 && n != 5;
		wrong += sys(getdents64, fd, text, sizeof(text)) != -ENOTDIR;
		close(fd);
	}
	return (void *)wrong;
}

static void test_race(void)
{
	pthread_t t[3];
	char was[32] = "";
	void *wrong;
	int fd;

	begin("read, write: one file by several threads");
	fd = open_file(PANIC, O_RDWR);
	expect(sys(read, fd, was, sizeof(was) - 1) > 0, "what it was");
	check(sys(write, fd, "1", 1), 1, "a short one");
	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, read_often, NULL);
	for (int i = 0; i < 2000; i++)
		if (sys(write, fd, i & 1 ? "1" : "1234", i & 1 ? 1 : 4) < 0)
			expect(false, "write");
	stop = 1;
	for (int i = 0; i < 3; i++) {
		pthread_join(t[i], &wrong);
		check((long)wrong, 0, "each text was whole");
	}
	check(sys(write, fd, was, strlen(was)), (long)strlen(was), "as it was");
	close(fd);
	end();
}

static void test_mounts(void)
{
	begin("mount, umount2: one sysfs for all its mounts, and others on it");
	check(sys(mount, "x", "t", "sysfs", 0, 0), 0, "a second time");
	check(sys(fchmodat, AT_FDCWD, "t/kernel/address_bits", 0400), 0, "chmod there");
	check(sys(faccessat, AT_FDCWD, BITS, 0), 0, "here");
	check(sys(fchmodat, AT_FDCWD, BITS, 0444), 0, "and back");
	check(sys(mount, "x", "t/kernel", "tmpfs", 0, 0), 0, "a tmpfs on a directory of it");
	check(sys(openat, AT_FDCWD, "t/kernel/address_bits", O_RDONLY), -ENOENT, "covers it");
	check(sys(umount2, "t", 0), -EBUSY, "it is in use");
	check(sys(umount2, "t/kernel", 0), 0, "umount");
	check(sys(umount2, "t", 0), 0, "umount");
	check(sys(unlinkat, AT_FDCWD, "t", AT_REMOVEDIR), 0, "rmdir");
	check(sys(umount2, "s", 0), 0, "umount of the first");
	check(sys(unlinkat, AT_FDCWD, "s", AT_REMOVEDIR), 0, "rmdir");
	end();
}

int main(void)
{
	test_tree();
	test_read();
	test_faults();
	test_access();
	test_write();
	test_poll();
	test_names();
	test_others();
	test_race();
	test_mounts();
	return tap_done();
}
