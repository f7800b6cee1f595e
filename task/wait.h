/*
 * wait.h - sleeping until something is true.
 *
 * The task or interrupt that makes it true calls wake_up() afterwards; the task that waits sets its
 * state first and looks after that, so that no wake-up is lost.  wake_up may be called from an
 * interrupt handler.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/spinlock.h"
#include "lib/list.h"

struct task;

struct wait_queue {
	struct spinlock lock; /* irqsave; inside it only run queues */
	struct list_node waiters;
};

struct waiter;

/*
 * Called with the queue's lock held, interrupts masked; w stays in the queue.  True: a task acts on
 * this wake-up.
 */
typedef bool (*wake_fn)(struct waiter *w);

struct waiter {
	struct list_node link;
	struct task *task;
	wake_fn wake;	/* NULL: wake the task.  For epoll and the like */
	bool exclusive; /* wake_up() leaves it out once another exclusive one has been woken */
};

/*
 * All of these but wait_prepare (which sets current's state) are for any context; q->lock is
 * theirs.
 */
void wait_init(struct wait_queue *q);
/* wait_prepare - join the queue, set the state. */
void wait_prepare(struct wait_queue *q, struct waiter *w, uint32_t state);
void wait_finish(struct wait_queue *q, struct waiter *w); /* leave it, running again */
/* wait_add - join without sleeping: @w->wake (or the task of the caller) is called until
 * wait_remove.  @w->exclusive has been set. */
void wait_add(struct wait_queue *q, struct waiter *w, wake_fn wake);
void wait_remove(struct wait_queue *q, struct waiter *w);
/*
 * wait_is_awaited - does a task wait in @q? One that joins after a false answer sees what the
 * caller had written before it asked.
 */
bool wait_is_awaited(struct wait_queue *q);
void wake_up(struct wait_queue *q); /* all of them, but of the exclusive ones one */
/*
 * wake_up_yielding - the same, where one may sleep: thousands may wait, and others have their turn
 * in between.
 */
void wake_up_yielding(struct wait_queue *q);

/*
 * wake_later - in a wake_fn: @l->run(l) is called as soon as the lock of the queue that was woken
 * has been dropped, before its wake_up returns. A waiter may have to wake many more, and these
 * again others: under one lock that would have no end.  @l is in no list; from run on it may be
 * given again.  run is called in the context of the wake_up.
 */
struct wake_late {
	struct wake_late *next;
	void (*run)(struct wake_late *l);
};
void wake_later(struct wake_late *l);

/* wake_up_one - the one that has waited longest; true if there was one. */
bool wake_up_one(struct wait_queue *q);

/*
 * Something that happens once, and for which one task waits.  complete may be called in an
 * interrupt handler, and does not touch @c any more once completion_wait has returned: it may lie
 * on the waiting task's stack.
 */
struct completion {
	struct wait_queue waiters;
	bool done;
};

void completion_init(struct completion *c);
void complete(struct completion *c);
void completion_wait(struct completion *c); /* until complete has been called; no signal ends it */

/*
 * A mutex: a lock one may sleep under.  Not to be waited for in an interrupt handler.
 *
 * A task that finds it free takes it, though others may wait: that is what makes it quick.  But a
 * task that has waited long is handed it by the next that unlocks it, so none waits for ever
 * (wait.c).  Root's and the kernel's own tasks do not wait behind users': they are handed it before
 * them, and the task that holds it meanwhile runs in root's group (sched_lend), however many tasks
 * its own user has.
 */
struct mutex {
	/*
	 * atomic: the holder's struct task, and MUTEX_*, which change under waiters.lock; 0: it is
	 * free
	 */
	uint64_t held;
	struct wait_queue waiters;
};

enum {
	MUTEX_AWAITED = 1, /* a task may wait */
	MUTEX_DUE = 2,	   /* and it is to be handed to the first of them */
	MUTEX_LENT = 4,	   /* the holder runs in the group of a task that waits: sched_lend */
	MUTEX_FLAGS = 7,
};

/*
 * mutex_lock - may sleep; mutex_unlock - by its holder.
 * mutex_lock_killable - 0, or -EINTR: it is not locked, and current is to die.  For every mutex
 * under which a page of user memory is brought in, or the holder waits for another task: a waiter
 * that is killed must be able to end (task/oom.c).
 * mutex_trylock - true if it was free, and is current's now.  Any context.
 */
void mutex_init(struct mutex *m);
void mutex_lock(struct mutex *m);
int mutex_lock_killable(struct mutex *m) __must_check;
void mutex_unlock(struct mutex *m);
#ifdef MODULE
#define mutex_lock(m)	       (might_sleep(), (mutex_lock)(m))
#define mutex_lock_killable(m) (might_sleep(), (mutex_lock_killable)(m))
#endif

static inline uint64_t mutex_me(void)
{
	uint64_t task;

	__asm__("mov %0, x18" : "=r"(task)); /* current: task/task.h, which is above */
	return task;
}

static inline bool mutex_trylock(struct mutex *m)
{
	uint64_t free = 0;

	return likely(atomic_cmpxchg(&m->held, &free, mutex_me()));
}

/* mutex_assert_held - current has @m: ASSERT_HELD. */
#define mutex_assert_held(m) \
	ASSERT_HELD((READ_ONCE((m)->held) & ~(uint64_t)MUTEX_FLAGS) == mutex_me(), #m)

/*
 * The halves of mutex_unlock for where it counts (mm/vm.h): mutex_try_unlock is false where
 * somebody may wait, and mutex_wake has to do it.
 */
void mutex_wake(struct mutex *m);

static inline bool mutex_try_unlock(struct mutex *m)
{
	uint64_t held = mutex_me();

	return likely(atomic_cmpxchg(&m->held, &held, 0));
}

#define MUTEX_INIT(name)                                              \
	{                                                             \
		.held = 0, .waiters = WAIT_QUEUE_INIT((name).waiters) \
	}
#define WAIT_QUEUE_INIT(name)                                                          \
	{                                                                              \
		.lock = SPINLOCK_INIT, .waiters = { &(name).waiters, &(name).waiters } \
	}
