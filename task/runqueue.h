/*
 * runqueue.h - the tasks that wait for one core, and which of them is first.
 *
 * Two orders in one queue.  Real-time tasks (SCHED_FIFO, SCHED_RR: sched(7)) go by priority, those of one priority in
 * the order in which they came; all others by vruntime, the CPU time that they have had, weighed by their nice value.
 * Real-time comes before the others, but for 50 ms of every second that it would take whole: so nobody is shut out for good.
 *
 * Everything here is under rq->lock, with interrupts masked; what task/sched.c does with it is said there.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/spinlock.h"
#include "lib/list.h"
#include "task/sched.h"
#include "task/task.h"

/* A woken task takes the core at once only if it is so much behind the running one. */
#define GRAIN_NS UINT64_C(1000000)

struct run_queue {
	struct spinlock lock;
	struct list_node fair;	    /* runnable and not running, least vruntime first */
	struct list_node real_time; /* likewise, highest priority first */
	uint32_t nr;		    /* in both; may be read without the lock, as a hint */
	uint8_t curr_priority;	    /* of curr, 0: none; may be read without the lock, as a hint */
	bool tick_armed;
	uint8_t ticks; /* since the last look at the others' load */
	uint64_t last_tick_ns;
	struct task *curr, *idle;
	uint64_t min_vruntime; /* never goes back: where newcomers are placed */
	uint64_t charged_ns;   /* a clock of what its tasks were charged for, and idle has had */
	uint64_t rt_window_ns; /* by it: begin of the second whose real-time share is counted ... */
	uint64_t rt_ns;	       /* ... and how much of it is used */
	uint64_t idle_ns, switches;
	struct sched_times times; /* but for idle_ns, which is above */
};

/* rq_init - empty, @idle runs.  rq_init_rates: once, before any. */
void rq_init(struct run_queue *rq, struct task *idle);
void rq_init_rates(void);

/* rq_enqueue - @t waits here from now on; rq_dequeue - no longer. */
void rq_enqueue(struct run_queue *rq, struct task *t);
void rq_dequeue(struct run_queue *rq, struct task *t);

/* rq_first - whose turn it is of those that wait; NULL: nobody waits. */
struct task *rq_first(const struct run_queue *rq);

/* rq_first_for - the same of those that may run on core @cpu: for another core that has nothing to do. */
struct task *rq_first_for(const struct run_queue *rq, unsigned int cpu);

/* rq_stays - whether @t, which runs, should go on running rather than @next, the first of those that wait. */
bool rq_stays(const struct run_queue *rq, const struct task *t, const struct task *next);

/* rq_preempts - whether @t, which has become runnable, should have the core at once.  @now_ns: the time. */
bool rq_preempts(const struct run_queue *rq, const struct task *t, uint64_t now_ns);

/* rq_account - counts the time of @t, which runs, up to @now_ns. */
void rq_account(struct run_queue *rq, struct task *t, uint64_t now_ns);

/* rq_yield - @t, which runs, goes behind all that are its equals. */
void rq_yield(const struct run_queue *rq, struct task *t);

/* rq_catch_up - a task that comes with an old vruntime gets no more than a small lead on the others. */
void rq_catch_up(const struct run_queue *rq, struct task *t);

static inline bool is_real_time(const struct task *t)
{
	return t->rt_priority;
}
