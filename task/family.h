/*
 * family.h - parents and children.  All under proc_lock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "task/pid.h"
#include "task/wait.h"

struct process;

/* Where a process stands among parents and children; proc_lock. */
struct family {
	pid_t ppid;		   /* parent's, or 0; may be read without the lock */
	bool subreaper;		   /* prctl(2): orphans below it become its own */
	struct process *parent;	   /* NULL: task/orphan.c made it */
	struct list_node children; /* by sibling, in the order in which it got them */
	struct walk_place sibling;
	struct list_node born;	   /* in the born of a thread of parent's */
	struct list_node mourners; /* threads of its own: task/mourn.h */
	struct wait_queue wait;	   /* where this process's wait4 sleeps */
	uint32_t news;		   /* how often a child has ended, stopped or gone on */
};

/* process_reap - a zombie goes for good: out of the tables, its parent counts its time.  proc_lock
 * held; the caller then drops the process's own reference with process_put, without the lock. */
void process_reap(struct process *p);

/*
 * family_tell_end - signals the end of zombie @p to its parent.  True: it has none, or one that
 * does not want to wait for it (sigaction(2): SIG_IGN, SA_NOCLDWAIT), and it has been reaped.
 */
bool family_tell_end(struct process *p);

/* What is called then of one that has none, in the same step: usermode.c's. */
extern void (*orphan_ended_hook)(void);

/*
 * family_leave - gives the children of current (of @p, if it is the last thread) to others, and
 * marks @p as continuing no job when it is the last; gives way in between.  Returns with proc_lock
 * held, what to restore.
 */
unsigned long family_leave(struct process *p) __must_check;
