/*
 * process.h - what kill(2), wait4(2) and exit_group(2) speak of: one or more tasks that share a
 * pid.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mm/charge.h"
#include "task/pid.h"
#include "task/signal.h"
#include "task/time/itimer.h"
#include "task/time/posix_timer.h"

struct cred;
struct mm;
struct task;

#define RLIMITS 16

struct rlimit {
	uint64_t cur, max;
};

struct process {
	struct ref refs;
	pid_t pid, pgid, sid;
	pid_t ppid;		/* parent's, or 0; changes under proc_lock, may be read without */
	struct process *parent; /* NULL: pid 1.  proc_lock, as are the lists */
	struct list_node
		children; /* places, by sibling, in the order in which they became its children */
	struct walk_place sibling;
	/*
	 * changed under proc_lock and signals.lock both; who has let go of the address space is
	 * behind the others
	 */
	struct list_node threads;
	uint32_t nr_threads;
	struct avl_tree by_tid; /* of threads, but for who bears the process's number; proc_lock */
	struct list_node pid_hash; /* task/pid.c, as the next three */
	struct pid_group *group;   /* pgid's */
	struct walk_place member, all;

	bool exiting;		   /* all threads are on their way out; signals.lock */
	bool zombie;		   /* no thread left; waits to be waited for */
	bool execed;		   /* setpgid(2) by the parent is refused after exec */
	bool subreaper;		   /* prctl(2) */
	bool leaving;		   /* its last thread is: it continues no job any more; proc_lock */
	bool reaped;		   /* out of the tables; proc_lock */
	int exit_code;		   /* as wait4(2) gives it */
	int exit_signal;	   /* sent to the parent, SIGCHLD for fork */
	struct list_node mourners; /* threads that mourn; proc_lock */
	struct list_node born_link; /* in the born of a thread of parent's */
	struct task *exec_task;	    /* the thread whose execve(2) is ending the others, or NULL */

	struct wait_queue child_wait;  /* this process's wait4 sleeps here */
	uint32_t child_news;	       /* how often children had something to tell; proc_lock */
	struct wait_queue thread_wait; /* woken when a thread has gone: execve(2) */
	struct wait_queue end_wait;    /* woken when it has ended, and when it is reaped: pidfds */

	struct mutex exec_lock;	 /* held, it becomes no other program: task/access.h.  Outermost */
	uint32_t exec_id;	 /* how many programs it has been; proc_lock */
	uint32_t parent_exec_id; /* and its parent, when it chose exit_signal; proc_lock */

	struct signals signals;
	const struct cred *cred; /* its leader's, also when that has ended: task/cred.h */
	struct rlimit rlimit[RLIMITS];
	uint32_t personality;

	/* what out of memory adds to what it has, in thousandths of RAM: /proc */
	int16_t oom_score_adj;
	int16_t oom_score_adj_min; /* who is not root does not set it lower */
	bool oom_given_up;	   /* it is to die and does not: others have to; task/oom.c's */
	struct charge *charge;	   /* what the kernel holds for it; until it is a zombie */
	char comm[16];		   /* of its last thread, when it is a zombie */
	uint64_t start_ns;
	struct itimers itimers;
	struct posix_timers timers;
	/* of its clocks, and the lock of its threads' too: task/time/cpu_clock.c */
	struct cpu_alarms cpu_alarms;
	struct spinlock alarms_lock; /* irqsave, a leaf */
	struct process_usage usage;
};

/*
 * process_new - a process that bears current's credentials, as its first thread will; NULL: no
 * memory.  process_copy - and is like current's.  The first reference is that of the tables, which
 * process_reap's caller drops; each task has one more.
 */
struct process *process_new(void) __must_check;
struct process *process_copy(void) __must_check;

static inline void process_get(struct process *p)
{
	ref_get(&p->refs);
}
/*
 * process_put - drop a reference; the last one frees.  Not under signals.lock, nor from an
 * interrupt handler.
 */
void process_put(struct process *p);

/*
 * charge_mine - @n bytes more that the kernel holds for current's process: to whom they are charged
 * (mm/charge.h), NULL: nobody.
 */
struct charge *charge_mine(size_t n);

/*
 * process_mm - the address space of @p (of @t, if it is not NULL) with a reference, or NULL: it has
 * let go of it.
 */
struct mm *process_mm(struct process *p, const struct task *t);
/*
 * process_is_dumpable - whether it has one (likewise), and who has the same numbers may look into
 * that.
 */
bool process_is_dumpable(struct process *p, const struct task *t);
/*
 * process_mm_peek - that of any thread of @p, or NULL: proc_lock held, which keeps a thread from
 * letting go of it.  Who has none any more is behind the others.
 */
struct mm *process_mm_peek(const struct process *p);
