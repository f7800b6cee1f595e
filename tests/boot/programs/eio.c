/*
 * eio.c - what a program sees of a disk's errors: test_disk_errors.py.
 *
 *	eio read FILE		each page by pread: "page N: ok" or "page N: ERRNO"
 *	eio map FILE		the same through a mapping: "page N: ok" or "page N: SIGBUS"
 *	eio write FILE BYTES	write, then fsync by two descriptors, twice: what each says
 *	eio sync FILE BYTES	write by a descriptor with O_SYNC
 *	eio direct FILE		each page by O_DIRECT
 *	eio list DIR		how reading the directory ends
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096

static sigjmp_buf out;

static void on_bus(int sig)
{
	siglongjmp(out, sig);
}

static void say(const char *what, long r)
{
	if (r < 0)
		printf("%s: %s\n", what, strerrorname_np(errno));
	else
		printf("%s: ok\n", what);
}

static void read_pages(int fd, off_t pages)
{
	static char buf[PAGE] __attribute__((aligned(PAGE)));
	char what[40];

	for (off_t i = 0; i < pages; i++) {
		sprintf(what, "page %d", (int)i);
		say(what, pread(fd, buf, PAGE, i * PAGE));
	}
}

static void map_pages(int fd, off_t pages)
{
	volatile char *p = mmap(NULL, (size_t)pages * PAGE, PROT_READ, MAP_SHARED, fd, 0);

	signal(SIGBUS, on_bus);
	for (volatile off_t i = 0; i < pages; i++) {
		int sig = sigsetjmp(out, 1);

		if (!sig)
			(void)p[i * PAGE];
		printf("page %d: %s\n", (int)i, sig ? "SIGBUS" : "ok");
	}
}

static void write_file(const char *path, size_t n, int flags)
{
	char *buf = calloc(1, n);
	int a = open(path, O_RDWR | O_CREAT | flags, 0644), b = open(path, O_RDWR);

	memset(buf, 'w', n);
	say("write", write(a, buf, n));
	if (!flags) {
		say("fsync a", fsync(a));
		say("fsync a again", fsync(a));
		say("fsync b", fsync(b));
		say("fsync b again", fsync(b));
	}
	say("close", close(a));
	close(b);
	a = open(path, O_RDWR);
	say("fsync of one opened later", fsync(a));
}

static void list(const char *path)
{
	DIR *d = opendir(path);

	do
		errno = 0;
	while (d && readdir(d));
	say("list", errno ? -1 : 0);
}

int main(int argc, char **argv)
{
	struct stat st = { 0 };
	int fd;

	if (argc < 3)
		return 2;
	if (argc > 3) {
		write_file(argv[2], strtoul(argv[3], NULL, 0),
			   strcmp(argv[1], "sync") ? 0 : O_SYNC);
		return 0;
	}
	if (!strcmp(argv[1], "list")) {
		list(argv[2]);
		return 0;
	}
	fd = open(argv[2], strcmp(argv[1], "direct") ? O_RDONLY : O_RDONLY | O_DIRECT);
	if (fd < 0 || fstat(fd, &st)) {
		say("open", -1);
		return 1;
	}
	if (!strcmp(argv[1], "map"))
		map_pages(fd, st.st_size / PAGE);
	else
		read_pages(fd, st.st_size / PAGE);
	return 0;
}
