/*
 * readdir.c - getdents64(2) of a directory that changes while it is read: each name that stayed is
 * told exactly once, and one that came or went at most once.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/el0/libc/calls.h"

#define STAY   150 /* s0 … */
#define CHANGE 150 /* c0 … */

struct entry {
	uint64_t ino, off;
	uint16_t len;
	uint8_t type;
	char name[];
};

static int seen_stay[STAY], seen_change[CHANGE], seen_other;

static void make(int dir, char kind, int i)
{
	char name[16];

	snprintf(name, sizeof(name), "%c%d", kind, i);
	close(openat(dir, name, O_CREAT | O_WRONLY, 0600));
}

static void drop(int dir, char kind, int i)
{
	char name[16];

	snprintf(name, sizeof(name), "%c%d", kind, i);
	unlinkat(dir, name, 0);
}

static void saw(const char *name)
{
	int i = atoi(name + 1);

	if (name[0] == 's' && i < STAY)
		seen_stay[i]++;
	else if (name[0] == 'c' && i < CHANGE)
		seen_change[i]++;
	else
		seen_other++;
}

static void forget(void)
{
	memset(seen_stay, 0, sizeof(seen_stay));
	memset(seen_change, 0, sizeof(seen_change));
	seen_other = 0;
}

/* One call for at most @size bytes: how many names, each told to saw(). */
static int some(int fd, size_t size)
{
	static char buf[4096] __attribute__((aligned(8)));
	long n = sys(getdents64, fd, buf, size);
	int names = 0;

	if (n < 0)
		check(n, 0, "getdents64");
	for (long at = 0; at < n; names++) {
		const struct entry *e = (const void *)(buf + at);

		saw(e->name);
		at += e->len;
	}
	return names;
}

static void check_seen(const char *when, int changed_most)
{
	for (int i = 0; i < STAY; i++)
		if (seen_stay[i] != 1)
			check(seen_stay[i], 1, "s%d is told, %s", i, when);
	for (int i = 0; i < CHANGE; i++)
		if (seen_change[i] > changed_most)
			check(seen_change[i], changed_most, "c%d is told, %s", i, when);
	check(seen_other, 2, "\".\" and \"..\", %s", when);
}

static int fill(void)
{
	int dir;

	mkdir("ls", 0755);
	dir = open("ls", O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < STAY; i++) {
		make(dir, 's', i);
		if (i < CHANGE)
			make(dir, 'c', i);
	}
	forget();
	return dir;
}

static void empty(int dir)
{
	for (int i = 0; i < STAY; i++)
		drop(dir, 's', i);
	for (int i = 0; i < CHANGE; i++)
		drop(dir, 'c', i);
	close(dir);
	if (rmdir("ls"))
		expect(false, "rmdir: %d", errno);
}

static void test_removed(void)
{
	int dir, gone = 0;

	begin("getdents64, unlinkat: what is told is removed");
	dir = fill(); /* as rm -r does */
	while (some(dir, 128))
		for (; gone < CHANGE && seen_change[gone]; gone++)
			drop(dir, 'c', gone);
	check_seen("while others go", 1);
	empty(dir);

	dir = fill();
	some(dir, 512);
	for (int i = 0; i < CHANGE; i++)
		drop(dir, 'c', i);
	forget();
	lseek(dir, 0, SEEK_SET);
	while (some(dir, 256))
		;
	check_seen("when half is gone", 0);

	/* The entry told last, at which the reading stands, goes; and comes again. */
	lseek(dir, 0, SEEK_SET);
	forget();
	for (int i = 0; some(dir, 32);) {
		for (; i < STAY && seen_stay[i]; i++)
			drop(dir, 's', i);
		check(seen_other <= 2, true, "no other name");
	}
	check_seen("each removed when it was told", 0);
	empty(dir);
	end();
}

static void test_made(void)
{
	int dir, rounds = 0;

	begin("getdents64, openat, renameat, lseek: names come and move");
	dir = fill();
	while (some(dir, 96) && rounds < CHANGE) {
		char was[16], is[16];

		snprintf(was, sizeof(was), "c%d", rounds);
		snprintf(is, sizeof(is), "ls/c%d", rounds);
		drop(dir, 'c', rounds);
		make(dir, 'c', rounds); /* behind all others, or before */
		check(sys(renameat, dir, was, AT_FDCWD, "away"), 0, "out");
		check(sys(renameat, AT_FDCWD, "away", AT_FDCWD, is), 0, "in");
		rounds++;
	}
	while (some(dir, 4096))
		;
	check_seen("while others move", 2); /* as the old file and as the new one */

	/* A position that was told leads to the same rest. */
	lseek(dir, 0, SEEK_SET);
	forget();
	some(dir, 2048);
	off_t at = lseek(dir, 0, SEEK_CUR);
	while (some(dir, 4096))
		;
	check_seen("all at rest", 1);
	memset(seen_stay, 0, sizeof(seen_stay));
	lseek(dir, at, SEEK_SET);
	some(dir, 4096);
	for (int i = 0; i < STAY; i++)
		if (seen_stay[i] > 1)
			check(seen_stay[i], 1, "s%d twice behind a position", i);
	empty(dir);
	end();
}

static void change_for_ever(int dir)
{
	for (unsigned int i = 0;; i++) {
		drop(dir, 'c', (int)(i * 7 % CHANGE));
		make(dir, 'c', (int)(i * 7 % CHANGE));
	}
}

/*
 * A name may be told again when it was removed and made again meanwhile, but what stayed is told
 * once.
 */
static void test_race(void)
{
	int dir, status;
	pid_t pid[2];

	begin("getdents64: while two processes change the directory");
	dir = fill();
	for (int i = 0; i < 2; i++) {
		pid[i] = fork();
		if (pid[i] == 0)
			change_for_ever(dir);
	}
	for (int round = 0; round < 8 && !tap_failures(); round++) {
		int fd = open("ls", O_RDONLY | O_DIRECTORY);
		size_t size = 64u + (unsigned int)round * 500u;

		/*
		 * Names that are made come behind all others: so it may not end before the changing
		 * does.
		 */
		forget();
		for (int n = 0; n < 4 * (STAY + CHANGE) && some(fd, size);)
			n++;
		check_seen("in a race", 1 << 30);
		close(fd);
	}
	for (int i = 0; i < 2; i++) {
		kill(pid[i], SIGKILL);
		waitpid(pid[i], &status, 0);
		check(status, SIGKILL, "it changed to the end");
	}
	empty(dir);
	end();
}

int main(void)
{
	if (chdir("/tmp"))
		return 1;
	test_removed();
	test_made();
	test_race();
	return tap_done();
}
