/*
 * failing_allocations.c - every allocation that the kernel makes for a program fails in turn
 * (/dev/fail): the call fails with an error that says so, nothing else happens, and all memory is
 * back at the end.
 *
 * Each body below is run again and again in a child, the n-th time with its n-th allocation
 * failing, until it comes to its end before that.  What the bodies make of the failures is not
 * looked at, as long as the error is one of a lack.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>

#include "tests/el0/libc/calls.h"

#define RUNS_MAX 3000
#define PAGE	 4096

static int fail_fd;
static char data[20000];

/*
 * What a call may answer that lacks memory; anything else is a failure of the test.  Returns the
 * result.
 */
static long may(long r, const char *what)
{
	if (r < 0 && r != -ENOMEM && r != -EAGAIN && r != -ENOSPC && r != -ENOBUFS &&
	    r != -ENFILE && r != -ENOLCK)
		check(r, -ENOMEM, "%s", what);
	return r;
}
#define MAY(name, ...) may(sys_number(SYS_##name, ##__VA_ARGS__), #name "(" #__VA_ARGS__ ")")
/* Of the body: it ends where it lacks what it needs to go on. */
#define NEED(name, ...)                             \
	({                                          \
		long r_ = MAY(name, ##__VA_ARGS__); \
		if (r_ < 0)                         \
			return;                     \
		r_;                                 \
	})

/* ---- the bodies ---- */

static void files(void)
{
	struct stat st;
	int dir, fd, copy;

	NEED(mkdirat, AT_FDCWD, "d", 0755);
	dir = (int)NEED(openat, AT_FDCWD, "d", O_RDONLY | O_DIRECTORY);
	fd = (int)NEED(openat, dir, "file with a name that is longer than a dentry holds",
		       O_CREAT | O_RDWR, 0600);
	MAY(write, fd, data, sizeof(data));
	MAY(pwrite64, fd, data, 1, 1 << 30); /* far behind: a tree of pages */
	copy = (int)NEED(openat, dir, "copy", O_CREAT | O_RDWR, 0600);
	MAY(sendfile, copy, fd, ((off_t[]){ 0 }), sizeof(data));
	MAY(ftruncate, copy, 5);
	MAY(linkat, dir, "copy", dir, "link", 0);
	MAY(symlinkat, "copy", dir, "symlink");
	MAY(mknodat, dir, "fifo", S_IFIFO | 0600, 0);
	if (MAY(renameat2, dir, "copy", dir, "renamed", 0) == 0)
		MAY(newfstatat, dir, "renamed", &st, 0);
	MAY(getdents64, dir, data, sizeof(data));
	MAY(openat, dir, ".", O_TMPFILE | O_RDWR, 0600);
	MAY(fcntl, fd, F_DUPFD, 500); /* a bigger table */
	MAY(fcntl, fd, F_SETLK, (&(struct flock){ .l_type = F_WRLCK, .l_len = 10 }));
	MAY(fcntl, fd, F_SETLK, (&(struct flock){ .l_type = F_UNLCK, .l_start = 4, .l_len = 2 }));
	MAY(flock, fd, LOCK_EX);
	MAY(getcwd, data, sizeof(data));
}

static void memory(void)
{
	char *p = (char *)NEED(mmap, NULL, 64 * PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *q = (char *)NEED(mmap, NULL, 1 << 20, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	int fd = (int)NEED(openat, AT_FDCWD, "mapped", O_CREAT | O_RDWR, 0600);
	long m;

	for (int i = 0; i < 64; i += 3)
		p[i * PAGE] = 1;
	for (int i = 1; i < 64; i += 8)
		MAY(mprotect, p + i * PAGE, PAGE, PROT_READ);
	for (int i = 2; i < 64; i += 8)
		MAY(munmap, p + i * PAGE, PAGE);
	q[1 << 19] = 1;
	MAY(madvise, q, 1 << 18, MADV_DONTNEED);
	MAY(mremap, q, 1 << 20, 2 << 20, MREMAP_MAYMOVE);
	MAY(ftruncate, fd, 8 * PAGE);
	m = MAY(mmap, NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (m > 0)
		((char *)m)[5 * PAGE] = 'x';
	m = MAY(mmap, NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (m > 0)
		((char *)m)[5 * PAGE] = 'y';
	MAY(mmap, 1ul << 40, PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	MAY(brk, sys(brk, 0) + 10 * PAGE);
}

static void processes(void)
{
	static char *argv[] = { "hello", NULL };
	int status;
	pid_t pid = (pid_t)MAY(clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0) {
		data[0]++; /* copied */
		pid = (pid_t)MAY(clone, SIGCHLD, 0, 0, 0, 0);
		if (pid == 0)
			_exit(0);
		if (pid > 0)
			waitpid(pid, NULL, 0);
		MAY(setsid);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	pid = (pid_t)MAY(clone, SIGCHLD | CLONE_CHILD_CLEARTID, 0, 0, 0, 0);
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, 1);
		MAY(execve, "/bin/hello", argv, argv);
		_exit(tap_failures() != 0);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (pid > 0 && WIFEXITED(status))
		check(WEXITSTATUS(status) == 1, 0, "a program");
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *thread(void *arg)
{
	pthread_mutex_lock(&mutex);
	++*(int *)arg;
	sched_yield();
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static void threads(void)
{
	pthread_t t[4];
	int n = 0, counter = 0;

	while (n < 4 && may(-pthread_create(&t[n], NULL, thread, &counter), "pthread_create") == 0)
		n++;
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	check(counter, n, "what the threads counted");
}

static void on_signal(int signo)
{
	data[1] = (char)signo;
}

static void signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK };
	stack_t ss = { .ss_sp = malloc(65536), .ss_size = ss.ss_sp ? 65536 : 0 };
	uint64_t all = ~0ull, none = 0;
	siginfo_t info = { .si_code = SI_QUEUE };
	struct itimerval it = { { 0, 0 }, { 0, 1 } };
	int id;

	if (ss.ss_sp)
		sigaltstack(&ss, NULL);
	for (int s = 40; s < 44; s++)
		sigaction(s, &sa, NULL);
	sigaction(SIGALRM, &sa, NULL);
	MAY(rt_sigprocmask, SIG_BLOCK, &all, NULL, 8);
	for (int i = 0; i < 8; i++)
		MAY(rt_sigqueueinfo, getpid(), 40 + i % 4, &info);
	MAY(setitimer, ITIMER_REAL, &it, NULL);
	MAY(timer_create, CLOCK_MONOTONIC, NULL, &id);
	MAY(rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
}

static void pipes(void)
{
	struct iovec iov[40];
	struct pollfd pfd[60];
	int p[2], fifo;

	NEED(pipe2, p, O_NONBLOCK);
	for (int i = 0; i < 40; i++)
		iov[i] = (struct iovec){ data, 1000 };
	MAY(writev, p[1], iov, 40);
	MAY(readv, p[0], iov, 40);
	for (int i = 0; i < 60; i++)
		pfd[i] = (struct pollfd){ p[i & 1], POLLIN | POLLOUT, 0 };
	MAY(ppoll, pfd, 60, ((struct timespec[]){ { 0, 1000000 } }), NULL, 8);
	NEED(mknodat, AT_FDCWD, "fifo", S_IFIFO | 0600, 0);
	fifo = (int)NEED(openat, AT_FDCWD, "fifo", O_RDWR | O_NONBLOCK);
	MAY(write, fifo, data, 5000);
	MAY(read, fifo, data, 5000);
}

static void polling(void)
{
	struct epoll_event ev[4] = { { .events = EPOLLIN } };
	struct itimerspec its = { { 0, 0 }, { 0, 1 } };
	uint64_t mask = 1ull << 39, one = 1;
	int ep = (int)NEED(epoll_create1, 0), event = (int)MAY(eventfd2, 0, 0), other, timer, sig;

	if (event >= 0) {
		MAY(epoll_ctl, ep, EPOLL_CTL_ADD, event, ev);
		MAY(write, event, &one, 8);
	}
	timer = (int)MAY(timerfd_create, CLOCK_MONOTONIC, 0);
	if (timer >= 0) {
		MAY(timerfd_settime, timer, 0, &its, NULL);
		MAY(epoll_ctl, ep, EPOLL_CTL_ADD, timer, ev);
	}
	sig = (int)MAY(signalfd4, -1, &mask, 8, 0);
	if (sig >= 0)
		MAY(epoll_ctl, ep, EPOLL_CTL_ADD, sig, ev);
	other = (int)MAY(epoll_create1, 0);
	if (other >= 0)
		MAY(epoll_ctl, other, EPOLL_CTL_ADD, ep, ev);
	MAY(epoll_pwait, ep, ev, 4, 1, NULL, 8);
	if (event >= 0)
		MAY(close, event);
}

static void sockets(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "socket" };
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .head = { .cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS,
				.cmsg_len = CMSG_LEN(sizeof(int)) } };
	struct iovec iov = { data, sizeof(data) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	int s[2], server, client;

	NEED(socketpair, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s);
	MAY(sendmsg, s[0], &msg, 0);
	MAY(recvmsg, s[1], &msg, 0);
	NEED(socketpair, AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, s);
	MAY(write, s[0], data, 3000);
	MAY(read, s[1], data, 5000);
	server = (int)NEED(socket, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	NEED(bind, server, &at, sizeof(at));
	NEED(listen, server, 4);
	client = (int)NEED(socket, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	NEED(connect, client, &at, sizeof(at));
	MAY(accept4, server, NULL, NULL, 0);
}

static void mounts(void)
{
	int fd;

	NEED(mkdirat, AT_FDCWD, "mnt", 0755);
	if (MAY(mount, "none", "mnt", "tmpfs", 0, "size=64k") == 0) {
		fd = (int)MAY(openat, AT_FDCWD, "mnt/file", O_CREAT | O_RDWR, 0600);
		if (fd >= 0) {
			MAY(write, fd, data, sizeof(data));
			close(fd);
		}
		MAY(mount, "mnt", "mnt", NULL, MS_BIND, NULL);
		while (sys(umount2, "mnt", 0) == 0)
			;
	}
	MAY(chroot, ".");
}

static void terminals(void)
{
	int master, slave;

	NEED(mkdirat, AT_FDCWD, "mnt", 0755);
	NEED(mount, "none", "mnt", "devpts", 0, "newinstance,ptmxmode=0666");
	master = (int)NEED(openat, AT_FDCWD, "mnt/ptmx", O_RDWR | O_NOCTTY);
	MAY(ioctl, master, TIOCSPTLCK, ((int[]){ 0 }));
	slave = (int)NEED(ioctl, master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
	MAY(write, slave, "hello\n", 6);
	MAY(read, master, data, 100);
	MAY(write, master, "line\n", 5);
	MAY(read, slave, data, 100);
	close(slave);
	close(master);
}

static void splices(void)
{
	int a[2], b[2], fd = (int)NEED(openat, AT_FDCWD, "mapped", O_CREAT | O_RDWR, 0600);

	MAY(fallocate, fd, 0, 0, 50000);
	NEED(pipe2, a, O_NONBLOCK);
	NEED(pipe2, b, O_NONBLOCK);
	MAY(splice, fd, NULL, a[1], NULL, 10000, 0);
	MAY(tee, a[0], b[1], 10000, 0);
	MAY(splice, a[0], NULL, b[1], NULL, 10000, 0);
	MAY(vmsplice, b[1], (&(struct iovec){ data, 5000 }), 1, 0);
	MAY(copy_file_range, fd, ((long[]){ 0 }), fd, ((long[]){ 100000 }), 20000, 0);
}

static void looking(void)
{
	static const char *const names[] = { "mnt/self/maps",	      "mnt/self/status",
					     "mnt/self/smaps_rollup", "mnt/meminfo",
					     "mnt/self/mounts",	      "mnt/1/cmdline",
					     "mnt/1/stack",	      "mnt/1/wchan",
					     "mnt/self/syscall",      "mnt/interrupts" };

	NEED(mkdirat, AT_FDCWD, "mnt", 0755);
	NEED(mount, "none", "mnt", "proc", 0, NULL);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int fd = (int)MAY(openat, AT_FDCWD, names[i], O_RDONLY);

		if (fd >= 0) {
			MAY(read, fd, data, sizeof(data));
			close(fd);
		}
	}
	MAY(readlinkat, AT_FDCWD, "mnt/self/exe", data, sizeof(data));
	MAY(umount2, "mnt", MNT_DETACH);
}

#define COUNTERS "mnt/kernel/newel/counters/"

static void counting(void)
{
	int on, table;

	NEED(mkdirat, AT_FDCWD, "mnt", 0755);
	NEED(mount, "none", "mnt", "sysfs", 0, NULL);
	on = (int)NEED(openat, AT_FDCWD, COUNTERS "on", O_WRONLY);
	table = (int)NEED(openat, AT_FDCWD, COUNTERS "calls", O_RDONLY);
	if (MAY(write, on, "1", 1) == 1)
		MAY(read, table, data, sizeof(data));
	MAY(write, on, "0", 1);
}

static void credentials(void)
{
	uint32_t list[600] = { 0 };

	MAY(setgroups, 600, list);
	MAY(setgroups, 3, list);
	MAY(setresuid, 5, 5, 5);
	MAY(openat, AT_FDCWD, "/bin/hello", O_RDONLY);
	MAY(setpriority, PRIO_PROCESS, 0, 5);
	MAY(sched_setaffinity, 0, 8, ((uint64_t[]){ 1 }));
}

/* ---- how they are run ---- */

static const struct body {
	const char *name;
	void (*run)(void);
} bodies[] = {
	{ "files", files },	    { "memory", memory },	    { "processes", processes },
	{ "threads", threads },	    { "signals", signals },	    { "pipes", pipes },
	{ "polling", polling },	    { "sockets", sockets },	    { "mounts", mounts },
	{ "terminals", terminals }, { "splices", splices },	    { "looking", looking },
	{ "counting", counting },   { "credentials", credentials },
};
#define NR_BODIES (sizeof(bodies) / sizeof(bodies[0]))

static void clean_up(void)
{
	static const char *const names[] = {
		"d/file with a name that is longer than a dentry holds",
		"d/copy",
		"d/link",
		"d/symlink",
		"d/fifo",
		"d/renamed",
		"mapped",
		"fifo",
		"socket",
	};

	int on = open(COUNTERS "on", O_WRONLY);

	/* Where it was its last write that failed, or it was killed before. */
	if (on >= 0) {
		check(write(on, "0", 1), 1, "off");
		close(on);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(names[i]);
	while (umount("mnt") == 0)
		;
	rmdir("mnt");
	rmdir("d");
}

/*
 * Runs @b in a child with its @nth allocation failing.  1: it had fewer; 0: there may be more; -1:
 * something is wrong.
 */
static int run_once(const struct body *b, int nth)
{
	int status = -1;
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		char text[16];
		ssize_t n = snprintf(text, sizeof(text), "%d", nth);

		if (write(fail_fd, text, (size_t)n) != n)
			_exit(3);
		b->run();
		n = pread(fail_fd, text, sizeof(text) - 1, 0);
		text[n > 0 ? n : 0] = '\0';
		_exit(tap_failures() ? 2 : atoi(text) > 0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	clean_up();
	if (WIFEXITED(status) && WEXITSTATUS(status) < 2)
		return WEXITSTATUS(status);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return 0; /* one task killed */
	expect(false, "%s with allocation %d failing: wait status %#x", b->name, nth, status);
	return -1;
}

static void every_allocation(const struct body *b)
{
	int n = 1, r;

	begin("%s: every allocation fails once", b->name);
	while ((r = run_once(b, n)) == 0 && n < RUNS_MAX)
		n++;
	expect(n < RUNS_MAX, "%d allocations and no end", n);
	expect(n > 2, "only %d allocations", n);
	note("%s: %d allocations failed, one after the other", b->name, n - 1);
	end();
}

static uint64_t free_bytes(void)
{
	struct sysinfo si;

	sysinfo(&si);
	return (uint64_t)si.freeram * si.mem_unit;
}

int main(void)
{
	uint64_t before, after;

	fail_fd = open("/dev/fail", O_RDWR);
	if (fail_fd < 0) {
		begin("every allocation fails once");
		skip("there is no /dev/fail");
		end();
		return tap_done();
	}
	/* What is kept once made is made, in this program too. */
	for (size_t i = 0; i < NR_BODIES; i++)
		run_once(&bodies[i], 1 << 30);
	every_allocation(&bodies[NR_BODIES - 1]);
	before = free_bytes();
	for (size_t i = 0; i < NR_BODIES; i++)
		every_allocation(&bodies[i]);
	begin("all memory is free again");
	for (int i = 0; i < 200 && (after = free_bytes()) < before; i++)
		usleep(10000);
	expect(after >= before, "%lu bytes free before, %lu after", (unsigned long)before,
	       (unsigned long)after);
	end();
	return tap_done();
}
