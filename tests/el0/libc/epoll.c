/*
 * epoll.c - epoll(7): levels and edges, one-shot and exclusive items, epolls in epolls, closes and
 * waits against one another.
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
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "tests/el0/libc/calls.h"

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

static long ctl(int ep, int op, int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.u64 = 0x100000000 + (uint64_t)fd };

	return sys(epoll_ctl, ep, op, fd, &ev);
}

static long wait_ms(int ep, struct epoll_event *ev, int max, int ms)
{
	return sys(epoll_pwait, ep, ev, max, ms, 0, 8);
}

/* The events of the only ready file, which must be @fd; -1: none; -2: not one, or another. */
static long only(int ep, int fd)
{
	struct epoll_event ev[4];
	long n = wait_ms(ep, ev, 4, 0);

	if (n == 0)
		return -1;
	return n == 1 && ev[0].data.u64 == 0x100000000 + (uint64_t)fd ? (long)ev[0].events : -2;
}

static int event(unsigned int count)
{
	return (int)sys(eventfd2, count, EFD_NONBLOCK);
}

static void add(int fd, uint64_t n)
{
	sys(write, fd, &n, 8);
}

static long take(int fd)
{
	uint64_t n;
	long r = sys(read, fd, &n, 8);

	return r == 8 ? (long)n : r;
}

static void errors(void)
{
	int ep = (int)sys(epoll_create1, 0), e = event(0), file;
	struct epoll_event ev = { .events = EPOLLIN };
	char *hole = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	begin("epoll_create1, epoll_ctl: errors");
	munmap(hole + 4096, 4096);
	check(sys(epoll_create1, 1), -EINVAL, "unknown flag");
	file = (int)sys(epoll_create1, EPOLL_CLOEXEC);
	check(fcntl(file, F_GETFD), FD_CLOEXEC, "close-on-exec");
	check(fcntl(file, F_GETFL) & O_ACCMODE, O_RDWR, "open for both");
	check(sys(read, file, &ev, 12), -EINVAL, "read");
	check(sys(write, file, &ev, 12), -EINVAL, "write");
	close(file);
	check(ctl(-1, EPOLL_CTL_ADD, e, EPOLLIN), -EBADF, "no epoll");
	check(ctl(ep, EPOLL_CTL_ADD, -1, EPOLLIN), -EBADF, "no file");
	check(ctl(e, EPOLL_CTL_ADD, ep, EPOLLIN), -EINVAL, "not an epoll");
	check(ctl(ep, EPOLL_CTL_ADD, ep, EPOLLIN), -EINVAL, "into itself");
	check(ctl(ep, 4, e, EPOLLIN), -EINVAL, "unknown operation");
	check(ctl(ep, 0, e, EPOLLIN), -EINVAL, "operation 0");
	check(ctl(ep, EPOLL_CTL_DEL, e, 0), -ENOENT, "delete what is not in");
	check(ctl(ep, EPOLL_CTL_MOD, e, 0), -ENOENT, "change what is not in");
	check(sys(epoll_ctl, ep, EPOLL_CTL_ADD, e, NULL), -EFAULT, "no event");
	check(sys(epoll_ctl, ep, EPOLL_CTL_ADD, e, -16L), -EFAULT, "a kernel address");
	check(sys(epoll_ctl, ep, EPOLL_CTL_ADD, e, hole + 4096 - 8), -EFAULT, "half an event");
	check(sys(epoll_ctl, -1, EPOLL_CTL_ADD, -1, NULL), -EFAULT, "the event comes first");
	check(ctl(ep, EPOLL_CTL_ADD, e, EPOLLIN), 0, "add");
	check(ctl(ep, EPOLL_CTL_ADD, e, EPOLLIN), -EEXIST, "add again");
	check(sys(epoll_ctl, ep, EPOLL_CTL_DEL, e, NULL), 0, "delete needs no event");
	check(ctl(ep, EPOLL_CTL_MOD, e, EPOLLIN), -ENOENT, "gone");
	file = open("/tmp/epoll-file", O_RDWR | O_CREAT, 0600);
	check(ctl(ep, EPOLL_CTL_ADD, file, EPOLLIN), -EPERM, "a regular file");
	close(file);
	unlink("/tmp/epoll-file");
	file = open("/", O_RDONLY | O_DIRECTORY);
	check(ctl(ep, EPOLL_CTL_ADD, file, EPOLLIN), -EPERM, "a directory");
	close(file);
	file = open("/", O_PATH);
	check(ctl(ep, EPOLL_CTL_ADD, file, EPOLLIN), -EBADF, "a path");
	close(file);
	end();

	begin("epoll_pwait, epoll_pwait2: errors");
	check(wait_ms(ep, &ev, 0, 0), -EINVAL, "room for none");
	check(wait_ms(ep, &ev, -1, 0), -EINVAL, "room for less");
	check(wait_ms(ep, &ev, INT32_MAX / (int)sizeof(ev) + 1, 0), -EINVAL, "room for too many");
	check(wait_ms(ep, NULL, 1, 0), 0, "an address is not looked at without events");
	check(wait_ms(ep, (void *)-4096L, 1, 0), -EFAULT, "a kernel address is");
	check(wait_ms(-1, &ev, 1, 0), -EBADF, "no file");
	check(wait_ms(e, &ev, 1, 0), -EINVAL, "not an epoll");
	check(sys(epoll_pwait, ep, &ev, 1, 0, &ev, 4), -EINVAL, "size of the mask");
	check(sys(epoll_pwait, ep, &ev, 1, 0, -8L, 8), -EFAULT, "address of the mask");
	check(sys(epoll_pwait2, ep, &ev, 1, -8L, 0, 8), -EFAULT, "address of the time");
	check(sys(epoll_pwait2, ep, &ev, 1, (&(struct timespec){ 0, 1000000000 }), 0, 8), -EINVAL,
	      "too many nanoseconds");
	check(sys(epoll_pwait2, ep, &ev, 1, (&(struct timespec){ -1, 0 }), 0, 8), -EINVAL,
	      "before now");
	check(sys(epoll_pwait2, ep, &ev, 1, (&(struct timespec){ 0, 2000000 }), 0, 8), 0, "2 ms");
	add(e, 1);
	ctl(ep, EPOLL_CTL_ADD, e, EPOLLIN);
	check(wait_ms(ep, NULL, 1, 0), -EFAULT, "NULL");
	check(wait_ms(ep, (void *)(hole + 4096 - 8), 1, 0), -EFAULT, "half an event");
	check(only(ep, e), EPOLLIN, "the event is still there");
	check(sys(epoll_pwait2, ep, &ev, 1, 0, 0, 8), 1, "no end");
	end();
	munmap(hole, 4096);
	close(e);
	close(ep);
}

static void levels_and_edges(void)
{
	int ep = (int)sys(epoll_create1, 0), e = event(0), p[2];
	char c = 'x', many[65536];

	begin("epoll_ctl, epoll_pwait: levels, edges, one shot");
	check(ctl(ep, EPOLL_CTL_ADD, e, EPOLLIN), 0, "level");
	check(only(ep, e), -1, "nothing yet");
	add(e, 1);
	check(only(ep, e), EPOLLIN, "readable");
	check(only(ep, e), EPOLLIN, "still");
	take(e);
	check(only(ep, e), -1, "no more");
	check(ctl(ep, EPOLL_CTL_MOD, e, EPOLLIN | EPOLLOUT), 0, "both ways");
	check(only(ep, e), EPOLLOUT, "writable");
	add(e, 1);
	check(only(ep, e), EPOLLIN | EPOLLOUT, "both");
	check(ctl(ep, EPOLL_CTL_MOD, e, 0), 0, "nothing wanted");
	check(only(ep, e), -1, "nothing told");
	check(ctl(ep, EPOLL_CTL_MOD, e, EPOLLIN | EPOLLET), 0, "edge");
	check(only(ep, e), EPOLLIN, "told once, when changed");
	check(only(ep, e), -1, "and not again");
	add(e, 1);
	check(only(ep, e), EPOLLIN, "every write is an edge");
	check(only(ep, e), -1, "once");
	check(ctl(ep, EPOLL_CTL_MOD, e, EPOLLIN | EPOLLONESHOT), 0, "one shot");
	check(only(ep, e), EPOLLIN, "one");
	add(e, 1);
	check(only(ep, e), -1, "and no more");
	check(ctl(ep, EPOLL_CTL_MOD, e, EPOLLIN | EPOLLONESHOT | EPOLLWAKEUP), 0, "armed anew");
	check(only(ep, e), EPOLLIN, "another");
	take(e);
	sys(epoll_ctl, ep, EPOLL_CTL_DEL, e, NULL);
	add(e, 1);
	check(only(ep, e), -1, "deleted");
	close(e);
	end();

	begin("epoll_pwait: pipes, hang-ups and errors");
	if (pipe2(p, O_NONBLOCK))
		return;
	check(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN | EPOLLET), 0, "reader");
	check(only(ep, p[0]), -1, "empty");
	sys(write, p[1], &c, 1);
	check(only(ep, p[0]), EPOLLIN, "a byte");
	check(only(ep, p[0]), -1, "told");
	sys(write, p[1], &c, 1);
	check(only(ep, p[0]), EPOLLIN, "a byte more is an edge too");
	sys(read, p[0], many, 1);
	check(only(ep, p[0]), -1, "reading is none");
	check(ctl(ep, EPOLL_CTL_ADD, p[1], EPOLLOUT | EPOLLET), 0, "writer");
	check(only(ep, p[1]), EPOLLOUT, "room");
	memset(many, 0, sizeof(many));
	while (sys(write, p[1], many, 4096) > 0)
		;
	check(only(ep, p[0]), EPOLLIN, "full: only the reader");
	while (sys(read, p[0], many, sizeof(many)) > 0)
		;
	check(only(ep, p[1]), EPOLLOUT, "room again");
	check(ctl(ep, EPOLL_CTL_MOD, p[0], 0), 0, "reader wants nothing");
	close(p[1]);
	check(only(ep, p[0]), EPOLLHUP, "but the hang-up is told; the writer has left");
	close(p[0]);
	check(only(ep, p[0]), -1, "both have left");
	end();
	close(ep);
}

static void many_descriptors(void)
{
	int ep = (int)sys(epoll_create1, 0), e = event(1), d = dup(e), n, efds[100];
	struct epoll_event ev[128];
	bool seen[100] = { false };

	begin("epoll_ctl, epoll_pwait, dup: descriptors of one file, many files, the order");
	check(ctl(ep, EPOLL_CTL_ADD, e, EPOLLIN), 0, "one");
	check(ctl(ep, EPOLL_CTL_ADD, d, EPOLLIN), 0, "another descriptor of it");
	check(wait_ms(ep, ev, 4, 0), 2, "both");
	close(d);
	check(wait_ms(ep, ev, 4, 0), 2, "closing one of two leaves the file");
	check(sys(epoll_ctl, ep, EPOLL_CTL_DEL, d, NULL), -EBADF, "nobody can take it out");
	close(e);
	check(wait_ms(ep, ev, 4, 0), 0, "the last close does");
	for (n = 0; n < 100; n++) {
		efds[n] = event(1);
		ctl(ep, EPOLL_CTL_ADD, efds[n], EPOLLIN);
	}
	for (n = 0; n < 10; n++) {
		check(wait_ms(ep, ev, 10, 0), 10, "ten at a time");
		for (int i = 0; i < 10; i++)
			for (int k = 0; k < 100; k++)
				if (ev[i].data.u64 == 0x100000000 + (uint64_t)efds[k])
					seen[k] = true;
	}
	for (int k = 0; k < 100; k++)
		expect(seen[k], "%d of 100 had its turn", k);
	check(wait_ms(ep, ev, 128, 0), 100, "all at once");
	for (n = 0; n < 100; n += 2)
		close(efds[n]);
	check(wait_ms(ep, ev, 128, 0), 50, "half of them closed");
	for (n = 1; n < 100; n += 2)
		sys(epoll_ctl, ep, EPOLL_CTL_DEL, efds[n], NULL);
	check(wait_ms(ep, ev, 128, 0), 0, "half of them deleted");
	for (n = 1; n < 100; n += 2)
		close(efds[n]);
	end();
	close(ep);
}

/* ---- epolls in epolls ---- */

static void nested(void)
{
	int a = (int)sys(epoll_create1, 0), b = (int)sys(epoll_create1, 0), e = event(0), chain[16],
	    n;
	struct pollfd p = { .fd = a, .events = POLLIN };

	begin("epoll_ctl, ppoll: epolls in epolls, loops, depth");
	check(ctl(b, EPOLL_CTL_ADD, e, EPOLLIN), 0, "file into inner");
	check(ctl(a, EPOLL_CTL_ADD, b, EPOLLIN), 0, "inner into outer");
	check(ctl(b, EPOLL_CTL_ADD, a, EPOLLIN), -ELOOP, "outer into inner");
	check(only(a, b), -1, "nothing");
	check(poll(&p, 1, 0), 0, "poll of outer: nothing");
	add(e, 1);
	check(only(a, b), EPOLLIN, "comes through");
	check(poll(&p, 1, 0), 1, "poll of outer");
	check(only(b, e), EPOLLIN, "inner has it");
	take(e);
	check(only(a, b), -1, "gone through all levels");
	check(poll(&p, 1, 0), 0, "poll of outer: gone");
	check(ctl(a, EPOLL_CTL_MOD, b, EPOLLIN | EPOLLET), 0, "edge of inner");
	add(e, 1);
	check(only(a, b), EPOLLIN, "once");
	check(only(a, b), -1, "and not again");
	add(e, 1);
	check(only(a, b), EPOLLIN, "a new edge");
	close(b);
	add(e, 1);
	check(only(a, b), -1, "inner closed");
	close(a);
	chain[0] = (int)sys(epoll_create1, 0);
	ctl(chain[0], EPOLL_CTL_ADD, e, EPOLLIN);
	for (n = 1; n < 16; n++) {
		chain[n] = (int)sys(epoll_create1, 0);
		if (ctl(chain[n], EPOLL_CTL_ADD, chain[n - 1], EPOLLIN))
			break;
	}
	check(n, 5, "levels");
	check(ctl(chain[n], EPOLL_CTL_ADD, chain[n - 1], EPOLLIN), -ELOOP, "and one more");
	p.fd = chain[n - 1];
	check(poll(&p, 1, 0), 1, "through all of them");
	for (int i = 0; i <= n && i < 16; i++)
		close(chain[i]);
	close(e);
	end();
}

/* An inner epoll in many outer ones: wake-ups that multiply are refused. */
static void ways(void)
{
	enum { MANY = 510 };
	static int outer[MANY];
	int inner = (int)sys(epoll_create1, 0), e = event(0), n, err = 0;
	struct rlimit lim = { 1024, 1024 };

	begin("epoll_ctl: too many ways up for one wake-up");
	setrlimit(RLIMIT_NOFILE, &lim);
	check(ctl(inner, EPOLL_CTL_ADD, e, EPOLLIN), 0, "file into inner");
	for (n = 0; n < MANY && !err; n++) {
		outer[n] = (int)sys(epoll_create1, 0);
		err = (int)ctl(outer[n], EPOLL_CTL_ADD, inner, EPOLLIN);
	}
	check(err, -EINVAL, "refused in the end");
	check(n, 501, "after so many");
	while (n--)
		close(outer[n]);
	close(inner);
	close(e);
	end();
}

/* ---- exclusive ---- */

static void exclusive(void)
{
	int ep = (int)sys(epoll_create1, 0), in = (int)sys(epoll_create1, 0), e = event(0);

	begin("epoll_ctl: EPOLLEXCLUSIVE");
	check(ctl(ep, EPOLL_CTL_ADD, e, EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT), -EINVAL,
	      "one-shot");
	check(ctl(ep, EPOLL_CTL_ADD, e, EPOLLIN | EPOLLEXCLUSIVE | EPOLLRDHUP), -EINVAL, "RDHUP");
	check(ctl(ep, EPOLL_CTL_ADD, in, EPOLLIN | EPOLLEXCLUSIVE), -EINVAL, "an epoll");
	check(ctl(ep, EPOLL_CTL_ADD, e, EPOLLIN | EPOLLET | EPOLLEXCLUSIVE), 0, "with an edge");
	check(ctl(ep, EPOLL_CTL_MOD, e, EPOLLIN), -EINVAL, "can't be changed");
	check(ctl(ep, EPOLL_CTL_MOD, e, EPOLLIN | EPOLLEXCLUSIVE), -EINVAL, "nor made so");
	add(e, 1);
	check(only(ep, e), EPOLLIN, "comes");
	check(ctl(ep, EPOLL_CTL_DEL, e, 0), 0, "leaves");
	close(e);
	close(in);
	close(ep);
	end();
}

/* ---- waiting ---- */

static int shared_ep, shared_fd;
static volatile int woken;

static void *waiter(void *arg)
{
	struct epoll_event ev;

	(void)arg;
	if (wait_ms(shared_ep, &ev, 1, -1) == 1)
		__atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static volatile int handled;

static void on_signal(int signo)
{
	handled = signo;
}

static void waiting(void)
{
	pthread_t t[8];
	struct epoll_event ev;
	struct timespec before, after;
	sigset_t usr1, none;
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	long ns;

	begin("epoll_pwait, epoll_pwait2: timeouts, masks, many waiters");
	shared_ep = (int)sys(epoll_create1, 0);
	shared_fd = event(0);
	ctl(shared_ep, EPOLL_CTL_ADD, shared_fd, EPOLLIN | EPOLLET);
	clock_gettime(CLOCK_MONOTONIC, &before);
	check(wait_ms(shared_ep, &ev, 1, 20), 0, "20 ms");
	clock_gettime(CLOCK_MONOTONIC, &after);
	ns = (after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec;
	expect(ns >= 20000000, "at least 20 ms: %ld ns", ns);
	for (int i = 0; i < 8; i++)
		pthread_create(&t[i], NULL, waiter, NULL);
	for (int i = 0; i < 8; i++) { /* each edge wakes one of them */
		while (woken < i)
			usleep(1000);
		add(shared_fd, 1);
	}
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	check(woken, 8, "each waiter had an event");
	check(wait_ms(shared_ep, &ev, 1, 0), 0, "and there were no more");
	sigaction(SIGUSR1, &act, NULL);
	sigemptyset(&none);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	kill(getpid(), SIGUSR1);
	check(wait_ms(shared_ep, &ev, 1, 5), 0, "blocked: not seen");
	check(handled, 0, "no handler");
	check(sys(epoll_pwait, shared_ep, &ev, 1, -1, &none, 8), -EINTR, "let in");
	check(handled, SIGUSR1, "handler, though it says SA_RESTART");
	handled = 0;
	kill(getpid(), SIGUSR1);
	add(shared_fd, 1);
	check(sys(epoll_pwait, shared_ep, &ev, 1, -1, &none, 8), 1,
	      "an event comes before a signal");
	check(handled, 0, "which waits behind the old mask");
	check(sys(epoll_pwait2, shared_ep, &ev, 1, 0, &none, 8), -EINTR, "until it is let in");
	sigprocmask(SIG_SETMASK, &none, NULL);
	close(shared_fd);
	close(shared_ep);
	end();
}

/* ---- against one another ---- */

static volatile bool stop;
static int ring[16];

static void *opens_and_closes(void *arg)
{
	unsigned int seed = (unsigned int)(uintptr_t)arg;

	while (!stop) {
		int fd = event(rand_r(&seed) & 1);

		ctl(shared_ep, EPOLL_CTL_ADD, fd, EPOLLIN | (rand_r(&seed) & 1 ? EPOLLET : 0));
		add(fd, 1);
		if (rand_r(&seed) & 1)
			ctl(shared_ep, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLONESHOT);
		close(fd);
	}
	return NULL;
}

static void *waits(void *arg)
{
	struct epoll_event ev[8];

	(void)arg;
	while (!stop)
		wait_ms(shared_ep, ev, 8, 1);
	return NULL;
}

static void *nests(void *arg)
{
	unsigned int seed = (unsigned int)(uintptr_t)arg;

	while (!stop) {
		int a = ring[rand_r(&seed) % 16], b = ring[rand_r(&seed) % 16];
		struct pollfd p = { .fd = a, .events = POLLIN };

		ctl(a, rand_r(&seed) % 3 ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, b, EPOLLIN);
		poll(&p, 1, 0);
		if (rand_r(&seed) % 8 == 0)
			add(shared_fd, 1);
	}
	return NULL;
}

static void *replaces(void *arg)
{
	unsigned int seed = (unsigned int)(uintptr_t)arg;

	while (!stop) {
		int fd = (int)sys(epoll_create1, 0), at = (int)(rand_r(&seed) % 16);

		ctl(fd, EPOLL_CTL_ADD, shared_fd, EPOLLIN);
		dup2(fd, ring[at]);
		close(fd);
	}
	return NULL;
}

static void races(void)
{
	pthread_t t[8];

	begin("epoll_ctl, epoll_pwait, close: against one another on all cores");
	shared_ep = (int)sys(epoll_create1, 0);
	stop = false;
	for (int i = 0; i < 6; i++)
		pthread_create(&t[i], NULL, i < 3 ? opens_and_closes : waits, (void *)(uintptr_t)i);
	usleep(300000);
	stop = true;
	for (int i = 0; i < 6; i++)
		pthread_join(t[i], NULL);
	close(shared_ep);
	stop = false;
	shared_fd = event(0);
	for (int i = 0; i < 16; i++)
		ring[i] = (int)sys(epoll_create1, 0);
	for (int i = 0; i < 5; i++)
		pthread_create(&t[i], NULL, i < 4 ? nests : replaces, (void *)(uintptr_t)i);
	usleep(300000);
	stop = true;
	for (int i = 0; i < 5; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < 16; i++)
		close(ring[i]);
	close(shared_fd);
	expect(true, "alive");
	end();
}

static void exhaustion(void)
{
	struct rlimit lim = { 16, 16 };
	int fd, n = 0;

	setrlimit(RLIMIT_NOFILE, &lim);
	while ((fd = (int)sys(epoll_create1, 0)) >= 0)
		n++;
	check(fd, -EMFILE, "after %d", n);
	check(event(0), -EMFILE, "eventfd");
}

int main(void)
{
	errors();
	levels_and_edges();
	many_descriptors();
	nested();
	ways();
	exclusive();
	waiting();
	races();
	begin("epoll_create1, eventfd2: no descriptor left");
	check_child(exhaustion, 0, "in a child");
	end();
	return tap_done();
}
