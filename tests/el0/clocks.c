/*
 * clocks.c - time: it goes on, it never goes back, sleep lasts as long as it must.
 */
#include "el0/lib/process.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "tests/el0/tap.h"

static int64_t now(int clock)
{
	struct timespec t;

	return svc_clock_gettime(clock, &t) ? -1 : t.tv_sec * 1000000000 + t.tv_nsec;
}

static void reading(void)
{
	static const int clocks[] = { CLOCK_REALTIME,		CLOCK_MONOTONIC,
				      CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID,
				      CLOCK_MONOTONIC_RAW,	CLOCK_REALTIME_COARSE,
				      CLOCK_MONOTONIC_COARSE,	CLOCK_BOOTTIME };
	struct timespec t;

	begin("clock_gettime, clock_getres: every clock goes forward; errors");
	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		int64_t last = now(clocks[i]);

		for (int j = 0; j < 1000; j++) {
			int64_t t2 = now(clocks[i]);

			expect(t2 >= last && last >= 0, "clock %d: %ld after %ld", clocks[i], t2,
			       last);
			last = t2;
		}
		check(svc_clock_gettime(clocks[i], &t), 0, "clock %d", clocks[i]);
		expect(t.tv_nsec >= 0 && t.tv_nsec < 1000000000, "clock %d: %ld ns", clocks[i],
		       t.tv_nsec);
		check(svc_clock_getres(clocks[i], &t), 0, "clock_getres %d", clocks[i]);
	}
	check(svc_clock_gettime(99, &t), -EINVAL, "clock 99");
	check(svc_clock_getres(99, &t), -EINVAL, "clock_getres 99");
	check(svc_clock_gettime(12, &t), -EINVAL, "clock 12");
	end();
}

static void sleeping(void)
{
	struct timespec t = { 0, 30000000 }, bad;
	int64_t from = now(CLOCK_MONOTONIC);

	begin("nanosleep, clock_nanosleep: long enough; errors");
	check(svc_nanosleep(&t, NULL), 0, "nanosleep");
	expect(now(CLOCK_MONOTONIC) - from >= 30000000, "30 ms");
	from = now(CLOCK_MONOTONIC);
	t.tv_sec = (from + 30000000) / 1000000000;
	t.tv_nsec = (from + 30000000) % 1000000000;
	check(svc_clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL), 0, "to a time");
	expect(now(CLOCK_MONOTONIC) - from >= 30000000, "30 ms");
	check(svc_clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL), 0,
	      "to a time that has been");
	check(svc_clock_nanosleep(99, 0, &t, NULL), -EINVAL, "clock 99");
	bad = (struct timespec){ 0, 1000000000 };
	check(svc_nanosleep(&bad, NULL), -EINVAL, "10^9 ns");
	bad = (struct timespec){ 0, -1 };
	check(svc_nanosleep(&bad, NULL), -EINVAL, "-1 ns");
	bad = (struct timespec){ -1, 0 };
	check(svc_nanosleep(&bad, NULL), -EINVAL, "-1 s");
	end();
}

static void handler(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig;
	(void)info;
	(void)uc;
}

static void interrupted(void)
{
	struct timespec t = { 100, 0 }, left = { 0, 0 };
	int pid, status, me = (int)svc_getpid();
	int64_t from = now(CLOCK_MONOTONIC), slept;

	begin("a signal ends nanosleep; the rest is told");
	catch_signal(SIGUSR1, handler, 0);
	pid = fork();
	if (pid == 0) {
		for (;;) { /* the first may come before there is a sleep */
			sleep_ms(50);
			svc_kill(me, SIGUSR1);
		}
	}
	check(svc_nanosleep(&t, &left), -EINTR, "nanosleep");
	slept = (100 - left.tv_sec) * 1000000000 - left.tv_nsec;
	/* Linux counts from the end of its timer's slack */
	expect(slept > -1000000 && slept <= now(CLOCK_MONOTONIC) - from, "left: %ld.%09ld",
	       left.tv_sec, left.tv_nsec);
	svc_kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	default_signal(SIGUSR1);
	end();
}

static void many_sleepers(void)
{
	int status, ended = 0;

	begin("10 sleepers wake, none before its time");
	for (int i = 0; i < 10; i++) {
		if (fork() == 0) {
			unsigned int ms = 500 - 30 * (unsigned int)i;
			int64_t from = now(CLOCK_MONOTONIC);

			sleep_ms(ms);
			exit(now(CLOCK_MONOTONIC) - from < (int64_t)ms * 1000000);
		}
	}
	while (waitpid(-1, &status, 0) > 0)
		ended += status == 0;
	expect(ended == 10, "%d of 10 slept long enough", ended);
	end();
}

static void cpu_time(void)
{
	int64_t from, cpu, used = 0;
	struct rusage ru;
	struct tms t;

	begin("CPU time: spent by work, not by sleep");
	/*
	 * what the host stops within a call has worked, as the machine sees it: one sleep without
	 * that is enough
	 */
	for (int i = 0; i < 100; i++) {
		cpu = now(CLOCK_PROCESS_CPUTIME_ID);
		sleep_ms(100);
		used = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
		if (used < 50000000)
			break;
	}
	expect(used < 50000000, "asleep it used %ld ns", used);
	from = now(CLOCK_MONOTONIC);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	do {
		used = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	} while (used < 100000000 && now(CLOCK_MONOTONIC) - from < 20000000000);
	expect(used >= 100000000 && used <= now(CLOCK_MONOTONIC) - from, "working it used %ld ns",
	       used);
	check(svc_getrusage(RUSAGE_SELF, &ru), 0, "getrusage");
	expect(ru.ru_utime.tv_sec * 1000000 + ru.ru_utime.tv_usec + ru.ru_stime.tv_sec * 1000000 +
			       ru.ru_stime.tv_usec >
		       50000,
	       "ru_utime + ru_stime");
	expect(svc_times(&t) > 0 && t.tms_utime + t.tms_stime >= 5, "times");
	end();
}

static void time_of_day(void)
{
	struct timeval tv;
	struct timezone tz = { 5, 5 };
	int64_t before = now(CLOCK_REALTIME) / 1000, us;

	begin("gettimeofday is CLOCK_REALTIME");
	check(svc_gettimeofday(&tv, &tz), 0, "gettimeofday");
	check(tz.tz_minuteswest | tz.tz_dsttime, 0, "the zone");
	us = tv.tv_sec * 1000000 + tv.tv_usec;
	expect(us >= before && us <= now(CLOCK_REALTIME) / 1000, "between two of its times");
	expect(tv.tv_usec >= 0 && tv.tv_usec < 1000000, "tv_usec");
	check(svc_gettimeofday(NULL, NULL), 0, "without buffers");
	end();
}

int main(void)
{
	reading();
	sleeping();
	interrupted();
	many_sleepers();
	cpu_time();
	time_of_day();
	return tap_done();
}
