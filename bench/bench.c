/*
 * bench.c - micro-benchmarks over the plain Linux/arm64 system-call ABI.
 *
 * One static binary, to be run on any kernel that speaks that ABI:
 *     aarch64-linux-gnu-gcc -static -O2 -o bench bench.c
 * Usage:  bench [only=PREFIX ...]      (none: every test; other words ignored)
 *         bench --exec-exit            (used by the exec test: exits at once)
 *
 * Output: one line a result, "name: value unit"; value is the LEAST of
 * BATCHES batches, and "name.mean: value unit" their mean.  A test whose
 * system call fails prints "name: skipped ERRNO".
 *
 * Time is CNTVCT_EL0 scaled by CNTFRQ_EL0.  Under QEMU
 *     -icount shift=0,sleep=off -cpu cortex-a72,cntfrq=1000000000
 * one tick is one nanosecond is one guest instruction, so "ns" reads as
 * "instructions".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BATCHES 5
#define PAGE	4096UL
#define MIB	(1UL << 20)

static uint64_t freq;

static inline uint64_t ticks(void)
{
	uint64_t v;
	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(v)::"memory");
	return v;
}

static inline long svc0(long nr)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = 0;
	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8) : "memory");
	return x0;
}

static inline long svc3(long nr, long a, long b, long c)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
	return x0;
}

/* ---- output -------------------------------------------------------- */

static void put(const char *s)
{
	size_t n = strlen(s);
	while (n) {
		ssize_t w = write(1, s, n);
		if (w <= 0)
			return;
		s += w;
		n -= (size_t)w;
	}
}

static void put_u64(uint64_t v)
{
	char b[24], *p = b + sizeof b;
	*--p = 0;
	do
		*--p = (char)('0' + v % 10);
	while (v /= 10);
	put(p);
}

/* value given in hundredths */
static void put_centi(uint64_t v)
{
	char f[4] = { '.', (char)('0' + v / 10 % 10), (char)('0' + v % 10), 0 };
	put_u64(v / 100);
	put(f);
}

static void line(const char *name, const char *suffix, uint64_t centi, const char *unit)
{
	put(name);
	put(suffix);
	put(": ");
	put_centi(centi);
	put(" ");
	put(unit);
	put("\n");
}

static void skipped(const char *name, int err)
{
	put(name);
	put(": skipped ");
	put_u64((uint64_t)(err < 0 ? -err : err));
	put("\n");
}

/* ---- harness ------------------------------------------------------- */

/* A test body runs n operations and returns 0, or -errno. */
typedef int (*body_fn)(unsigned long n);

static uint64_t ticks_to_centi_ns(uint64_t t, unsigned long n)
{
	return (uint64_t)((unsigned __int128)t * 100000000000ULL / freq / n);
}

/*
 * Round a measured batch: hints that no CPU knows and every CPU passes over, for elcount.c to count
 * between.
 */
static inline void count_from_here(void)
{
	__asm__ volatile("hint #0x50" ::: "memory");
}

static inline void count_to_here(void)
{
	__asm__ volatile("hint #0x51" ::: "memory");
}

static int nargs;
static char **args;

static int wanted(const char *name)
{
	int any = 0;

	for (int i = 1; i < nargs; i++) {
		if (strncmp(args[i], "only=", 5))
			continue;
		any = 1;
		if (!strncmp(name, args[i] + 5, strlen(args[i] + 5)))
			return 1;
	}
	return !any;
}

static void bench(const char *name, const char *unit, unsigned long n, body_fn fn)
{
	uint64_t least = ~0ULL, sum = 0;
	int err;

	if (!wanted(name))
		return;
	err = fn(n > 16 ? n / 16 : 1); /* warm up */
	if (err) {
		skipped(name, err);
		return;
	}
	for (int b = 0; b < BATCHES; b++) {
		uint64_t t0, t;

		count_from_here();
		t0 = ticks();
		err = fn(n);
		t = ticks() - t0;
		count_to_here();
		if (err) {
			skipped(name, err);
			return;
		}
		sum += t;
		if (t < least)
			least = t;
	}
	line(name, "", ticks_to_centi_ns(least, n), unit);
	line(name, ".mean", ticks_to_centi_ns(sum, n * BATCHES), unit);
	line(name, ".ops", n * 100, "a batch");
}

/* ---- tests --------------------------------------------------------- */

static void *volatile bad = (void *)8; /* page 0: never mapped */
static int fd_zero = -1, fd_null = -1, err_zero, err_null;
static char buf[MIB] __attribute__((aligned(4096)));
static const char *self = "/init";

static int t_loop(unsigned long n)
{
	while (n--)
		__asm__ volatile("" ::: "memory");
	return 0;
}

static int t_enosys(unsigned long n)
{
	while (n--)
		if (svc0(1023) != -ENOSYS)
			return -EINVAL;
	return 0;
}

static int t_getpid(unsigned long n)
{
	while (n--)
		if (svc0(SYS_getpid) <= 0)
			return -EINVAL;
	return 0;
}

static int t_getppid(unsigned long n)
{
	while (n--) {
		long r = svc0(SYS_getppid);
		if (r < 0)
			return (int)r;
	}
	return 0;
}

static int t_gettid(unsigned long n)
{
	while (n--)
		if (svc0(SYS_gettid) <= 0)
			return -EINVAL;
	return 0;
}

static int t_clock_libc(unsigned long n)
{
	struct timespec ts;
	while (n--)
		if (clock_gettime(CLOCK_MONOTONIC, &ts))
			return -errno;
	return 0;
}

static int t_clock_svc(unsigned long n)
{
	struct timespec ts;
	while (n--) {
		long r = svc3(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&ts, 0);
		if (r)
			return (int)r;
	}
	return 0;
}

static int rd(unsigned long n, size_t len)
{
	if (fd_zero < 0)
		return -err_zero;
	while (n--) {
		ssize_t r = read(fd_zero, buf, len);
		if (r != (ssize_t)len)
			return r < 0 ? -errno : -EIO;
	}
	return 0;
}
static int t_read1(unsigned long n)
{
	return rd(n, 1);
}
static int t_read4k(unsigned long n)
{
	return rd(n, 4096);
}
static int t_read1m(unsigned long n)
{
	return rd(n, MIB);
}

static int t_write4k(unsigned long n)
{
	if (fd_null < 0)
		return -err_null;
	while (n--) {
		ssize_t r = write(fd_null, buf, 4096);
		if (r != 4096)
			return r < 0 ? -errno : -EIO;
	}
	return 0;
}

/* guarded copy to a bad address: must answer EFAULT, not die */
static int t_efault(unsigned long n)
{
	if (fd_zero < 0)
		return -err_zero;
	while (n--)
		if (read(fd_zero, bad, 64) != -1 || errno != EFAULT)
			return -EINVAL;
	return 0;
}

static int t_open_close(unsigned long n)
{
	while (n--) {
		int fd = open("/dev/null", O_RDWR);
		if (fd < 0)
			return -errno;
		close(fd);
	}
	return 0;
}

static int t_fstat(unsigned long n)
{
	struct stat st;
	while (n--)
		if (fstat(1, &st))
			return -errno;
	return 0;
}

/* one process writes and reads back through a pipe: two real user copies */
static int pipe_self(unsigned long n, size_t len)
{
	int p[2], err = 0;
	if (pipe(p))
		return -errno;
	while (n-- && !err) {
		size_t got = 0;
		if (write(p[1], buf, len) != (ssize_t)len)
			err = -EIO;
		while (!err && got < len) {
			ssize_t r = read(p[0], buf + got, len - got);
			if (r <= 0)
				err = -EIO;
			else
				got += (size_t)r;
		}
	}
	close(p[0]);
	close(p[1]);
	return err;
}
static int t_pipe_self1(unsigned long n)
{
	return pipe_self(n, 1);
}
static int t_pipe_self4k(unsigned long n)
{
	return pipe_self(n, 4096);
}
static int t_pipe_self64k(unsigned long n)
{
	return pipe_self(n, 65536);
}

/* token round trip between two processes; includes one fork+wait, spread
 * over n */
static int t_pipe_pingpong(unsigned long n)
{
	int a[2], b[2], st;
	char c = 0;
	pid_t pid;

	if (pipe(a) || pipe(b))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		close(a[1]);
		close(b[0]);
		while (read(a[0], &c, 1) == 1)
			if (write(b[1], &c, 1) != 1)
				break;
		_exit(0);
	}
	close(a[0]);
	close(b[1]);
	while (n--)
		if (write(a[1], &c, 1) != 1 || read(b[0], &c, 1) != 1)
			break;
	close(a[1]);
	close(b[0]);
	if (waitpid(pid, &st, 0) != pid)
		return -errno;
	return n == (unsigned long)-1 && st == 0 ? 0 : -EIO;
}

/* two processes yielding to each other on one CPU: n yields by the parent */
static int t_yield_pair(unsigned long n)
{
	int st;
	volatile int *stop =
		mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	if (stop == MAP_FAILED)
		return -errno;
	*stop = 0;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		while (!*stop)
			sched_yield();
		_exit(0);
	}
	while (n--)
		sched_yield();
	*stop = 1;
	if (waitpid(pid, &st, 0) != pid)
		return -errno;
	munmap((void *)stop, PAGE);
	return 0;
}

static int t_fork(unsigned long n)
{
	while (n--) {
		int st;
		pid_t pid = fork();
		if (pid < 0)
			return -errno;
		if (!pid)
			_exit(0);
		if (waitpid(pid, &st, 0) != pid || st)
			return -ECHILD;
	}
	return 0;
}

/* fork, child writes 64 pages shared copy-on-write, exits, wait */
static int t_fork_cow64(unsigned long n)
{
	memset(buf, 1, 64 * PAGE);
	while (n--) {
		int st;
		pid_t pid = fork();
		if (pid < 0)
			return -errno;
		if (!pid) {
			for (size_t i = 0; i < 64; i++)
				*(volatile char *)(buf + i * PAGE) = 2;
			_exit(0);
		}
		if (waitpid(pid, &st, 0) != pid || st)
			return -ECHILD;
	}
	return 0;
}

static int t_fork_exec(unsigned long n)
{
	while (n--) {
		int st;
		pid_t pid = fork();
		if (pid < 0)
			return -errno;
		if (!pid) {
			char *av[] = { (char *)self, "--exec-exit", 0 };
			char *ev[] = { 0 };
			execve(self, av, ev);
			_exit(errno & 127);
		}
		if (waitpid(pid, &st, 0) != pid)
			return -ECHILD;
		if (st)
			return WIFEXITED(st) ? -WEXITSTATUS(st) : -ECHILD;
	}
	return 0;
}

static int t_mmap(unsigned long n)
{
	while (n--) {
		void *p = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED || munmap(p, PAGE))
			return -errno;
	}
	return 0;
}

static int t_mmap_touch(unsigned long n)
{
	while (n--) {
		char *p = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			return -errno;
		*(volatile char *)p = 1;
		if (munmap(p, PAGE))
			return -errno;
	}
	return 0;
}

static int t_mprotect(unsigned long n)
{
	char *p = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -errno;
	*(volatile char *)p = 1;
	while (n--)
		if (mprotect(p, PAGE, PROT_READ) || mprotect(p, PAGE, PROT_READ | PROT_WRITE))
			return -errno;
	return munmap(p, PAGE) ? -errno : 0;
}

/* A fault alone: pages of a region mapped before the clock starts. */
static void touch_region(const char *name, size_t len, int nohuge, int write_it)
{
	uint64_t least = ~0ULL, sum = 0;
	unsigned long pages = len / PAGE;

	if (!wanted(name))
		return;
	for (int b = 0; b < BATCHES; b++) {
		/* 2 MiB alignment, so that large mappings are possible */
		char *raw = mmap(0, len + 2 * MIB, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		     *p;
		uint64_t t0, t;
		unsigned acc = 0;

		if (raw == MAP_FAILED) {
			skipped(name, errno);
			return;
		}
		p = (char *)(((uintptr_t)raw + 2 * MIB - 1) & ~(2 * MIB - 1));
		if (nohuge)
			(void)madvise(raw, len + 2 * MIB, MADV_NOHUGEPAGE);
		count_from_here();
		t0 = ticks();
		for (unsigned long i = 0; i < pages; i++)
			if (write_it)
				*(volatile char *)(p + i * PAGE) = 1;
			else
				acc += *(volatile unsigned char *)(p + i * PAGE);
		t = ticks() - t0;
		count_to_here();
		sum += t;
		if (t < least)
			least = t;
		if (munmap(raw, len + 2 * MIB) || acc) {
			skipped(name, acc ? EIO : errno);
			return;
		}
	}
	line(name, "", ticks_to_centi_ns(least, pages), "ns/page");
	line(name, ".mean", ticks_to_centi_ns(sum, pages * BATCHES), "ns/page");
	line(name, ".ops", pages * 100, "a batch");
}

static sigjmp_buf jb;
static volatile int hits;

static void on_segv(int s)
{
	(void)s;
	siglongjmp(jb, 1);
}

static void on_usr(int s)
{
	(void)s;
	hits++;
}

static __attribute__((noinline)) void poke(void)
{
	*(volatile int *)bad = 1;
}

static int t_sigsegv(unsigned long n)
{
	struct sigaction sa, old;
	volatile unsigned long left = n;
	volatile int err = 0;

	memset(&sa, 0, sizeof sa);
	sa.sa_handler = on_segv;
	if (sigaction(SIGSEGV, &sa, &old))
		return -errno;
	while (left && !err) {
		if (!sigsetjmp(jb, 1)) {
			poke();
			err = -EIO; /* reached only if it did not fault */
		}
		left--;
	}
	sigaction(SIGSEGV, &old, 0);
	return err;
}

static int t_sig_return(unsigned long n)
{
	struct sigaction sa, old;
	pid_t me = getpid(), tid = (pid_t)svc0(SYS_gettid);

	memset(&sa, 0, sizeof sa);
	sa.sa_handler = on_usr;
	if (sigaction(SIGUSR1, &sa, &old))
		return -errno;
	hits = 0;
	for (unsigned long i = 0; i < n; i++) {
		long r = svc3(SYS_tgkill, me, tid, SIGUSR1);
		if (r)
			return (int)r;
	}
	sigaction(SIGUSR1, &old, 0);
	return hits == (int)n ? 0 : -EIO;
}

static int t_sig_install(unsigned long n)
{
	struct sigaction sa;
	memset(&sa, 0, sizeof sa);
	sa.sa_handler = on_usr;
	while (n--)
		if (sigaction(SIGUSR2, &sa, 0))
			return -errno;
	return 0;
}

/* ---- thread: clone + exit + join by CLEARTID futex ----------------- */

static char tstack[16384] __attribute__((aligned(16)));
static volatile int tid_word;

static int thread_main(void *a)
{
	(void)a;
	return 0; /* clone()'s trampoline calls _exit */
}

static int t_thread(unsigned long n)
{
	while (n--) {
		tid_word = 1;
		if (clone(thread_main, tstack + sizeof tstack,
			  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
				  CLONE_SYSVSEM | CLONE_CHILD_CLEARTID,
			  0, 0, 0, (void *)&tid_word) < 0)
			return -errno;
		while (tid_word)
			if (syscall(SYS_futex, &tid_word, 0 /* WAIT */, 1, 0) && errno != EAGAIN &&
			    errno != EINTR)
				return -errno;
	}
	return 0;
}

/* ---- main ---------------------------------------------------------- */

static int open_dev(const char *path, unsigned maj, unsigned min, int *err)
{
	int fd = open(path, O_RDWR);
	if (fd < 0) {
		(void)mkdir("/dev", 0755);
		(void)mknod(path, S_IFCHR | 0666, makedev(maj, min));
		fd = open(path, O_RDWR);
	}
	*err = fd < 0 ? errno : 0;
	return fd;
}

int main(int argc, char **argv)
{
	uint64_t boot = ticks();

	if (argc > 1 && !strcmp(argv[1], "--exec-exit"))
		_exit(0);
	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(freq));
	nargs = argc;
	args = argv;
	if (argc > 0 && argv[0] && argv[0][0] == '/')
		self = argv[0];
	fd_zero = open_dev("/dev/zero", 1, 5, &err_zero);
	fd_null = open_dev("/dev/null", 1, 3, &err_null);

	put("bench: begin\n");
	put("cntfrq: ");
	put_u64(freq);
	put(" Hz\n");
	line("boot_to_main", "", ticks_to_centi_ns(boot, 1000), "us");
	memset(buf, 0, sizeof buf);
	if (getpid() == 1) { /* let boot-time kernel threads finish */
		struct timespec rest = { 2, 0 };
		(void)nanosleep(&rest, 0);
	}

	bench("loop", "ns/op", 100000, t_loop);
	bench("sys_enosys", "ns/op", 20000, t_enosys);
	bench("sys_getpid", "ns/op", 20000, t_getpid);
	bench("sys_getppid", "ns/op", 20000, t_getppid);
	bench("sys_gettid", "ns/op", 20000, t_gettid);
	bench("clock_gettime_libc", "ns/op", 20000, t_clock_libc);
	bench("clock_gettime_svc", "ns/op", 20000, t_clock_svc);
	bench("read_zero_1", "ns/op", 10000, t_read1);
	bench("read_zero_4k", "ns/op", 5000, t_read4k);
	bench("read_zero_1m", "ns/MiB", 20, t_read1m);
	bench("write_null_4k", "ns/op", 10000, t_write4k);
	bench("read_efault", "ns/op", 5000, t_efault);
	bench("open_close_null", "ns/op", 2000, t_open_close);
	bench("fstat", "ns/op", 5000, t_fstat);
	bench("pipe_self_1", "ns/op", 5000, t_pipe_self1);
	bench("pipe_self_4k", "ns/op", 2000, t_pipe_self4k);
	bench("pipe_self_64k", "ns/op", 200, t_pipe_self64k);
	bench("pipe_pingpong", "ns/roundtrip", 5000, t_pipe_pingpong);
	bench("yield_pair", "ns/yield", 5000, t_yield_pair);
	bench("mmap_munmap", "ns/op", 2000, t_mmap);
	bench("mmap_touch_munmap", "ns/op", 2000, t_mmap_touch);
	bench("mprotect_pair", "ns/op", 2000, t_mprotect);
	touch_region("touch_write_64m", 64 * MIB, 0, 1);
	touch_region("touch_write_64m_4k", 64 * MIB, 1, 1);
	touch_region("touch_read_64m_4k", 64 * MIB, 1, 0);
	bench("sigsegv_siglongjmp", "ns/op", 2000, t_sigsegv);
	bench("signal_self_return", "ns/op", 2000, t_sig_return);
	bench("sigaction", "ns/op", 5000, t_sig_install);
	bench("fork_exit_wait", "ns/op", 50, t_fork);
	bench("fork_cow64_exit_wait", "ns/op", 50, t_fork_cow64);
	bench("fork_exec_exit_wait", "ns/op", 30, t_fork_exec);
	bench("thread_create_join", "ns/op", 100, t_thread);
	put("bench: end\n");

	if (getpid() == 1) {
		sync();
		reboot(RB_POWER_OFF);
		for (;;)
			pause();
	}
	return 0;
}
