/*
 * setuid_exec.c - a program with more rights than its caller: what the caller, or who came from it,
 * keeps a hold on.
 *
 * The program is this one, a set-user-ID copy of it; its arguments say what it does.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "tests/el0/libc/hostile.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

#define USER 1000
#define SUID "/tmp/climb/suid" /* root's, mode 4755 */

static const char *self;
static int told[2], hold[2]; /* pipes: that somebody has come so far; until somebody may go on */

static void open_pipes(void)
{
	CALL(0, pipe2, told, 0);
	CALL(0, pipe2, hold, 0);
}

static void tell(void)
{
	check(write(told[1], "x", 1), 1, "telling");
}

static void hear(void)
{
	char c;

	check(read(told[0], &c, 1), 1, "hearing");
}

static void be_user(void)
{
	sys(setgroups, 0, NULL);
	sys(setresgid, USER, USER, USER);
	sys(setresuid, USER, USER, USER);
	sys(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static void copy_self(const char *to, mode_t mode)
{
	char buf[4096];
	int from = open(self, O_RDONLY), fd = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0)
		check(write(fd, buf, (size_t)n), n, "copying");
	close(from);
	close(fd);
	check(chmod(to, mode), 0, "chmod");
}

/* ---- what the program does ---- */

static uint64_t permitted(void)
{
	uint32_t head[2] = { 0x20080522, 0 }, set[6] = { 0 };

	sys(capget, head, set);
	return set[1] | (uint64_t)set[4] << 32;
}

/*
 * "what": euid, AT_SECURE, dumpable, whether it has capabilities; the status says whether it is as
 * wanted.
 */
static int show(const char *want)
{
	char is[64];

	snprintf(is, sizeof(is), "%d %d %ld %d", (int)sys(geteuid), (int)getauxval(AT_SECURE),
		 sys(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0), permitted() != 0);
	if (!strcmp(is, want))
		return 0;
	note("euid, secure, dumpable, capabilities: %s, want %s", is, want);
	return 1;
}

static volatile sig_atomic_t signals;

static void count_signal(int signo)
{
	signals += signo == SIGUSR1;
}

/*
 * Says that it runs, stays until it may go or (with "wait") until its child has ended, and ends
 * with how often SIGUSR1 came. With "root" all its numbers are root's.
 */
static int victim(char **argv)
{
	char c;

	told[1] = atoi(argv[2]);
	hold[0] = atoi(argv[3]);
	signal(SIGUSR1, count_signal);
	if (strstr(argv[1], "root"))
		sys(setresuid, 0, 0, 0);
	if (strstr(argv[1], "pdeath"))
		sys(prctl, PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0);
	tell();
	if (strstr(argv[1], "wait"))
		while (waitpid(-1, NULL, __WALL) < 0 && errno == EINTR)
			;
	else
		while (read(hold[0], &c, 1) < 0)
			;
	return 10 + signals;
}

static void become(const char *path, const char *what)
{
	char to[12], from[12];

	snprintf(to, sizeof(to), "%d", told[1]);
	snprintf(from, sizeof(from), "%d", hold[0]);
	execl(path, "suid", what, to, from, NULL);
	check(-errno, 0, "execl %s", path);
}

/* ---- working directory and umask ---- */

static const char *wanted; /* of show */

static void exec_show(void)
{
	be_user();
	execl(SUID, "suid", "show", wanted, NULL);
	check(-errno, 0, "execl");
}

/* A child that shares what @flags say, until it is killed. */
static long sharer(unsigned long flags)
{
	long pid = sys(clone, flags | SIGCHLD, 0, 0, 0, 0);

	if (!pid)
		for (;;)
			pause();
	return pid;
}

static void shared_with_a_process(void)
{
	long other = sharer(CLONE_FS);
	int status = 0;

	if (!fork()) { /* this one shares nothing */
		wanted = "0 1 0 1";
		exec_show();
	}
	wait(&status);
	check(status, 0, "a copy of it");
	wanted = "1000 1 1 0";
	expect(other > 0, "clone: %ld", other);
	exec_show();
}

static void shared_no_more(void)
{
	long other = sharer(CLONE_FS);

	kill((pid_t)other, SIGKILL);
	waitpid((pid_t)other, NULL, 0);
	wanted = "0 1 0 1";
	exec_show();
}

static void *idle(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void shared_with_a_thread(void)
{
	pthread_t t;

	check(pthread_create(&t, NULL, idle, NULL), 0, "a thread");
	wanted = "0 1 0 1";
	exec_show();
}

static void *exec_in_thread(void *arg)
{
	exec_show();
	return arg;
}

/* Not the leader executes, and its sharer is a process that the leader made. */
static void shared_by_the_leader(void)
{
	pthread_t t;

	wanted = "1000 1 1 0";
	sharer(CLONE_FS);
	check(pthread_create(&t, NULL, exec_in_thread, NULL), 0, "a thread");
	pthread_join(t, NULL);
}

static void files_shared(void)
{
	sharer(CLONE_FILES);
	wanted = "0 1 0 1";
	exec_show();
}

/* Who may set user numbers anyway gets them, but no capability that it has not. */
static void shared_with_cap_setuid(void)
{
	uint32_t head[2] = { 0x20080522, 0 }, set[6] = { 1u << 7, 1u << 7 };

	sharer(CLONE_FS);
	sys(prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0);
	be_user();
	CALL(0, capset, head, set);
	execl(SUID, "suid", "show", "0 1 0 1", NULL);
}

static void shared_with_root(void)
{
	sharer(CLONE_FS);
	execl(SUID, "suid", "show", "0 0 1 1", NULL);
}

static void in_own_group(void (*fn)(void), const char *what)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		setpgid(0, 0);
		tap_forget();
		fn();
		_exit(1);
	}
	waitpid(pid, &status, 0);
	kill(-pid, SIGKILL); /* the sharers */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	check(status, 0, "%s: wait status", what);
}

static void test_shared(void)
{
	begin("execve, clone: set-user-ID, and CLONE_FS with a process of the caller's");
	in_own_group(shared_with_a_process, "with a process");
	in_own_group(shared_no_more, "with one that has ended");
	in_own_group(shared_with_a_thread, "with a thread of its own");
	in_own_group(shared_by_the_leader, "a thread that is not the leader");
	in_own_group(files_shared, "CLONE_FILES");
	in_own_group(shared_with_cap_setuid, "CAP_SETUID");
	in_own_group(shared_with_root, "root's own");
	end();
}

/* ---- no more than there is ---- */

static void no_new_capabilities(void)
{
	uint32_t head[2] = { 0x20080522, 0 }, set[6] = { 0 };

	CALL(0, capset, head, set);
	CALL(0, prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	execl(self, "x", "show", "0 0 1 0", NULL);
}

static void capabilities_anew(void)
{
	uint32_t head[2] = { 0x20080522, 0 }, set[6] = { 0 };

	CALL(0, capset, head, set);
	execl(self, "x", "show", "0 0 0 1", NULL);
}

/* Neither does it keep an effective number that its real one does not stand for. */
static void no_new_numbers(void)
{
	CALL(0, setresuid, USER, 0, 0);
	CALL(0, prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	execl(self, "x", "show", "1000 1 0 1", NULL);
}

static void numbers_kept(void)
{
	CALL(0, setresuid, USER, 0, 0);
	execl(self, "x", "show", "0 1 0 1", NULL);
}

static void test_no_more(void)
{
	begin("execve, prctl, capset: PR_SET_NO_NEW_PRIVS and root without its capabilities");
	check_child(no_new_capabilities, 0, "capabilities");
	check_child(capabilities_anew, 0, "capabilities without it");
	check_child(no_new_numbers, 0, "numbers");
	check_child(numbers_kept, 0, "numbers without it");
	end();
}

/* ---- /proc of before ---- */

static const char *const memory_files[] = { "maps", "smaps", "smaps_rollup", "environ", "auxv" };
#define MEMORY_FILES 5
#define NO_AUXV	     4 /* the old one's is kept as long as the file is open */

static int proc_open(pid_t pid, const char *name, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return open(path, flags);
}

static void check_reads_nothing(int fd, const char *what, bool rollup)
{
	char c;
	long n = sys(read, fd, &c, 1);

	check(n, rollup ? -ESRCH : 0, "%s, opened before", what);
}

/*
 * The auxiliary vector of before is read by who opened it before, whoever has run or ended since.
 */
static void check_reads_old(int fd, const unsigned long *old, long len, const char *what)
{
	unsigned long now[64] = { 0 };

	check(sys(read, fd, now, sizeof(now)), len, "%s: auxv's length", what);
	expect(!memcmp(now, old, (size_t)len), "%s: auxv is of before", what);
}

/* Of stat's numbers, the one @n-th from behind the name. */
static unsigned long stat_field(pid_t pid, int n)
{
	char text[1024] = "", *at;
	int fd = proc_open(pid, "stat", O_RDONLY);

	(void)!read(fd, text, sizeof(text) - 1);
	close(fd);
	at = strrchr(text, ')');
	for (int i = 2; at && i < n; i++)
		at = strchr(at + 1, ' ');
	return at ? strtoul(at + 1, NULL, 10) : ~0ul;
}

/* As the caller's user, on process @pid, that runs the program now; @fds were opened before. */
static void look_back(pid_t pid, const int *fds, int dir, int fd_dir, int pidfd)
{
	uint64_t head, len;
	char c[64];

	for (int i = 0; i < MEMORY_FILES; i++) {
		if (i < NO_AUXV)
			check_reads_nothing(fds[i], memory_files[i], i == 2);
		check(sys(openat, dir, memory_files[i], O_RDONLY), -EACCES, "%s, opened now",
		      memory_files[i]);
	}
	CALL(-EACCES, readlinkat, dir, "exe", c, sizeof(c));
	CALL(-EACCES, readlinkat, dir, "cwd", c, sizeof(c));
	CALL(-EACCES, openat, dir, "root", O_RDONLY | O_DIRECTORY);
	CALL(-EACCES, openat, dir, "personality", O_RDONLY);
	check(sys(readlinkat, fd_dir, "0", c, sizeof(c)) < 0, 1, "a descriptor of its");
	expect(sys(openat, fd_dir, "0", O_RDONLY) < 0, "opening a descriptor of its");
	if (pidfd >= 0)
		CALL(-EPERM, pidfd_getfd, pidfd, told[1], 0);
	CALL(-EPERM, get_robust_list, pid, &head, &len);
	check((long)stat_field(pid, 28), 0, "stat's start of the stack");
	check((long)stat_field(pid, 48), 0, "stat's start of the arguments");
	CALL(-EPERM, prlimit64, pid, 7, NULL, ((uint64_t[2]){ 0 }));
}

static void proc_of_before(void)
{
	pid_t pid;
	int fds[MEMORY_FILES], dir, fd_dir, pidfd, status;
	unsigned long aux[64];
	long aux_len;
	char c;

	be_user();
	open_pipes();
	pid = fork();
	if (!pid) {
		close(hold[1]);
		check(read(hold[0], &c, 1), 1, "until it may");
		become(SUID, "victim");
		_exit(1);
	}
	for (int i = 0; i < MEMORY_FILES; i++) {
		fds[i] = proc_open(pid, memory_files[i], O_RDONLY);
		expect(fds[i] >= 0, "%s before", memory_files[i]);
	}
	dir = proc_open(pid, "auxv", O_RDONLY); /* not the one that is read first behind execve */
	aux_len = sys(read, dir, aux, sizeof(aux));
	expect(aux_len > 16 && aux_len % 16 == 0, "auxv's length %ld", aux_len);
	close(dir);
	dir = proc_open(pid, "", O_RDONLY | O_DIRECTORY);
	fd_dir = proc_open(pid, "fd", O_RDONLY | O_DIRECTORY);
	pidfd = (int)sys(pidfd_open, pid, 0);
	if (pidfd >= 0)
		expect(sys(pidfd_getfd, pidfd, told[1], 0) >= 0, "pidfd_getfd before");
	check(write(hold[1], "x", 1), 1, "go");
	hear();
	look_back(pid, fds, dir, fd_dir, pidfd);
	check_reads_old(fds[NO_AUXV], aux, aux_len, "a program with more rights");
	close(hold[1]);
	check(waitpid(pid, &status, 0), pid, "waited for");
	check(status, 10 << 8, "status");
	for (int i = 0; i < NO_AUXV; i++) {
		long n = sys(read, fds[i], &c, 1);

		check(n, i < 3 ? -ESRCH : 0, "%s of who has ended", memory_files[i]);
	}
}

/* What was opened stays with the address space, not with who had it. */
static void proc_of_a_borrower(void)
{
	int fd[2] = { open("/proc/self/maps", O_RDONLY), open("/proc/self/maps", O_RDONLY) };
	int status = -1;
	char c, number[12];

	if (!fork()) {
		check(read(fd[0], &c, 1), 1, "another's, that is still there");
		_exit(tap_failures() != 0);
	}
	wait(&status);
	check(status, 0, "a child's status");
	snprintf(number, sizeof(number), "%d", fd[1]);
	execl(self, "x", "reads-nothing", number, NULL);
	expect(false, "execl");
}

static int reads_nothing(const char *fd)
{
	char c;

	return sys(read, atoi(fd), &c, 1) != 0;
}

static void test_proc(void)
{
	begin("execve, read, readlinkat, pidfd_getfd, get_robust_list: what was opened of a "
	      "process before its set-user-ID program");
	check_child(proc_of_before, 0, "a set-user-ID program");
	check_child(proc_of_a_borrower, 0, "one's own");
	end();
}

/* ---- signals ---- */

/* What uid 1000 does, as a child of its own: told and hold are the tester's, and the victim's. */
static void (*role)(void);

/* Its child's end is told by SIGUSR1, says uid 1000, who is another program when that happens. */
static void choose_exit_signal(void)
{
	if (!sys(clone, SIGUSR1, 0, 0, 0, 0)) {
		close(told[1]);
		/* not by a descriptor that execve closes: that is before the program is another */
		hear();
		_exit(0);
	}
	become(SUID, "root wait");
}

static void choose_exit_signal_only(void)
{
	signal(SIGUSR1, count_signal);
	if (!sys(clone, SIGUSR1, 0, 0, 0, 0))
		_exit(0);
	while (waitpid(-1, NULL, __WALL) < 0 && errno == EINTR)
		;
	_exit(10 + signals);
}

static int status_of(void (*fn)(void))
{
	int status = -1;
	pid_t pid;

	open_pipes();
	pid = fork();
	if (!pid) {
		be_user();
		close(hold[1]);
		fn();
		_exit(1);
	}
	close(hold[1]);
	waitpid(pid, &status, 0);
	close(told[0]);
	close(told[1]);
	close(hold[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -status;
}

static void test_exit_signal(void)
{
	begin("clone, execve: an exit signal, and its receiver become a set-user-ID program");
	check(status_of(choose_exit_signal), 10, "not delivered");
	check(status_of(choose_exit_signal_only), 11, "delivered to who asked for it");
	end();
}

/* A grandchild calls role and is told of its parent's end. */
static void parent_ends(void)
{
	int status = -1;
	pid_t pid;

	CALL(0, prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	open_pipes();
	pid = fork();
	if (!pid) {
		be_user();
		close(hold[1]);
		if (!fork()) {
			role();
			_exit(1);
		}
		hear();
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	close(hold[1]);
	waitpid(-1, &status, 0);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static void be_told_as_root(void)
{
	become(SUID, "root pdeath");
}

static void be_told_as_user(void)
{
	become(self, "pdeath");
}

static void asked_before(void)
{
	sys(prctl, PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0);
	become(SUID, "victim");
}

static int end_of(void (*fn)(void))
{
	role = fn;
	return WEXITSTATUS(in_child(parent_ends));
}

static void test_parent(void)
{
	begin("prctl, execve: PR_SET_PDEATHSIG and set-user-ID programs");
	check(end_of(be_told_as_user), 11, "the end of a parent that may send signals");
	check(end_of(be_told_as_root), 10, "of one that may not");
	check(end_of(asked_before), 10, "asked for before execve");
	end();
}

/* ---- who may look into a process that has changed its numbers ---- */

static void after_change(long nr, long a, long b, long c, int want)
{
	int r = SIGHUP;

	sys(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
	sys(prctl, PR_SET_PDEATHSIG, SIGHUP, 0, 0, 0);
	raw_call(nr, a, b, c, 0, 0, 0);
	check(sys(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0), want, "call %ld(%ld, %ld, %ld): dumpable",
	      nr, a, b, c);
	sys(prctl, PR_GET_PDEATHSIG, &r);
	check(r, want ? SIGHUP : 0, "call %ld: PR_GET_PDEATHSIG", nr);
}

static void change_numbers(void)
{
	uint32_t head[2] = { 0x20080522, 0 }, set[6] = { ~0u, ~0u, 0, 0x1ff, 0x1ff, 0 };

	after_change(SYS_setfsuid, 0, 0, 0, 1);
	after_change(SYS_setfsuid, 5, 0, 0, 0);
	after_change(SYS_setfsuid, 0, 0, 0, 0);
	after_change(SYS_setfsgid, 5, 0, 0, 0);
	after_change(SYS_setfsgid, 0, 0, 0, 0);
	after_change(SYS_setresuid, -1, -1, -1, 1);
	after_change(SYS_setresuid, 5, -1, -1, 1);
	after_change(SYS_setresuid, 0, -1, 5, 1);
	after_change(SYS_setresuid, -1, 5, 0, 0);
	after_change(SYS_setreuid, -1, 0, 0, 0);
	after_change(SYS_setgid, 0, 0, 0, 1);
	after_change(SYS_setgid, 5, 0, 0, 0);
	after_change(SYS_setregid, 0, 5, 0, 1);
	after_change(SYS_setresgid, -1, 0, -1, 0);
	after_change(SYS_setgroups, 0, 0, 0, 1);
	after_change(SYS_capset, (long)head, (long)set, 0, 1);
	set[0] = set[1] = set[3] = set[4] = 0;
	after_change(SYS_capset, (long)head, (long)set, 0, 1);
	after_change(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 1);
}

static void *change_in_thread(void *arg)
{
	sys(setresuid, 5, 5, 5);
	return arg;
}

/* It is the address space's: all threads', and for that of vfork also the parent's. */
static void change_in_another(void)
{
	pthread_t t;

	check(sys(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0), 1, "before");
	pthread_create(&t, NULL, change_in_thread, NULL);
	pthread_join(t, NULL);
	check(sys(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0), 0, "a thread");
	CALL(0, prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
	if (!sys(clone, CLONE_VM | CLONE_VFORK | SIGCHLD, 0, 0, 0, 0)) {
		sys(setresuid, 5, 5, 5);
		sys(exit, 0);
	}
	check(sys(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0), 0, "vfork");
	CALL(0, prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
	if (!sys(clone, CLONE_VM | CLONE_VFORK | SIGCHLD, 0, 0, 0, 0)) {
		execl(SUID, "suid", "show", "0 0 1 1", NULL);
		sys(exit, 1);
	}
	check(sys(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0), 1, "the program of a child of vfork");
}

static void test_dumpable(void)
{
	begin("setfsuid, setfsgid, setresuid, setreuid, setgid, setregid, setresgid, setgroups, "
	      "capset: what is "
	      "dumpable then, and told of a parent's end");
	check_child(change_numbers, 0, "its own");
	check_child(change_in_another, 0, "another's");
	end();
}

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc > 2 && !strcmp(argv[1], "show"))
		return show(argv[2]);
	if (argc > 2 && !strcmp(argv[1], "reads-nothing"))
		return reads_nothing(argv[2]);
	if (argc > 3)
		return victim(argv);
	mount_proc();
	mkdir("/tmp/climb", 0755);
	if (mount("none", "/tmp/climb", "tmpfs", 0, "mode=755"))
		return 1;
	copy_self(SUID, 04755);
	test_shared();
	test_no_more();
	test_proc();
	test_exit_signal();
	test_parent();
	test_dumpable();
	umount("/tmp/climb");
	rmdir("/tmp/climb");
	return tap_done();
}
