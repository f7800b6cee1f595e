/*
 * timerfd.c - timerfd_create(2) and its kin.  Root: the wall clock is set, and put back.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>

#include "tests/el0/libc/calls.h"
#include "tests/el0/libc/wall.h"

#define MS     1000000L
#define CANCEL (TFD_TIMER_ABSTIME | 2) /* TFD_TIMER_CANCEL_ON_SET: musl does not name it */

static int64_t ns(const struct timespec *t)
{
	return t->tv_sec * NS_PER_S + t->tv_nsec;
}

static long arm(int fd, int flags, int64_t value, int64_t interval)
{
	struct itimerspec s = { { interval / NS_PER_S, interval % NS_PER_S },
				{ value / NS_PER_S, value % NS_PER_S } };

	return sys(timerfd_settime, fd, flags, &s, NULL);
}

/* What a read gives: the number, or -errno. */
static int64_t times(int fd)
{
	uint64_t n = 0;
	long r = sys(read, fd, &n, 8);

	return r == 8 ? (int64_t)n : r;
}

static int ready(int fd, int ms)
{
	struct pollfd p = { fd, POLLIN | POLLOUT, 0 };

	return poll(&p, 1, ms) == 1 ? p.revents : 0;
}

static void alarm_rights(void)
{
	check(sys(setuid, 1000), 0, "setuid");
	check(sys(timerfd_create, CLOCK_REALTIME_ALARM, 0), -EPERM, "CLOCK_REALTIME_ALARM");
	check(sys(timerfd_create, CLOCK_BOOTTIME_ALARM, 0), -EPERM, "CLOCK_BOOTTIME_ALARM");
	check_one_of(sys(timerfd_create, CLOCK_MONOTONIC, 0), 3, 4, "CLOCK_MONOTONIC");
}

static void no_descriptors(void)
{
	struct rlimit l = { 3, 3 };

	setrlimit(RLIMIT_NOFILE, &l);
	check(sys(timerfd_create, CLOCK_MONOTONIC, 0), -EMFILE, "no descriptor left");
}

static void making(void)
{
	static const clockid_t good[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME,
					  CLOCK_REALTIME_ALARM, CLOCK_BOOTTIME_ALARM };
	static const clockid_t bad[] = { CLOCK_PROCESS_CPUTIME_ID,
					 CLOCK_THREAD_CPUTIME_ID,
					 CLOCK_MONOTONIC_RAW,
					 CLOCK_REALTIME_COARSE,
					 CLOCK_TAI,
					 10,
					 99,
					 -1,
					 -6 };

	begin("timerfd_create: clocks and flags; errors");
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		long fd = sys(timerfd_create, good[i], 0);

		expect(fd >= 0, "clock %d: %ld", good[i], fd);
		check(close((int)fd), 0, "close");
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check(sys(timerfd_create, bad[i], 0), -EINVAL, "clock %d", bad[i]);
	check(sys(timerfd_create, CLOCK_MONOTONIC, 1), -EINVAL, "flag 1");
	check(sys(timerfd_create, CLOCK_MONOTONIC, 1 << 30), -EINVAL, "flag 2^30");
	check_child(alarm_rights, 0, "not root");
	check_child(no_descriptors, 0, "RLIMIT_NOFILE");
	for (int flags = 0; flags < 4; flags++) {
		int want = (flags & 1 ? TFD_CLOEXEC : 0) | (flags & 2 ? TFD_NONBLOCK : 0);
		int fd = (int)sys(timerfd_create, CLOCK_MONOTONIC, want);

		check(fcntl(fd, F_GETFD), flags & 1 ? FD_CLOEXEC : 0, "FD_CLOEXEC");
		check(fcntl(fd, F_GETFL) & (O_NONBLOCK | O_ACCMODE),
		      O_RDWR | (flags & 2 ? O_NONBLOCK : 0), "flags");
		close(fd);
	}
	end();
}

static void errors(void)
{
	int fd = (int)sys(timerfd_create, CLOCK_MONOTONIC, TFD_NONBLOCK),
	    other = open("/", O_RDONLY);
	struct itimerspec s = { { 0, 0 }, { 1, 0 } };
	uint64_t n[2];

	begin("timerfd_settime, timerfd_gettime: errors; read and write");
	check(sys(timerfd_settime, -1, 0, &s, NULL), -EBADF, "no descriptor");
	check(sys(timerfd_settime, other, 0, &s, NULL), -EINVAL, "a descriptor of something else");
	check(sys(timerfd_settime, fd, 4, &s, NULL), -EINVAL, "flag 4");
	check(sys(timerfd_settime, -1, 4, &s, NULL), -EINVAL, "flag 4 before the descriptor");
	check(sys(timerfd_settime, fd, 0, NULL, NULL), -EFAULT, "no setting");
	check(sys(timerfd_settime, fd, 0, (void *)-16L, NULL), -EFAULT, "a kernel address");
	check(sys(timerfd_settime, fd, 0, &s, (void *)8), -EFAULT, "a bad place for the old one");
	check(sys(timerfd_gettime, fd, &s), 0, "but it is set");
	expect(ns(&s.it_value) > 0, "it runs");
	s = (struct itimerspec){ { 0, 0 }, { 0, NS_PER_S } };
	check(sys(timerfd_settime, fd, 0, &s, NULL), -EINVAL, "10^9 ns");
	s = (struct itimerspec){ { -1, 0 }, { 1, 0 } };
	check(sys(timerfd_settime, fd, 0, &s, NULL), -EINVAL, "an interval of -1 s");
	check(sys(timerfd_gettime, -1, &s), -EBADF, "no descriptor");
	check(sys(timerfd_gettime, other, &s), -EINVAL, "a descriptor of something else");
	check(sys(timerfd_gettime, fd, (void *)8), -EFAULT, "a bad place");
	check(sys(read, fd, n, 7), -EINVAL, "7 bytes");
	check(sys(write, fd, n, 8), -EINVAL, "write");
	check(sys(lseek, fd, 0, SEEK_SET), 0, "lseek");
	check(sys(pread64, fd, n, 8, 0), -ESPIPE, "pread64");
	check(arm(fd, 0, 1, 0), 0, "timerfd_settime");
	check(ready(fd, 10000), POLLIN, "it comes");
	check(sys(read, fd, (void *)8, 8), -EFAULT, "a bad place");
	check(arm(fd, 0, 1, 0), 0, "timerfd_settime");
	check(ready(fd, 10000), POLLIN, "it comes");
	check(sys(read, fd, n, 16), 8, "16 bytes");
	check((long)n[0], 1, "once");
	close(fd);
	close(other);
	end();
}

static void going_off(void)
{
	static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME,
					    CLOCK_REALTIME_ALARM, CLOCK_BOOTTIME_ALARM };

	begin("timerfd_settime, timerfd_gettime: not early, once or again and again");
	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		clockid_t c = clocks[i], reads = c == CLOCK_REALTIME_ALARM   ? CLOCK_REALTIME
						 : c == CLOCK_BOOTTIME_ALARM ? CLOCK_BOOTTIME
									     : c;
		int fd = (int)sys(timerfd_create, c, 0);
		struct itimerspec s;
		int64_t from = now(reads);

		check(ready(fd, 0), 0, "clock %d: nothing yet", c);
		check(arm(fd, 0, 20 * MS, 0), 0, "clock %d: a while", c);
		check((long)times(fd), 1, "clock %d: once", c);
		expect(now(reads) - from >= 20 * MS, "clock %d: %ld", c, (long)(now(reads) - from));
		check(ready(fd, 50), 0, "clock %d: no more", c);
		check(sys(timerfd_gettime, fd, &s), 0, "timerfd_gettime");
		expect(!ns(&s.it_value) && !ns(&s.it_interval), "clock %d: off", c);
		from = now(reads);
		check(arm(fd, TFD_TIMER_ABSTIME, from + 20 * MS, 10 * MS), 0, "clock %d: a time",
		      c);
		check(sys(timerfd_gettime, fd, &s), 0, "timerfd_gettime");
		check(ns(&s.it_interval), 10 * MS, "clock %d: the interval", c);
		check(ready(fd, 10000), POLLIN, "clock %d: poll", c);
		expect(now(reads) - from >= 20 * MS, "clock %d: %ld", c, (long)(now(reads) - from));
		while (now(reads) - from < 110 * MS)
			usleep(10000);
		expect(times(fd) >= 8, "clock %d: what was missed is counted", c);
		expect(times(fd) >= 1, "clock %d: and it goes on", c);
		check(sys(timerfd_gettime, fd, &s), 0, "timerfd_gettime");
		expect(ns(&s.it_value) <= 10 * MS, "clock %d: %ld left", c, (long)ns(&s.it_value));
		check(arm(fd, 0, 0, 0), 0, "clock %d: off", c);
		check(ready(fd, 30), 0, "clock %d: off", c);
		check(arm(fd, 0, 1, 1), 0, "clock %d: each nanosecond", c);
		for (int n = 0; n < 20; n++)
			expect(times(fd) >= 1, "clock %d: it comes", c);
		close(fd);
	}
	end();
}

static void asking(void)
{
	int fd = (int)sys(timerfd_create, CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct itimerspec s = { { 7, 0 }, { 100, 0 } }, old;

	begin("timerfd_settime, timerfd_gettime: what was, and what is left");
	check((long)times(fd), -EAGAIN, "nothing to read");
	check(sys(timerfd_settime, fd, 0, &s, &old), 0, "timerfd_settime");
	expect(!ns(&old.it_value) && !ns(&old.it_interval), "it was off");
	s.it_value.tv_sec = 50;
	check(sys(timerfd_settime, fd, 0, &s, &old), 0, "timerfd_settime");
	expect(ns(&old.it_value) > 50 * NS_PER_S && ns(&old.it_value) <= 100 * NS_PER_S &&
		       ns(&old.it_interval) == 7 * NS_PER_S,
	       "what it was");
	s = (struct itimerspec){ { 0, 0 }, { INT64_MAX, 0 } };
	check(sys(timerfd_settime, fd, 0, &s, NULL), 0, "longer than there is time");
	check(sys(timerfd_gettime, fd, &s), 0, "timerfd_gettime");
	expect(s.it_value.tv_sec > 1000000000, "%ld s left", (long)s.it_value.tv_sec);
	check((long)times(fd), -EAGAIN, "nothing to read");
	close(fd);
	end();
}

/* ---- with others ---- */

static int shared_fd;

static void *reader(void *arg)
{
	(void)arg;
	return (void *)(long)times(shared_fd);
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void waiting(void)
{
	struct itimerval often = { { 0, 100000 }, { 0, 100000 } }, never = { 0 };
	struct sigaction a = { .sa_handler = on_alarm };
	struct epoll_event e = { .events = EPOLLIN, .data = { .u64 = 42 } };
	int ep = epoll_create1(0), got = 0;
	pthread_t thread[4];
	void *n;
	pid_t pid;

	begin("timerfd_create: read, poll and epoll wait for it; a signal ends a read");
	shared_fd = (int)sys(timerfd_create, CLOCK_MONOTONIC, 0);
	check(arm(shared_fd, 0, 20 * MS, 20 * MS), 0, "timerfd_settime");
	for (int i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, reader, NULL);
	for (int i = 0; i < 4; i++) {
		pthread_join(thread[i], &n);
		got += (long)n >= 1;
	}
	check(got, 4, "four readers");
	check(epoll_ctl(ep, EPOLL_CTL_ADD, shared_fd, &e), 0, "epoll_ctl");
	e.data.u64 = 0;
	check(epoll_wait(ep, &e, 1, 10000), 1, "epoll_wait");
	expect(e.data.u64 == 42 && e.events == EPOLLIN, "readable");
	check(arm(shared_fd, 0, 0, 0), 0, "off");
	check(epoll_wait(ep, &e, 1, 30), 0, "epoll_wait");
	/* a child has the same timer */
	check(arm(shared_fd, 0, 20 * MS, 0), 0, "timerfd_settime");
	pid = fork();
	if (pid == 0)
		_exit(times(shared_fd) != 1);
	check(waitpid(pid, &got, 0), pid, "waitpid");
	check(got, 0, "the child read it");
	check(ready(shared_fd, 0), 0, "so there is nothing here");
	sigemptyset(&a.sa_mask);
	sigaction(SIGALRM, &a, NULL);
	setitimer(ITIMER_REAL, &often, NULL); /* the first may come before the read */
	check((long)times(shared_fd), -EINTR, "a signal");
	a.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &a, NULL);
	check(arm(shared_fd, 0, 500 * MS, 0), 0, "timerfd_settime");
	check((long)times(shared_fd), 1, "SA_RESTART");
	setitimer(ITIMER_REAL, &never, NULL);
	close(ep);
	close(shared_fd);
	end();
}

/* ---- when the clock is set ---- */

static void clock_steps(void)
{
	int a = (int)sys(timerfd_create, CLOCK_REALTIME, TFD_NONBLOCK),
	    r = (int)sys(timerfd_create, CLOCK_REALTIME, TFD_NONBLOCK),
	    m = (int)sys(timerfd_create, CLOCK_MONOTONIC, TFD_NONBLOCK), err;
	pthread_t thread;
	void *got;

	begin("timerfd_settime: when the wall clock is set");
	check(arm(a, TFD_TIMER_ABSTIME, now(CLOCK_REALTIME) + 3600 * NS_PER_S, 0), 0, "a time");
	check(arm(r, 0, 3600 * NS_PER_S, 0), 0, "a while");
	check(arm(m, TFD_TIMER_ABSTIME, now(CLOCK_MONOTONIC) + 3600 * NS_PER_S, 0), 0,
	      "a time of another clock");
	check(step(4000), 0, "an hour on");
	check(ready(a, 10000), POLLIN, "the time has come");
	check((long)times(a), 1, "once");
	check(ready(r, 10), 0, "the while is not over");
	check(ready(m, 10), 0, "nor is the other clock's time here");
	put_back();
	/* TFD_TIMER_CANCEL_ON_SET */
	check(arm(a, CANCEL, now(CLOCK_REALTIME) + 3600 * NS_PER_S, 0), 0, "to be told");
	check(arm(m, CANCEL, now(CLOCK_MONOTONIC) + 3600 * NS_PER_S, 0), 0, "not of this clock");
	check(arm(r, 2, 3600 * NS_PER_S, 0), 0, "nor of a while");
	check(step(10), 0, "ten seconds on");
	check(ready(a, 10000), POLLIN, "it is told");
	check(ready(m, 0), 0, "not of another clock");
	check(ready(r, 0), 0, "nor of a while");
	check((long)times(a), -ECANCELED, "read");
	check((long)times(a), -EAGAIN, "once");
	check(step(10), 0, "ten seconds on");
	err = (int)arm(a, CANCEL, now(CLOCK_REALTIME) + 3600 * NS_PER_S, 0);
	check(err, -ECANCELED, "setting it tells, too");
	check((long)times(a), -EAGAIN, "once");
	/* somebody waits */
	shared_fd = (int)sys(timerfd_create, CLOCK_REALTIME, 0);
	check(arm(shared_fd, CANCEL, now(CLOCK_REALTIME) + 3600 * NS_PER_S, 0), 0, "to be told");
	pthread_create(&thread, NULL, reader, NULL);
	usleep(30000);
	check(step(10), 0, "ten seconds on");
	pthread_join(thread, &got);
	check((long)got, -ECANCELED, "the reader is told");
	put_back();
	close(shared_fd);
	close(a);
	close(r);
	close(m);
	end();
}

/* Many at a time, closed while they go off. */
static void many(void)
{
	int fd[200];

	begin("timerfd_create: many, closed while they go off");
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 200; i++) {
			fd[i] = (int)sys(timerfd_create, CLOCK_MONOTONIC, 0);
			check(arm(fd[i], 0, 1 + i * 7919 % 200 * 20000, MS), 0, "timer %d", i);
		}
		check((long)(times(fd[0]) >= 1), 1, "it comes");
		for (int i = 0; i < 200; i++)
			close(fd[i]);
	}
	end();
}

int main(void)
{
	wall_remember();
	making();
	errors();
	going_off();
	asking();
	waiting();
	clock_steps();
	many();
	return tap_done();
}
