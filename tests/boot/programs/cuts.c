/*
 * cuts.c - files that must survive a power cut: test_disk_cuts.py.
 *
 *	cuts DIR SEED
 *
 * Until the machine is gone it makes files, or makes those longer that there are, and after fsync
 * of the file and of its directory prints "synced NAME LENGTH": from then on the first LENGTH bytes
 * are promised.  Byte i of a file is pattern(NAME's number, i).  Meanwhile another process makes,
 * renames, cuts and removes files that nothing is promised of.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t rng;

static unsigned int below(unsigned int n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (unsigned int)(rng >> 20) % n;
}

static uint8_t pattern(unsigned int file, size_t i)
{
	return (uint8_t)(file * 31 + i * 7 + (i >> 8) * 13 + (i >> 16));
}

static void die(const char *what)
{
	printf("cuts: %s: error %d\n", what, errno);
	exit(1);
}

static void sync_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY);

	if (fd < 0 || fsync(fd) || close(fd))
		die(path);
}

/* What is never synced, in a directory of its own and among the others. */
static void make_noise(const char *dir)
{
	static char junk[70000];
	char name[256], other[256];

	for (;;) {
		unsigned int i = below(40);
		int fd;

		snprintf(name, sizeof(name), "%s/%s/noise%u", dir, below(2) ? "n" : "d0", i);
		snprintf(other, sizeof(other), "%s/n/moved%u", dir, below(40));
		switch (below(5)) {
		case 0: (void)unlink(name); break;
		case 1: (void)rename(name, other); break;
		case 2: (void)truncate(name, below(100000)); break;
		default:
			fd = open(name, O_WRONLY | O_CREAT, 0644);
			if (fd >= 0 && pwrite(fd, junk, below(sizeof(junk)), below(100000)) < 0 &&
			    errno != ENOSPC)
				die("noise");
			if (fd >= 0)
				close(fd);
		}
	}
}

#define FILES 400

int main(int argc, char **argv)
{
	static uint8_t buf[200000];
	static size_t length[FILES];
	char name[400], dir[256];

	if (argc != 3)
		return 2;
	rng = (strtoull(argv[2], NULL, 0) + 1) * 0x9e3779b97f4a7c15u;
	snprintf(name, sizeof(name), "%s/n", argv[1]);
	(void)mkdir(name, 0755);
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%s/d%d", argv[1], i);
		if (mkdir(name, 0755) && errno != EEXIST)
			die("mkdir");
	}
	sync_path(argv[1]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!fork()) {
		rng ^= 0x5555;
		make_noise(argv[1]);
	}
	for (;;) {
		unsigned int file = below(FILES);
		size_t n = below(4) ? below(8000) : below(150000);
		int fd;

		if (length[file] + n > 400000)
			continue;
		snprintf(dir, sizeof(dir), "%s/d%u", argv[1], file % 4);
		snprintf(name, sizeof(name), "%s/file%u", dir, file);
		for (size_t i = 0; i < n; i++)
			buf[i] = pattern(file, length[file] + i);
		fd = open(name, O_WRONLY | O_CREAT | O_APPEND, 0644);
		if (fd < 0)
			die(name);
		if (write(fd, buf, n) != (ssize_t)n) {
			if (errno == ENOSPC)
				continue;
			die("write");
		}
		if (fsync(fd) || close(fd))
			die("fsync");
		sync_path(dir);
		length[file] += n;
		printf("synced d%u/file%u %zu\n", file % 4, file, length[file]);
	}
}
