/*
 * timer.c - the timers of each core.
 *
 * A core's queue is sorted; its hardware deadline is never later than the first of the queue or the
 * scheduler's tick (earlier only where a timer was taken back: then the interrupt finds nothing to
 * do and programs the next). Only the core itself programs its hardware, so another core can cancel
 * but not start a timer here.
 */
#include "task/timer.h"

#include "arm/atomic.h"
#include "arm/barrier.h"
#include "arm/irqflags.h"
#include "arm/percpu.h"
#include "arm/spinlock.h"
#include "drivers/timer/timer.h"
#include "task/sched.h"

struct timer_queue {
	struct spinlock lock; /* irqsave, a leaf */
	struct list_node timers;
	struct timer *running; /* whose fn is being called */
	uint64_t tick_ns;      /* the scheduler's, or UINT64_MAX */
	uint64_t programmed_ns;
};

static DEFINE_PERCPU(struct timer_queue, timer_queue);

static void program(struct timer_queue *q, uint64_t deadline_ns)
{
	if (deadline_ns >= q->programmed_ns)
		return;
	q->programmed_ns = deadline_ns;
	timer_program(deadline_ns);
}

static void insert(struct timer_queue *q, struct timer *t)
{
	struct list_node *head = &q->timers, *at = head->prev;

	while (at != head && list_entry(at, struct timer, link)->deadline_ns > t->deadline_ns)
		at = at->prev;
	list_insert(&t->link, at);
	t->queued = true;
}

void timer_start(struct timer *t, uint64_t deadline_ns, void (*fn)(struct timer *))
{
	unsigned long flags = irq_save();
	struct timer_queue *q = &this_cpu(timer_queue);

	t->deadline_ns = deadline_ns;
	t->fn = fn;
	spin_lock(&q->lock);
	WRITE_ONCE(t->cpu, cpu_id());
	insert(q, t);
	spin_unlock(&q->lock);
	program(q, deadline_ns);
	irq_restore(flags);
}

/* The queue that @t is or was last in, locked: its fn may be moving it to another core. */
static struct timer_queue *lock_queue_of(struct timer *t)
{
	for (;;) {
		unsigned int cpu = READ_ONCE(t->cpu);
		struct timer_queue *q = &per_cpu(timer_queue, cpu);

		spin_lock(&q->lock);
		if (cpu == READ_ONCE(t->cpu))
			return q;
		spin_unlock(&q->lock);
	}
}

bool timer_cancel(struct timer *t)
{
	for (;;) {
		unsigned long flags = irq_save();
		struct timer_queue *q = lock_queue_of(t);
		bool queued = t->queued, running = q->running == t;

		if (queued) {
			list_del(&t->link);
			t->queued = false;
		}
		spin_unlock(&q->lock);
		irq_restore(flags);
		if (!running)
			return queued;
		cpu_relax(); /* on another core; it may start itself again */
	}
}

/* Calls what is due; returns when the first that is left is due. */
static uint64_t run_due(struct timer_queue *q)
{
	uint64_t next_ns = UINT64_MAX;
	struct timer *t;

	spin_lock(&q->lock);
	while ((t = list_first(&q->timers, struct timer, link))) {
		next_ns = t->deadline_ns;
		if (next_ns > timer_now_ns())
			break;
		next_ns = UINT64_MAX;
		list_del(&t->link);
		t->queued = false;
		q->running = t;
		spin_unlock(&q->lock);
		t->fn(t); /* it may be gone afterwards */
		spin_lock(&q->lock);
		q->running = NULL;
	}
	spin_unlock(&q->lock);
	return next_ns;
}

static void timer_interrupt(void)
{
	struct timer_queue *q = &this_cpu(timer_queue);
	uint64_t now = timer_now_ns(), next_ns;

	/* nothing that is started from here on programs: it is done once, below */
	q->programmed_ns = 0;
	if (q->tick_ns <= now) {
		q->tick_ns = UINT64_MAX;
		sched_tick(now);
	}
	next_ns = run_due(q);
	q->programmed_ns = UINT64_MAX;
	program(q, min(next_ns, q->tick_ns));
}

void timer_set_tick(uint64_t deadline_ns)
{
	struct timer_queue *q = &this_cpu(timer_queue);

	q->tick_ns = deadline_ns;
	program(q, deadline_ns);
}

void timer_queue_init(void)
{
	struct timer_queue *q = &this_cpu(timer_queue);

	spin_init(&q->lock);
	list_init(&q->timers);
	q->tick_ns = q->programmed_ns = UINT64_MAX;
	timer_set_handler(timer_interrupt);
}
