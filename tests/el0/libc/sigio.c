/*
 * sigio.c - signal-driven I/O: O_ASYNC, FIOASYNC, and whom F_SETOWN, F_SETOWN_EX and F_SETSIG make
 * of it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "tests/el0/libc/calls.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif
#define GETOWNER_UIDS 17
#define PLAIN	      0x80 /* SI_KERNEL: it says no more */
#define IN_BAND	      (POLLIN | POLLRDNORM)
#define OUT_BAND      (POLLOUT | POLLWRNORM | POLLWRBAND)

/* What came; by the handler. */
static volatile int count;
static siginfo_t last;

static void heard(int signo, siginfo_t *info, void *uc)
{
	(void)signo;
	(void)uc;
	last = *info;
	count++;
}

static const int on = 1, off = 0;
static char buf[70000];

/* @n signals since the last call, the last one @signo with @code, of descriptor @fd. */
static void came(int n, int signo, int code, int fd, const char *what)
{
	check(count, n, "%s: how many", what);
	count = 0;
	if (!n)
		return;
	check(last.si_signo, signo, "%s: which", what);
	check(last.si_code, code, "%s: si_code", what);
	if (code == PLAIN)
		return;
	check(last.si_fd, fd, "%s: si_fd", what);
	check(last.si_band,
	      code == POLL_OUT	 ? OUT_BAND
	      : code == POLL_HUP ? POLLHUP | POLLERR
				 : IN_BAND,
	      "%s: si_band", what);
}

/* The same of a terminal, whose bytes go their way in another task's time under Linux. */
static void comes(int n, int signo, int code, int fd, const char *what)
{
	for (int i = 0; i < 2000 && count < n; i++)
		usleep(1000);
	came(n, signo, code, fd, what);
}

static void nothing(const char *what)
{
	came(0, 0, 0, 0, what);
}

/* @fd tells us by @signo. */
static void listen_to(int fd, int signo)
{
	check(sys(fcntl, fd, F_SETOWN, getpid()), 0, "F_SETOWN");
	check(sys(fcntl, fd, F_SETSIG, signo), 0, "F_SETSIG");
	check(sys(fcntl, fd, F_SETFL, O_ASYNC | O_NONBLOCK), 0, "F_SETFL");
	check(sys(fcntl, fd, F_GETFL, 0) & O_ASYNC, O_ASYNC, "F_GETFL");
}

static void ex(int fd, int type, pid_t pid, long want)
{
	struct f_owner_ex o = { type, pid };

	check(sys(fcntl, fd, F_SETOWN_EX, &o), want, "F_SETOWN_EX %d %d", type, pid);
}

static void owner_is(int fd, int type, pid_t pid)
{
	struct f_owner_ex o = { 9, 9 };

	check(sys(fcntl, fd, F_GETOWN_EX, &o), 0, "F_GETOWN_EX");
	check(o.type, type, "type");
	check(o.pid, pid, "pid");
}

static void owners(void)
{
	int p[2], file = open("/", O_RDONLY), path = open("/", O_PATH), status;
	uint32_t ids[2] = { 7, 7 };
	pid_t gone = fork();

	if (!gone)
		_exit(0);
	begin("fcntl: F_SETOWN, F_SETOWN_EX, F_SETSIG: who is told");
	check(sys(pipe2, p, 0), 0, "pipe");
	owner_is(p[0], F_OWNER_TID, 0);
	check(sys(fcntl, p[0], F_GETOWN, 0), 0, "nobody");
	check(sys(fcntl, p[0], F_GETSIG, 0), 0, "no signal of its own");
	check(sys(fcntl, p[0], F_SETSIG, 65), -EINVAL, "no signal");
	check(sys(fcntl, p[0], F_SETSIG, -1), -EINVAL, "no signal");
	check(sys(fcntl, p[0], F_SETSIG, 64), 0, "the last one");
	check(sys(fcntl, p[0], F_GETSIG, 0), 64, "is kept");
	check(sys(fcntl, p[0], F_SETOWN, 4000000), -ESRCH, "no process");
	check(sys(fcntl, p[0], F_SETOWN, -4000000), -ESRCH, "no group");
	check(sys(fcntl, p[0], F_SETOWN, (int)0x80000000), -EINVAL, "what has no other sign");
	check(sys(fcntl, p[0], F_SETOWN, getpid()), 0, "us");
	check(sys(fcntl, p[0], F_GETOWN, 0), getpid(), "us");
	owner_is(p[0], F_OWNER_PID, getpid());
	check(sys(fcntl, p[0], F_SETOWN, -getpgrp()), 0, "our group");
	check(sys(fcntl, p[0], F_GETOWN, 0), -getpgrp(), "our group");
	owner_is(p[0], F_OWNER_PGRP, getpgrp());
	ex(p[0], 3, getpid(), -EINVAL);
	ex(p[0], -1, getpid(), -EINVAL);
	ex(p[0], F_OWNER_PID, -1, -ESRCH);
	ex(p[0], F_OWNER_TID, 4000000, -ESRCH);
	ex(p[0], F_OWNER_TID, getpid(), 0);
	owner_is(p[0], F_OWNER_TID, getpid());
	ex(p[0], F_OWNER_PID, 0, 0);
	owner_is(p[0], F_OWNER_PID, 0);
	check(sys(fcntl, p[0], F_SETOWN_EX, 8), -EFAULT, "F_SETOWN_EX");
	check(sys(fcntl, p[0], F_GETOWN_EX, 8), -EFAULT, "F_GETOWN_EX");
	check(sys(fcntl, p[0], GETOWNER_UIDS, 8), -EFAULT, "F_GETOWNER_UIDS");
	check(sys(fcntl, p[0], GETOWNER_UIDS, ids), 0, "F_GETOWNER_UIDS");
	check(ids[0] + ids[1], 0, "root's");
	check(sys(fcntl, p[1], F_SETOWN, gone), 0, "a child");
	waitpid(gone, &status, 0);
	check(sys(fcntl, p[1], F_GETOWN, 0), 0, "which has gone");
	check(sys(fcntl, p[1], F_SETOWN, gone), -ESRCH, "and is not found");
	check(sys(fcntl, file, F_SETOWN, getpid()), 0, "any file has an owner");
	check(sys(fcntl, file, F_GETOWN, 0), getpid(), "any file");
	check(sys(fcntl, path, F_SETOWN, getpid()), -EBADF, "O_PATH");
	close(p[0]);
	close(p[1]);
	close(file);
	close(path);
	end();
}

static void kinds(void)
{
	int file = open("/", O_RDONLY), sp[2], p[2];
	const int yes[] = { open("/dev/random", O_RDONLY), open("/dev/urandom", O_RDONLY),
			    open("/dev/ptmx", O_RDWR | O_NOCTTY) };
	const int no[] = { file, open("/dev/null", O_RDWR), open("/dev/zero", O_RDWR),
			   eventfd(0, 0), epoll_create1(0) };

	begin("ioctl, fcntl, openat, pipe2, socketpair, eventfd2, epoll_create1: FIOASYNC and "
	      "O_ASYNC of each kind");
	check(sys(pipe2, p, 0), 0, "pipe");
	check(sys(socketpair, AF_UNIX, SOCK_STREAM, 0, sp), 0, "socketpair");
	check(sys(ioctl, p[0], FIOASYNC, &on), 0, "a pipe");
	check(sys(ioctl, p[1], FIOASYNC, &on), 0, "its other end");
	check(sys(ioctl, sp[0], FIOASYNC, &on), 0, "a socket");
	check(sys(ioctl, sp[0], FIOASYNC, &on), 0, "again");
	check(sys(ioctl, sp[0], FIOASYNC, 8), -EFAULT, "no address");
	check(sys(fcntl, sp[0], F_GETFL, 0) & O_ASYNC, O_ASYNC, "is seen");
	check(sys(ioctl, sp[0], FIOASYNC, &off), 0, "off");
	check(sys(fcntl, sp[0], F_GETFL, 0) & O_ASYNC, 0, "is seen");
	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
		check(sys(ioctl, yes[i], FIOASYNC, &on), 0, "kind %zu", i);
		close(yes[i]);
	}
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++) {
		check(sys(ioctl, no[i], FIOASYNC, &on), -ENOTTY, "kind %zu without", i);
		check(sys(ioctl, no[i], FIOASYNC, &off), 0, "kind %zu without: off it is", i);
		check(sys(fcntl, no[i], F_SETFL, O_ASYNC), 0, "kind %zu without: F_SETFL", i);
		check(sys(fcntl, no[i], F_GETFL, 0) & O_ASYNC, 0, "kind %zu without: is dropped",
		      i);
		close(no[i]);
	}
	for (int i = 0; i < 2; i++) {
		close(p[i]);
		close(sp[i]);
	}
	end();
}

/* Its reader is told before a writer waits for it to make room, and that signal ends the wait. */
static void full_pipe(void)
{
	int p[2];

	check(sys(pipe2, p, 0), 0, "pipe");
	listen_to(p[0], SIGRTMIN);
	check(sys(write, p[1], buf, sizeof(buf)), 65536, "more than there is room for");
	came(2, SIGRTMIN, POLL_IN, p[0], "before it waits, and for what it has written");
	check(sys(fcntl, p[1], F_SETFL, O_NONBLOCK), 0, "O_NONBLOCK");
	check(sys(write, p[1], buf, 1), -EAGAIN, "no room");
	came(1, SIGRTMIN, POLL_IN, p[0], "not written");
	close(p[0]);
	close(p[1]);
}

static void pipes(void)
{
	int p[2], copy;

	begin("pipe2, fcntl, write, read, close: a pipe's ends");
	check(sys(pipe2, p, O_NONBLOCK), 0, "pipe");
	listen_to(p[0], 0);
	sys(write, p[1], "x", 1);
	came(1, SIGIO, PLAIN, 0, "a byte");
	sys(write, p[1], "x", 1);
	came(1, SIGIO, PLAIN, 0, "one more");
	sys(read, p[0], buf, 9);
	nothing("reading");
	sys(fcntl, p[0], F_SETSIG, SIGRTMIN + 1);
	sys(write, p[1], "x", 1);
	came(1, SIGRTMIN + 1, POLL_IN, p[0], "a signal that says more");
	sys(fcntl, p[0], F_SETSIG, SIGUSR1);
	sys(write, p[1], "x", 1);
	came(1, SIGUSR1, POLL_IN, p[0], "a standard one");
	sys(fcntl, p[0], F_SETSIG, SIGIO);
	sys(write, p[1], "x", 1);
	came(1, SIGIO, POLL_IN, p[0], "SIGIO by name");
	sys(vmsplice, p[1], (&(struct iovec){ (void *)"x", 1 }), 1, 0);
	came(1, SIGIO, POLL_IN, p[0], "by vmsplice");
	sys(fcntl, p[0], F_SETSIG, SIGTRAP);
	sys(write, p[1], "x", 1);
	check(last.si_code, -5, "SI_SIGIO, where a code means something else");
	count = 0;
	listen_to(p[1], SIGRTMIN + 2);
	sys(read, p[0], buf, 1);
	came(1, SIGRTMIN + 2, POLL_OUT, p[1], "a reader");
	sys(fcntl, p[1], F_SETFL, O_NONBLOCK);
	copy = dup(p[0]);
	sys(fcntl, p[0], F_SETSIG, SIGRTMIN);
	close(p[0]);
	nothing("a copy is left");
	sys(write, p[1], "x", 1);
	came(1, SIGRTMIN, POLL_IN, p[0], "by the number that it was set by");
	sys(ioctl, copy, FIOASYNC, &off);
	sys(write, p[1], "x", 1);
	nothing("off");
	sys(ioctl, copy, FIOASYNC, &on);
	close(p[1]);
	came(1, SIGRTMIN, POLL_IN, copy, "no writer");
	close(copy);
	check(sys(pipe2, p, O_NONBLOCK), 0, "pipe");
	listen_to(p[1], SIGRTMIN);
	close(p[0]);
	came(1, SIGRTMIN, POLL_OUT, p[1], "no reader");
	close(p[1]);
	full_pipe();
	end();
}

static void fifo(void)
{
	int both, other;

	begin("mknodat, openat, write, read: a fifo that is open for both");
	mkfifo("/tmp/async", 0600);
	both = open("/tmp/async", O_RDWR | O_NONBLOCK);
	other = open("/tmp/async", O_RDWR | O_NONBLOCK);
	listen_to(both, SIGRTMIN);
	sys(write, other, "x", 1);
	came(1, SIGRTMIN, POLL_IN, both, "written");
	sys(read, other, buf, 1);
	came(1, SIGRTMIN, POLL_OUT, both, "read");
	close(both);
	sys(write, other, "x", 1);
	nothing("closed");
	close(other);
	unlink("/tmp/async");
	end();
}

static void sockets(int type)
{
	bool connected = type != SOCK_DGRAM;
	int s[2];

	begin("socketpair, fcntl, write, read, shutdown, close: sockets of type %d", type);
	check(sys(socketpair, AF_UNIX, type, 0, s), 0, "socketpair");
	listen_to(s[0], SIGRTMIN);
	listen_to(s[1], SIGRTMIN + 1);
	sys(write, s[1], "x", 1);
	came(1, SIGRTMIN, POLL_IN, s[0], "a message");
	sys(write, s[1], "x", 1);
	came(1, SIGRTMIN, POLL_IN, s[0], "one more");
	sys(read, s[0], buf, 1);
	nothing("reading");
	while (sys(write, s[1], buf, 4096) > 0)
		;
	expect(count > 5 && last.si_signo == SIGRTMIN && last.si_code == POLL_IN, "each one: %d",
	       count);
	count = 0;
	while (sys(read, s[0], buf, sizeof(buf)) > 0)
		;
	came(1, SIGRTMIN + 1, POLL_OUT, s[1], "room, for who had none");
	sys(shutdown, s[1], SHUT_WR);
	if (connected)
		came(1, SIGRTMIN, POLL_IN, s[0], "the end");
	else
		nothing("no connection, no end");
	close(s[1]);
	if (connected)
		came(1, SIGRTMIN, POLL_HUP, s[0], "gone");
	else
		nothing("nor is anybody gone");
	close(s[0]);
	end();
}

static void connections(void)
{
	struct sockaddr_un a = { AF_UNIX, "" };
	int l, c, s, who = getpid();

	begin("socket, bind, listen, connect, accept, ioctl: a listener");
	memcpy(a.sun_path, "\0async", 6);
	l = (int)sys(socket, AF_UNIX, SOCK_STREAM, 0);
	c = (int)sys(socket, AF_UNIX, SOCK_STREAM, 0);
	check(sys(bind, l, &a, 8), 0, "bind");
	check(sys(listen, l, 5), 0, "listen");
	listen_to(l, SIGRTMIN);
	listen_to(c, SIGRTMIN + 1);
	check(sys(connect, c, &a, 8), 0, "connect");
	came(1, SIGRTMIN, POLL_IN, l, "somebody has come");
	s = (int)sys(accept, l, 0, 0);
	nothing("accepted");
	check(sys(fcntl, s, F_GETFL, 0) & O_ASYNC, 0, "the connection is for itself");
	close(s);
	came(1, SIGRTMIN + 1, POLL_HUP, c, "its end");
	check(sys(ioctl, l, 0x8901, &who), 0, "FIOSETOWN");
	who = -4000000;
	check(sys(ioctl, l, 0x8902, &who), -ESRCH, "SIOCSPGRP");
	who = 0;
	check(sys(ioctl, l, 0x8903, &who), 0, "FIOGETOWN");
	check(who, getpid(), "us");
	check(sys(ioctl, l, 0x8904, 8), -EFAULT, "SIOCGPGRP");
	close(c);
	close(l);
	end();
}

static void terminals(void)
{
	int m = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK), t;

	begin("openat, ioctl, fcntl, write, close: a pseudo-terminal");
	ioctl(m, TIOCSPTLCK, &off);
	t = ioctl(m, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_NONBLOCK);
	check(sys(ioctl, t, FIOASYNC, &on), 0, "the terminal");
	check(sys(fcntl, t, F_GETOWN, 0), getpid(), "its owner is who asked");
	check(sys(ioctl, m, FIOASYNC, &on), 0, "the master");
	sys(fcntl, t, F_SETSIG, SIGRTMIN);
	sys(fcntl, m, F_SETSIG, SIGRTMIN + 1);
	sys(write, t, "out", 3);
	comes(1, SIGRTMIN + 1, POLL_IN, m, "what is written");
	sys(write, m, "a", 1);
	comes(1, SIGRTMIN + 1, POLL_IN, m, "an echo");
	sys(ioctl, m, FIOASYNC, &off);
	sys(write, m, "\n", 1);
	comes(1, SIGRTMIN, POLL_IN, t, "a line");
	sys(write, m, "\4", 1);
	comes(1, SIGRTMIN, POLL_IN, t, "an end of file");
	close(m);
	check(sys(fcntl, t, F_GETFL, 0) & O_ASYNC, 0, "of a dead line O_ASYNC is off");
	nothing("hung up");
	close(t);
	end();
}

/* A child that ends with 7 when a SIGIO has come. */
static pid_t listener(uid_t uid)
{
	volatile char *ready =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid = fork();
	sigset_t set;

	if (pid) {
		while (!*ready)
			sched_yield();
		return pid;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (sys(setresuid, uid, uid, uid))
		_exit(1);
	*ready = 1;
	_exit(sigwaitinfo(&set, NULL) == SIGIO ? 7 : 8);
}

static int ends(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void permissions(void)
{
	pid_t pid = listener(1000), setter;
	int p[2];

	begin("fcntl, write: who set the owner must be allowed to send it signals");
	check(sys(pipe2, p, O_NONBLOCK), 0, "pipe");
	setter = fork();
	if (!setter) {
		if (sys(setresuid, 2000, 2000, 2000) || sys(fcntl, p[0], F_SETOWN, pid) ||
		    sys(fcntl, p[0], F_SETFL, O_ASYNC))
			_exit(1);
		_exit(0);
	}
	check(ends(setter), 0, "another user's file");
	sys(write, p[1], "x", 1);
	kill(pid, SIGUSR2);
	check(ends(pid), 8, "it is not told, though root has written");
	pid = listener(1000);
	check(sys(fcntl, p[0], F_SETOWN, pid), 0, "root's");
	sys(write, p[1], "x", 1);
	check(ends(pid), 7, "is told");
	close(p[0]);
	close(p[1]);
	end();
}

static void groups(void)
{
	pid_t a = listener(0), b, c;
	int p[2];

	begin("setpgid, fcntl, write: a group; a thread");
	check(sys(pipe2, p, O_NONBLOCK), 0, "pipe");
	b = listener(0);
	c = listener(0);
	check(sys(setpgid, a, a), 0, "setpgid");
	check(sys(setpgid, b, a), 0, "setpgid");
	check(sys(fcntl, p[0], F_SETOWN, -a), 0, "F_SETOWN");
	check(sys(fcntl, p[0], F_SETFL, O_ASYNC), 0, "F_SETFL");
	sys(write, p[1], "x", 1);
	kill(c, SIGUSR2);
	check(ends(a), 7, "one of it");
	check(ends(b), 7, "another");
	check(ends(c), 8, "who is not in it");
	check(sys(fcntl, p[0], F_GETOWN, 0), 0, "nobody is left");
	ex(p[0], F_OWNER_TID, (pid_t)sys(gettid), 0);
	count = 0;
	sys(write, p[1], "x", 1);
	came(1, SIGIO, PLAIN, 0, "this thread");
	close(p[0]);
	close(p[1]);
	end();
}

/* ---- against one another ---- */

static int shared[2];
static volatile bool stop;

static void *writes(void *arg)
{
	while (!stop) {
		sys(write, shared[1], "x", 1);
		sys(read, shared[0], buf, 1);
	}
	return arg;
}

static void *toggles(void *arg)
{
	pid_t pid;

	for (int i = 0; i < 40; i++) {
		pid = fork();
		if (!pid)
			_exit(0);
		sys(fcntl, shared[i & 1], F_SETOWN, i % 3 ? pid : getpid());
		sys(ioctl, shared[i & 1], FIOASYNC, &on);
		sys(fcntl, shared[0], F_SETSIG, i % 5 ? 0 : SIGRTMIN);
		waitpid(pid, NULL, 0);
		sys(ioctl, shared[i & 1], FIOASYNC, i % 7 ? &off : &on);
	}
	return arg;
}

static void races(void)
{
	pthread_t w[2], t[2];

	begin("fcntl, ioctl, write, read: owners come and go while files tell them");
	check(sys(pipe2, shared, O_NONBLOCK), 0, "pipe");
	for (int i = 0; i < 2; i++)
		pthread_create(&w[i], NULL, writes, NULL);
	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, toggles, NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	stop = true;
	for (int i = 0; i < 2; i++)
		pthread_join(w[i], NULL);
	close(shared[0]);
	close(shared[1]);
	count = 0;
	end();
}

/* Many files at one fifo: each is told. */
static void many(void)
{
	enum { FILES = 200 };
	int fds[FILES], w;

	begin("openat, fcntl, write: two hundred files of one fifo");
	mkfifo("/tmp/async", 0600);
	w = open("/tmp/async", O_RDWR | O_NONBLOCK);
	for (int i = 0; i < FILES; i++) {
		fds[i] = open("/tmp/async", O_RDONLY | O_NONBLOCK);
		listen_to(fds[i], SIGRTMIN);
	}
	count = 0;
	sys(write, w, "x", 1);
	check(count, FILES, "each one");
	for (int i = 0; i < FILES; i++)
		close(fds[i]);
	count = 0;
	sys(write, w, "x", 1);
	nothing("all are closed");
	close(w);
	unlink("/tmp/async");
	end();
}

int main(void)
{
	struct sigaction a = { .sa_sigaction = heard, .sa_flags = SA_SIGINFO | SA_RESTART };

	mkdir("/tmp", 0777);
	mknod("/dev/random", S_IFCHR | 0666, makedev(1, 8));
	mknod("/dev/ptmx", S_IFCHR | 0666, makedev(5, 2));
	mkdir("/dev/pts", 0755);
	mount("devpts", "/dev/pts", "devpts", 0, NULL);
	setpgid(0, 0);
	for (int i = 1; i <= 64; i++)
		if (i != SIGKILL && i != SIGSTOP && i != SIGSEGV && i != SIGCHLD && i != SIGINT)
			sigaction(i, &a, NULL);
	owners();
	kinds();
	pipes();
	fifo();
	sockets(SOCK_STREAM);
	sockets(SOCK_DGRAM);
	sockets(SOCK_SEQPACKET);
	connections();
	terminals();
	permissions();
	groups();
	many();
	races();
	return tap_done();
}
