/*
 * pthreads.c - threads of the C library: locks, conditions, barriers, thread-local storage,
 * cancellation, robust mutexes, futexes, FP registers; and processes of many threads that end.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/el0/libc/calls.h"

#define THREADS 64
#define ROUNDS	20 /* ROUNDS=n in the environment: another number */
#define ADDS	200

static pthread_t thread[THREADS];

/* The time @ms from now, of the clock that the library's waits go by. */
static struct timespec in_ms(long ms)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += ms * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

/* ---- locks ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static long counter;
static bool open_gate;
static __thread long own = 5;

static void *adds(void *arg)
{
	own = (long)arg;
	pthread_mutex_lock(&mutex);
	while (!open_gate)
		pthread_cond_wait(&cond, &mutex);
	pthread_mutex_unlock(&mutex);
	for (int i = 0; i < ADDS; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
		if (i % 50 == 0)
			sched_yield();
	}
	pthread_barrier_wait(&barrier);
	return (void *)(own * 2);
}

static void *waits_for_ever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static bool round_of_adds(void)
{
	bool good = true;
	pthread_t other;
	void *r;

	counter = 0;
	open_gate = false;
	if (pthread_create(&other, NULL, waits_for_ever, NULL))
		return false;
	for (long i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, adds, (void *)i))
			return false;
	pthread_mutex_lock(&mutex);
	open_gate = true;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&mutex);
	for (long i = 0; i < THREADS; i++) {
		pthread_join(thread[i], &r);
		good = good && (long)r == i * 2;
	}
	pthread_cancel(other);
	pthread_join(other, &r);
	good = good && r == PTHREAD_CANCELED;
	return good && counter == THREADS * ADDS;
}

static void locks(void)
{
	const char *asked = getenv("ROUNDS");
	int rounds = asked ? atoi(asked) : ROUNDS, good = 0;

	pthread_barrier_init(&barrier, NULL, THREADS);
	for (int i = 0; i < rounds; i++) {
		good += round_of_adds();
		if (i % 100 == 99)
			note("%d rounds", i + 1);
	}
	is(good, rounds,
	   "64 threads: mutex, condition, barrier, thread-local storage, cancellation");
	is(own, 5, "the first thread's own is its own");
}

static sem_t ping, pong;

static void *answers(void *arg)
{
	for (long i = 0; i < (long)arg; i++) {
		sem_wait(&ping);
		sem_post(&pong);
	}
	return NULL;
}

static void waits(void)
{
	struct timespec t;

	sem_init(&ping, 0, 0);
	sem_init(&pong, 0, 0);
	pthread_create(thread, NULL, answers, (void *)1000);
	for (int i = 0; i < 1000; i++) {
		sem_post(&ping);
		sem_wait(&pong);
	}
	ok(pthread_join(thread[0], NULL) == 0, "1000 times there and back by semaphores");
	t = in_ms(20);
	is(libc_result(sem_timedwait(&ping, &t)), -ETIMEDOUT, "sem_timedwait");
	pthread_mutex_lock(&mutex);
	t = in_ms(20);
	is(pthread_cond_timedwait(&cond, &mutex, &t), ETIMEDOUT, "pthread_cond_timedwait");
	pthread_mutex_unlock(&mutex);
}

static pthread_mutex_t robust;

static void *dies_with_it(void *arg)
{
	pthread_mutex_lock(&robust);
	return arg;
}

static void robust_mutex(void)
{
	pthread_mutexattr_t a;

	pthread_mutexattr_init(&a);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&robust, &a);
	pthread_create(thread, NULL, dies_with_it, NULL);
	pthread_join(thread[0], NULL);
	is(pthread_mutex_lock(&robust), EOWNERDEAD, "a lock whose owner has ended");
	pthread_mutex_consistent(&robust);
	is(pthread_mutex_unlock(&robust), 0, "goes on");
}

/* ---- signals and cancellation ---- */

__attribute__((noreturn)) static void *sleeps(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

static volatile int signals;

static void on_signal(int signo)
{
	(void)signo;
	__atomic_fetch_add(&signals, 1, __ATOMIC_RELAXED);
}

static void cancellation(void)
{
	int cancelled = 0;
	void *r;

	signal(SIGUSR1, on_signal);
	for (int i = 0; i < 8; i++)
		pthread_create(&thread[i], NULL, sleeps, NULL);
	for (int i = 0; i < 8; i++)
		pthread_kill(thread[i], SIGUSR1);
	for (int i = 0; i < 10000 && signals < 8; i++)
		usleep(5000);
	is(signals, 8, "pthread_kill reaches each");
	for (int i = 0; i < 8; i++) {
		pthread_cancel(thread[i]);
		pthread_join(thread[i], &r);
		cancelled += r == PTHREAD_CANCELED;
	}
	is(cancelled, 8, "pthread_cancel ends each");
}

/* ---- FP ---- */

static void *keeps_registers(void *arg)
{
	uint64_t mine = (uint64_t)(uintptr_t)arg * 0x0101010101010101, a, b;
	long bad = 0;

	for (int i = 0; i < 300000; i++) {
		__asm__ volatile("	fmov	d9, %2\n"
				 "	mov	v31.d[1], %2\n"
				 "	nop\n	nop\n	nop\n	nop\n"
				 "	fmov	%0, d9\n"
				 "	mov	%1, v31.d[1]\n"
				 : "=&r"(a), "=&r"(b)
				 : "r"(mine)
				 : "v9", "v31");
		bad += a != mine || b != mine;
	}
	return (void *)bad;
}

static void fp_registers(void)
{
	long bad = 0;
	void *r;

	for (long i = 0; i < 8; i++)
		pthread_create(&thread[i], NULL, keeps_registers, (void *)(i + 1));
	for (int i = 0; i < 8; i++) {
		pthread_join(thread[i], &r);
		bad += (long)r;
	}
	is(bad, 0, "FP registers are each thread's own");
}

/* ---- futex(2) itself ---- */

static long futex(void *at, int op, uint32_t val, const struct timespec *t)
{
	return syscall(SYS_futex, at, op, val, t, NULL, 0);
}

static void futexes(void)
{
	struct timespec ms = { 0, 1000000 }, bad = { 0, -1 };
	uint32_t *shared =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint32_t word = 1;
	pid_t p;

	is(libc_result(futex(&word, 0, 2, NULL)), -EAGAIN, "futex: another value");
	is(libc_result(futex(&word, 0, 1, &ms)), -ETIMEDOUT, "futex: time is up");
	is(libc_result(futex((char *)&word + 1, 0, 1, &ms)), -EINVAL, "futex: unaligned");
	is(libc_result(futex((void *)16, 0, 1, &ms)), -EFAULT, "futex: bad address");
	is(libc_result(futex((void *)0xffff000000000000, 128, 1, &ms)), -EFAULT,
	   "futex: the kernel's");
	is(libc_result(futex(&word, 0, 1, &bad)), -EINVAL, "futex: bad time");
	is(libc_result(futex(&word, 9, 1, NULL)), -EINVAL, "futex: no bits");
	is(libc_result(futex(&word, 99, 1, NULL)), -ENOSYS, "futex: unknown operation");
	is(futex(&word, 1, 1, NULL), 0, "futex: nobody to wake");
	p = fork();
	if (!p) {
		while (!futex(shared, 1, 1, NULL))
			usleep(1000);
		_exit(0);
	}
	is(futex(shared, 0, 0, NULL), 0, "futex: woken by another process");
	waitpid(p, NULL, 0);
	munmap(shared, 4096);
}

/* ---- processes of many threads ---- */

__attribute__((noreturn)) static void *exits(void *arg)
{
	usleep(10000);
	exit((int)(long)arg);
}

static void *execs(void *arg)
{
	(void)arg;
	execl("/bin/hello", "hello", NULL);
	return NULL;
}

static void many(int n)
{
	for (int i = 0; i < n; i++)
		pthread_create(&thread[i], NULL, sleeps, NULL);
}

static void exit_by_thread(void)
{
	many(16);
	pthread_create(&thread[16], NULL, exits, (void *)9);
	sleeps(NULL);
}

static void exec_by_thread(void)
{
	many(16);
	pthread_create(&thread[16], NULL, execs, NULL);
	sleeps(NULL);
}

static void leader_first(void)
{
	pthread_create(&thread[0], NULL, exits, (void *)9);
	pthread_exit(NULL);
}

static void killed(void)
{
	many(16);
	raise(SIGKILL);
}

static void faults(void)
{
	many(8);
	__asm__ volatile("str xzr, [%0]" : : "r"(8L) : "memory");
}

static int status_of(void (*fn)(void))
{
	int status = -1;
	pid_t p;

	p = fork();
	if (!p) {
		fn();
		_exit(0);
	}
	waitpid(p, &status, 0);
	return status;
}

static void *tells_tid(void *arg)
{
	(void)arg;
	return (void *)syscall(SYS_gettid);
}

static void ends(void)
{
	void *tid;

	is(status_of(exit_by_thread), 9 << 8, "exit by a thread ends all");
	is(status_of(exec_by_thread), 0, "execve by a thread ends the others");
	is(status_of(leader_first), 9 << 8, "the first thread may end first");
	is(status_of(killed), SIGKILL, "SIGKILL ends all");
	is(status_of(faults), SIGSEGV, "a fault ends all");
	pthread_create(thread, NULL, tells_tid, NULL);
	pthread_join(thread[0], &tid);
	ok((long)tid > 0 && (long)tid != getpid(), "a thread has a number of its own");
}

int main(void)
{
	locks();
	waits();
	robust_mutex();
	cancellation();
	fp_registers();
	futexes();
	ends();
	return tap_done();
}
