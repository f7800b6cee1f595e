/*
 * scattered.c - files of which no two blocks lie side by side on the disk, read and written by
 * several tasks at a time: each page is requests of its own, and each needs the map of the file.
 *
 *	scattered FILE BLOCK BLOCKS
 *
 * Blocks of BLOCK bytes are written from the end to the beginning, every other one of FILE; then
 * TASKS processes each change one byte of every block and sync, and, after drop_caches, read all in
 * large pieces from different places.  Ends with "scattered: well"; that it ends is the test.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TASKS  8
#define ROUNDS 2
#define PIECE  (256 * 1024)

static const char *path;
static size_t block, blocks;
static char piece[PIECE];

static int open_it(int flags)
{
	int fd = open(path, flags, 0600);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static void make(void)
{
	int fd = open_it(O_RDWR | O_CREAT);

	memset(piece, 'a', block);
	for (size_t i = blocks; i--;)
		if (pwrite(fd, piece, block, (off_t)(2 * i * block)) != (ssize_t)block)
			err(1, "write");
	if (fsync(fd))
		err(1, "fsync");
	close(fd);
}

/* Task @n's byte of each block becomes @c; a random order, all its own. */
static void change(unsigned int n, char c)
{
	int fd = open_it(O_RDWR);

	for (size_t i = 0; i < blocks; i++)
		if (pwrite(fd, &c, 1, (off_t)(2 * ((i * 7919 + n) % blocks) * block + n)) != 1)
			err(1, "write");
	if (fsync(fd))
		err(1, "fsync");
}

static void check(unsigned int n, char c)
{
	size_t all = 2 * blocks * block, at = all / TASKS * n / PIECE * PIECE;
	int fd = open_it(O_RDONLY);

	for (size_t done = 0; done < all; done += PIECE, at = at + PIECE < all ? at + PIECE : 0) {
		ssize_t got = pread(fd, piece, PIECE, (off_t)at);

		for (size_t i = 0; got > 0 && i < (size_t)got; i += block / 2) {
			size_t off = (at + i) % (2 * block);
			char want = !off ? c : off < block ? 'a' : 0;

			if (piece[i] != want)
				errx(1, "byte %zu is %d, not %d", at + i, piece[i], want);
		}
	}
}

static void all_at_once(void (*step)(unsigned int, char), char c)
{
	int status;

	for (unsigned int n = 0; n < TASKS; n++)
		if (!fork()) {
			step(n, c);
			exit(0);
		}
	while (wait(&status) > 0)
		if (status)
			errx(1, "a task's status is %#x", (unsigned int)status);
}

int main(int argc, char **argv)
{
	int drop = open("/proc/sys/vm/drop_caches", O_WRONLY);

	if (argc != 4)
		errx(2, "scattered FILE BLOCK BLOCKS");
	path = argv[1];
	block = strtoul(argv[2], NULL, 0);
	blocks = strtoul(argv[3], NULL, 0);
	make();
	for (int round = 0; round < ROUNDS; round++) {
		all_at_once(change, (char)('A' + round));
		if (drop < 0 || write(drop, "3", 1) != 1)
			err(1, "drop_caches");
		all_at_once(check, (char)('A' + round));
	}
	puts("scattered: well");
	return 0;
}
