/*
 * attack_tasks.c - attacks on task/: many tasks that end, wake, are signalled, have timers, all at
 * once.
 */
#include "tests/stretch/adversary.h"

#include <linux/futex.h>
#include <sys/ioctl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <time.h>

static int word; /* the futex */
static pid_t pid[8192];

static void leave(void *arg)
{
	(void)arg;
	_exit(0);
}

/* Children end before anybody waits for them. */
static void zombies(int size)
{
	int n = children(200 * size, leave, NULL, pid);

	pause_ms(100);
	waitpid(-1, NULL, WNOHANG);
	kill(0, 0);
	while (n-- > 0)
		waitpid(pid[n], NULL, 0);
}

/* They are orphans, and end at once. */
static void orphans(int size)
{
	if (fork() == 0) {
		children(200 * size, NULL, NULL, pid);
		_exit(0);
	}
	wait(NULL);
	kill(-1, SIGTERM);
}

static void *sleeper(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void threads_end(int size)
{
	threads(200 * size, sleeper, NULL);
}

static void threads_exec(int size)
{
	threads(100 * size, sleeper, NULL);
	execl("/proc/self/exe", "adversary", "exec", NULL);
}

static void wait_word(void *arg)
{
	(void)arg;
	for (;;)
		syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0);
}

static void *wait_word_thread(void *arg)
{
	wait_word(arg);
	return arg;
}

static void wake_all(int size)
{
	int n = threads(200 * size, wait_word_thread, NULL);

	pause_ms(200);
	syscall(SYS_futex, &word, FUTEX_WAKE, n, NULL, NULL, 0);
	pause_ms(200);
	syscall(SYS_futex, &word, FUTEX_WAKE_BITSET, n, NULL, NULL, 2);
}

static void requeue(int size)
{
	static int other, third;
	int n = threads(200 * size, wait_word_thread, NULL);

	pause_ms(200);
	syscall(SYS_futex, &word, FUTEX_CMP_REQUEUE, 0, (void *)(long)n, &other, 0);
	syscall(SYS_futex, &other, FUTEX_REQUEUE, 1, (void *)(long)n, &third, 0);
	syscall(SYS_futex, &third, FUTEX_WAKE, n, NULL, NULL, 0);
}

static int gate[2];

static void wait_gate(void *arg)
{
	struct pollfd p = { gate[0], POLLIN, 0 };

	(void)arg;
	poll(&p, 1, -1);
}

static void wake_readers(int size)
{
	int n;

	if (pipe(gate))
		return;
	n = children(200 * size, wait_gate, NULL, pid);
	pause_ms(200);
	if (write(gate[1], "x", 1) == 1)
		pause_ms(100);
	end_children(n, pid);
}

static void signals_to_all(int size)
{
	int n;

	signal(SIGUSR1, SIG_IGN);
	n = children(200 * size, NULL, NULL, pid);
	pause_ms(100);
	kill(-1, SIGUSR1);
	kill(0, SIGUSR1);
	kill(-1, SIGSTOP);
	kill(-1, SIGCONT);
	setpriority(PRIO_USER, 0, 5);
	getpriority(PRIO_USER, 0);
	setpriority(PRIO_PGRP, 0, 6);
	end_children(n, pid);
}

static void signals_to_threads(int size)
{
	threads(500 * size, sleeper, NULL);
	signal(SIGUSR1, SIG_IGN);
	for (int i = 0; i < 20; i++)
		kill(getpid(), SIGUSR1);
	kill(getpid(), SIGTSTP);
}

static void none(int signo)
{
	(void)signo;
}

static void signal_flood(int size)
{
	union sigval v = { 0 };
	sigset_t set;

	signal(SIGRTMIN, none);
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	for (int i = 0; i < 2000 * size && !sigqueue(getpid(), SIGRTMIN + i % 8, v); i++)
		;
	signal(SIGRTMIN + 1, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 2);
	for (int i = 0; i < 100 * size; i++)
		sigtimedwait(&set, NULL, &(struct timespec){ 0, 0 });
}

/*
 * Thousands of one number that SIGCONT undoes, and thousands that are there when their process
 * ends.
 */
static void signals_dropped(int size)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGTSTP };
	struct itimerspec at = { { 0, 1000000 }, { 0, 1000 } };
	union sigval v = { 0 };
	sigset_t set;
	timer_t t;

	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	for (int i = 0; i < 500 * size && !timer_create(CLOCK_MONOTONIC, &e, &t); i++)
		timer_settime(t, 0, &at, NULL);
	for (int i = 0; i < 5; i++) {
		pause_ms(50);
		kill(getpid(), SIGCONT);
	}
	for (int i = 0; i < 2000 * size && !sigqueue(getpid(), SIGRTMIN + i % 8, v); i++)
		;
}

/* Signals that no thread lets in, offered to all of them again and again. */
static void masks_of_threads(int size)
{
	struct pollfd ready = { 1, POLLOUT, 0 };
	sigset_t set, none_blocked;

	sigfillset(&set);
	sigemptyset(&none_blocked);
	for (int signo = SIGRTMIN; signo <= SIGRTMAX; signo++)
		signal(signo, none);
	sigprocmask(SIG_SETMASK, &set, NULL);
	threads(500 * size, sleeper, NULL);
	for (int i = 0; i < 10; i++) {
		for (int signo = SIGRTMIN; signo <= SIGRTMAX; signo++)
			kill(getpid(), signo);
		ppoll(&ready, 1, NULL, &none_blocked);
	}
}

/* One file in many epolls, of which one more epoll is to watch some. */
static void epolls_of_one(int size)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int fd = eventfd(0, 0), top = epoll_create1(0), ep;
	uint64_t one = 1;

	for (int i = 0; i < 400 * size && (ep = epoll_create1(0)) >= 0; i++) {
		epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
		if (i % 50 == 0)
			epoll_ctl(top, EPOLL_CTL_ADD, ep, &ev);
	}
	if (write(fd, &one, sizeof(one)) == sizeof(one))
		epoll_wait(top, &ev, 1, 0);
}

static void *spin(void *arg)
{
	for (;;)
		;
	return arg;
}

/* Many clocks of many threads' time. */
static void cpu_timers(int size)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec at = { { 0, 1000000 }, { 0, 1000000 } };
	struct timespec now;
	timer_t t;

	signal(SIGUSR1, SIG_IGN);
	threads(100 * size, sleeper, NULL);
	threads(2, spin, NULL);
	for (int i = 0; i < 200 * size && !timer_create(CLOCK_PROCESS_CPUTIME_ID, &e, &t); i++)
		timer_settime(t, 0, &at, NULL);
	for (int i = 0; i < 20; i++)
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	pause_ms(100);
}

/* Timers that are all due at one moment. */
static void timers_at_once(int size)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec at = { { 0, 0 }, { 0, 0 } };
	timer_t t;

	signal(SIGUSR1, SIG_IGN);
	clock_gettime(CLOCK_MONOTONIC, &at.it_value);
	at.it_value.tv_sec += 1;
	for (int i = 0; i < 500 * size && !timer_create(CLOCK_MONOTONIC, &e, &t); i++)
		timer_settime(t, TIMER_ABSTIME, &at, NULL);
	pause_ms(1200);
}

static struct timespec moment;

static void sleep_until(void *arg)
{
	(void)arg;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &moment, NULL);
}

static void sleepers_at_once(int size)
{
	int n;

	clock_gettime(CLOCK_MONOTONIC, &moment);
	moment.tv_sec += 3;
	n = children(200 * size, sleep_until, NULL, pid);
	pause_ms(3500);
	end_children(n, pid);
}

static void timer_storm(int size)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec at = { { 0, 1000 }, { 0, 1000 } };
	struct itimerval real = { { 0, 1 }, { 0, 1 } };
	timer_t t;

	signal(SIGUSR1, SIG_IGN);
	signal(SIGALRM, SIG_IGN);
	for (int i = 0; i < 64 * size && !timer_create(CLOCK_MONOTONIC, &e, &t); i++)
		timer_settime(t, 0, &at, NULL);
	setitimer(ITIMER_REAL, &real, NULL);
	for (volatile int i = 0; i < 1000000 * size; i++)
		;
}

static void robust_ring(int size)
{
	static struct {
		struct robust_list_head head;
		struct robust_list node[4096];
	} ring;

	(void)size;
	for (int i = 0; i < 4096; i++)
		ring.node[i].next = &ring.node[(i + 1) % 4096];
	ring.head.list.next = &ring.node[0];
	syscall(SYS_set_robust_list, &ring.head, sizeof(ring.head));
}

static void exec_much(int size)
{
	static char *argv[32768], word_[KIB(100)];
	int n = 0;

	memset(word_, 'a', sizeof(word_) - 1);
	for (; n < 15 * (size > 1 ? 1 : 1); n++)
		argv[n] = word_;
	for (; n < 4000 * size && n < 32000; n++)
		argv[n] = "b";
	execv("/proc/self/exe", argv);
}

static void read_all_of_proc(int size)
{
	static char buf[65536], name[64];
	int n = children(100 * size, NULL, NULL, pid), fd = open("/proc", O_RDONLY);

	while (syscall(SYS_getdents64, fd, buf, sizeof(buf)) > 0)
		;
	for (int i = 0; i < n; i += 10) {
		snprintf(name, sizeof(name), "/proc/%d/stat", pid[i]);
		fd = open(name, O_RDONLY);
		if (fd < 0 || read(fd, buf, sizeof(buf)) < 0)
			break;
		close(fd);
	}
	fd = open("/proc/stat", O_RDONLY);
	if (read(fd, buf, sizeof(buf)) > 0)
		close(fd);
	end_children(n, pid);
}

static void threads_seen(int size)
{
	static char buf[65536];
	struct rusage usage;
	int fd;

	threads(200 * size, sleeper, NULL);
	fd = open("/proc/self/task", O_RDONLY);
	while (syscall(SYS_getdents64, fd, buf, sizeof(buf)) > 0)
		;
	getrusage(RUSAGE_SELF, &usage);
	fd = open("/proc/self/stat", O_RDONLY);
	if (read(fd, buf, sizeof(buf)) > 0)
		syscall(SYS_membarrier, 16, 0, 0);
	prctl(PR_SET_DUMPABLE, 1);
	setrlimit(RLIMIT_CPU, &(struct rlimit){ 1000, 1000 });
	syscall(SYS_setuid, 1000);
}

/* Faults of which each is told in the log. */
static void faults(int size)
{
	for (int i = 0; i < 20 * size; i++)
		if (fork() == 0)
			__builtin_trap();
	while (wait(NULL) > 0)
		;
}

static void sessions(int size)
{
	int n = children(200 * size, NULL, NULL, pid);

	for (int i = 0; i < n; i++)
		setpgid(pid[i], pid[0]);
	kill(-pid[0], SIGSTOP);
	pause_ms(50);
	for (int i = 0; i < n; i += 20)
		waitpid(-pid[0], NULL, WNOHANG | WUNTRACED);
	kill(-pid[0], SIGKILL);
}

/*
 * @n children in a group of their own, of which the first is pid[0]; stopped, if there is to be
 * something to be told.
 */
static int group(int n, void (*begin)(void *arg))
{
	n = children(n, begin, NULL, pid);
	for (int i = 0; i < n; i++)
		setpgid(pid[i], pid[0]);
	return n;
}

/*
 * Whoever could continue the group ends; and it has members that end themselves, one after the
 * other.
 */
static void orphaned_group(int size)
{
	int n, parent = fork();

	if (parent == 0) {
		n = group(200 * size, NULL);
		kill(-pid[0], SIGSTOP);
		pause_ms(100);
		_exit(n);
	}
	waitpid(parent, NULL, 0);
	n = group(200 * size, NULL);
	for (int i = n - 1; i >= 0; i--) {
		kill(pid[i], SIGKILL);
		waitpid(pid[i], NULL, 0);
	}
}

/* Children of one parent, each in a group of its own. */
static void orphaned_groups(int size)
{
	int n, parent = fork();

	if (parent == 0) {
		n = children(200 * size, NULL, NULL, pid);
		for (int i = 0; i < n; i++)
			if (!setpgid(pid[i], pid[i]))
				kill(pid[i], SIGSTOP);
		pause_ms(100);
		_exit(0);
	}
	waitpid(parent, NULL, 0);
}

/* A terminal's job: it is interrupted, it loses the terminal, and its session's leader ends. */
static void terminal_job(int size)
{
	int pts, n, ptm = posix_openpt(O_RDWR | O_NOCTTY), leader;

	if (ptm < 0 || grantpt(ptm) || unlockpt(ptm))
		return;
	leader = fork();
	if (leader == 0) {
		setsid();
		pts = open(ptsname(ptm), O_RDWR);
		signal(SIGTTOU, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
		signal(SIGINT, SIG_IGN);
		n = group(200 * size, NULL);
		ioctl(pts, TIOCSPGRP, &pid[0]);
		if (n && write(ptm, "\3\32\3", 3) == 3)
			pause_ms(100);
		ioctl(ptm, TIOCSWINSZ, &(struct winsize){ 1, 2, 3, 4 });
		pause_ms(100);
		_exit(0);
	}
	waitpid(leader, NULL, 0);
	close(ptm);
	pause_ms(100);
}

/* SIGIO for all of a group. */
static void told_group(int size)
{
	int fd[2], n = group(200 * size, NULL);

	if (pipe(fd))
		return;
	fcntl(fd[0], F_SETOWN, -pid[0]);
	fcntl(fd[0], F_SETSIG, SIGURG);
	fcntl(fd[0], F_SETFL, O_ASYNC);
	for (int i = 0; i < 3; i++)
		if (write(fd[1], "x", 1) != 1)
			break;
	fcntl(fd[0], F_GETOWN);
	end_children(n, pid);
}

/* All that asks for one child, or for one number, of many. */
static void many_children(int size)
{
	int n = group(200 * size, NULL);

	for (int i = 0; i < 20; i++) {
		waitpid(-1, NULL, WNOHANG | WUNTRACED | WCONTINUED);
		waitpid(-pid[0], NULL, WNOHANG);
		waitpid(-1, NULL, WNOHANG | __WCLONE);
	}
	for (int i = 0; i < n; i++)
		getpgid(pid[i]);
	for (int i = 0; i < 20; i++)
		if (fork() == 0)
			_exit(0);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	end_children(n, pid);
}

static void many_threads_of(void *arg)
{
	threads(*(int *)arg, sleeper, NULL);
	for (;;)
		pause();
}

/* Processes with many threads each. */
static void signals_to_processes_of_threads(int size)
{
	int each = 100 * size, n = children(4, many_threads_of, &each, pid);

	pause_ms(500);
	setpriority(PRIO_USER, 0, 5);
	getpriority(PRIO_USER, 0);
	setpriority(PRIO_PGRP, 0, 6);
	kill(-1, SIGSTOP);
	pause_ms(200);
	kill(-1, SIGCONT);
	kill(-1, SIGTERM);
	while (n-- > 0)
		waitpid(pid[n], NULL, 0);
}

/* Many processes with as many threads as are told at once. */
static void signals_to_processes_of_few_threads(int size)
{
	int each = 15, n = children(30 * size, many_threads_of, &each, pid);

	pause_ms(500);
	kill(-1, SIGSTOP);
	pause_ms(200);
	kill(-1, SIGCONT);
	kill(-1, SIGTERM);
	while (n-- > 0)
		waitpid(pid[n], NULL, 0);
}

static void many_groups(int size)
{
	static gid_t gid[65536];

	for (int i = 0; i < 65536; i++)
		gid[i] = (gid_t)(i * 7919 % 65536);
	syscall(SYS_setgroups, min_int(8192 * size, 65536), gid);
	syscall(SYS_getgroups, 65536, gid);
}

static void yields(int size)
{
	children(100 * size, NULL, NULL, pid);
	for (int i = 0; i < 1000; i++)
		sched_yield();
}

/* All of them want the core. */
static void spin_child(void *arg)
{
	(void)arg;
	for (;;)
		;
}

static void runnable(int size)
{
	int n = children(80 + 20 * size, spin_child, NULL,
			 pid); /* each turn of all takes n slices */

	pause_ms(200);
	for (int i = 0; i < n; i++)
		setpriority(PRIO_PROCESS, (id_t)pid[i], i % 10);
	pause_ms(200);
	end_children(n, pid);
}

const struct attack attacks_tasks[] = {
	{ "zombies", zombies },
	{ "orphans", orphans },
	{ "threads_end", threads_end },
	{ "threads_exec", threads_exec },
	{ "wake_all", wake_all },
	{ "requeue", requeue },
	{ "wake_readers", wake_readers },
	{ "signals_to_all", signals_to_all },
	{ "signals_to_threads", signals_to_threads },
	{ "signal_flood", signal_flood },
	{ "signals_dropped", signals_dropped },
	{ "masks_of_threads", masks_of_threads },
	{ "epolls_of_one", epolls_of_one },
	{ "cpu_timers", cpu_timers },
	{ "timers_at_once", timers_at_once },
	{ "sleepers_at_once", sleepers_at_once },
	{ "timer_storm", timer_storm },
	{ "robust_ring", robust_ring },
	{ "exec_much", exec_much },
	{ "read_all_of_proc", read_all_of_proc },
	{ "threads_seen", threads_seen },
	{ "faults", faults },
	{ "sessions", sessions },
	{ "orphaned_group", orphaned_group },
	{ "orphaned_groups", orphaned_groups },
	{ "terminal_job", terminal_job },
	{ "told_group", told_group },
	{ "many_children", many_children },
	{ "signals_to_processes_of_threads", signals_to_processes_of_threads },
	{ "signals_to_processes_of_few_threads", signals_to_processes_of_few_threads },
	{ "many_groups", many_groups, AS_ROOT },
	{ "yields", yields },
	{ "runnable", runnable },
	{ NULL, NULL },
};
