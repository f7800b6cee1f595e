/*
 * runqueue.h - the tasks that wait for one core, and which of them is first.
 *
 * Two orders in one queue.  Real-time tasks (SCHED_FIFO, SCHED_RR: sched(7)) go by priority, those
 * of one priority in the order in which they came.  All others are in groups, one for each user, so
 * that a thousand tasks of one user weigh no more than one task of another: first the group that
 * has had least, then in it the task with the least vruntime, the CPU time that it has had, weighed
 * by its nice value.  A group's time is weighed only where its tasks together are less than one of
 * nice 0.  What a group weighs is divided among the cores as its tasks that wait are: a user with
 * one task has all the weight on its core, against each core's part of a user whose tasks are
 * everywhere. Real-time comes before the others, but for 50 ms of every second that it would take
 * whole: so no task is shut out for good.
 *
 * Everything here is under rq->lock, with interrupts masked; what task/sched.c does with it is said
 * there.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/spinlock.h"
#include "task/cores.h"
#include "task/sched.h"
#include "task/task.h"

/* A woken task takes the core at once only if it is so much behind the running one. */
#define GRAIN_NS      NS_PER_MS
/* task->weight of nice 0. */
#define NICE_0_WEIGHT 1024

/* sched_group_init - empty. */
void sched_group_init(struct sched_group *g);

/* The kernel's own tasks are a group of their own in the scheduler. */
extern struct sched_group kernel_group;

struct run_queue {
	struct spinlock lock;
	/*
	 * groups with tasks that are runnable and not running, least vruntime first; and empty ones
	 */
	struct list_node fair;
	struct list_node real_time; /* runnable and not running, highest priority first */
	unsigned int cpu;
	uint32_t nr;	       /* in both; may be read without the lock, as a hint */
	uint8_t curr_priority; /* of curr, 0: none; may be read without the lock, as a hint */
	bool tick_armed;
	uint8_t ticks; /* since the last look at the others' load */
	struct task *curr, *idle;
	uint64_t min_vruntime; /* of the groups, when one came the last time */
	uint32_t nr_groups;    /* in fair */
	uint64_t rt_ns; /* how much of this second real-time tasks have had; 0: none has begun */
	/* and how much of it is over, in time that tasks were charged for, and idle has had */
	uint64_t rt_window_ns;
	uint64_t switches;
	struct core_times times;
};

static inline bool is_real_time(const struct task *t)
{
	return t->sched.rt_priority;
}

/*
 * rq_init - of core @cpu: empty, @idle runs, which has its share set.  rq_init_rates: once, before
 * any.
 */
void rq_init(struct run_queue *rq, unsigned int cpu, struct task *idle);
void rq_init_rates(void);

/* rq_enqueue - @t waits here from now on; rq_dequeue - no longer. */
void rq_enqueue_among(struct run_queue *rq, struct task *t);
static inline void rq_enqueue(struct run_queue *rq, struct task *t)
{
	struct group_share *g = t->sched.share;

	g->load += t->sched.weight;
	WRITE_ONCE(rq->nr, rq->nr + 1);
	/* the first of the group whose task runs, which has its place already */
	if (likely(t->sched.weight && list_empty(&g->tasks) && g == rq->curr->sched.share &&
		   list_is_linked(&g->link)))
		list_add_first(&g->tasks, &t->sched.rq);
	else
		rq_enqueue_among(rq, t);
}

static inline void rq_dequeue(struct run_queue *rq, struct task *t)
{
	list_del(&t->sched.rq);
	t->sched.share->load -= t->sched.weight; /* of a real-time task: 0 */
	WRITE_ONCE(rq->nr, rq->nr - 1);
}

/* rq_first - the next task of those that wait; NULL: none waits. */
struct task *rq_first_of_many(struct run_queue *rq);
static inline struct task *rq_first(struct run_queue *rq)
{
	const struct group_share *g = list_entry(rq->fair.next, struct group_share, link);

	if (!rq->nr)
		return NULL;
	if (likely(list_empty(&rq->real_time) && !list_empty(&g->tasks)))
		return list_entry(g->tasks.next, struct task, sched.rq);
	return rq_first_of_many(rq);
}

/*
 * rq_first_for - the same of those that may run on core @cpu: for another core that has nothing to
 * do.
 */
struct task *rq_first_for(const struct run_queue *rq, unsigned int cpu);

/*
 * rq_stays - whether @t, which runs, should go on running rather than @next, the first of those
 * that wait.
 */
bool rq_stays_among(const struct run_queue *rq, const struct task *t, const struct task *next);
static inline bool rq_stays(const struct run_queue *rq, const struct task *t,
			    const struct task *next)
{
	if (likely(t->sched.share == next->sched.share && t->sched.weight && next->sched.weight))
		return (int64_t)(t->sched.vruntime - next->sched.vruntime) < 0;
	return rq_stays_among(rq, t, next);
}

/*
 * rq_preempts - whether @t, which has become runnable, should have the core at once, which is not
 * idle.  @now_ns: the time.
 */
bool rq_preempts(const struct run_queue *rq, const struct task *t, uint64_t now_ns);

/* rq_account - counts the time of @t, which runs, up to @now_ns. */
void rq_account(struct run_queue *rq, struct task *t, uint64_t now_ns);

/*
 * rq_spread - looks anew at how much of its group's weight is on this core, where @t runs; at the
 * tick.
 */
void rq_spread(struct run_queue *rq, const struct task *t);

/* rq_yield - @t, which runs, goes behind all that are its equals. */
static inline void rq_yield(struct task *t)
{
	const struct list_node *tasks = &t->sched.share->tasks;
	const struct task *last = list_entry(tasks->prev, struct task, sched.rq);

	if (unlikely(is_real_time(t)))
		t->sched.slice_over = true;
	else if (!list_empty(tasks) && (int64_t)(t->sched.vruntime - last->sched.vruntime) < 0)
		t->sched.vruntime = last->sched.vruntime;
}

/*
 * rq_catch_up - a task that comes with an old vruntime gets a small lead on the others of its
 * group, and no more.
 */
void rq_catch_up(struct task *t);

/*
 * rq_enter - @t, which is in no queue, belongs to core @cpu from now on, and keeps its distance to
 * its group's clock.
 */
static inline void rq_enter(struct task *t, unsigned int cpu)
{
	uint64_t was = t->sched.share->min_vruntime;

	t->sched.share = &t->sched.group->on[cpu];
	t->sched.vruntime += t->sched.share->min_vruntime - was;
}

/* rq_weigh - @t's policy, priority or nice value has been set; it is in no queue. */
void rq_weigh(struct task *t);

/* rq_forget - group @g, which has no tasks any more, is not in the queue either. */
void rq_forget(struct run_queue *rq, struct sched_group *g);
