/*
 * many_processes.c - what is for many processes or threads at once reaches every one of them:
 * signals to a group, to all, from a terminal, to a job that nobody could continue any more,
 * priorities, waits.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sched.h>
#include <unistd.h>

#include "tests/el0/libc/hostile.h"

#define MANY 60
#define USER 4321 /* nobody else is of this user */

static pid_t pid[MANY];
static int alive[2]; /* its writers live: who reads its end has outlived all of them */
static volatile int *shared;

/* Every one that has the pipe's other end has ended; @n bytes came before that. */
static bool all_ended(int n)
{
	char buf[256];
	ssize_t got, sum = 0;

	close(alive[1]);
	while ((got = read(alive[0], buf, sizeof(buf))) > 0)
		sum += got;
	close(alive[0]);
	return got == 0 && sum == n;
}

static void sleep_on(void)
{
	for (;;)
		pause();
}

/* MANY children in a group of their own, pid[0]'s. */
static void make_group(void (*fn)(void))
{
	for (int i = 0; i < MANY; i++) {
		pid[i] = fork();
		if (pid[i] == 0) {
			setpgid(0, i ? pid[0] : 0);
			fn();
		}
		setpgid(pid[i], pid[0]);
	}
}

/* All of the group have ended by @signo. */
static void check_ended_by(int signo)
{
	int status, n = 0;

	while (waitpid(-pid[0], &status, 0) > 0)
		n += WIFSIGNALED(status) && WTERMSIG(status) == signo;
	check(n, MANY, "ended by signal %d", signo);
}

static void test_group(void)
{
	begin("kill: all of a large group");
	make_group(sleep_on);
	CALL(0, kill, -pid[0], 0);
	CALL(0, kill, -pid[0], SIGSTOP);
	for (int i = 0; i < MANY; i++)
		expect(waitpid(-pid[0], NULL, WUNTRACED) > 0, "one more has stopped");
	CALL(0, kill, -pid[0], SIGCONT);
	for (int i = 0; i < MANY; i++)
		check(waitpid(pid[MANY - 1 - i], NULL, WCONTINUED), pid[MANY - 1 - i],
		      "it goes on");
	CALL(0, kill, -pid[0], SIGTERM);
	check_ended_by(SIGTERM);
	CALL(-ESRCH, kill, -pid[0], 0);
	end();
}

static void kill_mine(void)
{
	CALL(0, setuid, USER);
	CALL(0, kill, -1, 0); /* there are others, though not for this user to signal */
	make_group(sleep_on);
	CALL(0, kill, -1, SIGKILL);
	check_ended_by(SIGKILL);
	CALL(0, kill, -1, SIGKILL);
}

static void test_all(void)
{
	begin("kill(-1): all that are the user's, and not the caller");
	check_child(kill_mine, 0, "a user's");
	end();
}

/* Each makes more of itself, as many as there may be. */
static void bomb(void)
{
	close(alive[0]);
	for (;;)
		if (fork() == 0)
			__atomic_fetch_add(shared, 1, __ATOMIC_RELAXED);
}

static void end_bombs(void)
{
	struct rlimit few = { 2 * MANY, 2 * MANY };

	CALL(0, prlimit64, 0, RLIMIT_NPROC, &few, NULL);
	CALL(0, setuid, USER);
	if (pipe(alive))
		expect(false, "pipe");
	if (fork() == 0)
		bomb();
	while (__atomic_load_n(shared, __ATOMIC_RELAXED) < MANY)
		sched_yield();
	CALL(0, kill, -1, SIGKILL);
	expect(all_ended(0), "none has escaped");
}

static void test_bomb(void)
{
	begin("kill(-1): of those who fork meanwhile none escapes");
	check_child(end_bombs, 0, "a bomb");
	end();
}

static int hangups, continues;

static void on_signal(int signo)
{
	hangups += signo == SIGHUP;
	continues += signo == SIGCONT;
}

/* Says that both came. */
static void tell_both(void)
{
	sigset_t none;

	close(alive[0]);
	sigemptyset(&none);
	while (!hangups || !continues)
		sigsuspend(&none);
	if (write(alive[1], "x", 1) == 1)
		_exit(0);
	_exit(1);
}

static void leave_stopped_job(void)
{
	int stopped = 0;

	make_group(tell_both);
	kill(-pid[0], SIGSTOP);
	while (stopped < MANY)
		stopped += waitpid(-pid[0], NULL, WUNTRACED) > 0;
}

static void test_orphans(void)
{
	struct sigaction sa = { .sa_handler = on_signal }, dfl = { .sa_handler = SIG_DFL };
	sigset_t set, was;

	begin("a large job that is stopped, and loses who could continue it");
	if (pipe(alive))
		expect(false, "pipe");
	sigaction(SIGHUP, &sa, NULL);
	sigaction(SIGCONT, &sa, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCONT);
	sigprocmask(SIG_BLOCK, &set, &was);
	check_child(leave_stopped_job, 0, "its parent");
	sigprocmask(SIG_SETMASK, &was, NULL);
	sigaction(SIGHUP, &dfl, NULL);
	sigaction(SIGCONT, &dfl, NULL);
	expect(all_ended(MANY), "each got SIGHUP and SIGCONT");
	end();
}

/* A session whose terminal is a pair's other end, with a large job in front. */
static int job_in_front(int *terminal)
{
	int unlocked = 0, master;

	mknod("/dev/ptmx", S_IFCHR | 0666, 5 * 256 + 2);
	mkdir("/dev/pts", 0755);
	mount("devpts", "/dev/pts", "devpts", 0, "mode=620,gid=5");
	master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	ioctl(master, TIOCSPTLCK, &unlocked);
	*terminal = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
	signal(SIGTTOU, SIG_IGN);
	CALL(getpid(), setsid);
	CALL(0, ioctl, *terminal, TIOCSCTTY, 0);
	make_group(sleep_on);
	CALL(0, ioctl, *terminal, TIOCSPGRP, &pid[0]);
	return master;
}

static void interrupt_job(void)
{
	int terminal, master = job_in_front(&terminal);

	CALL(1, write, master, "\3", 1);
	check_ended_by(SIGINT);
}

static void leave_job_in_front(void)
{
	int terminal;

	job_in_front(&terminal);
}

static void test_terminal(void)
{
	begin("a terminal's signals, for a large job");
	check_child(interrupt_job, 0, "interrupted");
	if (pipe(alive))
		expect(false, "pipe");
	check_child(leave_job_in_front, 0, "its session's leader ends");
	expect(all_ended(0), "and so does the job");
	end();
}

static void prioritize(void)
{
	CALL(0, setuid, USER);
	make_group(sleep_on);
	CALL(0, setpriority, PRIO_PGRP, pid[0], 3);
	for (int i = 0; i < MANY; i++)
		CALL(20 - 3, getpriority, PRIO_PROCESS, pid[i]);
	CALL(20, getpriority, PRIO_PROCESS, 0);
	CALL(0, setpriority, PRIO_PROCESS, pid[MANY / 2], 5);
	CALL(20 - 3, getpriority, PRIO_PGRP, pid[0]);
	CALL(0, setpriority, PRIO_USER, 0, 7);
	for (int i = 0; i < MANY; i++)
		CALL(20 - 7, getpriority, PRIO_PROCESS, pid[i]);
	CALL(20 - 7, getpriority, PRIO_USER, USER);
	CALL(-ESRCH, getpriority, PRIO_USER, USER + 1);
	kill(-1, SIGKILL);
	check_ended_by(SIGKILL);
}

static void test_priorities(void)
{
	begin("setpriority, getpriority: of a group and of a user");
	check_child(prioritize, 0, "a user's");
	end();
}

static void test_waits(void)
{
	int status;

	begin("waitpid: one of many children");
	make_group(sleep_on);
	CALL(0, wait4, -1, NULL, WNOHANG, NULL);
	CALL(-ECHILD, wait4, -1, NULL, WNOHANG | (int)__WCLONE, NULL);
	CALL(-ECHILD, wait4, -getpgrp(), NULL, 0, NULL);
	for (int i = MANY - 1; i >= 0; i -= 2) {
		kill(pid[i], SIGTERM);
		check(waitpid(i % 4 == 1 ? -1 : -pid[0], &status, 0), pid[i], "who ended");
	}
	for (int i = MANY - 2; i >= 0; i -= 2)
		kill(pid[i], SIGTERM);
	for (int i = 0; i < MANY; i += 2)
		check(waitpid(pid[i], &status, 0), pid[i], "each by its number");
	CALL(-ECHILD, wait4, -1, NULL, 0, NULL);
	end();
}

static void *beat(void *arg)
{
	for (;;) {
		__atomic_fetch_add((int *)arg, 1, __ATOMIC_RELAXED);
		usleep(1000);
	}
	return arg;
}

/* A process of many threads, each of which counts. */
static void beat_all(void)
{
	pthread_attr_t attr;
	pthread_t t;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (int i = 0; i < MANY; i++)
		if (pthread_create(&t, &attr, beat, (int *)&shared[i]))
			_exit(1);
	sleep_on();
}

/* Each of them counts again. */
static void all_beat(void)
{
	int was[MANY];

	for (int i = 0; i < MANY; i++)
		was[i] = __atomic_load_n(&shared[i], __ATOMIC_RELAXED);
	for (int i = 0; i < MANY; i++)
		while (__atomic_load_n(&shared[i], __ATOMIC_RELAXED) == was[i])
			usleep(1000);
}

static void test_threads(void)
{
	int status, before = 0, after = 0;
	pid_t child;

	begin("SIGSTOP, SIGCONT, SIGKILL: all threads of a process");
	child = fork();
	if (child == 0)
		beat_all();
	all_beat();
	for (int round = 0; round < 3; round++) {
		before = after = 0;
		kill(child, SIGSTOP);
		check(waitpid(child, &status, WUNTRACED), child, "it has stopped");
		check(WIFSTOPPED(status), 1, "stopped");
		for (int i = 0; i < MANY; i++)
			before += shared[i];
		usleep(20000);
		for (int i = 0; i < MANY; i++)
			after += shared[i];
		check(after, before, "no thread goes on");
		kill(child, SIGCONT);
		check(waitpid(child, &status, WCONTINUED), child, "it goes on");
		all_beat();
	}
	kill(child, SIGSTOP);
	kill(child, SIGCONT);
	all_beat();
	kill(child, SIGSTOP);
	kill(child, SIGKILL);
	while (waitpid(child, &status, 0) == child && !WIFSIGNALED(status))
		;
	check(status, SIGKILL, "ended");
	end();
}

/* ---- a crowd of threads, and one that was there before them ---- */

#define CROWD 1200

static volatile int step, handled;

static void count(int signo)
{
	(void)signo;
	handled++;
}

static void *sleeping(void *arg)
{
	sleep_on();
	return arg;
}

static void wait_step(int n)
{
	while (step != n)
		usleep(1000);
}

static void mask(int how, int signo)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	pthread_sigmask(how, &set, NULL);
}

static void *first_of_crowd(void *arg)
{
	sigset_t pending;

	mask(SIG_UNBLOCK, SIGUSR1);
	step = 1;
	while (!handled)
		usleep(1000);
	mask(SIG_BLOCK, SIGUSR1);
	step = 2;

	wait_step(3);
	sigpending(&pending);
	expect(!sigismember(&pending, SIGTSTP), "SIGCONT took SIGTSTP away");
	mask(SIG_UNBLOCK, SIGTSTP);
	step = 4;

	wait_step(5);
	sigpending(&pending);
	expect(sigismember(&pending, SIGRTMIN), "what was sent since is pending");
	handled = 0;
	mask(SIG_UNBLOCK, SIGRTMIN);
	check(handled, 1, "handled");
	step = 6;
	return arg;
}

static void start_crowd(pthread_t *first)
{
	pthread_attr_t attr;
	sigset_t all;
	pthread_t t;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 32768);
	if (pthread_create(first, &attr, first_of_crowd, NULL))
		_exit(1);
	for (int i = 0; i < CROWD; i++)
		if (pthread_create(&t, &attr, sleeping, NULL))
			_exit(1);
}

static void signal_crowd(void)
{
	pthread_t first;

	signal(SIGUSR1, count);
	signal(SIGRTMIN, count);
	start_crowd(&first);
	wait_step(1);
	CALL(0, kill, getpid(), SIGUSR1);
	wait_step(2);

	pthread_kill(first, SIGTSTP);
	CALL(0, kill, getpid(), SIGCONT);
	step = 3;
	wait_step(4);

	for (int i = 0; i < 3; i++)
		pthread_kill(first, SIGRTMIN);
	signal(SIGRTMIN, SIG_IGN);
	signal(SIGRTMIN, count);
	pthread_kill(first, SIGRTMIN);
	step = 5;
	wait_step(6);
}

static void test_crowd(void)
{
	begin("kill, pthread_kill, SIGCONT, SIG_IGN: the last of very many threads to be looked "
	      "at");
	check_child(signal_crowd, 0, "a crowd");
	end();
}

int main(void)
{
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	test_group();
	test_all();
	test_bomb();
	test_orphans();
	test_terminal();
	test_priorities();
	test_waits();
	test_threads();
	test_crowd();
	return tap_done();
}
