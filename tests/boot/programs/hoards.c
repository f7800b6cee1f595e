/*
 * hoards.c - a user takes all the memory there is, each time of another kind; root goes on working
 * meanwhile, the user pays, and all of it is back in the end.
 *
 * It wants a small machine to itself: test_hoards.py.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/el0/libc/calls.h"

#define PAGE  4096ul
#define MIB   (1ul << 20)
#define USER  1000
#define SLACK 1024 /* KiB that caches may hold, one time or the other */

static char block[MIB];

static long free_kib(void)
{
	struct sysinfo s;

	sysinfo(&s);
	return (long)(s.freeram * s.mem_unit / 1024);
}

static void nap(void)
{
	struct timespec t = { 0, 10000000 };

	nanosleep(&t, NULL);
}

/* ---- what the user does, in each of his processes ---- */

static void *map(uintptr_t at, size_t n, int prot, int flags)
{
	return mmap((void *)at, n, prot, MAP_ANONYMOUS | flags, -1, 0);
}

static void touch(void)
{
	for (volatile char *p;
	     (p = map(0, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE)) != MAP_FAILED;)
		for (size_t i = 0; i < MIB; i += PAGE)
			p[i] = 1;
}

/* It never ends by itself: each one makes others as long as it can. */
static void bomb(void)
{
	for (;;) {
		pid_t pid = fork();

		if (!pid) {
			volatile char *p = map(0, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE);

			for (size_t i = 0; p != MAP_FAILED && i < MIB; i += PAGE)
				p[i] = 1;
		} else if (pid < 0) {
			nap();
		}
	}
}

/* Reads of what was never written, 2 MiB apart: the pages cost nothing, their tables do. */
static void tables(void)
{
	const size_t n = 1ul << 44;
	volatile char *p = map(0, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE);

	for (size_t i = 0; p != MAP_FAILED && i < n; i += 2 * MIB)
		(void)p[i];
}

static void areas(void)
{
	for (uintptr_t at = 1ul << 40;; at += 2 * PAGE)
		if (map(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED_NOREPLACE) == MAP_FAILED)
			break;
}

static void shared(void)
{
	for (char *p; (p = map(0, 16 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED)) != MAP_FAILED;) {
		for (size_t i = 0; i < 16 * MIB; i += PAGE)
			p[i] = 1;
		madvise(p, 16 * MIB, MADV_DONTNEED); /* it is not seen in his size then */
	}
}

static void pipes(void)
{
	int p[2];

	while (pipe2(p, O_NONBLOCK) == 0) {
		fcntl(p[1], F_SETPIPE_SZ, sizeof(block));
		if (write(p[1], block, sizeof(block)) < 0 && errno != EAGAIN)
			break;
	}
}

static void sockets(void)
{
	int s[2];

	while (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s) == 0)
		for (int i = 0; i < 2; i++)
			while (write(s[i], block, 200000) > 0)
				;
}

static void nameless_files(void)
{
	for (int fd; (fd = (int)sys_number(SYS_memfd_create, "hoard", 0)) >= 0;) {
		for (int i = 0; i < 16; i++)
			if (write(fd, block, sizeof(block)) < 0)
				return;
	}
}

/* Files on their way in sockets' messages, closed by who sent them. */
static void files_in_flight(void)
{
	int s[2], fd;

	while (socketpair(AF_UNIX, SOCK_DGRAM, 0, s) == 0) {
		for (long sent = 1; sent > 0;) {
			union {
				struct cmsghdr head;
				char room[CMSG_SPACE(sizeof(int))];
			} c = { .head = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
			struct iovec v = { block, 1 };
			struct msghdr m = { .msg_iov = &v,
					    .msg_iovlen = 1,
					    .msg_control = &c,
					    .msg_controllen = sizeof(c) };

			fd = (int)sys_number(SYS_memfd_create, "flight", 0);
			if (fd < 0 || write(fd, block, 64 * 1024) < 0)
				return;
			memcpy(CMSG_DATA(&c.head), &fd, sizeof(fd));
			sent = sendmsg(s[0], &m, MSG_DONTWAIT);
			close(fd);
		}
	}
}

static void named_file(void)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "/tmp/%d", (int)getpid());
	fd = open(name, O_CREAT | O_RDWR, 0600);
	while (write(fd, block, sizeof(block)) > 0)
		;
}

static void names(void)
{
	char name[32];
	int fd;

	for (int i = 0;; i++) {
		snprintf(name, sizeof(name), "/tmp/%d_%d", (int)getpid(), i);
		fd = open(name, O_CREAT | O_RDWR, 0600);
		if (fd < 0)
			return;
		close(fd);
	}
}

/* A name that is looked for in vain may be remembered. */
static void no_names(void)
{
	struct stat st;
	char name[32];

	for (int i = 0; i < 300000; i++) {
		snprintf(name, sizeof(name), "/tmp/none%d_%d", (int)getpid(), i);
		stat(name, &st);
	}
}

static void signals(void)
{
	const union sigval v = { .sival_int = 0 };
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	while (sigqueue(getpid(), SIGRTMIN, v) == 0)
		;
}

static void timers(void)
{
	struct sigevent none = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	int id;

	while (sys_number(SYS_timer_create, CLOCK_MONOTONIC, &none, &id) == 0)
		;
}

static void watches(void)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int fds[64], ep;

	for (int i = 0; i < 64; i++)
		fds[i] = eventfd(0, 0);
	while ((ep = epoll_create1(0)) >= 0)
		for (int i = 0; i < 64; i++)
			if (epoll_ctl(ep, EPOLL_CTL_ADD, fds[i], &ev))
				return;
}

static void locks(void)
{
	int fd = open("/tmp/locks", O_CREAT | O_RDWR, 0666);

	for (off_t at = 0; at < 20000; at += 2) {
		struct flock l = { .l_type = F_RDLCK, .l_start = at, .l_len = 1 };

		if (fcntl(fd, F_SETLK, &l))
			return;
	}
}

/* As many processes as there can be, of which each makes more; RLIMIT_NPROC does not end it. */
static void tasks(void)
{
	while (fork() >= 0)
		;
}

/* ---- root ---- */

/* What root does at a shell: a new process, and a program in it. */
static bool root_acts(void)
{
	char *const argv[] = { "/bin/hello", NULL };
	pid_t pid = fork();
	int status, null;

	if (!pid) {
		null = open("/dev/null", O_WRONLY);
		dup2(null, 1);
		execv(argv[0], argv);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool is_alive(pid_t pid)
{
	int status;

	return waitpid(pid, &status, WNOHANG) == 0;
}

/* A process of root's that has something and does nothing. */
static pid_t daemon_of_root(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	memset(map(0, 8 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE), 1, 8 * MIB);
	for (;;)
		pause();
}

/*
 * @n processes of the user's, in a group of their own, that do @hoard and keep what they have got.
 * The group.
 */
static pid_t users(void (*hoard)(void), int n)
{
	const struct rlimit any = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit files;
	pid_t pid = fork();

	setpgid(pid, pid);
	if (pid)
		return pid;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	if (hoard == tasks)
		setrlimit(RLIMIT_NPROC, &any);
	setgroups(0, NULL);
	if (setgid(USER) || setuid(USER))
		_exit(1);
	for (int i = 0; i < n; i++) {
		if (fork())
			continue;
		hoard();
		break;
	}
	for (;;)
		pause();
}

static void remove_files(void)
{
	char name[64];
	int failed = 0;

	/* by the shell's pattern there would be too many: the names are known by their directory */
	struct {
		uint64_t ino, off;
		uint16_t len;
		uint8_t type;
		char name[];
	} * d;
	long n;
	int fd = open("/tmp", O_RDONLY | O_DIRECTORY);

	for (bool again = true; again && !failed;) {
		again = false;
		lseek(fd, 0, SEEK_SET);
		while ((n = sys_number(SYS_getdents64, fd, block, sizeof(block))) > 0)
			for (long at = 0; at < n; at += d->len) {
				d = (void *)(block + at);
				if (d->name[0] == '.')
					continue;
				snprintf(name, sizeof(name), "/tmp/%.40s", d->name);
				failed += unlink(name) != 0;
				again = true;
			}
	}
	close(fd);
	check(failed, 0, "files that could not be removed");
}

/*
 * Until the user can't get any more: what is free has not fallen for as many looks as it takes to
 * see; each time root makes a process, and can.
 */
static void watch(pid_t group)
{
	long least = free_kib();
	int failed = 0, probes = 0;

	for (int quiet = 0; quiet < 15 && probes < 600; probes++) {
		long now;

		failed += !root_acts();
		for (int i = 0; i < 5; i++)
			nap();
		now = free_kib();
		quiet = now < least - 256 ? 0 : quiet + 1;
		least = now < least ? now : least;
		if (kill(-group, 0))
			break;
	}
	check(failed, 0, "of %d times that root made a process, at least %ld KiB were free", probes,
	      least);
}

static void end_group(pid_t group)
{
	int status;

	for (int i = 0; i < 30000 && kill(-group, SIGKILL) == 0; i++) {
		while (waitpid(-group, &status, WNOHANG) > 0)
			;
		nap();
	}
	check(kill(-group, 0), -1, "all of the user's have ended");
}

static void try(const char *what, void (*hoard)(void), int n)
{
	pid_t daemon = daemon_of_root(), group;
	long before, after;

	begin("%s", what);
	for (int i = 0; i < 20; i++)
		nap();
	before = after = free_kib();
	group = users(hoard, n);
	watch(group);
	check(is_alive(daemon), true, "root's process has not been killed");
	end_group(group);
	remove_files();
	for (int i = 0; i < 3000; i++) {
		after = free_kib();
		if (after >= before - SLACK)
			break;
		nap();
	}
	expect(after >= before - SLACK, "%ld KiB were free, %ld are", before, after);
	kill(daemon, SIGKILL);
	waitpid(daemon, NULL, 0);
	end();
}

int main(void)
{
	try("memory that is touched", touch, 4);
	try("a fork bomb that touches memory", bomb, 1);
	try("page tables", tables, 4);
	try("mappings", areas, 8);
	try("shared memory, no longer mapped", shared, 4);
	try("pipes", pipes, 4);
	try("sockets' buffers", sockets, 4);
	try("files without a name", nameless_files, 4);
	try("files on their way", files_in_flight, 4);
	try("a file in /tmp", named_file, 4);
	try("names in /tmp", names, 4);
	try("names that are not there", no_names, 4);
	try("queued signals", signals, 8);
	try("timers", timers, 8);
	try("epolls' items", watches, 4);
	try("locks", locks, 4);
	try("processes", tasks, 2);
	return tap_done();
}
