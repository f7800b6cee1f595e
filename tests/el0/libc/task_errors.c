/*
 * task_errors.c - what the calls on processes, signals, futexes, memory and time refuse: of the
 * errors that their manual pages list, those that the programs named after the calls do not come by
 * on their way.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

#include "tests/el0/libc/hostile.h"

#define PAGE 4096l
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static const char *program;
static int status;
static siginfo_t info;
static volatile int came;
static int to_child[2];
static char buf[8];

static void on_signal(int signo)
{
	came = signo;
}

static void handle(int signo, int flags)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = flags };

	sigaction(signo, &sa, NULL);
}

/* SIGALRM in @ms and each 10 ms from then on, whatever it interrupts. */
static void alarms(int ms)
{
	struct itimerval it = { { 0, ms ? 10000 : 0 }, { 0, ms * 1000 } };

	handle(SIGALRM, 0);
	setitimer(ITIMER_REAL, &it, NULL);
}

/* ---- processes ---- */

/* A call that makes a child must not: if it does, the child ends at once. */
static long no_child(long ret)
{
	if (ret == 0)
		_exit(0);
	return ret;
}

static void clone_as_user(void)
{
	static const unsigned int spaces[] = { CLONE_NEWNS,  CLONE_NEWUTS, CLONE_NEWIPC,
					       CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWCGROUP };
	pid_t one = 1;
	struct clone_args a = { .exit_signal = SIGCHLD,
				.set_tid = (uintptr_t)&one,
				.set_tid_size = 1 };

	CALL(0, setresuid, 1, 1, 1);
	for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++)
		check(no_child(sys(clone, spaces[i] | SIGCHLD, 0, 0, 0, 0)), -EPERM, "clone: %#x",
		      spaces[i]);
	check(no_child(sys(clone3, &a, sizeof(a))), -EPERM, "clone3: set_tid");
}

static void test_clone(void)
{
	static const unsigned int wrong[] = {
		CLONE_SIGHAND,
		CLONE_THREAD | CLONE_VM,
		CLONE_FS | CLONE_NEWNS,
		CLONE_FS | CLONE_NEWUSER,
		CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_NEWPID,
		CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_NEWUSER,
		CLONE_NEWIPC | CLONE_SYSVSEM,
		CLONE_PIDFD | CLONE_DETACHED,
		CLONE_PIDFD | CLONE_PARENT_SETTID,
	};
	static const struct {
		struct clone_args a;
		const char *what;
	} wrong3[] = {
		{ { .flags = CLONE_DETACHED }, "CLONE_DETACHED" },
		{ { .flags = CLONE_SIGHAND | CLONE_VM | CLONE_CLEAR_SIGHAND },
		  "both of the handlers" },
		{ { .flags = CLONE_PARENT, .exit_signal = SIGCHLD }, "CLONE_PARENT and a signal" },
		{ { .flags = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, .exit_signal = SIGCHLD },
		  "CLONE_THREAD and a signal" },
		{ { .exit_signal = 0x100 | SIGCHLD }, "a signal of nine bits" },
		{ { .set_tid = 8 }, "set_tid without a size" },
		{ { .set_tid_size = 1 }, "a size without set_tid" },
		{ { .set_tid = 8, .set_tid_size = 33 }, "too many set_tid" },
		{ { .stack = 0xffff000000000000, .stack_size = 4096 }, "the kernel's stack" },
		{ { .stack = 4096, .stack_size = 1ull << 60 }, "a stack that never ends" },
	};
	int fd = -1;

	begin("clone, clone3: combinations of flags, what only root may");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		check(no_child(sys(clone, wrong[i] | SIGCHLD, 0, &fd, 0, 0)), -EINVAL, "clone: %#x",
		      wrong[i]);
	for (size_t i = 0; i < sizeof(wrong3) / sizeof(wrong3[0]); i++)
		check(no_child(sys(clone3, &wrong3[i].a, sizeof(wrong3[i].a))), -EINVAL,
		      "clone3: %s", wrong3[i].what);
	for (int i = 0; hostile_pointer(&i, 4, OUT);)
		check(no_child(sys(clone, CLONE_PIDFD | SIGCHLD, 0, bad, 0, 0)), -EFAULT,
		      "clone: CLONE_PIDFD with %s", bad_name);
	check_child(clone_as_user, 0, "as user 1");
	end();
}

static void test_wait(void)
{
	pid_t pid = sleeper();

	begin("wait4, waitid: a signal");
	alarms(10);
	CALL(-EINTR, wait4, pid, NULL, 0, NULL);
	CALL(-EINTR, waitid, P_PID, pid, &info, WEXITED, NULL);
	CALL(-EINTR, waitid, P_ALL, 0, NULL, WSTOPPED | WCONTINUED, NULL);
	alarms(0);
	bury(pid);
	end();
}

static void write_file(const char *name, const void *text, size_t n, mode_t mode)
{
	int fd = open(name, O_CREAT | O_RDWR | O_TRUNC, mode);

	expect(write(fd, text, n) == (ssize_t)n && !fchmod(fd, mode), "%s", name);
	close(fd);
}

static void exec_as_user(void)
{
	static char *argv[] = { (char *)"x", NULL };

	CALL(0, setresuid, 1, 1, 1);
	CALL(-EACCES, execve, "closed/true", argv, argv);
	CALL(-ENOENT, execve, "unread", argv, argv); /* the kernel may read what its user may not */
}

/* setuid() succeeds with more processes than the user may have; but no program is begun then. */
static void over_limit(void)
{
	struct rlimit none = { 0, 0 };
	char *argv[] = { (char *)"p", (char *)"exec", NULL };
	pid_t pid = fork();

	if (pid == 0) {
		CALL(0, setresuid, 77, 77, 77);
		if (write(to_child[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	expect(read(to_child[0], buf, 1) == 1, "read");
	CALL(0, setrlimit, RLIMIT_NPROC, &none);
	CALL(0, setuid, 77);
	CALL(-EAGAIN, execve, program, argv, argv);
	check(no_child(sys(clone, SIGCHLD, 0, 0, 0, 0)), -EAGAIN, "clone");
	bury(pid);
}

static void test_exec(void)
{
	static char *argv[] = { (char *)"x", NULL };
	static char long_line[300] = "#!/", many[2000];
	unsigned char elf[64] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };

	begin("execve, execveat: files that are no programs, rights, limits");
	memset(long_line + 3, 'x', 290);
	write_file("long", long_line, 295, 0755);
	write_file("blank", "#!  \n", 5, 0755);
	write_file("dirinterp", "#!/tmp\n", 7, 0755);
	write_file("unread", "#!/none\n", 8, 0711);
	write_file("elf", elf, 30, 0755);
	mkdir("closed", 0700);
	write_file("closed/true", "#!/none\n", 8, 0755);
	CALL(-ENOEXEC, execve, "long", argv, argv);
	CALL(-ENOEXEC, execve, "blank", argv, argv);
	CALL(-EACCES, execve, "dirinterp", argv, argv);
	CALL(-ENOEXEC, execve, "elf", argv, argv); /* it ends in its header */
	elf[16] = 2;
	elf[18] = 62; /* x86-64 */
	write_file("elf", elf, 64, 0755);
	CALL(-ENOEXEC, execve, "elf", argv, argv);
	elf[18] = 183;
	elf[54] = 56; /* of a program header; there are none */
	write_file("elf", elf, 64, 0755);
	CALL(-ENOEXEC, execve, "elf", argv, argv);
	memset(many, '/', sizeof(many) - 1);
	CALL(-EACCES, execve, "/dev/null", argv, argv);
	CALL(-EACCES, execveat, AT_FDCWD, "closed", argv, argv, 0);
	CALL(-EINVAL, execveat, AT_FDCWD, program, argv, argv, 0x40000000);
	CALL(-EFAULT, execveat, AT_FDCWD, NULL, argv, argv, AT_EMPTY_PATH);
	check_child(exec_as_user, 0, "as user 1");
	check_child(over_limit, 0, "RLIMIT_NPROC");
	mkdir("noexec", 0755);
	CALL(0, mount, "none", "noexec", "tmpfs", MS_NOEXEC, NULL);
	write_file("noexec/x", "#!/none\n", 8, 0755);
	CALL(-EACCES, execve, "noexec/x", argv, argv);
	CALL(0, umount2, "noexec", 0);
	rmdir("noexec");
	unlink("closed/true");
	rmdir("closed");
	unlink("long");
	unlink("blank");
	unlink("dirinterp");
	unlink("unread");
	unlink("elf");
	end();
}

static void other_session(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		if (write(to_child[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	expect(read(to_child[0], buf, 1) == 1, "read");
	CALL(-EPERM, setpgid, pid, 0);		  /* it leads a session */
	CALL(-EPERM, setpgid, 0, pid);		  /* a group of another session */
	CALL(-EPERM, setpgid, 0, getpid() + 500); /* no such group */
	bury(pid);
}

static void test_groups(void)
{
	begin("setpgid, setsid: sessions that are another's");
	check_child(other_session, 0, "a child's");
	end();
}

/* ---- limits ---- */

struct limit {
	uint64_t cur, max;
};

static pid_t victim;

static void limit_as_user(void)
{
	struct limit l;

	CALL(0, prlimit64, victim, RLIMIT_STACK, NULL, &l);
	CALL(0, setresuid, 5, 5, 5);
	CALL(-EPERM, prlimit64, victim, RLIMIT_STACK, NULL, &l);
	CALL(-EPERM, prlimit64, victim, RLIMIT_STACK, &l, NULL);
	CALL(-EPERM, prlimit64, 1, RLIMIT_STACK, NULL, &l);
	CALL(0, prlimit64, 0, RLIMIT_STACK, NULL, &l);
	l.cur = l.max = 1 << 20;
	CALL(0, prlimit64, 0, RLIMIT_STACK, &l, NULL);
	l.max++;
	CALL(-EPERM, setrlimit, RLIMIT_STACK, &l);
	CALL(-EPERM, prlimit64, 0, RLIMIT_STACK, &l, NULL);
}

static volatile int stop_here;

/*
 * Goes down its stack as far as its own limit lets it, once it is told that somebody has set that.
 */
__attribute__((noinline)) static void deep(size_t n)
{
	volatile char here[4096];

	here[0] = 1;
	if (n > sizeof(here))
		deep(n - sizeof(here));
	here[1] = here[0];
}

static void test_stack_limit(void)
{
	struct limit l, was = { 0, 0 };
	int go[2];
	char c = 0;

	begin("prlimit64: another's RLIMIT_STACK, and whose one may ask for");
	expect(!pipe(go), "pipe");
	victim = fork();
	if (victim == 0) {
		if (read(go[0], &c, 1) == 1)
			deep(c == 'l' ? 16 << 20 : 1 << 20);
		_exit(7);
	}
	CALL(0, prlimit64, victim, RLIMIT_STACK, NULL, &was);
	l = (struct limit){ 32 << 20, was.max };
	CALL(0, prlimit64, victim, RLIMIT_STACK, &l, NULL);
	check_child(limit_as_user, 0, "as user 5");
	expect(write(go[1], "l", 1) == 1, "write");
	waitpid(victim, &status, 0);
	check(status, 7 << 8, "it may go deeper than we");
	victim = fork();
	if (victim == 0) {
		if (read(go[0], &c, 1) == 1)
			deep(1 << 20);
		_exit(7);
	}
	l = (struct limit){ 256 << 10, was.max };
	CALL(0, prlimit64, victim, RLIMIT_STACK, &l, NULL);
	expect(write(go[1], "s", 1) == 1, "write");
	waitpid(victim, &status, 0);
	check(status, SIGSEGV, "nor as deep");
	victim = sleeper();
	bury(victim);
	CALL(-ESRCH, prlimit64, victim, RLIMIT_STACK, NULL, &l);
	close(go[0]);
	close(go[1]);
	end();
}

/* ---- signals ---- */

static void queue_limit(void)
{
	struct limit two = { 2, 2 };
	union sigval v = { 0 };
	uint64_t rt = 1ull << 39;

	memset(&info, 0, sizeof(info));
	info.si_code = SI_QUEUE;
	CALL(0, setresuid, 91, 91, 91);
	CALL(0, setrlimit, RLIMIT_SIGPENDING, &two);
	CALL(0, rt_sigprocmask, SIG_BLOCK, &rt, NULL, 8);
	CALL(0, rt_sigqueueinfo, getpid(), 40, &info);
	CALL(0, rt_tgsigqueueinfo, getpid(), getpid(), 40, &info);
	CALL(-EAGAIN, rt_sigqueueinfo, getpid(), 40, &info);
	CALL(-EAGAIN, rt_tgsigqueueinfo, getpid(), getpid(), 40, &info);
	CALL(-EAGAIN, tgkill, getpid(), getpid(), 40);
	CALL(-EAGAIN, tkill, getpid(), 40);
	CALL(0, kill, getpid(), 40); /* comes without its siginfo */
	CALL(-EPERM, rt_sigqueueinfo, 1, SIGUSR1, &info);
	CALL(-EPERM, rt_tgsigqueueinfo, 1, 1, SIGUSR1, &info);
	(void)v;
}

static char stack[65536];

static void on_stack(int signo)
{
	stack_t ss = { .ss_sp = stack, .ss_size = 32768 }, off = { .ss_flags = SS_DISABLE };

	CALL(-EPERM, sigaltstack, &ss, NULL);
	CALL(-EPERM, sigaltstack, &off, NULL);
	CALL(0, sigaltstack, NULL, &ss);
	check(ss.ss_flags, SS_ONSTACK, "SS_ONSTACK");
	came = signo;
}

static void test_signals(void)
{
	struct sigaction sa = { .sa_handler = on_stack, .sa_flags = SA_ONSTACK };
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	uint64_t none = 0, set = 1ull << (SIGUSR2 - 1);
	struct {
		uint64_t handler, flags, mask;
	} act = { 0, 0, 0 };

	begin("rt_sigaction, rt_sigqueueinfo, rt_tgsigqueueinfo, sigaltstack, rt_sigtimedwait, "
	      "rt_sigsuspend: addresses, limits, signals");
	FAULTS(OPT_IN, 24, rt_sigaction, SIGUSR1, bad, NULL, 8);
	FAULTS(OPT_OUT, 24, rt_sigaction, SIGUSR1, NULL, bad, 8);
	CALL(-EINVAL, rt_sigaction, SIGKILL, &act, NULL, 8);
	CALL(-EINVAL, rt_sigaction, SIGSTOP, &act, NULL, 8);
	CALL(-EINVAL, rt_sigaction, 0, NULL, NULL, 8);
	CALL(-EINVAL, rt_sigaction, 65, NULL, NULL, 8);
	CALL(-EINVAL, rt_sigaction, SIGUSR1, NULL, NULL, 16);
	check_child(queue_limit, 0, "RLIMIT_SIGPENDING");
	CALL(0, sigaltstack, &ss, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	came = 0;
	raise(SIGUSR1);
	check(came, SIGUSR1, "a handler on it");
	ss.ss_flags = SS_DISABLE;
	CALL(0, sigaltstack, &ss, NULL);
	alarms(10);
	CALL(-EINTR, rt_sigtimedwait, &set, &info, NULL, 8);
	CALL(-EINTR, rt_sigsuspend, &none, 8);
	alarms(0);
	signal(SIGUSR1, SIG_DFL);
	CALL(-EINTR, restart_syscall);
	end();
}

/* ---- futex ---- */

#define OP(op, oparg, cmp, cmparg)                                                \
	((uint32_t)(op) << 28 | (uint32_t)(cmp) << 24 | (uint32_t)(oparg) << 12 | \
	 (uint32_t)(cmparg))

/* A word at a bad address; one that is not aligned is another error. */
#define FUTEX_FAULTS(kind, ...)                                                               \
	for (int i_ = 0; hostile_pointer(&i_, 4, kind);)                                      \
		if (!((uintptr_t)bad & 3))                                                    \
	check(sys_number(SYS_futex, __VA_ARGS__), -EFAULT, "futex(%s) with %s", #__VA_ARGS__, \
	      bad_name)

static void test_futex(void)
{
	static uint32_t word[2] = { 7, 8 };
	static const struct timespec soon = { 0, 1000000 }, wrong = { 0, 1000000000 },
				     negative = { -1, 0 };
	static const int waits[] = { FUTEX_WAIT, FUTEX_WAIT_BITSET },
			 twos[] = { FUTEX_REQUEUE, FUTEX_CMP_REQUEUE };
	char *odd = (char *)word + 2;

	begin("futex, set_robust_list, get_robust_list: each operation's errors, addresses");
	for (int i = 0; i < 2; i++) {
		int op = waits[i];

		CALL(-EAGAIN, futex, word, op, 6, &soon, NULL, -1);
		CALL(-EINVAL, futex, word, op, 7, &wrong, NULL, -1);
		CALL(-EINVAL, futex, word, op, 7, &negative, NULL, -1);
		CALL(-EINVAL, futex, odd, op, 7, &soon, NULL, -1);
		CALL(-EINVAL, futex, odd, op | FUTEX_PRIVATE_FLAG, 7, &soon, NULL, -1);
		FUTEX_FAULTS(IN, bad, op, 7, &soon, NULL, -1);
		FUTEX_FAULTS(IN, bad, op | FUTEX_PRIVATE_FLAG, 7, &soon, NULL, -1);
		FAULTS(OPT_IN, 16, futex, word, op, 7, bad, NULL, -1);
		alarms(10);
		CALL(-EINTR, futex, word, op, 7, NULL, NULL, -1);
		alarms(0);
	}
	CALL(-EINVAL, futex, word, FUTEX_WAIT_BITSET, 7, &soon, NULL, 0);
	CALL(-ETIMEDOUT, futex, word, FUTEX_WAIT, 7, &soon);
	CALL(-ETIMEDOUT, futex, word, FUTEX_WAIT_BITSET, 7, &soon, NULL, -1);
	CALL(-ETIMEDOUT, futex, word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 7, &soon, NULL, -1);
	CALL(-ENOSYS, futex, word, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, 7, &soon);
	CALL(-EINVAL, futex, word, FUTEX_WAKE_BITSET, 1, NULL, NULL, 0);
	CALL(0, futex, word, FUTEX_WAKE_BITSET, 1, NULL, NULL, 1);
	CALL(-EINVAL, futex, odd, FUTEX_WAKE, 1);
	CALL(-EINVAL, futex, odd, FUTEX_WAKE_BITSET, 1, NULL, NULL, 1);
	FUTEX_FAULTS(IN, bad, FUTEX_WAKE, 1); /* private ones are not looked at */
	CALL(-EFAULT, futex, 0xffff000000000000, FUTEX_WAKE_PRIVATE, 1);
	for (int i = 0; i < 2; i++) {
		CALL(-EINVAL, futex, word, twos[i], -1, 0, &word[1], 7);
		CALL(-EINVAL, futex, word, twos[i], 0, -1, &word[1], 7);
		CALL(-EINVAL, futex, odd, twos[i], 1, 1, &word[1], 7);
		CALL(-EINVAL, futex, word, twos[i], 1, 1, odd, 7);
		CALL(0, futex, word, twos[i], 1, 1, &word[1], 7);
		FUTEX_FAULTS(IN, bad, twos[i], 1, 1, &word[1], 7);
		FUTEX_FAULTS(IN, word, twos[i], 1, 1, bad, 7);
	}
	CALL(-EAGAIN, futex, word, FUTEX_CMP_REQUEUE, 1, 1, &word[1], 6);
	CALL(0, futex, word, FUTEX_WAKE_OP, 1, 1, &word[1],
	     OP(FUTEX_OP_ADD, 1, FUTEX_OP_CMP_EQ, 8));
	check(word[1], 9, "FUTEX_OP_ADD");
	CALL(0, futex, word, FUTEX_WAKE_OP, 1, 1, &word[1],
	     OP(FUTEX_OP_SET, 8, FUTEX_OP_CMP_GE, 0));
	check(word[1], 8, "FUTEX_OP_SET");
	CALL(-ENOSYS, futex, word, FUTEX_WAKE_OP, 1, 1, &word[1], OP(5, 1, FUTEX_OP_CMP_EQ, 8));
	CALL(-ENOSYS, futex, word, FUTEX_WAKE_OP, 1, 1, &word[1], OP(FUTEX_OP_SET, 8, 6, 8));
	CALL(-EINVAL, futex, odd, FUTEX_WAKE_OP, 1, 1, &word[1], 0);
	CALL(-EINVAL, futex, word, FUTEX_WAKE_OP, 1, 1, odd, 0);
	FUTEX_FAULTS(OUT, word, FUTEX_WAKE_OP, 1, 1, bad, 0);
	CALL(-ENOSYS, futex, word, 2, 1); /* FUTEX_FD, which was */
	CALL(-ENOSYS, futex, word, 14, 1);
	CALL(-ENOSYS, futex, word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 1);
	CALL(-ENOSYS, futex, word, FUTEX_REQUEUE | FUTEX_CLOCK_REALTIME, 1, 1, &word[1]);
	CALL(-EINVAL, set_robust_list, NULL, 0);
	CALL(-ESRCH, get_robust_list, NOBODY, &word, &word);
	CALL(-ESRCH, get_robust_list, -1, &word, &word);
	end();
}

/* ---- memory ---- */

static void locked_mremap(void)
{
	struct limit four = { 4 * PAGE, 4 * PAGE };
	char *p = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);

	CALL(0, setrlimit, RLIMIT_MEMLOCK, &four);
	CALL(0, setresuid, 92, 92, 92);
	CALL(0, mlock, p, 4 * PAGE);
	CALL(-EAGAIN, mremap, p, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE, 0);
	CALL(-ENOMEM, mlock2, p, 64 * PAGE, 0);
	CALL(-EPERM, mmap, 0, PAGE, PROT_READ, MAP_FIXED | ANON, -1, 0);
}

static void test_memory(void)
{
	int dir = open("/", O_RDONLY), null = open("/dev/null", O_RDWR), wo, fd, pipes[2];
	char *p = mmap(NULL, 16 * PAGE, RW, ANON, -1, 0), *s, *high = (char *)(1l << 52) - PAGE;
	unsigned char vec[4];

	begin("mmap, munmap, mprotect, mremap, madvise, msync, mlock, mlock2, mincore: files, "
	      "locks, "
	      "ranges");
	munmap(p + 4 * PAGE, 4 * PAGE);
	write_file("mapped", "x", 1, 0600);
	wo = open("mapped", O_WRONLY);
	fd = open("mapped", O_RDWR);
	expect(!pipe(pipes), "pipe");
	CALL(-EACCES, mmap, 0, PAGE, PROT_READ, MAP_SHARED, wo, 0);
	CALL(-EACCES, mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, wo, 0);
	CALL(-ENODEV, mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, dir, 0);
	CALL(-ENODEV, mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, pipes[0], 0);
	CALL(-ENODEV, mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, null, 0);
	CALL(-EBADF, mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, 1000, 0);
	CALL(-EINVAL, mmap, 0, 0, PROT_READ, MAP_PRIVATE, fd, 0);
	CALL(-EINVAL, mmap, 0, PAGE, PROT_READ, 0, fd, 0);
	CALL(-EINVAL, mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, fd, 5);
	CALL(-EINVAL, mmap, 0, PAGE, PROT_READ, MAP_PRIVATE | MAP_HUGETLB, fd, 0);
	CALL(-EOPNOTSUPP, mmap, 0, PAGE, PROT_READ, MAP_SHARED_VALIDATE | 0x80000 /* MAP_SYNC */,
	     fd, 0);
	CALL(-ENOMEM, mmap, high, 2 * PAGE, PROT_READ, MAP_FIXED | ANON, -1, 0);
	CALL(-EEXIST, mmap, p, PAGE, RW, ANON | 0x100000, -1, 0);
	CALL(-EINVAL, mprotect, p, PAGE,
	     PROT_READ | 0x1000000 | 0x2000000); /* GROWSDOWN and GROWSUP */
	CALL(-ENOMEM, mprotect, high, 2 * PAGE, PROT_READ);
	CALL(-EINVAL, mremap, p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + 5);
	CALL(-EINVAL, mremap, p, PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, high);
	CALL(-EFAULT, mremap, p + 3 * PAGE, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE, 0);
	CALL(-EINVAL, mremap, p, PAGE, -1, MREMAP_MAYMOVE, 0);
	check_child(locked_mremap, 0, "as a user");
	s = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	CALL(0, mlock, s, PAGE);
	CALL(-EBUSY, msync, s, PAGE, MS_INVALIDATE);
	CALL(0, munlock, s, PAGE);
	CALL(0, msync, s, PAGE, MS_INVALIDATE);
	CALL(0, munmap, s, PAGE);
	CALL(-EINVAL, munlock, p, -PAGE);
	CALL(-ENOMEM, munlock, high, 2 * PAGE);
	CALL(-ENOMEM, mlock2, high, 2 * PAGE, 0);
	CALL(-EINVAL, mlock2, p, PAGE, 0x80);
	CALL(-EINVAL, madvise, p, PAGE, 9999);
	CALL(-ENOMEM, madvise, high, 2 * PAGE, MADV_WILLNEED);
	for (int i = 0; hostile_pointer(&i, 4, OUT);)
		CALL(-EFAULT, mincore, p, 4 * PAGE, bad);
	CALL(-ENOMEM, mincore, p, -1, vec);
	munmap(p, 16 * PAGE);
	close(dir);
	close(null);
	close(wo);
	close(fd);
	close(pipes[0]);
	close(pipes[1]);
	unlink("mapped");
	end();
}

/* ---- time ---- */

static void test_time(void)
{
	static const clockid_t none[] = { 10, 12, 99, -1 };
	struct timespec ts, longer = { 100, 0 };
	struct timeval tv = { 1, 0 };
	struct timezone tz = { 15 * 60 + 1, 0 };

	begin("clock_gettime, clock_getres, clock_nanosleep, clock_settime, gettimeofday, "
	      "settimeofday, "
	      "timer_create, times: addresses, signals, clocks");
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		CALL(-EINVAL, clock_gettime, none[i], &ts);
		CALL(-EINVAL, clock_getres, none[i], &ts);
		CALL(-EINVAL, clock_settime, none[i], ((struct timespec[]){ { 1, 0 } }));
	}
	FAULTS(OUT, 16, clock_gettime, CLOCK_MONOTONIC, bad);
	FAULTS(OUT, 16, clock_gettime, CLOCK_THREAD_CPUTIME_ID, bad);
	FAULTS(OPT_OUT, 16, clock_getres, CLOCK_MONOTONIC, bad);
	CALL(0, clock_getres, CLOCK_MONOTONIC, NULL);
	FAULTS(IN, 16, clock_nanosleep, CLOCK_MONOTONIC, 0, bad, NULL);
	FAULTS(IN, 16, clock_settime, CLOCK_REALTIME, bad);
	CALL(-EINVAL, clock_nanosleep, CLOCK_MONOTONIC, 0, ((struct timespec[]){ { -1, 0 } }),
	     NULL);
	alarms(10);
	CALL(-EINTR, clock_nanosleep, CLOCK_MONOTONIC, 0, &longer, &ts);
	expect(ts.tv_sec >= 50 && ts.tv_sec < 100, "what is left");
	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += 100;
	CALL(-EINTR, clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &ts,
	     8); /* nothing is left to tell */
	FAULTS(OPT_OUT, 16, clock_nanosleep, CLOCK_MONOTONIC, 0, &longer, bad);
	alarms(0);
	FAULTS(OPT_OUT, 16, gettimeofday, bad, NULL);
	FAULTS(OPT_OUT, 8, gettimeofday, NULL, bad);
	FAULTS(OPT_IN, 16, settimeofday, bad, NULL);
	FAULTS(OPT_IN, 8, settimeofday, NULL, bad);
	CALL(-EINVAL, settimeofday, NULL, &tz);
	tv.tv_sec = -1;
	CALL(-EINVAL, settimeofday, &tv, NULL);
	FAULTS(OPT_IN, 32, timer_settime, 0, 0, bad, NULL);
	end();
}

/* ---- the machine ---- */

static void syslog_as_user(void)
{
	/* All of them, for the log is restricted: other users' registers are in it. */
	static const int only_root[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };

	CALL(0, setresuid, 94, 94, 94);
	for (size_t i = 0; i < sizeof(only_root) / sizeof(only_root[0]); i++)
		check(sys(syslog, only_root[i], stack, 1), -EPERM, "syslog %d", only_root[i]);
	CALL(-EPERM, openat, AT_FDCWD, "kmsg", O_RDONLY);
	CALL(-EPERM, openat, AT_FDCWD, "kmsg", O_RDWR);
	CALL(-EACCES, openat, AT_FDCWD, "/proc/sys/kernel/dmesg_restrict", O_WRONLY);
	CALL(-EPERM, reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_CAD_ON,
	     NULL);
}

static void unrestricted(void)
{
	CALL(0, setresuid, 94, 94, 94);
	expect(sys(syslog, 10, NULL, 0) > 0, "the size of the log");
	expect(sys(syslog, 3, stack, 10) >= 0, "all of the log");
	CALL(-EPERM, syslog, 4, stack, 1);
	CALL(-EPERM, syslog, 9, NULL, 0);
}

static void write_restrict(void)
{
	int fd = open("/proc/sys/kernel/dmesg_restrict", O_WRONLY);
	uint32_t head[2] = { 0x20080522, 0 }, set[6] = { 0 };

	CALL(-EINVAL, write, fd, "2", 1);
	CALL(-EINVAL, write, fd, "x", 1);
	CALL(0, capset, head, set);
	CALL(-EPERM, write, fd, "0", 1);
}

/* kernel.dmesg_restrict: on at first. */
static void test_restrict(void)
{
	char c = 0;
	int fd;

	mount_proc();
	mknod("kmsg", S_IFCHR | 0666, 1 << 8 | 11);
	chmod("kmsg", 0666);
	check_child(syslog_as_user, 0, "as a user");
	check_child(write_restrict, 0, "setting it");
	fd = open("/proc/sys/kernel/dmesg_restrict", O_RDWR);
	expect(read(fd, &c, 1) == 1 && c == '1', "it is on");
	CALL(2, pwrite64, fd, "0\n", 2, 0);
	check_child(unrestricted, 0, "as a user, unrestricted");
	CALL(2, pwrite64, fd, "1\n", 2, 0);
	close(fd);
	unlink("kmsg");
}

static void test_machine(void)
{
	begin("syslog, reboot: values, addresses");
	CALL(-EINVAL, syslog, 11, NULL, 0);
	CALL(-EINVAL, syslog, -1, NULL, 0);
	for (int type = 2; type <= 4; type++) {
		CALL(-EINVAL, syslog, type, NULL, 10);
		CALL(-EINVAL, syslog, type, stack, -1);
		CALL(0, syslog, type, stack, 0);
	}
	for (int i = 0; hostile_pointer(&i, 1, OPT_OUT);)
		CALL(-EFAULT, syslog, 3, bad, 4096);
	CALL(-EINVAL, syslog, 8, NULL, 0);
	CALL(-EINVAL, syslog, 8, NULL, 9);
	expect(sys(syslog, 10, NULL, 0) > 0, "the size of the log");
	expect(sys(syslog, 9, NULL, 0) >= 0, "what is unread");
	test_restrict();
	CALL(-EINVAL, reboot, 0, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_RESTART, NULL);
	CALL(-EINVAL, reboot, LINUX_REBOOT_MAGIC1, 0, LINUX_REBOOT_CMD_RESTART, NULL);
	CALL(-EINVAL, reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, 0x12345, NULL);
	for (int i = 0; hostile_pointer(&i, 1, IN);)
		if (strcmp(bad_name, "a read-only page") && strcmp(bad_name, "half of it mapped"))
			CALL(-EFAULT, reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
			     LINUX_REBOOT_CMD_RESTART2, bad);
	CALL(0, reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_CAD_OFF, NULL);
	end();
}

int main(int argc, char **argv)
{
	if (argc > 1) /* as over_limit() began it */
		return 3;
	program = argv[0];
	if (pipe(to_child))
		return 1;
	hostile_edge(0);
	test_clone();
	test_wait();
	test_exec();
	test_groups();
	test_stack_limit();
	test_signals();
	test_futex();
	test_memory();
	test_time();
	test_machine();
	return tap_done();
}
