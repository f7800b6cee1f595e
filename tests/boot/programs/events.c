/*
 * events.c - one of each kind of event that the trace records between crossings, as pid 1 of
 * test_trace_events.py: which process was meant is printed, "events: NAME PID", and in the end the
 * log, in which the records are: lines on the console meanwhile would take longer than a turn.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t caught;

static void handler(int signo)
{
	caught = signo;
}

static void say(const char *name, pid_t pid)
{
	char line[64];
	int n = snprintf(line, sizeof(line), "events: %s %d\n", name, pid);

	if (write(1, line, (size_t)n) != n)
		_exit(1);
}

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
}

static void pin(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void spin(int ms)
{
	struct timespec t;
	long until;

	clock_gettime(CLOCK_MONOTONIC, &t);
	until = t.tv_sec * 1000 + t.tv_nsec / 1000000 + ms;
	do
		clock_gettime(CLOCK_MONOTONIC, &t);
	while (t.tv_sec * 1000 + t.tv_nsec / 1000000 < until);
}

/* A child that waits for what comes. */
static pid_t waiting_child(void)
{
	pid_t pid = fork();

	if (!pid)
		for (;;)
			pause();
	return pid;
}

static void processes(void)
{
	pid_t pid = fork();

	if (!pid) {
		nap(); /* its parent waits already */
		prctl(PR_SET_NAME, "renamed");
		_exit(7);
	}
	waitpid(pid, NULL, 0);
	say("forked", pid);

	pid = vfork();
	if (!pid) {
		execl("/bin/other", "other", NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
	say("became", pid);
}

static void signals_of_others(void)
{
	volatile int *volatile at = (volatile int *)8;
	siginfo_t info;
	pid_t pid = waiting_child();

	nap();
	kill(pid, SIGTERM);
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	kill(pid, SIGUSR1); /* a zombie takes none */
	waitpid(pid, NULL, 0);
	say("killed", pid);

	pid = waiting_child();
	nap();
	kill(pid, SIGSTOP);
	waitpid(pid, NULL, WUNTRACED);
	nap(); /* it has said so, and is not off its core yet */
	kill(pid, SIGCONT);
	nap();
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	say("stopped", pid);

	pid = fork();
	if (!pid)
		*at = 1;
	waitpid(pid, NULL, 0);
	say("faulted", pid);
}

static void signals_of_its_own(void)
{
	sigset_t set, old;
	pid_t pid = fork();

	if (pid) {
		waitpid(pid, NULL, 0);
		say("caught", pid);
		return;
	}
	signal(SIGUSR1, handler);
	raise(SIGUSR1);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, &old);
	signal(SIGUSR2, handler);
	raise(SIGUSR2);
	raise(SIGUSR2);	 /* is there already */
	raise(SIGWINCH); /* is kept while it is blocked, and ignored then */
	sigprocmask(SIG_SETMASK, &old, NULL);
	raise(SIGWINCH); /* not even kept */
	_exit(caught != SIGUSR2);
}

/* Two processes on one core, which give it to one another, and then do not. */
static void turns(void)
{
	int ends[2];
	char byte;
	pid_t pid;

	if (pipe(ends))
		_exit(1);
	pid = fork();
	pin();
	if (!pid) {
		while (read(ends[0], &byte, 1) != 1)
			;
		for (int i = 0; i < 10; i++)
			sched_yield();
		spin(60);
		_exit(0);
	}
	if (write(ends[1], "", 1) != 1)
		_exit(1);
	for (int i = 0; i < 10; i++)
		sched_yield();
	spin(60);
	waitpid(pid, NULL, 0);
	say("turns", pid);
}

static void copies(void)
{
	int fd = open("/dev/zero", O_RDONLY);
	pid_t pid = fork();

	if (!pid) {
		void *volatile low = (void *)16, *volatile high = (void *)-4096L;
		ssize_t n = read(fd, low, 8) + read(fd, high, 8) + open(low, O_RDONLY);

		n += readv(fd, &(struct iovec){ high, 8 }, 1);
		_exit(n != -4);
	}
	waitpid(pid, NULL, 0);
	say("refused", pid);
}

#define READ_ALL 3 /* of syslog(2) */

static void show_log(void)
{
	static char log[1 << 20];
	int n = klogctl(READ_ALL, log, sizeof(log)), done = 0;

	while (done < n) {
		ssize_t w = write(1, log + done, (size_t)(n - done));

		if (w <= 0)
			_exit(1);
		done += (int)w;
	}
}

int main(int argc, char **argv)
{
	if (argc && !strcmp(argv[0], "other"))
		return 0;
	processes();
	signals_of_others();
	signals_of_its_own();
	turns();
	copies();
	show_log();
	reboot(RB_POWER_OFF);
	return 1;
}
