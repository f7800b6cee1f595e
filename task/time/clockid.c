/*
 * clockid.c - see task/time/clockid.h.
 *
 * Comes from sys/time/, goes to clock.c, cpu_clock.c and the timers.  Invariant: a sleep keeps its
 * deadline, so that one that is made again behind a signal ends when it should have.
 */
#include "task/time/clockid.h"

#include "abi/errno.h"
#include "abi/timer.h"
#include "task/sleep.h"

#define COARSE_NS (4 * NS_PER_MS) /* as fine as Linux's with 250 ticks a second */

int clock_cpu_now(int32_t id, uint64_t *ns)
{
	struct cpu_clock c;
	int err = cpu_clock_find(id, true, &c);

	if (err)
		return err;
	*ns = cpu_clock_ns(&c);
	cpu_clock_put(&c);
	return 0;
}

/* Coarse are those that go by ticks, in Linux, and CPU time as getrusage(2) gives it. */
int clock_resolution(int32_t id, uint64_t *ns)
{
	bool coarse = id == CLOCK_REALTIME_COARSE || id == CLOCK_MONOTONIC_COARSE ||
		      (id < 0 && CPU_CLOCK_WHICH(id) != CPU_CLOCK_SCHED);
	int err = clock_now(id, ns);

	*ns = coarse ? COARSE_NS : 1;
	return err;
}

int clock_has_timers(int32_t id)
{
	uint64_t now;

	if (clock_is_cpu(id) || id == CLOCK_REALTIME || id == CLOCK_TAI || id == CLOCK_MONOTONIC ||
	    id == CLOCK_BOOTTIME)
		return 0; /* of CPU time: the look-up finds whether there is one */
	/* nor an alarm's: there is no clock that could wake a machine that is off */
	return clock_now(id, &now) ? -EINVAL : -EOPNOTSUPP;
}

/* ---- sleeping ---- */

int sleep_deadline(int32_t *id, bool absolute, uint64_t *ns)
{
	uint64_t now = 0;
	int err = 0;

	if (!clock_is_cpu(*id)) {
		bool wall = clock_deadline(*id, absolute, *ns, ns) == TIMER_WALL;

		*id = wall ? CLOCK_REALTIME : CLOCK_MONOTONIC;
	} else if (!absolute) {
		err = clock_now(*id, &now);
		*ns += now;
	}
	return err;
}

struct cpu_sleeper {
	struct cpu_alarm alarm;
	struct wait_queue wait;
	bool up;
};

static void wake_sleeper(struct cpu_alarm *a)
{
	struct cpu_sleeper *s = container_of(a, struct cpu_sleeper, alarm);

	/* Before the wake-up: the sleeper tests it when it runs. */
	WRITE_ONCE(s->up, true);
	wake_up(&s->wait); /* the sleeper cannot go before this alarm has run */
}

static int sleep_by_cpu(const struct cpu_clock *c, uint64_t deadline_ns)
{
	struct cpu_sleeper s = { .alarm = { .clock = *c, .fn = wake_sleeper } };
	int err;

	/* Looked at before the alarm is set: one that is due is called by the next tick only. */
	if (cpu_clock_ns(c) >= deadline_ns)
		return 0;
	wait_init(&s.wait);
	cpu_alarm_set(&s.alarm, deadline_ns);
	err = wait_event_interruptible(&s.wait, READ_ONCE(s.up));
	cpu_alarm_cancel(&s.alarm); /* it is on our stack: after this no interrupt looks at it */
	return err;
}

int sleep_until(int32_t id, uint64_t deadline_ns, uint64_t *left_ns)
{
	enum timer_clock base = id == CLOCK_REALTIME ? TIMER_WALL : TIMER_MONOTONIC;
	struct cpu_clock c;
	uint64_t now;
	int err;

	if (clock_is_cpu(id)) {
		err = cpu_clock_find(id, false, &c);
		if (err)
			return err;
		err = c.task == current ? -EINVAL : sleep_by_cpu(&c, deadline_ns);
		/* While the clock is held: what is left is known even if the process has ended. */
		now = cpu_clock_ns(&c);
		cpu_clock_put(&c);
	} else {
		err = sched_sleep_until(base, deadline_ns);
		now = clock_read_ns(base);
	}
	if (err != -ERESTARTSYS)
		return err;
	*left_ns = deadline_ns - min(deadline_ns, now);
	return *left_ns ? err : 0;
}
