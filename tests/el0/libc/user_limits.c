/*
 * user_limits.c - what one user may have of the kernel's memory, all his processes together: pipes,
 * epolls and signals; and what all users together may have: open files, mounts, pseudo-terminals.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/el0/libc/calls.h"

/* Younger than the C library's headers may be. */
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

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
		_exit(tap_failures() != 0);
	}
	check(waitpid(pid, &status, 0), pid, "waitpid");
	check(status, 0, "the user's process");
}

/*
 * With 256 pages: 16 pipes of 16 pages, and then those of two; root's are not counted against him.
 */
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

/* ---- signals ---- */

#define RT   40
#define RT2  41
#define MASK (1ull << (RT - 1) | 1ull << (RT2 - 1) | 1ull << (SIGUSR1 - 1) | 1ull << (SIGUSR2 - 1))

static siginfo_t got;

/* The first number behind "SigQ:". */
static long counted(void)
{
	char text[2048] = "", *at;
	int fd = open("/proc/self/status", O_RDONLY);
	long n = read(fd, text, sizeof(text) - 1);

	close(fd);
	at = n > 0 ? strstr(text, "SigQ:") : NULL;
	return at ? atol(at + 5) : -1;
}

static long queue(pid_t to, int signo)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	return sys(rt_sigqueueinfo, to, signo, &info);
}

static long take(void)
{
	uint64_t set = MASK;
	struct timespec none = { 0, 0 };

	memset(&got, 0xff, sizeof(got));
	return sys(rt_sigtimedwait, &set, &got, &none, 8);
}

static void block_all(void)
{
	uint64_t set = MASK;

	sys(rt_sigprocmask, SIG_BLOCK, &set, NULL, 8);
}

static pid_t waiting_child(void)
{
	pid_t pid = fork();

	while (!pid)
		pause();
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void at_most(long n)
{
	struct rlimit l = { (rlim_t)n, 100 };

	check(setrlimit(RLIMIT_SIGPENDING, &l), 0, "setrlimit");
}

/*
 * Nothing over the limit is queued; what comes all the same comes from nobody, but for kill(2)'s
 * standard signals.
 */
static void past_the_limit(void)
{
	timer_t timer;

	check(queue(getpid(), RT), -EAGAIN, "a real-time signal past the limit");
	check(sys(timer_create, CLOCK_MONOTONIC, NULL, &timer), -EAGAIN, "a timer");
	check(sys(kill, getpid(), RT2), 0, "kill with a real-time signal");
	check(sys(kill, getpid(), SIGUSR1), 0, "kill");
	check(queue(getpid(), SIGUSR2), 0, "a standard signal");
	check(take(), SIGUSR1, "the first");
	check(got.si_code, SI_USER, "kill's code");
	check(got.si_pid, getpid(), "kill's pid");
	check(take(), SIGUSR2, "the second");
	check(got.si_code, SI_USER, "nobody's code");
	check(got.si_pid, 0, "nobody's pid");
}

static void lost(void)
{
	check(take(), RT2, "kill's, after what was queued");
	check(got.si_code, SI_USER, "its code");
	check(got.si_pid, 0, "its pid");
	check(take(), -EAGAIN, "no more");
}

/* What is queued for one process of the user is counted against all of them. */
static void queues(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = RT };
	pid_t other;
	int timer;

	check(counted(), 0, "none yet");
	at_most(6);
	block_all();
	other = waiting_child();
	for (int i = 0; i < 3; i++)
		check(queue(other, RT), 0, "to a child, %d", i);
	check(counted(), 3, "his child's");
	check(sys(timer_create, CLOCK_MONOTONIC, &event, &timer), 0, "a timer");
	check(counted(), 4, "with its timer's");
	check(queue(getpid(), RT), 0, "one more");
	check(queue(getpid(), RT), 0, "and another");
	check(counted(), 6, "all");
	past_the_limit();
	check(counted(), 6, "all, as before");
	end_child(other);
	check(counted(), 3, "without the child's");
	check(sys(timer_delete, timer), 0, "timer_delete");
	check(counted(), 2, "without the timer's");
	check(take(), RT, "take one");
	check(counted(), 1, "which counts no more");
	check(queue(getpid(), RT), 0, "there is room");
	signal(RT, SIG_IGN);
	check(counted(), 0, "ignored: thrown away");
	signal(RT, SIG_DFL);
	lost();
}

/* Much of it, of all kinds, and nothing stays. */
static void floods(void)
{
	pid_t other;

	block_all();
	other = waiting_child();
	at_most(100);
	for (int i = 0; i < 50; i++) {
		check(queue(getpid(), RT + i % 2), 0, "to oneself");
		check(queue(other, RT + i % 2), 0, "to a child");
	}
	check(counted(), 100, "all");
	for (int i = 0; i < 25; i++)
		check(take(), RT, "in order, %d", i);
	check(counted(), 75, "less");
	signal(RT2, SIG_IGN);
	check(counted(), 50, "less");
	end_child(other);
	check(counted(), 0, "nothing stays");
	for (int i = 0; i < 30; i++)
		check(queue(getpid(), RT), 0, "left behind, %d", i);
}

/* A signal counts for who its receiver was when it came, whoever he is when he takes it. */
static void changes(void)
{
	check(sys(setresuid, USER, 0, 0), 0, "real user");
	block_all();
	check(counted(), 0, "none of his");
	check(queue(getpid(), RT), 0, "one to him");
	check(counted(), 1, "is his");
	check(sys(setresuid, USER + 1, 0, 0), 0, "another");
	check(counted(), 0, "not the other's");
	check(queue(getpid(), RT2), 0, "one to the other");
	check(counted(), 1, "is the other's");
	check(take(), RT, "take the first");
	check(counted(), 1, "which was not the other's");
	check(sys(setresuid, USER, 0, 0), 0, "as before");
	check(counted(), 0, "all was given back");
	check(take(), RT2, "take the other");
	check(sys(setresuid, USER + 1, 0, 0), 0, "the other again");
	check(counted(), 0, "all was given back");
}

/* By root, who is not charged. */
static void for_another(void)
{
	int to_parent[2];
	pid_t pid;
	char c;

	check(pipe(to_parent), 0, "pipe");
	block_all();
	pid = fork();
	if (!pid) {
		become_user();
		if (write(to_parent[1], "x", 1) != 1)
			_exit(1);
		while (counted() != 2)
			usleep(1000);
		_exit(0);
	}
	check(read(to_parent[0], &c, 1), 1, "he is there");
	check(queue(pid, RT), 0, "root's");
	check(queue(pid, RT), 0, "root's");
	check(waitpid(pid, NULL, 0), pid, "waitpid");
	close(to_parent[0]);
	close(to_parent[1]);
}

static void signals(void)
{
	int status;
	pid_t pid;

	begin("rt_sigqueueinfo, kill, timer_create, setrlimit: RLIMIT_SIGPENDING is one user's");
	as_user(queues);
	as_user(floods);
	as_user(queues);
	for_another();
	pid = fork();
	if (!pid) {
		changes();
		_exit(tap_failures() != 0);
	}
	check(waitpid(pid, &status, 0), pid, "waitpid");
	check(status, 0, "as several users");
	end();
}

#define FILES	 "/proc/sys/fs/file-max"
#define NR_OPEN	 "/proc/sys/fs/nr_open"
#define MOUNTS	 "/proc/sys/fs/mount-max"
#define PTYS	 "/proc/sys/kernel/pty/max"
#define PTYS_NOW "/proc/sys/kernel/pty/nr"

/* More than fs.file-max are open. */
static void no_file(void)
{
	int p[2];

	check(sys(openat, AT_FDCWD, "/", O_RDONLY), -ENFILE, "openat");
	check(sys(openat, AT_FDCWD, "/", O_PATH), -ENFILE, "openat with O_PATH");
	check(sys(openat, AT_FDCWD, "/not there", O_RDONLY), -ENFILE, "before it is looked for");
	check(sys(openat, AT_FDCWD, "/tmp/not made", O_CREAT | O_WRONLY, 0600), -ENFILE,
	      "openat with O_CREAT");
	check(sys(faccessat, AT_FDCWD, "/tmp/not made", 0), -ENOENT, "which has made nothing");
	check(sys(openat, AT_FDCWD, "", O_RDONLY), -ENOENT, "no name");
	check(sys(pipe2, p, 0), -ENFILE, "pipe2");
	check(sys(eventfd2, 0, 0), -ENFILE, "eventfd2");
	check(sys(epoll_create1, 0), -ENFILE, "epoll_create1");
	check(sys(memfd_create, "x", 0), -ENFILE, "memfd_create");
	check(sys(socket, AF_UNIX, SOCK_STREAM, 0), -ENFILE, "socket");
	check(sys(socketpair, AF_UNIX, SOCK_STREAM, 0, p), -ENFILE, "socketpair");
	check(sys(pidfd_open, getpid(), 0), -ENFILE, "pidfd_open");
	expect(sys(dup, 1) >= 0, "dup makes no file");
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 3, 3 });
	check(sys(dup, 1), -EMFILE, "no descriptor");
	check(sys(openat, AT_FDCWD, "/", O_RDONLY), -EMFILE, "no descriptor and no file");
}

static void files(void)
{
	long was = number_in(FILES);
	struct rlimit r, above = { 64, 129 };
	int fd, many[300];

	begin("openat, pipe2, eventfd2, epoll_create1, memfd_create, socket, pidfd_open: "
	      "fs.file-max, fs.nr_open");
	expect(was >= 8192, "%ld files", was);
	expect(!set_number(FILES, -1) && set_number(FILES, 1), "the limit can be set");
	/* Linux counts up to 31 of them on each core before it adds them up. */
	for (int i = 0; i < 300; i++)
		many[i] = open("/", O_RDONLY);
	as_user(no_file);
	for (int i = 0; i < 300; i++)
		close(many[i]);
	fd = open("/", O_RDONLY);
	expect(fd >= 0, "root opens");
	close(fd);
	expect(set_number(FILES, was), "as it was");
	check(number_in(NR_OPEN), 1048576, "nr_open");
	expect(!set_number(NR_OPEN, 63) && set_number(NR_OPEN, 128), "it can be set");
	getrlimit(RLIMIT_NOFILE, &r);
	check(sys(prlimit64, 0, RLIMIT_NOFILE, &above, NULL), -EPERM, "RLIMIT_NOFILE above it");
	expect(set_number(NR_OPEN, 1048576), "as it was");
	above.rlim_max = 1048577;
	check(sys(prlimit64, 0, RLIMIT_NOFILE, &above, NULL), -EPERM, "and above that");
	above.rlim_max = 1048576;
	check(sys(prlimit64, 0, RLIMIT_NOFILE, &above, NULL), 0, "as much");
	setrlimit(RLIMIT_NOFILE, &r);
	end();
}

static int lines_in(const char *name)
{
	int fd = open(name, O_RDONLY), n = 0;
	char buf[512];
	ssize_t got;

	while ((got = read(fd, buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < got; i++)
			n += buf[i] == '\n';
	close(fd);
	return n;
}

static void mount_limit(void)
{
	long was = number_in(MOUNTS);

	begin("mount: fs.mount-max");
	check(was, 100000, "the limit");
	mkdir("limited", 0700);
	expect(!set_number(MOUNTS, 0), "it is not 0");
	expect(set_number(MOUNTS, lines_in("/proc/self/mounts") + 1), "one more");
	check(sys(mount, "none", "limited", "tmpfs", 0, NULL), 0, "mount");
	check(sys(mount, "none", "limited", "tmpfs", 0, NULL), -ENOSPC, "another");
	check(sys(mount, "limited", "limited", NULL, MS_BIND, NULL), -ENOSPC, "a bind");
	check(sys(umount2, "limited", 0), 0, "umount2");
	check(sys(mount, "none", "limited", "tmpfs", 0, NULL), 0, "and again one");
	umount2("limited", 0);
	rmdir("limited");
	expect(set_number(MOUNTS, was), "as it was");
	end();
}

static void pty_limit(void)
{
	int fd[2];
	long was, now;

	begin("openat, close: kernel.pty.max");
	mkdir("/dev/pts", 0755);
	mount("devpts", "/dev/pts", "devpts", 0, NULL);
	was = number_in(PTYS);
	now = number_in(PTYS_NOW);
	check(was, 4096, "the limit");
	check(number_in("/proc/sys/kernel/pty/reserve"), 1024, "the reserve");
	expect(set_number(PTYS, now + 2), "one more");
	fd[0] = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY);
	expect(fd[0] >= 0, "a pty");
	check(number_in(PTYS_NOW), now + 1, "counted");
	check(sys(openat, AT_FDCWD, "/dev/pts/ptmx", O_RDWR | O_NOCTTY), -ENOSPC, "another");
	close(fd[0]);
	check(number_in(PTYS_NOW), now, "gone");
	fd[1] = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY);
	expect(fd[1] >= 0, "and again one");
	close(fd[1]);
	expect(set_number(PTYS, was), "as it was");
	end();
}

int main(void)
{
	mkdir("/proc", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	pipes();
	epolls();
	signals();
	files();
	mount_limit();
	pty_limit();
	return tap_done();
}
