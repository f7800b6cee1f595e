/*
 * credentials.c - who a process is: users, groups, and what only root may.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/personality.h>
#include <sys/utsname.h>
#include <sys/time.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/el0/libc/hostile.h"

static uint32_t r, e, s;

static bool ids(long real, long effective, long saved, bool groups)
{
	long ret = groups ? sys(getresgid, &r, &e, &s) : sys(getresuid, &r, &e, &s);

	return expect(ret == 0 && r == real && e == effective && s == saved,
		      "%s: %u %u %u, want %ld %ld %ld", groups ? "gids" : "uids", r, e, s, real,
		      effective, saved);
}

static void root_to_user(void)
{
	CALL(0, setresuid, 1, 2, 3);
	ids(1, 2, 3, false);
	CALL(1, getuid);
	CALL(2, geteuid);
	/* Now as user 2: only among these three. */
	CALL(-EPERM, setuid, 4);
	CALL(-EPERM, setreuid, 4, -1);
	CALL(-EPERM, setresuid, -1, -1, 4);
	CALL(-EPERM, setresuid, 0, 0, 0);
	CALL(0, setuid, 3);
	ids(1, 3, 3, false);
	CALL(0, setresuid, 3, 1, -1);
	ids(3, 1, 3, false);
	CALL(0, setreuid, -1, 3);
	ids(3, 3, 3, false);
	CALL(0, setresuid, -1, -1, -1);
	CALL(-EPERM, setuid, 0);
}

static void root_to_group(void)
{
	CALL(0, setresgid, 1, 2, 3);
	ids(1, 2, 3, true);
	CALL(1, getgid);
	CALL(2, getegid);
	CALL(0, setregid, 9, 8);
	ids(9, 8, 8, true);
	CALL(0, setgid, 5);
	ids(5, 5, 5, true);
	CALL(0, setresuid, 1, 1, 1);
	CALL(-EPERM, setgid, 6);
	CALL(-EPERM, setregid, 6, -1);
	CALL(-EPERM, setregid, -1, 6);
	CALL(-EPERM, setresgid, 6, -1, -1);
	CALL(0, setresgid, 5, 5, 5);
	CALL(-EPERM, setgroups, 0, NULL);
}

static void reuid(void)
{
	CALL(0, setreuid, 7, -1);
	ids(7, 0, 0, false);
	CALL(0, setreuid, -1, 8);
	ids(7, 8, 8, false);
	CALL(0, setreuid, 8, 7);
	ids(8, 7, 7, false);
	CALL(-EPERM, setreuid, 0, -1);
}

static void set_uid_as_root(void)
{
	CALL(-EINVAL, setuid, -1);
	CALL(-EINVAL, setgid, -1);
	CALL(0, setuid, 70000);
	ids(70000, 70000, 70000, false);
	CALL(-EPERM, setuid, 0);
}

static void fs_ids(void)
{
	CALL(0, setfsuid, 11);
	CALL(11, setfsuid, -1);
	CALL(11, setfsuid, 12);
	CALL(0, setfsgid, 13);
	CALL(13, setfsgid, -1);
	CALL(0, setresuid, 1, 2, 3);
	CALL(2, setfsuid, 99); /* not one of them: nothing changes, and nothing says so */
	CALL(2, setfsuid, 3);
	CALL(3, setfsuid, 0);
	CALL(3, setfsuid, -1);
}

static void test_ids(void)
{
	begin("setuid, setgid, setreuid, setregid, setresuid, setresgid, setfsuid, setfsgid, "
	      "getuid, geteuid, "
	      "getgid, getegid: who may become whom");
	CALL(0, getuid);
	CALL(0, getegid);
	check_child(root_to_user, 0, "users");
	check_child(root_to_group, 0, "groups");
	check_child(reuid, 0, "setreuid");
	check_child(set_uid_as_root, 0, "setuid");
	check_child(fs_ids, 0, "setfsuid");
	end();
}

static void test_get(void)
{
	begin("getresuid, getresgid: addresses");
	for (int i = 0; i < 3; i++) {
		FAULTS(OUT, 4, getresuid, i == 0 ? bad : &r, i == 1 ? bad : &e, i == 2 ? bad : &s);
		FAULTS(OUT, 4, getresgid, i == 0 ? bad : &r, i == 1 ? bad : &e, i == 2 ? bad : &s);
	}
	end();
}

static void groups(void)
{
	static uint32_t list[65537], got[8];

	list[0] = 30;
	list[1] = 10;
	list[2] = 20;
	CALL(0, setgroups, 3, list);
	CALL(3, getgroups, 0, NULL);
	CALL(3, getgroups, 8, got);
	check(got[0] * 10000L + got[1] * 100 + got[2], 102030, "sorted");
	CALL(-EINVAL, getgroups, 2, got);
	CALL(-EINVAL, getgroups, -1, got);
	FAULTS(OUT, 12, getgroups, 8, bad);
	CALL(-EINVAL, setgroups, 65537, list);
	CALL(-EINVAL, setgroups, -1, list);
	CALL(0, setgroups, 65536, list);
	CALL(65536, getgroups, 0, NULL);
	FAULTS(IN, 12, setgroups, 3, bad);
	CALL(65536, getgroups, 0, NULL);
	list[0] = -1;
	CALL(-EINVAL, setgroups, 1, list);
	CALL(0, setgroups, 0, NULL);
	CALL(0, getgroups, 8, got);
}

static void by_group(void)
{
	uint32_t list[] = { 5, 77 };
	int fd = open("grouped", O_CREAT | O_RDWR, 0060);

	fchmod(fd, 0060);
	sys(fchown, fd, 0, 77);
	close(fd);
	CALL(0, setgroups, 2, list);
	CALL(0, setresgid, 1, 1, 1);
	CALL(0, setresuid, 1, 1, 1);
	CALL(0, faccessat, AT_FDCWD, "grouped", R_OK | W_OK);
	fd = (int)sys(openat, AT_FDCWD, "grouped", O_RDWR);
	expect(fd >= 0, "opened by the group's right");
}

static void test_groups(void)
{
	begin("setgroups, getgroups: lists, limits, addresses");
	check_child(groups, 0, "lists");
	check_child(by_group, 0, "a file's group");
	unlink("grouped");
	end();
}

static const char *self;

/* The n-th group is 1000 + n, whatever their number. */
static void *regroup(void *arg)
{
	gid_t list[64];

	(void)arg;
	for (unsigned int i = 0; i < 64; i++)
		list[i] = 1000 + i;
	for (unsigned int n = 1;; n = n % 64 + 7)
		if (sys(setgroups, n % 64 + 1, list))
			_exit(3);
	return NULL;
}

static int still_groups(void)
{
	gid_t list[64];
	long n = sys(getgroups, 64, list);

	for (long i = 0; i < n; i++)
		if (list[i] != 1000 + i)
			return 4;
	return n < 0 || sys(setgroups, 0, NULL) ? 5 : 0;
}

/* One thread executes a program while others replace the groups that it is to keep. */
static void regrouped(void)
{
	char *const argv[] = { (char *)self, (char *)"groups", NULL };
	pthread_t t;

	for (int i = 0; i < 3; i++)
		check(pthread_create(&t, NULL, regroup, NULL), 0, "a thread");
	usleep(1000);
	execv(self, argv);
	expect(false, "execve");
}

static void test_exec(void)
{
	begin("setgroups, getgroups: while a sibling executes a program");
	for (int i = 0; i < 60; i++)
		check_child(regrouped, 0, "time %d", i);
	end();
}

/* ---- a thread's own ---- */

#define STATUS_LINES 6

static const char *const status_names[STATUS_LINES] = { "Uid:",	   "Gid:",    "Groups:",
							"CapEff:", "CapBnd:", "NoNewPrivs:" };

/*
 * Line @i of the above, of this process's thread @tid (0: of the process), is @want behind its name
 * and blanks.
 */
static void status_says(int tid, int i, const char *want)
{
	char path[64], text[4096], *at;
	int fd;

	snprintf(path, sizeof(path), tid ? "/proc/self/task/%d/status" : "/proc/self/status", tid);
	fd = open(path, O_RDONLY);
	text[read(fd, text, sizeof(text) - 1)] = '\0';
	close(fd);
	at = strstr(text, status_names[i]);
	if (!expect(at != NULL, "%s has %s", path, status_names[i]))
		return;
	at += strlen(status_names[i]) + 1;
	at[strcspn(at, "\n")] = '\0';
	check(strncmp(at, want, strlen(want)), 0, "%s of %s: \"%s\"", status_names[i], path, at);
}

/* What a second thread does, and then waits with until the first has looked. */
static pthread_barrier_t changed, looked;
static int other;

static void *another(void *arg)
{
	other = (int)sys(gettid);
	((void (*)(void))arg)();
	pthread_barrier_wait(&changed);
	pthread_barrier_wait(&looked);
	return NULL;
}

static pthread_t begin_thread(void (*fn)(void))
{
	pthread_t t;

	pthread_barrier_init(&changed, NULL, 2);
	pthread_barrier_init(&looked, NULL, 2);
	check(pthread_create(&t, NULL, another, (void *)fn), 0, "a thread");
	pthread_barrier_wait(&changed);
	return t;
}

static void end_thread(pthread_t t)
{
	pthread_barrier_wait(&looked);
	pthread_join(t, NULL);
}

static void change_all(void)
{
	CALL(0, setgroups, 2, ((gid_t[]){ 8, 9 }));
	CALL(0, prctl, PR_CAPBSET_DROP, 3, 0, 0, 0);
	CALL(0, setresgid, 21, 22, 23);
	CALL(0, setresuid, 11, 12, 13);
	CALL(0, prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	CALL(12, geteuid);
}

/* A child and a thread of the one that changed are as that one; nobody else is. */
static void *child_of_changed(void *arg)
{
	(void)arg;
	CALL(12, geteuid);
	CALL(1, prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	return NULL;
}

static void in_forked(void)
{
	child_of_changed(NULL);
	ids(11, 12, 13, false);
	ids(21, 22, 23, true);
	CALL(2, getgroups, 0, NULL);
}

static void change_and_fork(void)
{
	pthread_t t;

	change_all();
	check_child(in_forked, 0, "a child of a thread that changed");
	pthread_create(&t, NULL, child_of_changed, NULL);
	pthread_join(t, NULL);
}

static void thread_changes(void)
{
	pthread_t t = begin_thread(change_and_fork);

	ids(0, 0, 0, false);
	ids(0, 0, 0, true);
	CALL(0, getgroups, 0, NULL);
	CALL(0, prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	CALL(1, prctl, PR_CAPBSET_READ, 3, 0, 0, 0);
	CALL(0, mkdirat, AT_FDCWD, "by-root", 0700);
	CALL(0, unlinkat, AT_FDCWD, "by-root", AT_REMOVEDIR);
	status_says(0, 0, "0\t0\t0\t0");
	status_says((int)sys(gettid), 0, "0\t0\t0\t0");
	status_says(other, 0, "11\t12\t13\t12");
	status_says(other, 1, "21\t22\t23\t22");
	status_says(other, 2, "8 9");
	status_says(other, 3, "0000000000000000");
	status_says(other, 5, "1");
	status_says(0, 5, "0");
	end_thread(t);
	CALL(0, geteuid);
}

static void drop_caps(void)
{
	uint32_t head[2] = { 0x20080522, 0 }, set[6] = { 0 };

	CALL(0, capset, head, set);
	CALL(-EPERM, sethostname, "x", 1);
	CALL(0, geteuid);
}

static void thread_drops(void)
{
	uint32_t head[2] = { 0x20080522, 0 }, set[6] = { 0 };
	pthread_t t = begin_thread(drop_caps);

	CALL(0, capget, head, set);
	expect(set[0] != 0, "the leader has its capabilities");
	head[1] = (uint32_t)other;
	CALL(0, capget, head, set);
	check(set[0], 0, "the other has none");
	status_says(other, 3, "0000000000000000");
	end_thread(t);
}

static int target;

/* Who asks is the thread; who is asked is a thread too, and the leader for a process. */
static void be_seven(void)
{
	CALL(0, setresuid, 7, 7, 7);
	CALL(-EPERM, kill, target, 0);
	CALL(-EPERM, tgkill, target, target, 0);
}

static void send_as_seven(void)
{
	CALL(0, setresuid, 7, 7, 7);
	CALL(-EPERM, kill, target, 0);
	CALL(-EPERM, tgkill, target, target, 0);
	CALL(0, tgkill, target, other, 0);
	CALL(0, kill, other, 0);
	CALL(0, setpriority, PRIO_PROCESS, other, 5);
	CALL(-EPERM, setpriority, PRIO_PROCESS, target, 5);
	CALL(-EPERM, sched_setaffinity, target, 8, ((uint64_t[]){ ~0ull }));
	CALL(0, sched_setaffinity, other, 8, ((uint64_t[]){ ~0ull }));
}

static void thread_is_sent_to(void)
{
	pthread_t t;

	target = getppid();
	t = begin_thread(be_seven);
	CALL(0, kill, target, 0);
	target = getpid();
	check_child(send_as_seven, 0, "a sender who is one of the threads");
	CALL(20 - 5, getpriority, PRIO_USER, 7);
	end_thread(t);
}

static void *exec_in_thread(void *arg)
{
	char *const argv[] = { (char *)self, (char *)"is-seven", NULL };

	(void)arg;
	sys(setresuid, 7, 7, 7);
	execv(self, argv);
	return NULL;
}

static void thread_executes(void)
{
	pthread_t t;

	pthread_create(&t, NULL, exec_in_thread, NULL);
	pthread_join(t, NULL);
	expect(false, "execve");
}

static int is_seven(void)
{
	return (int)sys(geteuid) == 7 && (int)sys(getuid) == 7 && getpid() == (int)sys(gettid) ? 0
											       : 1;
}

static int told[2]; /* a pipe */

static void tell(void)
{
	check(write(told[1], "x", 1), 1, "telling");
}

static void hear(void)
{
	char c;

	check(read(told[0], &c, 1), 1, "hearing");
}

static bool leader_has_ended(void)
{
	char path[64], text[256] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", getpid());
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return true;
	(void)!read(fd, text, sizeof(text) - 1);
	close(fd);
	return strstr(text, ") Z") != NULL;
}

/* The leader ends first: the process is still what it was. */
static void *outlive(void *arg)
{
	(void)arg;
	while (!leader_has_ended())
		usleep(1000);
	sys(setresuid, 7, 7, 7);
	tell();
	for (;;)
		pause();
	return NULL;
}

static void send_to_leaderless(void)
{
	siginfo_t si = { .si_signo = 0 };
	pthread_t t;
	int child;

	CALL(0, pipe2, told, 0);
	child = fork();
	if (!child) {
		sys(setresuid, 5, 0, 0); /* still root, so that it can become 7 */
		pthread_create(&t, NULL, outlive, NULL);
		sys(setresuid, 5, 5, 5);
		sys(exit, 0);
	}
	hear();
	CALL(0, setresuid, -1, 5, 0);
	CALL(0, kill, child, SIGKILL);
	CALL(0, waitid, P_PID, child, &si, WEXITED, NULL);
	check(si.si_uid, 5, "si_uid");
}

static void test_threads(void)
{
	begin("setresuid, setresgid, setgroups, prctl, capset, capget, tgkill, setpriority: of the "
	      "thread alone");
	mount_proc();
	check_child(thread_changes, 0, "numbers, groups, no_new_privs");
	check_child(thread_drops, 0, "capabilities");
	check_child(thread_is_sent_to, 0, "signals and priorities");
	check_child(thread_executes, 0, "the program of a thread that changed");
	check_child(send_to_leaderless, 0, "a leader that has ended");
	end();
}

/* ---- how many tasks a user has ---- */

static void limit_tasks(uint64_t n)
{
	CALL(0, prlimit64, 0, RLIMIT_NPROC, ((uint64_t[]){ n, n }), NULL);
}

static long fork_and_exit(void)
{
	long pid = sys(clone, SIGCHLD, 0, 0, 0, 0);

	if (!pid)
		_exit(0);
	return pid;
}

/* Who has ended is counted until it has been waited for. */
static void zombie_counts(void)
{
	siginfo_t si;
	long pid;

	limit_tasks(2);
	CALL(0, setresuid, 3001, 3001, 3001);
	pid = fork_and_exit();
	expect(pid > 0, "the first child: %ld", pid);
	CALL(0, waitid, P_PID, pid, &si, WEXITED | WNOWAIT, NULL);
	check(fork_and_exit(), -EAGAIN, "beside a zombie");
	CALL(0, waitid, P_PID, pid, &si, WEXITED, NULL);
	pid = fork_and_exit();
	expect(pid > 0, "after it has been waited for: %ld", pid);
	waitpid((pid_t)pid, NULL, 0);
}

static void become_3002(void)
{
	CALL(0, setresuid, 3002, 3002, 3002);
}

/* A thread counts for the user that it has become itself. */
static void thread_counts(void)
{
	pthread_t t = begin_thread(become_3002);
	long pid;

	limit_tasks(2);
	CALL(0, setresuid, 3003, 3002, 0);
	CALL(0, setresuid, -1, 3003, 3002);
	pid = fork_and_exit();
	expect(pid > 0, "the other thread is another user's: %ld", pid);
	waitpid((pid_t)pid, NULL, 0);
	CALL(0, setresuid, 3002, 3002, -1);
	check(fork_and_exit(), -EAGAIN, "it is of the same user");
	end_thread(t);
	while ((pid = fork_and_exit()) == -EAGAIN)
		usleep(1000); /* a joined thread may still be on its way out */
	waitpid((pid_t)pid, NULL, 0);
}

/* CAP_SYS_RESOURCE or CAP_SYS_ADMIN is above the limit, the number 0 of a user too. */
static void who_is_above(void)
{
	uint32_t head[2] = { 0x20080522, 0 }, set[6] = { 0 };
	long pid;

	limit_tasks(1);
	CALL(0, prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0);
	CALL(0, setresuid, 3004, 3004, 3004);
	set[0] = set[1] = 1u << 24; /* CAP_SYS_RESOURCE */
	CALL(0, capset, head, set);
	pid = fork_and_exit();
	expect(pid > 0, "with CAP_SYS_RESOURCE: %ld", pid);
	waitpid((pid_t)pid, NULL, 0);
	set[0] = set[1] = 0;
	CALL(0, capset, head, set);
	check(fork_and_exit(), -EAGAIN, "without");
}

static void be_one_of_3005(void)
{
	sys(setresuid, 3005, 3005, 3005);
	tell();
	for (;;)
		pause();
}

/*
 * setuid(2) to a user with enough tasks succeeds; execve(2) is what fails then, as long as there
 * are too many.
 */
static void over_by_setuid(void)
{
	char *const argv[] = { (char *)self, (char *)"is-3005", NULL };
	pid_t pid;

	CALL(0, pipe2, told, 0);
	signal(SIGCHLD, SIG_IGN); /* no zombie stays */
	pid = fork();
	if (!pid)
		be_one_of_3005();
	hear();
	limit_tasks(1);
	CALL(0, setresuid, 3005, 3005, 3005);
	CALL(-EAGAIN, execve, self, argv, NULL);
	CALL(0, kill, pid, SIGKILL);
	while (sys(execve, self, argv, NULL) == -EAGAIN)
		usleep(1000);
	expect(false, "execve when there is room");
}

/* Who does not become another is not asked by execve(2), however small the limit. */
static void exec_over(void)
{
	char *const argv[] = { (char *)self, (char *)"is-3005", NULL };

	CALL(0, setresuid, 3005, 3005, 3005);
	limit_tasks(0);
	CALL(-EAGAIN, clone, SIGCHLD, 0, 0, 0, 0);
	sys(execve, self, argv, NULL);
	expect(false, "execve");
}

static void test_nproc(void)
{
	begin("clone, setresuid, execve, waitid: RLIMIT_NPROC counts a user's threads and zombies");
	check_child(zombie_counts, 0, "zombies");
	check_child(thread_counts, 0, "threads");
	check_child(who_is_above, 0, "capabilities");
	check_child(over_by_setuid, 0, "setuid to a user with too many");
	check_child(exec_over, 0, "a limit that became smaller");
	end();
}

static int victim;

static void signals_of_others(void)
{
	CALL(0, setresuid, 1, 1, 1);
	CALL(-EPERM, kill, victim, 0);
	CALL(-EPERM, kill, victim, SIGTERM);
	CALL(-EPERM, kill, 1, 0);
	CALL(-EPERM, tkill, victim, 0);
	CALL(-EPERM, tgkill, victim, victim, SIGKILL);
	CALL(-EPERM, setpriority, PRIO_PROCESS, victim, 5);
	CALL(-EACCES, setpriority, PRIO_PROCESS, 0, -5);
	CALL(-EPERM, sched_setaffinity, victim, 8, ((uint64_t[]){ 1 }));
	CALL(-EPERM, sched_setscheduler, 0, 1 /* SCHED_FIFO */, ((int[]){ 1 }));
	CALL(-EPERM, prlimit64, victim, RLIMIT_NOFILE, NULL, ((uint64_t[2]){ 0 }));
	CALL(-EPERM, get_robust_list, victim, &r, &e);
	CALL(-EPERM, sethostname, "x", 1);
	CALL(-EPERM, setdomainname, "x", 1);
	CALL(-EPERM, clock_settime, 0, ((long[]){ 1, 1 }));
	CALL(-EPERM, settimeofday, ((long[]){ 1, 1 }), NULL);
	CALL(-EPERM, reboot, 0xfee1dead, 672274793, 0, 0);
	CALL(-EPERM, syslog, 5, NULL, 0);
	CALL(-EPERM, setrlimit, RLIMIT_NOFILE, ((uint64_t[]){ 1 << 19, 1 << 20 }));
}

static void test_privileges(void)
{
	begin("sethostname, setdomainname, clock_settime, settimeofday, reboot, syslog: not for a "
	      "user");
	victim = fork();
	if (victim == 0) {
		pause();
		_exit(0);
	}
	check_child(signals_of_others, 0, "as user 1");
	kill(victim, SIGKILL);
	waitpid(victim, NULL, 0);
	end();
}

/* What uname(2) says under UNAME26, and what is left over an exec. */
static void old_release(void)
{
	struct utsname u, v;
	char rest[65] = "", want[80];
	int minor = 0;

	check(uname(&u), 0, "uname");
	sscanf(u.release, "%*d.%d", &minor);
	sscanf(u.release, "%*[0-9.]%64s", rest);
	CALL(PER_LINUX, personality, UNAME26);
	check(uname(&v), 0, "uname");
	sprintf(want, "2.6.%d%s", minor + 60, rest);
	expect(!strcmp(v.release, want), "release %s, not %s", v.release, want);
	CALL(UNAME26, personality, PER_LINUX);
	check(uname(&v), 0, "uname");
	expect(!memcmp(&u, &v, sizeof(u)), "as before");
}

/* The alarm's. */
static void nothing(int signo)
{
	(void)signo;
}

/*
 * select(2) and its kin say what is left of the time, but not under STICKY_TIMEOUTS; and then a
 * signal ends them for good.
 */
static void timeouts(void)
{
	struct sigaction sa = { .sa_handler = nothing };
	struct itimerval soon = { .it_value = { 0, 20000 } };
	struct timespec ts = { 0, 1000 };

	sigaction(SIGALRM, &sa, NULL);
	CALL(0, pselect6, 0, NULL, NULL, NULL, &ts, NULL);
	check(ts.tv_nsec, 0, "nothing is left");
	CALL(PER_LINUX, personality, STICKY_TIMEOUTS);
	ts.tv_nsec = 1000;
	CALL(0, pselect6, 0, NULL, NULL, NULL, &ts, NULL);
	check(ts.tv_nsec, 1000, "pselect6 leaves it");
	CALL(0, ppoll, NULL, 0, &ts, NULL, 8);
	check(ts.tv_nsec, 1000, "ppoll leaves it");
	ts.tv_sec = 1000;
	setitimer(ITIMER_REAL, &soon, NULL);
	CALL(-EINTR, ppoll, NULL, 0, &ts, NULL, 8);
	check(ts.tv_sec, 1000, "and when a signal comes");
	CALL(STICKY_TIMEOUTS, personality, PER_LINUX);
	setitimer(ITIMER_REAL, &soon, NULL);
	CALL(-EINTR, ppoll, NULL, 0, &ts, NULL, 8);
	expect(ts.tv_sec < 1000, "else what is left: %ld s", (long)ts.tv_sec);
	signal(SIGALRM, SIG_DFL);
}

static void test_personality(void)
{
	char name[16] = "";

	begin("personality: what can be asked and set");
	CALL(PER_LINUX, personality, 0xffffffff);
	CALL(PER_LINUX, personality, ADDR_NO_RANDOMIZE);
	CALL(ADDR_NO_RANDOMIZE, personality, 0xffffffff);
	CALL(ADDR_NO_RANDOMIZE, personality, PER_LINUX);
	end();
	begin("personality, uname: UNAME26");
	old_release();
	end();
	begin("personality, pselect6, ppoll: STICKY_TIMEOUTS");
	timeouts();
	end();

	begin("prctl: what can be set");

	CALL(0, prctl, PR_SET_NAME, "a name of more than fifteen");
	CALL(0, prctl, PR_GET_NAME, name);
	check(strcmp(name, "a name of more "), 0, "PR_GET_NAME: %s", name);
	FAULTS(OUT, 16, prctl, PR_GET_NAME, bad);
	for (int i = 0; hostile_pointer(&i, 1, IN);)
		CALL(-EFAULT, prctl, PR_SET_NAME, bad);
	CALL(0, prctl, PR_SET_NAME, strcpy(hostile_edge(4), "cre"));
	CALL(0, prctl, PR_SET_PDEATHSIG, SIGHUP);
	CALL(0, prctl, PR_GET_PDEATHSIG, &r);
	check(r, SIGHUP, "PR_GET_PDEATHSIG");
	CALL(-EINVAL, prctl, PR_SET_PDEATHSIG, 65);
	CALL(0, prctl, PR_SET_PDEATHSIG, 0);
	FAULTS(OUT, 4, prctl, PR_GET_PDEATHSIG, bad);
	CALL(1, prctl, PR_GET_DUMPABLE, 0, 0, 0, 0);
	CALL(-EINVAL, prctl, PR_SET_DUMPABLE, 2, 0, 0, 0);
	CALL(0, prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
	CALL(0, prctl, PR_GET_DUMPABLE, 0, 0, 0, 0);
	CALL(0, prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
	CALL(0, prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	CALL(-EINVAL, prctl, PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0);
	CALL(-EINVAL, prctl, 0x7fffffff, 0, 0, 0, 0);
	end();
}

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc > 1 && !strcmp(argv[1], "is-seven"))
		return is_seven();
	if (argc > 1 && !strcmp(argv[1], "is-3005"))
		return sys(getuid) != 3005;
	if (argc > 1)
		return still_groups();
	test_ids();
	test_get();
	test_groups();
	test_exec();
	test_threads();
	test_nproc();
	test_privileges();
	test_personality();
	return tap_done();
}
