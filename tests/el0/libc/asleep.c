/*
 * asleep.c - /proc/PID/syscall, stack and wchan: what they say of a task that sleeps, runs, has
 * stopped or ended; who may read them; and that they can be read whatever the task does meanwhile.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/el0/libc/calls.h"

#define USER 1000
#define SUID "/tmp/asleep_suid" /* root's, mode 4755: this program, which sleeps there */

static const char *self;
static char text[8192];

/* The file @name of @pid in text, terminated; its length or -errno. */
static long slurp(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return read_text(path, text, sizeof(text));
}

/* Until syscall of @pid begins with @start: it may not have come so far yet. */
static bool wait_for(pid_t pid, const char *start)
{
	for (int i = 0; i < 20000; i++) {
		if (slurp(pid, "syscall") > 0 && !strncmp(text, start, strlen(start)))
			return true;
		usleep(1000);
	}
	return expect(false, "syscall never began with %s, it is %s", start, text);
}

/* ---- what they say ---- */

static int never[2]; /* a pipe into which nobody writes */

/* x29 as it is told while it sleeps in read(never[0], buf, 17) with 1, 2, 3 behind. */
static __attribute__((noinline)) void read_with(uint64_t x29, char *buf)
{
	__asm__ volatile("mov	x9, x29\n"
			 "	str	x9, [sp, #-16]!\n"
			 "	mov	x0, %0\n"
			 "	mov	x1, %1\n"
			 "	mov	x2, #17\n"
			 "	mov	x3, #1\n"
			 "	mov	x4, #2\n"
			 "	mov	x5, #3\n"
			 "	mov	x8, #63\n"
			 "	mov	x29, %2\n"
			 "	svc	#0\n"
			 "	ldr	x29, [sp], #16" ::"r"((uint64_t)never[0]),
			 "r"(buf), "r"(x29)
			 : "x0", "x1", "x2", "x3", "x4", "x5", "x8", "x9", "memory");
}

static pid_t start_reader(uint64_t x29, char *buf)
{
	pid_t pid = fork();

	if (pid == 0) {
		read_with(x29, buf);
		_exit(1);
	}
	return pid;
}

static void test_syscall(void)
{
	unsigned long v[8];
	char want[128], buf[32];
	siginfo_t info;
	pid_t pid;
	int nr;

	begin("/proc/PID/syscall");
	pid = start_reader(0, buf);
	snprintf(want, sizeof(want), "63 0x%x 0x%lx 0x11 0x1 0x2 0x3 0x", never[0], (long)buf);
	if (wait_for(pid, want)) {
		check(sscanf(text, "%d %lx %lx %lx %lx %lx %lx %lx %lx\n", &nr, v, v + 1, v + 2,
			     v + 3, v + 4, v + 5, v + 6, v + 7),
		      9, "fields in %s", text);
		expect(v[6] > (unsigned long)buf - (1 << 20) && v[6] < (unsigned long)buf + 4096,
		       "SP: %s", text);
		expect(v[7] - (unsigned long)read_with < 256, "PC: %s", text);
		expect(text[strlen(text) - 1] == '\n', "a line");
	}
	kill(pid, SIGSTOP);
	if (wait_for(pid, "-1 0x"))
		check(sscanf(text, "-1 0x%lx 0x%lx\n", v, v + 1), 2, "stopped: %s", text);
	kill(pid, SIGCONT);
	wait_for(pid, want);
	kill(pid, SIGKILL);
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	slurp(pid, "syscall");
	expect(!strcmp(text, "-1 0x0 0x0\n"), "a zombie: %s", text);
	check(slurp(pid, "stack"), 0, "and its stack");
	check(slurp(pid, "wchan"), 1, "and wchan");
	expect(text[0] == '0', "%s", text);
	bury(pid);
	expect(slurp(getpid(), "syscall") > 0 && !strncmp(text, "63 0x", 5), "oneself: %s", text);
	end();
}

static void test_running(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			__asm__ volatile("");
	begin("of a task that runs");
	if (wait_for(pid, "running\n")) {
		check(slurp(pid, "wchan"), 1, "wchan");
		expect(text[0] == '0', "%s", text);
		expect(slurp(pid, "stack") >= 0, "its stack may be anything");
	}
	bury(pid);
	slurp(getpid(), "wchan");
	expect(!strcmp(text, "0"), "oneself: %s", text);
	end();
}

static bool is_name(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("_.$", s[i]))
			return false;
	return n > 0;
}

/* "[<0>] name+0x12/0x34" in every line of text, of one and more. */
static bool is_stack(void)
{
	char *line = text, *end, *plus;
	int lines = 0;

	for (; (end = strchr(line, '\n')); line = end + 1, lines++) {
		*end = '\0';
		plus = strchr(line, '+');
		if (strncmp(line, "[<0>] ", 6) || !plus ||
		    !is_name(line + 6, (size_t)(plus - line) - 6) || strncmp(plus, "+0x", 3) ||
		    !strstr(plus, "/0x"))
			return expect(false, "a line of stack: %s", line);
	}
	return expect(lines > 1 && !*line, "%d lines of stack, and %s", lines, line);
}

static void test_stack(void)
{
	char buf[32];
	pid_t pid = start_reader(0, buf);

	begin("/proc/PID/stack and wchan");
	if (wait_for(pid, "63 0x")) {
		expect(slurp(pid, "wchan") > 1 && is_name(text, strlen(text)), "wchan: %s", text);
		expect(slurp(pid, "stack") > 0, "stack");
		is_stack();
	}
	bury(pid);
	expect(slurp(getpid(), "stack") > 0, "one's own");
	is_stack();
	end();
}

/* A program's x29 is where the records of the kernel's stack seem to go on. */
static void test_forged(void)
{
	static const uint64_t forged[] = { 1,
					   8,
					   0x1000,
					   1UL << 48,
					   1UL << 63,
					   0xffff000000000000,
					   0xffff800000000000,
					   0xffff800080000000,
					   0xfffffffffffffff0,
					   UINT64_MAX };
	char buf[32];

	begin("/proc/PID/stack of a program with any x29");
	for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
		pid_t pid = start_reader(forged[i], buf);

		if (wait_for(pid, "63 0x")) {
			expect(slurp(pid, "stack") > 0, "x29 %lx", forged[i]);
			is_stack();
		}
		bury(pid);
	}
	end();
}

static void *read_thread(void *tid)
{
	char c;

	*(pid_t *)tid = (pid_t)sys(gettid);
	sys(read, never[0], &c, 1);
	return NULL;
}

static void test_thread(void)
{
	pid_t pid = fork();
	char name[64];

	if (pid == 0) {
		volatile pid_t tid = 0;
		pthread_t t;

		pthread_create(&t, NULL, read_thread, (void *)&tid);
		while (!tid)
			usleep(1000);
		prctl(PR_SET_NAME, "ready");
		sys(ppoll, NULL, 0, NULL, NULL, 0);
	}
	begin("/proc/PID/task/TID: each thread has its own");
	if (wait_for(pid, "73 0x0 ")) {
		/* It is the next number, unless another task was made meanwhile. */
		snprintf(name, sizeof(name), "task/%d/syscall", pid + 1);
		expect(slurp(pid, name) <= 0 || !strncmp(text, "63 0x", 5), "%s", text);
		snprintf(name, sizeof(name), "task/%d/wchan", pid);
		expect(slurp(pid, name) > 1, "wchan of the first");
		snprintf(name, sizeof(name), "task/%d/stack", pid);
		expect(slurp(pid, name) > 1, "stack of the first");
	}
	bury(pid);
	end();
}

/* ---- who may ---- */

static void be_user(void)
{
	sys(setgroups, 0, NULL);
	sys(setresgid, USER, USER, USER);
	sys(setresuid, USER, USER, USER);
	sys(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static void as_user(void)
{
	pid_t parent = getppid(), child;
	char path[64];
	int fd[2];

	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", i ? getpid() : parent, "stack");
		fd[i] = open(path, O_RDONLY);
	}
	snprintf(path, sizeof(path), "/proc/%d/syscall", parent);
	child = open(path, O_RDONLY);
	be_user();
	check(slurp(parent, "syscall"), -EACCES, "another user's syscall");
	check(slurp(parent, "stack"), -EACCES, "stack");
	check(slurp(parent, "wchan"), 1, "wchan");
	expect(text[0] == '0', "is 0: %s", text);
	check(sys(read, fd[0], text, sizeof(text)), -EPERM, "a stack that root has opened");
	expect(sys(read, fd[1], text, sizeof(text)) > 0, "but one's own");
	check(sys(read, child, text, sizeof(text)), -EPERM, "a syscall that root has opened");
	check(slurp(getpid(), "stack"), -EACCES, "one's own opened by a user");
	expect(slurp(getpid(), "syscall") > 0, "one's own syscall");
	child = sleeper();
	wait_for(child, "73 0x");
	expect(slurp(child, "wchan") > 1, "wchan of the user's own child");
	check(slurp(child, "stack"), -EACCES, "but no stack");
	bury(child);
}

static void copy_self(void)
{
	char buf[4096];
	int from = open(self, O_RDONLY), fd = open(SUID, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0)
		check(write(fd, buf, (size_t)n), n, "copying");
	close(from);
	close(fd);
	check(chmod(SUID, 04755), 0, "chmod");
}

static void exec_suid(void)
{
	int go[2], fd, wchan;
	char path[64];
	pid_t pid;

	be_user();
	check(pipe(go), 0, "pipe");
	pid = fork();
	if (pid == 0) {
		char c;

		read(go[0], &c, 1);
		execl(SUID, "asleep", "sleep", NULL);
		_exit(1);
	}
	wait_for(pid, "63 0x");
	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	fd = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/%d/wchan", pid);
	wchan = open(path, O_RDONLY);
	expect(sys(pread64, fd, text, 100, 0) > 0, "one's own child");
	expect(sys(pread64, wchan, text, 100, 0) > 1, "and wchan");
	check(write(go[1], "x", 1), 1, "go on");
	/* Until it is the other program: the file says no. */
	for (int i = 0; i < 20000 && sys(pread64, fd, text, 100, 0) != -EPERM; i++)
		usleep(1000);
	check(sys(pread64, fd, text, 100, 0), -EPERM, "after exec of root's program");
	check(sys(pread64, wchan, text, 100, 0), 1, "and wchan");
	expect(text[0] == '0', "is 0");
	close(go[1]);
	close(go[0]);
	kill(pid, SIGKILL); /* not ours any more: it ends by itself */
}

static void test_access(void)
{
	begin("syscall, stack, wchan of others: EACCES, EPERM, 0");
	check_child(as_user, 0, "as user 1000");
	copy_self();
	check_child(exec_suid, 0, "a set-user-ID program");
	unlink(SUID);
	check(slurp(1, "syscall") > 0, 1, "of process 1");
	expect(slurp(1, "stack") >= 0 && slurp(1, "wchan") > 0, "and the others");
	end();
}

/* ---- while all changes ---- */

#define CHURNERS 4
#define STEPS	 400

static void churn(void)
{
	for (;;) {
		pid_t pid = (pid_t)sys(clone, SIGCHLD, 0, 0, 0, 0);

		if (pid == 0) {
			usleep(100);
			sched_yield();
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
}

static void read_all(pid_t pid)
{
	static const char *const names[] = { "syscall", "stack", "wchan" };

	for (int i = 0; i < 3; i++) {
		long n = slurp(pid, names[i]);

		expect(n >= 0 || n == -ENOENT || n == -ESRCH, "%s of %d: %ld", names[i], pid, n);
	}
}

static void test_churn(void)
{
	pid_t churners[CHURNERS];

	begin("while tasks come and go, sleep and run, on all cores");
	for (int i = 0; i < CHURNERS; i++) {
		churners[i] = fork();
		if (churners[i] == 0)
			churn();
	}
	for (int step = 0; step < STEPS; step++) {
		pid_t last = fork();

		if (last == 0)
			_exit(0);
		for (int i = 0; i < CHURNERS; i++)
			read_all(churners[i]);
		/* Those made last: they come and go while they are read. */
		for (int i = 1; i <= 3; i++)
			read_all(last - i);
		waitpid(last, NULL, 0);
	}
	for (int i = 0; i < CHURNERS; i++)
		bury(churners[i]);
	end();
}

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc == 2) {
		/* Root's by its mode; not for ever, because only root could end it. */
		sleep(2);
		return 0;
	}
	mount_proc();
	check(pipe(never), 0, "pipe");
	test_syscall();
	test_running();
	test_stack();
	test_forged();
	test_thread();
	test_access();
	test_churn();
	return tap_done();
}
