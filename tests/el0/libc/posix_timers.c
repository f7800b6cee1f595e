/*
 * posix_timers.c - timer_create(2) and its kin, and the clocks of CPU time.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>

#include "tests/el0/libc/calls.h"

#define NS_PER_S	     1000000000L
#define MS		     1000000L

/* The clock of @pid's CPU time; @what: 0 profiling, 1 virtual, 2 exact, and 4 for a thread's. */
#define CPU_CLOCK(pid, what) ((clockid_t)(~(unsigned int)(pid) << 3 | (what)))

/* As the kernel has it: the C libraries do not agree on the name of the thread's number. */
struct kernel_sigevent {
	uint64_t value;
	int signo, notify, tid;
	int pad[11];
};

#ifndef SIGEV_THREAD_ID
#define SIGEV_THREAD_ID 4
#endif

/* What is shown of a timer's signal. */
struct timer_info {
	int signo, error, code, pad;
	int timer, overrun;
	uint64_t value;
	char rest[96];
};

static int64_t now(clockid_t id)
{
	struct timespec t = { -1, 0 };

	sys(clock_gettime, id, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static struct itimerspec spec(int64_t value, int64_t interval)
{
	return (struct itimerspec){ { interval / NS_PER_S, interval % NS_PER_S },
				    { value / NS_PER_S, value % NS_PER_S } };
}

static int64_t value_of(const struct itimerspec *s)
{
	return s->it_value.tv_sec * NS_PER_S + s->it_value.tv_nsec;
}

static int64_t interval_of(const struct itimerspec *s)
{
	return s->it_interval.tv_sec * NS_PER_S + s->it_interval.tv_nsec;
}

static long create(clockid_t clock, int signo, int notify, int tid, int *id)
{
	struct kernel_sigevent e = {
		.value = 0x1234567890, .signo = signo, .notify = notify, .tid = tid
	};

	*id = -1;
	return sys(timer_create, clock, &e, id);
}

static long arm(int id, int flags, int64_t value, int64_t interval)
{
	struct itimerspec s = spec(value, interval);

	return sys(timer_settime, id, flags, &s, NULL);
}

/* The next signal of @signo within @ms: its number, or -EAGAIN. */
static long wait_for(int signo, int ms, struct timer_info *info)
{
	uint64_t set = UINT64_C(1) << (signo - 1);
	struct timespec t = { ms / 1000, ms % 1000 * MS };

	memset(info, 0, sizeof(*info));
	return sys(rt_sigtimedwait, &set, info, &t, 8);
}

/* Until @signo waits to be taken: the core whose timer sends it may be behind. */
static void until_pending(int signo)
{
	uint64_t set = 0;

	while (!(set >> (signo - 1) & 1)) {
		usleep(1000);
		sys(rt_sigpending, &set, 8);
	}
}

static void block(int signo)
{
	uint64_t set = UINT64_C(1) << (signo - 1);

	sys(rt_sigprocmask, SIG_BLOCK, &set, NULL, 8);
}

/* Uses @ns of CPU time. */
static void work(int64_t ns)
{
	int64_t from = now(CLOCK_THREAD_CPUTIME_ID);

	while (now(CLOCK_THREAD_CPUTIME_ID) - from < ns)
		;
}

/* ---- making and deleting ---- */

static void making(void)
{
	static const struct {
		clockid_t clock;
		long want;
	} clocks[] = {
		{ CLOCK_REALTIME, 0 },
		{ CLOCK_MONOTONIC, 0 },
		{ CLOCK_PROCESS_CPUTIME_ID, 0 },
		{ CLOCK_THREAD_CPUTIME_ID, 0 },
		{ CLOCK_MONOTONIC_RAW, -EOPNOTSUPP },
		{ CLOCK_REALTIME_COARSE, -EOPNOTSUPP },
		{ CLOCK_MONOTONIC_COARSE, -EOPNOTSUPP },
		{ CLOCK_BOOTTIME, 0 },
		{ 10, -EINVAL },
		{ CLOCK_TAI, 0 },
		{ 12, -EINVAL },
		{ 99, -EINVAL },
		{ CPU_CLOCK(0, 2), 0 },		  /* the process's own, by number 0 */
		{ CPU_CLOCK(0, 6), 0 },		  /* the thread's */
		{ CPU_CLOCK(0, 0), 0 },		  /* CPUCLOCK_PROF */
		{ CPU_CLOCK(0, 1), 0 },		  /* CPUCLOCK_VIRT */
		{ CPU_CLOCK(0, 3), -EOPNOTSUPP }, /* of a descriptor */
		{ CPU_CLOCK(99999, 2), -EINVAL }, /* of nobody */
		{ CPU_CLOCK(1, 6), -EINVAL },	  /* of another process's thread */
	};
	int id, other;
	struct kernel_sigevent e = { .signo = SIGUSR1 };

	begin("timer_create, timer_delete: which clocks have timers; errors");
	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		check(create(clocks[i].clock, SIGUSR1, SIGEV_SIGNAL, 0, &id), clocks[i].want,
		      "clock %d", clocks[i].clock);
		if (!clocks[i].want)
			check(sys(timer_delete, id), 0, "clock %d: timer_delete", clocks[i].clock);
	}
	check(sys(timer_create, CLOCK_MONOTONIC, NULL, &id), 0, "without an event");
	check(sys(timer_create, CLOCK_MONOTONIC, NULL, &other), 0, "another");
	expect(id != other, "with another number");
	check(sys(timer_delete, id), 0, "timer_delete");
	check(sys(timer_delete, id), -EINVAL, "timer_delete again");
	check(sys(timer_delete, other), 0, "timer_delete of the other");
	check(sys(timer_delete, -1), -EINVAL, "timer_delete of -1");
	check(sys(timer_delete, 1 << 30), -EINVAL, "timer_delete of 2^30");
	check(create(CLOCK_MONOTONIC, 0, SIGEV_SIGNAL, 0, &id), -EINVAL, "signal 0");
	check(create(CLOCK_MONOTONIC, 65, SIGEV_SIGNAL, 0, &id), -EINVAL, "signal 65");
	check(create(CLOCK_MONOTONIC, -1, SIGEV_SIGNAL, 0, &id), -EINVAL, "signal -1");
	check(create(CLOCK_MONOTONIC, SIGUSR1, 3, 0, &id), -EINVAL, "notify 3");
	check(create(CLOCK_MONOTONIC, SIGUSR1, SIGEV_THREAD_ID, 0, &id), -EINVAL, "thread 0");
	check(create(CLOCK_MONOTONIC, SIGUSR1, SIGEV_THREAD_ID, 1, &id), -EINVAL,
	      "another process's thread");
	check(create(CLOCK_MONOTONIC, 0, SIGEV_NONE, 0, &id), 0, "SIGEV_NONE asks for no signal");
	check(sys(timer_delete, id), 0, "timer_delete");
	check(sys(timer_create, CLOCK_MONOTONIC, (void *)8, &id), -EFAULT, "a bad event");
	check(sys(timer_create, CLOCK_MONOTONIC, &e, (void *)8), -EFAULT, "a bad place");
	check(sys(timer_create, CLOCK_MONOTONIC, (void *)-16L, &id), -EFAULT, "a kernel event");
	check(sys(timer_create, CLOCK_MONOTONIC, &e, (void *)-16L), -EFAULT, "a kernel place");
	end();
}

/* ---- setting and asking ---- */

static void setting(void)
{
	struct itimerspec s = spec(100 * NS_PER_S, 7 * NS_PER_S), old, got;
	int id;

	begin("timer_settime, timer_gettime: what is left; errors");
	block(SIGUSR1);
	check(create(CLOCK_MONOTONIC, SIGUSR1, SIGEV_SIGNAL, 0, &id), 0, "timer_create");
	check(sys(timer_gettime, id, &got), 0, "timer_gettime");
	expect(!value_of(&got) && !interval_of(&got), "off at first");
	check(sys(timer_settime, id, 0, &s, &old), 0, "timer_settime");
	expect(!value_of(&old) && !interval_of(&old), "it was off");
	check(sys(timer_gettime, id, &got), 0, "timer_gettime");
	expect(value_of(&got) <= 100 * NS_PER_S && value_of(&got) > 50 * NS_PER_S, "%ld ns left",
	       (long)value_of(&got));
	check(interval_of(&got), 7 * NS_PER_S, "the interval");
	s = spec(0, 5 * NS_PER_S);
	check(sys(timer_settime, id, 0, &s, &old), 0, "off");
	check(interval_of(&old), 7 * NS_PER_S, "the interval that was");
	check(sys(timer_gettime, id, &got), 0, "timer_gettime");
	expect(!value_of(&got) && !interval_of(&got), "off: %ld, %ld", (long)value_of(&got),
	       (long)interval_of(&got));
	s = spec(now(CLOCK_MONOTONIC) + 100 * NS_PER_S, 0);
	check(sys(timer_settime, id, TIMER_ABSTIME, &s, NULL), 0, "a time");
	check(sys(timer_gettime, id, &got), 0, "timer_gettime");
	expect(value_of(&got) <= 100 * NS_PER_S && value_of(&got) > 50 * NS_PER_S, "%ld ns left",
	       (long)value_of(&got));
	s = (struct itimerspec){ { 0, 0 }, { INT64_MAX, NS_PER_S - 1 } };
	check(sys(timer_settime, id, 0, &s, NULL), 0, "longer than there is time");
	check(sys(timer_gettime, id, &got), 0, "timer_gettime");
	expect(got.it_value.tv_sec > 1000000000, "%ld s left", (long)got.it_value.tv_sec);
	s = (struct itimerspec){ { 0, NS_PER_S }, { 1, 0 } };
	check(sys(timer_settime, id, 0, &s, NULL), -EINVAL, "an interval of 10^9 ns");
	s = (struct itimerspec){ { 0, 0 }, { -1, 0 } };
	check(sys(timer_settime, id, 0, &s, NULL), -EINVAL, "a value of -1 s");
	s = (struct itimerspec){ { 0, 0 }, { 0, -1 } };
	check(sys(timer_settime, id, 0, &s, NULL), -EINVAL, "a value of -1 ns");
	check(sys(timer_settime, id, 0, NULL, NULL), -EINVAL, "no setting");
	check(sys(timer_settime, id, 0, (void *)8, NULL), -EFAULT, "a bad setting");
	s = spec(50 * NS_PER_S, 0);
	check(sys(timer_settime, id, 0, &s, (void *)8), -EFAULT, "a bad place for the old one");
	check(sys(timer_gettime, id, &got), 0, "timer_gettime");
	expect(value_of(&got) <= 50 * NS_PER_S && value_of(&got) > 0, "but it is set");
	check(sys(timer_gettime, id, (void *)8), -EFAULT, "timer_gettime: a bad place");
	check(sys(timer_gettime, -1, &got), -EINVAL, "timer_gettime: no timer");
	check(sys(timer_settime, 12345, 0, &s, NULL), -EINVAL, "timer_settime: no timer");
	check(sys(timer_getoverrun, 12345), -EINVAL, "timer_getoverrun: no timer");
	check(sys(timer_delete, id), 0, "timer_delete");
	check(sys(timer_gettime, id, &got), -EINVAL, "timer_gettime: of one that was");
	end();
}

/* ---- going off ---- */

static void once(void)
{
	static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME,
					    CLOCK_TAI };
	struct timer_info info;
	struct itimerspec got;
	int64_t from;
	int id;

	begin("timer_settime, timer_gettime: one signal, not early, with its data");
	block(SIGUSR1);
	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++)
		for (int absolute = 0; absolute < 2; absolute++) {
			clockid_t c = clocks[i];

			check(create(c, SIGUSR1, SIGEV_SIGNAL, 0, &id), 0, "timer_create");
			from = now(c);
			check(arm(id, absolute ? TIMER_ABSTIME : 0,
				  absolute ? from + 30 * MS : 30 * MS, 0),
			      0, "clock %d", c);
			check(wait_for(SIGUSR1, 10000, &info), SIGUSR1, "clock %d: it comes", c);
			expect(now(c) - from >= 30 * MS, "clock %d: after %ld ns", c,
			       (long)(now(c) - from));
			check(info.code, SI_TIMER, "clock %d: si_code", c);
			check(info.timer, id, "clock %d: si_timerid", c);
			check(info.overrun, 0, "clock %d: si_overrun", c);
			check((long)info.value, 0x1234567890, "clock %d: si_value", c);
			check(sys(timer_gettime, id, &got), 0, "timer_gettime");
			expect(!value_of(&got), "clock %d: it is off", c);
			check(wait_for(SIGUSR1, 60, &info), -EAGAIN, "clock %d: once", c);
			check(sys(timer_delete, id), 0, "timer_delete");
		}
	check(create(CLOCK_MONOTONIC, SIGUSR1, SIGEV_SIGNAL, 0, &id), 0, "timer_create");
	check(arm(id, TIMER_ABSTIME, 1, 0), 0, "a time that has been");
	check(wait_for(SIGUSR1, 10000, &info), SIGUSR1, "at once");
	check(sys(timer_delete, id), 0, "timer_delete");
	block(SIGALRM);
	check(sys(timer_create, CLOCK_MONOTONIC, NULL, &id), 0, "without an event");
	check(arm(id, 0, MS, 0), 0, "timer_settime");
	check(wait_for(SIGALRM, 10000, &info), SIGALRM, "SIGALRM");
	check((int)info.value, id, "its value is the timer's number");
	check(sys(timer_delete, id), 0, "timer_delete");
	end();
}

static void again(void)
{
	struct timer_info info;
	struct itimerspec got;
	int64_t from;
	int id;
	long total;

	begin("timer_getoverrun: an interval goes on, and what was missed is counted");
	block(SIGUSR1);
	check(create(CLOCK_MONOTONIC, SIGUSR1, SIGEV_SIGNAL, 0, &id), 0, "timer_create");
	from = now(CLOCK_MONOTONIC);
	check(arm(id, 0, 5 * MS, 5 * MS), 0, "each 5 ms");
	for (int i = 0; i < 10; i++)
		check(wait_for(SIGUSR1, 10000, &info), SIGUSR1, "time %d", i);
	expect(now(CLOCK_MONOTONIC) - from >= 50 * MS, "10 times take 50 ms");
	/* the signal of one time is there; those that follow are its overruns */
	from = now(CLOCK_MONOTONIC);
	while (now(CLOCK_MONOTONIC) - from < 100 * MS) {
		usleep(10000);
		check(sys(timer_gettime, id, &got), 0, "timer_gettime, the signal pending");
	}
	check(wait_for(SIGUSR1, 10000, &info), SIGUSR1, "one signal");
	expect(info.overrun >= 15, "overruns: %d", info.overrun);
	check(sys(timer_getoverrun, id), info.overrun, "timer_getoverrun");
	check(arm(id, 0, 0, 0), 0, "off");
	wait_for(SIGUSR1, 0, &info);
	/* no interval is so short that the kernel would do nothing else */
	check(arm(id, 0, 1, 1), 0, "each nanosecond");
	total = 0;
	for (int i = 0; i < 100; i++) {
		check(wait_for(SIGUSR1, 10000, &info), SIGUSR1, "time %d", i);
		total += 1 + info.overrun;
	}
	expect(total > 1000, "%ld times", total);
	check(sys(timer_delete, id), 0, "timer_delete");
	end();
}

/* A signal that is ignored: the timer goes on, and is heard again when there is a handler. */
static volatile int handled, handled_code;

static void handler(int sig, siginfo_t *info, void *uc)
{
	handled++;
	handled_code = info->si_code;
	(void)sig;
	(void)uc;
}

static void ignoring(void)
{
	struct sigaction a = { .sa_handler = SIG_IGN };
	struct timer_info info;
	int id;

	begin("timer_settime: a signal that is ignored, or whose queue is emptied, is not the "
	      "timer's end");
	sigemptyset(&a.sa_mask);
	sigaction(SIGUSR2, &a, NULL);
	check(create(CLOCK_MONOTONIC, SIGUSR2, SIGEV_SIGNAL, 0, &id), 0, "timer_create");
	check(arm(id, 0, MS, MS), 0, "each ms");
	usleep(30000);
	handled = 0;
	a.sa_sigaction = handler;
	a.sa_flags = SA_SIGINFO;
	sigaction(SIGUSR2, &a, NULL);
	for (int i = 0; i < 500 && handled < 3; i++)
		usleep(10000);
	expect(handled >= 3, "heard again: %d", handled);
	check(handled_code, SI_TIMER, "si_code");
	check(sys(timer_delete, id), 0, "timer_delete");
	/* a signal that waits is dropped with the others */
	block(SIGUSR1);
	check(create(CLOCK_MONOTONIC, SIGUSR1, SIGEV_SIGNAL, 0, &id), 0, "timer_create");
	check(arm(id, 0, MS, 0), 0, "once");
	until_pending(SIGUSR1);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR1, SIG_DFL);
	check(wait_for(SIGUSR1, 10, &info), -EAGAIN, "the signal is gone");
	check(arm(id, 0, MS, 0), 0, "once more");
	check(wait_for(SIGUSR1, 10000, &info), SIGUSR1, "and it comes");
	check(sys(timer_delete, id), 0, "timer_delete");
	end();
}

/* SIGEV_NONE: it can only be asked. */
static void silent(void)
{
	struct itimerspec got;
	int id;

	begin("timer_gettime: SIGEV_NONE counts down and tells nobody");
	check(create(CLOCK_MONOTONIC, 0, SIGEV_NONE, 0, &id), 0, "timer_create");
	check(arm(id, 0, 10 * MS, 0), 0, "once");
	usleep(20000);
	check(sys(timer_gettime, id, &got), 0, "timer_gettime");
	expect(!value_of(&got), "it is over: %ld", (long)value_of(&got));
	check(arm(id, 0, 10 * MS, 1000 * NS_PER_S), 0, "with an interval");
	usleep(20000);
	check(sys(timer_gettime, id, &got), 0, "timer_gettime");
	expect(value_of(&got) > 900 * NS_PER_S, "the second round: %ld", (long)value_of(&got));
	check(sys(timer_delete, id), 0, "timer_delete");
	end();
}

/* ---- to a thread ---- */

static int thread_tid, thread_done;

static void *waiting_thread(void *arg)
{
	struct timer_info info;

	__atomic_store_n(&thread_tid, (int)sys(gettid), __ATOMIC_SEQ_CST);
	(void)arg;
	return (void *)wait_for(SIGRTMIN, 10000, &info);
}

static void *idle_thread(void *arg)
{
	__atomic_store_n(&thread_tid, (int)sys(gettid), __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&thread_done, __ATOMIC_SEQ_CST))
		usleep(1000);
	return arg;
}

static int wait_for_tid(void)
{
	int tid;

	while (!(tid = __atomic_load_n(&thread_tid, __ATOMIC_SEQ_CST)))
		usleep(1000);
	return tid;
}

static void to_thread(void)
{
	pthread_t thread;
	struct timer_info info;
	void *got;
	int id;

	begin("timer_create: SIGEV_THREAD_ID, and a thread that has gone");
	block(SIGRTMIN);
	thread_tid = 0;
	check(pthread_create(&thread, NULL, waiting_thread, NULL), 0, "a thread");
	check(create(CLOCK_MONOTONIC, SIGRTMIN, SIGEV_THREAD_ID, wait_for_tid(), &id), 0,
	      "timer_create");
	check(arm(id, 0, 20 * MS, 0), 0, "timer_settime");
	check(wait_for(SIGRTMIN, 100, &info), -EAGAIN, "it is not for us");
	pthread_join(thread, &got);
	check((long)got, SIGRTMIN, "the thread got it");
	check(arm(id, 0, MS, MS), 0, "to nobody");
	check(wait_for(SIGRTMIN, 30, &info), -EAGAIN, "nobody gets it");
	check(sys(timer_delete, id), 0, "timer_delete");
	/* a CPU clock of a thread that has gone stands still */
	thread_tid = thread_done = 0;
	check(pthread_create(&thread, NULL, idle_thread, NULL), 0, "a thread");
	check(create(CPU_CLOCK(wait_for_tid(), 6), SIGRTMIN, SIGEV_SIGNAL, 0, &id), 0,
	      "its CPU clock");
	check(arm(id, 0, 10 * NS_PER_S, 0), 0, "timer_settime");
	__atomic_store_n(&thread_done, 1, __ATOMIC_SEQ_CST);
	pthread_join(thread, &got);
	work(30 * MS);
	check(wait_for(SIGRTMIN, 0, &info), -EAGAIN, "nothing");
	check(sys(timer_delete, id), 0, "timer_delete");
	end();
}

/* ---- CPU time ---- */

static void cpu_timers(void)
{
	static const clockid_t clocks[] = { CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID,
					    CPU_CLOCK(0, 0), CPU_CLOCK(0, 1), CPU_CLOCK(0, 4) };
	struct timer_info info;
	int64_t from;
	long came;
	int id;

	begin("timer_settime: by CPU time");
	block(SIGUSR1);
	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		clockid_t c = clocks[i];

		check(create(c, SIGUSR1, SIGEV_SIGNAL, 0, &id), 0, "clock %d", c);
		from = now(c);
		check(arm(id, 0, 30 * MS, 0), 0, "clock %d: timer_settime", c);
		came = wait_for(SIGUSR1, 50, &info);
		/*
		 * but a machine that the host stops in the middle of a call has worked, as it sees
		 * it
		 */
		expect(came == -EAGAIN || now(c) - from >= 30 * MS, "clock %d: sleep is not work",
		       c);
		/* CPUCLOCK_VIRT may see little of it at EL0 */
		for (int n = 0; n < 300 && came != SIGUSR1; n++) {
			for (volatile long j = 0; j < 1000000; j++)
				;
			came = wait_for(SIGUSR1, 0, &info);
		}
		check(info.code, SI_TIMER, "clock %d: it came", c);
		expect(now(c) - from >= 30 * MS, "clock %d: after %ld ns", c,
		       (long)(now(c) - from));
		check(arm(id, 0, 5 * MS, 5 * MS), 0, "clock %d: with an interval", c);
		for (int n = 0, hits = 0; n < 600 && hits < 3; n++) {
			hits += wait_for(SIGUSR1, 0, &info) == SIGUSR1;
			for (volatile long j = 0; j < 1000000; j++)
				;
			if (n == 599)
				expect(false, "clock %d: it does not go on", c);
		}
		check(sys(timer_delete, id), 0, "timer_delete");
		wait_for(SIGUSR1, 0, &info);
	}
	end();
}

static void cpu_clocks(void)
{
	clockid_t own = CPU_CLOCK(getpid(), 2), init = CPU_CLOCK(1, 2);
	struct timespec t;
	struct rusage ru;
	int64_t a, b, c;

	begin("clock_gettime, clock_getres, clock_settime: clocks of CPU time");
	work(20 * MS);
	a = now(CLOCK_PROCESS_CPUTIME_ID);
	b = now(own);
	c = now(CPU_CLOCK(0, 2));
	expect(a > 0 && a <= b && b <= c, "one clock: %ld, %ld, %ld", (long)a, (long)b, (long)c);
	a = now(CLOCK_THREAD_CPUTIME_ID);
	b = now(CPU_CLOCK((int)sys(gettid), 6));
	expect(a > 0 && a <= b, "of a thread: %ld, %ld", (long)a, (long)b);
	expect(now(init) > 0, "of init");
	getrusage(RUSAGE_SELF, &ru);
	expect(now(CLOCK_PROCESS_CPUTIME_ID) >= 20 * MS, "what was worked");
	check(sys(clock_gettime, CPU_CLOCK(99999, 2), &t), -EINVAL, "of nobody");
	check(sys(clock_gettime, CPU_CLOCK(0, 3), &t), -EINVAL, "of a descriptor");
	check(sys(clock_gettime, CPU_CLOCK(1, 6), &t), -EINVAL, "of another's thread");
	check(sys(clock_getres, own, &t), 0, "clock_getres");
	check(t.tv_nsec, 1, "to the nanosecond");
	check(sys(clock_getres, CPU_CLOCK(0, 0), &t), 0, "clock_getres");
	check(t.tv_nsec, 4000000, "by ticks");
	check(sys(clock_getres, CPU_CLOCK(99999, 2), &t), -EINVAL, "clock_getres: of nobody");
	t = (struct timespec){ 0, 0 };
	check(sys(clock_settime, own, &t), -EPERM, "clock_settime");
	check(sys(clock_settime, CLOCK_PROCESS_CPUTIME_ID, &t), -EINVAL, "clock_settime");
	check(sys(clock_settime, CLOCK_THREAD_CPUTIME_ID, &t), -EINVAL, "clock_settime");
	check(sys(clock_settime, CPU_CLOCK(99999, 2), &t), -EINVAL, "clock_settime: of nobody");
	end();
}

static void sleeping_child(void)
{
	work(20 * MS);
	usleep(20000);
	for (;;) /* whoever sleeps by its clock sleeps for ever if it ends too early */
		work(200 * MS);
}

/* Sleeps until a child has used some CPU time. */
static void cpu_sleep(void)
{
	struct timespec t = { 0, 50 * MS };
	clockid_t c;
	pid_t pid;

	begin("clock_nanosleep: by CPU time; which clocks");
	pid = fork();
	if (pid == 0) {
		sleeping_child();
		_exit(0);
	}
	c = CPU_CLOCK(pid, 2);
	check(sys(clock_nanosleep, c, TIMER_ABSTIME, &t, NULL), 0, "until a child has worked");
	expect(now(c) >= 50 * MS, "it has: %ld", (long)now(c));
	t = (struct timespec){ 0, 10 * MS };
	check(sys(clock_nanosleep, c, 0, &t, NULL), 0, "and a while more");
	expect(now(c) >= 60 * MS, "it has: %ld", (long)now(c));
	kill(pid, SIGKILL);
	check(waitpid(pid, NULL, 0), pid, "waitpid");
	check(sys(clock_nanosleep, c, 0, &t, NULL), -EINVAL, "of one that was");
	check(sys(clock_nanosleep, CPU_CLOCK(0, 6), 0, &t, NULL), -EINVAL, "the own thread's");
	check(sys(clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &t, NULL), -EOPNOTSUPP,
	      "CLOCK_THREAD_CPUTIME_ID");
	check(sys(clock_nanosleep, CLOCK_MONOTONIC_RAW, 0, &t, NULL), -EOPNOTSUPP,
	      "CLOCK_MONOTONIC_RAW");
	check(sys(clock_nanosleep, CLOCK_REALTIME_COARSE, 0, &t, NULL), -EOPNOTSUPP,
	      "CLOCK_REALTIME_COARSE");
	check(sys(clock_nanosleep, 99, 0, &t, NULL), -EINVAL, "clock 99");
	check(sys(clock_nanosleep, CLOCK_MONOTONIC, 0, NULL, NULL), -EFAULT, "no time");
	t.tv_nsec = NS_PER_S;
	check(sys(clock_nanosleep, CLOCK_MONOTONIC, 0, &t, NULL), -EINVAL, "10^9 ns");
	check(sys(clock_nanosleep, CLOCK_PROCESS_CPUTIME_ID, 0, &t, NULL), -EINVAL, "10^9 ns");
	end();
}

/* ---- limits, fork, exec ---- */

static void limited(void)
{
	struct rlimit l = { 5, 5 };
	int id[6];

	check(setrlimit(RLIMIT_SIGPENDING, &l), 0, "setrlimit");
	for (int i = 0; i < 5; i++)
		check(create(CLOCK_MONOTONIC, SIGUSR1, SIGEV_SIGNAL, 0, &id[i]), 0, "timer %d", i);
	check(create(CLOCK_MONOTONIC, SIGUSR1, SIGEV_SIGNAL, 0, &id[5]), -EAGAIN, "one more");
	check(sys(timer_delete, id[2]), 0, "timer_delete");
	check(create(CLOCK_MONOTONIC, SIGUSR1, SIGEV_SIGNAL, 0, &id[5]), 0, "instead of another");
	check(create(CLOCK_MONOTONIC, SIGUSR1, SIGEV_SIGNAL, 0, &id[2]), -EAGAIN, "no more");
}

static int parents_timer;

static void inheritor(void)
{
	struct itimerspec got;

	check(sys(timer_gettime, parents_timer, &got), -EINVAL, "fork: the child has no timers");
}

/* A signal that comes at any moment of the call that waits for it is what that call returns. */
static void just_then(void)
{
	struct timer_info info;
	int id;

	begin("rt_sigtimedwait: a signal that comes just as one begins to wait");
	block(SIGUSR1);
	check(create(CLOCK_MONOTONIC, SIGUSR1, SIGEV_SIGNAL, 0, &id), 0, "timer_create");
	for (int i = 0; i < 4000; i++) {
		check(arm(id, 0, 1 + i * 10, 0), 0, "timer_settime");
		check(wait_for(SIGUSR1, 10000, &info), SIGUSR1, "after %d ns", 1 + i * 10);
	}
	check(sys(timer_delete, id), 0, "timer_delete");
	end();
}

static void undone(void)
{
	int id[8], times = 0;
	uint64_t set = 0;

	block(SIGCONT);
	signal(SIGTSTP, SIG_IGN);
	for (int i = 0; i < 8; i++) {
		check(create(CLOCK_MONOTONIC, SIGTSTP, SIGEV_SIGNAL, 0, &id[i]), 0, "timer %d", i);
		check(arm(id[i], 0, MS + i * 100000, MS), 0, "timer %d", i);
	}
	for (int64_t end = now(CLOCK_MONOTONIC) + 20 * NS_PER_S;
	     times < 200 && now(CLOCK_MONOTONIC) < end;) {
		if (!(set >> (SIGCONT - 1) & 1)) {
			times++;
			check(kill(getpid(), SIGCONT), 0, "kill");
		}
		close(open("/", O_RDONLY));
		sys(rt_sigpending, &set, 8);
	}
	check(times, 200, "SIGCONT is there no more");
}

/*
 * A timer's signal, too, takes back what was sent to the contrary, in whatever the process is at.
 */
static void opposed(void)
{
	begin("timer_settime: a stop signal undoes SIGCONT, while its process opens files");
	check_child(undone, 0, "SIGTSTP by a timer, ignored");
	end();
}

/* A thousand timers, each with its own time, then all deleted while some of them go off. */
static void many(void)
{
	struct timer_info info;
	int id[1000], n = 0;

	block(SIGRTMIN + 1);
	for (int i = 0; i < 1000; i++)
		check(create(CLOCK_MONOTONIC, SIGRTMIN + 1, SIGEV_SIGNAL, 0, &id[i]), 0, "timer %d",
		      i);
	for (int i = 0; i < 1000; i++)
		check(arm(id[i], 0, 5 * MS + i * 7919 % 1000 * 10000, 0), 0, "timer %d", i);
	while (n < 1000 && wait_for(SIGRTMIN + 1, 10000, &info) > 0)
		n++;
	check(n, 1000, "all came");
	for (int i = 0; i < 1000; i++)
		check(arm(id[i], 0, 1 + i * 100, MS), 0, "timer %d", i);
	for (int i = 0; i < 1000; i++)
		check(sys(timer_delete, id[i]), 0, "timer %d", i);
}

static void limits(void)
{
	struct timer_info info;
	int id;

	begin("timer_create, timer_delete: limits, fork, many");
	check_child(limited, 0, "RLIMIT_SIGPENDING");
	check(create(CLOCK_MONOTONIC, SIGUSR1, SIGEV_SIGNAL, 0, &parents_timer), 0, "timer_create");
	check(arm(parents_timer, 0, 100 * NS_PER_S, 0), 0, "timer_settime");
	check_child(inheritor, 0, "fork");
	check(sys(timer_delete, parents_timer), 0, "timer_delete");
	check_child(many, 0, "a thousand timers");
	/* A signal that is there when its timer goes is not lost. */
	block(SIGUSR1);
	check(create(CLOCK_MONOTONIC, SIGUSR1, SIGEV_SIGNAL, 0, &id), 0, "timer_create");
	check(arm(id, 0, MS, 0), 0, "timer_settime");
	until_pending(SIGUSR1);
	check(sys(timer_delete, id), 0, "timer_delete");
	check(wait_for(SIGUSR1, 10, &info), SIGUSR1, "the signal of a timer that was");
	check(info.code, SI_TIMER, "si_code");
	end();
}

/* A signalfd tells of a timer what a handler is told. */
static void by_descriptor(void)
{
	uint64_t set = UINT64_C(1) << (SIGUSR1 - 1);
	struct signalfd_siginfo got;
	int id, fd;

	begin("timer_create: its signal by a descriptor");
	block(SIGUSR1);
	fd = (int)sys(signalfd4, -1, &set, 8, 0);
	check(create(CLOCK_MONOTONIC, SIGUSR1, SIGEV_SIGNAL, 0, &id), 0, "timer_create");
	check(arm(id, 0, MS, MS), 0, "each ms");
	usleep(50000);
	memset(&got, 0x5a, sizeof(got));
	check(sys(read, fd, &got, sizeof(got)), sizeof(got), "read");
	check(got.ssi_signo, SIGUSR1, "ssi_signo");
	check(got.ssi_code, SI_TIMER, "ssi_code");
	check(got.ssi_tid, id, "ssi_tid");
	expect(got.ssi_overrun >= 10, "ssi_overrun: %u", got.ssi_overrun);
	check(sys(timer_getoverrun, id), got.ssi_overrun, "timer_getoverrun");
	expect(got.ssi_ptr == 0x1234567890 && got.ssi_int == 0x34567890, "the value");
	check(got.ssi_pid | got.ssi_uid, 0, "from no process");
	check(sys(timer_delete, id), 0, "timer_delete");
	close(fd);
	signal(SIGUSR1, SIG_IGN); /* none of it is left */
	signal(SIGUSR1, SIG_DFL);
	end();
}

/* The program that a timer does not survive: see main(). */
static int after_exec(const char *id)
{
	struct itimerspec got;
	struct timer_info info;

	if (sys(timer_gettime, atoi(id), &got) != -EINVAL)
		return 1;
	return wait_for(SIGUSR1, 50, &info) != -EAGAIN;
}

static char *self;

static void exec_child(void)
{
	char number[16], *argv[] = { self, (char *)"after", number, NULL };
	int id, going;

	block(SIGUSR1);
	check(create(CLOCK_MONOTONIC, SIGUSR1, SIGEV_SIGNAL, 0, &id), 0, "timer_create");
	check(create(CLOCK_MONOTONIC, SIGUSR1, SIGEV_SIGNAL, 0, &going), 0, "timer_create");
	check(arm(id, 0, MS, 0), 0, "whose signal is there");
	until_pending(SIGUSR1);
	check(arm(going, 0, 20 * MS, MS), 0, "one that goes on");
	snprintf(number, sizeof(number), "%d", id);
	execv(self, argv);
	expect(false, "execv");
}

static void exec(void)
{
	begin("timer_create: no timer goes through execve, nor does its signal");
	check_child(exec_child, 0, "execve");
	end();
}

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc == 3)
		return after_exec(argv[2]);
	making();
	setting();
	once();
	again();
	ignoring();
	silent();
	to_thread();
	cpu_timers();
	cpu_clocks();
	cpu_sleep();
	just_then();
	opposed();
	limits();
	by_descriptor();
	exec();
	return tap_done();
}
