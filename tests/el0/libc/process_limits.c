/*
 * process_limits.c - the limits of a process and what it used; what the machine tells of itself.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/utsname.h>

#include "tests/el0/libc/hostile.h"

/* ---- limits ---- */

static void limits(void)
{
	struct rlimit64 {
		uint64_t cur, max;
	} was, now;

	CALL(0, getrlimit, RLIMIT_NOFILE, &was);
	now.cur = 100;
	now.max = 200;
	CALL(0, setrlimit, RLIMIT_NOFILE, &now);
	CALL(0, prlimit64, 0, RLIMIT_NOFILE, NULL, &now);
	check((long)(now.cur * 1000 + now.max), 100200, "as it was set");
	now.cur = 201;
	CALL(-EINVAL, setrlimit, RLIMIT_NOFILE, &now);
	CALL(-EINVAL, prlimit64, 0, RLIMIT_NOFILE, &now, NULL);
	now.cur = 50;
	now.max = 1ull << 40;
	CALL(-EPERM, setrlimit, RLIMIT_NOFILE, &now);
	now.max = 300;
	CALL(0, prlimit64, getpid(), RLIMIT_NOFILE, &now, &was); /* root may raise it */
	check((long)(was.cur * 1000 + was.max), 100200, "as it was before");
	CALL(-EINVAL, getrlimit, 16, &now);
	CALL(-EINVAL, setrlimit, 16, &now);
	CALL(-EINVAL, prlimit64, 0, -1, NULL, &now);
	CALL(-ESRCH, prlimit64, NOBODY, RLIMIT_NOFILE, NULL, &now);
	FAULTS(OUT, 16, getrlimit, RLIMIT_NOFILE, bad);
	FAULTS(IN, 16, setrlimit, RLIMIT_NOFILE, bad);
	FAULTS(OPT_IN, 16, prlimit64, 0, RLIMIT_NOFILE, bad, NULL);
	FAULTS(OPT_OUT, 16, prlimit64, 0, RLIMIT_NOFILE, NULL, bad);
}

static void file_size(void)
{
	struct rlimit few = { 100, 200 };
	int fd = open("limited", O_CREAT | O_RDWR | O_TRUNC, 0600);
	static char data[300];

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &few);
	CALL(100, write, fd, data, 300);
	CALL(-EFBIG, write, fd, data, 1);
	CALL(-EFBIG, pwrite64, fd, data, 1, 100);
	CALL(1, pwrite64, fd, data, 1, 99);
	CALL(-EFBIG, ftruncate, fd, 101);
	CALL(-EFBIG, truncate, "limited", 101);
	CALL(0, ftruncate, fd, 100);
	signal(SIGXFSZ, SIG_DFL);
	sys(write, fd, data, 1);
	expect(false, "SIGXFSZ did not come");
}

static void processes(void)
{
	struct rlimit one = { 1, 1 };
	pid_t pid;

	setrlimit(RLIMIT_NPROC, &one);
	pid = fork();
	if (pid == 0)
		_exit(0);
	expect(pid > 0, "root is above RLIMIT_NPROC");
	waitpid(pid, NULL, 0);
	CALL(0, setresuid, 78, 78, 78);
	CALL(-EAGAIN, clone, SIGCHLD, 0, 0, 0, 0);
}

static void cpu_time(void)
{
	struct rlimit second = { 1, 1000 }; /* who was stopped for long may find two of them gone */

	setrlimit(RLIMIT_CPU, &second);
	for (;;)
		;
}

static void test_limits(void)
{
	begin("getrlimit, setrlimit, prlimit64: values, errors, addresses, what they limit");
	check_child(limits, 0, "limits");
	check(in_child(file_size), SIGXFSZ, "RLIMIT_FSIZE");
	check_child(processes, 0, "RLIMIT_NPROC");
	check(in_child(cpu_time), SIGXCPU, "RLIMIT_CPU");
	unlink("limited");
	end();
}

static void test_usage(void)
{
	struct rusage ru;
	struct tms t;
	char *memory = malloc(8 << 20);

	memset(memory, 1, 8 << 20);
	begin("getrusage, times: values, errors, addresses");
	CALL(0, getrusage, RUSAGE_SELF, &ru);
	expect(ru.ru_maxrss >= 6 << 10, "memory was used: %ld KiB", ru.ru_maxrss);
	free(memory);
	CALL(0, getrusage, RUSAGE_CHILDREN, &ru);
	expect((ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1000000 + ru.ru_utime.tv_usec +
			       ru.ru_stime.tv_usec >=
		       900000,
	       "RLIMIT_CPU's second was used by a child");
	CALL(0, getrusage, RUSAGE_THREAD, &ru);
	CALL(-EINVAL, getrusage, 2, &ru);
	CALL(-EINVAL, getrusage, -2, &ru);
	FAULTS(OUT, 144, getrusage, RUSAGE_SELF, bad);
	expect(sys(times, &t) > 0, "ticks");
	expect(t.tms_cutime + t.tms_cstime >= 90, "the child's: %ld",
	       (long)(t.tms_cutime + t.tms_cstime));
	expect(sys(times, NULL) > 0, "no buffer is no error");
	FAULTS(OPT_OUT, sizeof(t), times, bad);
	end();
}

static void test_machine(void)
{
	static char name[400];
	struct utsname u;
	struct sysinfo si;

	begin("uname, sysinfo, getrandom, sethostname, setdomainname: values, errors, addresses");
	CALL(0, uname, &u);
	check(strcmp(u.machine, "aarch64"), 0, "machine: %s", u.machine);
	FAULTS(OUT, sizeof(u), uname, bad);
	CALL(0, sethostname, "newel-test", 10);
	CALL(0, setdomainname, "domain", 6);
	uname(&u);
	check(strcmp(u.nodename, "newel-test") | strcmp(u.domainname, "domain"), 0, "names: %s %s",
	      u.nodename, u.domainname);
	CALL(-EINVAL, sethostname, name, -1);
	CALL(-EINVAL, sethostname, name, 65);
	CALL(-EINVAL, setdomainname, name, 65);
	FAULTS(IN, 16, sethostname, bad, 16);
	FAULTS(IN, 16, setdomainname, bad, 16);
	CALL(0, sethostname, "x", 0);
	CALL(0, sysinfo, &si);
	expect(si.totalram > si.freeram && si.procs > 0 && si.mem_unit > 0, "sysinfo");
	FAULTS(OUT, 112, sysinfo, bad); /* musl's struct has a reserve behind it */
	CALL(300, getrandom, name, 300, 0);
	CALL(16, getrandom, name, 16, 1 | 2);
	CALL(0, getrandom, name, 0, 0);
	CALL(-EINVAL, getrandom, name, 16, 8);
	CALL(-EINVAL, getrandom, name, 16, 2 | 4);
	for (int i = 0; hostile_pointer(&i, 1, OUT);)
		CALL(-EFAULT, getrandom, bad, 16, 0);
	CALL(8, getrandom, hostile_edge(8), 16, 0);
	end();
}

int main(void)
{
	test_limits();
	test_usage();
	test_machine();
	return tap_done();
}
