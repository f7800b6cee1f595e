/*
 * timer.c - the timers of each core.
 *
 * A core has a queue for each clock, a balanced tree by deadline; its hardware deadline is never
 * later than the first of a queue or the scheduler's tick (earlier only where a timer was taken
 * back: then the interrupt finds nothing to do and programs the next).  Only the core itself
 * programs its hardware, so another core can cancel but not start a timer here.
 *
 * However many are due, one interrupt runs them for RUN_MAX_NS only, and the next comes no sooner
 * than that has taken: half of a core's time is always for what it runs.
 */
#include "task/time/timer.h"

#include "drivers/irq.h"
#include "drivers/timer/timer.h"
#include "lib/export.h"
#include "lib/time.h"
#include "task/cores.h"
#include "task/sched.h"
#include "task/time/clock.h"

/*
 * How long one interrupt goes on calling what is due, and the longest pause after it: a host may
 * have stopped the core meanwhile.
 */
#define RUN_MAX_NS	 (20 * NS_PER_US)
#define PAUSE_MAX_NS	 (500 * NS_PER_US)
/* What a program gets between two interrupts of the timer that are printed (timer_pause). */
#define PRINTED_PAUSE_NS (4 * NS_PER_MS)

struct timers {
	struct spinlock lock; /* irqsave, a leaf */
	struct deadlines queue[NR_TIMER_CLOCKS];
	struct timer *running; /* whose fn is being called */
	uint64_t tick_ns;      /* the scheduler's, or UINT64_MAX */
	uint64_t programmed_ns;
	bool may_pause; /* not since the last interrupt */
};

static DEFINE_PERCPU(struct timers, timers);
void (*timer_tick_hook)(uint64_t now_ns);

/* What to add to the monotonic clock for @clock; modulo 2^64. */
static uint64_t clock_offset(enum timer_clock clock)
{
	return clock == TIMER_WALL ? clock_wall_offset_ns() : 0;
}

/*
 * When the monotonic clock says @now, how long it is until @deadline of a clock @offset away; 0: it
 * is due.
 */
static uint64_t ns_until(uint64_t deadline, uint64_t offset, uint64_t now)
{
	return deadline > now + offset ? deadline - (now + offset) : 0;
}

/* The hardware interrupts at @deadline_ns at the latest.  Interrupts masked: the core is ours. */
static void program_alarm(struct timers *c, uint64_t deadline_ns)
{
	if (deadline_ns >= c->programmed_ns)
		return;
	/*
	 * Never later than what was asked for before: a task that starts a timer looks at its own
	 * deadline alone.  Only timer_pause() puts off what is due.
	 */
	c->programmed_ns = deadline_ns;
	timer_program(deadline_ns);
}

/* ---- starting and taking back ---- */

void timer_start(enum timer_clock clock, struct timer *t, uint64_t deadline_ns,
		 void (*fn)(struct timer *))
{
	unsigned long flags = irq_save();
	struct timers *c = &this_cpu(timers);
	uint64_t now;

	t->at.ns = deadline_ns;
	t->fn = fn;
	spin_lock(&c->lock);
	/* under this core's lock: a core that reads it there and has that lock sees the rest */
	WRITE_ONCE(t->cpu, cpu_id());
	t->clock = (uint8_t)clock;
	deadlines_add(&c->queue[clock], &t->at);
	spin_unlock(&c->lock);
	if (clock != TIMER_MONOTONIC) {
		/*
		 * In the queue first, then the offset is read: a task that sets the clock just now
		 * stores the new one first, and timer_clock_set() looks at this queue after that.
		 */
		now = timer_now_ns();
		deadline_ns = ns_after(now, ns_until(deadline_ns, clock_offset(clock), now));
	}
	program_alarm(c, deadline_ns);
	irq_restore(flags);
}
EXPORT(timer_start);

/* The core whose queue @t is or was last in, locked: its fn may be moving it to another core. */
static struct timers *lock_timers_of(struct timer *t)
{
	for (;;) {
		unsigned int cpu = READ_ONCE(t->cpu);
		struct timers *c = &per_cpu(timers, cpu);

		spin_lock(&c->lock);
		/* it moves under the lock of the core that it moves to: look again under that */
		if (cpu == READ_ONCE(t->cpu))
			return c;
		spin_unlock(&c->lock);
	}
}

bool timer_cancel(struct timer *t)
{
	for (;;) {
		unsigned long flags = irq_save();
		struct timers *c = lock_timers_of(t);
		bool queued = t->at.queued, running = c->running == t;

		/* In the queue of the core that is locked: lock_timers_of has made sure. */
		if (queued)
			deadlines_remove(&c->queue[t->clock], &t->at);
		spin_unlock_irqrestore(&c->lock, flags);
		if (!running)
			return queued;
		/*
		 * On another core, since this is not called from fn; and without our locks, which
		 * fn may want.  It may start itself again: so all of it is done once more.
		 */
		cpu_relax();
	}
}
EXPORT(timer_cancel);

/* ---- the interrupt ---- */

/*
 * One that is due, taken out; NULL: none, and *next_ns is when the first will be.  The lock is
 * held.
 */
static struct timer *take_due_timer(struct timers *c, uint64_t *next_ns)
{
	*next_ns = UINT64_MAX;
	for (unsigned int i = 0; i < NR_TIMER_CLOCKS; i++) {
		struct deadline *first = c->queue[i].first;
		uint64_t now, left;

		if (!first)
			continue;
		now = timer_now_ns();
		left = ns_until(first->ns, clock_offset(i), now);
		if (!left) {
			deadlines_remove(&c->queue[i], first);
			return container_of(first, struct timer, at);
		}
		*next_ns = min(*next_ns, ns_after(now, left));
	}
	return NULL;
}

/* When the core has done enough for timers since @began: from when on it may do more, else 0. */
static uint64_t pause_until(uint64_t began)
{
	uint64_t now = timer_now_ns(), spent = now - began;

	return spent < RUN_MAX_NS ? 0 : now + min(spent, PAUSE_MAX_NS);
}

/* Calls what is due, and not for too long since @began; returns when to go on. */
static uint64_t run_due_timers(struct timers *c, uint64_t began)
{
	uint64_t next_ns, paused = 0;
	struct timer *t;

	spin_lock(&c->lock);
	while (!paused && (t = take_due_timer(c, &next_ns))) {
		c->running = t; /* before the lock is dropped: timer_cancel waits until it is not */
		spin_unlock(&c->lock);
		t->fn(t); /* it may be gone afterwards: running is compared, never followed */
		spin_lock(&c->lock);
		c->running = NULL;
		paused = pause_until(began);
	}
	spin_unlock(&c->lock);
	return paused ? paused : next_ns;
}

static void timer_interrupt(void)
{
	struct timers *c = &this_cpu(timers);
	uint64_t now = timer_now_ns(), next_ns;

	/* nothing that is started from here on programs: it is done once, below */
	c->programmed_ns = 0;
	if (c->tick_ns <= now) {
		c->tick_ns = UINT64_MAX;
		timer_tick_hook(now);
	}
	next_ns = run_due_timers(c, now);
	/*
	 * Not before all is called: a fn that starts its timer again would program the hardware
	 * each time.
	 */
	c->programmed_ns = UINT64_MAX;
	program_alarm(c, min(next_ns, c->tick_ns));
	c->may_pause = true;
}

void timer_pause(void)
{
	struct timers *c = &this_cpu(timers);
	uint64_t now = timer_now_ns();

	/* Once for each: other interrupts that are printed must not put it off for ever. */
	if (!c->may_pause || c->programmed_ns > now)
		return;
	c->may_pause = false;
	c->programmed_ns = now + PRINTED_PAUSE_NS;
	timer_program(c->programmed_ns);
}

void timer_set_tick(uint64_t deadline_ns)
{
	struct timers *c = &this_cpu(timers);

	c->tick_ns = deadline_ns;
	program_alarm(c, deadline_ns);
}

static void ipi_timer(void *arg)
{
	timer_interrupt();
}

void timer_clock_set(void)
{
	unsigned long flags = irq_save();

	/* interrupts masked: we stay on this core, which is none of the others */
	for (uint64_t others = cores_online() & ~BIT(cpu_id()); others; others &= others - 1)
		irq_send_ipi((unsigned int)__builtin_ctzl(others), IPI_TIMER);
	/*
	 * This core's too: what is due by the new clock is called before settimeofday(2) returns.
	 */
	timer_interrupt();
	irq_restore(flags);
}

void timer_queue_init(void)
{
	struct timers *c = &this_cpu(timers);

	spin_init(&c->lock);
	for (unsigned int i = 0; i < NR_TIMER_CLOCKS; i++)
		c->queue[i] = (struct deadlines){ .first = NULL };
	c->tick_ns = c->programmed_ns = UINT64_MAX;
	if (cpu_id() == 0)
		irq_register_ipi(IPI_TIMER, ipi_timer);
	timer_set_handler(timer_interrupt);
}
