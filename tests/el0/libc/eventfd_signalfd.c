/*
 * eventfd_signalfd.c - eventfd(2) and signalfd(2): counters and signals that are waited for as
 * files.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include "tests/el0/libc/calls.h"

static long put(int fd, uint64_t n)
{
	return sys(write, fd, &n, 8);
}

static long get(int fd)
{
	uint64_t n = 0;
	long r = sys(read, fd, &n, 8);

	return r == 8 ? (long)n : r;
}

static int ready(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	return poll(&p, 1, 0) < 0 ? -1 : p.revents;
}

static void counter(void)
{
	int e = (int)sys(eventfd2, 3, EFD_NONBLOCK | EFD_CLOEXEC);
	uint64_t n[2] = { 0 };

	begin("eventfd2, read, write: the counter");
	check(sys(eventfd2, 0, 8), -EINVAL, "unknown flag");
	check(fcntl(e, F_GETFD), FD_CLOEXEC, "close-on-exec");
	check(fcntl(e, F_GETFL) & (O_NONBLOCK | O_ACCMODE), O_NONBLOCK | O_RDWR, "flags");
	check(ready(e), POLLIN | POLLOUT, "both");
	check(get(e), 3, "start");
	check(get(e), -EAGAIN, "empty");
	check(ready(e), POLLOUT, "to write only");
	check(put(e, 4), 8, "4");
	check(put(e, 5), 8, "5");
	check(put(e, 0), 8, "0");
	check(get(e), 9, "the sum");
	check(put(e, 0), 8, "0");
	check(get(e), -EAGAIN, "is nothing");
	check(put(e, UINT64_MAX), -EINVAL, "the greatest number");
	check(put(e, UINT64_MAX - 1), 8, "the one before it");
	check(ready(e), POLLIN, "full");
	check(put(e, 1), -EAGAIN, "one more");
	check(put(e, 0), 8, "nothing more");
	check(get(e), -2, "all of it");
	check(sys(read, e, n, 7), -EINVAL, "short read");
	check(sys(write, e, n, 7), -EINVAL, "short write");
	check(sys(write, e, n, 16), -EINVAL, "long write");
	check(sys(write, e, -8L, 8), -EFAULT, "kernel address");
	put(e, 1);
	check(sys(read, e, NULL, 8), -EFAULT, "no address");
	check(get(e), -EAGAIN, "and the count is gone");
	check(sys(lseek, e, 5, SEEK_SET), 0, "seek");
	check(sys(pread64, e, n, 8, 0), -ESPIPE, "pread");
	close(e);
	e = (int)sys(eventfd2, -1, EFD_NONBLOCK);
	check(get(e), UINT32_MAX, "the start is 32 bits");
	close(e);
	e = (int)sys(eventfd2, 2, EFD_NONBLOCK | EFD_SEMAPHORE);
	check(get(e), 1, "semaphore: one");
	check(get(e), 1, "and one");
	check(get(e), -EAGAIN, "and no more");
	close(e);
	end();
}

static int pair[2];

static void *echo(void *arg)
{
	(void)arg;
	for (int i = 0; i < 2000; i++)
		put(pair[1], (uint64_t)get(pair[0]));
	return NULL;
}

static void *adds(void *arg)
{
	for (int i = 0; i < 2000; i++)
		put(pair[0], (uint64_t)(uintptr_t)arg);
	return NULL;
}

static volatile int handled;

static void on_signal(int signo)
{
	handled = signo;
}

static volatile bool was_interrupted;

/* Again and again: the first may come before there is a wait to be ended. */
static void *interrupts(void *main_thread)
{
	do {
		usleep(20000);
		pthread_kill(*(pthread_t *)main_thread, SIGUSR2);
	} while (!was_interrupted);
	return NULL;
}

static void blocking(void)
{
	struct sigaction act = { .sa_handler = on_signal };
	pthread_t t[4], me = pthread_self();
	uint64_t sum = 0;

	begin("eventfd2: readers and writers that wait");
	pair[0] = (int)sys(eventfd2, 0, 0);
	pair[1] = (int)sys(eventfd2, 0, 0);
	pthread_create(&t[0], NULL, echo, NULL);
	for (uint64_t i = 1; i <= 2000; i++) {
		put(pair[0], i);
		if (get(pair[1]) != (long)i)
			break;
		sum++;
	}
	pthread_join(t[0], NULL);
	check((long)sum, 2000, "rounds");
	for (uintptr_t i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, adds, (void *)(i + 1));
	for (sum = 0; sum < 2000 * 10;)
		sum += (uint64_t)get(pair[0]);
	check((long)sum, 20000, "nothing is lost");
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	put(pair[0], UINT64_MAX - 1);
	pthread_create(&t[0], NULL, adds, (void *)1UL);
	for (sum = 0; sum < 2000;) {
		uint64_t n = (uint64_t)get(pair[0]);

		sum += n >= UINT64_MAX - 2000 ? n - (UINT64_MAX - 1) : n;
	}
	pthread_join(t[0], NULL);
	check((long)sum, 2000, "a writer waits for room");
	sigaction(SIGUSR2, &act, NULL);
	pthread_create(&t[0], NULL, interrupts, &me);
	check(get(pair[0]), -EINTR, "a handler ends the wait");
	was_interrupted = true;
	pthread_join(t[0], NULL);
	close(pair[0]);
	close(pair[1]);
	end();
}

/* ---- signalfd ---- */

static long next(int fd, struct signalfd_siginfo *s)
{
	memset(s, 0xff, sizeof(*s));
	return sys(read, fd, s, sizeof(*s));
}

/* All that is asked of a signalfd below, blocked. */
static sigset_t blocked_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN + 3);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGKILL);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return set;
}

static void signalfd_errors(void)
{
	sigset_t set = blocked_signals();

	begin("signalfd4: errors");
	check(sys(signalfd4, -1, &set, 4, 0), -EINVAL, "size of the set");
	check(sys(signalfd4, -1, NULL, 8, 0), -EFAULT, "no set");
	check(sys(signalfd4, -1, -8L, 8, 0), -EFAULT, "a kernel address");
	check(sys(signalfd4, -1, &set, 8, 1), -EINVAL, "flags");
	check(sys(signalfd4, 77, &set, 8, 0), -EBADF, "no file");
	check(sys(signalfd4, 1, &set, 8, 0), -EINVAL, "not a signalfd");
	end();
}

/* One after the other, then three at once. */
static void read_signals(int fd)
{
	union sigval value = { .sival_ptr = (void *)0x123456789aL };
	struct signalfd_siginfo s[3];

	kill(getpid(), SIGUSR1);
	check(ready(fd), POLLIN, "ready");
	check(next(fd, s), 128, "one");
	check(s[0].ssi_signo, SIGUSR1, "which");
	check(s[0].ssi_code, SI_USER, "how");
	check(s[0].ssi_pid, getpid(), "by whom");
	check(s[0].ssi_uid, getuid(), "whose");
	check((long)s[0].ssi_ptr, 0, "the rest is zero");
	check(s[0].__pad[3], 0, "to the end");
	sigqueue(getpid(), SIGRTMIN + 3, value);
	sigqueue(getpid(), SIGRTMIN + 3, (union sigval){ .sival_int = 7 });
	kill(getpid(), SIGUSR1);
	check(sys(read, fd, s, sizeof(s) + 5), 3 * 128, "three at once");
	check(s[0].ssi_signo, SIGUSR1, "the lowest first");
	check(s[1].ssi_signo, SIGRTMIN + 3, "then the real-time ones");
	check(s[1].ssi_code, SI_QUEUE, "queued");
	check((long)s[1].ssi_ptr, 0x123456789a, "with a value");
	check(s[1].ssi_int, 0x3456789a, "as a number");
	check(s[2].ssi_int, 7, "in order");
}

static void read_signals_of_children(int fd)
{
	struct signalfd_siginfo s[1];
	int pid, status;

	pid = fork();
	if (!pid)
		_exit(9);
	waitpid(pid, &status, 0);
	check(next(fd, s), 128, "a child");
	check(s[0].ssi_signo, SIGCHLD, "SIGCHLD");
	check(s[0].ssi_code, CLD_EXITED, "ended");
	check(s[0].ssi_pid, pid, "who");
	check(s[0].ssi_status, 9, "how");
	pid = fork();
	if (!pid) {
		kill(getppid(), SIGUSR1);
		_exit(next(fd, s) == -EAGAIN ? 0 : 1); /* the reader's own signals only */
	}
	waitpid(pid, &status, 0);
	check(status, 0, "a child has its own");
	check(next(fd, s), 128, "and we have ours");
}

static void signals(void)
{
	sigset_t set = blocked_signals(), more;
	struct signalfd_siginfo s[1];
	int fd;

	begin("signalfd4, read: what is pending");
	fd = (int)sys(signalfd4, -1, &set, 8, SFD_NONBLOCK | SFD_CLOEXEC);
	check(fcntl(fd, F_GETFD), FD_CLOEXEC, "close-on-exec");
	check(next(fd, s), -EAGAIN, "nothing");
	check(ready(fd), 0, "not ready");
	check(sys(read, fd, s, 127), -EINVAL, "too short");
	check(sys(write, fd, s, 128), -EINVAL, "write");
	read_signals(fd);
	read_signals_of_children(fd);
	while (next(fd, s) > 0)
		;
	sigemptyset(&more);
	sigaddset(&more, SIGUSR2);
	check(sys(signalfd4, fd, &more, 8, 0), fd, "another set");
	kill(getpid(), SIGUSR1);
	check(next(fd, s), -EAGAIN, "SIGUSR1 is not in it");
	check(sys(signalfd4, fd, &set, 8, 0), fd, "the old set");
	kill(getpid(), SIGUSR1);
	check(sys(read, fd, NULL, 128), -EFAULT, "nowhere");
	check(next(fd, s), -EAGAIN, "and the signal is gone");
	close(fd);
	end();
}

static void *sends(void *arg)
{
	for (int i = 0; i < 200; i++) {
		sigqueue(getpid(), SIGRTMIN + 3, (union sigval){ .sival_int = i });
		if (i % 20 == 0)
			usleep(1000);
	}
	return arg;
}

static void waits_for_signals(void)
{
	struct signalfd_siginfo s;
	struct epoll_event ev = { .events = EPOLLIN };
	int fd, ep = epoll_create1(0), got = 0, pid, status;
	pthread_t t;
	sigset_t set;

	begin("signalfd4, epoll_pwait: waiting for signals");
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 3);
	fd = (int)sys(signalfd4, -1, &set, 8, 0);
	pthread_create(&t, NULL, sends, NULL);
	while (got < 200 && next(fd, &s) == 128 && s.ssi_int == got)
		got++;
	check(got, 200, "all, in order");
	pthread_join(t, NULL);
	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
	check(epoll_wait(ep, &ev, 1, 0), 0, "none");
	pthread_create(&t, NULL, sends, NULL);
	for (got = 0; got < 200;) {
		check(epoll_wait(ep, &ev, 1, -1), 1, "ready");
		if (next(fd, &s) != 128)
			break;
		got++;
	}
	check(got, 200, "all of them through epoll");
	pthread_join(t, NULL);
	pid = fork(); /* an epoll outlives the process whose signals it was made to look for */
	if (!pid) {
		int child_fd = signalfd(-1, &set, 0);

		ev = (struct epoll_event){ .events = EPOLLIN };
		epoll_ctl(ep, EPOLL_CTL_ADD, child_fd, &ev);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	sigqueue(getpid(), SIGRTMIN + 3, (union sigval){ .sival_int = 1 });
	check(epoll_wait(ep, &ev, 1, -1), 1, "and works on");
	check(next(fd, &s), 128, "as before");
	close(fd);
	close(ep);
	end();
}

int main(void)
{
	counter();
	blocking();
	signalfd_errors();
	signals();
	waits_for_signals();
	return tap_done();
}
