/*
 * wait.c - wait queues and the mutex made of one.
 *
 * Invariant: a task in a queue has joined it before it looked at its condition for the last time;
 * one that changes the condition looks at the queue afterwards.  The queue's lock puts these two in
 * an order, whichever came first.
 */
#include "task/wait.h"

#include "abi/errno.h"
#include "lib/export.h"
#include "mm/giveway.h"
#include "task/cores.h"
#include "task/sleep.h"

void wait_init(struct wait_queue *q)
{
	spin_init(&q->lock);
	list_init(&q->waiters);
}
EXPORT(wait_init);

void wait_add(struct wait_queue *q, struct waiter *w, wake_fn wake)
{
	unsigned long flags;

	w->task = current;
	w->wake = wake;
	flags = spin_lock_irqsave(&q->lock);
	/*
	 * The lock orders this with wake_up: either that finds the waiter, or the waiter's look,
	 * which comes later, finds the condition changed.
	 */
	list_add_tail(&q->waiters, &w->link);
	spin_unlock_irqrestore(&q->lock, flags);
}
EXPORT(wait_add);

void wait_remove(struct wait_queue *q, struct waiter *w)
{
	unsigned long flags = spin_lock_irqsave(&q->lock);

	list_del(&w->link);
	spin_unlock_irqrestore(&q->lock, flags);
}
EXPORT(wait_remove);

/*
 * The state is set after joining: a wake-up in between finds the task running and does nothing, but
 * then its condition was stored before the task's look, which is after sched_set_state's barrier.
 */
void wait_prepare(struct wait_queue *q, struct waiter *w, uint32_t state)
{
	w->exclusive = false;
	wait_add(q, w, NULL);
	sched_set_state(state);
}
EXPORT(wait_prepare);

bool wait_is_awaited(struct wait_queue *q)
{
	/*
	 * The lock, not only a load: a waiter that joins after a false answer sees what the caller
	 * stored.
	 */
	unsigned long flags = spin_lock_irqsave(&q->lock);
	bool awaited = !list_empty(&q->waiters);

	spin_unlock_irqrestore(&q->lock, flags);
	return awaited;
}

void wait_finish(struct wait_queue *q, struct waiter *w)
{
	WRITE_ONCE(current->state, TASK_RUNNING);
	/* Under the queue's lock: no wake-up uses @w, which lies on this stack, any more. */
	wait_remove(q, w);
}
EXPORT(wait_finish);

/*
 * On each core: the work that wake functions leave until the queue's lock is released.  Interrupts
 * are masked all the while, so no other wake-up on this core comes between.
 */
struct telling {
	unsigned int depth; /* of wake_fns in wake_fns: an epoll's wakes the epoll's waiters */
	struct wake_late *first, **last;
};
static DEFINE_PERCPU(struct telling, telling);

static bool tell_waiter(struct waiter *w)
{
	struct telling *t = &this_cpu(telling);
	bool woken;

	t->depth++;
	woken = w->wake(w);
	t->depth--;
	return woken;
}

/* True when it was asleep. */
static inline bool wake_waiter(struct waiter *w)
{
	return likely(!w->wake) ? task_wake(w->task) : tell_waiter(w);
}

void wake_later(struct wake_late *l)
{
	struct telling *t = &this_cpu(telling);

	l->next = NULL;
	if (t->first)
		*t->last = l;
	else
		t->first = l;
	t->last = &l->next;
}

/* What has been left, for run_late(): by the outermost wake-up, before interrupts come in. */
static inline struct wake_late *take_late(void)
{
	struct telling *t = &this_cpu(telling);
	struct wake_late *l = t->first;

	if (likely(!l) || t->depth)
		return NULL;
	t->first = NULL;
	return l;
}

static inline void run_late(struct wake_late *l, bool yielding)
{
	struct wake_late *next;

	for (; unlikely(l); l = next) {
		/* run() may free @l, or leave it for later again. */
		next = l->next;
		l->run(l);
		if (yielding)
			(void)give_way();
	}
}

/* So many are woken before the lock is dropped, and interrupts come in. */
#define WAKES_MAX 32

/* A place in a queue, which nothing wakes. */
static bool wake_nobody(struct waiter *w)
{
	return false;
}

/* Where one is, and where the queue ended when it began. */
struct marks {
	struct waiter here, end;
};

static void put_mark(struct waiter *mark, struct list_node *after)
{
	mark->wake = wake_nobody;
	mark->exclusive = false;
	list_insert(&mark->link, after);
}

/*
 * The rest of a queue that is long: from @next to where it ends now.  Each piece leaves a mark
 * where it stopped, so that those behind it may come and go meanwhile.  What keeps the queue is
 * what kept it when its lock was taken: it may have had no waiter then.
 */
static void wake_rest(struct wait_queue *q, struct waiter *next, struct marks *m, bool taken,
		      bool yielding, unsigned long *flags)
{
	struct wake_late *late;
	struct waiter *w;
	int left = 0;

	put_mark(&m->here, next->link.prev);
	put_mark(&m->end, q->waiters.prev);
	for (;;) {
		w = list_entry(m->here.link.next, struct waiter, link);
		if (w == &m->end)
			break;
		next = list_entry(w->link.next, struct waiter, link);
		if (!(taken && w->exclusive) && wake_waiter(w) && w->exclusive)
			taken = true;
		list_del(&m->here.link);
		list_insert(&m->here.link, next->link.prev);
		if (--left > 0)
			continue;
		left = WAKES_MAX;
		late = take_late();
		spin_unlock_irqrestore(&q->lock, *flags);
		run_late(late, yielding);
		if (yielding)
			(void)give_way(); /* a task that is to die wakes the others all the same */
		*flags = spin_lock_irqsave(&q->lock);
	}
	list_del(&m->here.link);
	list_del(&m->end.link);
}

static inline void wake_all(struct wait_queue *q, bool yielding)
{
	struct waiter *w, *next;
	struct wake_late *late;
	struct marks marks;
	bool taken = false;
	int left = WAKES_MAX;
	unsigned long flags = spin_lock_irqsave(&q->lock);

	list_for_each_safe(w, next, &q->waiters, link) {
		if (!(taken && w->exclusive) && wake_waiter(w) && w->exclusive)
			taken = true;
		if (unlikely(!--left)) {
			wake_rest(q, next, &marks, taken, yielding, &flags);
			break;
		}
	}
	late = take_late();
	spin_unlock_irqrestore(&q->lock, flags);
	/* Without q->lock, which what was left may want; the queue itself may be gone by now. */
	run_late(late, yielding);
}

void wake_up(struct wait_queue *q)
{
	wake_all(q, false);
}
EXPORT(wake_up);

void wake_up_yielding(struct wait_queue *q)
{
	wake_all(q, true);
}

bool wake_up_one(struct wait_queue *q)
{
	struct waiter *w, *next;
	struct wake_late *late;
	bool woken = false;
	unsigned long flags = spin_lock_irqsave(&q->lock);

	list_for_each_safe(w, next, &q->waiters, link) {
		/*
		 * One that was awake already does not count: it may have been woken for another
		 * reason.
		 */
		woken = wake_waiter(w);
		if (woken)
			break;
	}
	late = take_late();
	spin_unlock_irqrestore(&q->lock, flags);
	run_late(late, false);
	return woken;
}
EXPORT(wake_up_one);

void completion_init(struct completion *c)
{
	wait_init(&c->waiters);
	c->done = false;
}

void complete(struct completion *c)
{
	unsigned long flags = spin_lock_irqsave(&c->waiters.lock);
	struct waiter *w = list_first(&c->waiters.waiters, struct waiter, link);

	WRITE_ONCE(c->done, true);
	if (w)
		(void)task_wake(w->task);
	/* The last that is done to @c. */
	spin_unlock_irqrestore(&c->waiters.lock, flags);
}

__sched void completion_wait(struct completion *c)
{
	unsigned long flags;

	wait_event(&c->waiters, READ_ONCE(c->done));
	/* complete may still have the lock, if the task did not have to sleep. */
	flags = spin_lock_irqsave(&c->waiters.lock);
	spin_unlock_irqrestore(&c->waiters.lock, flags);
}

void mutex_init(struct mutex *m)
{
	m->held = 0;
	wait_init(&m->waiters);
}
EXPORT(mutex_init);

/* ---- the mutex, when it is not free ---- */

struct mutex_waiter {
	struct waiter w;
	bool given; /* the mutex is its own; waiters.lock */
};

#define SPINS 500 /* looks at a mutex whose holder is likely to give it back at once */
#define TRIES 2	  /* how often one is woken in vain before the mutex is due to be handed over */

/*
 * Where there are other cores the holder is likely to be on one, and no work that is short is worth
 * a sleep.
 */
static bool spin_for(struct mutex *m)
{
	for (int i = cores_count() > 1 ? SPINS : 0; i-- > 0;) {
		/*
		 * The load first: only a free mutex is worth an exclusive access to its cache line.
		 */
		if (!READ_ONCE(m->held) && mutex_trylock(m))
			return true;
		cpu_relax();
	}
	return false;
}

/*
 * Takes the mutex if it is free; marks in either case that a task waits: @flags. waiters.lock held.
 * True: taken.
 */
static bool take_or_mark(struct mutex *m, uint64_t flags)
{
	uint64_t seen = READ_ONCE(m->held);

	spin_assert_held(&m->waiters.lock);
	/*
	 * mutex_unlock tries its fast way by the value alone: with a flag in it that fails, and the
	 * holder comes to mutex_wake.
	 */
	while (!atomic_cmpxchg(&m->held, &seen, (seen ? seen : mutex_me()) | flags))
		;
	return !seen;
}

/*
 * @m's holder is to run in current's group, if that is better than its own.  waiters.lock is held:
 * the holder, whose mutex is marked, cannot give it back, and so not end, before we release that.
 */
static void lend(struct mutex *m)
{
	spin_assert_held(&m->waiters.lock);
	if (!(m->held & MUTEX_LENT) &&
	    sched_lend((struct task *)(m->held & ~(uint64_t)MUTEX_FLAGS)))
		atomic_or(&m->held, (uint64_t)MUTEX_LENT);
}

/* Does @me have the mutex? If so it has left the queue. */
static bool mutex_mine(struct mutex *m, struct mutex_waiter *me, int tries)
{
	unsigned long flags = spin_lock_irqsave(&m->waiters.lock);
	bool mine = me->given;

	/*
	 * Marked and in the queue under one lock: mutex_wake, which takes it too, cannot miss us.
	 */
	if (!mine && take_or_mark(m, tries < TRIES ? MUTEX_AWAITED : MUTEX_AWAITED | MUTEX_DUE)) {
		mine = true;
		list_del(&me->w.link);
	} else if (!mine && sched_may_lend()) {
		lend(m);
	}
	spin_unlock_irqrestore(&m->waiters.lock, flags);
	return mine;
}

/*
 * @me is to die.  True: too late, the mutex is its own.  False: it leaves the queue, and the next
 * waiter is woken, in case the wake-up for a free mutex went to @me.
 */
static bool mutex_given_up(struct mutex *m, struct mutex_waiter *me)
{
	unsigned long flags = spin_lock_irqsave(&m->waiters.lock);
	bool mine = me->given;

	if (!mine) {
		list_del(&me->w.link);
		if (!READ_ONCE(m->held) && !list_empty(&m->waiters.waiters))
			(void)task_wake(list_first(&m->waiters.waiters, struct waiter, link)->task);
	}
	spin_unlock_irqrestore(&m->waiters.lock, flags);
	return mine;
}

/*
 * current is one more waiter: the last, or before all others if it may lend its group.  The state
 * first: wait.h.
 */
static void join_mutex_queue(struct mutex *m, struct mutex_waiter *me, uint32_t state)
{
	unsigned long flags;

	wait_prepare(&m->waiters, &me->w, state);
	if (!sched_may_lend())
		return;
	flags = spin_lock_irqsave(&m->waiters.lock);
	if (!me->given) {
		list_del(&me->w.link);
		list_insert(&me->w.link, &m->waiters.waiters);
	}
	spin_unlock_irqrestore(&m->waiters.lock, flags);
}

static __sched int mutex_wait(struct mutex *m, uint32_t state)
{
	struct mutex_waiter me = { .given = false };
	int err = 0;

	CHECK(current->state == TASK_RUNNING); /* else the caller's own wait would be forgotten */
	if (spin_for(m))
		return 0;
	join_mutex_queue(m, &me, state);
	for (int tries = sched_may_lend() ? TRIES : 0; !mutex_mine(m, &me, tries); tries++) {
		if (state == TASK_KILLABLE && signal_pending_fatal()) {
			err = mutex_given_up(m, &me) ? 0 : -EINTR;
			break;
		}
		schedule();
		/* Before mutex_mine looks again: a wake-up after that look ends the sleep. */
		sched_set_state(state);
	}
	WRITE_ONCE(current->state, TASK_RUNNING);
	return err;
}

/*
 * A task may wait.  The one that has waited longest is woken, and takes the mutex if no other is
 * quicker; or, where it is due, gets it without its having been free.
 */
void mutex_wake(struct mutex *m)
{
	unsigned long flags = spin_lock_irqsave(&m->waiters.lock);
	struct waiter *first = list_first(&m->waiters.waiters, struct waiter, link);
	bool lent = m->held & MUTEX_LENT;

	/*
	 * Handed over without being free in between: no other task can take it, however many try.
	 */
	if (first && m->held & MUTEX_DUE) {
		list_del(&first->link);
		container_of(first, struct mutex_waiter, w)->given = true;
		WRITE_ONCE(m->held, (uintptr_t)first->task | MUTEX_AWAITED);
	} else {
		store_release(&m->held, 0);
	}
	if (first)
		(void)task_wake(first->task);
	spin_unlock_irqrestore(&m->waiters.lock, flags);
	/* After the mutex is given back: the task ran in the lender's group until here. */
	if (unlikely(lent))
		sched_lend_end();
}
EXPORT(mutex_wake);

__sched void mutex_lock(struct mutex *m)
{
	if (!mutex_trylock(m))
		(void)mutex_wait(m, TASK_BLOCKED);
}
EXPORT(mutex_lock);

__sched int mutex_lock_killable(struct mutex *m)
{
	return mutex_trylock(m) ? 0 : mutex_wait(m, TASK_KILLABLE);
}
EXPORT(mutex_lock_killable);

void mutex_unlock(struct mutex *m)
{
	if (!mutex_try_unlock(m))
		mutex_wake(m);
}
EXPORT(mutex_unlock);
