/*
 * limits.c - what one user may have of the kernel's memory, all his processes together; tests of pipes and epolls.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/el0/libc/tap.h"

#define PAGE	4096
#define RING	65536
#define USER	4711 /* who has nothing yet */
#define SOFT	"/proc/sys/fs/pipe-user-pages-soft"
#define HARD	"/proc/sys/fs/pipe-user-pages-hard"
#define PIPES	40

#define WATCHES "/proc/sys/fs/epoll/max_user_watches"
#define FEW	2500 /* in place of as many as the machine's memory allows */

static long number_in(const char *name)
{
	char text[32] = "";
	int fd = open(name, O_RDONLY);
	long n = read(fd, text, sizeof(text) - 1);

	close(fd);
	return n > 0 ? atol(text) : -1;
}

static bool set_number(const char *name, long value)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%ld", value), fd = open(name, O_WRONLY);
	bool good = write(fd, text, n) == n;

	close(fd);
	return good;
}

static void become_user(void)
{
	setgroups(0, NULL);
	if (setgid(USER) || setuid(USER))
		_exit(1);
}

/* Runs @fn as the user, in a child: what it found wrong counts here. */
static void as_user(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		become_user();
		fn();
		_exit(tap_failures != 0);
	}
	check(waitpid(pid, &status, 0), pid, "waitpid");
	check(status, 0, "the user's process");
}

/* With 256 pages: 16 pipes of 16 pages, and then those of two; root's are not counted against him. */
static void soft(void)
{
	int p[PIPES][2];

	for (int i = 0; i < PIPES; i++) {
		check(sys(pipe2, p[i], 0), 0, "pipe %d", i);
		check(sys(fcntl, p[i][0], F_GETPIPE_SZ), i < 16 ? RING : 2 * PAGE, "its size, %d",
		      i);
	}
	check(sys(fcntl, p[20][0], F_SETPIPE_SZ, RING), -EPERM, "more than the limit");
	check(sys(fcntl, p[20][0], F_SETPIPE_SZ, PAGE), PAGE, "less");
	check(sys(fcntl, p[0][0], F_SETPIPE_SZ, 2 * PAGE), 2 * PAGE, "less of a large one");
	for (int i = 0; i < PIPES; i++) {
		close(p[i][0]);
		close(p[i][1]);
	}
	check(sys(pipe2, p[0], 0), 0, "a pipe when the others are gone");
	check(sys(fcntl, p[0][0], F_GETPIPE_SZ), RING, "its size");
	check(sys(fcntl, p[0][0], F_SETPIPE_SZ, 2 * 1048576), -EPERM, "more than pipe-max-size");
}

static void hard(void)
{
	int p[2], n = 0;
	long err;

	while ((err = sys(pipe2, p, 0)) == 0 && n < PIPES)
		n++;
	check(err, -ENFILE, "pipe2 at the hard limit");
	check(n, 8, "pipes of 16 pages below 128");
	check(mkfifo("/tmp/limit", 0600), 0, "mkfifo");
	check(sys(openat, AT_FDCWD, "/tmp/limit", O_RDWR), -ENOMEM, "a fifo at the hard limit");
	unlink("/tmp/limit");
}

static void pipes(void)
{
	long was_soft = number_in(SOFT), was_hard = number_in(HARD);
	int p[2];

	begin("pipe2, fcntl: how many pages of pipes a user may have");
	check(was_soft, 16384, "soft limit");
	check(was_hard, 0, "hard limit");
	expect(set_number(SOFT, 256), "the soft limit can be set");
	as_user(soft);
	as_user(soft); /* all was given back */
	expect(set_number(SOFT, 0) && set_number(HARD, 128), "the hard limit can be set");
	as_user(hard);
	check(sys(pipe2, p, 0), 0, "root's pipe");
	check(sys(fcntl, p[0], F_SETPIPE_SZ, 2 * 1048576), 2 * 1048576, "and a large one");
	close(p[0]);
	close(p[1]);
	expect(set_number(SOFT, was_soft) && set_number(HARD, was_hard), "as they were");
	end();
}

static long watches; /* of one process */

static void watch(void)
{
	struct epoll_event ev = { .events = EPOLLIN };
	struct rlimit files = { 4096, 4096 };
	long most = number_in(WATCHES), err = 0;
	int fds[1000], ep = -1;

	setrlimit(RLIMIT_NOFILE, &files);
	for (int i = 0; i < 1000; i++)
		fds[i] = eventfd(0, 0);
	for (; !err && watches <= most; watches++) {
		if (watches % 1000 == 0)
			ep = epoll_create1(0);
		err = sys(epoll_ctl, ep, EPOLL_CTL_ADD, fds[watches % 1000], &ev);
	}
	check(err, -ENOSPC, "epoll_ctl");
	check(watches - 1, most, "as many as max_user_watches");
	check(sys(epoll_ctl, ep, EPOLL_CTL_DEL, fds[0], &ev), 0, "one less");
	check(sys(epoll_ctl, ep, EPOLL_CTL_ADD, fds[0], &ev), 0, "and another");
}

static void epolls(void)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int ep = epoll_create1(0), fd = eventfd(0, 0);
	long was = number_in(WATCHES);

	begin("epoll_ctl: max_user_watches is one user's");
	expect(was > FEW, "%ld watches", was);
	expect(!set_number(WATCHES, -1) && set_number(WATCHES, FEW), "the limit can be set");
	as_user(watch);
	as_user(watch); /* all was given back */
	check(sys(epoll_ctl, ep, EPOLL_CTL_ADD, fd, &ev), 0, "root's");
	expect(set_number(WATCHES, was), "as it was");
	close(ep);
	close(fd);
	end();
}

int main(void)
{
	mkdir("/proc", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	pipes();
	epolls();
	return tap_done();
}
