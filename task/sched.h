/*
 * sched.h - which task runs on which core: one run queue a core (task/runqueue.h says in which
 * order); a woken task goes to an idle core if there is one, and a core with nothing to do takes
 * from the others.
 *
 * Context switch happens only in schedule(): kernel code is never preempted, so per-CPU data needs
 * no guard beyond not sleeping.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/might_sleep.h"
#include "abi/nanoseconds.h"
#include "arm/percpu.h"
#include "lib/list.h"
#include "task/time/timer.h"

struct process;
struct task;

/*
 * Code in which a task sleeps on behalf of its caller: the function that it sleeps in, as
 * /proc/PID/wchan tells, is the one that called it.
 */
#define __sched __attribute__((section(".sched.text")))

/* Why a task does not run, as a mask that a wake-up names. */
enum task_state {
	TASK_RUNNING = 0,  /* on a core or in a run queue */
	TASK_SLEEPING = 1, /* until woken, or a signal comes */
	TASK_BLOCKED = 2,  /* until woken */
	TASK_KILLABLE = 4, /* until woken, or it is to die */
	TASK_STOPPED = 8,  /* by job control, until SIGCONT or death */
	TASK_DEAD = 16,	   /* will never run again */
};

#define SCHED_SLICE_NS UINT64_C(4000000) /* how long a task runs while others wait for its core */
/* and a SCHED_RR task, before the next of its priority */
#define SCHED_RR_NS    (NS_PER_S / 10)

/*
 * A user's tasks, which weigh together what those of another user do (task/runqueue.h), and the
 * part of them that is on a core; the lock of that core's queue.
 */
struct group_share {
	struct list_node link;	/* in run_queue.fair */
	struct list_node tasks; /* runnable and not running, least vruntime first */
	uint64_t vruntime;	/* of the group: CPU time on this core */
	uint64_t min_vruntime;	/* of its tasks; never goes back: where newcomers are placed */
	/* weight of tasks, 1024 for one of nice 0; others read it without the lock, as a hint */
	uint32_t load;
	/*
	 * SPREAD_NONE times as much as its tasks weigh all in all, against those here (rq_spread)
	 */
	uint32_t spread;
};

struct sched_group {
	struct group_share on[NR_CPUS];
	bool is_systems; /* the kernel's own tasks, or root's: sched_lend */
};

/* How a task is scheduled; the lock of the queue of its core, task->cpu. */
struct sched_entity {
	int8_t nice;	     /* -20 .. 19 */
	uint8_t policy;	     /* SCHED_* of abi/sched.h */
	uint8_t rt_priority; /* 1 .. 99; 0: not a real-time task */
	bool slice_over;     /* of its equals in priority another is next */
	/* children are not real-time, nor ahead of others; set by sched_setscheduler(2) */
	bool reset_on_fork;
	struct list_node rq;	   /* in its group's tasks, or in run_queue.real_time */
	struct sched_group *group; /* its user's; changes while it is on its core */
	struct group_share *share; /* of that, on its core: both change together */
	uint32_t lent;	   /* for so many mutexes it runs in a waiting task's group: sched_lend */
	uint32_t weight;   /* by policy and nice value, 1024 for nice 0; 0: it is real-time */
	uint64_t vruntime; /* CPU time weighed by nice */
	uint64_t rr_ns;	   /* SCHED_RR: of its slice, used */
	uint64_t cpu_mask; /* sched_setaffinity(2) */
	/* while it runs: up to when its time has been counted; while it sleeps: since when */
	uint64_t since_ns;
	uint64_t asleep_ns; /* before that, and what was before it began (sched_figures) */
};

/* sched_group_end - no task is in @g any more: before it is freed. */
void sched_group_end(struct sched_group *g);
/* sched_set_group - current runs in @g from now on. */
void sched_set_group(struct sched_group *g);

/*
 * sched_lend - @t, which has a mutex for which current waits, runs in current's group until
 * sched_lend_end, at the head of it: however many tasks its own user has, none of them runs before
 * it.  True: it does, and has to call sched_lend_end; false: it need not.
 * sched_may_lend - only the kernel's own tasks and root's lend: to all others no other user's
 * mutexes matter but root's.  Their groups never end.  Interrupts masked.
 * sched_lend_end - current has unlocked a mutex for which it was lent a group.
 */
bool sched_may_lend(void);
bool sched_lend(struct task *t);
void sched_lend_end(void);

/* schedule - give up the core until woken (or at once, when the state is TASK_RUNNING). */
void schedule(void);

/* sched_start_new - the rest of schedule(), from @prev, for a task that has never been in it. */
void sched_start_new(struct task *prev);
/* sched_dead_hook - a task has left its core for good: its scheduler's reference is to be put. */
extern void (*sched_dead_hook)(struct task *t);

/* task_wake - make a task runnable that does not run for any reason; false when it was runnable.
 * Any context. */
bool task_wake(struct task *t);
/* task_wake_from - the same, only when its state is one of the mask @states (enum task_state). */
bool task_wake_from(struct task *t, uint32_t states);

/* task_kick - make @t, wherever it is, look at its work flags soon.  Any context. */
void task_kick(struct task *t);

/* sched_set_state - current is about to sleep: set its state, ordered before all that it looks at
 * from here on. */
void sched_set_state(uint32_t state);

/* sched_is_wanted - does another task wait for this core?  A hint. */
bool sched_is_wanted(void);

/* sched_yield(2): go to the end of this core's queue. */
void sched_yield(void);

/*
 * sched_sleep_until - sleep until @deadline_ns of @clock (UINT64_MAX: for ever).  0, or
 * -ERESTARTSYS when a signal comes first.
 */
int sched_sleep_until(enum timer_clock clock, uint64_t deadline_ns) __must_check;

/*
 * sched_sleep_deadline - the state has been set (sched_set_state or wait_prepare) and the condition
 * looked at: sleep until woken or until @deadline_ns of @clock.  true when the time is up.  For
 * poll(2) and its kin.
 */
bool sched_sleep_deadline(enum timer_clock clock, uint64_t deadline_ns);

/*
 * sched_running_ns - what core @cpu has not counted yet of the thread of @p that it runs; 0: it
 * runs none.  Any context.
 */
uint64_t sched_running_ns(unsigned int cpu, const struct process *p);

/*
 * sched_runtime_ns - CPU time that @t has used, up to now.  sched_count_current -
 * current->time is so too.  Any context.
 */
uint64_t sched_runtime_ns(struct task *t);
/*
 * sched_figures - of one moment: CPU time that @t has used, how long it has waited for a core
 * although it could run, and on how many occasions it got one.  Any context.
 */
struct sched_figures {
	uint64_t ran_ns, waited_ns, runs;
};
struct sched_figures sched_figures(struct task *t);
void sched_count_current(void);

/* sched_set_affinity - @t may run only on the cores of @mask: moves it if need be.  0, or -EINVAL:
 * none of them is online. */
int sched_set_affinity(struct task *t, uint64_t mask) __must_check;

/*
 * sched_set_policy - SCHED_* of abi/sched.h; @rt_priority: 1 .. 99 for SCHED_FIFO and SCHED_RR,
 * else 0; @nice: -20 .. 19.
 */
void sched_set_policy(struct task *t, int policy, uint8_t rt_priority, int nice,
		      bool reset_on_fork);

/*
 * sched_fork - @child, not started yet, is scheduled as current is, or as its reset_on_fork says.
 */
void sched_fork(struct task *child);

/* sched_idle - the idle task's loop, on each core, after everything is set up.  Never returns. */
__noreturn void sched_idle(void);

/* sched_init_cpu - this core joins: @idle is the task it stands on. */
void sched_init_cpu(struct task *idle);

#ifdef MODULE
#define schedule()			(might_sleep(), (schedule)())
#define sched_yield()			(might_sleep(), (sched_yield)())
#define sched_sleep_until(clock, ns)	(might_sleep(), (sched_sleep_until)(clock, ns))
#define sched_sleep_deadline(clock, ns) (might_sleep(), (sched_sleep_deadline)(clock, ns))
#endif

/*
 * sched_running - the task that runs on core @cpu just now; it is only to be compared.  NULL: the
 * core has not joined.
 */
const struct task *sched_running(unsigned int cpu);
