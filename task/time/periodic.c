/*
 * periodic.c - see task/time/periodic.h.
 *
 * Locks: the owner's; inside it a core's timers or a process's alarms.  The clocks of CPU time take
 * proc_lock, which is outside it, so they are read before it is taken; code that holds the lock
 * uses what such a clock said when the timer went off.
 *
 * Invariant (the lock): a timer that is RUNNING is in a queue, or its interrupt has taken it from
 * there and is about to take the lock; at.ns is changed only while it is in none.
 */
#include "task/time/periodic.h"

#include "task/time/clock.h"

static void go_off(struct periodic *p, uint64_t now_ns)
{
	struct spinlock *lock = p->lock;

	spin_lock(lock);
	/*
	 * else it was stopped after the interrupt had taken it out; periodic_stop then waits for us
	 */
	if (p->state == PERIODIC_RUNNING) {
		p->seen_ns = now_ns;
		p->state = p->interval_ns ? PERIODIC_HELD : PERIODIC_OFF;
		p->times += !p->interval_ns; /* else that is counted with what comes meanwhile */
		p->expired(p);
	}
	/*
	 * The last that is done with @p: from here on its owner may have it go on, on another core,
	 * and then periodic_stop looks for it there and does not wait for us.
	 */
	spin_unlock(lock);
}

static void periodic_expired(struct timer *t)
{
	struct periodic *p = container_of(t, struct periodic, timer);

	go_off(p, clock_read_ns(p->base));
}

static void alarm_expired(struct cpu_alarm *a)
{
	go_off(container_of(a, struct periodic, alarm), cpu_alarm_now_ns(a));
}

void periodic_init(struct periodic *p, int32_t clock, const struct cpu_clock *cpu,
		   struct spinlock *lock, void (*expired)(struct periodic *))
{
	p->clock = clock;
	p->lock = lock;
	p->expired = expired;
	if (cpu) {
		p->base = TIMER_CPU;
		p->alarm.clock = *cpu;
		p->alarm.fn = alarm_expired;
	}
}

uint64_t periodic_now_ns(const struct periodic *p)
{
	return p->base == TIMER_CPU ? cpu_clock_ns(&p->alarm.clock) : clock_read_ns(p->base);
}

/* ---- the lock is held ---- */

static void run_timer(struct periodic *p)
{
	spin_assert_held(p->lock);
	/*
	 * Before it is in a queue: the interrupt may come at once, on another core, and waits for
	 * the lock.
	 */
	p->state = PERIODIC_RUNNING;
	if (!p->expired)
		return;
	if (p->base == TIMER_CPU)
		cpu_alarm_set(&p->alarm, p->at.ns);
	else
		timer_start(p->base, &p->timer, p->at.ns, periodic_expired);
}

void periodic_count(struct periodic *p, uint64_t now_ns)
{
	uint64_t n;

	if (!p->interval_ns || now_ns < p->at.ns)
		return;
	n = (now_ns - p->at.ns) / p->interval_ns + 1;
	p->at.ns += n * p->interval_ns;
	p->times += n;
}

void periodic_go_on(struct periodic *p, uint64_t pause_ns)
{
	if (p->state != PERIODIC_HELD)
		return;
	spin_assert_held(p->lock);
	periodic_count(p, (p->base == TIMER_CPU ? p->seen_ns : clock_read_ns(p->base)) + pause_ns);
	p->times += !p->times; /* the clock was set back: it has come, and will come again */
	run_timer(p);
}

uint64_t periodic_take(struct periodic *p)
{
	uint64_t times;

	periodic_go_on(p, 0);
	times = p->times;
	p->times = 0;
	return times;
}

bool periodic_has_come(const struct periodic *p)
{
	return READ_ONCE(p->times) || READ_ONCE(p->state) == PERIODIC_HELD;
}

void periodic_forget(struct periodic *p)
{
	if (p->state == PERIODIC_HELD)
		p->state = PERIODIC_OFF;
	p->times = 0;
}

struct timer_setting periodic_left(const struct periodic *p, uint64_t now_ns, uint64_t least)
{
	struct timer_setting left = { .interval_ns = p->interval_ns };

	if (p->state != PERIODIC_OFF && p->at.ns > now_ns)
		left.value_ns = p->at.ns - now_ns;
	else if (p->state == PERIODIC_RUNNING)
		left.value_ns = least;
	return left;
}

/* ---- setting ---- */

void periodic_start(struct periodic *p, bool absolute, const struct timer_setting *s)
{
	uint64_t expiry_ns = s->value_ns;
	enum timer_clock base = p->base;
	unsigned long flags;

	if (base != TIMER_CPU)
		base = clock_deadline(p->clock, absolute, s->value_ns, &expiry_ns);
	else if (!absolute)
		expiry_ns += periodic_now_ns(p);
	/*
	 * The clock was read above, without it: a CPU clock takes proc_lock, which is the outer
	 * one.
	 */
	flags = spin_lock_irqsave(p->lock);
	p->base = (uint8_t)base;
	p->at.ns = expiry_ns;
	p->interval_ns = s->interval_ns;
	p->times = 0;
	if (s->value_ns)
		run_timer(p);
	spin_unlock_irqrestore(p->lock, flags);
}

void periodic_stop(struct periodic *p)
{
	unsigned long flags = spin_lock_irqsave(p->lock);

	p->state = PERIODIC_OFF;
	/*
	 * An interrupt that has taken the timer out of its queue finds it off when it gets the
	 * lock.
	 */
	p->interval_ns = 0;
	spin_unlock_irqrestore(p->lock, flags);
	/* without the lock, which go_off on another core may wait for */
	if (p->base == TIMER_CPU)
		cpu_alarm_cancel(&p->alarm);
	else
		timer_cancel(&p->timer);
}
