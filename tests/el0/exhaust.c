/*
 * exhaust.c - take all there is of something, see -errno (or one killed task), give it back, and
 * find it whole.
 */
#include "abi/fcntl.h"
#include "abi/mman.h"
#include "abi/sched.h"
#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "tests/el0/tap.h"

#define PAGE 4096UL
#define MIB  (1UL << 20)

static long free_kib(void)
{
	struct sysinfo s;

	svc_sysinfo(&s);
	return (long)(s.freeram * s.mem_unit / 1024);
}

static bool on_newel(void)
{
	struct new_utsname u;

	return svc_uname(&u) == 0 && strstr(u.release, "newel");
}

/*
 * All comes back, but for what the kernel keeps at hand (more on Linux, which has caches for
 * everything).
 */
static void memory_is_back(long before)
{
	long slack = on_newel() ? 512 : 131072, after = free_kib();

	for (int i = 0; after < before - slack && i < 500; i++) {
		sleep_ms(20);
		after = free_kib();
	}
	expect(after >= before - slack, "%ld KiB were free, %ld are", before, after);
}

static void descriptors_body(void)
{
	int fds[2], n = 0;

	while (svc_pipe2(fds, 0) == 0)
		n++;
	check(svc_pipe2(fds, 0), -EMFILE, "pipe2");
	for (int i = 3; i < 3 + 2 * n; i++)
		svc_write(i, "fill it", 7);
	expect(n > 10, "%d pipes", n);
}

static void descriptors(void)
{
	long before = free_kib();

	begin("as many pipes as there are descriptors for, by 10 processes at once");
	for (int i = 0; i < 10; i++) {
		if (fork() == 0) {
			descriptors_body();
			exit(tap_failures() != 0);
		}
	}
	for (int status; waitpid(-1, &status, 0) > 0;)
		check(status, 0, "a process");
	memory_is_back(before);
	end();
}

static void mappings_body(void)
{
	/* Nothing is there; upwards, each behind a hole, so that none becomes one with another. */
	uintptr_t at = 1UL << 40;
	long p = 0;
	int n = 0;

	for (; n < 200000; n++, at += 2 * PAGE) {
		p = svc_mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
			     -1, 0);
		if (p < 0)
			break;
	}
	expect(p == -ENOMEM || n == 200000, "mmap: %ld after %d", p, n);
	expect(n > 1000, "%d mappings", n);
}

static void mappings(void)
{
	long before = free_kib();

	begin("as many mappings as there can be");
	check_child(mappings_body, 0, "a process");
	memory_is_back(before);
	end();
}

static void sparse_body(void)
{
	uintptr_t step = 1UL << 30;
	int n = 0;

	/* each needs page tables of its own: three pages for one */
	for (uintptr_t at = step; at < 1UL << 39; at += step) {
		long p = svc_mmap(at, PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

		if (p < 0)
			continue;
		*(volatile char *)p = 1;
		n++;
	}
	expect(n > 100, "%d pages", n);
}

static void page_tables(void)
{
	long before = free_kib();

	begin("page tables for pages a GiB apart");
	for (int i = 0; i < 5; i++)
		check_child(sparse_body, 0, "a process");
	memory_is_back(before);
	end();
}

/*
 * Ask for more than there is.  The kernel may refuse, or end this process when it touches too much:
 * nothing else.
 */
static void hog(void)
{
	for (;;) {
		long p = svc_mmap(0, 16 * MIB, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (p < 0)
			exit(p == -ENOMEM ? 0 : 1);
		for (size_t i = 0; i < 16 * MIB; i += PAGE)
			*(volatile char *)(p + (long)i) = 1;
	}
}

static void memory(void)
{
	long before = free_kib();
	int status;

	begin("all of memory: -ENOMEM, or the one that took it is killed");
	for (int i = 0; i < 2; i++) {
		status = in_child(hog);
		expect(status == 0 || status == SIGKILL || status == SIGSEGV || status == SIGBUS,
		       "status %#x", (unsigned)status);
	}
	memory_is_back(before);
	check(*(volatile int *)&status >= 0, 1, "this process is untouched");
	end();
}

/* The kernel itself takes the memory: a pipe's pages, a file's. */
static void fill_file(void)
{
	static char block[65536];
	int fd = open("/tmp/fill", O_RDWR | O_CREAT, 0600);
	long n;

	do
		n = svc_write(fd, block, sizeof(block));
	while (n > 0);
	exit(n == -ENOSPC || n == -ENOMEM ? 0 : 1);
}

static void file_memory(void)
{
	long before = free_kib();
	int status;

	begin("a file that fills memory: -ENOSPC or -ENOMEM, or killed");
	if (!on_newel()) {
		/* Linux's initramfs has no limit, and nothing to give back when memory has ended */
		skip("Linux panics");
		end();
		return;
	}
	status = in_child(fill_file);
	expect(status == 0 || status == SIGKILL, "status %#x", (unsigned)status);
	check(svc_unlinkat(AT_FDCWD, "/tmp/fill", 0), 0, "unlinkat");
	memory_is_back(before);
	end();
}

static void forks_until_failure(void)
{
	struct rlimit64 limit = { 200, 200 };
	int fds[2], n = 0;
	long pid = 0;
	char c;

	svc_prlimit64(0, RLIMIT_NPROC, &limit, NULL); /* root is exempt on Linux; so end at 300 */
	svc_pipe2(fds, 0);
	while (n < 300 && (pid = fork()) > 0)
		n++;
	if (pid == 0) { /* sleep until the pipe's writers have gone */
		svc_close(fds[1]);
		svc_read(fds[0], &c, 1);
		svc_exit_group(0);
	}
	expect(n == 300 || pid == -EAGAIN || pid == -ENOMEM, "fork: %ld after %d", pid, n);
	expect(n >= 100, "%d processes", n);
	svc_close(fds[1]);
	for (int status; waitpid(-1, &status, 0) > 0; n--)
		check(status, 0, "a child");
	check(n, 0, "all ended");
}

static void processes(void)
{
	long before = free_kib();

	begin("300 processes at once, three times");
	for (int i = 0; i < 3; i++)
		check_child(forks_until_failure, 0, "round %d", i);
	memory_is_back(before);
	end();
}

/* Each has three children, down to the fourth generation; then all sleep. */
static void bomb(void)
{
	int generations = 4, children = 0;

	while (generations && children < 3) {
		if (fork() == 0) {
			generations--;
			children = 0;
		} else {
			children++;
		}
	}
	for (;;)
		sleep_ms(1000);
}

static void fork_bomb(void)
{
	long before = free_kib();
	int status, pid = fork();

	begin("a fork bomb, killed by its group");
	if (pid == 0) {
		svc_setpgid(0, 0);
		bomb();
	}
	svc_setpgid(pid, pid); /* whoever is first */
	sleep_ms(300);
	check(svc_kill(-pid, SIGKILL), 0, "kill");
	check(waitpid(pid, &status, 0), pid, "its first process");
	for (int i = 0; i < 3000 && svc_kill(-pid, 0) == 0; i++)
		sleep_ms(10); /* the others are init's to wait for */
	check(svc_kill(-pid, 0), -ESRCH, "none is left");
	memory_is_back(before);
	end();
}

static void directories(void)
{
	int deep = 0;

	begin("directories 500 deep, and away again");
	svc_chdir("/tmp");
	while (deep < 500 && svc_mkdirat(AT_FDCWD, "deep", 0700) == 0 && svc_chdir("deep") == 0)
		deep++;
	check(deep, 500, "depth");
	for (; deep; deep--) {
		check(svc_chdir(".."), 0, "chdir");
		check(svc_unlinkat(AT_FDCWD, "deep", AT_REMOVEDIR), 0, "rmdir at %d", deep);
	}
	end();
}

int main(void)
{
	descriptors();
	mappings();
	page_tables();
	processes();
	fork_bomb();
	directories();
	memory();
	file_memory();
	return tap_done();
}
