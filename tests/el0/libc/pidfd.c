/*
 * pidfd.c - processes as files: opened, waited for, signalled, and their descriptors taken.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include <sys/mount.h>
#include <sys/stat.h>
#include "tests/el0/libc/calls.h"

#define KERNEL ((void *)0xffff000000080000ul)
#ifndef P_PIDFD
#define P_PIDFD 3
#endif
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#define SYS_pidfd_open	      434
#define SYS_pidfd_getfd	      438
#endif

static int events_of(int fd, int ms)
{
	struct pollfd p = { fd, POLLIN | POLLOUT, 0 };

	poll(&p, 1, ms);
	return p.revents;
}

static volatile int seen, seen_code, seen_value;

static void on_signal(int n, siginfo_t *si, void *uc)
{
	(void)n;
	(void)uc;
	seen++;
	seen_code = si->si_code;
	seen_value = si->si_value.sival_int;
}

static void *be_a_thread(void *arg)
{
	*(pid_t *)arg = (pid_t)sys(gettid);
	for (int i = 0; i < 3000 && seen != 77; i++)
		usleep(1000);
	return NULL;
}

static void test_open(void)
{
	volatile pid_t tid = 0;
	pthread_t t;
	pid_t pid;
	int fd;
	char c;

	begin("pidfd_open: processes, flags and errors");
	check(sys(pidfd_open, 0, 0), -EINVAL, "pid 0");
	check(sys(pidfd_open, -1, 0), -EINVAL, "pid -1");
	check(sys(pidfd_open, getpid(), 1), -EINVAL, "a flag that is none");
	check(sys(pidfd_open, 4000000, 0), -ESRCH, "nobody");
	pthread_create(&t, NULL, be_a_thread, (void *)&tid);
	while (!tid)
		usleep(100);
	check(sys(pidfd_open, tid, 0), -EINVAL, "a thread");
	seen = 77;
	pthread_join(t, NULL);
	fd = (int)sys(pidfd_open, getpid(), 0);
	expect(fd >= 0, "oneself");
	check(fcntl(fd, F_GETFD), FD_CLOEXEC, "closed by exec");
	check(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDWR, "flags");
	check(sys(read, fd, &c, 1), -EINVAL, "read");
	check(sys(write, fd, &c, 1), -EINVAL, "write");
	check(events_of(fd, 0), 0, "it lives");
	close(fd);
	fd = (int)sys(pidfd_open, getpid(), O_NONBLOCK);
	check(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK, "O_NONBLOCK");
	close(fd);
	pid = fork();
	if (!pid)
		_exit(3);
	fd = (int)sys(pidfd_open, pid, 0);
	check(events_of(fd, -1), POLLIN, "it has ended");
	waitpid(pid, NULL, 0);
	check_one_of(events_of(fd, 0), POLLIN | POLLHUP, POLLIN, "and been waited for");
	check(sys(pidfd_open, pid, 0), -ESRCH, "gone");
	close(fd);
	end();
}

static void test_waitid(void)
{
	siginfo_t si;
	pid_t pid = sleeper(), other;
	int fd = (int)sys(pidfd_open, pid, 0), mine = (int)sys(pidfd_open, getpid(), 0);

	begin("waitid: P_PIDFD");
	check(sys(waitid, P_PIDFD, -1, &si, WEXITED, NULL), -EINVAL, "a negative one");
	check(sys(waitid, P_PIDFD, 99, &si, WEXITED, NULL), -EBADF, "nothing");
	check(sys(waitid, P_PIDFD, 0, &si, WEXITED, NULL), -EBADF, "no pidfd");
	check(sys(waitid, P_PIDFD, mine, &si, WEXITED, NULL), -ECHILD, "no child");
	si.si_pid = 1;
	check(sys(waitid, P_PIDFD, fd, &si, WEXITED | WNOHANG, NULL), 0, "it lives");
	check(si.si_pid, 0, "it lives");
	other = fork();
	if (!other)
		_exit(1);
	kill(pid, SIGTERM);
	check(sys(waitid, P_PIDFD, fd, &si, WEXITED, NULL), 0, "it has ended");
	check(si.si_pid, pid, "its number");
	check(si.si_status, SIGTERM, "its end");
	check(sys(waitid, P_PIDFD, fd, &si, WEXITED, NULL), -ECHILD, "once");
	close(fd);
	waitpid(other, NULL, 0);
	pid = sleeper();
	fd = (int)sys(pidfd_open, pid, O_NONBLOCK);
	check(sys(waitid, P_PIDFD, fd, &si, WEXITED, NULL), -EAGAIN, "O_NONBLOCK");
	check(sys(waitid, P_PIDFD, fd, &si, WEXITED | WNOHANG, NULL), 0, "WNOHANG too");
	bury(pid);
	close(fd);
	close(mine);
	end();
}

static void as_nobody(void)
{
	int fd = (int)sys(pidfd_open, getppid(), 0);

	if (setgid(1000) || setuid(1000))
		expect(false, "setuid");
	check(sys(pidfd_send_signal, fd, 0, NULL, 0), -EPERM, "root's process");
	check(sys(pidfd_getfd, fd, 0, 0), -EPERM, "its files");
	check(sys(pidfd_getfd, fd, 9999, 0), -EPERM, "even one that is none");
}

static void test_signal(void)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	siginfo_t si = { 0 };
	pid_t pid = sleeper();
	int fd = (int)sys(pidfd_open, pid, 0), mine = (int)sys(pidfd_open, getpid(), 0), status;

	begin("pidfd_send_signal: who, what and errors");
	sigaction(SIGUSR1, &sa, NULL);
	check(sys(pidfd_send_signal, 99, 0, NULL, 0), -EBADF, "nothing");
	check(sys(pidfd_send_signal, 0, 0, NULL, 0), -EBADF, "no pidfd");
	check(sys(pidfd_send_signal, fd, 0, NULL, 8), -EINVAL, "a flag that is none");
	check(sys(pidfd_send_signal, fd, 0, NULL, 3), -EINVAL, "two flags");
	check(sys(pidfd_send_signal, fd, 65, NULL, 0), -EINVAL, "no signal");
	check(sys(pidfd_send_signal, fd, -1, NULL, 0), -EINVAL, "no signal");
	check(sys(pidfd_send_signal, fd, 0, NULL, 0), 0, "it is there");
	check(sys(pidfd_send_signal, fd, SIGUSR1, KERNEL, 0), -EFAULT, "siginfo");
	si.si_signo = SIGUSR2;
	check(sys(pidfd_send_signal, fd, SIGUSR1, &si, 0), -EINVAL, "another signal's");
	si.si_signo = SIGUSR1;
	si.si_code = SI_USER;
	check(sys(pidfd_send_signal, fd, SIGUSR1, &si, 0), -EPERM, "a forged one");
	seen = 0;
	check(sys(pidfd_send_signal, mine, SIGUSR1, NULL, 0), 0, "to oneself");
	check(seen, 1, "came");
	check(seen_code, SI_USER, "as by kill");
	si.si_code = SI_QUEUE;
	si.si_value.sival_int = 42;
	check(sys(pidfd_send_signal, mine, SIGUSR1, &si, 0), 0, "with a value");
	check(seen == 2 && seen_code == SI_QUEUE && seen_value == 42, 1, "came");
	check(sys(pidfd_send_signal, mine, SIGUSR1, NULL, 1), 0, "to the first thread");
	check(seen == 3 && seen_code == SI_TKILL, 1, "came");
	check(sys(pidfd_send_signal, mine, SIGUSR1, NULL, 2), 0, "to the process");
	check(seen == 4 && seen_code == SI_USER, 1, "came");
	check_child(as_nobody, 0, "as somebody");
	check(sys(pidfd_send_signal, fd, SIGKILL, NULL, 0), 0, "to the child");
	check(waitpid(pid, &status, 0), pid, "wait");
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, 1, "its end");
	check(sys(pidfd_send_signal, fd, 0, NULL, 0), -ESRCH, "gone");
	check(sys(pidfd_send_signal, fd, 0, NULL, 1), -ESRCH, "gone");
	signal(SIGUSR1, SIG_DFL);
	close(fd);
	close(mine);
	end();
}

/* The directory of a process in /proc is as good as a pidfd, to send by. */
static void test_directory(void)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	pid_t pid = sleeper();
	char name[64];
	int fd, status;

	begin("openat, pidfd_send_signal: by a directory of /proc");
	mkdir("/proc", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	seen = 0;
	fd = open("/proc/self", O_RDONLY | O_DIRECTORY);
	check(sys(pidfd_send_signal, fd, SIGUSR1, NULL, 0), 0, "/proc/self");
	check(seen, 1, "came");
	check(sys(pidfd_getfd, fd, 0, 0), -EBADF, "it gives no files");
	close(fd);
	fd = open("/proc/self", O_PATH);
	check(sys(pidfd_send_signal, fd, SIGUSR1, NULL, 0), -EBADF, "O_PATH");
	close(fd);
	fd = open("/proc", O_RDONLY);
	check(sys(pidfd_send_signal, fd, SIGUSR1, NULL, 0), -EBADF, "/proc");
	close(fd);
	fd = open("/proc/self/task", O_RDONLY);
	check(sys(pidfd_send_signal, fd, SIGUSR1, NULL, 0), -EBADF, "/proc/self/task");
	close(fd);
	sprintf(name, "/proc/self/task/%d", getpid());
	fd = open(name, O_RDONLY);
	check(sys(pidfd_send_signal, fd, SIGUSR1, NULL, 0), -EBADF, "a thread's");
	close(fd);
	fd = open("/proc/self/stat", O_RDONLY);
	check(sys(pidfd_send_signal, fd, SIGUSR1, NULL, 0), -EBADF, "a file in it");
	close(fd);
	sprintf(name, "/proc/%d", pid);
	fd = open(name, O_RDONLY);
	check(sys(pidfd_send_signal, fd, 65, NULL, 0), -EINVAL, "no signal");
	check(sys(pidfd_send_signal, fd, SIGKILL, NULL, 0), 0, "a child's");
	check(waitpid(pid, &status, 0), pid, "wait");
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, 1, "its end");
	check(sys(pidfd_send_signal, fd, 0, NULL, 0), -ESRCH, "gone");
	close(fd);
	signal(SIGUSR1, SIG_DFL);
	end();
}

static void test_getfd(void)
{
	int ends[2], fd, got, status;
	char b[8];
	pid_t pid;

	begin("pidfd_getfd: another's files");
	check(pipe(ends), 0, "pipe");
	pid = fork();
	if (!pid) {
		dup2(ends[1], 50);
		close(ends[1]);
		write(50, "r", 1);
		for (;;)
			pause();
	}
	close(ends[1]);
	check(read(ends[0], b, 8), 1, "it is ready");
	fd = (int)sys(pidfd_open, pid, 0);
	check(sys(pidfd_getfd, fd, 50, 1), -EINVAL, "a flag");
	check(sys(pidfd_getfd, 99, 50, 0), -EBADF, "nothing");
	check(sys(pidfd_getfd, 0, 50, 0), -EBADF, "no pidfd");
	check(sys(pidfd_getfd, fd, 51, 0), -EBADF, "not there");
	check(sys(pidfd_getfd, fd, -1, 0), -EBADF, "not there");
	got = (int)sys(pidfd_getfd, fd, 50, 0);
	expect(got >= 0, "it is");
	check(fcntl(got, F_GETFD), FD_CLOEXEC, "closed by exec");
	bury(pid);
	check(write(got, "abc", 3), 3, "write");
	check(read(ends[0], b, 8), 3, "read");
	check_one_of(sys(pidfd_getfd, fd, 50, 0), -ESRCH, -EBADF, "gone");
	close(got);
	check(read(ends[0], b, 8), 0, "the last writer is closed");
	close(fd);
	close(ends[0]);
	pid = fork();
	if (!pid)
		_exit(0);
	fd = (int)sys(pidfd_open, pid, 0);
	events_of(fd, -1);
	check(sys(pidfd_getfd, fd, 0, 0), -ESRCH, "of one that has ended");
	waitpid(pid, &status, 0);
	close(fd);
	end();
}

static void test_clone(void)
{
	struct args {
		uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	} a = { .flags = CLONE_PIDFD, .exit_signal = SIGCHLD };
	int fd = -1, status, next;
	long pid;

	begin("clone, clone3: CLONE_PIDFD");
	pid = sys(clone, CLONE_PIDFD | SIGCHLD, 0, &fd, 0, 0);
	if (pid == 0)
		_exit(fcntl(fd, F_GETFD) >= 0 ? 4 : 5);
	expect(pid > 0 && fd >= 0, "clone: %ld, %d", pid, fd);
	check(fcntl(fd, F_GETFD), FD_CLOEXEC, "closed by exec");
	check(events_of(fd, -1), POLLIN, "it ends");
	waitpid((pid_t)pid, &status, 0);
	check(WEXITSTATUS(status), 5, "the child has none of it");
	close(fd);
	next = dup(0);
	close(next);
	a.pidfd = (uint64_t)(uintptr_t)&fd;
	pid = sys(clone3, &a, sizeof(a));
	if (pid == 0)
		_exit(6);
	expect(pid > 0, "clone3");
	check(fd, next, "its pidfd");
	check(events_of(fd, -1), POLLIN, "it ends");
	waitpid((pid_t)pid, &status, 0);
	close(fd);
	check(sys(clone, CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, 0, &fd, 0, 0), -EINVAL,
	      "two for one place");
	check(sys(clone, CLONE_PIDFD | CLONE_DETACHED | SIGCHLD, 0, &fd, 0, 0), -EINVAL,
	      "CLONE_DETACHED");
	check(sys(clone, CLONE_PIDFD | SIGCHLD, 0, KERNEL, 0, 0), -EFAULT, "bad pointer");
	check(sys(clone, CLONE_PIDFD | SIGCHLD, 0, NULL, 0, 0), -EFAULT, "no pointer");
	a.pidfd = (uint64_t)(uintptr_t)KERNEL;
	check(sys(clone3, &a, sizeof(a)), -EFAULT, "bad pointer");
	fd = dup(0);
	check(fd, next, "no descriptor is left behind");
	close(fd);
	check(sys(wait4, -1, NULL, WNOHANG, NULL), -ECHILD, "nor a child");
	end();
}

/* pidfds of children that come and go, polled while they do. */
static void *follow(void *arg)
{
	for (int i = 0; i < 40; i++) {
		pid_t pid = fork();
		struct pollfd p = { -1, POLLIN, 0 };
		siginfo_t si;

		if (!pid)
			_exit(i);
		p.fd = (int)sys(pidfd_open, pid, 0);
		if (p.fd < 0 || poll(&p, 1, -1) != 1)
			return "poll";
		if (sys(waitid, P_PIDFD, p.fd, &si, WEXITED, NULL) || si.si_status != i)
			return "waitid";
		if (sys(pidfd_send_signal, p.fd, 9, NULL, 0) != -ESRCH)
			return "pidfd_send_signal";
		close(p.fd);
	}
	return arg;
}

static void test_race(void)
{
	pthread_t t[4];
	void *ret;

	begin("pidfd_open, waitid: four threads follow children");
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, follow, NULL);
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &ret);
		check((long)ret, 0, "%s", ret ? (char *)ret : "");
	}
	end();
}

int main(void)
{
	test_open();
	test_waitid();
	test_signal();
	test_directory();
	test_getfd();
	test_clone();
	test_race();
	return tap_done();
}
