/*
 * clone_exec_wait.c - processes come, wait for each other, become other programs and go.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "tests/el0/libc/hostile.h"

static int status;
static siginfo_t info;
static struct rusage ru;
static const char *program;
static char buf[PATH_MAX + 16];

/* A child that ends with @code, and has ended when this returns. */
static pid_t ended(int code)
{
	pid_t pid = fork();

	if (pid == 0)
		sys(exit_group, code);
	waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
	return pid;
}

static void test_wait4(void)
{
	pid_t pid;

	begin("wait4, exit, exit_group: statuses, options, errors, addresses");
	CALL(-ECHILD, wait4, -1, NULL, 0, NULL);
	CALL(-ECHILD, wait4, 1, &status, 0, NULL);
	CALL(-ECHILD, wait4, 0, NULL, WNOHANG, NULL);
	CALL(-EINVAL, wait4, -1, NULL, 0x10, NULL);
	CALL(-ESRCH, wait4, INT_MIN, NULL, 0, NULL);
	pid = ended(300);
	CALL(pid, wait4, pid, &status, 0, &ru);
	check(status, (300 & 0xff) << 8, "only the low byte of exit_group's argument");
	CALL(-ECHILD, wait4, pid, &status, 0, NULL);
	pid = fork();
	if (pid == 0)
		sys(exit, 7);
	CALL(pid, wait4, 0, &status, 0, NULL);
	check(status, 7 << 8, "exit");
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	CALL(0, wait4, pid, &status, WNOHANG, NULL);
	CALL(-ECHILD, wait4, -pid, &status, WNOHANG, NULL);
	kill(pid, SIGSTOP);
	CALL(pid, wait4, pid, &status, WUNTRACED, NULL);
	expect(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP, "WUNTRACED: %#x", status);
	CALL(0, wait4, pid, &status, WNOHANG | WUNTRACED, NULL);
	kill(pid, SIGCONT);
	CALL(pid, wait4, pid, &status, WCONTINUED, NULL);
	expect(WIFCONTINUED(status), "WCONTINUED: %#x", status);
	kill(pid, SIGKILL);
	CALL(pid, wait4, -1, &status, 0, NULL);
	check(status, SIGKILL, "killed");
	for (int i = 0; hostile_pointer(&i, 4, OPT_OUT);) {
		pid = ended(0);
		CALL(-EFAULT, wait4, pid, bad, 0, NULL);
		CALL(-ECHILD, wait4, pid, NULL, 0, NULL); /* it is gone all the same */
	}
	for (int i = 0; hostile_pointer(&i, 144, OPT_OUT);) {
		pid = ended(0);
		CALL(-EFAULT, wait4, pid, NULL, 0, bad);
	}
	end();
}

static void test_waitid(void)
{
	pid_t pid = ended(5);

	begin("waitid: siginfo, WNOWAIT, errors, addresses");
	CALL(-EINVAL, waitid, P_PID, pid, &info, 0, NULL);
	CALL(-EINVAL, waitid, 9, pid, &info, WEXITED, NULL);
	CALL(-EINVAL, waitid, P_PID, 0, &info, WEXITED, NULL);
	CALL(-EINVAL, waitid, P_PID, -1, &info, WEXITED, NULL);
	CALL(-EINVAL, waitid, P_PGID, -1, &info, WEXITED, NULL);
	CALL(-EINVAL, waitid, P_ALL, 0, &info, WEXITED | 0x10, NULL);
	CALL(-ECHILD, waitid, P_PID, 1, &info, WEXITED, NULL);
	memset(&info, 0xff, sizeof(info));
	CALL(0, waitid, P_PID, pid, &info, WEXITED | WNOWAIT, &ru);
	check(info.si_signo, SIGCHLD, "si_signo");
	check(info.si_code, CLD_EXITED, "si_code");
	check(info.si_pid, pid, "si_pid");
	check(info.si_status, 5, "si_status");
	check(info.si_errno, 0, "si_errno");
	CALL(0, waitid, P_ALL, 0, NULL, WEXITED, NULL);
	CALL(-ECHILD, waitid, P_ALL, 0, &info, WEXITED, NULL);
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	CALL(0, waitid, P_PGID, 0, &info, WEXITED | WNOHANG, NULL);
	check(info.si_pid, 0, "none yet");
	kill(pid, SIGKILL);
	CALL(0, waitid, P_PID, pid, &info, WEXITED | WNOWAIT, NULL);
	check(info.si_code, CLD_KILLED, "CLD_KILLED");
	FAULTS(OPT_OUT, 28, waitid, P_PID, pid, bad, WEXITED | WNOWAIT, NULL);
	FAULTS(OPT_OUT, 144, waitid, P_PID, pid, NULL, WEXITED | WNOWAIT, bad);
	CALL(0, waitid, P_PID, pid, &info, WEXITED, NULL);
	end();
}

/* ---- clone ---- */

static int shared;

static int child_thread(void *arg)
{
	*(int *)arg = 1;
	return 3;
}

static void test_clone(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	struct clone_args a = { .exit_signal = SIGCHLD };
	struct {
		struct clone_args a;
		uint64_t more;
	} big = { { .exit_signal = SIGCHLD }, 0 };
	pid_t pid, tid = 0;

	begin("clone, clone3: flags, sizes, addresses");
	CALL(-EINVAL, clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0);
	CALL(-EINVAL, clone, CLONE_THREAD | SIGCHLD, 0, 0, 0, 0);
	CALL(-EINVAL, clone, CLONE_FS | CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0);
	pid = clone(child_thread, stack + sizeof(stack), CLONE_VM | CLONE_FILES | SIGCHLD, &shared);
	CALL(pid, wait4, pid, &status, 0, NULL);
	check(shared * 10 + WEXITSTATUS(status), 13, "CLONE_VM: the child wrote our memory");
	pid = clone(child_thread, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, &shared);
	/* it has let go of our memory before clone returns, but need not be a zombie yet */
	CALL(pid, wait4, pid, &status, 0, NULL);
	pid = (pid_t)sys(clone, CLONE_PARENT_SETTID | SIGCHLD, 0, &tid, 0, 0);
	if (pid == 0)
		_exit(0);
	check(tid, pid, "CLONE_PARENT_SETTID");
	waitpid(pid, NULL, 0);
	pid = (pid_t)sys(clone, 0, 0, 0, 0, 0);
	if (pid == 0)
		_exit(0);
	CALL(-ECHILD, wait4, pid, NULL, 0, NULL); /* it sends no SIGCHLD */
	CALL(pid, wait4, pid, NULL, __WALL, NULL);

	CALL(-EINVAL, clone3, &a, 63);
	CALL(-EINVAL, clone3, &a, 0);
	CALL(-E2BIG, clone3, &a, 4097);
	big.more = 1;
	CALL(-E2BIG, clone3, &big, sizeof(big));
	a.flags = 0xff;
	CALL(-EINVAL, clone3, &a, sizeof(a));
	a.flags = 1ull << 40;
	CALL(-EINVAL, clone3, &a, sizeof(a));
	a.flags = 0;
	a.exit_signal = 65;
	CALL(-EINVAL, clone3, &a, sizeof(a));
	a.exit_signal = SIGCHLD;
	a.stack = (uintptr_t)stack;
	CALL(-EINVAL, clone3, &a, sizeof(a));
	a.stack = 0;
	a.stack_size = 4096;
	CALL(-EINVAL, clone3, &a, sizeof(a));
	a.stack_size = 0;
	FAULTS(IN, 88, clone3, bad, 88);
	a.flags = CLONE_CHILD_SETTID | CLONE_PARENT_SETTID;
	a.child_tid = a.parent_tid = (uintptr_t)&tid;
	big = (typeof(big)){ a, 0 };
	pid = (pid_t)sys(clone3, &big, sizeof(big));
	if (pid == 0)
		_exit(tid != getpid());
	check(tid, pid, "clone3: CLONE_PARENT_SETTID");
	CALL(pid, wait4, pid, &status, 0, NULL);
	check(status, 0, "clone3: CLONE_CHILD_SETTID");
	end();
}

/* ---- exec ---- */

static int made(const char *name, const char *text, size_t n, mode_t mode)
{
	int fd = open(name, O_CREAT | O_RDWR | O_TRUNC, mode);

	fchmod(fd, mode);
	if (write(fd, text, n) != (ssize_t)n)
		expect(false, "write %s", name);
	close(fd);
	return open(name, O_RDONLY);
}

static void run(long ret)
{
	(void)ret;
	_exit(99);
}

static void exec_self(void)
{
	run(sys(execve, program, ((char *[]){ "p", "exec", NULL }), ((char *[]){ "E=1", NULL })));
}

static void exec_fd(void)
{
	int fd = open(program, O_RDONLY);

	run(sys(execveat, fd, "", ((char *[]){ "p", "exec", NULL }), ((char *[]){ "E=1", NULL }),
		AT_EMPTY_PATH));
}

static void exec_script(void)
{
	char text[200];
	int n = snprintf(text, sizeof(text), "#!%s exec\n", program);

	close(made("script", text, (size_t)n, 0755));
	run(sys(execve, "script", ((char *[]){ "p", NULL }), ((char *[]){ "E=1", NULL })));
}

static void exec_as_user(void)
{
	static char *argv[] = { "x", NULL };

	CALL(0, setresuid, 1, 1, 1);
	CALL(-EACCES, execve, "secret", argv, argv);
}

static void exec_errors(int fd)
{
	static char *argv[] = { "x", NULL };
	char *vec[2] = { NULL, NULL }, *huge = malloc(200000);

	memset(buf, 'x', PATH_MAX);
	memset(huge, 'x', 199999);
	huge[199999] = 0;
	CALL(-ENOENT, execve, "none", argv, argv);
	CALL(-ENOENT, execve, "", argv, argv);
	CALL(-ENOTDIR, execve, "text/x", argv, argv);
	CALL(-EACCES, execve, "text", argv, argv);
	CALL(-EACCES, execve, "/tmp", argv, argv);
	CALL(-ENAMETOOLONG, execve, buf, argv, argv);
	CALL(-ENOEXEC, execve, "junk", argv, argv);
	CALL(-ENOEXEC, execve, "empty", argv, argv);
	CALL(-ENOENT, execve, "nointerp", argv, argv);
	CALL(-ELOOP, execve, "selfscript", argv, argv);
	CALL(-EINVAL, execveat, AT_FDCWD, program, argv, argv, 1);
	CALL(-EBADF, execveat, -1, "x", argv, argv, 0);
	CALL(-EBADF, execveat, -1, "", argv, argv, AT_EMPTY_PATH);
	CALL(-ENOENT, execveat, fd, "", argv, argv, 0);
	CALL(-EACCES, execveat, fd, "", argv, argv, AT_EMPTY_PATH);
	CALL(-ENOTDIR, execveat, fd, "x", argv, argv, 0);
	CALL(-ELOOP, execveat, AT_FDCWD, "link", argv, argv, AT_SYMLINK_NOFOLLOW);
	vec[0] = huge;
	CALL(-E2BIG, execve, program, vec, argv);
	CALL(-E2BIG, execve, program, argv, vec);
	memset(hostile_edge(8), 'x', 8);
	for (int i = 0; hostile_pointer(&i, 16, IN);) {
		if (strcmp(bad_name, "a read-only page") == 0)
			continue;
		CALL(-EFAULT, execve, bad, argv, argv);
		if (!bad)
			continue;
		if (strcmp(bad_name, "half of it mapped") != 0) {
			CALL(-EFAULT, execve, program, bad, argv);
			CALL(-EFAULT, execve, program, argv, bad);
		}
		vec[0] = bad;
		CALL(-EFAULT, execve, program, vec, argv);
		CALL(-EFAULT, execveat, AT_FDCWD, program, argv, vec, 0);
	}
	free(huge);
}

static void test_exec(void)
{
	int fd = made("text", "text", 4, 0644);

	begin("execve, execveat: programs, scripts, errors, addresses");
	check(in_child(exec_self), 42 << 8, "itself");
	check(in_child(exec_fd), 42 << 8, "itself, by descriptor");
	check(in_child(exec_script), 42 << 8, "by a script");
	close(made("junk", "\1\2\3\4\5", 5, 0755));
	close(made("empty", "", 0, 0755));
	close(made("secret", "", 0, 0700));
	close(made("nointerp", "#!/none\n", 8, 0755));
	close(made("selfscript", "#!selfscript\n", 13, 0755));
	if (symlink("junk", "link"))
		expect(false, "symlink");
	exec_errors(fd);
	check_child(exec_as_user, 0, "as user 1");
	close(fd);
	static const char *const names[] = { "text",	 "junk",   "empty",	 "secret",
					     "nointerp", "script", "selfscript", "link" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(names[i]);
	end();
}

/* ---- numbers ---- */

static int to_child[2], from_child[2];

static void child_of_session(void)
{
	pid_t me = getpid();

	CALL(me, setsid);
	CALL(me, getsid, 0);
	CALL(me, getpgid, 0);
	CALL(-EPERM, setsid);
	CALL(-EPERM, setpgid, 0, 0);
	CALL(-EPERM, setpgid, 0, getppid());
}

static void test_groups(void)
{
	pid_t pid, other;

	begin("setpgid, getpgid, setsid, getsid: groups and sessions");
	CALL(-EINVAL, setpgid, 0, -1);
	CALL(-ESRCH, setpgid, 1 << 22, 0);
	CALL(-ESRCH, setpgid, getppid(), 0); /* not a child */
	CALL(-ESRCH, getpgid, 1 << 22);
	CALL(-ESRCH, getpgid, -1);
	CALL(-ESRCH, getsid, 1 << 22);
	CALL(getpgrp(), getpgid, getpid());
	check_child(child_of_session, 0, "a session of its own");
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	CALL(0, setpgid, pid, pid);
	CALL(pid, getpgid, pid);
	CALL(-EPERM, setpgid, pid, pid + 1000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	other = fork();
	if (other == 0) {
		execl(program, "p", "wait", NULL);
		_exit(1);
	}
	while (sys(setpgid, other, other) == 0) /* until it has become another program */
		sched_yield();
	CALL(-EACCES, setpgid, other, other);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	end();
}

static void ids_of_child(void)
{
	CALL(getpid(), gettid);
	CALL(getpid(), set_tid_address, &shared);
}

static void orphan(void)
{
	pid_t pid = fork();
	char c;

	if (pid == 0) {
		close(to_child[1]);
		if (read(to_child[0], &c, 1) == 0) /* the parent has gone */
			c = (char)(sys(getppid) == 1);
		if (write(from_child[1], &c, 1) != 1)
			_exit(1);
		_exit(0);
	}
	_exit(0);
}

static void test_numbers(void)
{
	pid_t me = getpid(), child;
	char c = 0;

	begin("getpid, getppid, gettid, set_tid_address, getcpu: who is who");
	CALL(me, getpid);
	CALL(me, gettid);
	child = fork();
	if (child == 0)
		_exit(sys(getppid) != me);
	waitpid(child, &status, 0);
	check(status, 0, "getppid");
	check_child(ids_of_child, 0, "in a child");
	if (pipe(to_child) || pipe(from_child))
		expect(false, "pipe");
	in_child(orphan);
	close(to_child[1]);
	expect(read(from_child[0], &c, 1) == 1 && c == 1, "an orphan's parent is process 1");
	unsigned int cpu = 999, node = 999;

	CALL(0, getcpu, &cpu, &node);
	expect(cpu < 64 && node == 0, "getcpu: %u %u", cpu, node);
	CALL(0, getcpu, NULL, NULL);
	FAULTS(OPT_OUT, 4, getcpu, bad, NULL);
	FAULTS(OPT_OUT, 4, getcpu, NULL, bad);
	end();
}

static void test_robust(void)
{
	uint64_t head[3] = { (uintptr_t)head, 0, 0 }, len = 0;
	void *at = NULL;

	begin("set_robust_list, get_robust_list: sizes, addresses");
	CALL(-EINVAL, set_robust_list, head, 23);
	CALL(-EINVAL, set_robust_list, head, 25);
	CALL(0, set_robust_list, head, 24);
	CALL(0, get_robust_list, 0, &at, &len);
	expect(at == head && len == 24, "as it was set");
	CALL(0, get_robust_list, getpid(), &at, &len);
	CALL(-ESRCH, get_robust_list, 1 << 22, &at, &len);
	FAULTS(OUT, 8, get_robust_list, 0, bad, &len);
	FAULTS(OUT, 8, get_robust_list, 0, &at, bad);
	CALL(0, set_robust_list, NULL, 24);
	end();
}

static int to_thread[2], from_thread[2];

/* Says its number, and is there until it is told to go. */
static void *waits(void *other_user)
{
	pid_t tid = (pid_t)sys(gettid);
	char c;

	if (other_user)
		check(sys(setresuid, 7, 7, 7), 0, "the thread's own user");
	if (write(from_thread[1], &tid, sizeof(tid)) != sizeof(tid) || read(to_thread[0], &c, 1))
		return NULL;
	return other_user;
}

static pid_t start_waiting(pthread_t *thread, void *other_user)
{
	pid_t tid = -1;

	expect(!pipe(to_thread) && !pipe(from_thread), "pipes");
	expect(!pthread_create(thread, NULL, waits, other_user), "a thread");
	check(read(from_thread[0], &tid, sizeof(tid)), (long)sizeof(tid), "its number");
	return tid;
}

static void other_users_thread(void)
{
	struct rlimit l;
	pthread_t thread;
	pid_t tid = start_waiting(&thread, &thread);

	CALL(0, setresgid, 0, 0, 0);
	CALL(0, setresuid, 5, 5, 5);
	CALL(0, prlimit64, 0, RLIMIT_CORE, NULL, &l);
	CALL(0, prlimit64, getpid(), RLIMIT_CORE, NULL, &l);
	CALL(-EPERM, prlimit64, tid, RLIMIT_CORE, NULL, &l);
	CALL(0, kill, tid, 0); /* its own process */
}

static void test_thread_numbers(void)
{
	uint32_t head[2] = { 0x20080522, 0 }, data[6];
	struct rlimit l, was;
	uint64_t len;
	pthread_t thread;
	pid_t tid;
	void *at;

	begin("prlimit64, kill, getpgid, getsid, setpgid, getpriority, capget, get_robust_list, "
	      "sched_getscheduler, pidfd_open, wait4: a thread's number in place of a process's");
	tid = start_waiting(&thread, NULL);
	CALL(0, prlimit64, tid, RLIMIT_CORE, NULL, &was);
	l = (struct rlimit){ 4096, was.rlim_max };
	CALL(0, prlimit64, tid, RLIMIT_CORE, &l, NULL);
	CALL(0, prlimit64, getpid(), RLIMIT_CORE, &was, &l);
	check((long)l.rlim_cur, 4096, "the process's limit");
	CALL(0, kill, tid, 0);
	CALL(getpgid(0), getpgid, tid);
	CALL(getsid(0), getsid, tid);
	CALL(-EINVAL, setpgid, tid, 0);
	CALL(20, getpriority, PRIO_PROCESS, tid);
	CALL(0, sched_getscheduler, tid);
	CALL(0, get_robust_list, tid, &at, &len);
	head[1] = (uint32_t)tid;
	CALL(0, capget, head, data);
	CALL(-EINVAL, pidfd_open, tid, 0);
	CALL(-ECHILD, wait4, tid, NULL, WNOHANG, NULL);
	CALL(-ECHILD, waitid, P_PID, tid, &info, WEXITED, NULL);
	check_child(other_users_thread, 0, "of a thread with another user");
	close(to_thread[1]);
	pthread_join(thread, NULL);
	end();
}

/* ---- PR_SET_PDEATHSIG ---- */

static int ready[2]; /* a byte from each mourner */

static void *asks(void *signo)
{
	int had = 1;

	CALL(0, prctl, PR_GET_PDEATHSIG, &had);
	check(had, 0, "a new thread has none");
	CALL(0, prctl, PR_SET_PDEATHSIG, signo);
	if (write(ready[1], "x", 1) != 1)
		return NULL;
	for (;;)
		pause();
}

static void *asks_and_ends(void *signo)
{
	CALL(0, prctl, PR_SET_PDEATHSIG, signo);
	return NULL;
}

/* The signal that comes next, within a minute; and from whom. */
static int next_signal(pid_t *from)
{
	sigset_t set;
	siginfo_t got = { 0 };
	struct timespec t = { 60, 0 };
	int signo;

	sigfillset(&set);
	signo = (int)sys(rt_sigtimedwait, &set, &got, &t, 8);
	*from = got.si_pid;
	return signo;
}

/*
 * Two of its threads have asked, one of them is there; then a sibling's end and, at last, its
 * process's.
 */
static int mourn(pid_t parent)
{
	pthread_t thread;
	sigset_t set;
	pid_t from;
	int had = 1;

	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	CALL(0, prctl, PR_GET_PDEATHSIG, &had);
	check(had, 0, "not a child's");
	pthread_create(&thread, NULL, asks_and_ends, (void *)SIGUSR2);
	pthread_join(thread, NULL);
	pthread_create(&thread, NULL, asks, (void *)SIGUSR1);
	check(next_signal(&from), SIGUSR1, "the end of the thread that forked");
	check(from, parent, "its process");
	check(getppid(), parent, "is the parent still");
	if (write(ready[1], "y", 1) != 1)
		return 1;
	check(next_signal(&from), SIGUSR1, "the end of who had it then");
	expect(getppid() != parent, "another parent");
	return tap_failures() != 0;
}

static void *forks(void *arg)
{
	pid_t parent = getpid();
	char c;

	sys(prctl, PR_SET_PDEATHSIG, SIGHUP);
	if (fork() == 0)
		_exit(mourn(parent));
	check(read(ready[0], &c, 1), 1, "it has asked");
	return arg;
}

/* A child of ours takes what its grandchild says. */
static void thread_ends(void)
{
	pthread_t thread;
	char c;
	pid_t pid;

	sys(prctl, PR_SET_CHILD_SUBREAPER, 1);
	pid = fork();
	if (pid == 0) {
		pthread_create(&thread, NULL, forks, NULL);
		pthread_join(thread, NULL);
		check(read(ready[0], &c, 1), 1, "it was told");
		_exit(tap_failures() != 0);
	}
	check(waitpid(pid, &status, 0), pid, "the parent");
	check(status, 0, "its status");
	check(waitpid(-1, &status, 0) > 0, 1, "the mourner");
	check(status, 0, "its status");
}

static void test_parents_end(void)
{
	begin("prctl, clone, exit, rt_sigtimedwait: PR_SET_PDEATHSIG is a thread's, and tells of "
	      "one");
	expect(!pipe(ready), "pipe");
	check_child(thread_ends, 0, "a parent with two threads");
	end();
}

int main(int argc, char **argv)
{
	program = argv[0];
	if (argc > 1 && strcmp(argv[1], "exec") == 0)
		return strcmp(getenv("E") ? getenv("E") : "", "1") == 0 ? 42 : 1;
	if (argc > 1)
		for (;;)
			pause();
	test_wait4();
	test_waitid();
	test_clone();
	test_exec();
	test_groups();
	test_numbers();
	test_robust();
	test_thread_numbers();
	test_parents_end();
	return tap_done();
}
