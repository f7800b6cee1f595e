/*
 * clone_threads.c - threads of one process: what they share, futexes, exit and exec while others
 * run, and races on one address space, after which there must be one consistent answer and a
 * kernel.
 */
#include "abi/fcntl.h"
#include "abi/futex.h"
#include "abi/mman.h"
#include "el0/lib/process.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "tests/el0/tap.h"
#include "tests/el0/joinable.h"

#define PAGE  4096UL
#define COUNT 4

static struct thread threads[COUNT];
static uint32_t counter, lock_word;
static volatile bool stop;
static volatile int *volatile nowhere; /* so that no compiler knows */

/* A lock of one futex: 0 free, 1 taken, 2 taken and somebody waits. */
static void lock(void)
{
	uint32_t was = 0;

	if (__atomic_compare_exchange_n(&lock_word, &was, 1, false, __ATOMIC_ACQUIRE,
					__ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(&lock_word, 2, __ATOMIC_ACQUIRE) != 0)
		svc_futex(&lock_word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 2, NULL, NULL, 0);
}

static void unlock(void)
{
	if (__atomic_exchange_n(&lock_word, 0, __ATOMIC_RELEASE) == 2)
		svc_futex(&lock_word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
}

static void count_up(void *arg)
{
	(void)arg;
	for (int i = 0; i < 5000; i++) {
		lock();
		counter++;
		unlock();
	}
}

static void start_all(void (*fn)(void *))
{
	for (long i = 0; i < COUNT; i++)
		check(thread_start(&threads[i], fn, (void *)i), 0, "thread %ld", i);
}

/* The same where the process may be ending already, and clone(2) then says -EAGAIN. */
static void start_some(void (*fn)(void *))
{
	for (long i = 0; i < COUNT; i++)
		if (thread_start(&threads[i], fn, (void *)i) < 0)
			break;
}

static void join_all(void)
{
	for (int i = 0; i < COUNT; i++)
		thread_join(&threads[i]);
}

static void locking(void)
{
	begin("four threads count under a futex lock");
	counter = 0;
	start_all(count_up);
	join_all();
	check(counter, COUNT * 5000, "the count");
	end();
}

static long ids[COUNT][3];

static void tell_ids(void *arg)
{
	long i = (long)arg;

	ids[i][0] = svc_getpid();
	ids[i][1] = svc_gettid();
	ids[i][2] = svc_getppid();
}

static void identity(void)
{
	begin("threads share the pid and have tids of their own");
	start_all(tell_ids);
	join_all();
	for (int i = 0; i < COUNT; i++) {
		check(ids[i][0], svc_getpid(), "getpid of thread %d", i);
		check(ids[i][2], svc_getppid(), "getppid of thread %d", i);
		expect(ids[i][1] != svc_gettid() && (i == 0 || ids[i][1] != ids[i - 1][1]),
		       "gettid of thread %d", i);
	}
	end();
}

static void futexes(void)
{
	struct timespec ms = { 0, 10000000 }, bad = { 0, 1000000000 };
	uint32_t word = 5;

	begin("futex: values, timeouts, errors");
	check(svc_futex(&word, FUTEX_WAIT, 6, NULL, NULL, 0), -EAGAIN, "another value");
	check(svc_futex(&word, FUTEX_WAIT, 5, &ms, NULL, 0), -ETIMEDOUT, "timeout");
	check(svc_futex(&word, FUTEX_WAIT, 5, &bad, NULL, 0), -EINVAL, "10^9 ns");
	check(svc_futex((uint32_t *)((char *)&word + 1), FUTEX_WAIT, 5, &ms, NULL, 0), -EINVAL,
	      "unaligned");
	check(svc_futex(&word, FUTEX_WAKE, 100, NULL, NULL, 0), 0, "nobody to wake");
	check(svc_futex(&word, FUTEX_WAIT_BITSET, 5, NULL, NULL, 0), -EINVAL, "an empty bitset");
	check(svc_futex(&word, 77, 5, NULL, NULL, 0), -ENOSYS, "no such operation");
	end();
}

/* Between processes the word is found through its page, not its address. */
static void shared_futex(void)
{
	uint32_t *word = (uint32_t *)svc_mmap(0, PAGE, PROT_READ | PROT_WRITE,
					      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct timespec long_time = { 100, 0 };
	int status, pid = fork();
	long n;

	if (pid == 0) {
		sleep_ms(20);
		__atomic_store_n(word, 1, __ATOMIC_RELEASE);
		svc_futex(word, FUTEX_WAKE, 1, NULL, NULL, 0);
		exit(0);
	}
	begin("a futex in shared memory wakes another process");
	n = svc_futex(word, FUTEX_WAIT, 0, &long_time, NULL, 0);
	check_one_of(n, 0, -EAGAIN, "FUTEX_WAIT");
	check(*word, 1, "the word");
	waitpid(pid, &status, 0);
	svc_munmap((uintptr_t)word, PAGE);
	end();
}

/* ---- ends ---- */

static void spin(void *arg)
{
	(void)arg;
	for (;;)
		__asm__ volatile("");
}

static void sleep_long(void *arg)
{
	(void)arg;
	sleep_ms(100000);
}

static void exits_with_spinners(void)
{
	start_some(spin);
	sleep_ms(5);
	exit(5);
}

static void exits_with_sleepers(void)
{
	start_some(sleep_long);
	sleep_ms(5);
	exit(6);
}

static void exit_from_thread(void *arg)
{
	(void)arg;
	svc_exit_group(7);
}

static void thread_ends_all(void)
{
	start_some(exit_from_thread);
	sleep_ms(100000);
}

static void main_exits_first_body(void *arg)
{
	if (arg)
		return;
	sleep_ms(30);
	svc_exit_group(8);
}

static void main_exits_first(void)
{
	start_some(main_exits_first_body);
	svc_exit(1);
}

static void fault_in_thread_body(void *arg)
{
	if (arg == NULL)
		*nowhere = 1;
	sleep_ms(100000);
}

static void fault_in_thread(void)
{
	start_some(fault_in_thread_body);
	sleep_ms(100000);
}

static void exec_from(void *arg)
{
	char *argv[] = { (char *)"true", (char *)"again", NULL };

	if (arg == NULL)
		svc_execve("/tests/clone_threads", argv, argv + 2);
	sleep_ms(100000);
}

static void exec_in_thread(void)
{
	start_some(exec_from);
	sleep_ms(100000);
}

static void exec_among_threads(void)
{
	start_some(sleep_long);
	exec_from(NULL);
}

static void endings(void)
{
	begin("exit, faults and exec with other threads running");
	for (int i = 0; i < 10; i++) {
		check_child(exits_with_spinners, WAIT_EXITED(5), "exit_group, the others spin");
		check_child(exits_with_sleepers, WAIT_EXITED(6), "exit_group, the others sleep");
		check_child(thread_ends_all, WAIT_EXITED(7), "exit_group by a thread");
		check_child(main_exits_first, WAIT_EXITED(8), "the first thread exits first");
		check_child(fault_in_thread, SIGSEGV, "a fault in a thread");
		check_child(exec_among_threads, WAIT_EXITED(33), "execve, the others sleep");
		check_child(exec_in_thread, WAIT_EXITED(33), "execve by a thread");
	}
	end();
}

/* ---- races ---- */

static uintptr_t arena;

/* Unmaps, maps, protects and rewrites the buffer that the other threads' calls use. */
static void disturb(void *arg)
{
	uint64_t v = (uint64_t)arg + 1;

	while (!stop) {
		v = v * 6364136223846793005UL + 1442695040888963407UL;
		switch (v >> 61) {
		case 0: svc_munmap(arena + PAGE, PAGE); break;
		case 1: svc_mprotect(arena, 2 * PAGE, PROT_READ); break;
		case 2: svc_mprotect(arena, 2 * PAGE, PROT_NONE); break;
		case 3: svc_madvise(arena, 4 * PAGE, MADV_DONTNEED); break;
		default:
			svc_mmap(arena, 4 * PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		}
	}
}

#define RACE_MS 3000 /* enough; where cores are emulated a race is slow */

static int64_t now_ms(void)
{
	struct timespec t;

	svc_clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void raced_calls(void)
{
	int zero = open("/dev/zero", O_RDWR, 0),
	    file = open("raced", O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct iovec *v = (void *)(arena + PAGE - 16);
	int64_t until = now_ms() + RACE_MS;
	int fds[2], rounds = 0;

	svc_pipe2(fds, O_NONBLOCK);
	for (; rounds < 3000 && now_ms() < until; rounds++) {
		long n = svc_read(zero, (void *)(arena + PAGE - 50), 100);

		expect(n == -EFAULT || (n > 0 && n <= 100), "read: %ld", n);
		n = svc_write(file, (void *)(arena + PAGE - 50), 100);
		expect(n == -EFAULT || (n > 0 && n <= 100), "write: %ld", n);
		n = svc_write(fds[1], (void *)(arena + PAGE - 50), 100);
		expect(n == -EFAULT || n == -EAGAIN || (n > 0 && n <= 100), "write to a pipe: %ld",
		       n);
		n = svc_read(fds[0], (void *)(arena + PAGE - 50), 100);
		expect(n == -EFAULT || n == -EAGAIN || (n > 0 && n <= 100), "read of a pipe: %ld",
		       n);
		n = svc_writev(zero, v, 2);
		expect(n == -EFAULT || n == -EINVAL || n >= 0, "writev: %ld", n);
		n = open((char *)(arena + PAGE - 3), O_RDONLY, 0);
		expect(n == -EFAULT || n == -ENOENT, "open: %ld", n);
		n = svc_newfstatat(AT_FDCWD, "raced", (void *)(arena + PAGE - 60), 0);
		expect(n == -EFAULT || n == 0, "newfstatat: %ld", n);
		n = svc_execve("/nonexistent", (char **)(arena + PAGE - 16), (char **)arena);
		expect(n == -EFAULT || n == -ENOENT || n == -E2BIG, "execve: %ld", n);
	}
	note("%d rounds", rounds);
	svc_close(zero);
	svc_close(file);
}

static void races_on_memory(void)
{
	begin("calls with buffers that other threads unmap, protect and map anew");
	arena = (uintptr_t)svc_mmap(0, 4 * PAGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stop = false;
	start_all(disturb);
	raced_calls();
	stop = true;
	join_all();
	svc_munmap(arena, 4 * PAGE);
	end();
}

/*
 * A vector whose length jumps between small and huge while writev reads it: checked once, used as
 * checked.
 */
static struct iovec changing[2];

static void change_vector(void *arg)
{
	(void)arg;
	while (!stop) {
		__atomic_store_n(&changing[0].iov_len, 16, __ATOMIC_RELAXED);
		__atomic_store_n(&changing[0].iov_len, SIZE_MAX, __ATOMIC_RELAXED);
		__atomic_store_n(&changing[1].iov_base, 0xffff000000000000, __ATOMIC_RELAXED);
		__atomic_store_n(&changing[1].iov_base, (uint64_t)changing, __ATOMIC_RELAXED);
	}
}

static void double_fetch(void)
{
	int null = open("/dev/null", O_WRONLY, 0),
	    file = open("fetched", O_RDWR | O_CREAT | O_TRUNC, 0600);
	int64_t until = now_ms() + RACE_MS;

	begin("a vector that changes while it is read");
	changing[0] = (struct iovec){ (uint64_t)changing, 16 };
	changing[1] = (struct iovec){ (uint64_t)changing, 16 };
	stop = false;
	start_all(change_vector);
	for (int i = 0; i < 20000 && now_ms() < until; i++) {
		long n = svc_writev(null, changing, 2);

		expect(n == 32 || n == 16 || n == -EINVAL || n == -EFAULT, "writev to null: %ld",
		       n);
		svc_lseek(file, 0, SEEK_SET);
		n = svc_writev(file, changing, 2);
		expect(n == 32 || n == 16 || n == -EINVAL || n == -EFAULT, "writev to a file: %ld",
		       n);
	}
	stop = true;
	join_all();
	svc_close(null);
	svc_close(file);
	end();
}

/* Pages written, dropped and written again by all at once; each sees its own or zero. */
static void touch(void *arg)
{
	uint64_t me = (uint64_t)arg + 1;
	volatile uint64_t *w;

	for (int round = 0; round < 100; round++) {
		for (int page = 0; page < 16; page++) {
			w = (uint64_t *)(arena + (uintptr_t)page * PAGE + me * 64);
			*w = me;
			if (*w != me && *w != 0)
				__atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED);
		}
		if (round % 8 == 0)
			svc_madvise(arena, 16 * PAGE, MADV_DONTNEED);
	}
}

static void races_on_faults(void)
{
	begin("page faults of four threads on the same pages, with MADV_DONTNEED");
	arena = (uintptr_t)svc_mmap(0, 16 * PAGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	counter = 0;
	start_all(touch);
	join_all();
	check(counter, 0, "foreign values");
	svc_munmap(arena, 16 * PAGE);
	end();
}

static void fork_and_wait(void *arg)
{
	int status;

	(void)arg;
	for (int i = 0; i < 30; i++) {
		int pid = fork();

		if (pid == 0)
			svc_exit_group(3);
		if (pid < 0 || svc_wait4(pid, &status, 0, NULL) != pid || status != WAIT_EXITED(3))
			__atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED);
	}
}

static void races_on_fork(void)
{
	begin("fork by four threads at once");
	counter = 0;
	start_all(fork_and_wait);
	join_all();
	check(counter, 0, "that went wrong");
	end();
}

static void open_and_close(void *arg)
{
	(void)arg;
	for (int i = 0; i < 200; i++) {
		int fd = open("/dev/zero", O_RDONLY, 0);
		char c;

		/* the descriptor may be anybody's by now */
		svc_read(fd, &c, 1);
		svc_dup3(fd, 40 + i % 4, 0);
		svc_close(40 + (i + 1) % 4);
		svc_close(fd);
	}
}

static void races_on_descriptors(void)
{
	begin("open, dup, close by four threads at once");
	start_all(open_and_close);
	join_all();
	for (int i = 0; i < 4; i++)
		svc_close(40 + i);
	end();
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return 33;
	locking();
	identity();
	futexes();
	shared_futex();
	endings();
	races_on_memory();
	double_fetch();
	races_on_faults();
	races_on_fork();
	races_on_descriptors();
	return tap_done();
}
