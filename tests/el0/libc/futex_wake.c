/*
 * futex_wake.c - whom FUTEX_WAKE wakes: how many, and in which order.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>

#include "tests/el0/libc/calls.h"

static uint32_t word;

static void *futex_waiter(void *arg)
{
	sys(futex, &word, FUTEX_WAIT, 0, NULL, 0, 0);
	return arg;
}

static void wake_none(void)
{
	long woken = 0;
	pthread_t t;

	begin("futex: FUTEX_WAKE of 0 and of less wakes one");
	for (int i = 0; i < 2; i++) {
		pthread_create(&t, NULL, futex_waiter, NULL);
		do {
			sched_yield();
			woken = sys(futex, &word, FUTEX_WAKE, -i, 0, 0, 0);
		} while (woken == 0);
		check(woken, 1, "FUTEX_WAKE of %d", -i);
		pthread_join(t, NULL);
	}
	end();
}

static int order[3], arrived;
static volatile int waiting;

static void *in_turn(void *arg)
{
	waiting++;
	sys(futex, &word, FUTEX_WAIT, 0, NULL, 0, 0);
	order[arrived++] = (int)(long)arg;
	return NULL;
}

/* As root, all on one core: who is woken runs before who wakes. */
static void by_priority(void)
{
	static const int priority[] = { 5, 10, 20 };
	struct sched_param param = { .sched_priority = 1 };
	pthread_attr_t attr;
	pthread_t t[3];
	cpu_set_t set;

	begin("futex: of real-time threads the one with the highest priority is woken first");
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	check(sys(sched_setaffinity, 0, sizeof(set), &set), 0, "sched_setaffinity");
	check(sys(sched_setscheduler, 0, SCHED_FIFO, &param), 0, "sched_setscheduler");
	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_INHERIT_SCHED);
	for (int i = 0; i < 3; i++) {
		param.sched_priority = priority[i];
		sys(sched_setparam, 0, &param);
		pthread_create(&t[i], &attr, in_turn, (void *)(long)priority[i]);
		param.sched_priority = 1;
		sys(sched_setparam, 0, &param); /* now it runs, until it waits */
		while (waiting <= i)
			usleep(1000);
	}
	for (int i = 0; i < 3; i++)
		while (sys(futex, &word, FUTEX_WAKE, 1, 0, 0, 0) != 1)
			usleep(1000);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	param.sched_priority = 0;
	sys(sched_setscheduler, 0, SCHED_OTHER, &param);
	check(order[0], 20, "first");
	check(order[1], 10, "second");
	check(order[2], 5, "third");
	end();
}

int main(void)
{
	wake_none();
	by_priority();
	return tap_done();
}
