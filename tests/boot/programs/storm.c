/*
 * storm.c - a hostile user: `storm MODE UID` becomes that user and hoards or floods for ever, in
 * one way of ten.
 *
 * A plain Linux program; tests/boot/storm.py starts one of each beside a root shell, and root kills
 * them all.  The process that was started begins again whatever of its work is killed; nothing here
 * ends by itself, and an error is only a reason to try the next thing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB (1ul << 20)

static int uid;

/* Runs @work in @n children for ever: who dies is replaced. */
static void keep(int n, void (*work)(int))
{
	for (int i = 0;; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			work(i);
			_exit(0);
		}
		if (pid < 0 || i + 1 >= n)
			wait(NULL);
	}
}

static void raise_limit(int what)
{
	struct rlimit r;

	if (getrlimit(what, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		setrlimit(what, &r);
	}
}

/* ---- the ten ---- */

static void bomb(int i)
{
	(void)i;
	for (;;)
		if (fork() < 0)
			waitpid(-1, NULL, WNOHANG);
}

static void maps(int i)
{
	(void)i;
	for (;;) {
		char *p = mmap(NULL, 64 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);

		if (p == MAP_FAILED)
			continue;
		for (size_t at = 0; at < 64 * MIB; at += 8192) /* a VMA for every other page */
			mprotect(p + at, 4096, PROT_READ);
		for (size_t at = 4096; at < 64 * MIB; at += 8192)
			p[at] = 1;
		mprotect(p, 64 * MIB, PROT_READ | PROT_EXEC);
		mremap(p, 64 * MIB, 96 * MIB, MREMAP_MAYMOVE);
		munmap(p, 64 * MIB);
	}
}

static void pipes(int i)
{
	static char page[65536];
	int fd[2];

	(void)i;
	raise_limit(RLIMIT_NOFILE);
	while (pipe2(fd, O_NONBLOCK) == 0) {
		fcntl(fd[1], F_SETPIPE_SZ, 1 << 20);
		while (write(fd[1], page, sizeof(page)) > 0)
			;
	}
	usleep(100000);
}

static void on_signal(int sig)
{
	(void)sig;
}

static void timers(int i)
{
	struct itimerspec often = { { 0, 1000 }, { 0, 1000 } };
	struct itimerval ring = { { 0, 1 }, { 0, 1 } };
	struct sigevent none = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	const clockid_t clocks[] = { CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_REALTIME };
	timer_t t;

	signal(SIGALRM, on_signal);
	signal(SIGUSR1, on_signal);
	signal(SIGVTALRM, on_signal);
	for (int n = 0; n < 2000 && timer_create(clocks[n % 3], &none, &t) == 0; n++)
		timer_settime(t, 0, &often, NULL);
	setitimer(ITIMER_REAL, &ring, NULL);
	setitimer(ITIMER_VIRTUAL, &ring, NULL);
	for (;;)
		if (i & 1)
			pause();
}

/* Down, down, and all the way up again by name; files on each level. */
static void trees(int i)
{
	char top[64], name[32], up[3 * 1000 + 1] = "";
	struct stat st;

	for (int n = 0; n < 1000; n++)
		strcat(up, "../");
	snprintf(top, sizeof(top), "/tmp/%d.%d.%d", uid, i, getpid());
	mkdir(top, 0700);
	for (;;) {
		int depth = 0, fd;

		if (chdir(top))
			return;
		while (depth < 2000 && mkdir("d", 0700) == 0 && chdir("d") == 0)
			depth++;
		for (int n = 0; n < 2000; n++) {
			snprintf(name, sizeof(name), "f%d", n);
			fd = open(name, O_CREAT | O_RDWR, 0600);
			if (fd >= 0 && write(fd, name, sizeof(name)) < 0)
				n = 2000;
			close(fd);
		}
		for (int n = 0; n < 20; n++)
			stat(up, &st);
		for (int n = 0; n < 2000; n++) {
			snprintf(name, sizeof(name), "f%d", n);
			unlink(name);
		}
		while (depth-- && chdir("..") == 0)
			rmdir("d");
	}
}

static void signals(int i)
{
	union sigval v = { 0 };
	sigset_t all;

	(void)i;
	signal(SIGUSR1, on_signal);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	while (sigqueue(getpid(), SIGRTMIN, v) == 0)
		;
	for (;;) {
		kill(0, SIGUSR1);
		kill(-1, SIGUSR1);
		sigqueue(getppid(), SIGRTMIN + 1, v);
		kill(0, SIGCONT);
	}
}

static void locks(int i)
{
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "/tmp/%d.lock", uid);
	fd = open(name, O_CREAT | O_RDWR, 0600);
	for (;;) {
		for (off_t n = 0; n < 20000; n++) {
			struct flock l = { .l_type = F_WRLCK,
					   .l_start = n * 4 + i % 2,
					   .l_len = 1 };

			if (fcntl(fd, F_SETLK, &l))
				break;
		}
		struct flock whole = { .l_type = F_UNLCK };

		fcntl(fd, F_SETLK, &whole);
	}
}

static void *thread(void *arg)
{
	struct timespec t = { 0, 1000 };

	do {
		if (arg)
			nanosleep(&t, NULL);
	} while (uid);
	return NULL;
}

static void threads(int i)
{
	pthread_attr_t small;
	pthread_t t;
	long n = 0;

	(void)i;
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 16384 * 2);
	while (n < 500 && pthread_create(&t, &small, thread, (void *)(n & 1)) == 0)
		n++;
	for (;;)
		sched_yield();
}

static void watches(int i)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT };
	int ep[64], n = 0, fd;

	(void)i;
	raise_limit(RLIMIT_NOFILE);
	while (n < 64 && (ep[n] = epoll_create1(0)) >= 0)
		n++;
	for (int k = 0; k + 1 < n && k < 3; k++)
		epoll_ctl(ep[k], EPOLL_CTL_ADD, ep[k + 1], &e);
	while ((fd = eventfd(1, EFD_NONBLOCK)) >= 0)
		for (int k = 0; k < n; k++)
			epoll_ctl(ep[k], EPOLL_CTL_ADD, fd, &e);
	for (;;)
		for (int k = 0; k < n; k++)
			epoll_wait(ep[k], &e, 1, 0);
}

/* A page in each 2 MiB: as much again for its table. */
static void tables(int i)
{
	const size_t size = 4096 * MIB;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)i;
	for (;;) {
		for (size_t at = 4096; p != MAP_FAILED && at < size; at += 2 * MIB)
			p[at] = 1;
		if (p == MAP_FAILED || fork() < 0)
			usleep(100000);
	}
}

static const struct {
	const char *name;
	int children;
	void (*work)(int);
} modes[] = {
	{ "forks", 1, bomb },	  { "maps", 4, maps },	     { "pipes", 8, pipes },
	{ "timers", 64, timers }, { "trees", 4, trees },     { "signals", 8, signals },
	{ "locks", 4, locks },	  { "threads", 4, threads }, { "watches", 8, watches },
	{ "tables", 8, tables },
};

int main(int argc, char **argv)
{
	uid = argc == 3 ? atoi(argv[2]) : 0;
	if (uid <= 0 || setgroups(0, NULL) || setgid((gid_t)uid) || setuid((uid_t)uid))
		return 2;
	setsid();
	for (size_t n = 0; n < sizeof(modes) / sizeof(modes[0]); n++)
		if (strcmp(modes[n].name, argv[1]) == 0)
			keep(modes[n].children, modes[n].work);
	return 2;
}
