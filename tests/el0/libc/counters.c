/*
 * counters.c - /sys/kernel/newel/counters and /proc/crossings: that the counts are right, on one
 * core and over several, and who may see and set them.  Linux has none: skipped there.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "tests/el0/libc/calls.h"

#define DIR	  "/sys/kernel/newel/counters/"
#define ALL	  "/proc/crossings"
#define CALLS_ROW "\nsvc   EL0->EL"

static char text[1 << 18];
static char kernel_el = '1'; /* or '2': newel.el2=vhe */

static long slurp(const char *name)
{
	return read_text(name, text, sizeof(text));
}

/* Does the file that was read tell of calls from EL0?  Then it tells of the kernel's level. */
static bool shows_calls(void)
{
	char *at = strstr(text, CALLS_ROW);

	if (at)
		kernel_el = at[strlen(CALLS_ROW)];
	return at && (kernel_el == '1' || kernel_el == '2');
}

/* How /proc/crossings' lines of @kind from EL0 begin. */
static const char *from_el0(const char *kind)
{
	static char start[32];

	snprintf(start, sizeof(start), "kind %s EL0 EL%c ", kind, kernel_el);
	return start;
}

/* Of the lines of /proc/crossings that begin with @start: entries, and times that ended. */
static void sum_of(const char *start, unsigned long *entries, unsigned long *ended,
		   unsigned long *ns)
{
	char *line = text, *at;

	*entries = *ended = *ns = 0;
	slurp(ALL);
	for (; (at = strchr(line, '\n')); line = at + 1) {
		*at = '\0';
		if (strncmp(line, start, strlen(start)))
			continue;
		line = strstr(line, " core ") + 6;
		strtoul(line, &line, 10);
		*entries += strtoul(line, &line, 10);
		*ns += strtoul(line, &line, 10);
		strtoul(line, &line, 10);
		while (*line == ' ') {
			strtoul(line + 1, &line, 10);
			if (*line == ':')
				*ended += strtoul(line + 1, &line, 10);
		}
	}
}

static void test_switch(void)
{
	begin("on, off, reset");
	check(slurp(DIR "on"), 2, "on");
	expect(!strcmp(text, "0\n"), "at first it is off: %s", text);
	check(slurp(ALL), 0, "and counts nothing");
	expect(slurp(DIR "crossings") > 0 && !strncmp(text, "off", 3), "which it says");
	check(write_text(DIR "on", "2\n"), -EINVAL, "neither 0 nor 1");
	check(write_text(DIR "on", "10"), -EINVAL, "nor 10");
	check(write_text(DIR "on", "\n"), -EINVAL, "nor nothing");
	check(write_text(DIR "on", "0\n"), 2, "off is off");
	check(write_text(DIR "reset", "1\n"), 2, "reset while off");
	check(write_text(DIR "reset", "0"), -EINVAL, "reset takes 1 alone");
	check(write_text(DIR "reset", "x\n"), -EINVAL, "no other letter");
	check(write_text(DIR "reset", "11"), -EINVAL, "nor two");
	check(write_text(DIR "reset", "\n"), -EINVAL, "nor none");
	check(write_text(DIR "on", "1\n"), 2, "on");
	check(write_text(DIR "on", "1"), 1, "twice");
	check(slurp(DIR "on"), 2, "on");
	expect(!strcmp(text, "1\n"), "is on");
	expect(slurp(DIR "crossings") > 0 && shows_calls(), "%s", text);
	expect(slurp(DIR "latency") > 0 && shows_calls(), "%s", text);
	expect(slurp(DIR "calls") > 0 && strstr(text, "\n 63 read "), "%s", text);
	expect(slurp(DIR "interrupts") > 0 && !strncmp(text, " nr name", 8), "%s", text);
	check(sys(openat, AT_FDCWD, DIR "reset", O_RDONLY), -EACCES, "reset says nothing");
	check(write_text(DIR "calls", "1"), -EACCES, "calls takes nothing");
	expect(slurp(ALL) > 0 && !strncmp(text, "time ", 5), "%s", text);
	end();
}

/* ---- are they right? ---- */

#define CALLS	1000
#define THREADS 4

static void *make_calls(void *arg)
{
	long me = (long)arg;

	for (int i = 0; i < CALLS; i++) {
		unsigned long mask[16] = { 1UL << ((me + i) % 4) };

		/* On another core, where there is one: the calls between come in on both. */
		if (i % 50 == 0)
			sys(sched_setaffinity, 0, sizeof(mask), mask);
		sys(personality, 0xffffffff);
	}
	return NULL;
}

static void test_exact(void)
{
	unsigned long entries, ended, ns, more;
	struct timespec nap = { .tv_nsec = 20000000 };
	pthread_t t[THREADS];

	begin("every call is counted once, and its return, on whatever core");
	check(write_text(DIR "reset", "1"), 1, "from 0");
	sum_of("call 92 ", &entries, &ended, &ns);
	check((long)entries, 0, "personality(2) at first");
	for (long i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, make_calls, (void *)i);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	sum_of("call 92 personality ", &entries, &ended, &ns);
	check((long)entries, THREADS * CALLS, "calls");
	check((long)ended, THREADS * CALLS, "returns");
	expect(ns > 0, "which took time");
	sys(nanosleep, &nap, NULL);
	sum_of("call 101 nanosleep ", &entries, &ended, &ns);
	/* Process 1 sleeps so while it waits. */
	expect(entries >= 1 && ns >= 20000000, "a sleep of 20 ms: %lu, %lu ns", entries, ns);
	sum_of(from_el0("svc"), &entries, &ended, &ns);
	sum_of(from_el0("svc"), &more, &ended, &ns);
	expect(more > entries && entries > THREADS * CALLS, "all calls: %lu, %lu", entries, more);
	end();
}

static void test_faults(void)
{
	unsigned long before, after, ended, ns;
	char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	begin("faults, interrupts");
	sum_of(from_el0("fault"), &before, &ended, &ns);
	for (int i = 0; i < 256; i++) {
		/* Each in a mapping of its own: none is brought in with another. */
		mprotect(p + i * 4096, 4096, i & 1 ? PROT_READ : PROT_READ | PROT_WRITE);
		*(volatile char *)(p + i * 4096);
	}
	sum_of(from_el0("fault"), &after, &ended, &ns);
	expect(after > before, "faults: %lu, then %lu", before, after);
	expect(slurp(DIR "interrupts") > 0 && strstr(text, "arch_timer"), "the timer: %s", text);
	munmap(p, 1 << 20);
	end();
}

/* ---- who may ---- */

static const char *const files[] = { DIR "on",	  DIR "crossings",  DIR "latency",
				     DIR "calls", DIR "interrupts", ALL };

static void without_rights(void)
{
	uint32_t head[2] = { 0x20080522, 0 }, none[6] = { 0 };
	long fd[6], open_all = sys(openat, AT_FDCWD, ALL, O_RDONLY);

	for (int i = 0; i < 6; i++)
		fd[i] = sys(openat, AT_FDCWD, files[i], O_RDONLY);
	/* Root by number alone: the files open, and say nothing. */
	check(sys(capset, head, none), 0, "capset");
	for (int i = 0; i < 5; i++) {
		check(sys(read, fd[i], text, 100), -EPERM, "%s", files[i]);
		check(slurp(files[i]), -EPERM, "%s opened anew", files[i]);
	}
	check(slurp(ALL), -EPERM, ALL);
	check(sys(read, open_all, text, 100), -EPERM, ALL ", opened before");
	check(write_text(DIR "on", "0"), -EPERM, "on");
	check(write_text(DIR "reset", "1"), -EPERM, "reset");
}

static void as_user(void)
{
	sys(setresgid, 1000, 1000, 1000);
	sys(setresuid, 1000, 1000, 1000);
	for (int i = 0; i < 6; i++)
		check(slurp(files[i]), -EACCES, "%s, as a user", files[i]);
	check(write_text(DIR "on", "0"), -EACCES, "on, as a user");
}

static void test_access(void)
{
	begin("who may see and set them: EPERM, EACCES");
	check_child(without_rights, 0, "without CAP_SYS_ADMIN");
	check_child(as_user, 0, "another user");
	end();
}

/* ---- while all cores count ---- */

static void test_storm(void)
{
	pid_t busy[3];

	begin("on, off, reset and read while all cores count");
	for (int i = 0; i < 3; i++) {
		busy[i] = fork();
		for (unsigned int n = 0; busy[i] == 0; n++) {
			sys(getppid);
			if (n % 1024 == 0)
				sched_yield();
		}
	}
	for (int i = 0; i < 40; i++) {
		check(write_text(DIR "on", i & 1 ? "1" : "0"), 1, "on");
		check(write_text(DIR "reset", "1"), 1, "reset");
		for (int f = 0; f < 6; f++)
			expect(slurp(files[f]) >= 0, "%s", files[f]);
	}
	check(write_text(DIR "on", "0"), 1, "off");
	for (int i = 0; i < 3; i++)
		bury(busy[i]);
	check(slurp(ALL), 0, "nothing is left");
	end();
}

int main(void)
{
	mount_proc();
	mkdir("/sys", 0755);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	if (access(DIR "on", F_OK)) {
		begin("crossings are counted");
		skip("this kernel does not count them");
		end();
		return tap_done();
	}
	test_switch();
	test_exact();
	test_faults();
	test_access();
	test_storm();
	return tap_done();
}
