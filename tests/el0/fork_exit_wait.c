/*
 * fork_exit_wait.c - fork, exit, wait, kill, groups and sessions, and the calls that tell about a
 * process.
 */
#include "abi/fcntl.h"
#include "abi/mman.h"
#include "abi/prctl.h"
#include "abi/random.h"
#include "abi/sched.h"
#include "el0/lib/process.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "tests/el0/tap.h"

static int exit_code;

static void exits(void)
{
	exit(exit_code);
}

static void exits_thread(void)
{
	svc_exit(exit_code);
}

static int signal_to_self;

static void kills_itself(void)
{
	svc_kill((int)svc_getpid(), signal_to_self);
	exit(0);
}

static void statuses(void)
{
	static const int deadly[] = { SIGHUP,  SIGINT,	SIGQUIT, SIGILL,  SIGTRAP,   SIGABRT,
				      SIGBUS,  SIGFPE,	SIGKILL, SIGUSR1, SIGSEGV,   SIGUSR2,
				      SIGPIPE, SIGALRM, SIGTERM, SIGXCPU, SIGVTALRM, SIGPROF,
				      SIGSYS,  34,	64 };
	static const int harmless[] = { SIGCHLD, SIGCONT, SIGURG, SIGWINCH };

	begin("wait statuses: exit codes and signals");
	for (exit_code = 0; exit_code < 256; exit_code += 51) {
		check_child(exits, WAIT_EXITED(exit_code), "exit_group(%d)", exit_code);
		check_child(exits_thread, WAIT_EXITED(exit_code), "exit(%d)", exit_code);
	}
	exit_code = 0x1234;
	check_child(exits, WAIT_EXITED(0x34), "exit_group(0x1234)");
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++) {
		signal_to_self = deadly[i];
		check_child(kills_itself, deadly[i], "signal %d", deadly[i]);
	}
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
		signal_to_self = harmless[i];
		check_child(kills_itself, 0, "signal %d", harmless[i]);
	}
	end();
}

static void waiting(void)
{
	struct rusage ru;
	int status = 77, a, b, fds[2];
	char c;

	begin("wait4: which child, options, errors");
	check(svc_wait4(-1, &status, 0, NULL), -ECHILD, "no children");
	check(svc_wait4(-1, &status, WNOHANG, NULL), -ECHILD, "no children, WNOHANG");
	check(status, 77, "status untouched");
	check(svc_wait4(-1, NULL, 0x12345678, NULL), -EINVAL, "unknown options");
	check(svc_wait4(INT32_MIN, NULL, 0, NULL), -ESRCH, "pid -2^31");
	svc_pipe2(fds, 0);
	a = fork();
	if (a == 0) {
		svc_close(fds[1]);
		svc_read(fds[0], &c, 1);
		exit(3);
	}
	check(svc_wait4(a, &status, WNOHANG, NULL), 0, "WNOHANG while it runs");
	check(svc_wait4(a + 1000, &status, 0, NULL), -ECHILD, "a pid that is no child");
	check(svc_wait4(1, &status, 0, NULL), -ECHILD, "init is no child");
	b = fork();
	if (b == 0)
		exit(4);
	check(svc_wait4(b, &status, 0, &ru), b, "a certain child");
	check(status, WAIT_EXITED(4), "its status");
	svc_close(fds[1]);
	check(svc_wait4(-1, &status, 0, NULL), a, "any child");
	check(status, WAIT_EXITED(3), "its status");
	check(svc_wait4(a, &status, 0, NULL), -ECHILD, "a second time");
	expect(ru.ru_utime.tv_sec < 60 && ru.ru_utime.tv_usec < 1000000, "rusage");
	svc_close(fds[0]);
	end();
}

static void waiting_by_id(void)
{
	struct siginfo info;
	int pid = fork();

	if (pid == 0)
		exit(7);
	begin("waitid: siginfo, WNOWAIT, errors");
	memset(&info, 0xff, sizeof(info));
	check(svc_waitid(P_PID, pid, &info, WEXITED | WNOWAIT, NULL), 0, "WNOWAIT");
	check(info.si_signo, SIGCHLD, "si_signo");
	check(info.si_errno, 0, "si_errno");
	check(info.si_code, CLD_EXITED, "si_code");
	check(info.child.pid, pid, "si_pid");
	check(info.child.uid, svc_getuid(), "si_uid");
	check(info.child.status, 7, "si_status");
	check(svc_waitid(P_ALL, 0, &info, WEXITED, NULL), 0, "and away");
	check(svc_waitid(P_ALL, 0, &info, WEXITED, NULL), -ECHILD, "no children");
	check(svc_waitid(P_ALL, 0, &info, 0, NULL), -EINVAL, "no options");
	check(svc_waitid(99, 0, &info, WEXITED, NULL), -EINVAL, "no such kind");
	check(svc_waitid(P_PID, 0, &info, WEXITED, NULL), -EINVAL, "pid 0");
	check(svc_waitid(P_PID, -1, &info, WEXITED, NULL), -EINVAL, "pid -1");
	pid = fork();
	if (pid == 0) {
		for (;;)
			sleep_ms(1000);
	}
	info.si_signo = 99;
	check(svc_waitid(P_PID, pid, &info, WEXITED | WNOHANG, NULL), 0, "WNOHANG while it runs");
	check(info.si_signo, 0, "si_signo says nothing happened");
	check(info.child.pid, 0, "si_pid too");
	svc_kill(pid, SIGKILL);
	check(svc_waitid(P_PGID, 0, &info, WEXITED, NULL), 0, "own group");
	check(info.si_code, CLD_KILLED, "si_code");
	check(info.child.status, SIGKILL, "si_status");
	end();
}

static void orphans(void)
{
	int fds[2], pid, status;
	long new_parent = 0;

	begin("an orphan becomes init's child");
	svc_pipe2(fds, 0);
	pid = fork();
	if (pid == 0) {
		int parent = (int)svc_getpid();

		if (fork() == 0) {
			while (svc_getppid() == parent)
				svc_sched_yield();
			new_parent = svc_getppid();
			svc_write(fds[1], &new_parent, sizeof(new_parent));
		}
		exit(0);
	}
	waitpid(pid, &status, 0);
	check(svc_read(fds[0], &new_parent, sizeof(new_parent)), 8, "read");
	check(new_parent, 1, "its parent");
	svc_close(fds[0]);
	svc_close(fds[1]);
	end();
}

static void killing(void)
{
	int status, pid = fork();

	if (pid == 0) {
		for (;;)
			__asm__ volatile("");
	}
	begin("kill, tkill, tgkill: errors, signal 0, a busy loop");
	check(svc_kill(pid, 0), 0, "signal 0");
	check(svc_kill(pid, 65), -EINVAL, "signal 65");
	check(svc_kill(pid, -1), -EINVAL, "signal -1");
	check(svc_kill(0x7fffffff, SIGTERM), -ESRCH, "no such process");
	check(svc_kill(INT32_MIN, SIGTERM), -ESRCH, "process -2^31");
	check(svc_kill(-0x7fffffff, SIGTERM), -ESRCH, "no such group");
	check(svc_tkill(0, SIGTERM), -EINVAL, "tkill 0");
	check(svc_tkill(-1, SIGTERM), -EINVAL, "tkill -1");
	check(svc_tgkill(pid, 0, SIGTERM), -EINVAL, "tgkill thread 0");
	check(svc_tgkill((int)svc_getpid(), pid, SIGTERM), -ESRCH,
	      "tgkill, thread of another process");
	check(svc_tgkill(pid, pid, SIGTERM), 0, "tgkill");
	check(waitpid(pid, &status, 0), pid, "it ended");
	check(status, SIGTERM, "by SIGTERM");
	check(svc_kill(pid, 0), -ESRCH, "and is gone");
	end();
}

static void groups(void)
{
	int fds[2], status, pid;
	char c;

	begin("process groups and sessions");
	check(svc_getpgid(0), svc_getpgid((int)svc_getpid()), "getpgid of oneself");
	check(svc_getsid(0), svc_getsid((int)svc_getpid()), "getsid of oneself");
	check(svc_getpgid(0x7fffffff), -ESRCH, "getpgid of nobody");
	check(svc_getsid(0x7fffffff), -ESRCH, "getsid of nobody");
	check(svc_getpgid(-1), -ESRCH, "getpgid of -1");
	check(svc_setpgid(0, -1), -EINVAL, "setpgid to -1");
	check(svc_setpgid(0x7fffffff, 0), -ESRCH, "setpgid of nobody");
	check(svc_setpgid(1, 0), -ESRCH, "setpgid of init");
	svc_pipe2(fds, 0);
	pid = fork();
	if (pid == 0) {
		svc_close(fds[0]);
		check(svc_setpgid(0, 0), 0, "setpgid");
		check(svc_getpgid(0), svc_getpid(), "own group");
		check(svc_setsid(), -EPERM, "setsid of a group's leader");
		svc_write(fds[1], "x", 1);
		if (tap_failures() == 0)
			sleep_ms(10000);
		exit(tap_failures() != 0);
	}
	svc_close(fds[1]);
	svc_read(fds[0], &c, 1);
	check(svc_getpgid(pid), pid, "the child's group");
	check(svc_kill(-pid, SIGUSR1), 0, "a signal to the group");
	check(svc_wait4(-pid, &status, 0, NULL), pid, "wait for the group");
	check(status, SIGUSR1, "status");
	svc_close(fds[0]);
	pid = fork();
	if (pid == 0) {
		check(svc_setsid(), svc_getpid(), "setsid");
		check(svc_getsid(0), svc_getpid(), "own session");
		check(svc_getpgid(0), svc_getpid(), "own group");
		check(svc_setpgid(0, 0), -EPERM, "setpgid of a session's leader");
		exit(tap_failures() != 0);
	}
	waitpid(pid, &status, 0);
	check(status, 0, "the session's leader");
	end();
}

static void identities(void)
{
	begin("pids and ids");
	expect(svc_getpid() > 1 && svc_getpid() == svc_gettid(),
	       "getpid and gettid of a process with one thread");
	expect(svc_getppid() > 0, "getppid");
	check(svc_getuid(), 0, "getuid");
	check(svc_geteuid(), 0, "geteuid");
	check(svc_getgid(), 0, "getgid");
	check(svc_getegid(), 0, "getegid");
	check(svc_set_tid_address(NULL), svc_gettid(), "set_tid_address");
	check(svc_set_robust_list(NULL, 24), 0, "set_robust_list");
	check(svc_set_robust_list(NULL, 23), -EINVAL, "set_robust_list, wrong size");
	end();
}

static void names(void)
{
	struct new_utsname u;
	char name[16] = "";

	begin("uname, prctl");
	memset(&u, 0xff, sizeof(u));
	check(svc_uname(&u), 0, "uname");
	check(strcmp(u.sysname, "Linux"), 0, "sysname");
	check(strcmp(u.machine, "aarch64"), 0, "machine");
	expect(memcmp(u.release, "6.", 2) == 0, "release");
	for (size_t i = strlen(u.sysname); i < sizeof(u.sysname); i++)
		check(u.sysname[i], 0, "padding of sysname");
	check(svc_prctl(PR_SET_NAME, (uint64_t) "a name of more than 15", 0, 0, 0), 0,
	      "PR_SET_NAME");
	check(svc_prctl(PR_GET_NAME, (uint64_t)name, 0, 0, 0), 0, "PR_GET_NAME");
	check(memcmp(name, "a name of more ", 16), 0, "15 bytes of it");
	check(svc_prctl(12345, 0, 0, 0, 0), -EINVAL, "unknown option");
	end();
}

static void limits(void)
{
	struct rlimit64 old, new;

	begin("prlimit64");
	check(svc_prlimit64(0, RLIMIT_NOFILE, NULL, &old), 0, "get");
	expect(old.rlim_cur >= 64 && old.rlim_cur <= old.rlim_max, "RLIMIT_NOFILE");
	new = (struct rlimit64){ old.rlim_max + 1, old.rlim_max };
	check(svc_prlimit64(0, RLIMIT_NOFILE, &new, NULL), -EINVAL, "soft above hard");
	check(svc_prlimit64(0, RLIM_NLIMITS, NULL, &old), -EINVAL, "no such resource");
	check(svc_prlimit64(0, -1, NULL, &old), -EINVAL, "resource -1");
	check(svc_prlimit64(0x7fffffff, 0, NULL, &old), -ESRCH, "no such process");
	check(svc_prlimit64(0, RLIMIT_STACK, NULL, &old), 0, "RLIMIT_STACK");
	check((long)old.rlim_cur, 8 << 20, "8 MiB");
	new = (struct rlimit64){ 1 << 20, old.rlim_max };
	check(svc_prlimit64(0, RLIMIT_STACK, &new, &old), 0, "set");
	check(svc_prlimit64(0, RLIMIT_STACK, &old, &new), 0, "set back");
	check((long)new.rlim_cur, 1 << 20, "what was set");
	end();
}

static void random_bytes(void)
{
	uint64_t a[4] = { 0 }, b[4] = { 0 };

	begin("getrandom");
	check(svc_getrandom(a, sizeof(a), 0), sizeof(a), "32 bytes");
	check(svc_getrandom(b, sizeof(b), GRND_NONBLOCK), sizeof(b), "32 more");
	expect(memcmp(a, b, sizeof(a)) != 0, "they differ");
	check(svc_getrandom(a, 0, 0), 0, "none");
	check(svc_getrandom(a, 1, 0x100), -EINVAL, "unknown flags");
	check(svc_getrandom(a, 1, GRND_RANDOM | GRND_INSECURE), -EINVAL,
	      "flags that exclude each other");
	end();
}

static void usage(void)
{
	struct sysinfo s;
	struct rusage ru;
	uint64_t mask[16] = { 0 };
	long n;

	begin("sysinfo, getrusage, sched_getaffinity");
	memset(&s, 0xff, sizeof(s));
	check(svc_sysinfo(&s), 0, "sysinfo");
	expect(s.mem_unit >= 1 && s.totalram > s.freeram && s.freeram > 0, "memory");
	expect(s.procs > 0, "procs");
	check(s.pad, 0, "padding");
	check(svc_getrusage(RUSAGE_SELF, &ru), 0, "RUSAGE_SELF");
	check(svc_getrusage(RUSAGE_CHILDREN, &ru), 0, "RUSAGE_CHILDREN");
	check(svc_getrusage(2, &ru), -EINVAL, "no such");
	check(svc_sched_getaffinity(0, 4, mask), -EINVAL, "less than 8 bytes");
	check(svc_sched_getaffinity(0, 9, mask), -EINVAL, "not a multiple of 8");
	check(svc_sched_getaffinity(0x7fffffff, 8, mask), -ESRCH, "no such process");
	n = svc_sched_getaffinity(0, sizeof(mask), mask);
	expect(n >= 8 && n % 8 == 0, "size: %ld", n);
	expect(mask[0] & 1, "the boot core");
	end();
}

static void many_children(void)
{
	enum { CHILDREN = 64 };
	int status, ended = 0;

	begin("64 children at once, 10 times");
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < CHILDREN; i++) {
			int pid = fork();

			if (pid == 0)
				exit(i & 0xff);
			expect(pid > 0, "fork %d: %d", i, pid);
		}
		while (waitpid(-1, &status, 0) > 0)
			ended++;
	}
	check(ended, 10 * CHILDREN, "all came back");
	end();
}

/* clone's own arguments */
static int tid_slot = -1, child_slot = -1;

static void cloning(void)
{
	int status;
	long pid;

	begin("clone: flags that make no sense, tids, vfork");
	check(svc_clone(CLONE_THREAD | SIGCHLD, NULL, NULL, NULL, NULL), -EINVAL,
	      "CLONE_THREAD without SIGHAND");
	check(svc_clone(CLONE_SIGHAND | SIGCHLD, NULL, NULL, NULL, NULL), -EINVAL,
	      "CLONE_SIGHAND without VM");
	check(svc_clone(CLONE_NEWNS | CLONE_FS | SIGCHLD, NULL, NULL, NULL, NULL), -EINVAL,
	      "CLONE_NEWNS with FS");
	pid = svc_clone(CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, NULL, &tid_slot, NULL,
			&child_slot);
	if (pid == 0)
		exit(child_slot != (int)svc_getpid());
	check(tid_slot, pid, "PARENT_SETTID");
	check(child_slot, -1, "CHILD_SETTID writes to the child's memory");
	check(waitpid((int)pid, &status, 0), pid, "wait");
	check(status, 0, "the child saw its tid");
	pid = svc_clone(CLONE_VM | CLONE_VFORK | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0) {
		child_slot = 42;
		svc_exit_group(5);
	}
	check(child_slot, 42, "vfork shares memory and is over when its parent goes on");
	check(waitpid((int)pid, &status, 0), pid, "wait");
	check(status, WAIT_EXITED(5), "status");
	end();
}

int main(void)
{
	statuses();
	waiting();
	waiting_by_id();
	orphans();
	killing();
	groups();
	identities();
	names();
	limits();
	random_bytes();
	usage();
	many_children();
	cloning();
	return tap_done();
}
