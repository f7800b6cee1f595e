/*
 * wait.c - wait queues and the mutex made of one.
 *
 * Invariant: who is in a queue has joined it before it looked at its condition for the last time;
 * who changes the condition looks at the queue afterwards.  The queue's lock puts these two in an
 * order, whichever came first.
 */
#include "task/wait.h"

#include "task/sched.h"
#include "task/task.h"

_Static_assert(WAIT_SLEEPING == TASK_SLEEPING && WAIT_BLOCKED == TASK_BLOCKED &&
		       WAIT_KILLABLE == TASK_KILLABLE,
	       "wait.h");
_Static_assert(ERESTARTSYS == 512, "wait.h");

void wait_init(struct wait_queue *q)
{
	spin_init(&q->lock);
	list_init(&q->waiters);
}

void wait_add(struct wait_queue *q, struct waiter *w, wake_fn wake)
{
	unsigned long flags;

	w->task = current;
	w->wake = wake;
	flags = spin_lock_irqsave(&q->lock);
	list_add_tail(&q->waiters, &w->link);
	spin_unlock_irqrestore(&q->lock, flags);
}

void wait_remove(struct wait_queue *q, struct waiter *w)
{
	unsigned long flags = spin_lock_irqsave(&q->lock);

	list_del(&w->link);
	spin_unlock_irqrestore(&q->lock, flags);
}

void wait_prepare(struct wait_queue *q, struct waiter *w, uint32_t state)
{
	w->exclusive = false;
	wait_add(q, w, NULL);
	sched_set_state(state);
}

void wait_finish(struct wait_queue *q, struct waiter *w)
{
	WRITE_ONCE(current->state, TASK_RUNNING);
	wait_remove(q, w);
}

/* True when it was asleep. */
static bool wake_waiter(struct waiter *w)
{
	return w->wake ? w->wake(w) : task_wake(w->task);
}

void wake_up(struct wait_queue *q)
{
	struct waiter *w, *next;
	bool taken = false;
	unsigned long flags = spin_lock_irqsave(&q->lock);

	list_for_each_safe(w, next, &q->waiters, link)
		if (!(taken && w->exclusive) && wake_waiter(w) && w->exclusive)
			taken = true;
	spin_unlock_irqrestore(&q->lock, flags);
}

bool wake_up_one(struct wait_queue *q)
{
	struct waiter *w, *next;
	bool woken = false;
	unsigned long flags = spin_lock_irqsave(&q->lock);

	list_for_each_safe(w, next, &q->waiters, link) {
		woken = wake_waiter(w);
		if (woken)
			break;
	}
	spin_unlock_irqrestore(&q->lock, flags);
	return woken;
}

void mutex_init(struct mutex *m)
{
	m->locked = 0;
	wait_init(&m->waiters);
}

static bool try_lock(struct mutex *m)
{
	uint32_t free = 0;

	return atomic_cmpxchg(&m->locked, &free, 1);
}

/* Who has once waited leaves 2 behind, whether others still wait or not: at worst unlock looks into
 * an empty queue. */
void mutex_lock(struct mutex *m)
{
	if (!try_lock(m))
		wait_event(&m->waiters, atomic_xchg(&m->locked, 2) == 0);
}

void mutex_unlock(struct mutex *m)
{
	if (atomic_xchg(&m->locked, 0) == 2)
		wake_up_one(&m->waiters);
}
