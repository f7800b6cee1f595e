/*
 * pagecache.c - what the page cache answers where nothing goes well: pagecache BAD GOOD MNT.
 *
 * BAD is a block device of which the MiB from byte 1 MiB on cannot be written, and that from 2 MiB
 * on not be read; GOOD one without errors; MNT a small file system that is mounted.  Each line is a
 * fact: what Linux says is right.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (1L << 20)

static char buf[65536] __attribute__((aligned(4096)));
static sigjmp_buf where;

static void say(const char *what, long ret)
{
	printf("%s: %ld%s%s\n", what, ret < 0 ? -1 : ret, ret < 0 ? " " : "",
	       ret < 0 ? strerrorname_np(errno) : "");
	fflush(stdout);
}

static void on_bus(int sig)
{
	siglongjmp(where, sig);
}

static int open_or_die(const char *path, int flags)
{
	int fd = open(path, flags, 0644);

	if (fd < 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

static void read_errors(const char *bad)
{
	int fd = open_or_die(bad, O_RDONLY);
	volatile char *map = mmap(NULL, 4 * MIB, PROT_READ, MAP_SHARED, fd, 0);

	say("read before", pread(fd, buf, 4096, MIB));
	say("read error", pread(fd, buf, 4096, 2 * MIB + 8192));
	say("again", pread(fd, buf, 4096, 2 * MIB + 8192));
	say("up to it", pread(fd, buf, 65536, 2 * MIB - 8192));
	if (!sigsetjmp(where, 1))
		say("mapped", map[2 * MIB + 4096]);
	else
		say("mapped: SIGBUS", 0);
	say("mapped, before", map[MIB] & 0);
	close(fd);
}

/* A write-back's error is told once to each file that was open, and to nobody afterwards. */
static void write_errors(const char *bad)
{
	int fd = open_or_die(bad, O_RDWR), other = open_or_die(bad, O_RDWR), late;

	memset(buf, 'w', sizeof(buf));
	say("write", pwrite(fd, buf, 4096, MIB));
	say("fsync", fsync(fd));
	say("fsync again", fsync(fd));
	say("fsync of the other", fsync(other));
	say("and again", fdatasync(other));
	late = open_or_die(bad, O_RDWR);
	say("fsync of one opened later", fsync(late));
	say("write, good", pwrite(fd, buf, 4096, 0));
	say("fsync, good", fsync(fd));
	close(fd);
	fd = open_or_die(bad, O_RDWR | O_DSYNC);
	say("O_DSYNC", pwrite(fd, buf, 4096, MIB + 4096));
	say("O_DSYNC, good", pwrite(fd, buf, 4096, 4096));
	close(fd);
	close(other);
	close(late);
}

static void shared_errors(const char *bad)
{
	int fd = open_or_die(bad, O_RDWR);
	char *map = mmap(NULL, 4 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	map[MIB + 16384] = 'm';
	say("msync", msync(map + MIB, 65536, MS_SYNC));
	map[8192] = 'm';
	say("msync, good", msync(map, 65536, MS_SYNC));
	munmap(map, 4 * MIB);
	close(fd);
}

static void direct(const char *good)
{
	int fd = open_or_die(good, O_RDWR | O_DIRECT), plain = open_or_die(good, O_RDWR);

	memset(buf, 'd', 8192);
	say("direct write", pwrite(fd, buf, 8192, 4096));
	memset(buf, 0, 8192);
	say("plain read", pread(plain, buf, 8192, 4096));
	say("the same", buf[0] == 'd' && buf[8191] == 'd');
	memset(buf, 'p', 4096);
	say("plain write", pwrite(plain, buf, 4096, 8192));
	memset(buf, 0, 8192);
	say("direct read", pread(fd, buf, 8192, 4096));
	say("the same", buf[0] == 'd' && buf[4096] == 'p');
	say("at no sector", pread(fd, buf, 512, 100));
	say("of no sector", pread(fd, buf, 100, 512));
	say("to no address", pread(fd, buf + 1, 512, 512));
	close(fd);
	close(plain);
}

static long resident(char *map, size_t pages)
{
	unsigned char vec[64];
	long n = 0;

	if (mincore(map, pages * 4096, vec))
		return -1;
	for (size_t i = 0; i < pages; i++)
		n += vec[i] & 1;
	return n;
}

static void advice(const char *good)
{
	int fd = open_or_die(good, O_RDONLY);
	char *map = mmap(NULL, MIB, PROT_READ, MAP_SHARED, fd, 4 * MIB);

	say("dropped", posix_fadvise(fd, 4 * MIB, MIB, POSIX_FADV_DONTNEED));
	say("resident", resident(map, 16));
	say("willneed", posix_fadvise(fd, 4 * MIB, 65536, POSIX_FADV_WILLNEED));
	say("read", pread(fd, buf, 65536, 4 * MIB));
	say("resident", resident(map, 16));
	say("dropped", posix_fadvise(fd, 4 * MIB, MIB, POSIX_FADV_DONTNEED));
	say("resident", resident(map, 16));
	say("madvise", madvise(map, 65536, MADV_WILLNEED));
	say("read", pread(fd, buf, 65536, 4 * MIB));
	say("resident", resident(map, 16));
	say("readahead", readahead(fd, 5 * MIB, 65536));
	say("sync_file_range",
	    sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER));
	munmap(map, MIB);
	close(fd);
}

/* A hole that is mapped, on a file system that is full. */
static void no_space(const char *mnt)
{
	char path[256];
	int fd, hole;
	char *map;

	snprintf(path, sizeof(path), "%s/hole", mnt);
	hole = open_or_die(path, O_RDWR | O_CREAT | O_TRUNC);
	say("hole", ftruncate(hole, 16 * MIB));
	map = mmap(NULL, 16 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, hole, 0);
	map[0] = 'a';
	snprintf(path, sizeof(path), "%s/full", mnt);
	fd = open_or_die(path, O_RDWR | O_CREAT | O_TRUNC);
	while (write(fd, buf, sizeof(buf)) > 0)
		;
	while (write(fd, buf, 512) > 0)
		;
	say("full", write(fd, buf, 4096));
	say("hole reads", map[8 * MIB]);
	if (!sigsetjmp(where, 1)) {
		map[8 * MIB] = 'b';
		say("hole written", 0);
	} else {
		say("hole written: SIGBUS", 0);
	}
	say("what is there", map[0]);
	say("write to a hole", pwrite(hole, buf, 4096, 12 * MIB));
	say("fsync", fsync(hole));
	close(fd);
	say("unlink", unlink(path));
	map[8 * MIB] = 'c';
	say("hole written", map[8 * MIB]);
	say("msync", msync(map, 16 * MIB, MS_SYNC));
	say("cut", ftruncate(hole, 4096));
	if (!sigsetjmp(where, 1))
		say("behind the end", map[8192]);
	else
		say("behind the end: SIGBUS", 0);
	map[100] = 'x';
	say("grown", ftruncate(hole, 50) + ftruncate(hole, 4096));
	say("zeros", map[100]);
	close(hole);
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 1;
	signal(SIGBUS, on_bus);
	read_errors(argv[1]);
	write_errors(argv[1]);
	shared_errors(argv[1]);
	direct(argv[2]);
	advice(argv[2]);
	no_space(argv[3]);
	say("end", 0);
	return 0;
}
