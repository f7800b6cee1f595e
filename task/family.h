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
	struct process *parent;	   /* NULL: pid 1 */
	struct list_node children; /* places, by sibling; in the order in which they became its */
	struct walk_place sibling;
	struct list_node born;	   /* in the born of a thread of parent's */
	struct list_node mourners; /* threads of its own: task/mourn.h */
	struct wait_queue wait;	   /* where this process's wait4 sleeps */
	uint32_t news;		   /* how often children had something to tell */
};

/* process_reap - a zombie goes for good: out of the tables, its parent counts its time.  proc_lock
 * held; the caller then drops the process's own reference with process_put, without the lock. */
void process_reap(struct process *p);

/*
 * family_tell_end - tells the parent of zombie @p.  True: it does not want to wait for it
 * (sigaction(2): SIG_IGN, SA_NOCLDWAIT), so that is reaped.
 */
bool family_tell_end(struct process *p);

/*
 * family_leave - takes proc_lock, when current is not the last thread of @p and has no children, or
 * @p has none and continues no job any more: that is seen to meanwhile, the lock let go in between.
 * Returns what to restore.
 */
unsigned long family_leave(struct process *p) __must_check;
