/*
 * file_locks.c - advisory locks: fcntl(2)'s records, the open file's own (OFD), and flock(2).
 */
#define _GNU_SOURCE
#include "tests/el0/libc/calls.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <time.h>

#ifndef F_OFD_GETLK
#define F_OFD_GETLK  36
#define F_OFD_SETLK  37
#define F_OFD_SETLKW 38
#endif

static int fd;

static long lock(int f, int cmd, int type, long start, long len)
{
	struct flock l = { .l_type = (short)type, .l_start = start, .l_len = len };

	return sys(fcntl, f, cmd, &l);
}

/*
 * What another process, with a table of its own, gets for the same call; its exit status is -errno.
 */
static long other(int f, int cmd, int type, long start, long len)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit((int)-lock(f, cmd, type, start, len));
	waitpid(pid, &status, 0);
	return -WEXITSTATUS(status);
}

/* The same for F_GETLK: 1 when a lock is in the way as said. */
static int sees(int f, int cmd, int type, long start, long len, const struct flock *want)
{
	struct flock l = { .l_type = (short)type, .l_start = start, .l_len = len };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		long ret = sys(fcntl, f, cmd, &l);

		_exit(ret == 0 && l.l_type == want->l_type &&
		      (l.l_type == F_UNLCK ||
		       (l.l_whence == SEEK_SET && l.l_start == want->l_start &&
			l.l_len == want->l_len && l.l_pid == want->l_pid)));
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static void pause_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static void records(void)
{
	struct flock want = { .l_type = F_WRLCK, .l_start = 10, .l_len = 10, .l_pid = getpid() };
	struct flock none = { .l_type = F_UNLCK };

	begin("fcntl: records, split and joined");
	check(lock(fd, F_SETLK, F_WRLCK, 10, 10), 0, "a lock");
	check(lock(fd, F_SETLK, F_WRLCK, 10, 10), 0, "again");
	check(other(fd, F_SETLK, F_WRLCK, 0, 10), 0, "before it");
	check(other(fd, F_SETLK, F_WRLCK, 20, 0), 0, "behind it");
	check(other(fd, F_SETLK, F_WRLCK, 19, 1), -EAGAIN, "its last byte");
	check(other(fd, F_SETLK, F_RDLCK, 10, 1), -EAGAIN, "its first byte");
	expect(sees(fd, F_GETLK, F_RDLCK, 0, 0, &want), "F_GETLK tells it");
	expect(sees(fd, F_GETLK, F_RDLCK, 0, 10, &none), "F_GETLK before it");
	check(lock(fd, F_SETLK, F_UNLCK, 13, 3), 0, "a hole in it");
	want.l_len = 3;
	expect(sees(fd, F_GETLK, F_RDLCK, 0, 0, &want), "the part before the hole");
	want.l_start = 16;
	want.l_len = 4;
	expect(sees(fd, F_GETLK, F_RDLCK, 13, 0, &want), "the part behind");
	check(other(fd, F_SETLK, F_WRLCK, 13, 3), 0, "the hole is free");
	check(lock(fd, F_SETLK, F_WRLCK, 13, 3), 0, "closed");
	want.l_start = 10;
	want.l_len = 10;
	expect(sees(fd, F_GETLK, F_RDLCK, 0, 0, &want), "one lock again");
	check(lock(fd, F_SETLK, F_WRLCK, 20, 5), 0, "its neighbour");
	want.l_len = 15;
	expect(sees(fd, F_GETLK, F_RDLCK, 0, 0, &want), "neighbours are one");
	check(lock(fd, F_SETLK, F_RDLCK, 12, 2), 0, "a shared part in it");
	check(other(fd, F_SETLK, F_RDLCK, 12, 2), 0, "shared by two");
	check(other(fd, F_SETLK, F_RDLCK, 11, 2), -EAGAIN, "but not what is before");
	want = (struct flock){ .l_type = F_RDLCK, .l_start = 12, .l_len = 2, .l_pid = getpid() };
	expect(sees(fd, F_GETLK, F_WRLCK, 12, 2, &want), "F_GETLK tells the shared one");
	expect(sees(fd, F_GETLK, F_RDLCK, 12, 2, &none), "which is in no reader's way");
	check(lock(fd, F_SETLK, F_WRLCK, 5, 0), 0, "over all of them, to the end");
	want = (struct flock){ .l_type = F_WRLCK, .l_start = 5, .l_pid = getpid() };
	expect(sees(fd, F_GETLK, F_RDLCK, 0, 0, &want), "one lock to the end");
	check(other(fd, F_SETLK, F_RDLCK, 0x7ffffffffffffffe, 1), -EAGAIN, "at the far end");
	check(lock(fd, F_SETLK, F_UNLCK, 0, 0), 0, "all given up");
	expect(sees(fd, F_GETLK, F_WRLCK, 0, 0, &none), "none left");
	end();
}

static void ranges(void)
{
	struct flock l, *bad = (void *)8, *kernel = (void *)0xffff000000001000;
	struct flock want = { .l_type = F_WRLCK, .l_start = 4, .l_len = 6, .l_pid = getpid() };
	int ro = open("locked", O_RDONLY), wo = open("locked", O_WRONLY);
	int path = open("locked", O_PATH);

	begin("fcntl: what l_whence, l_start and l_len may be");
	l = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = -6 };
	check(sys(fcntl, fd, F_SETLK, &l), 0, "a negative length");
	expect(sees(fd, F_GETLK, F_RDLCK, 0, 0, &want), "is the bytes before");
	check(lock(fd, F_SETLK, F_UNLCK, 0, 0), 0, "given up");
	lseek(fd, 7, SEEK_SET);
	l = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_start = -3, .l_len = 6 };
	check(sys(fcntl, fd, F_SETLK, &l), 0, "from the position");
	expect(sees(fd, F_GETLK, F_RDLCK, 0, 0, &want), "is where it should be");
	check(lock(fd, F_SETLK, F_UNLCK, 0, 0), 0, "given up");
	l = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_END, .l_start = -96, .l_len = 6 };
	check(sys(fcntl, fd, F_SETLK, &l), 0, "from the end of 100 bytes");
	expect(sees(fd, F_GETLK, F_RDLCK, 0, 0, &want), "is where it should be");
	check(lock(fd, F_SETLK, F_UNLCK, 0, 0), 0, "given up");
	check(lock(fd, F_SETLK, F_WRLCK, -1, 0), -EINVAL, "before the start");
	check(lock(fd, F_SETLK, F_WRLCK, 3, -4), -EINVAL, "a length that leads there");
	check(lock(fd, F_SETLK, F_WRLCK, 0x7fffffffffffffff, 2), -EOVERFLOW, "over the end");
	check(lock(fd, F_SETLK, F_WRLCK, 0x7fffffffffffffff, 1), 0, "the last byte");
	check(lock(fd, F_SETLK, F_UNLCK, 0, 0), 0, "given up");
	l = (struct flock){ .l_type = F_WRLCK, .l_whence = 3 };
	check(sys(fcntl, fd, F_SETLK, &l), -EINVAL, "no such l_whence");
	check(lock(fd, F_SETLK, 3, 0, 0), -EINVAL, "no such type");
	check(lock(fd, F_SETLK, -1, 0, 0), -EINVAL, "a negative type");
	check(lock(fd, F_GETLK, F_UNLCK, 0, 0), -EINVAL, "F_GETLK of no lock");
	check(lock(ro, F_SETLK, F_WRLCK, 0, 0), -EBADF, "exclusive without write access");
	check(lock(wo, F_SETLK, F_RDLCK, 0, 0), -EBADF, "shared without read access");
	check(lock(path, F_SETLK, F_RDLCK, 0, 0), -EBADF, "O_PATH");
	check(lock(-1, F_SETLK, F_RDLCK, 0, 0), -EBADF, "no file");
	check(sys(fcntl, fd, F_SETLK, bad), -EFAULT, "a bad pointer");
	check(sys(fcntl, fd, F_GETLK, bad), -EFAULT, "a bad pointer");
	check(sys(fcntl, fd, F_SETLKW, kernel), -EFAULT, "a kernel pointer");
	check(sys(fcntl, fd, F_OFD_SETLK, kernel), -EFAULT, "a kernel pointer");
	end();
	close(ro);
	close(wo);
	close(path);
}

static void closing(void)
{
	int second = open("locked", O_RDWR), third = dup(fd), p[2], status;
	pid_t pid;

	begin("fcntl, close, dup3, close_range: a process's locks go with any descriptor of the "
	      "file");
	check(lock(fd, F_SETLK, F_WRLCK, 0, 10), 0, "a lock");
	close(second);
	check(other(fd, F_SETLK, F_WRLCK, 0, 10), 0, "gone with another open file");
	check(lock(fd, F_SETLK, F_WRLCK, 0, 10), 0, "a lock");
	close(third);
	check(other(fd, F_SETLK, F_WRLCK, 0, 10), 0, "gone with a dup");
	third = dup(fd);
	check(lock(fd, F_SETLK, F_WRLCK, 0, 10), 0, "a lock");
	dup2(2, third);
	check(other(fd, F_SETLK, F_WRLCK, 0, 10), 0, "gone with dup2 over one");
	close(third);
	check(lock(fd, F_SETLK, F_WRLCK, 0, 10), 0, "a lock");
	third = fcntl(fd, F_DUPFD, 100);
	check(sys(close_range, 100, 200, 0), 0, "close_range");
	check(other(fd, F_SETLK, F_WRLCK, 0, 10), 0, "gone with it");
	check(pipe(p), 0, "a pipe");
	pid = fork();
	if (pid == 0) {
		char c = (char)-lock(fd, F_SETLK, F_WRLCK, 0, 10);

		if (write(p[1], &c, 1) != 1)
			_exit(1);
		pause();
	}
	if (read(p[0], &status, 1) == 1)
		check((char)status, 0, "a child's lock");
	check(lock(fd, F_SETLK, F_WRLCK, 0, 10), -EAGAIN, "is in the way");
	kill(pid, SIGKILL);
	check(waitpid(pid, &status, 0), pid, "it is killed");
	check(lock(fd, F_SETLK, F_WRLCK, 0, 10), 0, "and its lock gone");
	check(lock(fd, F_SETLK, F_UNLCK, 0, 10), 0, "given up");
	close(p[0]);
	close(p[1]);
	end();
}

static void on_alarm(int sig)
{
	(void)sig;
}

/*
 * Another process takes [start, start+1), says so, and lets go when it ends: with @want >= 0 after
 * it has waited for that byte, else 100 ms after *@go has been closed.
 */
static pid_t holder(long start, long want, int *go)
{
	int p[2], hold[2];
	pid_t pid;
	char c = 1;

	if (pipe(p) || pipe(hold))
		return -1;
	pid = fork();
	if (pid == 0) {
		close(hold[1]);
		c = (char)-lock(fd, F_SETLK, F_WRLCK, start, 1);
		if (write(p[1], &c, 1) != 1)
			_exit(99);
		if (want >= 0)
			_exit((int)-lock(fd, F_SETLKW, F_WRLCK, want, 1));
		c = (char)read(hold[0], &c, 1);
		pause_ms(100);
		_exit(c);
	}
	close(p[1]);
	close(hold[0]);
	if (read(p[0], &c, 1) != 1 || c)
		pid = -1;
	close(p[0]);
	if (go)
		*go = hold[1];
	else
		close(hold[1]);
	return pid;
}

static void waiting(void)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	int status, go;
	pid_t pid;

	begin("fcntl: F_SETLKW waits, is interrupted, and sees deadlocks");
	pid = holder(0, -1, &go);
	expect(pid > 0, "a child holds it");
	check(lock(fd, F_SETLK, F_WRLCK, 0, 1), -EAGAIN, "F_SETLK does not wait");
	close(go);
	check(lock(fd, F_SETLKW, F_WRLCK, 0, 1), 0, "F_SETLKW does");
	waitpid(pid, &status, 0);
	check(lock(fd, F_SETLK, F_UNLCK, 0, 0), 0, "given up");

	sigaction(SIGALRM, &sa, NULL);
	pid = holder(0, -1, &go);
	ualarm(100000, 100000); /* again: a slow machine may lose the first */
	check(lock(fd, F_SETLKW, F_WRLCK, 0, 1), -EINTR, "a handler without SA_RESTART");
	ualarm(0, 0);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	close(go);
	check(lock(fd, F_SETLKW, F_WRLCK, 0, 1), 0, "and the waiter is forgotten");
	check(lock(fd, F_SETLK, F_UNLCK, 0, 0), 0, "given up");

	/* One of the two must be told; which one depends on who waits first. */
	check(lock(fd, F_SETLK, F_WRLCK, 1, 1), 0, "byte 1 is ours");
	pid = holder(2, 1, NULL);
	{
		long ours = lock(fd, F_SETLKW, F_WRLCK, 2, 1);

		lock(fd, F_SETLK, F_UNLCK, 0, 0);
		waitpid(pid, &status, 0);
		expect((ours == -EDEADLK) != (WEXITSTATUS(status) == EDEADLK),
		       "one of two is told EDEADLK: %ld and %d", ours, WEXITSTATUS(status));
	}
	lock(fd, F_SETLK, F_UNLCK, 0, 0);

	/* A chain that is no circle is none. */
	check(lock(fd, F_SETLK, F_WRLCK, 1, 1), 0, "byte 1 is ours");
	pid = holder(2, 1, NULL);
	pause_ms(50);
	check(lock(fd, F_SETLK, F_UNLCK, 1, 1), 0, "given to who waits");
	waitpid(pid, &status, 0);
	check(WEXITSTATUS(status), 0, "who gets it");
	end();
}

static void open_file(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_pid = 1 };
	struct flock want = { .l_type = F_WRLCK, .l_start = 0, .l_len = 5, .l_pid = -1 };
	int second = open("locked", O_RDWR), third = dup(fd);

	begin("fcntl: locks of the open file");
	check(lock(fd, F_OFD_SETLK, F_WRLCK, 0, 5), 0, "a lock");
	check(lock(third, F_OFD_SETLK, F_WRLCK, 0, 5), 0, "a dup is the same");
	check(lock(second, F_OFD_SETLK, F_WRLCK, 4, 1), -EAGAIN, "another open file is not");
	check(lock(fd, F_SETLK, F_WRLCK, 4, 1), -EAGAIN, "nor is the process");
	check(other(fd, F_OFD_SETLK, F_WRLCK, 0, 5), 0, "a child has the same open file");
	expect(sees(second, F_OFD_GETLK, F_RDLCK, 0, 0, &want), "F_OFD_GETLK tells it, pid -1");
	expect(sees(second, F_GETLK, F_RDLCK, 0, 0, &want), "F_GETLK too");
	close(third);
	check(lock(second, F_OFD_SETLK, F_WRLCK, 4, 1), -EAGAIN, "stays while one is open");
	check(sys(fcntl, fd, F_OFD_SETLK, &l), -EINVAL, "l_pid must be 0");
	check(sys(fcntl, fd, F_OFD_GETLK, &l), -EINVAL, "l_pid must be 0");
	check(lock(fd, F_OFD_SETLK, F_UNLCK, 0, 0), 0, "given up");
	check(lock(second, F_OFD_SETLKW, F_WRLCK, 4, 1), 0, "taken");
	close(second);
	check(lock(fd, F_OFD_SETLKW, F_WRLCK, 4, 1), 0, "gone with the last close");
	check(lock(fd, F_OFD_SETLK, F_UNLCK, 0, 0), 0, "given up");
	end();
}

static void whole_files(void)
{
	int second = open("locked", O_RDONLY), third = dup(fd), p[2], path = open("locked", O_PATH);
	struct sigaction sa = { .sa_handler = on_alarm };

	begin("flock: shared, exclusive, by open file");
	check(sys(flock, fd, LOCK_EX), 0, "exclusive");
	check(sys(flock, third, LOCK_EX | LOCK_NB), 0, "a dup is the same");
	check(sys(flock, second, LOCK_SH | LOCK_NB), -EAGAIN, "another is not");
	check(other(fd, F_SETLK, F_WRLCK, 0, 0), 0, "records are not in its way");
	check(sys(flock, fd, LOCK_SH), 0, "now shared");
	check(sys(flock, second, LOCK_SH | LOCK_NB), 0, "by two");
	check(sys(flock, fd, LOCK_EX | LOCK_NB), -EAGAIN, "not exclusive now");
	check(sys(flock, second, LOCK_EX | LOCK_NB), 0, "and its shared one was lost on the way");
	sigaction(SIGALRM, &sa, NULL);
	ualarm(50000, 50000);
	check(sys(flock, fd, LOCK_EX), -EINTR, "interrupted");
	ualarm(0, 0);
	check(sys(flock, second, LOCK_UN), 0, "given up");
	check(sys(flock, second, LOCK_UN), 0, "again");
	check(sys(flock, fd, LOCK_EX | LOCK_NB), 0, "free");
	close(third);
	check(sys(flock, second, LOCK_EX | LOCK_NB), -EAGAIN, "a closed dup changes nothing");
	if (fork() == 0)
		_exit(0);
	wait(NULL);
	check(sys(flock, second, LOCK_EX | LOCK_NB), -EAGAIN, "nor does a child's end");
	check(sys(flock, fd, LOCK_UN), 0, "given up");
	check(sys(flock, fd, 0), -EINVAL, "no command");
	check(sys(flock, fd, LOCK_SH | LOCK_EX), -EINVAL, "two commands");
	check(sys(flock, fd, LOCK_NB), -EINVAL, "LOCK_NB alone");
	check(sys(flock, fd, LOCK_SH | 0x100), -EINVAL, "an unknown bit");
	check(sys(flock, path, LOCK_SH), -EBADF, "O_PATH");
	check(sys(flock, -1, LOCK_SH), -EBADF, "no file");
	check(sys(flock, 1000, LOCK_UN), -EBADF, "no file");
	check(pipe(p), 0, "a pipe");
	check(sys(flock, p[0], LOCK_EX | LOCK_NB), 0, "one end");
	check(sys(flock, p[1], LOCK_EX | LOCK_NB), -EAGAIN, "is the other's file");
	close(p[0]);
	check(sys(flock, p[1], LOCK_EX | LOCK_NB), 0, "gone with its close");
	close(p[1]);
	close(second);
	close(path);
	end();
}

/* ---- many at once ---- */

#define RACERS 4
#define ROUNDS 300

static volatile int *shared;

static void count_up(int how)
{
	int f = open("locked", O_RDWR);

	for (int i = 0; i < ROUNDS; i++) {
		int v;

		if (how == 0 && flock(f, LOCK_EX))
			_exit(1);
		if (how == 1 && lock(f, F_SETLKW, F_WRLCK, 50, 10))
			_exit(1);
		if (how == 2 && lock(f, F_OFD_SETLKW, F_WRLCK, 50, 10))
			_exit(1);
		v = *shared;
		sched_yield();
		*shared = v + 1;
		if (how == 0
			    ? flock(f, LOCK_UN)
			    : lock(f, how == 1 ? F_SETLK : F_OFD_SETLK, F_UNLCK, i & 1 ? 50 : 0, 0))
			_exit(1);
	}
	_exit(0);
}

static void racing(void)
{
	static const char *const names[] = { "flock", "records", "OFD" };

	begin("flock, fcntl: nobody else is in while one is");
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int how = 0; how < 3; how++) {
		int status, good = 0;

		*shared = 0;
		for (int i = 0; i < RACERS; i++)
			if (fork() == 0)
				count_up(how);
		for (int i = 0; i < RACERS; i++)
			good += wait(&status) > 0 && status == 0;
		check(good, RACERS, "%s: all came through", names[how]);
		check(*shared, RACERS * ROUNDS, "%s: counted", names[how]);
	}
	end();
}

/* A thread closes what another locks: a lock that comes too late must not stay. */
static void *closer(void *arg)
{
	for (int i = 0; i < ROUNDS; i++)
		close(dup2(fd, 60));
	return arg;
}

static void closing_race(void)
{
	pthread_t t;

	begin("fcntl, close: a lock does not outlive the descriptor that a thread closes");
	pthread_create(&t, NULL, closer, NULL);
	for (int i = 0; i < ROUNDS; i++)
		lock(60, F_SETLK, F_WRLCK, i, 10);
	pthread_join(t, NULL);
	check(other(fd, F_SETLK, F_WRLCK, 0, 0), 0, "nothing left");
	end();
}

int main(void)
{
	char zeros[100] = "";

	fd = open("locked", O_RDWR | O_CREAT | O_TRUNC, 0666);
	if (fd < 0 || write(fd, zeros, 100) != 100)
		return 1;
	records();
	ranges();
	closing();
	waiting();
	open_file();
	whole_files();
	racing();
	closing_race();
	unlink("locked");
	return tap_done();
}
