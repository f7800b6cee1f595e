/*
 * clock_set.c - the wall clock is set: who waits for a time of it wakes when that has come, who
 * waits for a while does not.
 *
 * Needs to be root.  The clock is put back at the end.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/time.h>
#include <time.h>

#include "tests/el0/libc/calls.h"
#include "tests/el0/libc/wall.h"

static void setting(void)
{
	struct timespec t;
	struct timeval tv;
	int64_t real = now(CLOCK_REALTIME), mono = now(CLOCK_MONOTONIC), tai = now(CLOCK_TAI);

	begin("clock_settime, settimeofday: CLOCK_REALTIME and CLOCK_TAI move, the others do not");
	check(step(3600), 0, "an hour on");
	expect(now(CLOCK_REALTIME) - real >= 3600 * NS_PER_S, "CLOCK_REALTIME");
	expect(now(CLOCK_TAI) - tai >= 3600 * NS_PER_S, "CLOCK_TAI");
	expect(now(CLOCK_MONOTONIC) - mono < 1800 * NS_PER_S, "CLOCK_MONOTONIC");
	gettimeofday(&tv, NULL);
	tv.tv_sec -= 7200;
	check(sys(settimeofday, &tv, NULL), 0, "two hours back");
	expect(now(CLOCK_REALTIME) < real, "CLOCK_REALTIME");
	tv.tv_usec = 1000000;
	check(sys(settimeofday, &tv, NULL), -EINVAL, "10^6 us");
	check(sys(settimeofday, (void *)8, NULL), -EFAULT, "a bad pointer");
	check(sys(settimeofday, NULL, (void *)8), -EFAULT, "a bad pointer");
	t = (struct timespec){ 1, NS_PER_S };
	check(sys(clock_settime, CLOCK_REALTIME, &t), -EINVAL, "10^9 ns");
	t = (struct timespec){ -1, 0 };
	check(sys(clock_settime, CLOCK_REALTIME, &t), -EINVAL, "before 1970");
	t = (struct timespec){ 1, 0 };
	check(sys(clock_settime, CLOCK_MONOTONIC, &t), -EINVAL, "CLOCK_MONOTONIC");
	check(sys(clock_settime, 99, &t), -EINVAL, "clock 99");
	check(sys(clock_settime, CLOCK_REALTIME, (void *)8), -EFAULT, "a bad pointer");
	put_back();
	end();
}

static int started, stop_word;

/* Waits until an hour from now by the wall clock, in one of several ways. */
static void *sleeping_thread(void *how)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += 3600;
	__atomic_add_fetch(&started, 1, __ATOMIC_SEQ_CST);
	if (how)
		return (void *)sys(futex, &stop_word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0,
				   &t, NULL, FUTEX_BITSET_MATCH_ANY);
	return (void *)sys(clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL);
}

static void waiting(void)
{
	static const long want[2] = { 0, -ETIMEDOUT };
	int64_t from = now(CLOCK_MONOTONIC);
	pthread_t thread[8];
	void *got;

	begin("clock_nanosleep, futex: a time of the wall clock comes when the clock is set");
	for (long i = 0; i < 8; i++)
		check(pthread_create(&thread[i], NULL, sleeping_thread, (void *)(i % 2)), 0,
		      "a thread");
	while (__atomic_load_n(&started, __ATOMIC_SEQ_CST) < 8)
		usleep(1000);
	usleep(20000); /* most of them sleep by now; for the others it must be as true */
	check(step(4000), 0, "an hour on");
	for (long i = 0; i < 8; i++) {
		pthread_join(thread[i], &got);
		check((long)got, want[i % 2], "thread %ld", i);
	}
	expect(now(CLOCK_MONOTONIC) - from < 1800 * NS_PER_S, "long before the hour was over");
	put_back();
	end();
}

static void *relative(void *arg)
{
	struct timespec t = { 0, 300000000 };
	int64_t from = now(CLOCK_MONOTONIC);

	(void)arg;
	__atomic_add_fetch(&started, 1, __ATOMIC_SEQ_CST);
	sys(clock_nanosleep, CLOCK_REALTIME, 0, &t, NULL);
	return now(CLOCK_MONOTONIC) - from >= 300000000 ? &started : NULL;
}

static void not_waiting(void)
{
	pthread_t thread;
	void *got;

	begin("clock_nanosleep: a while stays a while, whatever the clock is set to");
	started = 0;
	check(pthread_create(&thread, NULL, relative, NULL), 0, "a thread");
	while (!__atomic_load_n(&started, __ATOMIC_SEQ_CST))
		usleep(1000);
	check(step(4000), 0, "an hour on");
	pthread_join(thread, &got);
	expect(got != NULL, "it slept as long as it was to");
	put_back();
	end();
}

static void not_root(void)
{
	struct timespec t = { 1, 0 };
	struct timeval tv = { 1, 0 };

	check(sys(setuid, 1000), 0, "setuid");
	check(sys(clock_settime, CLOCK_REALTIME, &t), -EPERM, "clock_settime");
	check(sys(settimeofday, &tv, NULL), -EPERM, "settimeofday");
}

static void rights(void)
{
	begin("clock_settime, settimeofday: root alone sets the clock");
	check_child(not_root, 0, "not root");
	end();
}

int main(void)
{
	struct timespec day = { .tv_sec = 1700000000 };

	/* who came before (the fuzzer) may have left 1970, from where Linux takes no step back */
	if (now(CLOCK_REALTIME) < day.tv_sec * NS_PER_S)
		sys(clock_settime, CLOCK_REALTIME, &day);
	wall_remember();
	setting();
	waiting();
	not_waiting();
	rights();
	return tap_done();
}
