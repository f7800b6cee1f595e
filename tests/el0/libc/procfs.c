/*
 * procfs.c - /proc: what its files say of this process and of others, that they stay true while
 * those come and go, who may read them.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "tests/el0/libc/calls.h"

static char text[1 << 16];

/* The file @name whole, terminated, in text; its length or -errno. */
static long slurp(const char *name)
{
	return read_text(name, text, sizeof(text));
}

/* The number behind "Name:" in text, or -1. */
static long field(const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtol(at + strlen(name), NULL, 0) : -1;
}

static const char *of_pid(pid_t pid, const char *file)
{
	static char names[4][64];
	static int next;
	char *name = names[next++ % 4];

	snprintf(name, sizeof(names[0]), "/proc/%d/%s", pid, file);
	return name;
}

static bool link_is(const char *name, const char *want)
{
	char buf[256];
	ssize_t n = readlink(name, buf, sizeof(buf) - 1);

	if (n < 0)
		return false;
	buf[n] = '\0';
	return expect(strcmp(buf, want) == 0, "%s leads to %s, want %s", name, buf, want);
}

static void test_self(void)
{
	char pid[16], buf[64];
	struct statfs fs;

	begin("/proc/self, thread-self and what lies in them");
	snprintf(pid, sizeof(pid), "%d", getpid());
	link_is("/proc/self", pid);
	snprintf(buf, sizeof(buf), "%d/task/%d", getpid(), (int)sys(gettid));
	link_is("/proc/thread-self", buf);
	link_is("/proc/mounts", "self/mounts");
	link_is("/proc/self/cwd", "/tmp");
	link_is("/proc/self/root", "/");
	expect(access("/proc/self/exe", X_OK) == 0, "exe is the program");
	expect(slurp("/proc/self/comm") > 0 && strstr(text, "_procfs\n"), "comm: %s", text);
	check(statfs("/proc", &fs), 0, "statfs");
	check(fs.f_type, 0x9fa0, "f_type");
	check(sys(openat, AT_FDCWD, "/proc/none", O_RDONLY), -ENOENT, "no such file");
	check(sys(openat, AT_FDCWD, "/proc/self/none", O_RDONLY), -ENOENT, "nor there");
	check(sys(openat, AT_FDCWD, "/proc/0", O_RDONLY), -ENOENT, "no process 0");
	check(sys(openat, AT_FDCWD, "/proc/01", O_RDONLY), -ENOENT,
	      "numbers have no zeros in front");
	check(sys(mkdirat, AT_FDCWD, "/proc/x", 0755), -ENOENT, "nothing is made here");
	check(sys(unlinkat, AT_FDCWD, "/proc/self/stat", 0), -EPERM, "nor removed");
	check(sys(fchmodat, AT_FDCWD, "/proc/self/environ", 0666), -EPERM, "nor opened to others");
	check(sys(renameat2, AT_FDCWD, "/proc/self/stat", AT_FDCWD, "/proc/self/x", 0), -ENOENT,
	      "nor renamed");
	check(sys(linkat, AT_FDCWD, "/proc/self/exe", AT_FDCWD, "/tmp/exe", 0), -EXDEV,
	      "nor linked");
	check(sys(lseek, open("/proc/self", O_RDONLY), 0, SEEK_END), 0, "a directory has no size");
	check(sys(lseek, open("/proc", O_RDONLY), 3, SEEK_END), 3, "nor has the root");
	check(sys(fchownat, AT_FDCWD, "/proc/self", 0, 0, 0), -EPERM, "chown");
	check(sys(lseek, open("/proc/self/stat", O_RDONLY), 0, SEEK_END), -EINVAL,
	      "no end to seek from");
	end();
}

/* stat's fields: [2] is the state; those before it may hold spaces. */
static int stat_fields(char *fields[64])
{
	char *s = strrchr(text, ')');
	int n = 2;

	if (!s)
		return 0;
	for (s = strtok(s + 1, " \n"); s && n < 64; s = strtok(NULL, " \n"))
		fields[n++] = s;
	return n;
}

static void test_stat(void)
{
	static char much[4 << 20];
	char *f[64] = { NULL };
	volatile unsigned long x = 0;
	struct rusage ru;

	begin("/proc/self/stat and statm");
	memset(much, 1,
	       sizeof(much)); /* Linux has a few hundred pages counted where stat does not look */
	while (clock() < CLOCKS_PER_SEC / 20)
		x++;
	check(prctl(PR_SET_NAME, "a) b (c"), 0, "a strange name");
	expect(slurp("/proc/self/stat") > 0 && strstr(text, " (a) b (c) R "), "in the line: %s",
	       text);
	check(stat_fields(f), 52, "fields");
	check(atol(f[3]), getppid(), "ppid");
	check(atol(f[4]), getpgrp(), "pgrp");
	check(atol(f[5]), getsid(0), "session");
	expect(atol(f[9]) > 0, "minor faults");
	getrusage(RUSAGE_SELF, &ru);
	expect(ru.ru_minflt >= atol(f[9]) && ru.ru_minflt < atol(f[9]) + 1000, "as getrusage says");
	expect(atol(f[13]) + atol(f[14]) > 0, "CPU time");
	check(atol(f[17]), 20, "priority");
	check(atol(f[18]), 0, "nice");
	check(atol(f[19]), 1, "threads");
	expect(atol(f[22]) > 65536 && atol(f[23]) > 0, "vsize and rss");
	expect(strtoul(f[27], NULL, 10) < (uintptr_t)&f + (1 << 20),
	       "the stack's start is told to oneself");
	expect((uintptr_t)&test_stat >= strtoul(f[25], NULL, 10) &&
		       (uintptr_t)&test_stat < strtoul(f[26], NULL, 10),
	       "the code is between startcode and endcode");
	check(atol(f[37]), SIGCHLD, "exit signal");
	expect(slurp("/proc/self/statm") > 0 && strtol(text, NULL, 10) > 16, "statm: %s", text);
	prctl(PR_SET_NAME, "proc");
	end();
}

static void test_status(void)
{
	sigset_t set, old;

	begin("/proc/self/status");
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &old);
	raise(SIGUSR1);
	signal(SIGUSR2, SIG_IGN);
	expect(slurp("/proc/self/status") > 0, "read");
	expect(strstr(text, "Name:\tproc\n") == text, "name");
	expect(strstr(text, "State:\tR (running)\n"), "state");
	check(field("\nPid:"), getpid(), "pid");
	check(field("\nPPid:"), getppid(), "ppid");
	check(field("\nThreads:"), 1, "threads");
	check(field("\nFDSize:"), 64, "fdsize");
	expect(strstr(text, "Uid:\t0\t0\t0\t0\n"), "uid");
	expect(strstr(text, "SigBlk:\t0000000000000200\n"), "blocked");
	expect(strstr(text, "SigPnd:\t0000000000000200\n"), "pending for the thread");
	expect(strstr(text, "SigIgn:\t0000000000000800\n"), "ignored");
	expect(field("VmRSS:") > 0 && field("VmSize:") >= field("VmRSS:"), "sizes");
	expect(field("VmHWM:") >= field("VmRSS:") && field("VmPeak:") >= field("VmSize:"), "peaks");
	expect(strstr(text, "nonvoluntary_ctxt_switches:\t"), "switches");
	sigwait(&set, &(int){ 0 });
	sigprocmask(SIG_SETMASK, &old, NULL);
	signal(SIGUSR2, SIG_DFL);
	end();
}

/* The line of maps that holds @addr. */
static char *map_of(const void *addr)
{
	char *line = text, *next;
	unsigned long start, finish;

	for (; *line; line = next) {
		next = strchr(line, '\n') + 1;
		if (sscanf(line, "%lx-%lx", &start, &finish) == 2 && (uintptr_t)addr >= start &&
		    (uintptr_t)addr < finish) {
			next[-1] = '\0';
			return line;
		}
	}
	return strcpy(text, "(none)");
}

static void test_maps(void)
{
	char *anon = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *file, *line;
	unsigned long start, finish;
	char name[64] = "", perms[8] = "", exe[64] = "", file_name[] = "/tmp/a b\n";
	int fd = open(file_name, O_CREAT | O_RDWR, 0644);
	struct stat st;
	long off, ino;

	begin("/proc/self/maps, smaps, smaps_rollup");
	check(ftruncate(fd, 16384), 0, "a file");
	file = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 8192);
	fstat(fd, &st);
	expect(slurp("/proc/self/maps") > 0, "read");
	line = map_of(anon);
	expect(strstr(line, " r--p 00000000 00:00 0"), "anonymous: %s", line);
	slurp("/proc/self/maps");
	line = map_of(file);
	expect(sscanf(line, "%lx-%lx %7s %lx %*x:%*x %ld %63[^\n]", &start, &finish, perms, &off,
		      &ino, name) == 6,
	       "a file's: %s", line);
	expect(!strcmp(perms, "rw-s") && off == 8192 && ino == (long)st.st_ino &&
		       finish - start == 4096,
	       "its parts: %s", line);
	expect(!strcmp(name, "/tmp/a b\\012"), "its name: %s", name);
	expect(line[72] == ' ' && line[73] == '/', "the column of the name");
	slurp("/proc/self/maps");
	line = map_of(&fd);
	expect(strstr(line, "rw-p 00000000 00:00 0 ") && strstr(line, " [stack]"), "the stack: %s",
	       line);
	slurp("/proc/self/maps");
	line = map_of((void *)(uintptr_t)&test_maps);
	expect(strstr(line, "r-xp"), "the code: %s", line);
	check(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0, 1, "exe");
	expect(strstr(line, exe), "is of the program: %s", line);
	unlink(file_name);
	slurp("/proc/self/maps");
	line = map_of(file);
	expect(strstr(line, "/tmp/a b\\012 (deleted)"), "a removed one says so: %s", line);
	expect(slurp("/proc/self/smaps") > 0 && field("Rss:") > 0 &&
		       strstr(text, "\nVmFlags: rd ex "),
	       "smaps");
	expect(slurp("/proc/self/smaps_rollup") > 0 && strstr(text, "[rollup]\n") &&
		       field("Rss:") > 0,
	       "smaps_rollup");
	munmap(file, 4096);
	munmap(anon, 8192);
	close(fd);
	end();
}

static void test_start(char **argv)
{
	const unsigned long *aux = (void *)text;
	extern char **environ;
	long n;

	begin("/proc/self/cmdline, environ, auxv");
	n = slurp("/proc/self/cmdline");
	check(n, (long)strlen(argv[0]) + 1, "cmdline's length");
	expect(!strcmp(text, argv[0]), "cmdline: %s", text);
	n = slurp("/proc/self/environ");
	expect(environ[0] ? n > 0 && !strcmp(text, environ[0]) : n == 0, "environ: %s", text);
	n = slurp("/proc/self/auxv");
	expect(n > 0 && n % 16 == 0, "auxv's length %ld", n);
	while (aux[0] && aux[0] != AT_PAGESZ)
		aux += 2;
	check((long)aux[1], 4096, "AT_PAGESZ");
	end();
}

static void test_fd(void)
{
	int fds[2], fd = open("/tmp/f", O_CREAT | O_RDWR | O_CLOEXEC, 0644), again;
	char name[64], buf[64], want[64];
	struct stat st;
	ssize_t n;

	begin("/proc/self/fd and fdinfo: links that lead to the file itself");
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	link_is(name, "/tmp/f");
	expect(lstat(name, &st) == 0 && S_ISLNK(st.st_mode) && (st.st_mode & 0777) == 0700,
	       "a link's mode");
	check(write(fd, "hello", 5), 5, "write");
	unlink("/tmp/f");
	link_is(name, "/tmp/f (deleted)");
	again = open(name, O_RDWR);
	expect(again >= 0 && read(again, buf, 5) == 5 && !memcmp(buf, "hello", 5),
	       "opened again, from the start");
	close(again);
	again = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	expect(again >= 0 && fstat(again, &st) == 0 && st.st_size == 0,
	       "O_CREAT and O_TRUNC reach it");
	close(again);
	check(sys(openat, AT_FDCWD, name, O_RDONLY | O_NOFOLLOW), -ELOOP, "O_NOFOLLOW does not");
	check(sys(openat, AT_FDCWD, name, O_CREAT | O_EXCL | O_RDWR, 0600), -EEXIST, "nor O_EXCL");
	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	lseek(fd, 77, SEEK_SET);
	expect(slurp(name) > 0 && strstr(text, "pos:\t77\nflags:\t02400002\nmnt_id:\t") == text,
	       "fdinfo: %s", text);
	pipe(fds);
	fstat(fds[0], &st);
	snprintf(want, sizeof(want), "pipe:[%lu]", (unsigned long)st.st_ino);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fds[0]);
	link_is(name, want);
	expect(lstat(name, &st) == 0 && (st.st_mode & 0777) == 0500, "the read end's mode");
	again = open(name, O_WRONLY);
	expect(again >= 0 && write(again, "x", 1) == 1, "a pipe's other end through it");
	n = read(fds[0], buf, 8);
	expect(n == 1 && buf[0] == 'x', "what was written there comes");
	close(again);
	check(write(fds[1], "y", 1), 1, "into the pipe");
	close(fds[1]);
	again = open(name, O_RDONLY);
	expect(again >= 0 && read(again, buf, 8) == 1 && buf[0] == 'y',
	       "its own end again, the writers gone");
	check(read(again, buf, 8), 0, "then its end");
	close(again);
	close(fds[0]);
	check(sys(openat, AT_FDCWD, name, O_RDONLY), -ENOENT, "closed, it is gone");
	check(chdir("/proc/self/fd"), 0, "a working directory");
	expect(stat("0", &st) == 0, "from which names lead on");
	check(chdir("/proc/self/cwd/../../self/root/tmp"), 0, "and back");
	expect(getcwd(buf, sizeof(buf)) && !strcmp(buf, "/tmp"), "to %s", buf);
	close(fd);
	end();
}

static void *idle_thread(void *arg)
{
	prctl(PR_SET_NAME, "second");
	*(volatile int *)arg = (int)sys(gettid);
	while (pause())
		;
	return NULL;
}

static int count_names(const char *dir, bool numbers)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.' &&
		     (!numbers || (e->d_name[0] >= '0' && e->d_name[0] <= '9'));
	if (d)
		closedir(d);
	return d ? n : -1;
}

static void threads_in_child(void)
{
	volatile int tid = 0;
	char name[64];
	pthread_t t;

	pthread_create(&t, NULL, idle_thread, (void *)&tid);
	while (!tid)
		usleep(1000);
	check(count_names("/proc/self/task", true), 2, "two");
	snprintf(name, sizeof(name), "/proc/self/task/%d/comm", tid);
	expect(slurp(name) > 0 && !strcmp(text, "second\n"), "the other's name: %s", text);
	check(write_text(name, "third"), 5, "which a sibling sets");
	snprintf(name, sizeof(name), "/proc/%d/status", tid);
	expect(slurp(name) > 0 && !strncmp(text, "Name:\tthird\n", 12), "it is found by number: %s",
	       text);
	check(field("\nPid:"), tid, "its own");
	check(field("\nTgid:"), getpid(), "of this process");
	check(field("\nThreads:"), 2, "one of two");
	expect(slurp("/proc/self/stat") > 0 && !strstr(text, "third"), "the first is still itself");
}

static void test_task(void)
{
	begin("/proc/self/task");
	check(count_names("/proc/self/task", true), 1, "one thread");
	check_child(threads_in_child, 0, "with two threads");
	end();
}

/* Ends as its process's last thread, under a name of its own. */
static void *last_thread(void *first)
{
	char name[64], what[512];
	int fd, n;

	prctl(PR_SET_NAME, "last");
	snprintf(name, sizeof(name), "/proc/self/task/%d/stat", (int)(intptr_t)first);
	do { /* until the first one has gone, or is a zombie */
		fd = open(name, O_RDONLY);
		n = fd < 0 ? 0 : (int)read(fd, what, sizeof(what) - 1);
		close(fd);
		what[n > 0 ? n : 0] = '\0';
	} while (n > 0 && !strstr(what, ") Z "));
	syscall(SYS_exit, 0);
	return NULL;
}

static void test_name_of_zombie(void)
{
	pid_t pid;
	char name[64];
	siginfo_t info;

	begin("a zombie has the name of its first thread");
	pid = fork();
	if (!pid) {
		pthread_t t;

		prctl(PR_SET_NAME, "first");
		pthread_create(&t, NULL, last_thread, (void *)(intptr_t)getpid());
		syscall(SYS_exit, 0);
	}
	check(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0, "it has ended");
	snprintf(name, sizeof(name), "/proc/%d/comm", pid);
	expect(slurp(name) > 0 && !strcmp(text, "first\n"), "comm: %s", text);
	check(waitpid(pid, NULL, 0), pid, "and is gone");
	end();
}

/* A child that ends when it is told to. */
static pid_t start_child(int *tell)
{
	int fds[2];
	pid_t pid;
	char c;

	pipe(fds);
	pid = fork();
	if (pid == 0) {
		close(fds[1]);
		read(fds[0], &c, 1);
		_exit(3);
	}
	close(fds[0]);
	*tell = fds[1];
	return pid;
}

static void test_end(void)
{
	int tell, dir, stat_fd, status, fd_dir, env;
	char buf[256];
	pid_t pid = start_child(&tell);
	siginfo_t info;
	DIR *d;

	begin("/proc/PID while its process ends: zombie, ESRCH, ENOENT");
	dir = open(of_pid(pid, "."), O_RDONLY);
	stat_fd = open(of_pid(pid, "stat"), O_RDONLY);
	env = open(of_pid(pid, "environ"), O_RDONLY);
	fd_dir = open(of_pid(pid, "fd"), O_RDONLY);
	expect(pread(stat_fd, buf, 255, 0) > 0, "alive");
	close(tell);
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	expect(slurp(of_pid(pid, "stat")) > 0 && strstr(text, ") Z "), "a zombie: %s", text);
	expect(slurp(of_pid(pid, "status")) > 0 && strstr(text, "State:\tZ (zombie)\n"),
	       "says status too");
	check(slurp(of_pid(pid, "cmdline")), 0, "without arguments");
	check(slurp(of_pid(pid, "maps")), 0, "or memory");
	check(sys(readlinkat, AT_FDCWD, of_pid(pid, "exe"), buf, 10), -ENOENT, "or program");
	check(sys(readlinkat, AT_FDCWD, of_pid(pid, "cwd"), buf, 10), -ENOENT, "or directory");
	waitpid(pid, &status, 0);
	check(sys(pread64, stat_fd, buf, 255, 0), -ESRCH, "reaped: an open file");
	check(sys(read, env, buf, 255), 0, "an open environ has no more to say");
	check_one_of(sys(openat, dir, "stat", O_RDONLY), -ENOENT, -ESRCH,
		     "a name in an open directory");
	check(sys(openat, AT_FDCWD, of_pid(pid, ""), O_RDONLY), -ENOENT, "its own name");
	check(sys(getdents64, fd_dir, buf, 255), -ENOENT, "its descriptors");
	check(sys(getdents64, dir, buf, 255), -ENOENT, "its files");
	close(dir);
	close(stat_fd);
	close(env);
	close(fd_dir);
	d = opendir("/proc");
	expect(d != NULL, "the others are there");
	closedir(d);
	end();
}

static void as_user(void)
{
	static const char *const closed[] = { "environ",      "auxv", "maps",	     "smaps",
					      "smaps_rollup", "fd",   "personality", "fdinfo/0" };
	static const char *const open_[] = { "stat", "status", "statm",	   "cmdline",
					     "comm", "limits", "oom_score" };
	pid_t parent = getppid();
	char *f[64], buf[64];
	struct stat st;

	sys(setresgid, 1000, 1000, 1000);
	sys(setresuid, 1000, 1000, 1000);
	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
		long r = slurp(of_pid(parent, closed[i]));

		expect(r == -EACCES || r == -ENOENT, "%s: %ld", closed[i], r);
	}
	for (size_t i = 0; i < sizeof(open_) / sizeof(open_[0]); i++)
		expect(slurp(of_pid(parent, open_[i])) > 0, "%s", open_[i]);
	slurp(of_pid(parent, "stat"));
	check(stat_fields(f), 52, "fields");
	check(strtol(f[25], NULL, 10), 1, "no code address");
	check(strtol(f[27], NULL, 10), 0, "no stack address");
	check(strtol(f[47], NULL, 10), 0, "no arguments' address");
	check(sys(readlinkat, AT_FDCWD, of_pid(parent, "exe"), buf, 60), -EACCES, "exe");
	check(sys(readlinkat, AT_FDCWD, of_pid(parent, "cwd"), buf, 60), -EACCES, "cwd");
	check(sys(openat, AT_FDCWD, of_pid(parent, "root/"), O_RDONLY), -EACCES, "root");
	check(sys(openat, AT_FDCWD, of_pid(parent, "fd/0"), O_RDONLY), -EACCES, "fd/0");
	check(sys(openat, AT_FDCWD, of_pid(parent, "fdinfo"), O_RDONLY), -EACCES, "fdinfo");
	check(sys(newfstatat, AT_FDCWD, of_pid(parent, "fdinfo/0"), &st, 0), -EACCES, "fdinfo/0");
	check(sys(newfstatat, AT_FDCWD, of_pid(parent, "fdinfo/99"), &st, 0), -EACCES, "nor a 99");
	check(write_text(of_pid(parent, "oom_score_adj"), "0"), -EACCES, "its oom_score_adj");
	check(write_text("/proc/sys/kernel/hostname", "x"), -EACCES, "the host's name");
	expect(slurp("/proc/self/maps") <= 0 || text[0], "oneself");
	check(write_text("/proc/self/oom_score_adj", "500"), -EACCES,
	      "who changed its ids is not dumpable: its files are root's");
}

static void test_access(void)
{
	struct stat st;

	begin("/proc/PID of another user: EACCES, and no addresses");
	check(sys(newfstatat, AT_FDCWD, "/proc/self/fdinfo/0", &st, 0), 0, "looked up by us");
	check(write_text("/proc/self/stat", "0"), -EINVAL, "what cannot be written, of a process");
	check(write_text("/proc/meminfo", "0"), -EIO, "and of the machine");
	check_child(as_user, 0, "as user 1000");
	end();
}

static void test_oom(void)
{
	begin("/proc/self/oom_score_adj");
	expect(slurp("/proc/self/oom_score_adj") == 2 && !strcmp(text, "0\n"), "0 at first");
	check(write_text("/proc/self/oom_score_adj", "300\n"), 4, "set");
	expect(slurp("/proc/self/oom_score_adj") == 4 && !strcmp(text, "300\n"), "read back");
	expect(slurp("/proc/self/oom_score") > 0 && atoi(text) >= 860, "oom_score follows: %s",
	       text);
	check(write_text("/proc/self/oom_score_adj", "-1000"), 5, "never killed");
	expect(slurp("/proc/self/oom_score") > 0 && atoi(text) == 0, "oom_score: %s", text);
	check(write_text("/proc/self/oom_score_adj", "1001"), -EINVAL, "too much");
	check(write_text("/proc/self/oom_score_adj", "-1001"), -EINVAL, "too little");
	check(write_text("/proc/self/oom_score_adj", "x"), -EINVAL, "not a number");
	check(write_text("/proc/self/oom_score_adj", "0"), 1, "as before");
	end();
}

static void test_system(void)
{
	struct utsname u;
	char *f;
	long a, b;

	begin("/proc of the machine: meminfo, stat, uptime, loadavg, cpuinfo, version, interrupts, "
	      "sys");
	expect(slurp("/proc/meminfo") > 0, "meminfo");
	a = field("MemTotal:");
	b = field("MemFree:");
	expect(a > b && b > 0 && field("MemAvailable:") > 0 && field("SwapTotal:") == 0,
	       "its numbers");
	expect(slurp("/proc/stat") > 0 && !strncmp(text, "cpu  ", 5) && strstr(text, "\ncpu0 "),
	       "stat");
	a = field("\nctxt ");
	sys(sched_yield);
	usleep(20000);
	slurp("/proc/stat");
	expect(field("\nctxt ") > a, "the switches are counted");
	a = field("\nprocesses ");
	if (fork() == 0)
		_exit(0);
	wait(NULL);
	slurp("/proc/stat");
	expect(field("\nprocesses ") > a, "the forks are");
	expect(field("\nbtime ") > 0 && field("\nprocs_running ") > 0 && field("\nintr ") > 0,
	       "the rest");
	expect(slurp("/proc/uptime") > 0 && strtod(text, &f) > 0 && *f == ' ' && f[1] != ' ',
	       "uptime: %s", text);
	expect(slurp("/proc/loadavg") > 0 && strchr(text, '/'), "loadavg: %s", text);
	expect(slurp("/proc/cpuinfo") > 0 && strstr(text, "processor\t: 0\n") == text &&
		       strstr(text, "Features\t: fp asimd "),
	       "cpuinfo");
	uname(&u);
	expect(slurp("/proc/version") > 0 && strstr(text, u.release) && strstr(text, u.version),
	       "version: %s", text);
	expect(slurp("/proc/sys/kernel/osrelease") > 0 &&
		       !strncmp(text, u.release, strlen(u.release)),
	       "osrelease");
	expect(slurp("/proc/interrupts") > 0 && strstr(text, "arch_timer"), "interrupts");
	expect(slurp("/proc/filesystems") > 0 && strstr(text, "nodev\ttmpfs\n") &&
		       strstr(text, "nodev\tproc\n"),
	       "filesystems");
	expect(slurp("/proc/devices") > 0 && strstr(text, "Character devices:\n  1 mem\n") == text,
	       "devices");
	expect(slurp("/proc/mounts") > 0 && strstr(text, " /proc proc rw"), "mounts: %s", text);
	expect(slurp("/proc/self/mountinfo") > 0 && strstr(text, " / /proc rw"), "mountinfo: %s",
	       text);
	expect(slurp("/proc/sys/kernel/pid_max") > 0 && atoi(text) >= 32768, "pid_max");
	expect(slurp("/proc/sys/kernel/random/uuid") == 37 && text[8] == '-' && text[14] == '4',
	       "uuid: %s", text);
	slurp("/proc/sys/kernel/random/boot_id");
	f = strdup(text);
	slurp("/proc/sys/kernel/random/boot_id");
	expect(!strcmp(f, text), "boot_id stays");
	free(f);
	sethostname("before", 6);
	expect(slurp("/proc/sys/kernel/hostname") == 7 && !strcmp(text, "before\n"), "hostname: %s",
	       text);
	check(write_text("/proc/sys/kernel/hostname", "after\n"), 6, "set here");
	uname(&u);
	expect(!strcmp(u.nodename, "after"), "uname says so: %s", u.nodename);
	sethostname("(none)", 6);
	end();
}

/* Any offset and size gives what a read from the start gave. */
static void test_offsets(void)
{
	static char whole[1 << 16];
	int fd = open("/proc/self/maps", O_RDONLY), bad = 0,
	    limits = open("/proc/self/limits", O_RDONLY);
	long n, m;

	begin("/proc: reads at any offset, of any size, to bad pointers");
	n = slurp("/proc/self/limits");
	memcpy(whole, text, sizeof(whole));
	for (long off = 0; off <= n + 2; off += 7)
		for (long size = 1; size < 3000; size = size * 3 + 1) {
			m = sys(pread64, limits, text, size, off);
			if (m != (off >= n	   ? 0
				  : size < n - off ? size
						   : n - off) ||
			    memcmp(text, whole + off, (size_t)m))
				bad++;
		}
	check(bad, 0, "pieces that differ");
	for (m = 0; sys(read, limits, text + m, 1) == 1;)
		m++;
	check(m, n, "a byte at a time");
	m = sys(openat, AT_FDCWD, "/proc/self/comm", O_RDONLY);
	prctl(PR_SET_NAME, "before");
	check(sys(read, m, text, 100), 7, "a name");
	prctl(PR_SET_NAME, "afterwards");
	check(sys(pread64, m, text, 100, 0), 11, "its beginning, read again, is of now");
	prctl(PR_SET_NAME, "again");
	check(sys(lseek, m, 0, SEEK_SET), 0, "back to it");
	check(sys(read, m, text, 100), 6, "and then too");
	close((int)m);
	check(sys(pread64, fd, text, 100, INT64_MAX - 100), 0, "far behind the end");
	check(sys(pread64, fd, text, 100, -1), -EINVAL, "before the start");
	check(sys(read, fd, 1, 100), -EFAULT, "a bad pointer");
	check(sys(read, fd, -4096L, 100), -EFAULT, "a kernel pointer");
	check(sys(read, fd, text, 0), 0, "nothing");
	expect(sys(read, fd, text, 1L << 40) > 0, "a huge size");
	check(sys(write, fd, text, 1), -EBADF, "not open to write");
	close(fd);
	close(limits);
	end();
}

/* Processes come and go while /proc is read. */
static void churn(void)
{
	for (;;) {
		pid_t pid = fork();

		if (pid == 0) {
			if (fork() == 0)
				_exit(0);
			prctl(PR_SET_NAME, "churn");
			usleep(3000);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
}

static void look_at_all(void)
{
	static const char *const files[] = { "stat",	"status",	"maps",
					     "cmdline", "smaps_rollup", "fdinfo/0",
					     "mounts",	"environ",	"comm" };
	DIR *d = opendir("/proc");
	struct dirent *e;
	char buf[64];

	while (d && (e = readdir(d))) {
		pid_t pid = atoi(e->d_name);

		if (!pid)
			continue;
		for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
			long r = slurp(of_pid(pid, files[i]));

			if (r < 0 && r != -ENOENT && r != -ESRCH)
				check(r, 0, "%s", files[i]);
		}
		readlink(of_pid(pid, "exe"), buf, sizeof(buf));
		readlink(of_pid(pid, "fd/1"), buf, sizeof(buf));
		count_names(of_pid(pid, "fd"), true);
		count_names(of_pid(pid, "task"), true);
	}
	closedir(d);
}

static void test_churn(void)
{
	pid_t pids[2];

	begin("/proc while processes come and go");
	for (int i = 0; i < 2; i++)
		if ((pids[i] = fork()) == 0)
			churn();
	for (int i = 0; i < 5; i++)
		look_at_all();
	for (int i = 0; i < 2; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	end();
}

int main(int argc, char **argv)
{
	mount_proc();
	chdir("/tmp");
	if (argc > 1)
		return 1;
	test_self();
	test_stat();
	test_status();
	test_maps();
	test_start(argv);
	test_fd();
	test_task();
	test_name_of_zombie();
	test_end();
	test_access();
	test_oom();
	test_system();
	test_offsets();
	test_churn();
	return tap_done();
}
