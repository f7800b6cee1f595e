/*
 * starvation.c - what a user does in large numbers, and every core goes on meanwhile.
 *
 * A heart on each core, root's, sleeps and beats.  A storm is a child that is nobody's friend (uid
 * 1000); a group ends when each heart has beaten often enough since the storm began, however long
 * that takes, and the storm is gone.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <time.h>

#include "tests/el0/libc/calls.h"

#define USER	 1000
#define CPUS_MAX 8
#define BEATS	 20 /* of each heart, while a storm is on */
#define STACK	 16384

static volatile uint32_t *beats; /* shared: of each core; then what a storm says of itself */
static volatile uint32_t *storm_on;
static int cpus;
static pid_t hearts[CPUS_MAX];

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void start_hearts(void)
{
	beats = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	storm_on = beats + CPUS_MAX;
	cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	cpus = cpus > CPUS_MAX ? CPUS_MAX : cpus;
	for (int i = 0; i < cpus; i++) {
		hearts[i] = fork();
		if (hearts[i])
			continue;
		pin(i);
		for (;;) {
			usleep(1000);
			beats[i]++;
		}
	}
}

static void stop_hearts(void)
{
	for (int i = 0; i < cpus; i++)
		bury(hearts[i]);
}

/* Until every heart has beaten @n times from now on. */
static void hear(uint32_t n)
{
	uint32_t first[CPUS_MAX];

	for (int i = 0; i < cpus; i++)
		first[i] = beats[i];
	for (int i = 0; i < cpus; i++)
		while (beats[i] - first[i] < n)
			usleep(1000);
}

/* The storm says that it is on. */
static void blow(void)
{
	__atomic_store_n(storm_on, 1, __ATOMIC_SEQ_CST);
}

static void become_user(void)
{
	setsid();
	sys(setgroups, 0, NULL);
	if (sys(setresgid, USER, USER, USER) || sys(setresuid, USER, USER, USER))
		_exit(1);
}

/*
 * Runs @fn as USER in a process group of its own, until every heart has been heard through it; then
 * the group is killed.
 */
static void storm(void (*fn)(void))
{
	int status = 0;
	pid_t pid;

	__atomic_store_n(storm_on, 0, __ATOMIC_SEQ_CST);
	pid = fork();
	if (pid == 0) {
		become_user();
		fn();
		for (;;)
			pause();
	}
	while (!__atomic_load_n(storm_on, __ATOMIC_SEQ_CST) && waitpid(pid, &status, WNOHANG) == 0)
		usleep(1000);
	expect(*storm_on, "the storm began: wait status %#x", (unsigned int)status);
	hear(BEATS);
	kill(-pid, SIGKILL);
	waitpid(pid, &status, 0);
	hear(1);
}

/* ---- timers ---- */

static void itimers(void)
{
	struct itimerval t = { { 0, 1 }, { 0, 1 } };

	signal(SIGALRM, SIG_IGN);
	for (int i = 0; i < 64; i++) {
		if (fork())
			continue;
		setitimer(ITIMER_REAL, &t, NULL);
		for (;;)
			pause();
	}
	blow();
}

static void posix_timers(void)
{
	struct itimerspec t = { { 0, 1 }, { 0, 1 } };
	timer_t id;

	signal(SIGALRM, SIG_IGN);
	for (int i = 0; i < 8; i++) {
		if (fork())
			continue;
		for (int k = 0; k < 100; k++)
			if (timer_create(CLOCK_MONOTONIC, NULL, &id) == 0)
				timer_settime(id, 0, &t, NULL);
		for (;;)
			pause();
	}
	blow();
}

static void timer_files(void)
{
	struct itimerspec t = { { 0, 1 }, { 0, 1 } };
	uint64_t n;

	for (int i = 0; i < 8; i++) {
		int fd;

		if (fork())
			continue;
		fd = timerfd_create(CLOCK_MONOTONIC, 0);
		timerfd_settime(fd, 0, &t, NULL);
		for (;;)
			if (read(fd, &n, sizeof(n)) != sizeof(n))
				_exit(1);
	}
	blow();
}

static void *spin(void *arg)
{
	for (;;)
		;
	return arg;
}

static int start_threads(int n, void *(*fn)(void *))
{
	pthread_attr_t attr;
	pthread_t id;
	int got = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (int i = 0; i < n; i++)
		got += pthread_create(&id, &attr, fn, NULL) == 0;
	return got;
}

static void *wait_for_ever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

/* Each tick of each core finds that many, which all go by the time of that many threads. */
static void cpu_timers(void)
{
	struct itimerspec t = { { 0, 1 }, { 0, 1 } };
	int n = 0;
	timer_t id;

	signal(SIGALRM, SIG_IGN);
	start_threads(200, wait_for_ever);
	start_threads(2 * cpus, spin);
	for (int k = 0; k < 500; k++)
		if (timer_create(CLOCK_PROCESS_CPUTIME_ID, NULL, &id) == 0)
			n += timer_settime(id, 0, &t, NULL) == 0;
	if (n)
		blow();
}

static void timers(void)
{
	begin("setitimer: 64 alarms of a microsecond, ignored, end no core");
	storm(itimers);
	end();
	begin("timer_settime: 800 timers of a nanosecond, ignored, end no core");
	storm(posix_timers);
	end();
	begin("timerfd_settime: of a nanosecond, read again and again");
	storm(timer_files);
	end();
	begin("timer_settime: 500 timers of a process's CPU time, 200 threads");
	storm(cpu_timers);
	end();
}

/* ---- who has the cores ---- */

static void threads_storm(void)
{
	if (start_threads(40, spin) > 20)
		blow();
}

static void yielding_storm(void)
{
	for (int i = 0; i < 30; i++) {
		if (fork())
			continue;
		for (;;)
			sched_yield();
	}
	blow();
}

/* In pairs that wake each other again and again. */
static void waking_storm(void)
{
	for (int i = 0; i < 20; i++) {
		int to[2], back[2];
		char c = 0;

		if (pipe(to) || pipe(back))
			_exit(1);
		if (fork() == 0)
			for (;;)
				if (write(to[1], &c, 1) != 1 || read(back[0], &c, 1) != 1)
					_exit(1);
		if (fork() == 0)
			for (;;)
				if (read(to[0], &c, 1) != 1 || write(back[1], &c, 1) != 1)
					_exit(1);
		close(to[0]), close(to[1]), close(back[0]), close(back[1]);
	}
	blow();
}

enum { SPINNERS = 30, ROUNDS = 10000000 };

static void count(volatile uint32_t *n, uint32_t until)
{
	while (*n < until)
		++*n;
}

/* Linux weighs users only where it is told to, or sessions. */
static bool weighs_users(void)
{
	struct utsname u;

	return uname(&u) == 0 && strstr(u.release, "newel");
}

/* One task of root's, on one core with many of a user's, gets about half: a third will do. */
static void share(void)
{
	volatile uint32_t *rounds =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t others = 0;
	pid_t pid;

	begin("sched_setaffinity: a user's thirty tasks leave half of a core to another's one");
	pin(0);
	__atomic_store_n(storm_on, 0, __ATOMIC_SEQ_CST);
	pid = fork();
	if (pid == 0) {
		become_user();
		for (int i = 1; i <= SPINNERS; i++)
			if (fork() == 0)
				count(&rounds[i], UINT32_MAX);
		blow();
		for (;;)
			pause();
	}
	while (!__atomic_load_n(storm_on, __ATOMIC_SEQ_CST))
		usleep(1000);
	for (int i = 1; i <= SPINNERS; i++)
		others -= rounds[i];
	count(&rounds[0], weighs_users() ? ROUNDS : 1);
	for (int i = 1; i <= SPINNERS; i++)
		others += rounds[i];
	if (weighs_users())
		expect(others < 2ul * ROUNDS, "%lu rounds for %u", (unsigned long)others, ROUNDS);
	else
		skip("this kernel weighs tasks, not users");
	kill(-pid, SIGKILL);
	waitpid(pid, NULL, 0);
	end();
}

static void cores(void)
{
	begin("clone: 40 threads that spin");
	storm(threads_storm);
	end();
	begin("sched_yield: thirty processes that do nothing else");
	storm(yielding_storm);
	end();
	begin("read, write: twenty pairs that wake each other");
	storm(waking_storm);
	end();
}

/* ---- many at once ---- */

enum { CROWD = 400 };

static uint32_t word;
static volatile uint32_t asleep;

static void *wait_for_word(void *arg)
{
	__atomic_add_fetch(&asleep, 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&word, __ATOMIC_SEQ_CST))
		sys(futex, &word, FUTEX_WAIT, 0, NULL, 0, 0);
	__atomic_sub_fetch(&asleep, 1, __ATOMIC_SEQ_CST);
	return arg;
}

/* All of them are woken by one call, directly or after they were moved; none is forgotten. */
static void wake_crowd(void)
{
	static uint32_t other;
	long n = 0, got = start_threads(CROWD, wait_for_word);

	while (asleep < got)
		usleep(1000);
	while (n < got) {
		long moved = sys(futex, &word, FUTEX_REQUEUE, 0, INT32_MAX, &other, 0);
		long woken = sys(futex, &other, FUTEX_WAKE, INT32_MAX, 0, 0, 0);

		expect(woken == moved, "%ld moved, %ld woken", moved, woken);
		n += woken;
		usleep(1000);
	}
	__atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
	while (asleep) {
		sys(futex, &word, FUTEX_WAKE, INT32_MAX, 0, 0, 0);
		usleep(1000);
	}
}

static int gate[2];

static void *wait_at_gate(void *arg)
{
	struct pollfd p = { gate[0], POLLIN, 0 };

	__atomic_add_fetch(&asleep, 1, __ATOMIC_SEQ_CST);
	while (poll(&p, 1, -1) != 1)
		;
	__atomic_sub_fetch(&asleep, 1, __ATOMIC_SEQ_CST);
	return arg;
}

static void open_gate(void)
{
	long got;

	check(pipe(gate), 0, "pipe");
	got = start_threads(CROWD, wait_at_gate);
	while (asleep < got)
		usleep(1000);
	usleep(20000);
	check(write(gate[1], "x", 1), 1, "write");
	while (asleep)
		usleep(1000);
}

static void die_together(void)
{
	start_threads(CROWD, wait_for_ever);
	kill(getpid(), SIGTERM);
	for (;;)
		pause();
}

static void exec_alone(void)
{
	char *argv[] = { (char *)"/proc/self/exe", (char *)"none", NULL };

	start_threads(CROWD, wait_for_ever);
	execv(argv[0], argv);
}

static void crowds(void)
{
	begin("futex: four hundred threads are moved and woken at once");
	check_child(wake_crowd, 0, "all of them");
	end();
	begin("poll: four hundred threads that wait for one pipe");
	check_child(open_gate, 0, "all of them");
	end();
	begin("kill, execve: four hundred threads end at once");
	check(in_child(die_together), SIGTERM, "by a signal");
	check_child(exec_alone, 0, "for a new program");
	end();
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "none"))
		return 0;
	mount_proc();
	crowds();
	start_hearts();
	timers();
	cores();
	stop_hearts();
	share();
	return tap_done();
}
